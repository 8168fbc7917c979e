"""Round trips through the frameworks themselves, where they are installed; elsewhere the fixtures stand in for them."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from importer_conformance import assert_agrees, refused

import relugeom as rg
from relugeom.errors import UnsupportedModelError
from relugeom.network.forward import decide

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

os.environ.setdefault("KERAS_BACKEND", "jax")
# Keras reads its own variables in a way that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
INSTALL = "is not installed: pip install '.[frameworks]'"


@pytest.fixture(scope="module")
def keras() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's deprecations
        keras = pytest.importorskip("keras", reason=f"keras {INSTALL}")
        pytest.importorskip(keras.backend.backend(), reason=f"keras's backend {INSTALL}")
    keras.utils.set_random_seed(11)
    return keras


def scrambled(model: Any, seed: int) -> Any:
    """The model with other weights than at its start."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.name not in ("count", "seed_generator_state"):
            low = 0.2 if "variance" in variable.name else -1.0
            variable.assign(random.uniform(low, 1.5, variable.shape))
    return model


def random_layers(L: Any, random: np.random.Generator) -> list[Any]:
    """Layers of a random chain, ended by one Dense layer."""
    choices = {
        "dense": lambda: L.Dense(int(random.integers(1, 6)), activation=random.choice(["relu", "linear"])),
        "plain": lambda: L.Dense(int(random.integers(1, 6)), use_bias=False),
        "relu": L.ReLU,
        "activation": lambda: L.Activation(random.choice(["relu", "linear"])),
        "norm": lambda: L.BatchNormalization(scale=bool(random.integers(2)), center=bool(random.integers(2))),
        "scale": lambda: L.Rescaling(float(random.normal()), float(random.normal())),
        "standard": lambda: L.Normalization(mean=0.3, variance=0.7, invert=bool(random.integers(2))),
        "dropout": lambda: L.Dropout(0.3),
        "noise": lambda: L.GaussianNoise(0.1),
    }
    names = random.choice(list(choices), size=int(random.integers(1, 7)))
    end = random.choice(["linear", "relu", "sigmoid", "softmax"])
    return [*(choices[name]() for name in names), L.Dense(3, activation=end)]


@pytest.mark.parametrize("seed", range(12))
def test_random_keras_chains(seed: int, keras: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(seed)
    shape = (2, 3) if seed % 3 == 0 else (4,)
    layers = [keras.layers.Flatten(), *random_layers(keras.layers, random)]
    if seed % 2:
        model = keras.Sequential([keras.layers.Input(shape), *layers])
    else:
        start = x = keras.layers.Input(shape)
        for layer in layers:
            x = layer(x)
        model = keras.Model(start, x)
    scrambled(model, seed)
    samples = random.normal(size=(20, *shape)).astype(np.float32)
    y, flat = model.predict(samples, verbose=0), samples.reshape(20, -1)
    live = rg.network_from(model)
    assert_agrees(live, flat, y)
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"model{suffix}")
        capsys.readouterr()
        assert rg.load_network(tmp_path / f"model{suffix}") == live


def test_live_keras_weights_are_copied(keras: Any) -> None:
    model = scrambled(keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)]), 1)
    network = rg.network_from(model)
    digest = network.digest
    scrambled(model, 2)
    assert rg.network_from(model).digest != digest == network.digest


def test_keras_models_that_cannot_be_read(keras: Any) -> None:
    L = keras.layers
    for layers, words in (
        ([L.Dense(3, activation="tanh"), L.Dense(1)], "'tanh'"),
        ([L.Dense(3), L.LeakyReLU()], "(LeakyReLU)"),
        ([L.Dense(3), L.Lambda(lambda x: x)], "never run"),
        ([L.Dense(3, activation=lambda x: x)], "is code, which is never run"),
        ([L.Dense(3, dtype="mixed_float16")], "'mixed_float16'"),
        ([keras.Sequential([L.Dense(3)])], "a model inside the model"),
    ):
        model = keras.Sequential([L.Input((2,)), *layers])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns that it describes a lambda
            refused(lambda model=model: rg.network_from(model), words, error=UnsupportedModelError)
    start = L.Input((2,))
    branched = keras.Model(start, L.Add()([L.Dense(2)(start), start]))
    refused(lambda: rg.network_from(branched), "combines 2 tensors")


@pytest.fixture(scope="module")
def sklearn() -> Any:
    return pytest.importorskip("sklearn", reason=f"scikit-learn {INSTALL}")


def fitted(model: Any, X: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # thirty steps do not converge
        return model.fit(X, y)


SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", None)
TARGETS = ("binary", "classes", "labels", "one", "two")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", SCALERS)
def test_scikit_learn_models(name: str | None, target: str, sklearn: Any) -> None:
    from sklearn import neural_network, pipeline, preprocessing

    random = np.random.default_rng(4)
    X = random.normal(size=(120, 4)) * [1, 20, 0.1, 3] + [0, 5, 1, -1]
    y = {
        "binary": np.where(X[:, 0] > 0, "yes", "no"),
        "classes": random.integers(0, 3, 120),
        "labels": random.integers(0, 2, (120, 3)),
        "one": X[:, 0],
        "two": X[:, :2],
    }[target]
    kind = neural_network.MLPRegressor if target in ("one", "two") else neural_network.MLPClassifier
    network = kind(hidden_layer_sizes=(5, 4), max_iter=30, random_state=1)
    scaler = getattr(preprocessing, name)() if name else "passthrough"
    model = fitted(pipeline.make_pipeline(scaler, network), X, y)
    read = rg.network_from(model)
    if target in ("one", "two"):
        assert_agrees(read, X, model.predict(X).reshape(120, -1))
    else:
        probabilities = model.predict_proba(X)
        assert_agrees(read, X, probabilities[:, 1:] if target == "binary" else probabilities)
    if target in ("binary", "classes"):
        assert model.classes_[decide(read, X)].tolist() == model.predict(X).tolist()
        assert read.rule.class_names == tuple(map(str, model.classes_))
    assert read.origin.rounded_count == 0 if name is None else read.origin.rounded_count > 0


def test_scikit_learn_names_and_refusals(sklearn: Any) -> None:
    import pandas as pd
    from sklearn import linear_model, neural_network, pipeline, preprocessing

    table = pd.DataFrame({"age": [1.0, 2, 3, 4], "fare": [0.0, 5, 1, 7]})
    network = neural_network.MLPClassifier((3,), max_iter=5)
    model = fitted(pipeline.make_pipeline(preprocessing.StandardScaler(), network), table, [0, 1, 0, 1])
    assert rg.network_from(model).input_names == ("age", "fare")
    refused(lambda: rg.network_from(neural_network.MLPRegressor()), "not fitted")
    refused(
        lambda: rg.network_from(linear_model.LinearRegression()), "LinearRegression is not a model that can be read"
    )
    curved = fitted(neural_network.MLPRegressor(activation="tanh", max_iter=5), table, [0, 1, 0, 1])
    refused(lambda: rg.network_from(curved), "'tanh'", error=UnsupportedModelError)
