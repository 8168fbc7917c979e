"""Piecewise affine functions of one value, written with ReLU units: y = base + Σ weight · relu(slope · z + shift).

Each term is a unit of the network that is read, so that LeakyReLU, Abs and Clip need two units a value. Kinks of these
functions are boundaries of activation regions as those of ReLU are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq

from relugeom.importers.folding import ExactAffine
from relugeom.importers.onnx.branches import joined
from relugeom.importers.onnx.values import Step, Value, Variable
from relugeom.importers.rational_arrays import RationalArray, rationals
from relugeom.importers.sparse_rows import SparseRows
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational

__all__ = ["PIECEWISE", "largest_of_two", "rectified"]


@dataclass(frozen=True, slots=True)
class Term:
    """weight · relu(slope · z + shift); slope is 1 or −1, weight and shift are numbers or one per value."""

    slope: int
    weight: RationalArray | fmpq
    shift: RationalArray | fmpq


ZERO, ONE = fmpq(0), fmpq(1)
NO_BOUND = (np.inf, *(float(np.finfo(kind).max) for kind in (np.float16, np.float32, np.float64)))
"""Values that exporters write for a clip without a bound."""


def rectified(x: Variable) -> Variable:
    """relu(x)."""
    if x.layers and x.affine.is_identity:
        return x  # relu(relu(z)) = relu(z)
    affine = ExactAffine.identity(len(x.affine.shift), x.affine.budget)
    return replace(x, layers=(*x.layers, x.affine), affine=affine)


def written(x: Variable, terms: Sequence[Term], base: RationalArray | fmpq = ZERO) -> Variable:
    """base + Σ weight · relu(slope · x + shift), value by value; one per value means in the order of values."""
    size, budget = len(x.affine.shift), x.affine.budget
    budget.floats(6 * len(terms) * size)
    layer = None
    for term in terms:
        part = x.affine.scaled(_each(fmpq(term.slope), size)).shifted(_each(term.shift, size))
        layer = part if layer is None else layer.stacked_on(part)
    if layer is None:
        raise AssertionError("a piecewise function has a term")
    units, weights = len(terms) * size, np.concatenate([_each(term.weight, size) for term in terms])
    matrix = SparseRows.gathered(np.arange(units) % size, np.arange(units), weights, (size, units))
    affine = ExactAffine.sparse(matrix, _each(base, size), budget)
    return replace(x, layers=(*x.layers, layer), affine=affine, rewritten=True)


def largest_of_two(step: Step, x: Variable, y: Variable, *, smallest: bool = False) -> Variable:
    """max(x, y) = y + relu(x − y), or min(x, y) = y − relu(y − x)."""
    both, shape = joined(step, x, y)
    half, budget = both.labels.size // 2, both.affine.budget
    budget.floats(60 * half)
    sign = -1.0 if smallest else 1.0
    units = both.affine.multiplied(_blocks([[sign, -sign], [0.0, 1.0], [0.0, -1.0]], half))
    affine = ExactAffine.identity(3 * half, budget).multiplied(_blocks([[sign, 1.0, -1.0]], half))
    labels = np.arange(half).reshape(shape)
    return replace(both, layers=(*both.layers, units), affine=affine, labels=labels, rewritten=True)


def _blocks(factors: Sequence[Sequence[float]], size: int) -> SparseRows:
    """A matrix of blocks, each a multiple of the identity."""
    table, numbers = np.array(factors), np.arange(size)
    height, width = table.shape
    rows = np.add.outer(np.repeat(np.arange(height), width) * size, numbers).ravel()
    places = np.add.outer(np.tile(np.arange(width), height) * size, numbers).ravel()
    return SparseRows.gathered(rows, places, np.repeat(table.ravel(), size), (height * size, width * size))


def _each(value: RationalArray | fmpq, size: int) -> RationalArray:
    return np.full(size, value, dtype=object) if isinstance(value, fmpq) else value


def _leaky(step: Step) -> Value:
    slope = rational(step.number("alpha", float(np.float32(0.01))))
    return written(step.variable(0), [Term(1, ONE, ZERO), Term(-1, -slope, ZERO)])


def _parametric(step: Step) -> Value:
    x, slopes = _by_value(step, step.variable(0), step.weights(1))
    return written(x, [Term(1, ONE, ZERO), Term(-1, -slopes, ZERO)])


def _absolute(step: Step) -> Value:
    return written(step.variable(0), [Term(1, ONE, ZERO), Term(-1, ONE, ZERO)])


def _clip(step: Step) -> Value:
    return _between(step, step.variable(0), _bound(step, 1, "min"), _bound(step, 2, "max"))


def _between(step: Step, x: Variable, low: fmpq | None, high: fmpq | None) -> Variable:
    if low is not None and high is not None and low > high:
        raise step.damaged("clips between bounds in the wrong order")
    if low is None:
        return x if high is None else written(x, [Term(-1, -ONE, high)], high)
    if high is None:
        return rectified(x) if low == 0 else written(x, [Term(1, ONE, -low)], low)
    return written(x, [Term(1, ONE, -low), Term(1, -ONE, -high)], low)


def _bound(step: Step, position: int, name: str) -> fmpq | None:
    """A bound that is given as an operand or, in older operator sets, as an attribute; None without one."""
    if step.has(position):
        values = step.constant(position)
        if values.size != 1 or values.dtype.kind != "f" or np.isnan(values).any():
            raise step.damaged(f"clips at {step.named(position)}, which is not one number")
        value = float(values.ravel()[0])
    else:
        value = step.number(name, np.inf) if name in step.node.attributes else np.inf
    return None if abs(value) in NO_BOUND else rational(value)


def _hard_sigmoid(step: Step) -> Value:
    x = step.variable(0)
    alpha, beta = step.number("alpha", float(np.float32(0.2))), step.number("beta", 0.5)
    size = len(x.affine.shift)
    moved = x.mapped(x.affine.scaled(_each(rational(alpha), size)).shifted(_each(rational(beta), size)))
    return _between(step, moved, ZERO, ONE)


def _extremum(step: Step, *, smallest: bool) -> Value:
    """Max or Min of any number of values and constants."""
    varying = [place for place in range(len(step.operands)) if isinstance(step.operand(place), Variable)]
    if not varying:
        step.variable(0)  # says what to do
    x = step.variable(varying[0])
    for place in range(len(step.operands)):
        if place == varying[0]:
            continue
        if place in varying:
            x = largest_of_two(step, x, step.variable(place), smallest=smallest)
            continue
        bound = step.weights(place)
        if not smallest and not bound.any() and bound.size == 1:
            x = rectified(x)
            continue
        x, bounds = _by_value(step, x, bound)
        x = written(x, [Term(-1, -ONE, bounds)] if smallest else [Term(1, ONE, -bounds)], bounds)
    return x


def _by_value(step: Step, x: Variable, constant: FloatArray) -> tuple[Variable, RationalArray]:
    """x, and a constant that is broadcast to it, one number per value."""
    try:
        shape = np.broadcast_shapes(x.labels.shape, constant.shape)
    except ValueError:
        raise step.damaged(f"combines shapes {list(x.labels.shape)} and {list(constant.shape)}") from None
    if shape != x.labels.shape:
        raise step.unsupported(f"repeats values: it combines shapes {list(x.labels.shape)} and {list(constant.shape)}")
    vector = np.empty(x.labels.size, dtype=np.object_)
    vector[x.order] = rationals(np.broadcast_to(constant, shape).ravel())
    return x, vector


PIECEWISE: dict[str, Callable[[Step], Value]] = {
    "Abs": _absolute,
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky,
    "Max": lambda step: _extremum(step, smallest=False),
    "Min": lambda step: _extremum(step, smallest=True),
    "PRelu": _parametric,
}
