"""Many cells at once: a warm simplex dictionary of each, in NumPy, so that nothing has to be compiled.

Notation: that of `dictionary.py`, with one more index p for the cell, and the table stored row by row:

    x_basic[p, r] = value[p, r] + Σ_j table[p, r, j] (x_nonbasic[p, j] − its present value).

Cells are bounded. Dictionaries propose, and nothing here is proved.
"""

from dataclasses import dataclass, fields

import numpy as np

from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["CellBatch"]

PIVOT_TOLERANCE, COST_TOLERANCE = 1e-11, 1e-12
STEEPEST, MOST = 30, 200
"""Iterations with the steepest column, after which Bland's rule excludes cycles, and all iterations of one climb."""
DRIFT = 60
"""Pivots after which a dictionary is rebuilt from its rows."""
SHARED = ("least", "most")
"""Fields that all cells share."""
MOVED = ("table", "value", "basic", "nonbasic", "resting", "pivots")
"""Fields that a climb changes."""
UNUSED = -1
"""Number in `basic` of a place for a row that is not used."""


@dataclass(slots=True, eq=False)
class CellBatch:
    """Cells {y : lower ≤ y ≤ upper, h_r(y) ≥ 0}, each with the dictionary of one of its vertices.

    Attributes
    ----------
    least, most
        Bounds of the variables: finite sides of the box around all cells, then those of a slack (number d), and of a
        form that bounds nothing (number −1); shape (d + 2,).
    table, value, basic
        The rows of each dictionary, shapes (P, M, d), (P, M) and (P, M).
    nonbasic, resting
        Variables of the columns, and their present values, shape (P, d).
    forms
        Rows of each cell as forms on y, shape (P, M, d + 1); row r has the slack d + r.
    rows, pivots
        Number of rows of each cell, and of pivots since the dictionary was built, shape (P,).
    """

    least: FloatArray
    most: FloatArray
    table: FloatArray
    value: FloatArray
    basic: IntArray
    nonbasic: IntArray
    resting: FloatArray
    forms: FloatArray
    rows: IntArray
    pivots: IntArray

    @classmethod
    def at(cls, lower: FloatArray, upper: FloatArray, rows: FloatArray, point: FloatArray, count: int) -> "CellBatch":
        """The same cell `count` times, at a point of it: all coordinates are nonbasic and free to move."""
        d, k = len(lower), len(rows)
        values = rows[:, :-1] @ point + rows[:, -1]
        return cls(
            least=np.append(lower, [0.0, -np.inf]),
            most=np.append(upper, [np.inf, np.inf]),
            table=np.tile(rows[:, :-1], (count, 1, 1)),
            value=np.tile(np.maximum(values, 0.0), (count, 1)),
            basic=np.tile(d + np.arange(k), (count, 1)),
            nonbasic=np.tile(np.arange(d), (count, 1)),
            resting=np.tile(point, (count, 1)),
            forms=np.tile(rows, (count, 1, 1)),
            rows=np.full(count, k),
            pivots=np.zeros(count, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return int(self.table.shape[2])

    @property
    def heights(self) -> FloatArray:
        """Value of the form appended last at the present vertex of each cell."""
        found: FloatArray = self.value[np.arange(len(self)), self.rows]
        return found

    def copy(self) -> "CellBatch":
        """A copy that changes by itself."""
        return CellBatch(*(getattr(self, field.name).copy() for field in fields(self)))

    def mixed(self, other: "CellBatch", numbers: IntArray, from_other: BoolArray) -> "CellBatch":
        """Copies of these cells, some of them with the dictionary that they have in another batch."""
        mixture = []
        for field in fields(self):
            part = getattr(self, field.name)
            if field.name not in SHARED:
                part = part[numbers]
                part[from_other] = getattr(other, field.name)[numbers[from_other]]
            mixture.append(part)
        return CellBatch(*mixture)

    def points(self) -> FloatArray:
        """The present vertex of each cell, shape (P, d)."""
        d = self.dimension
        found = np.zeros((len(self), d))
        cell, column = np.nonzero(self.nonbasic < d)
        found[cell, self.nonbasic[cell, column]] = self.resting[cell, column]
        cell, row = np.nonzero((self.basic >= 0) & (self.basic < d))
        found[cell, self.basic[cell, row]] = self.value[cell, row]
        return found

    def append(self, forms: FloatArray) -> None:
        """Write one more form into each dictionary, as its row number `rows`, without a bound."""
        d = self.dimension
        if self.rows.max() == self.value.shape[1]:
            self._make_room(max(8, self.value.shape[1] // 2))
        cells = np.arange(len(self))
        parts = np.where((self.basic >= 0) & (self.basic < d), np.take_along_axis(forms, self.basic % (d + 1), 1), 0.0)
        row = np.matmul(parts[:, None, :], self.table)[:, 0]
        row += np.where(self.nonbasic < d, np.take_along_axis(forms, np.minimum(self.nonbasic, d), 1), 0.0)
        self.table[cells, self.rows] = row
        self.value[cells, self.rows] = (forms[:, :-1] * self.points()).sum(axis=1) + forms[:, -1]
        self.basic[cells, self.rows] = UNUSED
        self.forms[cells, self.rows] = forms

    def keep(self, chosen: BoolArray, signs: FloatArray) -> None:
        """Make the form appended last a row of the chosen cells, with this sign; drop it in the others."""
        cells = np.arange(len(self))
        places, signs = self.rows, np.where(chosen, signs, 0.0)
        self.table[cells, places] *= signs[:, None]
        self.value[cells, places] *= signs
        self.forms[cells, places] *= signs[:, None]
        self.basic[cells, places] = np.where(chosen, self.dimension + places, UNUSED)
        self.rows = places + chosen

    def climb(self, signs: FloatArray, accept: FloatArray, chosen: BoolArray, *, most: int = MOST) -> BoolArray:
        """Raise sign · the form appended last in the chosen cells until it exceeds `accept`; says where it did.

        After `most` iterations it has been raised as far as they could.
        """
        reached = np.zeros(len(self), dtype=np.bool_)
        cells = np.flatnonzero(chosen)
        climbing, stuck = self._climbing(cells), np.zeros(len(cells), dtype=np.bool_)
        most = most if self.dimension else 0  # a point cannot move
        for iteration in range(most + 1):
            high = signs[cells] * climbing.heights > accept[cells]
            reached[cells[high]] = True
            done = high | stuck | (iteration == most)
            if done.any():
                self._put(cells[done], climbing, done)
                cells, climbing = cells[~done], climbing._climbing(np.flatnonzero(~done))
            if not len(cells):
                break
            stuck = ~climbing._step(signs[cells], bland=iteration >= STEEPEST)
        return reached

    def _climbing(self, numbers: IntArray) -> "CellBatch":
        """Copies of these cells, to be changed; the forms stay behind, since no climb needs them."""
        return CellBatch(
            *(
                part if name in (*SHARED, "forms") else part[numbers]
                for name, part in ((field.name, getattr(self, field.name)) for field in fields(self))
            )
        )

    def _put(self, cells: IntArray, climbing: "CellBatch", done: BoolArray) -> None:
        """Take over the dictionaries of cells whose climb is over."""
        for name in MOVED:
            getattr(self, name)[cells] = getattr(climbing, name)[done]

    def _step(self, signs: FloatArray, *, bland: bool) -> BoolArray:
        """One iteration of the simplex method in each cell; says which of them could still rise."""
        d, inside = self.dimension, np.arange(len(self))
        gains = signs[:, None] * self.table[inside, self.rows]
        place = np.minimum(self.nonbasic, d)
        threshold = COST_TOLERANCE * np.maximum(np.abs(gains).max(axis=1, keepdims=True), 1e-300)
        may_move = (gains > threshold) & (self.resting < self.most[place])
        may_move |= (gains < -threshold) & (self.resting > self.least[place])
        if bland:
            order = np.where(may_move, -self.nonbasic, -np.inf)
        else:  # the steepest edge: its gain over its length in all variables
            lengths = 1.0 + np.einsum("prj,prj->pj", self.table, self.table)
            order = np.where(may_move, gains * gains / lengths, -1.0)
        column = order.argmax(axis=1)
        rises: BoolArray = may_move[inside, column]
        direction = np.sign(gains[inside, column])
        step, row, flips = self._longest_step(column, direction, bland=bland)
        self._move(np.where(rises, step, 0.0) * direction, column)
        ends = np.where(direction > 0.0, self.most[place[inside, column]], self.least[place[inside, column]])
        self.resting[inside, column] = np.where(rises & flips, ends, self.resting[inside, column])
        turning = np.flatnonzero(rises & ~flips)
        if len(turning):
            self._pivot(turning, row[turning], column[turning], direction[turning])
        return rises

    def _longest_step(
        self, column: IntArray, direction: FloatArray, *, bland: bool
    ) -> tuple[FloatArray, IntArray, BoolArray]:
        """How far the variable of a column may move in each cell, the row that blocks it, and if its own bound does."""
        d, inside = self.dimension, np.arange(len(self))
        slopes = self.table[inside, :, column] * direction[:, None]
        steepness, place = np.abs(slopes), np.minimum(self.basic, d)
        rooms = np.where(slopes < 0.0, self.value - self.least[place], self.most[place] - self.value)
        ratios = np.full(slopes.shape, np.inf)
        np.divide(np.maximum(rooms, 0.0), steepness, out=ratios, where=steepness > PIVOT_TOLERANCE)
        nearest = ratios.min(axis=1, initial=np.inf)
        own = np.minimum(self.nonbasic[inside, column], d)
        resting = self.resting[inside, column]
        room = np.where(direction > 0.0, self.most[own] - resting, resting - self.least[own])
        # Of rows that block at once, the one with the steepest slope is the soundest pivot.
        tied = ratios <= nearest[:, None] * (1.0 + 1e-12) + 1e-300
        ranks = np.where(tied, -self.basic, -np.inf) if bland else np.where(tied, steepness, -1.0)
        row = ranks.argmax(axis=1) if ranks.shape[1] else np.zeros(len(self), dtype=np.int64)
        return np.minimum(nearest, room), row, room <= nearest

    def _move(self, steps: FloatArray, column: IntArray) -> None:
        """Move the variable of a column in each cell."""
        inside = np.arange(len(self))
        self.value += self.table[inside, :, column] * steps[:, None]
        self.resting[inside, column] += steps

    def _pivot(self, cells: IntArray, row: IntArray, column: IntArray, direction: FloatArray) -> None:
        """Exchange the basic variable of a row for the nonbasic one of a column, in each of these cells."""
        d, inside, all_turn = self.dimension, np.arange(len(cells)), len(cells) == len(self)
        leaving, entering = self.basic[cells, row], self.nonbasic[cells, column]
        table = self.table if all_turn else self.table[cells]
        columns = table[inside, :, column]
        falls = columns[inside, row] * direction < 0.0
        place = np.minimum(leaving, d)
        bound = np.where(falls, self.least[place], np.where(leaving < d, self.most[place], 0.0))
        pivots = columns[inside, row][:, None]
        rates = -table[inside, row] / pivots
        rates[inside, column] = 1.0 / pivots[:, 0]
        table[inside, :, column] = 0.0
        table += columns[:, :, None] * rates[:, None, :]
        table[inside, row] = rates
        if not all_turn:
            self.table[cells] = table
        self.value[cells, row] = self.resting[cells, column]
        self.basic[cells, row] = entering
        self.nonbasic[cells, column], self.resting[cells, column] = leaving, bound
        self.pivots[cells] += 1

    def refactorise(self) -> None:
        """Rebuild dictionaries after many pivots, at the same nonbasic variables."""
        for cell in np.flatnonzero(self.pivots > DRIFT).tolist():
            self._rebuild(cell)
            self.pivots[cell] = 0

    def _rebuild(self, cell: int) -> None:
        d, rows = self.dimension, int(self.rows[cell])
        nonbasic, basic = self.nonbasic[cell], self.basic[cell, :rows]
        tight, stays = nonbasic >= d, nonbasic[nonbasic < d]
        moved = basic[basic < d]
        forms = self.forms[cell, :rows]
        tight_forms = forms[nonbasic[tight] - d]
        try:
            inverse = np.linalg.inv(tight_forms[:, moved])
        except np.linalg.LinAlgError:
            return
        # y_moved = inverse (h_tight − rest − A_stays y_stays)
        by_column = np.zeros((d, d))  # y in the nonbasic variables
        by_column[stays, np.flatnonzero(~tight)] = 1.0
        by_column[np.ix_(moved, np.flatnonzero(tight))] = inverse
        by_column[np.ix_(moved, np.flatnonzero(~tight))] = -inverse @ tight_forms[:, stays]
        point = np.zeros(d)
        point[stays] = self.resting[cell, ~tight]
        point[moved] = inverse @ (-tight_forms[:, -1] - tight_forms[:, stays] @ point[stays])
        is_slack = basic >= d
        slack = forms[basic[is_slack] - d]
        self.table[cell, :rows][~is_slack], self.value[cell, :rows][~is_slack] = by_column[moved], point[moved]
        self.table[cell, :rows][is_slack] = slack[:, :-1] @ by_column
        self.value[cell, :rows][is_slack] = slack[:, :-1] @ point + slack[:, -1]

    def _make_room(self, more: int) -> None:
        count, _, d = self.table.shape
        self.table = np.concatenate([self.table, np.zeros((count, more, d))], axis=1)
        self.value = np.concatenate([self.value, np.zeros((count, more))], axis=1)
        self.basic = np.concatenate([self.basic, np.full((count, more), UNUSED)], axis=1)
        self.forms = np.concatenate([self.forms, np.zeros((count, more, d + 1))], axis=1)
