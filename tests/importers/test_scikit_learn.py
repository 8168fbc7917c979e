"""Live scikit-learn models, from the attributes that scikit-learn itself left in fixtures; and the door for live ones.

The stand-ins have the class names, packages and attributes of the fitted objects: nothing here needs scikit-learn.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from importer_conformance import assert_agrees, assert_honest_rounding, assert_same_weights, refused

import relugeom as rg
from relugeom.errors import UnsupportedModelError
from relugeom.network.decision import DecisionRule, Squashing
from relugeom.network.forward import decide

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("scikit_*.npz"))


def stand_in(kind: str, module: str = "sklearn", **attributes: Any) -> Any:
    """An object of a class with this name, from this package."""
    return type(kind, (), {"__module__": f"{module}.inner"} | attributes)()


def mlp(facts: dict[str, Any], **changes: Any) -> Any:
    kind = json.loads(str(facts["kinds"]))[1]
    depth = sum(key.startswith("coefs_") for key in facts)
    held = {key: facts[key] for key in ("classes_",) if key in facts}
    held |= {key: facts[key].item() for key in ("activation", "out_activation_", "n_features_in_")}
    held |= {part: [facts[f"{part}{i}"] for i in range(depth)] for part in ("coefs_", "intercepts_")}
    return stand_in(kind, **held | changes)


def scaler(facts: dict[str, Any], **changes: Any) -> Any:
    held = {key.removeprefix("scaler."): facts[key] for key in facts if key.startswith("scaler.")}
    return stand_in(json.loads(str(facts["kinds"]))[0], **held | changes)


def pipeline(*steps: Any) -> Any:
    return stand_in("Pipeline", steps=[(f"step{i}", step) for i, step in enumerate(steps)])


def read(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return dict(file)


def example(name: str = "scikit_classes_StandardScaler") -> dict[str, Any]:
    return read(next(path for path in FIXTURES if path.stem == name))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_scaled_network_agrees_with_scikit_learn_in_the_users_own_units(path: Path) -> None:
    facts = read(path)
    network = rg.network_from(pipeline(scaler(facts), mlp(facts)))
    y = facts["y"][:, 1:] if "binary" in path.stem else facts["y"]
    assert_agrees(network, facts["x"], y)
    assert_honest_rounding(network, rounded=True)
    assert network.origin.precision == "float64"
    assert not any(flags.any() for flags in network.origin.rounded_weights[1:])


def test_there_is_a_fixture_for_each_kind_of_output() -> None:
    assert {path.stem.split("_")[1] for path in FIXTURES} == {"binary", "classes", "labels", "one", "two"}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_network_alone_is_taken_bit_for_bit(path: Path) -> None:
    facts = read(path)
    network = rg.network_from(mlp(facts))
    layers = [(facts[f"coefs_{i}"].T, facts[f"intercepts_{i}"]) for i in range(3)]
    assert_same_weights(network, layers)
    assert_honest_rounding(network, rounded=False)


def test_decisions_are_those_of_predict() -> None:
    for name, rule in (("binary", DecisionRule.THRESHOLD), ("classes", DecisionRule.ARGMAX)):
        facts = example(f"scikit_{name}_MinMaxScaler")
        network = rg.network_from(pipeline(scaler(facts), mlp(facts)))
        assert network.rule.rule is rule
        assert network.rule.class_names == tuple(str(name) for name in facts["classes_"])
        assert facts["classes_"][decide(network, facts["x"])].tolist() == facts["decided"].tolist()
    for name, names in (("labels", ("0", "1", "2")), ("one", ()), ("two", ())):
        network = rg.network_from(mlp(example(f"scikit_{name}_MinMaxScaler")))
        assert network.rule.rule is DecisionRule.NONE
        assert network.output_names == names


def test_a_scaler_becomes_part_of_the_first_layer_and_is_rounded_once() -> None:
    facts = example()
    network = rg.network_from(pipeline(scaler(facts), mlp(facts)))
    W = [[Fraction(value) for value in row] for row in facts["coefs_0"].T.tolist()]
    mean, scale = ([Fraction(value) for value in facts[f"scaler.{key}"].tolist()] for key in ("mean_", "scale_"))
    for unit, row in enumerate(W):
        exact = [weight / divisor for weight, divisor in zip(row, scale, strict=True)]
        assert network.weights[0][unit].tolist() == [float(value) for value in exact]
        assert network.origin.rounded_weights[0][unit].tolist() == [Fraction(float(v)) != v for v in exact]
        bias = Fraction(float(facts["intercepts_0"][unit])) - sum(v * m for v, m in zip(exact, mean, strict=True))
        assert network.biases[0][unit] == float(bias)


def test_scalers_that_do_only_a_part() -> None:
    facts = example()
    W, scale = facts["coefs_0"].T, facts["scaler.scale_"]
    uncentred = rg.network_from(pipeline(scaler(facts, with_mean=False), mlp(facts)))
    assert np.array_equal(uncentred.biases[0], facts["intercepts_0"])  # mean_ is there, but not used
    unscaled = rg.network_from(pipeline(scaler(facts, scale_=None), mlp(facts)))
    assert np.array_equal(unscaled.weights[0], W)
    robust = stand_in("RobustScaler", center_=None, scale_=scale)
    largest = stand_in("MaxAbsScaler", scale_=scale)
    for step in (robust, largest):
        assert rg.network_from(pipeline(step, mlp(facts))) == uncentred
    assert rg.network_from(pipeline("passthrough", None, mlp(facts))) == rg.network_from(mlp(facts))


def test_names_come_from_the_step_that_meets_the_data() -> None:
    facts = example()
    names = np.array(["age", "fare", "a b", "é"], dtype=object)
    named = rg.network_from(pipeline(scaler(facts, feature_names_in_=names), mlp(facts)))
    assert named.input_names == ("age", "fare", "a b", "é")
    assert rg.network_from(mlp(facts, feature_names_in_=names)).input_names == named.input_names
    assert rg.network_from(pipeline(scaler(facts), mlp(facts))).input_names == ()
    assert named.output_names == named.rule.class_names == ("0", "1", "2")


def test_float32_and_a_linear_model() -> None:
    facts = example("scikit_one_StandardScaler")
    single = {
        key: value.astype(np.float32) if "s_" in key and value.dtype == float else value for key, value in facts.items()
    }
    assert rg.network_from(mlp(single)).origin.precision == "float32"
    linear = rg.network_from(mlp(facts, activation="identity"))
    assert linear.widths == ()
    product = np.linalg.multi_dot([facts[f"coefs_{i}"] for i in range(3)])
    np.testing.assert_allclose(linear.weights[0], product.T, rtol=1e-12)
    assert linear.squashing is Squashing.NONE


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activation": "tanh"}, ["activation = 'tanh'", "activation='relu'"]),
        ({"activation": "logistic"}, ["activation = 'logistic'"]),
        ({"out_activation_": "exp"}, ["out_activation_ = 'exp'"]),
        ({"coefs_": None}, ["not fitted"]),
        ({"n_features_in_": 5}, ["coefs_[0] has the shape [4, 6] instead of [5, 6]"]),
    ],
)
def test_networks_that_cannot_be_read(changes: dict[str, Any], words: list[str]) -> None:
    refused(lambda: rg.network_from(mlp(example(), **changes)), "sklearn.inner.MLPClassifier: ", *words)


def test_weights_that_are_not_finite_or_do_not_chain() -> None:
    facts = example()
    for key, value, words in (
        ("coefs_1", np.where(facts["coefs_1"] == facts["coefs_1"][2, 1], np.nan, facts["coefs_1"]), "[2, 1] is nan"),
        ("coefs_1", facts["coefs_1"][:-1], "coefs_[1] has the shape [5, 4] instead of [6, 4]"),
        ("coefs_0", facts["coefs_0"].astype(int), "values of type int64"),
    ):
        refused(lambda key=key, value=value: rg.network_from(mlp(facts | {key: value})), words)


def test_pipelines_that_cannot_be_read() -> None:
    facts = example()
    least = example("scikit_classes_MinMaxScaler")
    bad = stand_in("StandardScaler", with_mean=True, mean_=np.zeros(3), scale_=None)
    for model, words in (
        (pipeline(stand_in("PCA"), mlp(facts)), "the Pipeline's step PCA"),
        (pipeline(scaler(least, clip=True), mlp(least)), "MinMaxScaler(clip=True)"),
        (pipeline(stand_in("StandardScaler", with_mean=True), mlp(facts)), "StandardScaler is not fitted"),
        (pipeline(stand_in("MinMaxScaler", clip=False), mlp(facts)), "MinMaxScaler is not fitted"),
        (pipeline(bad, mlp(facts)), "StandardScaler.mean_ has the shape [3] instead of [4]"),
        (pipeline(scaler(facts, scale_=np.zeros(4)), mlp(facts)), "scale_ of 0"),
        (pipeline(scaler(facts), "passthrough"), "StandardScaler is not a model that can be read"),
        (pipeline("passthrough"), "no step that does anything"),
        (stand_in("GridSearchCV"), "give its best_estimator_"),
    ):
        refused(lambda model=model: rg.network_from(model), words)


# The door


def test_objects_of_no_framework() -> None:
    refused(lambda: rg.network_from([1, 2]), "builtins.list", "load_network", error=UnsupportedModelError)
    refused(lambda: rg.network_from("network.onnx"), "builtins.str", "load_network")
    refused(lambda: rg.network_from(stand_in("MLPClassifier", module="sklearnish")), "sklearnish.inner.MLPClassifier")
    refused(lambda: rg.load_network(mlp(example())), "network_from(model)")


def test_a_class_of_the_users_own_counts_by_its_parents() -> None:
    parent = type(mlp(example()))
    child = type("MLPClassifier", (parent,), {"__module__": "__main__"})
    assert rg.network_from(child()) == rg.network_from(parent())


def test_keras_objects_that_are_no_models() -> None:
    refused(lambda: rg.network_from(stand_in("Dense", module="keras")), "keras.inner.Dense", "not a Keras model")

    def undescribed(_: Any) -> str:
        raise NotImplementedError

    model = stand_in("Mine", module="keras", to_json=undescribed, layers=[])
    refused(lambda: rg.network_from(model), "cannot describe itself", error=UnsupportedModelError)


def test_no_framework_is_imported() -> None:
    facts = example()
    before = set(sys.modules)
    rg.network_from(pipeline(scaler(facts), mlp(facts)))
    assert not {name.split(".")[0] for name in set(sys.modules) - before} & {"sklearn", "keras", "torch", "jax"}
