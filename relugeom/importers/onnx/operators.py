"""What each ONNX operator does to a tensor.

Rearranging operators act on labels (and on constants) alike; arithmetic ones on the affine map; ReLU closes a layer.
"""

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from relugeom.importers.onnx.branches import combined
from relugeom.importers.onnx.piecewise import PIECEWISE, rectified
from relugeom.importers.onnx.rearranging import REARRANGING
from relugeom.importers.onnx.values import Step, Value, Variable
from relugeom.importers.onnx.windows import WINDOWS
from relugeom.importers.rational_arrays import RationalArray, inverse_root, rationals
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational
from relugeom.network.decision import Squashing

__all__ = ["OPERATORS", "apply_operator"]

DEFAULT_EPSILON = float(np.float32(1e-5))
"""Number that a batch normalisation adds to variances by default; attributes are float32, and so is the default."""


def apply_operator(step: Step) -> Value:
    """The first output of a node.

    Raises
    ------
    UnsupportedModelError
        The operator is none of `OPERATORS`, or is used in a way that leaves a chain of layers.
    ModelError
        Its operands do not fit together.
    """
    operator = step.node.operator
    if operator not in OPERATORS:
        raise step.unsupported(f"is an operator that cannot be read: {_what_next(step)}")
    return OPERATORS[operator](step)


def _what_next(step: Step) -> str:
    """What to do about an operation that cannot be read."""
    computed = [
        name
        for name, value in zip(step.node.inputs, step.operands, strict=True)
        if isinstance(value, Variable) and (value.layers or not value.affine.is_identity)
    ]
    known = f"supported are {', '.join(sorted(OPERATORS))}"
    if not any(isinstance(value, Variable) for value in step.operands):
        return (
            f"it computes from constants only, such as shapes: simplify the model first, for example with onnxsim; "
            f"{known}"
        )
    if not computed:
        return f"it acts on the input itself: apply it to the data, and export the model without it; {known}"
    return (
        f"if it belongs to a tail after the network, cut the model at {computed[0][:80]!r} with "
        f"onnx.utils.extract_model; otherwise train or export the model without it; {known}"
    )


def _multiply_matrices(step: Step) -> Value:
    varying, constant = step.variable_and_constant()
    x, weight = step.variable(varying), step.weights(constant)
    if weight.ndim not in (1, 2) or x.labels.ndim == 0:
        raise step.unsupported(
            f"multiplies tensors of {x.labels.ndim} and {weight.ndim} axes: only matrices can be read"
        )
    if varying == 0:
        return _contracted(step, x, -1, weight.T)
    return _contracted(step, x, max(-2, -x.labels.ndim), weight)


def _contracted(step: Step, x: Variable, axis: int, weight: FloatArray) -> Variable:
    """The product along one axis of x; a vector of weights makes the axis vanish."""
    axis %= x.labels.ndim
    if x.batch is not None and axis == 0:
        raise step.mixes_batch()
    if x.labels.shape[axis] != weight.shape[-1]:
        raise step.damaged(f"multiplies {x.labels.shape[axis]} values by weights for {weight.shape[-1]}")
    if x.labels.size != weight.shape[-1]:
        raise step.unsupported(f"is applied to each of several rows of a tensor of shape {list(x.labels.shape)}")
    rows = np.atleast_2d(weight)
    matrix = np.empty_like(rows)
    matrix[:, x.order] = rows
    shape = [*x.labels.shape[:axis], *weight.shape[:-1], *x.labels.shape[axis + 1 :]]
    return replace(x, affine=x.affine.multiplied(matrix), labels=np.arange(len(rows)).reshape(shape))


def _gemm(step: Step) -> Value:
    varying, constant = step.variable_and_constant()
    x, weight = step.variable(varying), step.weights(constant)
    if x.labels.ndim != 2 or weight.ndim != 2:
        raise step.damaged(f"multiplies tensors of {x.labels.ndim} and {weight.ndim} axes, not two matrices")
    transposed = step.integer("transA", 0), step.integer("transB", 0)
    if transposed[varying]:
        if x.batch is not None:
            raise step.mixes_batch()
        x = replace(x, labels=x.labels.T)
    weight = weight.T if transposed[constant] else weight
    x = _contracted(step, x, -1, weight.T) if varying == 0 else _contracted(step, x, 0, weight)
    x = x.mapped(x.affine.scaled(_repeated(step.number("alpha", 1.0), x)))
    if not step.has(2):
        return x
    x, addend = _aligned(step, x, step.weights(2))
    return x.mapped(x.affine.shifted(addend * rational(step.number("beta", 1.0))))


def _add(step: Step) -> Value:
    if _both_vary(step):
        return combined(step, step.variable(0), step.variable(1))
    x, vector, _ = _elementwise(step)
    return x.mapped(x.affine.shifted(vector))


def _subtract(step: Step) -> Value:
    if _both_vary(step):
        return combined(step, step.variable(0), step.variable(1), signs=(1, -1))
    x, vector, varying = _elementwise(step)
    if varying == 0:
        return x.mapped(x.affine.shifted(-vector))
    return x.mapped(x.affine.scaled(_repeated(-1.0, x)).shifted(vector))


