"""Two tensors of a graph on one chain of layers: what residual connections, Concat and Max of two values need.

Layers that two branches have in common stay one. Behind them, layers of the same depth are put side by side, and units
that are the same in both are one unit. Where one branch is shorter, its values v are carried along as units of their
own: v = relu(v) − relu(−v), or relu(v) alone where v is a sum of activations with weights ≥ 0.

Each carried value adds units; they count as units of the network, in patterns and elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from flint import fmpq

from relugeom.importers.budget import Budget
from relugeom.importers.folding import ExactAffine
from relugeom.importers.onnx.values import Step, Variable
from relugeom.importers.rational_arrays import RationalArray

__all__ = ["combined", "joined", "stacked"]

ENTRY = 4
"""What an entry of a row under construction takes, in floats: itself, and its part of the key that finds equal rows."""


def combined(step: Step, x: Variable, y: Variable, signs: Sequence[int] = (1, 1)) -> Variable:
    """signs[0] x + signs[1] y, with broadcasting."""
    both, shape = joined(step, x, y)
    half = both.labels.size // 2
    both.affine.budget.floats(4 * half * half)
    matrix = np.hstack([sign * np.eye(half) for sign in signs])
    return replace(both, affine=both.affine.multiplied(matrix), labels=np.arange(half).reshape(shape))


def joined(step: Step, x: Variable, y: Variable) -> tuple[Variable, tuple[int, ...]]:
    """All values of x followed by all of y, both broadcast to one shape, which is returned, too."""
    if x.batch != y.batch:
        raise step.mixes_batch()
    try:
        shape = np.broadcast_shapes(x.labels.shape, y.labels.shape)
    except ValueError:
        raise step.damaged(f"combines shapes {list(x.labels.shape)} and {list(y.labels.shape)}") from None
    if x.batch is not None and (not shape or shape[0] != 1 or len(shape) > min(x.labels.ndim, y.labels.ndim)):
        raise step.mixes_batch()
    x.affine.budget.floats(3 * 2 * prod(shape))
    parts = [
        replace(part, affine=part.affine.reordered(np.broadcast_to(part.labels, shape).ravel())) for part in (x, y)
    ]
    return stacked(parts), shape


def stacked(parts: Sequence[Variable]) -> Variable:
    """The values of several tensors behind each other, as a flat tensor."""
    first, *others = parts
    first.affine.budget.floats(sum(len(part.affine.shift) for part in parts))
    for other in others:
        layers, one, two = _on_one_chain(first, other)
        first = replace(first, layers=layers, affine=one.stacked_on(two), rewritten=first.rewritten or other.rewritten)
    return replace(first, labels=np.arange(len(first.affine.shift)))


@dataclass(slots=True)
class _Layer:
    """Units of a layer under construction; equal ones are one."""

    size: int
    budget: Budget
    rows: list[RationalArray] = field(default_factory=list)
    shift: list[fmpq] = field(default_factory=list)
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, row: RationalArray, shift: fmpq) -> int:
        """The number of the unit relu(row · a + shift)."""
        self.budget.floats(ENTRY * self.size)
        places = np.flatnonzero(row != 0)
        key = (shift, *places.tolist(), *row[places].tolist())
        if key not in self.known:
            self.known[key] = len(self.rows)
            self.rows.append(row)
            self.shift.append(shift)
        return self.known[key]

    def closed(self) -> ExactAffine:
        self.budget.floats(len(self.rows) * self.size)
        return ExactAffine.dense(np.array(self.rows, dtype=object), np.array(self.shift, dtype=object), self.budget)


class _Branch:
    """One tensor, and where its units (or its carried values) stand among those of the layers that are built."""

    def __init__(self, part: Variable, start: int, size: int) -> None:
        self._layers, self._affine = part.layers[start:], part.affine
        self._on_activations = bool(part.layers)
        self._places = np.arange(size)
        self._carried: tuple[list[int], list[int]] | None = None

    def extend(self, depth: int, layer: _Layer) -> None:
        """Add this branch's units of a further layer."""
        if depth < len(self._layers):
            matrix, shift = self._layers[depth].as_dense()
            self._places = np.array(
                [layer.add(self._spread(row, layer.size), b) for row, b in zip(matrix, shift, strict=True)],
                dtype=np.int64,
            )
            return
        if self._carried is None:
            matrix, shift = self._affine.as_dense()
            rows = [self._spread(row, layer.size) for row in matrix]
            self._carried = (
                [layer.add(row, b) for row, b in zip(rows, shift, strict=True)],
                [-1 if self._on_activations and _is_positive(row, b) else layer.add(-row, -b)
                 for row, b in zip(rows, shift, strict=True)],
            )  # fmt: skip
            return
        plus, minus = (
            [place if place < 0 else layer.add(_unit(place, layer.size), fmpq(0)) for place in places]
            for places in self._carried
        )
        self._carried = plus, minus

    def end(self, size: int) -> ExactAffine:
        """The tensor's values, of the units of the last layer."""
        if self._carried is None:
            matrix, shift = self._affine.as_dense()
            self._affine.budget.floats(ENTRY * len(matrix) * size)
            spread = np.array([self._spread(row, size) for row in matrix], dtype=object)
            return ExactAffine.dense(spread, shift, self._affine.budget)
        rows = []
        self._affine.budget.floats(ENTRY * len(self._carried[0]) * size)
        for plus, minus in zip(*self._carried, strict=True):
            row = _unit(plus, size)
            rows.append(row if minus < 0 else row - _unit(minus, size))
        zeros = np.full(len(rows), fmpq(0), dtype=object)
        return ExactAffine.dense(np.array(rows, dtype=object), zeros, self._affine.budget)

    def _spread(self, row: RationalArray, size: int) -> RationalArray:
        found = np.full(size, fmpq(0), dtype=object)
        for place, value in zip(self._places.tolist(), row.tolist(), strict=True):
            found[place] += value  # equal units are one, and their weights add up
        return found


def _on_one_chain(x: Variable, y: Variable) -> tuple[tuple[ExactAffine, ...], ExactAffine, ExactAffine]:
    """Layers that both tensors can be read from, and the two affine maps."""
    common, budget = 0, x.affine.budget
    budget.floats(len(x.layers) + len(y.layers))
    for one, two in zip(x.layers, y.layers, strict=False):
        if one is not two:
            break
        common += 1
    if common == len(x.layers) == len(y.layers):
        return x.layers, x.affine, y.affine
    size = len(x.layers[common - 1].shift) if common else _inputs(x)
    branches = [_Branch(part, common, size) for part in (x, y)]
    layers = list(x.layers[:common])
    for depth in range(max(len(x.layers), len(y.layers)) - common):
        layer = _Layer(size, budget)
        for branch in branches:
            branch.extend(depth, layer)
        layers.append(layer.closed())
        size = len(layer.rows)
    one, two = (branch.end(size) for branch in branches)
    return tuple(layers), one, two


def _inputs(part: Variable) -> int:
    return len((*part.layers, part.affine)[0].columns)


def _is_positive(row: RationalArray, shift: fmpq) -> bool:
    """Whether a combination of activations cannot be negative."""
    return bool(shift >= 0 and all(value >= 0 for value in row.tolist()))


def _unit(place: int, size: int) -> RationalArray:
    row = np.full(size, fmpq(0), dtype=object)
    row[place] = fmpq(1)
    return row
