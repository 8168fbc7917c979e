"""Operators that are written with ReLU units, branches and windows: against onnxruntime, and exactly."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx_models import GEMM, LAST, RELU, T, W, b, chain, graph_model, pooled, refused, runtime_outputs, saved, single
from oracles import evaluate_layers, exact_layers

from relugeom.errors import UnsupportedModelError
from relugeom.importers.loading import load_network
from relugeom.network.forward import evaluate

rng = np.random.default_rng(11)
IMAGE = ("N", 2, 5, 6)
KERNEL, BIAS = single(rng, 3, 2, 3, 2), single(rng, 3)


def agree(path: Path, inputs: int, *, seed: int = 0, scale: float = 2.0):
    """The network, once it gives what onnxruntime gives, at random inputs and at small integers, where kinks are."""
    network = load_network(path)
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(size=(60, inputs)) * scale, random.integers(-2, 3, (60, inputs))])
    x = x.astype(np.float32).astype(np.float64)
    expected = runtime_outputs(path, x)
    bound = 2e-5 * (1 + np.abs(expected).max())
    assert np.abs(evaluate(network, x) - expected).max() < bound
    return network


PIECEWISE = {
    "leaky": ("LeakyRelu", [T], {"alpha": 0.1}),
    "leaky by default": ("LeakyRelu", [T]),
    "a slope above 1": ("LeakyRelu", [T], {"alpha": 2.5}),
    "a negative slope": ("LeakyRelu", [T], {"alpha": -0.5}),
    "parametric": ("PRelu", [T, single(rng, 4)]),
    "one slope": ("PRelu", [T, single(rng, 1)]),
    "absolute": ("Abs", [T]),
    "clipped": ("Clip", [T, np.float32(-0.5), np.float32(0.75)]),
    "relu6": ("Clip", [T, np.float32(0), np.float32(6)]),
    "clipped below": ("Clip", [T, np.float32(-0.5)]),
    "clipped at 0": ("Clip", [T, np.float32(0)]),
    "clipped above": ("Clip", [T, "", np.float32(0.25)]),
    "not clipped": ("Clip", [T]),
    "clipped to a point": ("Clip", [T, np.float32(0.5), np.float32(0.5)]),
    "hard sigmoid": ("HardSigmoid", [T], {"alpha": 0.25, "beta": 0.5}),
    "a maximum with numbers": ("Max", [T, single(rng, 4)]),
    "a minimum with a number": ("Min", [T, np.float32(0.25)]),
    "a maximum of three": ("Max", [T, single(rng, 4), np.float32(0)]),
}


@pytest.mark.parametrize("name", PIECEWISE)
def test_a_piecewise_function_in_the_middle_and_at_the_end(name, tmp_path):
    for operations in (
        [GEMM, PIECEWISE[name], LAST],
        [GEMM, RELU, ("MatMul", [T, single(rng, 4, 4)]), PIECEWISE[name]],
    ):
        agree(saved(chain(("N", 6), *operations), tmp_path), 6)


def test_piecewise_functions_of_the_input_itself(tmp_path):
    network = agree(saved(chain(("N", 6), ("Abs", [T]), GEMM), tmp_path), 6)
    assert network.widths == (12,)
    assert "rewritten" in network.origin.source


def test_older_operator_sets_clip_by_attributes(tmp_path):
    huge = float(np.finfo(np.float32).max)
    agree(saved(chain(("N", 6), GEMM, ("Clip", [T], {"min": -0.5, "max": 0.5}), opset=8), tmp_path), 6)
    network = agree(saved(chain(("N", 6), GEMM, ("Clip", [T], {"min": 0.0, "max": huge}), opset=8), tmp_path), 6)
    assert network.widths == (4,)  # a ReLU


def node(operator, inputs, output, **attributes):
    return helper.make_node(operator, inputs, [output], f"{operator}_{output}", **attributes)


def dense(source, weight, target, *, relu=True):
    nodes = [node("MatMul", [source, weight], target if not relu else f"{target}_z")]
    return [*nodes, node("Relu", [f"{target}_z"], target)] if relu else nodes


BRANCHES = {
    "a residual block": [*dense("x", "A", "h"), *dense("h", "B", "g", relu=False), node("Add", ["g", "h"], "s"),
                         node("Relu", ["s"], "r"), *dense("r", "C", "y", relu=False)],
    "the input skips two layers": [*dense("x", "A", "h"), *dense("h", "B", "g"), node("Add", ["g", "x"], "y")],
    "before its activation": [*dense("x", "A", "h"), *dense("h", "B", "g"), node("Sub", ["h_z", "g"], "y")],
    "two blocks": [*dense("x", "A", "h"), *dense("h", "B", "g", relu=False), node("Add", ["g", "h"], "s"),
                   node("Relu", ["s"], "r"), *dense("r", "C", "q", relu=False), node("Add", ["q", "s"], "t"),
                   node("Relu", ["t"], "u"), node("Add", ["u", "x"], "y")],
    "joined branches": [*dense("x", "A", "h"), *dense("x", "B", "g"), node("Concat", ["h", "g", "x"], "c", axis=1),
                        *dense("c", "D", "y", relu=False)],
    "branches of other depth joined": [*dense("x", "A", "h"), *dense("h", "B", "g"), *dense("x", "C", "k"),
                                       node("Concat", ["k", "g", "h"], "c", axis=-1),
                                       *dense("c", "D", "y", relu=False)],
    "the larger of two branches": [*dense("x", "A", "h"), *dense("h", "B", "g", relu=False),
                                   node("Max", ["g", "h_z"], "y")],
    "the least of three": [*dense("x", "A", "h"), *dense("x", "B", "g"), node("Min", ["g", "h", "x"], "y")],
    "a value and itself": [*dense("x", "A", "h"), node("Add", ["h", "h"], "y")],
    "a value less itself": [*dense("x", "A", "h"), node("Sub", ["h", "h"], "d"), node("Add", ["d", "x"], "y")],
    "the same layer twice": [*dense("x", "A", "h"), *dense("x", "A", "g"), node("Add", ["h", "g"], "y")],
}  # fmt: skip
MATRICES = {"A": single(rng, 6, 6), "B": single(rng, 6, 6), "C": single(rng, 6, 6), "D": single(rng, 18, 2)}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_are_carried_to_where_they_meet(name, tmp_path):
    agree(saved(graph_model(("N", 6), BRANCHES[name], MATRICES), tmp_path), 6, scale=1.0)


def test_units_that_branches_share_stay_one(tmp_path):
    same = agree(saved(graph_model(("N", 6), BRANCHES["the same layer twice"], MATRICES), tmp_path), 6)
    assert same.widths == (6,)
    block = agree(saved(graph_model(("N", 6), BRANCHES["a residual block"], MATRICES), tmp_path), 6)
    assert block.widths == (6, 6)  # h is of activations: nothing is carried, g is affine in them
    skipped = agree(saved(graph_model(("N", 6), BRANCHES["the input skips two layers"], MATRICES), tmp_path), 6)
    assert skipped.widths == (18, 18)  # 6 units and x as relu(x) − relu(−x)


def test_a_carried_activation_needs_one_unit(tmp_path):
    nodes = [*dense("x", "A", "h"), *dense("h", "B", "g"), node("Add", ["g", "h"], "y")]
    assert agree(saved(graph_model(("N", 6), nodes, MATRICES), tmp_path), 6).widths == (6, 12)


WINDOWS = {
    "a convolution": [("Conv", [T, KERNEL, BIAS])],
    "strides and pads": [("Conv", [T, KERNEL, BIAS], {"strides": [2, 1], "pads": [1, 0, 2, 1]})],
    "dilations": [("Conv", [T, single(rng, 1, 2, 2, 2)], {"dilations": [2, 3]})],
    "groups": [("Conv", [T, single(rng, 4, 1, 2, 2)], {"group": 2})],
    "the same size": [("Conv", [T, KERNEL], {"auto_pad": "SAME_UPPER", "strides": [2, 2]})],
    "the same size, lower": [("Conv", [T, KERNEL], {"auto_pad": "SAME_LOWER"})],
    "averages": [("AveragePool", [T], {"kernel_shape": [2, 3], "strides": [2, 2]})],
    "averages with padding": [("AveragePool", [T], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]})],
    "averages that count padding": [
        ("AveragePool", [T], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1})
    ],
    "the average of all": [("GlobalAveragePool", [T])],
    "maxima": [("MaxPool", [T], {"kernel_shape": [2, 2], "strides": [2, 2]})],
    "maxima with padding": [("MaxPool", [T], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 3]})],
    "the maximum of all": [("GlobalMaxPool", [T])],
    "a small network": [
        ("Conv", [T, KERNEL, BIAS]), RELU, ("MaxPool", [T], {"kernel_shape": [2, 2]}), ("Flatten", [T]),
        ("MatMul", [T, single(rng, 24, 3)]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_over_small_inputs(name, tmp_path):
    agree(saved(chain(IMAGE, *WINDOWS[name]), tmp_path), 60)


POOLED = {
    (12, True): "3b4cb74b92ffcd1c7917e0801238f645fd45ee1245b47c3771bd56f85f1d8d9f",
    (11, False): "53a61bd0ee5babd8e10942f241f1dd7ee1f71b3990a335c74ba4c7f8427584ae",
}
"""Digests of networks whose maps were once folded with all their zeros, in rationals."""


@pytest.mark.parametrize(("size", "rectified"), POOLED)
def test_networks_with_poolings_stay_the_same(size, rectified, tmp_path):
    network = agree(saved(pooled(size, (2, 3), rectified=rectified), tmp_path), size * size)
    assert network.digest == POOLED[size, rectified]


def test_windows_along_one_axis(tmp_path):
    agree(saved(chain(("N", 2, 9), ("Conv", [T, single(rng, 2, 2, 3)]), RELU), tmp_path), 18)
    agree(saved(chain(("N", 2, 9), ("MaxPool", [T], {"kernel_shape": [3]})), tmp_path), 18)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_rewriting_is_exact_where_weights_are_halves(tmp_path_factory, seed):
    """Nothing is rounded, and the value is the exact one: a residual block with all piecewise functions."""
    random = np.random.default_rng(seed)

    def halves(*shape):
        return (random.integers(-4, 5, shape) / 2).astype(np.float32)

    matrices = {"A": halves(3, 3), "B": halves(3, 3), "low": np.float32(-0.5), "high": np.float32(1.5), "s": halves(3)}
    nodes = [
        node("MatMul", ["x", "A"], "a"), node("Abs", ["a"], "p"), node("Clip", ["a", "low", "high"], "q"),
        node("PRelu", ["a", "s"], "r"), node("MatMul", ["p", "B"], "u"), node("Max", ["u", "q"], "v"),
        node("Min", ["v", "r"], "w"), node("Add", ["w", "x"], "y"),
    ]  # fmt: skip
    path = saved(graph_model(("N", 3), nodes, matrices), tmp_path_factory.mktemp("rewritten"))
    network = load_network(path)
    assert network.origin.rounded_count == 0
    x = random.integers(-8, 9, (8, 3)) / 4
    expected = runtime_outputs(path, x)  # exact in float32: few bits
    layers = exact_layers(network)
    for point, values in zip(x.tolist(), expected.tolist(), strict=True):
        assert evaluate_layers(layers, tuple(map(Fraction, point)))[-1] == [Fraction(value) for value in values]


REFUSED = {
    "a clip by a value that varies": (graph_model(("N", 6), [node("Clip", ["x", "x"], "y")], {}), "only a constant"),
    "bounds in the wrong order": (chain(("N", 6), ("Clip", [T, np.float32(1), np.float32(0)])), "wrong order"),
    "slopes of another shape": (chain(("N", 6), ("PRelu", [T, b])), "combines shapes"),
    "a product of branches": (graph_model(("N", 6), [node("Mul", ["x", "x"], "y")], {}), "both vary"),
    "branches of other shapes": (
        graph_model(("N", 6), [node("MatMul", ["x", "D"], "h"), node("Add", ["h", "x"], "y")], {"D": W.T}),
        "combines shapes",
    ),
    "branches joined along the batch": (graph_model((2, 6), [node("Concat", ["x", "x"], "y", axis=0)], {}), None),
    "a kernel for other channels": (chain(IMAGE, ("Conv", [T, single(rng, 3, 4, 2, 2)])), "channels"),
    "a window larger than the input": (chain(IMAGE, ("MaxPool", [T], {"kernel_shape": [9, 9]})), "larger than"),
    "strides of 0 that fit": (
        chain(IMAGE, ("MaxPool", [T], {"kernel_shape": [2, 2], "strides": [0, 1], "auto_pad": "SAME_UPPER"})),
        "do not fit",
    ),
    "strides of 0": (chain(IMAGE, ("MaxPool", [T], {"kernel_shape": [2, 2], "strides": [0, 1]})), "do not fit"),
    "a kernel without a shape": (chain(IMAGE, ("MaxPool", [T])), "larger|do not fit|numbers"),
    "huge pads": (chain(IMAGE, ("MaxPool", [T], {"kernel_shape": [2, 2], "pads": [1 << 30] * 4})), "can be analysed"),
    "a large image": (
        chain(("N", 1, 400, 400), ("Conv", [T, single(rng, 8, 1, 3, 3)])),
        "more than can be analysed|too large",
    ),
    "rounding up": (chain(IMAGE, ("MaxPool", [T], {"kernel_shape": [2, 2], "ceil_mode": 1})), "ceil_mode"),
    "a table": (chain(("N", 6), ("Conv", [T, W])), "channels"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_rewritten_is_refused(name, tmp_path):
    model, message = REFUSED[name]
    path = saved(model, tmp_path)
    if message is None:
        load_network(path)  # a first axis of 2 that is mixed is features after all
        return
    refused(path, message)


def test_tanh_is_refused_with_all_that_is_supported(tmp_path):
    path = saved(chain(("N", 6), GEMM, ("Tanh", [T])), tmp_path)
    refused(path, r"'n1' \(Tanh\).*supported are Abs, .*LeakyRelu", UnsupportedModelError)
