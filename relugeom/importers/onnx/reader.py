"""ONNX models: the graph is executed on symbols, and what comes out is a chain of layers.

A first axis that the model leaves open, or fixes above 1, is the batch. Exporters that fix an example's batch and
models of one sample without a batch look alike: where a fixed first axis turns out to be mixed with others, it is read
as features after all.
"""

from contextlib import suppress
from math import prod
from pathlib import Path

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import rounded_layers
from relugeom.importers.budget import BeyondBudgetError, Budget
from relugeom.importers.folding import ExactAffine
from relugeom.importers.onnx.file import Graph, Node, read_graph
from relugeom.importers.onnx.names import output_names
from relugeom.importers.onnx.operators import apply_operator
from relugeom.importers.onnx.values import OPEN_BATCH, MixedBatchError, Step, Value, Variable
from relugeom.network.decision import Decision
from relugeom.network.network import Origin, ReLUNetwork

__all__ = ["read_onnx"]

NANOSECONDS = 20_000
"""Cost of a node for each of its inputs, besides its arithmetic."""


def read_onnx(path: Path) -> ReLUNetwork:
    """Read a fully connected ReLU network from an ONNX file.

    Names come from the metadata ``input_names`` (or ``feature_names``), ``output_names`` and ``class_names``, all of
    them JSON lists, those of outputs else from the graph (`onnx_names.py`); a single output with class names decides at
    θ = 0.

    Raises
    ------
    ModelError
        The file is damaged.
    UnsupportedModelError
        The model cannot be rewritten exactly into a chain of affine maps and ReLUs with at most one sigmoid or softmax
        at its end.

    Notes
    -----
    LeakyReLU, PReLU, Abs, Clip, HardSigmoid, Max and Min, maximum pooling, and values that skip layers are written with
    ReLU units that the model does not have as such; they count as units, and their kinks as boundaries of regions.
    """
    graph = read_graph(path)
    output = _output(graph)
    layers = rounded_layers((*output.layers, output.affine.reordered(output.order)))
    names = output_names(graph, output.order.size)
    return ReLUNetwork(
        weights=tuple(layer.weight for layer in layers),
        biases=tuple(layer.bias for layer in layers),
        input_names=graph.names("input_names", "feature_names"),
        output_names=names.outputs,
        squashing=output.squashing,
        decision=_decision(names.classes, several=output.order.size > 1),
        origin=Origin(
            source="onnx, rewritten with additional ReLU units" if output.rewritten else "onnx",
            precision=graph.precision,
            rounded_weights=tuple(layer.rounded_weight for layer in layers),
            rounded_biases=tuple(layer.rounded_bias for layer in layers),
            assumption=_assumed(output.batch),
        ),
    )


def _assumed(batch: int | None) -> str:
    """What is said of an axis that may be the batch of the example with which the model was exported, or not."""
    if batch in (None, OPEN_BATCH):
        return ""
    return (
        f"the first axis of its input, of size {batch}, is assumed to be the batch, so that an input is one row: "
        f"export the model with an open batch axis, or flatten the input if its rows belong together"
    )


def _decision(class_names: tuple[str, ...], *, several: bool) -> Decision | None:
    if not class_names:
        return None
    return Decision.largest(class_names) if several else Decision.at_threshold(0.0, class_names)


def _output(graph: Graph) -> Variable:
    *trials, last = _sources(graph.input_shape)
    for source in trials:
        with suppress(MixedBatchError):
            return _executed(graph, source)
    return _executed(graph, last)


def _sources(shape: tuple[int | None, ...]) -> list[Variable]:
    """The readings of the input, the likelier one first."""
    sizes = [size or 1 for size in shape]
    whole = _source(sizes, None)
    if not shape or shape[0] == 1 or (len(shape) == 1 and shape[0] is not None):
        return [whole]
    if shape[0] is None:
        return [_source(sizes, OPEN_BATCH)]
    return [_source([1, *sizes[1:]], shape[0]), whole]


def _source(sizes: list[int], batch: int | None) -> Variable:
    size, budget = prod(sizes), Budget()
    return Variable((), ExactAffine.identity(size, budget), np.arange(size).reshape(sizes), batch)


def _executed(graph: Graph, source: Variable) -> Variable:
    values: dict[str, Value] = {**graph.constants, graph.input_name: source}
    budget = source.affine.budget
    last_uses = {name: position for position, node in enumerate(graph.nodes) for name in node.inputs}
    last_uses[graph.output_name] = len(graph.nodes)
    for position, node in enumerate(graph.nodes):
        operands = tuple(_operand(node, name, values) for name in node.inputs)
        budget.steps(len(node.inputs), NANOSECONDS)
        try:
            value = apply_operator(Step(node, operands, graph.opset, budget))
            budget.floats(value.labels.size + len(value.layers) if isinstance(value, Variable) else value.size)
        except BeyondBudgetError as error:
            raise BeyondBudgetError(f"{node.label}: {error}") from error
        values[node.outputs[0]] = value
        for name in {*node.inputs, node.outputs[0]}:
            if name and last_uses.get(name, 0) <= position:
                del values[name]  # no node needs it any more
    output = values.get(graph.output_name)
    if output is None:
        raise ModelError(
            f"no node computes the output {graph.output_name[:80]!r}: the model is damaged, export it again"
        )
    if not isinstance(output, Variable):
        raise UnsupportedModelError(f"the output {graph.output_name[:80]!r} does not depend on the input")
    return output


def _operand(node: Node, name: str, values: dict[str, Value]) -> Value | None:
    if name and name not in values:
        raise ModelError(
            f"{node.label} takes {name[:80]!r}, which no earlier node computes: the graph has a cycle, is not sorted, "
            f"or uses a second output; export it again, or simplify it with onnxsim"
        )
    return values[name] if name else None
