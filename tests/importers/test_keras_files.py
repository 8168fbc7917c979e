"""Keras files agree with Keras, and what can be exact is."""

import zipfile
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from importer_conformance import FileCase, assert_same_weights, check_file
from keras_models import RNG, archive, dense, functional, keras_2_file, layer, saved, tensor, weights_file

from relugeom.importers.live import network_from
from relugeom.importers.loading import load_network
from relugeom.network.decision import DecisionRule, Squashing
from relugeom.network.forward import evaluate, predict

ROUNDED = ("keras_many", "keras_rare", "keras_precise")
FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> dict[str, Any]:
    with np.load(FIXTURES / f"{name}.npz") as file:
        return dict(file)


def held_layers(facts: dict[str, Any]) -> list[tuple[Any, Any]]:
    """(W, b) of every Dense layer, as Keras held them."""
    kernels = [key for key in facts if key.endswith(".kernel")]
    return [(facts[key].T, facts[key.replace(".kernel", ".bias")]) for key in kernels]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    "name", ["keras_plain", "keras_many", "keras_functional", "keras_rare", "keras_double", "keras_precise"]
)
def test_files_of_keras(name: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = fixture(name)
    layers = held_layers(facts) if name in ("keras_plain", "keras_double") else None
    rounded = name in ROUNDED
    case = FileCase(
        FIXTURES / f"{name}{suffix}", facts["x"], facts["y"], str(facts["digest"]), layers=layers, rounded=rounded
    )
    check_file(case, tmp_path, capsys)
    network = load_network(case.path)
    assert network.origin.precision == ("float64" if name in ("keras_double", "keras_precise") else "float32")
    assert network.origin.source == suffix[1:]


def test_weights_that_no_arithmetic_touches_are_taken_bit_for_bit(tmp_path: Path) -> None:
    first, second = dense(3, 4, "relu"), dense(4, 2)
    network = load_network(saved(tmp_path, first, second))
    assert_same_weights(network, [(kernel.T, bias) for _, _, (kernel, bias) in (first, second)])
    assert network.origin.rounded_count == 0
    assert network.squashing is Squashing.NONE
    assert network.rule.rule is DecisionRule.ARGMAX


def test_a_folded_scale_is_rounded_once_and_counted_where_it_is_no_float(tmp_path: Path) -> None:
    scale, (kind, settings, (kernel, bias)) = [0.1, 0.25, 3.0], dense(3, 4, "relu")
    network = load_network(
        saved(tmp_path, layer("Rescaling", scale=scale, offset=0.0), (kind, settings, [kernel, bias]))
    )
    held = [Fraction(float(np.float32(value))) for value in scale]
    for unit in range(4):
        for feature in range(3):
            exact = Fraction(float(kernel[feature, unit])) * held[feature]
            assert network.weights[0][unit, feature] == float(exact)
            flagged = bool(network.origin.rounded_weights[0][unit, feature])
            assert flagged is (Fraction(float(exact)) != exact)
    assert np.array_equal(network.biases[0], bias)  # a product of two float32 is a float64
    assert network.origin.rounded_count == 0


def test_two_linear_layers_in_a_row_are_multiplied_exactly(tmp_path: Path) -> None:
    (_, _, (K, c)), (_, _, (L, d)) = first, second = dense(3, 5), dense(5, 2)
    network = load_network(saved(tmp_path, first, second))
    assert network.widths == ()

    def exact(values: Any) -> list[list[Fraction]]:
        return [[Fraction(float(value)) for value in row] for row in np.atleast_2d(values)]

    kernel, shift, last, end = exact(K), exact(c)[0], exact(L), exact(d)[0]
    for output in range(2):
        whole = [sum(kernel[i][k] * last[k][output] for k in range(5)) for i in range(3)]
        assert network.weights[0][output].tolist() == [float(entry) for entry in whole]
        assert network.origin.rounded_weights[0][output].tolist() == [Fraction(float(e)) != e for e in whole]
        assert network.biases[0][output] == float(sum(shift[k] * last[k][output] for k in range(5)) + end[output])


def test_a_batch_normalisation_is_folded_to_the_nearest_floats(tmp_path: Path) -> None:
    gamma, beta, mean = (RNG.normal(size=4).astype(np.float32) for _ in range(3))
    variance, first = np.float32([0.3, 2.0, 0.0, 0.249]), dense(3, 4)
    norm = layer("BatchNormalization", gamma, beta, mean, variance, epsilon=0.001)
    network = load_network(saved(tmp_path, first, norm, layer("ReLU"), dense(4, 1)))
    kernel, bias = first[2]
    with localcontext() as context:
        context.prec = 80  # far beyond a float64: what is rounded from it is what is rounded from the exact value
        for unit in range(4):
            deviation = (Decimal(float(variance[unit])) + Decimal(float(np.float32(0.001)))).sqrt()
            factor = Decimal(float(gamma[unit])) / deviation
            exact = [factor * Decimal(float(entry)) for entry in kernel[:, unit]]
            assert network.weights[0][unit].tolist() == [float(entry) for entry in exact]
            shift = factor * (Decimal(float(bias[unit])) - Decimal(float(mean[unit]))) + Decimal(float(beta[unit]))
            assert network.biases[0][unit] == float(shift)
    assert network.origin.rounded_weights[0].all()
    assert network.origin.rounded_biases[0].all()
    assert not network.origin.rounded_weights[1].any()


def test_a_normalisation_of_constant_features_divides_by_keras_epsilon(tmp_path: Path) -> None:
    mean, variance = np.float32([1, 2, 3]), np.float32([0, 4, 1e-15])
    last = dense(3, 1)
    network = load_network(saved(tmp_path, layer("Normalization", mean, variance, np.int32(9), axis=[-1]), last))
    deviations = [Fraction(float(np.float32(1e-7))), Fraction(2), Fraction(float(np.float32(1e-7)))]
    exact = [Fraction(float(entry)) / deviation for entry, deviation in zip(last[2][0][:, 0], deviations, strict=True)]
    assert network.weights[0][0].tolist() == [float(entry) for entry in exact]


@pytest.mark.parametrize("as_chain", [False, True])
def test_files_of_keras_2(as_chain: bool, tmp_path: Path) -> None:
    layers = dense(3, 4, "relu"), ("Dropout", {"rate": 0.5}, []), dense(4, 1, "sigmoid")
    network = load_network(keras_2_file(tmp_path / "old.h5", *layers, as_chain=as_chain))
    (kernel, bias), (last, end) = layers[0][2], layers[2][2]
    assert_same_weights(network, [(kernel.T, bias), (last.T, end)])
    assert network.squashing is Squashing.SIGMOID
    assert network.rule.rule is DecisionRule.THRESHOLD


def test_connections_decide_the_order_not_the_list(tmp_path: Path) -> None:
    layers = dense(3, 3, "relu"), dense(3, 3, "relu"), dense(3, 3)
    model = functional(layers, [None, 3])
    listed = model["config"]["layers"]
    straight = load_network(archive(tmp_path / "a.keras", model, weights_file(layers)))
    for entry, before in zip(listed[1:], ("l1", "in", "l0"), strict=True):
        entry["inbound_nodes"] = [{"args": [tensor(before)], "kwargs": {"mask": None}}]
    crossed = load_network(archive(tmp_path / "b.keras", model, weights_file(layers)))
    assert crossed.weights[0].tobytes() == straight.weights[1].tobytes()
    assert crossed.weights[1].tobytes() == straight.weights[0].tobytes()


def test_a_packed_archive_and_a_shuffled_one_are_read(tmp_path: Path) -> None:
    source = FIXTURES / "keras_plain.keras"
    with zipfile.ZipFile(source) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    packed = archive(
        tmp_path / "packed.keras", parts["config.json"], parts["model.weights.h5"], compression=zipfile.ZIP_DEFLATED
    )
    assert load_network(packed) == load_network(source)


def test_a_live_model_is_described_by_itself(tmp_path: Path) -> None:
    facts = fixture("keras_plain")

    class Variable:
        def __init__(self, name: str, values: Any) -> None:
            self.name, self.numpy = name, lambda: values

    class Held:
        def __init__(self, name: str, weights: list[Variable]) -> None:
            self.name, self.weights = name, weights

    with zipfile.ZipFile(FIXTURES / "keras_plain.keras") as file:
        text = file.read("config.json").decode()
    kernels = [key.removesuffix(".kernel") for key in facts if key.endswith(".kernel")]
    held = [
        Held(key.split(".")[-1], [Variable(part, facts[f"{key}.{part}"]) for part in ("kernel", "bias")])
        for key in kernels
    ]
    kind = type("Sequential", (), {"__module__": "keras.models", "to_json": lambda self: text, "layers": held})
    network = network_from(kind())
    assert network == load_network(FIXTURES / "keras_plain.keras")
    assert network.origin.source == "keras object"


def test_a_softmax_and_probabilities(tmp_path: Path) -> None:
    network = load_network(saved(tmp_path, dense(3, 4, "relu"), dense(4, 3), layer("Softmax")))
    x = np.random.default_rng(1).normal(size=(5, 3))
    powers = np.exp(evaluate(network, x))
    np.testing.assert_allclose(predict(network, x), powers / powers.sum(axis=1, keepdims=True), rtol=1e-12)
