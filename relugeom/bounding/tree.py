"""The tree of a search while it grows, and in preorder once it is done."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relugeom.claims.cover_tree import CoverTree, NodeKind
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["ForgottenTree", "GrowingTree"]


class _Help(NamedTuple):
    """Slopes of units and multipliers of rows that close a set, by its number."""

    number: int
    units: NDArray[np.int32]
    slopes: FloatArray
    rows: NDArray[np.int32]
    multipliers: FloatArray


@dataclass(slots=True, eq=False)
class GrowingTree:
    """Nodes in the order in which they were added; a node is open until it is closed or parted."""

    _kind: list[int] = field(default_factory=list)
    _index: list[int] = field(default_factory=list)
    _value: list[float] = field(default_factory=list)
    _bounded: list[NDArray[np.int32]] = field(default_factory=list)
    _weights: list[FloatArray] = field(default_factory=list)
    _first: list[int] = field(default_factory=list)
    _help: dict[int, "_Help"] = field(default_factory=dict)
    _nbytes: int = 0

    @property
    def nbytes(self) -> int:
        """Memory that it takes, as long as it grows and when it is put in order."""
        return 2 * self._nbytes

    def add(self) -> int:
        """A new node."""
        self._nbytes += NODE
        self._kind.append(-1)
        self._index.append(-1)
        self._value.append(0.0)
        self._bounded.append(NO_UNITS)
        self._weights.append(NO_WEIGHTS)
        self._first.append(-1)
        return len(self._kind) - 1

    def bound(self, node: int, units: IntArray) -> None:
        """Units whose bounds were computed at a node."""
        self._bounded[node] = units.astype(np.int32)
        self._nbytes += ARRAY + self._bounded[node].nbytes

    def close(self, node: int, weights: FloatArray) -> None:
        """Its cell is closed by these weights of all inequalities."""
        self._nbytes += ARRAY + weights.nbytes
        self._kind[node], self._weights[node] = NodeKind.CLOSED, weights

    def close_with(
        self, node: int, number: int, unstable: BoolArray, slopes: FloatArray, multipliers: FloatArray
    ) -> None:
        """What closes a set of a closed cell besides its weights: slopes of unstable units, and multipliers."""
        units, rows = (np.flatnonzero(chosen).astype(np.int32) for chosen in (unstable, multipliers))
        self._help[node] = help_ = _Help(number, units, slopes[units], rows, multipliers[rows])
        self._nbytes += ENTRY + sum(ARRAY + column.nbytes for column in help_[1:])

    def part(self, node: int, kind: int, index: int, value: float) -> tuple[int, int]:
        """Its cell is parted; the new nodes of both parts."""
        self._kind[node], self._index[node], self._value[node] = kind, index, value
        self._first[node] = self.add()
        return self._first[node], self.add()

    def in_order(self) -> CoverTree:
        """The tree in columns."""
        order, waiting = [], [0]
        while waiting:
            node = waiting.pop()
            order.append(node)
            if self._first[node] >= 0:
                waiting += [self._first[node] + 1, self._first[node]]
        bounded, weights = [self._bounded[node] for node in order], [self._weights[node] for node in order]
        helped = [self._help.get(node, NO_HELP) for node in order]
        return CoverTree(
            kind=np.array([self._kind[node] for node in order], dtype=np.int8),
            index=np.array([self._index[node] for node in order], dtype=np.int32),
            value=np.array([self._value[node] for node in order]),
            bounded_from=np.cumsum([0, *map(len, bounded)]),
            bounded=np.concatenate(bounded).astype(np.int32),
            weights_from=np.cumsum([0, *map(len, weights)]),
            weights=np.concatenate(weights),
            slopes_from=np.cumsum([0, *(len(each.units) for each in helped)]),
            slope_units=np.concatenate([each.units for each in helped]).astype(np.int32),
            slopes=np.concatenate([each.slopes for each in helped]),
            rows_from=np.cumsum([0, *(len(each.rows) for each in helped)]),
            rows=np.concatenate([each.rows for each in helped]).astype(np.int32),
            multipliers=np.concatenate([each.multipliers for each in helped]),
            row_set=np.array([each.number for each in helped], dtype=np.int32),
        )


class ForgottenTree(GrowingTree):
    """A tree that nobody asks for: nothing of it is kept."""

    def add(self) -> int:
        """No node."""
        return 0

    def bound(self, node: int, units: IntArray) -> None:
        """Nothing is kept."""

    def close(self, node: int, weights: FloatArray) -> None:
        """Nothing is kept."""

    def close_with(
        self, node: int, number: int, unstable: BoolArray, slopes: FloatArray, multipliers: FloatArray
    ) -> None:
        """Nothing is kept."""

    def part(self, node: int, kind: int, index: int, value: float) -> tuple[int, int]:
        """No nodes."""
        return 0, 0


NODE, ARRAY, ENTRY = 200, 112, 250
"""Bytes of a node, of an array besides its numbers, and of what is kept of a closed node besides arrays."""
NO_UNITS: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
NO_WEIGHTS: FloatArray = np.zeros(0)
NO_HELP = _Help(0, NO_UNITS, NO_WEIGHTS, NO_UNITS, NO_WEIGHTS)
