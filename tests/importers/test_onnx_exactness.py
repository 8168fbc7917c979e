"""Weights of ONNX models stay as they are, and what must be computed is rounded once and counted."""

from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import GEMM, LAST, RELU, Operation, T, V, W, b, chain, graph_model, row, saved, single

from relugeom.importers.loading import load_network


def test_weights_are_the_initialisers(tmp_path: Path) -> None:
    for dtype, element in ((np.float32, TensorProto.FLOAT), (np.float64, TensorProto.DOUBLE)):
        weight, last = W.astype(dtype) / dtype(3), V.astype(dtype) / dtype(3)
        bias = b.astype(dtype) / dtype(3)
        model = chain(
            ("N", 6),
            ("Gemm", [T, weight, bias], {"transB": 1}),
            RELU,
            ("Gemm", [T, last], {"transB": 1}),
            element=element,
        )
        network = load_network(saved(model, tmp_path))
        assert np.array_equal(network.weights[0], weight.astype(np.float64))
        assert np.array_equal(network.biases[0], bias.astype(np.float64))
        assert np.array_equal(network.weights[1], last.astype(np.float64))
        assert network.origin.rounded_count == 0
        assert (network.origin.source, network.origin.precision) == ("onnx", np.dtype(dtype).name)


def test_short_floats_are_exact(tmp_path: Path) -> None:
    half = np.array([[0.1, 6e-8, 65504.0]], dtype=np.float16)
    model = graph_model(("N", 3), [helper.make_node("Gemm", ["x", "W"], ["y"], transB=1)], {"W": half})
    assert np.array_equal(load_network(saved(model, tmp_path)).weights[0], half.astype(np.float64))
    brain = helper.make_tensor("W", TensorProto.BFLOAT16, [1, 3], [0.5, -3.140625, 1e30])
    for raw in (False, True):
        if raw:
            words = np.array(brain.int32_data, dtype="<u2").tobytes()
            brain = TensorProto(name="W", data_type=TensorProto.BFLOAT16, dims=[1, 3], raw_data=words)
        model.graph.initializer[0].CopyFrom(brain)
        weights = load_network(saved(model, tmp_path)).weights[0]
        assert np.array_equal(weights[0, :2], [0.5, -3.140625])
        assert abs(weights[0, 2] / 1e30 - 1) < 2**-8


@pytest.mark.parametrize(
    ("factor", "rounded"),
    [(1.0, 0), (2.0, 0), (-0.25, 0), (0.0, 0), (3.0, 0), (np.float32(1 / 3), 0), (np.float64(1 / 3), 24)],
)
def test_only_inexact_products_count_as_rounded(factor: float, rounded: int, tmp_path: Path) -> None:
    weight = W.astype(np.float64)
    model = chain(
        ("N", 6), ("MatMul", [T, weight.T.copy()]), ("Mul", [T, np.float64(factor)]), element=TensorProto.DOUBLE
    )
    network = load_network(saved(model, tmp_path))
    assert network.origin.rounded_count == rounded
    assert np.array_equal(network.weights[0], weight * np.float64(factor))


def test_division_counts_where_it_is_inexact(tmp_path: Path) -> None:
    identity = np.eye(4, dtype=np.float32)
    model = chain(("N", 4), ("MatMul", [T, identity]), ("Div", [T, np.array([1, 2, 3, 10], dtype=np.float32)]))
    network = load_network(saved(model, tmp_path))
    assert np.array_equal(np.diag(network.weights[0]), [1, 1 / 2, 1 / 3, 1 / 10])
    assert np.array_equal(np.diag(network.origin.rounded_weights[0]), [False, False, True, True])
    assert network.origin.rounded_count == 2


def test_a_leading_scaler_is_folded_exactly(tmp_path: Path) -> None:
    deviation = np.abs(row) + np.float32(0.1)
    network = load_network(saved(chain(("N", 6), ("Sub", [T, row]), ("Div", [T, deviation]), GEMM), tmp_path))
    for i in range(4):
        bias = Fraction(float(b[i]))
        for j in range(6):
            exact = Fraction(float(W[i, j])) / Fraction(float(deviation[j]))
            bias -= exact * Fraction(float(row[j]))
            assert network.weights[0][i, j] == float(exact)
            assert network.origin.rounded_weights[0][i, j] == (Fraction(float(exact)) != exact)
        assert network.biases[0][i] == float(bias)
        assert network.origin.rounded_biases[0][i] == (Fraction(float(bias)) != bias)


def test_a_shift_leaves_the_weights_as_they_are(tmp_path: Path) -> None:
    network = load_network(saved(chain(("N", 6), ("Sub", [T, row]), GEMM), tmp_path))
    assert np.array_equal(network.weights[0], W.astype(np.float64))
    assert not network.origin.rounded_weights[0].any()


def test_two_linear_layers_are_multiplied_exactly(tmp_path: Path) -> None:
    network = load_network(saved(chain(("N", 6), GEMM, LAST), tmp_path))
    left, right = ([[Fraction(float(entry)) for entry in line] for line in matrix] for matrix in (V, W))
    for i in range(3):
        for j in range(6):
            exact = sum(left[i][k] * right[k][j] for k in range(4))
            assert network.weights[0][i, j] == float(exact)
            assert network.origin.rounded_weights[0][i, j] == (Fraction(float(exact)) != exact)


def test_batch_normalisation_is_rounded_once(tmp_path: Path) -> None:
    scale, shift, mean, variance = single(np.random.default_rng(3), 4, 4)
    variance = np.abs(variance)
    norm: Operation = ("BatchNormalization", [T, scale, shift, mean, variance])
    network = load_network(saved(chain(("N", 6), GEMM, norm), tmp_path))
    epsilon = Decimal(float(np.float32(1e-5)))
    with localcontext() as context:
        context.prec = 120
        for i in range(4):
            factor = Decimal(float(scale[i])) / (Decimal(float(variance[i])) + epsilon).sqrt()
            bias = (Decimal(float(b[i])) - Decimal(float(mean[i]))) * factor + Decimal(float(shift[i]))
            assert network.biases[0][i] == float(bias)
            assert [network.weights[0][i, j] == float(Decimal(float(W[i, j])) * factor) for j in range(6)] == [True] * 6
    assert network.origin.rounded_count == 28


def test_a_rational_root_is_not_rounded(tmp_path: Path) -> None:
    ones = np.ones(4, dtype=np.float32)
    norm: Operation = ("BatchNormalization", [T, ones, 0 * ones, 0 * ones, 4 * ones], {"epsilon": 0.0})
    network = load_network(saved(chain(("N", 6), GEMM, norm), tmp_path))
    assert network.origin.rounded_count == 0
    assert np.array_equal(network.weights[0], W.astype(np.float64) / 2)


def test_zero_weights_are_never_rounded(tmp_path: Path) -> None:
    norm: Operation = ("BatchNormalization", [T, b, 0 * b, 0 * b, np.abs(b)])
    network = load_network(saved(chain(("N", 6), ("MatMul", [T, np.zeros((6, 4), np.float32)]), norm), tmp_path))
    assert network.origin.rounded_count == 0


def test_two_relus_in_a_row_are_one_layer(tmp_path: Path) -> None:
    assert load_network(saved(chain(("N", 6), GEMM, RELU, RELU, LAST), tmp_path)).widths == (4,)


def test_relu_of_the_input_is_an_identity_layer(tmp_path: Path) -> None:
    network = load_network(saved(chain(("N", 6), RELU, GEMM), tmp_path))
    assert network.widths == (6,)
    assert np.array_equal(network.weights[0], np.eye(6))
