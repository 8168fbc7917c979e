"""Networks from ONNX files: every import agrees with onnxruntime; names and meaning are read too."""

import json
import subprocess
import sys
from math import prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper
from onnx_models import (
    GEMM,
    LAST,
    RELU,
    WT,
    Operation,
    T,
    V,
    W,
    b,
    chain,
    graph_model,
    ints,
    row,
    runtime_outputs,
    saved,
    single,
)

from relugeom.importers.loading import load_network
from relugeom.network.decision import Decision, Squashing
from relugeom.network.forward import predict
from relugeom.network.network import ReLUNetwork

FIXTURES = Path(__file__).parent / "fixtures"
CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "nets"


def agreeing(model: ModelProto, folder: Path) -> ReLUNetwork:
    """The imported model, after a comparison with onnxruntime."""
    path, remarks = saved(model, folder), list[str]()
    network = load_network(path, on_remark=remarks.append)
    first, *others = (size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim)
    assert len(remarks) == (first > 1 and prod(others) == network.inputs)
    samples = np.random.default_rng(1).normal(size=(20, network.inputs)).astype(np.float32)
    expected = runtime_outputs(path, samples)
    scale = max(1.0, float(np.abs(expected).max()))  # long chains grow
    np.testing.assert_allclose(predict(network, samples) / scale, expected / scale, rtol=0, atol=1e-4)
    return network


RNG = np.random.default_rng(7)
scales = single(RNG, 6)

