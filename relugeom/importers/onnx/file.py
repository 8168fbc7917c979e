"""An ONNX file as plain values: one input, one output, constants, and a list of nodes.

Only the form is checked here; what the nodes mean is the business of `onnx_operators.py`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypeAlias

import numpy as np
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.budget import LETTERS
from relugeom.importers.onnx.tensors import FLOAT_TYPES, MOST_AXES, Array, TensorReader, type_name
from relugeom.importers.onnx.wire import check_wire

__all__ = ["Attribute", "Graph", "Node", "read_graph"]

Attribute: TypeAlias = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | Array | None
"""Value of a node's attribute; None for a kind that no supported operator has."""

LARGEST_FILE = 2**30
"""Most bytes of the model's own file: twice what the largest network needs in float64."""
OLDEST_OPSET = 7
"""The first operator set whose arithmetic broadcasts as NumPy does."""
LARGEST_INPUT = 10**6
"""Most features of a model."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes
    ----------
    label
        Name for messages.
    operator
        ``"Gemm"``; with its domain, ``"ai.onnx.ml.Scaler"``, where that is not ONNX's own.
    inputs, outputs
        Names of tensors, empty if an optional one is left out.
    """

    label: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(frozen=True, slots=True)
class Graph:
    """A model with one input and one output.

    Attributes
    ----------
    input_shape
        One size per axis, None if it is left open.
    constants, nodes
        Those that the output needs; nodes in the file's order.
    metadata
        The model's own key-value texts.
    """

    input_name: str
    input_shape: tuple[int | None, ...]
    output_name: str
    constants: dict[str, Array]
    nodes: tuple[Node, ...]
    opset: int
    metadata: dict[str, str]

    @property
    def precision(self) -> str:
        """``"float64"`` where any number is a double, else ``"float32"``."""
        attributes = (value for node in self.nodes for value in node.attributes.values())
        arrays = [value for value in (*self.constants.values(), *attributes) if isinstance(value, np.ndarray)]
        return "float64" if any(array.dtype == np.float64 for array in arrays) else "float32"

    def names(self, *keys: str) -> tuple[str, ...]:
        """The names that the metadata list under the first of the keys that is present."""
        for key in keys:
            if key in self.metadata:
                return _name_list(key, self.metadata[key])
        return ()


def read_graph(path: Path) -> Graph:
    """Read an ONNX file.

    Raises
    ------
    ModelError
        The file is damaged or no ONNX file.
    UnsupportedModelError
        It has several inputs or outputs, sparse initialisers, or too old an operator set.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise ModelError(f"an ONNX file of more than {LARGEST_FILE:,} bytes is not a network that can be analysed")
    content = path.read_bytes()
    check_wire(content)
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError:
        raise ModelError("this is not an ONNX model, or it is truncated: export it again") from None
    if not model.ir_version or not model.graph.output:
        raise ModelError("this is not an ONNX model: it has no version or no output")
    _check_texts(model)
    graph, reader = model.graph, TensorReader(path.parent)
    if graph.sparse_initializer:
        name = graph.sparse_initializer[0].values.name
        raise UnsupportedModelError(f"initialiser {name[:80]!r} is sparse: export the model with dense weights")
    given = _constant_names(graph)
    source, output = _only_input(graph, given), _only_output(graph)
    _check_single_assignment(graph, {source.name, *given})
    needed = _needed_nodes(graph)
    _check_functions(model, needed)
    used = {output, *(name for i in needed for name in graph.node[i].input)}
    constants = {
        tensor.name: reader.read(tensor, f"initialiser {tensor.name[:80]!r}")
        for tensor in graph.initializer
        if tensor.name in used
    }
    return Graph(
        input_name=source.name,
        input_shape=_input_shape(source),
        output_name=output,
        constants=constants,
        nodes=tuple(_read_node(graph.node[i], i, reader) for i in needed),
        opset=_read_opset(model),
        metadata={entry.key: entry.value for entry in model.metadata_props},
    )


def _check_texts(message: Message) -> None:
    """Protobuf hands out texts that are not UTF-8 as bytes: refuse them here, once."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_STRING:
            if any(isinstance(text, bytes) for text in ([value] if isinstance(value, str | bytes) else value)):
                raise ModelError(
                    f"a text in the field {field.full_name!r} is not UTF-8: the file is damaged, export the model again"
                )
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in [value] if isinstance(value, Message) else value:
                _check_texts(part)


def _constant_names(graph: GraphProto) -> set[str]:
    names: set[str] = set()
    for tensor in graph.initializer:
        if tensor.name in names:
            raise ModelError(
                f"initialiser {tensor.name[:80]!r} is defined twice: the file is damaged, export the model again"
            )
        names.add(tensor.name)
    return names


def _only_input(graph: GraphProto, given: set[str]) -> ValueInfoProto:
    inputs: list[ValueInfoProto] = [value for value in graph.input if value.name not in given]
    if len(inputs) != 1:
        raise UnsupportedModelError(
            f"the model has {len(inputs)} inputs ({_listed(inputs)}): export it with one input tensor for all features"
        )
    if inputs[0].type.tensor_type.elem_type not in FLOAT_TYPES:
        kind = type_name(inputs[0].type.tensor_type.elem_type)
        raise UnsupportedModelError(
            f"input {inputs[0].name[:80]!r} is of type {kind}: export the model with a float input"
        )
    return inputs[0]


