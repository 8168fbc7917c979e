"""ONNX models in a few words, and what onnxruntime makes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from relugeom.errors import ModelError
from relugeom.importers.loading import load_network

Array = NDArray[Any]
Operand = Array | str
Operation = tuple[str, list[Operand]] | tuple[str, list[Operand], dict[str, Any]]

T = "@"
"""The tensor so far, among the operands of a chain's operation."""


def single(rng: np.random.Generator, *shape: int) -> Array:
    """Random float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def ints(*values: int) -> Array:
    return np.array(values, dtype=np.int64)


W, V, b, row = (single(np.random.default_rng(seed), *shape) for seed, shape in enumerate([(4, 6), (3, 4), (4,), (6,)]))
WT = np.ascontiguousarray(W.T)
GEMM: Operation = ("Gemm", [T, W, b], {"transB": 1})
RELU: Operation = ("Relu", [T])
LAST: Operation = ("MatMul", [T, np.ascontiguousarray(V.T)])


def chain(
    shape: Sequence[int | str],
    *operations: Operation,
    opset: int = 17,
    element: int = TensorProto.FLOAT,
    metadata: dict[str, str] | None = None,
) -> ModelProto:
    """A model that applies operations one after another; arrays among their operands become initialisers."""
    nodes, constants, tensor = [], {}, "x"
    for position, (operator, operands, *attributes) in enumerate(operations):
        names = []
        for place, operand in enumerate(operands):
            if isinstance(operand, str):
                names.append(tensor if operand == T else operand)
            else:
                names.append(f"c{position}_{place}")
                constants[names[-1]] = operand
        domain, _, operator = operator.rpartition(".")
        tensor = "y" if position == len(operations) - 1 else f"t{position}"
        nodes.append(helper.make_node(operator, names, [tensor], f"n{position}", domain=domain, **dict(*attributes)))
    return graph_model(shape, nodes, constants, opset=opset, element=element, metadata=metadata)


def graph_model(
    shape: Sequence[int | str] | None,
    nodes: Sequence[NodeProto],
    constants: dict[str, Array],
    *,
    opset: int = 17,
    element: int = TensorProto.FLOAT,
    metadata: dict[str, str] | None = None,
) -> ModelProto:
    """A model from x to y."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", element, shape)],
        [helper.make_tensor_value_info("y", element, None)],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    if metadata:
        helper.set_model_props(model, metadata)
    return model


def pooled(size: int, filters: tuple[int, int], *, rectified: bool = True) -> ModelProto:
    """A convolutional network with two poolings; without ReLU between, maxima are of overlapping windows."""
    random, between = np.random.default_rng(5), [RELU] if rectified else []
    pool: Operation = ("MaxPool", [T], {"kernel_shape": [2, 2], "strides": [2, 2]})
    first, second = filters
    left = ((size - 2) // 2 - 2) // 2
    return chain(
        ("N", 1, size, size),
        ("Conv", [T, single(random, first, 1, 3, 3), single(random, first)]), *between, pool,
        ("Conv", [T, single(random, second, first, 3, 3), single(random, second)]), *between, pool,
        ("Flatten", [T]), ("Gemm", [T, single(random, 10, second * left * left), single(random, 10)], {"transB": 1}),
    )  # fmt: skip


def saved(model: ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def runtime_outputs(path: Path, samples: Array) -> Array:
    """onnxruntime's outputs, one row for each row of samples, whatever shapes the model takes and gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    dtype = np.float64 if source.type == "tensor(double)" else np.float32
    sizes = [size if isinstance(size, int) else -1 for size in source.shape]
    together = abs(int(np.prod(sizes))) // samples.shape[1] or 1  # samples that one call takes
    calls = [samples] if -1 in sizes else np.split(samples, len(samples) // together)
    outputs = [session.run(None, {source.name: call.reshape(sizes).astype(dtype)})[0] for call in calls]
    return np.concatenate([output.ravel() for output in outputs]).reshape(len(samples), -1)


def refused(path: Path, message: str, kind: type[ModelError] = ModelError) -> None:
    """The file is refused in one line that names it and matches the message."""
    with pytest.raises(kind, match=message) as caught:
        load_network(path)
    text = str(caught.value)
    assert text.removeprefix("'").startswith(str(path))
    assert "\n" not in text
    assert len(text) < 800
