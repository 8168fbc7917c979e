"""Graphs of any operators with any operands and attributes: refused in one line, or what onnxruntime computes."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, defs, helper, numpy_helper
from onnx.onnx_cpp2py_export.defs import SchemaError
from onnx_models import Array, graph_model, runtime_outputs
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from relugeom.errors import ModelError
from relugeom.importers.loading import load_network
from relugeom.importers.onnx.operators import OPERATORS
from relugeom.network.forward import predict

GRAPHS = 500
SAMPLES = 12
"""A multiple of every number of samples that a model below takes at once."""
RUNTIME_REFUSALS = (runtime.Fail, runtime.InvalidGraph, runtime.InvalidArgument, runtime.NotImplemented)
SHAPES = [(), (1,), (3,), (6,), (1, 6), (6, 1), (6, 4), (4, 6), (6, 6), (2, 3), (1, 1, 2, 2), (0,), (3, 2, 1, 1)]
INPUTS = [("N", 6), (1, 6), (6,), (2, 6), ("N", 2, 3), (1, 1, 2, 3), (6, 1), ("N", 1, 2, 3)]
LISTS = [[0], [1], [1, 1], [0, 1], [1, 0], [2, 2], [-1], [0, 0, 1, 1], [1] * 4, [3, 1], [0, 2, 1], [2**62, -(2**62)]]
FREQUENT = ["Relu", "Gemm", "MatMul", "Add", "Concat", "Reshape", "Slice", "Gather", "Transpose", "Max", "Conv"]
Kind = defs.OpSchema.AttrType


def constant(dice: random.Random) -> Array:
    rng = np.random.default_rng(dice.getrandbits(32))
    shape = dice.choice(SHAPES)
    return rng.integers(-3, 7, size=shape) if dice.random() < 0.4 else rng.normal(size=shape).astype(np.float32)


def attribute(kind: Any, dice: random.Random) -> Any:
    if dice.random() < 0.1:
        kind = dice.choice([Kind.INT, Kind.FLOAT, Kind.INTS, Kind.FLOATS, Kind.STRING, Kind.STRINGS])
    choices: dict[Any, list[Any]] = {
        Kind.INT: [0, 1, 1, -1, 2, 2**62],
        Kind.FLOAT: [0.0, 1.0, 0.5, -1.5, float("nan")],
        Kind.INTS: LISTS,
        Kind.FLOATS: [[1.0], [2.0] * 6, [0.5]],
        Kind.STRING: ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"],
        Kind.STRINGS: [["a", "b"]],
    }
    return numpy_helper.from_array(constant(dice)) if kind == Kind.TENSOR else dice.choice(choices.get(kind, [0]))


def graph(dice: random.Random) -> ModelProto:
    names, nodes, constants, opset = ["x"], [], dict[str, Array](), dice.choice([7, 9, 11, 13, 17])
    while len(nodes) < dice.randint(1, 6):
        domain, _, kind = dice.choice([*OPERATORS, *FREQUENT]).rpartition(".")
        try:
            schema = defs.get_schema(kind, opset, domain)
        except SchemaError:
            continue  # newer than this operator set
        inputs = []
        for _ in range(dice.randint(schema.min_input, min(schema.max_input, schema.min_input + 3))):
            inputs.append(dice.choice(names[-3:]) if dice.random() < 0.6 else f"c{len(constants)}")
            if inputs[-1] not in names:
                constants[inputs[-1]] = constant(dice)
        if inputs and not set(inputs) & set(names):
            inputs[0] = names[-1]
        attributes = {
            name: attribute(described.type, dice)
            for name, described in schema.attributes.items()
            if described.required or dice.random() < 0.3
        }
        names.append(f"t{len(names)}")
        nodes.append(helper.make_node(kind, inputs, names[-1:], domain=domain, **attributes))
    nodes[-1].output[0] = "y"
    return graph_model(dice.choice(INPUTS), nodes, constants, opset=opset)


@pytest.mark.parametrize("seed", range(2))
def test_any_graph_is_refused_in_one_line_or_read_right(seed: int, tmp_path: Path) -> None:
    dice, path, agreed = random.Random(seed), tmp_path / "model.onnx", 0
    for _ in range(GRAPHS):
        path.write_bytes(graph(dice).SerializeToString())
        try:
            network = load_network(path, on_remark=lambda _: None)
        except ModelError as error:
            assert len(str(error)) < 1000
            assert "\n" not in str(error)
            continue
        samples = np.random.default_rng(seed).normal(size=(SAMPLES, network.inputs)).astype(np.float32)
        try:
            expected = runtime_outputs(path, samples)
        except RUNTIME_REFUSALS:
            continue  # there is nothing to compare with
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(predict(network, samples) / scale, expected / scale, rtol=0, atol=1e-3)
        agreed += 1
    assert agreed > GRAPHS // 50
