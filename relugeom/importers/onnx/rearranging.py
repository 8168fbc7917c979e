"""ONNX operators that rearrange, rename or describe tensors, and those that compute shapes.

Each acts on constants and on the labels of a variable in the same way; none touches a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from onnx import TensorProto

from relugeom.importers.onnx.branches import stacked
from relugeom.importers.onnx.tensors import FLOAT_TYPES, MOST_AXES, Array, type_name
from relugeom.importers.onnx.values import Step, Value, Variable

__all__ = ["REARRANGING"]

CAST_TYPES: dict[int, type[np.number[Any]]] = {
    TensorProto.FLOAT16: np.float16,
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.INT32: np.int32,
    TensorProto.INT64: np.int64,
}


def _identity(step: Step) -> Value:
    return step.operand(0)


def _dropout(step: Step) -> Value:
    if step.has(2) and step.constant(2).any():
        raise step.unsupported("drops values at random: export the model in inference mode")
    return step.operand(0)


def _cast(step: Step) -> Value:
    value, kind = step.operand(0), step.integer("to", TensorProto.UNDEFINED)
    if isinstance(value, Variable):
        if kind not in FLOAT_TYPES:
            raise step.unsupported(
                f"casts to {type_name(kind)}, which is not an affine map: cut the model at {step.named(0)} with "
                "onnx.utils.extract_model"
            )
        return value
    if kind not in CAST_TYPES:
        raise step.unsupported(f"casts a constant to {type_name(kind)}")
    step.budget.floats(value.size)
    with np.errstate(all="ignore"):  # what overflows is refused where it is used
        return value.astype(CAST_TYPES[kind])


def _constant(step: Step) -> Value:
    attributes = step.node.attributes
    value = attributes.get("value")
    if isinstance(value, np.ndarray):
        return value
    if "value_float" in attributes:
        return np.array(step.number("value_float", 0.0), dtype=np.float32)
    if "value_floats" in attributes:
        return step.floats("value_floats").astype(np.float32)
    if "value_int" in attributes:
        return np.array(step.integer("value_int", 0), dtype=np.int64)
    if "value_ints" in attributes:
        return np.array(step.whole_numbers("value_ints"), dtype=np.int64)
    raise step.unsupported("is not a dense tensor of numbers")


def _reshape(step: Step) -> Value:
    data, target = step.operand(0), step.shape_vector(1)
    if 0 in target and step.integer("allowzero", 0):
        raise step.unsupported("asks for an empty tensor")
    if any(size == 0 and axis >= len(data.shape) for axis, size in enumerate(target)):
        raise step.damaged(f"copies an axis that shape {list(_labels(data).shape)} lacks")
    target = [data.shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    if not _has_batch(data):
        return _reshaped(step, data, target)
    known = -1 not in target[1:] and prod(target[1:]) == _labels(data).size
    if not target or (target[0] != data.shape[0] and not (target[0] == -1 and known)):
        raise step.mixes_batch()
    return _reshaped(step, data, [1, *target[1:]])


def _flatten(step: Step) -> Value:
    data = step.operand(0)
    shape = _labels(data).shape
    axis = step.integer("axis", 1)
    axis += len(shape) if axis < 0 else 0
    if not 0 <= axis <= len(shape):
        raise step.damaged(f"flattens a tensor of {len(shape)} axes at axis {axis}")
    if _has_batch(data) and (axis == 0 or prod(shape[:axis]) != 1):
        raise step.mixes_batch()
    return _reshaped(step, data, [prod(shape[:axis]), prod(shape[axis:])])


def _squeeze(step: Step) -> Value:
    data = step.operand(0)
    shape = _labels(data).shape
    first = 1 if _has_batch(data) else 0
    given = step.integers(1, "axes")
    if given is None:
        given = [axis for axis in range(first, len(shape)) if shape[axis] == 1]
    axes = step.axes(given, len(shape))
    if any(axis < first for axis in axes):
        raise step.mixes_batch()
    if any(shape[axis] != 1 for axis in axes):
        raise step.damaged(f"squeezes the axes {str(given)[:80]} of shape {list(shape)}")
    return _reshaped(step, data, [size for axis, size in enumerate(shape) if axis not in axes])


def _unsqueeze(step: Step) -> Value:
    data = step.operand(0)
    given = step.integers(1, "axes") or []
    rank = len(data.shape) + len(given)
    axes = step.axes(given, rank)
    if _has_batch(data) and 0 in axes:
        raise step.mixes_batch()
    sizes = iter(_labels(data).shape)
    return _reshaped(step, data, [1 if axis in axes else next(sizes) for axis in range(rank)])


def _transpose(step: Step) -> Value:
    data = step.operand(0)
    rank = len(data.shape)
    order = step.axes(step.integers(1, "perm") or range(rank)[::-1], rank)
    if len(order) != rank:
        raise step.damaged(f"orders {len(order)} axes of {rank}")
    if _has_batch(data) and order[0] != 0:
        raise step.mixes_batch()
    return _rearranged(data, _labels(data).transpose(order))


def _shape(step: Step) -> Value:
    shape = step.operand(0).shape
    return np.array(shape[step.integer("start", 0) : step.integer("end", len(shape))], dtype=np.int64)


def _gather(step: Step) -> Value:
    """Some entries along one axis: of a shape, or of values that vary."""
    if isinstance(step.operand(0), Variable):
        x, picked = step.variable(0), step.constant(1)
        (axis,) = step.axes([step.integer("axis", 0)], x.labels.ndim)
        _keeps_batch(step, x, [axis])
        length = x.labels.shape[axis]
        if picked.dtype.kind != "i" or not ((-length <= picked) & (picked < length)).all():
            raise step.damaged(f"takes entries that an axis of {length} does not have")
        return _part(step, x, x.labels.size // length * picked.size, lambda labels: labels.take(picked, axis))
    vector, picks = step.shape_vector(0), step.shape_vector(1)
    if not all(-len(vector) <= pick < len(vector) for pick in picks):
        raise step.damaged(f"takes the entries {picks} of {len(vector)}")
    return np.array([vector[pick] for pick in picks], dtype=np.int64).reshape(step.constant(1).shape)


def _concatenate(step: Step) -> Value:
    operands = [step.operand(position) for position in range(len(step.operands))]
    if any(isinstance(operand, Variable) for operand in operands):
        return _concatenated(step, [step.variable(position) for position in range(len(operands))])
    step.budget.floats(64 * len(step.operands))
    parts = [step.shape_vector(position) for position in range(len(step.operands))]
    return np.array([entry for part in parts for entry in part], dtype=np.int64)


def _concatenated(step: Step, parts: Sequence[Variable]) -> Variable:
    """Several tensors along one axis."""
    ranks, batches = {part.labels.ndim for part in parts}, {part.batch for part in parts}
    if len(ranks) > 1 or len(batches) > 1:
        raise step.damaged("joins tensors of different ranks or batches")
    (axis,) = step.axes([step.integer("axis", 0)], ranks.pop())
    if axis == 0 and parts[0].batch is not None:
        raise step.mixes_batch()
    step.budget.floats(2 * sum(part.labels.size for part in parts))
    starts = np.cumsum([0, *(len(part.affine.shift) for part in parts)])
    labels = [part.labels + start for part, start in zip(parts, starts.tolist(), strict=False)]
    try:
        joint = np.concatenate(labels, axis=axis)
    except ValueError:
        raise step.damaged(f"joins shapes {[list(part.labels.shape) for part in parts]} at axis {axis}") from None
    return replace(stacked(parts), labels=joint)


def _slice(step: Step) -> Value:
    """A part of a shape, or of values that vary."""
    if isinstance(step.operand(0), Variable):
        return _sliced(step, step.variable(0))
    vector = step.shape_vector(0)
    starts, ends = step.integers(1, "starts"), step.integers(2, "ends")
    axes, strides = step.integers(3, "axes") or [0], step.integers(4, "steps") or [1]
    if not starts or not ends or len(starts) != 1 or len(ends) != 1 or axes not in ([0], [-1]) or not all(strides):
        raise step.unsupported("is more than a slice of a shape")
    return np.array(vector[starts[0] : ends[0] : strides[0]], dtype=np.int64)


def _sliced(step: Step, x: Variable) -> Variable:
    starts, ends = step.integers(1, "starts") or [], step.integers(2, "ends") or []
    axes = step.axes(step.integers(3, "axes") or range(len(starts)), x.labels.ndim)
    strides = step.integers(4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(strides) or not all(strides):
        raise step.damaged(f"names {len(starts)} starts, {len(ends)} ends, {len(axes)} axes and {len(strides)} steps")
    _keeps_batch(step, x, axes)
    parts = [slice(None)] * x.labels.ndim
    for axis, *part in zip(axes, starts, ends, strides, strict=True):
        parts[axis] = slice(*part)
    return _part(step, x, x.labels.size, lambda labels: labels[tuple(parts)])


def _keeps_batch(step: Step, x: Variable, axes: Sequence[int]) -> None:
    if x.batch is not None and 0 in axes:
        raise step.mixes_batch()


def _part(step: Step, x: Variable, size: int, taken: Callable[[Array], Array]) -> Variable:
    """Entries of a tensor that a function of its labels keeps, up to a limit."""
    step.budget.floats(size)
    labels = taken(x.labels)
    if not labels.size or labels.ndim > MOST_AXES:
        raise step.unsupported("keeps none of its values, or gives them too many axes")
    return replace(x, affine=x.affine.reordered(labels.ravel()), labels=np.arange(labels.size).reshape(labels.shape))


def _has_batch(data: Value) -> bool:
    return isinstance(data, Variable) and data.batch is not None


def _labels(data: Value) -> Array:
    return data.labels if isinstance(data, Variable) else data


def _rearranged(data: Value, labels: Array) -> Value:
    return replace(data, labels=labels) if isinstance(data, Variable) else labels


def _reshaped(step: Step, data: Value, shape: Sequence[int]) -> Value:
    """The data in another shape, one size of which may be −1."""
    labels = _labels(data)
    rest = prod(size for size in shape if size != -1)
    full = [labels.size // rest if size == -1 and rest else size for size in shape]
    if len(full) > MOST_AXES or min(full, default=0) < 0 or prod(full) != labels.size:
        raise step.damaged(f"turns shape {list(labels.shape)} into {list(shape)}")
    return _rearranged(data, labels.reshape(full))


REARRANGING: dict[str, Callable[[Step], Value]] = {
    "Cast": _cast,
    "Concat": _concatenate,
    "Constant": _constant,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "ai.onnx.ml.ZipMap": _identity,  # puts labels on the values, which the reader looks up
}
