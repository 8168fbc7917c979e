"""Two tensors of a graph on one chain of layers: what residual connections, Concat and Max of two values need.

Layers that two branches have in common stay one. Behind them, layers of the same depth are put side by side, and units
that are the same in both are one unit. Where one branch is shorter, its values v are carried along as units of their
own: v = relu(v) − relu(−v), or relu(v) alone where v is a sum of activations with weights ≥ 0.

Each carried value adds units; they count as units of the network, in patterns and elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeAlias

import numpy as np
from flint import fmpq

from relugeom.importers.budget import Budget
from relugeom.importers.folding import ExactAffine
from relugeom.importers.onnx.values import Step, Variable
from relugeom.importers.rational_arrays import filled, rationals
from relugeom.importers.sparse_rows import SparseRows

__all__ = ["combined", "joined", "stacked"]

ZERO, ONE = fmpq(0), fmpq(1)
ENTRY = 8
"""What an entry of a row under construction takes, in floats: itself, and its part of the key that finds equal rows."""
Row: TypeAlias = dict[int, fmpq]
"""Weights by unit, none of them zero."""


def combined(step: Step, x: Variable, y: Variable, signs: Sequence[int] = (1, 1)) -> Variable:
    """signs[0] x + signs[1] y, with broadcasting."""
    both, shape = joined(step, x, y)
    half = both.labels.size // 2
    both.affine.budget.floats(6 * half)
    numbers = np.arange(half)
    matrix = SparseRows.gathered(
        np.tile(numbers, 2), np.arange(2 * half), np.repeat(np.array(signs, dtype=np.float64), half), (half, 2 * half)
    )
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
    rows: list[Row] = field(default_factory=list)
    shift: list[fmpq] = field(default_factory=list)
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, row: Row, shift: fmpq) -> int:
        """The number of the unit relu(row · a + shift)."""
        self.budget.floats(ENTRY * (len(row) + 1))
        key = (shift, *sorted(row.items()))
        if key not in self.known:
            self.known[key] = len(self.rows)
            self.rows.append(row)
            self.shift.append(shift)
        return self.known[key]

    def closed(self) -> ExactAffine:
        return ExactAffine.sparse(_matrix(self.rows, self.size), np.array(self.shift, dtype=object), self.budget)


class _Branch:
    """One tensor, and where its units (or its carried values) stand among those of the layers that are built."""

    def __init__(self, part: Variable, start: int, size: int) -> None:
        self._layers, self._affine = part.layers[start:], part.affine
        self._on_activations = bool(part.layers)
        self._places = list(range(size))
        self._carried: tuple[list[int], list[int]] | None = None

    def extend(self, depth: int, layer: _Layer) -> None:
        """Add this branch's units of a further layer."""
        if depth < len(self._layers):
            self._places = [layer.add(row, b) for row, b in self._spread(self._layers[depth])]
            return
        if self._carried is None:
            rows = self._spread(self._affine)
            self._carried = (
                [layer.add(row, b) for row, b in rows],
                [-1 if self._on_activations and _is_positive(row, b) else layer.add(_negative(row), -b)
                 for row, b in rows],
            )  # fmt: skip
            return
        plus, minus = (
            [place if place < 0 else layer.add({place: ONE}, ZERO) for place in places] for places in self._carried
        )
        self._carried = plus, minus

    def end(self, size: int) -> ExactAffine:
        """The tensor's values, of the units of the last layer."""
        budget = self._affine.budget
        if self._carried is None:
            rows = [row for row, _ in self._spread(self._affine)]
            return ExactAffine.sparse(_matrix(rows, size), self._affine.shift, budget)
        rows = [_difference(plus, minus) for plus, minus in zip(*self._carried, strict=True)]
        return ExactAffine.sparse(_matrix(rows, size), filled(len(rows), 0), budget)

    def _spread(self, affine: ExactAffine) -> list[tuple[Row, fmpq]]:
        """Rows of a map, and its shift, on the units of the layer that is built below."""
        matrix, places = affine.folded(), self._places
        affine.budget.floats(ENTRY * matrix.size)
        spread = []
        for number, shift in enumerate(affine.shift.tolist()):
            found: Row = {}
            columns, values = matrix.row(number)
            for column, value in zip(columns.tolist(), rationals(values).tolist(), strict=True):
                place = places[column]
                found[place] = found[place] + value if place in found else value  # equal units are one: weights add up
            spread.append(({place: value for place, value in found.items() if value != 0}, shift))
        return spread


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


def _matrix(rows: Sequence[Row], size: int) -> SparseRows:
    row = np.repeat(np.arange(len(rows)), np.array([len(each) for each in rows], dtype=np.int64))
    places = np.array([place for each in rows for place in each], dtype=np.int64)
    values = np.array([value for each in rows for value in each.values()], dtype=np.object_)
    return SparseRows.gathered(row, places, values, (len(rows), size))


def _is_positive(row: Row, shift: fmpq) -> bool:
    """Whether a combination of activations cannot be negative."""
    return bool(shift >= 0 and all(value >= 0 for value in row.values()))


def _negative(row: Row) -> Row:
    return {place: -value for place, value in row.items()}


def _difference(plus: int, minus: int) -> Row:
    """Weights of one unit less another one, or none if that is −1."""
    if plus == minus:
        return {}
    return {plus: ONE} if minus < 0 else {plus: ONE, minus: -ONE}
