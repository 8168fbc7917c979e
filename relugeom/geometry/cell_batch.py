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
        active = np.flatnonzero(chosen)
        for iteration in range(most):
            high = signs[active] * self.value[active, self.rows[active]] > accept[active]
            reached[active[high]] = True
            active = active[~high]
            if not len(active):
                break
            active = self._step(active, signs[active], bland=iteration >= STEEPEST)
        return reached

    def _step(self, cells: IntArray, signs: FloatArray, *, bland: bool) -> IntArray:
        """One iteration of the simplex method in each of these cells; returns those that could still rise."""
        d = self.dimension
        gains = signs[:, None] * self.table[cells, self.rows[cells]]
        nonbasic, resting = self.nonbasic[cells], self.resting[cells]
        place = np.minimum(nonbasic, d)
        lower, upper = self.least[place], self.most[place]
        threshold = COST_TOLERANCE * np.maximum(np.abs(gains).max(axis=1, keepdims=True), 1e-300)
        may_move = ((gains > threshold) & (resting < upper)) | ((gains < -threshold) & (resting > lower))
        if bland:
            order = np.where(may_move, -nonbasic, -np.inf)
        else:  # the steepest edge: its gain over its length in all variables
            lengths = 1.0 + np.square(self.table[cells]).sum(axis=1)
            order = np.where(may_move, np.square(gains) / lengths, -1.0)
        column = order.argmax(axis=1)
        inside = np.arange(len(cells))
        rising = may_move[inside, column]
        cells, column, inside = cells[rising], column[rising], inside[rising]
        if not len(cells):
            return cells
        direction = np.sign(gains[inside, column])
        resting, lower, upper = resting[inside, column], lower[inside, column], upper[inside, column]
        slopes = self.table[cells, :, column] * direction[:, None]
        basic, value = self.basic[cells], self.value[cells]
        place = np.minimum(basic, d)
        steepness = np.abs(slopes)
        room = np.where(slopes < 0.0, value - self.least[place], self.most[place] - value)
        ratios = np.full(slopes.shape, np.inf)
        np.divide(np.maximum(room, 0.0), steepness, out=ratios, where=steepness > PIVOT_TOLERANCE)
        step = ratios.min(axis=1, initial=np.inf)
        own = np.where(direction > 0.0, upper - resting, resting - lower)
        flips = own <= step
        step = np.minimum(step, own)
        self.value[cells] = value + slopes * step[:, None]
        ends = np.where(direction > 0.0, upper, lower)
        self.resting[cells, column] = np.where(flips, ends, resting + direction * step)
        pivoting = ~flips
        if pivoting.any():
            # Of rows that block at once, the one with the steepest slope is the soundest pivot.
            tied = ratios <= step[:, None] * (1.0 + 1e-12) + 1e-300
            ranks = np.where(tied, -basic, -np.inf) if bland else np.where(tied, steepness, -1.0)
            row = ranks.argmax(axis=1)
            self._pivot(cells[pivoting], row[pivoting], column[pivoting], direction[pivoting])
        return cells

    def _pivot(self, cells: IntArray, row: IntArray, column: IntArray, direction: FloatArray) -> None:
        """Exchange the basic variable of a row for the nonbasic one of a column, in each of these cells."""
        d = self.dimension
        inside = np.arange(len(cells))
        leaving, entering = self.basic[cells, row], self.nonbasic[cells, column]
        table = self.table[cells]
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
