"""Cells of a search in columns, and those that wait in the order in which they are taken.

The one idea: a cell is what is known of it, in rows of a few tables; thousands wait in slots that are used again.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relugeom.bounding.problem import Problem
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Cells", "Waiting", "cell_bytes", "whole_box"]


@dataclass(slots=True, eq=False)
class Cells:
    """Cells with what is known of them.

    Attributes
    ----------
    lower, upper
        Their boxes, shape (B, m).
    low, high
        Proved bounds of z of every unit, shape (B, units).
    sides
        1 and −1 for units that are split with z ≥ 0 and z ≤ 0 in the cell, else 0, shape (B, units).
    slopes, multipliers
        The lines below and the multipliers of split units that served the cell that this one is a part of, shape
        (B, units): any slopes in [0, 1] and multipliers ≥ 0 are right, and these are a good beginning. Behind slopes,
        shares of the first lines of differences of pairs, below 0 for the usual ones.
    since
        Per copy the layer up to which nothing has changed since the units were bounded; −1 if the box has, shape
        (B, copies).
    fall, rise
        Proved bounds of z' − z of pairs of units of two copies, shape (B, pairs).
    """

    lower: FloatArray
    upper: FloatArray
    low: FloatArray
    high: FloatArray
    sides: FloatArray
    slopes: FloatArray
    multipliers: FloatArray
    since: FloatArray
    fall: FloatArray
    rise: FloatArray

    @property
    def tables(self) -> tuple[FloatArray, ...]:
        """All columns."""
        units = self.low, self.high, self.sides, self.slopes, self.multipliers
        return self.lower, self.upper, *units, self.since, self.fall, self.rise

    def at(self, rows: IntArray | slice | BoolArray) -> "Cells":
        """Some of the cells, copied unless rows is a slice."""
        return Cells(*(table[rows] for table in self.tables))

    @classmethod
    def joined(cls, parts: "Sequence[Cells]") -> "Cells":
        """All cells of some parts."""
        return cls(*(np.concatenate(tables) for tables in zip(*(part.tables for part in parts), strict=True)))

    def __len__(self) -> int:
        return len(self.lower)

    def unstable(self, units: slice) -> BoolArray:
        """Which units of a layer are neither active nor inactive."""
        return (self.low[:, units] < 0.0) & (self.high[:, units] > 0.0)

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return sum(table.nbytes for table in self.tables)


NUMBER, FORMS, SETS, COLUMNS = 8, 8, 64, 60
"""Bytes of a number, tables of forms at a time, inequalities that are replaced together, and columns of a cell."""
ENTRY = 400
"""Bytes of what is kept of a cell that waits outside of tables."""


def whole_box(problem: Problem) -> Cells:
    """One cell: the whole box, of whose units nothing is known."""
    nothing, usual = np.zeros((1, problem.units)), np.full((1, problem.pairs), -1.0)
    return Cells(
        problem.lower[None, :].copy(),
        problem.upper[None, :].copy(),
        np.full_like(nothing, -np.inf),
        np.full_like(nothing, np.inf),
        nothing.copy(),
        np.hstack([nothing, usual]),
        nothing.copy(),
        np.full((1, len(problem.copies)), -1.0),
        np.full((1, problem.pairs), -np.inf),
        np.full((1, problem.pairs), np.inf),
    )


def cell_bytes(problem: Problem) -> int:
    """Memory that is needed to bound, close and part one cell, at most: forms of all layers, and those at work."""
    widest = max(width for copy in problem.copies for width in (1, *copy.network.widths))
    kept = problem.units * problem.inputs
    at_work = FORMS * (widest + SETS) * max(problem.inputs, widest, 1)
    return NUMBER * (kept + at_work + COLUMNS * (problem.units + problem.inputs + len(problem.rows.constant)))


class Waiting:
    """Cells that wait, with the nodes of the tree that they are; the one with the least key is taken first."""

    def __init__(self, cells: Cells) -> None:
        self._cells, self._capacity = cells.at(slice(0, 0)), 0
        self._nodes: IntArray = np.zeros(0, dtype=np.int64)
        self._free: list[int] = []
        self._heap: list[tuple[float, int, int]] = []
        self._added = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def nbytes(self) -> int:
        """Memory that the cells take, and what is needed to take in more."""
        largest = max(table.nbytes for table in self._cells.tables)
        return self._cells.nbytes * 3 // 2 + largest * 3 // 2 + ENTRY * len(self._heap)

    @property
    def nodes(self) -> IntArray:
        """Nodes of all cells, in no order."""
        found: IntArray = self._nodes[[slot for _, _, slot in self._heap]]
        return found

    @property
    def least_key(self) -> float:
        """The key of the cell that is next."""
        return self._heap[0][0]

    def put(self, cells: Cells, nodes: IntArray, keys: FloatArray) -> None:
        """Add cells; of those with the same key, what was added last is taken first."""
        while len(self._free) < len(cells):
            self._grow(max(64, self._capacity // 2, len(cells)))
        slots = [self._free.pop() for _ in range(len(cells))]
        for table, rows in zip(self._cells.tables, cells.tables, strict=True):
            table[slots] = rows
        for slot, node, key in zip(slots, nodes.tolist(), keys.tolist(), strict=True):
            self._added += 1
            heapq.heappush(self._heap, (key, -self._added, slot))
            self._nodes[slot] = node

    def take(self, count: int) -> tuple[Cells, IntArray, FloatArray]:
        """Take up to `count` cells, with their nodes and keys."""
        taken = [heapq.heappop(self._heap) for _ in range(min(count, len(self._heap)))]
        slots = [slot for _, _, slot in taken]
        cells = self._cells.at(np.array(slots))
        self._free += slots
        return cells, self._nodes[slots].copy(), np.array([key for key, _, _ in taken])

    def _grow(self, more: int) -> None:
        tables = list(self._cells.tables)
        self._cells = Cells(*(np.zeros((0, table.shape[1])) for table in tables))
        for place, table in enumerate(tables):  # one after the other: not all are there twice at any time
            tables[place] = np.concatenate([table, np.zeros((more, table.shape[1]))])
        self._cells = Cells(*tables)
        self._nodes = np.concatenate([self._nodes, np.zeros(more, dtype=np.int64)])
        self._free += range(self._capacity + more - 1, self._capacity - 1, -1)
        self._capacity += more
