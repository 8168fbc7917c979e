"""The linear program of a cell: what its lines and its split units say of all units at once.

Notation: variables are the joint inputs x, z and h of every unit, and t; the constraints are z = W h + b, h ≥ z, h ≥ 0,
h ≤ s z + t_i for the lines above, the side of every split unit, and t ≤ each inequality of a set. The largest t bounds
the set. What is known of stable units that are not split is not used: a combination has no multipliers for it.

The one idea: the multipliers of an optimum are the best slopes of lines below, the best multipliers of split units and
the best weights, which steps of descent only come near (Salman et al., *A convex relaxation barrier to tight robustness
verification of neural networks*, NeurIPS 2019, section 4). They are only a proposal: the bound is computed anew from
them, as always. The point at which t is largest says which unit's line is furthest from relu there.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import Improved, improve
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Lines, Relaxation
from relugeom.deadline import Deadline
from relugeom.geometry.varying_program import Solved, SparseRows, VaryingProgram
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["CellProgram", "Proposal", "few_units"]

MOST_UNITS = 256
"""Units up to which programs are solved."""
UNITS_PER_INPUT = 2
"""Unstable units per open input up to which a cell has few of them."""
NEARLY = 1e-6
"""What a bound may miss its level by, relative to its terms, where units are split: halving only comes nearer."""
STRONG = 16.0
"""How many times a proof that a cell is empty outweighs the inequalities of a set."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What the programs of some cells propose.

    Attributes
    ----------
    solved
        Whether there is a proposal, shape (B,).
    weights, slopes, multipliers
        Shapes (B, r), (B, units) and (B, units).
    points
        Where t is largest, shape (B, m).
    gaps
        How far h lies from relu(z) there, shape (B, units).
    empty
        Which cells are empty, as far as the solver can tell: then the multipliers alone prove it, shape (B,).
    by_unit
        Cells that are parted by splitting units, however few their inputs are, shape (B,).
    """

    solved: BoolArray
    weights: FloatArray
    slopes: FloatArray
    multipliers: FloatArray
    points: FloatArray
    gaps: FloatArray
    empty: BoolArray
    by_unit: BoolArray

    @classmethod
    def nothing(cls, problem: Problem, cells: Cells) -> "Proposal":
        """No proposal for any cell."""
        count = len(cells)
        return cls(
            np.zeros(count, dtype=np.bool_),
            np.zeros((count, len(problem.rows.constant))),
            cells.slopes.copy(),
            cells.multipliers.copy(),
            np.zeros((count, problem.inputs)),
            np.zeros((count, problem.units)),
            np.zeros(count, dtype=np.bool_),
            few_units(problem, cells),
        )

    def at(self, rows: IntArray) -> "Proposal":
        """What concerns some of the cells."""
        return Proposal(
            self.solved[rows],
            self.weights[rows],
            self.slopes[rows],
            self.multipliers[rows],
            self.points[rows],
            self.gaps[rows],
            self.empty[rows],
            self.by_unit[rows],
        )


def few_units(problem: Problem, cells: Cells) -> BoolArray:
    """Which cells have few unstable units in comparison with the continuous inputs that are open, shape (B,).

    Integers do not count: the point at which units and rows part them has none, and halving them comes to an end.
    """
    unstable = cells.unstable(slice(0, problem.units)).sum(axis=1)
    inputs = _continuous(problem, cells).sum(axis=1)
    few: BoolArray = (inputs > 0) & (unstable <= UNITS_PER_INPUT * inputs)
    return few & (0 < problem.units <= MOST_UNITS) & (not problem.pairs)


def _continuous(problem: Problem, cells: Cells) -> BoolArray:
    """Which inputs of cells are open and take more than integers, shape (B, m)."""
    return np.asarray((cells.upper > cells.lower) & ~problem.whole)


class CellProgram:
    """The program of the cells of one problem."""

    def __init__(self, problem: Problem, relaxation: Relaxation, deadline: Deadline) -> None:
        self._problem, self._relaxation = problem, relaxation
        m, units, r, groups = problem.inputs, problem.units, len(problem.rows.constant), len(problem.groups)
        self._z, self._h = m + np.arange(units), m + units + np.arange(units)
        self._t = m + 2 * units
        self._below, self._above, self._sets = units, 2 * units, 3 * units
        entries = _Entries()
        sides = [np.zeros(units), np.zeros(units), np.zeros(units), np.zeros(r), np.ones(groups)]
        for copy in problem.copies:
            before = copy.columns
            for W, b, layer in zip(copy.network.weights, copy.network.biases, copy.layers, strict=False):
                rows = np.arange(layer.start, layer.stop)
                entries.add(rows, self._z[layer], np.ones(len(rows)))
                entries.add(np.repeat(rows, len(before)), np.tile(before, len(rows)), -W.ravel())
                sides[0][layer] = b
                before = self._h[layer]
        every = np.arange(units)
        for first in (self._below, self._above):
            entries.add(first + every, self._h, np.ones(units))
            entries.add(first + every, self._z, -np.ones(units))
        self._add_sets(entries, sides[3])
        for row, group in enumerate(problem.groups, self._sets + r):
            entries.add(np.full(len(group), row), group, np.ones(len(group)))
        cost = np.zeros(self._t + 1)
        cost[self._t] = -1.0
        self._A = SparseRows.of(*entries.columns, (self._sets + r + groups, self._t + 1))
        self._program = VaryingProgram(self._A, cost, deadline=deadline)
        self._slope_places = np.array(
            [self._A.place(self._above + k, self._z[k]) for k in range(units)], dtype=np.int64
        )
        self._row_lower = np.concatenate([sides[0], sides[1], np.full(units + r, -np.inf), sides[4]])
        self._row_upper = np.concatenate([sides[0], np.full(units, np.inf), *sides[2:]])

    def _add_sets(self, entries: "_Entries", constants: FloatArray) -> None:
        """t ≤ every inequality."""
        problem, rows = self._problem, self._problem.rows
        r, m = rows.inputs.shape
        numbers = self._sets + np.arange(r)
        entries.add(numbers, np.full(r, self._t), np.ones(r))
        inputs = rows.inputs.copy()
        constants += rows.constant
        for copy, outputs in zip(problem.copies, rows.outputs, strict=True):
            slopes = outputs @ copy.network.weights[-1]
            constants += outputs @ copy.network.biases[-1]
            if copy.layers:
                last = self._h[copy.layers[-1]]
                entries.add(np.repeat(numbers, len(last)), np.tile(last, r), -slopes.ravel())
            else:
                inputs[:, copy.columns] += slopes
        entries.add(np.repeat(numbers, m), np.tile(np.arange(m), r), -inputs.ravel())

    def improve(
        self,
        cells: Cells,
        lines: list[list[Lines]],
        sets: IntArray,
        weights: FloatArray,
        found: Improved,
        level: float,
    ) -> Proposal:
        """Bound open cells with few unstable units, or near their level, better; look at that with the largest bound.

        Programs know no pairs of units, and take too long where units are very many: then there is no proposal.

        Parameters
        ----------
        sets
            The set that each cell is bounded for, shape (B,).
        weights, found
            What bounds it so far: changed in place where the programs are better.
        level
            Below which a cell is closed.
        """
        problem, relaxation = self._problem, self._relaxation
        if not len(cells) or not 0 < problem.units <= MOST_UNITS or problem.pairs:
            return Proposal.nothing(problem, cells)
        is_near = found.bound < level + NEARLY * relaxation.size_of_rows
        few = few_units(problem, cells) | (is_near & _continuous(problem, cells).any(axis=1))
        asked = few.copy()
        asked[found.bound.argmax()] = True  # its point is often the best input so far
        rows = np.flatnonzero(asked & ~(found.bound < level))
        proposal = self.propose(cells, lines, sets, rows)
        proposal.by_unit[:] = few
        some, of_some = cells.at(rows), proposal.at(rows)
        own = [[line.at(rows) for line in of_copy] for of_copy in lines]
        some.slopes, some.multipliers = of_some.slopes, of_some.multipliers
        alone = improve(problem, relaxation, some, own, [], of_some.weights, 0)
        empty = of_some.empty & (alone.bound < 0.0)  # then any inequalities do, where these multipliers outweigh them
        of_some.weights[empty] = weights[rows[empty]]
        excess = found.bound[rows[empty]] - min(level, 0.0) + 1.0
        some.multipliers[empty] *= (STRONG * excess / -alone.bound[empty])[:, None]
        better = improve(problem, relaxation, some, own, [], of_some.weights, 0)
        good = of_some.solved & few[rows] & (better.bound < found.bound[rows])
        found.put(rows[good], better.at(np.flatnonzero(good)))
        weights[rows[good]] = of_some.weights[good]
        return proposal

    def propose(self, cells: Cells, lines: list[list[Lines]], sets: IntArray, rows: IntArray) -> Proposal:
        """Solve the programs of some of the cells, of each for the set that is given."""
        found = Proposal.nothing(self._problem, cells)
        s, t = (np.concatenate([getattr(line, name) for own in lines for line in own], axis=1) for name in ("s", "t"))
        for cell in rows.tolist():
            number = int(sets[cell])
            (members,) = self._problem.rows.sets(slice(number, number + 1))
            solved = self._solve(cells, cell, s[cell], t[cell], members)
            if solved is not None:
                self._read(cells, cell, solved, members, found)
        return found

    def _solve(self, cells: Cells, cell: int, s: FloatArray, t: FloatArray, members: slice) -> Solved | None:
        units = self._problem.units
        lower, upper = np.full(self._t + 1, -np.inf), np.full(self._t + 1, np.inf)
        lower[: self._problem.inputs], upper[: self._problem.inputs] = cells.lower[cell], cells.upper[cell]
        lower[self._z[cells.sides[cell] > 0.0]] = 0.0
        upper[self._z[cells.sides[cell] < 0.0]] = 0.0
        on, off = cells.low[cell] >= 0.0, cells.high[cell] <= 0.0
        lower[self._h] = np.where(on, -np.inf, 0.0)
        self._A.values[self._slope_places] = -s
        row_lower, row_upper = self._row_lower.copy(), self._row_upper.copy()
        row_lower[self._below : self._below + units] = np.where(off, -np.inf, 0.0)
        row_upper[self._above : self._above + units] = t
        constants = row_upper[self._sets : self._sets + len(self._problem.rows.constant)]
        asked = constants[members].copy()
        constants[:] = np.inf
        constants[members] = asked
        return self._program.solve(lower, upper, row_lower, row_upper)

    def _read(self, cells: Cells, cell: int, solved: Solved, members: slice, found: Proposal) -> None:
        """Slopes, multipliers and weights from the multipliers of the program."""
        problem = self._problem
        weights = np.maximum(-solved.rows[self._sets :][: len(problem.rows.constant)][members], 0.0)
        through = np.maximum(solved.rows[self._below : self._above], 0.0)
        level = np.maximum(solved.columns[self._h], 0.0)
        used = through + level > 0.0
        beta = np.maximum(solved.columns[self._z] * cells.sides[cell], 0.0)
        found.slopes[cell, used] = through[used] / (through + level)[used]
        if solved.x is None:
            found.empty[cell] = True
            found.multipliers[cell] = beta
        else:
            found.weights[cell, members] = weights
            found.multipliers[cell] = beta
            found.points[cell] = solved.x[: problem.inputs]
            found.gaps[cell] = solved.x[self._h] - np.maximum(solved.x[self._z], 0.0)
        found.solved[cell] = solved.x is None or bool(weights.any())


class _Entries:
    """Stored entries of a matrix, as they are collected."""

    def __init__(self) -> None:
        self._parts: list[tuple[IntArray, IntArray, FloatArray]] = []

    def add(self, rows: IntArray, columns: IntArray, values: FloatArray) -> None:
        """Add entries; those that are 0 are stored too."""
        self._parts.append((rows, columns, values))

    @property
    def columns(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Rows, columns and values of all entries."""
        rows, columns, values = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        return rows, columns, values