def _only_output(graph: GraphProto) -> str:
    if len(graph.output) != 1:
        raise UnsupportedModelError(
            f"the model has {len(graph.output)} outputs ({_listed(graph.output)}): keep one of them with "
            "onnx.utils.extract_model"
        )
    name: str = graph.output[0].name
    return name


def _input_shape(source: ValueInfoProto) -> tuple[int | None, ...]:
    tensor = source.type.tensor_type
    if not tensor.HasField("shape"):
        raise UnsupportedModelError(
            f"input {source.name[:80]!r} has no shape: export the model with the number of features"
        )
    if len(tensor.shape.dim) > MOST_AXES:
        raise ModelError(
            f"input {source.name[:80]!r} has {len(tensor.shape.dim)} axes: at most {MOST_AXES} can be read"
        )
    shape = tuple(axis.dim_value if axis.dim_value > 0 else None for axis in tensor.shape.dim)
    if None in shape[1:]:
        raise UnsupportedModelError(
            f"input {source.name[:80]!r} leaves axis {shape.index(None, 1)} open: only the first axis, the batch, may "
            f"be open; export the model with the number of features"
        )
    if prod(size or 1 for size in shape) > LARGEST_INPUT:
        raise ModelError(f"input {source.name[:80]!r} declares the shape {list(shape)}: at most {LARGEST_INPUT} values")
    return shape


def _read_opset(model: ModelProto) -> int:
    versions: list[int] = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions:
        raise ModelError("the model does not name its operator set: the file is damaged, export the model again")
    if versions[0] < OLDEST_OPSET:
        raise UnsupportedModelError(
            f"the model uses operator set {versions[0]}: convert it to {OLDEST_OPSET} or later with "
            "onnx.version_converter"
        )
    return versions[0]


def _read_node(node: NodeProto, position: int, reader: TensorReader) -> Node:
    domain = "" if node.domain in ("", "ai.onnx") else f"{node.domain}."
    label = _label(node, position)
    attributes = {
        item.name: _read_attribute(item, f"{label}, attribute {item.name[:80]!r},", reader) for item in node.attribute
    }
    return Node(label, domain + node.op_type, tuple(node.input), tuple(node.output), attributes)


def _read_attribute(item: AttributeProto, place: str, reader: TensorReader) -> Attribute:
    kind = item.type
    if kind == AttributeProto.INT:
        return item.i
    if kind == AttributeProto.FLOAT:
        return item.f
    if kind == AttributeProto.STRING:
        return item.s.decode("utf-8", "replace")
    if kind == AttributeProto.INTS:
        return tuple(item.ints)
    if kind == AttributeProto.FLOATS:
        return tuple(item.floats)
    if kind == AttributeProto.STRINGS:
        return tuple(text.decode("utf-8", "replace") for text in item.strings)
    if kind == AttributeProto.TENSOR:
        return reader.read(item.t, place)
    return None


def _check_single_assignment(graph: GraphProto, given: set[str]) -> None:
    for position, node in enumerate(graph.node):
        for name in filter(None, node.output):
            if name in given:
                raise ModelError(
                    f"{_label(node, position)} defines {name[:80]!r} a second time: the file is damaged, export the "
                    f"model again"
                )
            given.add(name)


def _needed_nodes(graph: GraphProto) -> list[int]:
    """Positions of the nodes that the output depends on, in the file's order."""
    producers = {name: position for position, node in enumerate(graph.node) for name in node.output if name}
    needed: set[int] = set()
    wanted = [graph.output[0].name]
    while wanted:
        position = producers.get(wanted.pop())
        if position is not None and position not in needed:
            needed.add(position)
            wanted.extend(graph.node[position].input)
    return sorted(needed)


def _check_functions(model: ModelProto, needed: list[int]) -> None:
    functions = {(function.domain, function.name) for function in model.functions}
    for position in needed:
        node = model.graph.node[position]
        if (node.domain, node.op_type) in functions:
            raise UnsupportedModelError(
                f"{_label(node, position)} calls a function of the model: inline it first, with "
                "onnx.inliner.inline_local_functions"
            )


def _label(node: NodeProto, position: int) -> str:
    name = repr(node.name[:80]) if node.name else str(position)
    return f"node {name} ({repr(node.op_type[:80])[1:-1]})"


def _listed(values: Iterable[ValueInfoProto]) -> str:
    return ", ".join(repr(value.name[:80]) for value in values)[:400] or "none"


def _name_list(key: str, text: str) -> tuple[str, ...]:
    if len(text) > LETTERS:
        raise ModelError(f"metadata {key!r} is longer than {LETTERS:,} characters, which no list of names needs")
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelError(f'metadata {key!r} must be a JSON list of texts, like ["age", "fare"]')
    return tuple(names)