CHAINS: dict[str, tuple[tuple[int | str, ...], list[Operation]]] = {
    "a slice of the features": (("N", 6), [("Slice", [T, ints(1), ints(5), ints(1), ints(1)]), RELU]),
    "a slice backwards": (("N", 6), [GEMM, ("Slice", [T, ints(-1), ints(-(2**62)), ints(-1), ints(-2)]), RELU]),
    "a slice of two axes": (
        ("N", 3, 4),
        [("Slice", [T, ints(-2, 1), ints(2**62, 3), ints(1, 2)]), ("Flatten", [T]), RELU],
    ),
    "a slice of one sample": ((3, 4), [("Slice", [T, ints(1, 0), ints(3, 2)]), RELU]),
    "gathered features": (("N", 6), [GEMM, RELU, ("Gather", [T, ints(2, 0, -1, 0)], {"axis": 1})]),
    "one gathered feature": (("N", 6), [GEMM, RELU, ("Gather", [T, np.array(-2)], {"axis": 1})]),
    "features gathered into a matrix": (
        ("N", 6),
        [("Gather", [T, ints(0, 1, 2, 3, 4, 5, 5, 4).reshape(2, 4)], {"axis": 1}), ("Flatten", [T]), RELU],
    ),
    "gemm": (("N", 6), [GEMM, RELU, LAST]),
    "gemm of a transposed weight": (("N", 6), [("Gemm", [T, WT, b]), RELU, LAST]),
    "gemm with alpha and beta": (
        ("N", 6),
        [("Gemm", [T, W, b], {"transB": 1, "alpha": 0.3, "beta": -1.7}), RELU, LAST],
    ),
    "gemm without a bias": (("N", 6), [("Gemm", [T, W], {"transB": 1}), RELU, LAST]),
    "gemm with a scalar bias": (("N", 6), [("Gemm", [T, W, np.float32(0.3)], {"transB": 1}), RELU, LAST]),
    "gemm of a column": ((6, 1), [("Gemm", [W, T, b[:, None]]), RELU, ("MatMul", [V, T])]),
    "gemm of a transposed row": ((1, 6), [("Gemm", [W, T], {"transB": 1}), RELU, ("MatMul", [V, T])]),
    "gemm of a transposed column": ((6, 1), [("Gemm", [T, WT, b], {"transA": 1}), RELU, LAST]),
    "matmul then add": (("N", 6), [("MatMul", [T, WT]), ("Add", [T, b]), RELU, LAST]),
    "bias first in the add": (("N", 6), [("MatMul", [T, WT]), ("Add", [b, T]), RELU, LAST]),
    "weight on the left": ((6,), [("MatMul", [W, T]), ("Add", [b, T]), RELU, ("MatMul", [V, T])]),
    "weight on the left of columns": (
        ("N", 6, 1),
        [("MatMul", [W, T]), ("Add", [T, b[:, None]]), RELU, ("MatMul", [V, T])],
    ),
    "a vector of weights": (("N", 6), [("MatMul", [T, row])]),
    "a vector of weights on the left": ((6,), [("MatMul", [row, T])]),
    "a fixed batch": ((5, 6), [GEMM, RELU, LAST]),
    "one sample without a batch": ((6,), [("MatMul", [T, WT]), ("Add", [T, b]), RELU, LAST]),
    "one feature, fixed batch": ((5, 1), [("MatMul", [T, single(RNG, 1, 4)]), RELU, LAST]),
    "sub a constant": (("N", 6), [("Sub", [T, row]), GEMM, RELU, LAST]),
    "sub from a constant": (("N", 6), [("Sub", [row, T]), GEMM, RELU, ("Sub", [np.float32(1), T]), LAST]),
    "the opposite of the opposite": (("N", 6), [("Neg", [T]), GEMM, ("Neg", [T]), RELU, LAST, ("Neg", [T])]),
    "mul and div": (("N", 6), [("Mul", [T, row]), ("Div", [T, np.abs(row) + 1]), GEMM, ("Mul", [b, T]), RELU, LAST]),
    "scaler": (
        ("N", 6),
        [("ai.onnx.ml.Scaler", [T], {"offset": row.tolist(), "scale": scales.tolist()}), GEMM, RELU, LAST],
    ),
    "two linear layers": (("N", 6), [GEMM, LAST, RELU, ("MatMul", [T, V]), ("Add", [T, b])]),
    "relu first": (("N", 6), [RELU, GEMM, RELU, LAST]),
    "relu twice": (("N", 6), [GEMM, RELU, RELU, LAST]),
    "relu last": (("N", 6), [GEMM, RELU]),
    "relu after a scale": (("N", 6), [GEMM, RELU, ("Mul", [T, b]), RELU, LAST]),
    "max with zero": (("N", 6), [GEMM, ("Max", [np.float32(0), T]), LAST]),
    "no hidden layer": (("N", 6), [GEMM]),
    "nothing but identity": (("N", 6), [("Identity", [T])]),
    "sigmoid": (("N", 6), [GEMM, RELU, ("MatMul", [T, b[:, None]]), ("Sigmoid", [T])]),
    "softmax": (("N", 6), [GEMM, RELU, LAST, ("Softmax", [T], {"axis": 1})]),
    "softmax, then a reshape": (("N", 6), [GEMM, RELU, LAST, ("Softmax", [T]), ("Reshape", [T, ints(-1, 3, 1)])]),
    "batch normalisation": (
        ("N", 6),
        [GEMM, ("BatchNormalization", [T, b, b, b, np.abs(b)], {"epsilon": 1e-3}), RELU, LAST],
    ),
    "batch normalisation of the input": (
        ("N", 6),
        [("BatchNormalization", [T, row, row, row, np.abs(row)]), GEMM, RELU, LAST],
    ),
    "batch normalisation by channel": (
        ("N", 2, 3),
        [("BatchNormalization", [T, b[:2], b[:2], b[:2], np.abs(b[:2])]), ("Flatten", [T]), GEMM, RELU, LAST],
    ),
    "dropout and identity": (("N", 6), [("Identity", [T]), GEMM, RELU, ("Dropout", [T]), LAST]),
    "flatten": (("N", 1, 2, 3), [("Flatten", [T]), GEMM, RELU, LAST]),
    "acas xu": ((1, 1, 1, 6), [("Sub", [T, row]), ("Flatten", [T]), ("MatMul", [T, WT]), ("Add", [T, b]), RELU, LAST]),
    "flatten of one sample": ((1, 2, 3), [("Flatten", [T], {"axis": 0}), GEMM, RELU, LAST]),
    "one sample that looks like a batch": ((2, 3), [("Flatten", [T], {"axis": 0}), GEMM, RELU, LAST]),
    "reshape": (("N", 2, 3), [("Reshape", [T, ints(0, -1)]), GEMM, RELU, LAST]),
    "reshape of an open batch": (("N", 2, 3), [("Reshape", [T, ints(-1, 6)]), GEMM, RELU, LAST]),
    "squeeze and unsqueeze": (
        ("N", 1, 6, 1),
        [("Squeeze", [T, ints(1, -1)]), GEMM, ("Unsqueeze", [T, ints(2)]), RELU, ("Squeeze", [T]), LAST],
    ),
    "transpose": (
        ("N", 2, 3),
        [("Transpose", [T], {"perm": [0, 2, 1]}), ("Add", [T, row.reshape(3, 2)]), ("Flatten", [T]), GEMM, RELU, LAST],
    ),
    "transpose, then a relu": (
        ("N", 2, 3),
        [("Transpose", [T], {"perm": [0, 2, 1]}), ("Mul", [T, row.reshape(3, 2)]), RELU, ("Flatten", [T])],
    ),
    "transpose of one row": ((1, 6), [("Transpose", [T]), ("MatMul", [W, T]), RELU, ("MatMul", [V, T])]),
    "cast": (("N", 6), [("Cast", [T], {"to": TensorProto.DOUBLE}), ("Cast", [T], {"to": TensorProto.FLOAT}), GEMM]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_agrees_with_onnxruntime(name: str, tmp_path: Path) -> None:
    shape, operations = CHAINS[name]
    agreeing(chain(shape, *operations), tmp_path)


@pytest.mark.parametrize("opset", [8, 11, 12])
def test_older_operator_sets(opset: int, tmp_path: Path) -> None:
    operations: list[Operation] = [
        ("Unsqueeze", [T], {"axes": [1]}),
        ("Squeeze", [T], {"axes": [1]}),
        GEMM,
        RELU,
        LAST,
        ("Softmax", [T]),
    ]
    agreeing(chain(("N", 6), *operations, opset=opset), tmp_path)


def test_shape_computed_from_the_input(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Constant", [], ["zero"], value_int=0),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Constant", [], ["first"], value_ints=[0]),
        helper.make_node("Unsqueeze", ["batch", "first"], ["batches"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["batches", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("Gemm", ["flat", "W", "b"], ["z"], transB=1),
        helper.make_node("Relu", ["z"], ["h"]),
        helper.make_node("Slice", ["shape", "first", "one"], ["head"]),
        helper.make_node("Concat", ["head", "rest", "one"], ["target2"], axis=0),
        helper.make_node("Reshape", ["h", "target2"], ["y"]),
    ]
    for shape in (("N", 2, 3), (5, 2, 3), (1, 2, 3)):
        network = agreeing(graph_model(shape, nodes, {"W": W, "b": b, "one": ints(1)}), tmp_path)
        assert network.inputs == 6


OPERATIONS = [
    "relu",
    "gemm",
    "matmul",
    "add",
    "from",
    "mul",
    "div",
    "norm",
    "transpose",
    "split",
    "flatten",
    "unsqueeze",
    "squeeze",
]


def random_chain(kinds: list[str], seed: int, batch: int | str) -> ModelProto:
    rng = np.random.default_rng(seed)
    features: tuple[int, ...] = (2, 3)
    operations: list[Operation] = []
    for kind in (*kinds, "gemm"):
        size = int(np.prod(features))
        if kind == "relu":
            operations.append(RELU)
        elif kind in ("gemm", "matmul"):
            width = int(rng.integers(1, 3)) * 2
            operations.append(("Flatten", [T]))
            if kind == "gemm":
                operations.append(("Gemm", [T, single(rng, size, width), single(rng, width)], {"alpha": 0.7}))
            else:
                operations.append(("MatMul", [T, single(rng, size, width)]))
            features = (width,)
        elif kind in ("add", "from", "mul", "div"):
            values = single(rng, *features[int(rng.integers(0, len(features))) :])
            if kind == "div":
                values = np.abs(values) + 1
            operator = {"add": "Add", "from": "Sub", "mul": "Mul", "div": "Div"}[kind]
            operations.append((operator, [values, T] if kind == "from" else [T, values]))
        elif kind == "norm":
            scale, shift, mean, variance = single(rng, 4, features[0])
            operations.append(("BatchNormalization", [T, scale, shift, mean, np.abs(variance) + 0.1]))
        elif kind == "transpose":
            order = [0, *(int(axis) + 1 for axis in rng.permutation(len(features)))]
            operations.append(("Transpose", [T], {"perm": order}))
            features = tuple(features[axis - 1] for axis in order[1:])
        elif kind == "split":
            operations.append(("Reshape", [T, ints(0, 2, -1)]))
            features = (2, size // 2)
        elif kind == "flatten":
            operations.append(("Flatten", [T]))
            features = (size,)
        elif kind == "unsqueeze":
            operations.append(("Unsqueeze", [T, ints(1)]))
            features = (1, *features)
        elif kind == "squeeze" and 1 in features:
            axis = features.index(1)
            operations.append(("Squeeze", [T, ints(axis + 1)]))
            features = (*features[:axis], *features[axis + 1 :]) or (1,)
            if len(features) == 1 and size == 1:
                operations.append(("Reshape", [T, ints(-1, 1)]))
    return chain((batch, 2, 3), *operations)


@settings(max_examples=150)
@given(
    kinds=st.lists(st.sampled_from(OPERATIONS), max_size=10),
    seed=st.integers(0, 2**32),
    batch=st.sampled_from(["N", 1, 4]),
)
def test_random_chains_agree_with_onnxruntime(
    kinds: list[str], seed: int, batch: int | str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    agreeing(random_chain(kinds, seed, batch), tmp_path_factory.mktemp("chain"))


def test_names_come_from_the_metadata(tmp_path: Path) -> None:
    names = {"feature_names": json.dumps(list("abcdef")), "class_names": json.dumps(["red", "green", "blue"])}
    network = load_network(saved(chain(("N", 6), GEMM, RELU, LAST, ("Softmax", [T]), metadata=names), tmp_path))
    assert network.feature_names == tuple("abcdef")
    assert network.target_names == ("red", "green", "blue")
    assert network.rule == Decision.largest(("red", "green", "blue"))
    assert network.squashing is Squashing.SOFTMAX


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("price", ("price",)),
        ("Survived", ("Survived",)),
        ("net_income", ("net_income",)),
        ("t", ("t",)),
        ("y", ()),
        ("12", ()),
        ("output", ()),
        ("output_0", ()),
        ("dense_2", ()),
        ("linear_7_Add", ()),
        ("variable", ()),
        ("Identity:0", ()),
        ("/fc/Gemm_output_0", ()),
        ("StatefulPartitionedCall", ()),
        ("two\nlines", ()),
    ],
)
def test_the_name_of_the_output_is_kept_where_somebody_chose_it(
    name: str, found: tuple[str, ...], tmp_path: Path
) -> None:
    for operations, size in (([GEMM, RELU, ("MatMul", [T, V.T[:, :1].copy()])], 1), ([GEMM, RELU, LAST], 3)):
        model = chain(("N", 6), *operations)
        model.graph.node[-1].output[0] = model.graph.output[0].name = name
        network = load_network(saved(model, tmp_path))
        assert network.outputs == size
        assert network.output_names == (found if size == 1 else tuple(f"{n}_{k}" for n in found for k in range(size)))
        helper.set_model_props(model, {"output_names": json.dumps([f"o{k}" for k in range(size)])})
        assert load_network(saved(model, tmp_path)).output_names == tuple(f"o{k}" for k in range(size))


@pytest.mark.parametrize(
    "labels", [{"classlabels_strings": ["no", "yes", "perhaps"]}, {"classlabels_int64s": [3, 1, 2]}]
)
def test_classes_are_those_of_a_zip_map(labels: dict[str, list[object]], tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM, RELU, LAST, ("Softmax", [T]), ("ai.onnx.ml.ZipMap", [T], labels))
    network = load_network(saved(model, tmp_path))
    names = tuple(str(label) for label in next(iter(labels.values())))
    assert network.squashing is Squashing.SOFTMAX
    assert network.output_names == names
    assert network.rule == Decision.largest(names)


def test_a_sigmoid_decides_at_zero(tmp_path: Path) -> None:
    names = {"class_names": json.dumps(["no", "yes"]), "output_names": json.dumps(["Survived"])}
    last: list[Operation] = [("MatMul", [T, b[:, None]]), ("Sigmoid", [T])]
    network = load_network(saved(chain(("N", 6), GEMM, RELU, *last, metadata=names), tmp_path))
    assert network.rule == Decision.at_threshold(0.0, ("no", "yes"))
    assert network.target_names == ("Survived",)
    assert load_network(saved(chain(("N", 6), GEMM, RELU, *last[:1]), tmp_path)).rule == Decision()


@pytest.mark.parametrize("name", ["plain_script", "plain_dynamo", "normalised_script", "normalised_dynamo"])
def test_models_as_pytorch_exports_them(name: str) -> None:
    network = load_network(FIXTURES / f"{name}.onnx")
    data = np.load(FIXTURES / f"{name}.npz")
    samples = data["x"].reshape(len(data["x"]), -1)
    np.testing.assert_allclose(predict(network, samples), data["y"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(runtime_outputs(FIXTURES / f"{name}.onnx", samples), data["y"], rtol=1e-5, atol=1e-6)
    assert (network.origin.rounded_count > 0) == name.startswith("normalised")


def test_both_exporters_of_pytorch_give_one_network() -> None:
    assert load_network(FIXTURES / "plain_script.onnx") == load_network(FIXTURES / "plain_dynamo.onnx")


@pytest.mark.parametrize("number", ["3_6", "4_2", "5_1"])
def test_acas_xu(number: str) -> None:
    if not CASES.is_dir():
        pytest.skip("the ACAS Xu networks are not beside the checkout")
    network = load_network(CASES / f"ACASXU_run2a_{number}_batch_2000.onnx")
    assert network == load_network(CASES / f"acasxu_{number}.npz")
    assert network.origin.rounded_count == 0


def test_the_room_loads_without_onnx() -> None:
    code = "import sys, relugeom.importers; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