def _negate(step: Step) -> Value:
    x = step.variable(0)
    return x.mapped(x.affine.scaled(_repeated(-1.0, x)))


def _multiply(step: Step) -> Value:
    x, vector, _ = _elementwise(step)
    return x.mapped(x.affine.scaled(vector))


def _divide(step: Step) -> Value:
    if isinstance(step.operand(1), Variable):
        raise step.unsupported(
            "divides by a value that varies, which is not piecewise linear: train the model without it"
        )
    x, vector, _ = _elementwise(step)
    if not vector.all():
        raise step.damaged("divides by zero")
    return x.mapped(x.affine.scaled(1 / vector))


def _both_vary(step: Step) -> bool:
    return all(isinstance(step.operand(position), Variable) for position in (0, 1))


def _elementwise(step: Step) -> tuple[Variable, RationalArray, int]:
    varying, constant = step.variable_and_constant()
    return *_aligned(step, step.variable(varying), step.weights(constant)), varying


def _aligned(step: Step, x: Variable, constant: FloatArray) -> tuple[Variable, RationalArray]:
    """x with the axes that broadcasting adds, and the constant in the order of x's values."""
    try:
        shape = np.broadcast_shapes(x.labels.shape, constant.shape)
    except ValueError:
        raise step.damaged(f"combines shapes {list(x.labels.shape)} and {list(constant.shape)}") from None
    if x.batch is not None and (len(shape) > x.labels.ndim or shape[0] != 1):
        raise step.mixes_batch()
    if prod(shape) != x.labels.size:
        raise step.unsupported(f"repeats values: it combines shapes {list(x.labels.shape)} and {list(constant.shape)}")
    vector = np.empty(x.labels.size, dtype=np.object_)
    vector[x.order] = rationals(np.broadcast_to(constant, shape).ravel())
    return replace(x, labels=x.labels.reshape(shape)), vector


def _batch_normalisation(step: Step) -> Value:
    x = step.variable(0)
    if step.integer("training_mode", 0) or sum(map(bool, step.node.outputs)) > 1:
        raise step.unsupported("normalises by the statistics of its own batch: export the model in inference mode")
    if x.labels.ndim < 2:
        raise step.damaged(f"normalises a tensor of {x.labels.ndim} axes, where two are needed")
    channels = x.labels.shape[1]
    scale, shift, mean, variance = (step.weights(position) for position in (1, 2, 3, 4))
    if any(parameter.shape != (channels,) for parameter in (scale, shift, mean, variance)):
        raise step.damaged(f"needs {channels} scales, shifts, means and variances")
    epsilon = rational(step.number("epsilon", DEFAULT_EPSILON))
    widened = rationals(variance) + epsilon
    if not all(value > 0 for value in widened):
        raise step.damaged("has a variance that is not positive")
    factor = rationals(scale) * np.array([inverse_root(value) for value in widened], dtype=np.object_)
    channel = np.empty(x.labels.size, dtype=np.int64)
    channel[x.order] = np.broadcast_to(
        np.arange(channels).reshape(1, channels, *[1] * (x.labels.ndim - 2)), x.labels.shape
    ).ravel()
    centred = x.affine.shifted(-rationals(mean)[channel])
    return x.mapped(centred.scaled(factor[channel]).shifted(rationals(shift)[channel]))


def _scaler(step: Step) -> Value:
    x = step.variable(0)
    x, offset = _aligned(step, x, step.floats("offset"))
    x, scale = _aligned(step, x, step.floats("scale"))
    return x.mapped(x.affine.shifted(-offset).scaled(scale))


def _relu(step: Step) -> Value:
    return rectified(step.variable(0))


def _sigmoid(step: Step) -> Value:
    return replace(step.variable(0), squashing=Squashing.SIGMOID)


def _softmax(step: Step) -> Value:
    x = step.variable(0)
    rank = x.labels.ndim
    (axis,) = step.axes([step.integer("axis", -1 if step.opset >= 13 else 1)], rank)
    covered = x.labels.shape[axis : axis + 1] if step.opset >= 13 else x.labels.shape[axis:]
    if x.batch is not None and axis == 0:
        raise step.mixes_batch()
    if prod(covered) != x.labels.size:
        raise step.unsupported(f"is a softmax over axis {axis} of shape {list(x.labels.shape)}, not over all outputs")
    return replace(x, squashing=Squashing.SOFTMAX)


def _repeated(factor: float, x: Variable) -> RationalArray:
    return np.full(x.labels.size, rational(factor), dtype=np.object_)


OPERATORS: dict[str, Callable[[Step], Value]] = {
    **REARRANGING,
    **PIECEWISE,
    **WINDOWS,
    "Add": _add,
    "BatchNormalization": _batch_normalisation,
    "Div": _divide,
    "Gemm": _gemm,
    "MatMul": _multiply_matrices,
    "Mul": _multiply,
    "Neg": _negate,
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Softmax": _softmax,
    "Sub": _subtract,
    "ai.onnx.ml.Scaler": _scaler,
}
