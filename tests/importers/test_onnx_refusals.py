"""ONNX files that cannot be read: each gives one line that names the file, the place and the cure."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import GEMM, LAST, RELU, WT, Operation, T, W, b, chain, graph_model, ints, refused, saved

from relugeom.errors import UnsupportedModelError
from relugeom.importers.loading import load_network

SIGMOID: Operation = ("Sigmoid", [T])
HOLED = WT.copy()
HOLED[1, 2] = np.nan


def norm(*parameters: np.ndarray, **attributes: float) -> Operation:
    return ("BatchNormalization", [T, *parameters], attributes)


ONES = np.ones(6, dtype=np.float32)
UNSUPPORTED: dict[str, tuple[tuple[int | str, ...], list[Operation], str]] = {
    "a split of the input": (
        ("N", 6),
        [("Split", [T], {"axis": 1})],
        r"'n0' \(Split\) is an operator that cannot be read.*acts on the input itself: apply it to the data",
    ),
    "a remainder of constants": (
        ("N", 6),
        [("Mod", [ints(6), ints(4)]), ("Reshape", [ONES, T]), RELU],
        r"'n0' \(Mod\) is an operator that cannot be read.*computes from constants only.*simplify the model",
    ),
    "a split of values": (("N", 6), [GEMM, ("Split", [T], {"axis": 1})], r"'n1' \(Split\).*cut the model at 't0'"),
    "a slice over the batch": (("N", 6), [("Slice", [T, ints(0), ints(1)])], r"'n0' \(Slice\) mixes the samples"),
    "a slice of nothing": (("N", 6), [("Slice", [T, ints(3), ints(3), ints(1)])], r"'n0' \(Slice\) keeps none"),
    "a slice of probabilities": (
        ("N", 6),
        [("Softmax", [T]), ("Slice", [T, ints(3), ints(5), ints(1)])],
        r"'n1' \(Slice\) follows a softmax.*cut the model at 't0'",
    ),
    "a slice from a place that varies": (
        ("N", 6),
        [("Slice", [T, T, ints(5), ints(1)])],
        r"'n0' \(Slice\) takes 'x' as its input 1, which depends on the model's input: only a constant",
    ),
    "a gather over the batch": (("N", 6), [("Gather", [T, ints(0)])], r"'n0' \(Gather\) mixes the samples"),
    "another activation": (
        ("N", 6),
        [GEMM, ("Tanh", [T]), LAST],
        r"'n1' \(Tanh\).*supported are Abs, Add, .*Relu",
    ),
    "an argmax tail": (("N", 6), [GEMM, SIGMOID, ("ArgMax", [T])], r"node 'n2' \(ArgMax\).*cut the model at 't1'"),
    "a cast tail": (("N", 6), [GEMM, ("Cast", [T], {"to": TensorProto.INT64})], r"'n1' \(Cast\) casts to int64.*cut"),
    "a sigmoid in the middle": (
        ("N", 6),
        [GEMM, SIGMOID, LAST],
        r"'n2' \(MatMul\) follows a sigmoid.*cut the model at 't1'",
    ),
    "two squashings": (("N", 6), [SIGMOID, ("Softmax", [T])], r"'n1' \(Softmax\) follows a sigmoid"),
    "a softmax over a part": (("N", 2, 3), [("Softmax", [T])], r"'n0' \(Softmax\).*not over all outputs"),
    "a softmax over the batch": (("N", 6), [("Softmax", [T], {"axis": 0})], r"'n0' \(Softmax\) mixes the samples"),
    "a product by rows": (("N", 2, 6), [("MatMul", [T, WT])], r"'n0' \(MatMul\).*each of several rows"),
    "a product over the batch": (
        ("N", 6),
        [("MatMul", [np.ones((2, 3), np.float32), T])],
        r"'n0' \(MatMul\) mixes the samples",
    ),
    "a batch reshaped into features": (
        ("N", 6),
        [("Reshape", [T, ints(1, -1)])],
        r"'n0' \(Reshape\) mixes the samples",
    ),
    "a batch made of features": (("N", 6), [("Reshape", [T, ints(-1, 3)])], r"'n0' \(Reshape\) mixes the samples"),
    "a batch flattened": (("N", 6), [("Flatten", [T], {"axis": 0})], r"'n0' \(Flatten\) mixes the samples"),
    "a batch transposed": (("N", 6), [("Transpose", [T])], r"'n0' \(Transpose\) mixes the samples"),
    "a batch moved": (("N", 6), [("Unsqueeze", [T, ints(0)])], r"'n0' \(Unsqueeze\) mixes the samples"),
    "a batch squeezed": (("N", 6), [("Squeeze", [T, ints(0)])], r"'n0' \(Squeeze\) mixes the samples"),
    "a constant for each sample": (
        (2, 6),
        [("Add", [T, np.ones((2, 6), np.float32)]), GEMM],
        r"'n1' \(Gemm\).*several rows",
    ),
    "an expansion": (("N", 1), [("Add", [T, ONES])], r"'n0' \(Add\) repeats values"),
    "an inverse": (
        ("N", 6),
        [("Div", [ONES, T])],
        r"'n0' \(Div\) divides by a value that varies.*train the model without it",
    ),
    "a square": (
        ("N", 6),
        [("Mul", [T, T])],
        r"'n0' \(Mul\) multiplies values that both vary, 'x' and 'x'.*train the model",
    ),
    "training": (
        ("N", 6),
        [norm(ONES, ONES, ONES, ONES, training_mode=1)],
        r"'n0' \(BatchNormalization\).*inference mode",
    ),
    "dropout in training": (
        ("N", 6),
        [("Dropout", [T, np.float32(0.5), np.array(True)])],
        r"'n0' \(Dropout\).*inference mode",
    ),
    "another domain": (
        ("N", 6),
        [("com.example.Gemm", [T, W, b], {"transB": 1})],
        r"'n0' \(Gemm\) is an operator that cannot be read",
    ),
}

DAMAGED: dict[str, tuple[tuple[int | str, ...], list[Operation], str]] = {
    "a slice of unequal lists": (("N", 6), [("Slice", [T, ints(0, 1), ints(1), ints(1)])], "names 2 starts, 1 ends"),
    "a gather beyond the axis": (("N", 6), [("Gather", [T, ints(6)], {"axis": 1})], "entries that an axis of 6"),
    "pads that are a number": (
        ("N", 1, 4),
        [("MaxPool", [T], {"kernel_shape": [2], "pads": 1})],
        "not a list of numbers",
    ),
    "strides that are texts": (
        ("N", 1, 4),
        [("MaxPool", [T], {"kernel_shape": [2], "strides": ["a"]})],
        "not a list of numbers",
    ),
    "axes that are fractions": (("N", 6), [("Transpose", [T], {"perm": [0.5, 1.5]})], "not a list of integers"),
    "texts for a constant": (("N", 6), [("Constant", [], {"value_floats": ["a"]}), GEMM], "not a list of numbers"),
    "a weight of another width": (("N", 5), [GEMM], r"'n0' \(Gemm\) multiplies 5 values by weights for 6"),
    "a bias of another width": (
        ("N", 6),
        [("Gemm", [T, W, ONES[:5]], {"transB": 1})],
        r"'n0' \(Gemm\) combines shapes",
    ),
    "a gemm of three axes": (("N", 2, 3), [GEMM], r"'n0' \(Gemm\).*not two matrices"),
    "a gemm without a weight": (("N", 6), [("Gemm", [T])], r"'n0' \(Gemm\) lacks its input 1"),
    "a weight that is no number": (
        ("N", 6),
        [("MatMul", [T, HOLED])],
        r"'c0_1', which is not finite at \[1, 2\]",
    ),
    "an infinite shift": (("N", 6), [("Add", [T, np.float32(np.inf)])], r"'n0' \(Add\).*not finite"),
    "a division by zero": (("N", 6), [("Div", [T, 0 * ONES])], r"'n0' \(Div\) divides by zero"),
    "integer weights": (("N", 6), [("MatMul", [T, W.T.astype(np.int64)])], r"'n0' \(MatMul\).*as floats"),
    "a negative variance": (("N", 6), [norm(ONES, ONES, ONES, -ONES)], r"variance that is not positive"),
    "too few variances": (("N", 6), [norm(ONES, ONES, ONES, ONES[:3])], r"needs 6 scales"),
    "an infinite epsilon": (
        ("N", 6),
        [norm(ONES, ONES, ONES, ONES, epsilon=np.inf)],
        r"'epsilon' that is not a finite number",
    ),
    "an attribute of another kind": (
        ("N", 6),
        [("Gemm", [T, W], {"transB": 1, "alpha": "2"})],
        r"'alpha' that is not a finite number",
    ),
    "an axis too far": (("N", 6), [("Softmax", [T], {"axis": 7})], r"names the axes \[7\] of a tensor with 2"),
    "a wrong permutation": (("N", 2, 3), [("Transpose", [T], {"perm": [0, 1, 1]})], r"names the axes \[0, 1, 1\]"),
    "a short permutation": (("N", 2, 3), [("Transpose", [T], {"perm": [0, 1]})], r"orders 2 axes of 3"),
    "a reshape to another size": (("N", 6), [("Reshape", [T, ints(0, 4)])], r"turns shape \[1, 6\] into \[1, 4\]"),
    "a reshape with two unknowns": ((1, 6), [("Reshape", [T, ints(-1, -1)])], r"turns shape"),
    "a reshape of a missing axis": (("N", 6), [("Reshape", [T, ints(0, 6, 0)])], r"copies an axis"),
    "a squeeze of features": (("N", 6), [("Squeeze", [T, ints(1)])], r"squeezes the axes \[1\]"),
    "weights too large when folded": (
        ("N", 6),
        [("MatMul", [T, W.T.astype(np.float64)]), ("Mul", [T, np.float64(1e308)])],
        r"exceeds the largest float64",
    ),
    "layers too large when built": (("N", 10**5), [RELU], r"more than 67,108,864 cannot be analysed"),
    "names that do not fit": (("N", 6), [GEMM, SIGMOID], r"3 input names for 6 inputs"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported(name: str, tmp_path: Path) -> None:
    shape, operations, message = UNSUPPORTED[name]
    refused(saved(chain(shape, *operations), tmp_path), message, UnsupportedModelError)


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged(name: str, tmp_path: Path) -> None:
    shape, operations, message = DAMAGED[name]
    metadata = {"input_names": json.dumps(["a", "b", "c"])}
    refused(saved(chain(shape, *operations, metadata=metadata), tmp_path), message)


# Graphs


def test_two_outputs(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM)
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, None))
    refused(saved(model, tmp_path), r"2 outputs \('y', 'z'\).*extract_model", UnsupportedModelError)


def test_two_inputs(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM)
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 2]))
    refused(saved(model, tmp_path), r"2 inputs \('x', 'z'\)", UnsupportedModelError)


def test_a_tensor_that_nothing_gives(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "ghost"], ["y"], "sum")]
    refused(saved(graph_model(("N", 6), nodes, {}), tmp_path), r"'sum' \(Add\) takes 'ghost'")


def test_a_cycle(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Add", ["x", "t"], ["s"]),
        helper.make_node("Relu", ["s"], ["t"]),
        helper.make_node("Relu", ["t"], ["y"]),
    ]
    refused(saved(graph_model(("N", 6), nodes, {}), tmp_path), r"node 0 \(Add\) takes 't'.*cycle")


def test_a_tensor_given_twice(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Sigmoid", ["x"], ["y"])]
    refused(saved(graph_model(("N", 6), nodes, {}), tmp_path), r"node 1 \(Sigmoid\) defines 'y' a second time")


def test_an_output_that_nothing_gives(tmp_path: Path) -> None:
    refused(saved(graph_model(("N", 6), [], {}), tmp_path), r"no node computes the output 'y'")


def test_an_output_that_is_constant(tmp_path: Path) -> None:
    nodes = [helper.make_node("Identity", ["c"], ["y"])]
    refused(saved(graph_model(("N", 6), nodes, {"c": ONES}), tmp_path), r"does not depend on the input")


@pytest.mark.parametrize("operator", ["If", "Loop"])
def test_subgraphs(operator: str, tmp_path: Path) -> None:
    branch = helper.make_graph([], "branch", [], [])
    node = helper.make_node(operator, ["x"], ["y"], "flow", then_branch=branch, else_branch=branch, body=branch)
    refused(saved(graph_model(("N", 6), [node], {}), tmp_path), rf"'flow' \({operator}\)", UnsupportedModelError)


def test_functions_of_the_model(tmp_path: Path) -> None:
    model = graph_model(("N", 6), [helper.make_node("Mine", ["x"], ["y"], "call", domain="here")], {})
    body = [helper.make_node("Relu", ["x"], ["y"])]
    model.functions.append(helper.make_function("here", "Mine", ["x"], ["y"], body, model.opset_import))
    refused(saved(model, tmp_path), r"'call' \(Mine\).*inline_local_functions", UnsupportedModelError)


def test_unused_nodes_do_not_matter(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM)
    model.graph.node.append(helper.make_node("ArgMax", ["y"], ["label"]))
    assert load_network(saved(model, tmp_path)).outputs == 4
