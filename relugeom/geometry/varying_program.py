"""A linear program that is solved again and again with other sides and a few other coefficients.

The one idea: the pattern of the matrix stays, so a solver starts from the basis of the program before.
"""

from dataclasses import dataclass
from math import isfinite

import highspy
import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.highs import OPTIONS
from relugeom.geometry.linear_program import crashes_named
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Solved", "SparseRows", "VaryingProgram"]

LIMIT = 20_000
"""Simplex steps after which a program is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """A matrix by its stored entries, row by row, of which some may be 0 now.

    Attributes
    ----------
    starts
        Where each row begins among the entries, and the end, shape (k + 1,).
    columns, values
        Of the entries.
    width
        Number of columns.
    """

    starts: IntArray
    columns: IntArray
    values: FloatArray
    width: int

    @classmethod
    def of(cls, rows: IntArray, columns: IntArray, values: FloatArray, shape: tuple[int, int]) -> "SparseRows":
        """The matrix with these entries, in any order."""
        order = np.lexsort((columns, rows))
        starts = np.searchsorted(rows[order], np.arange(shape[0] + 1))
        return cls(starts, columns[order], values[order].astype(np.float64), shape[1])

    def place(self, row: int, column: int) -> int:
        """Where an entry stands among the stored ones."""
        start = self.starts[row]
        return int(start + np.flatnonzero(self.columns[start : self.starts[row + 1]] == column)[0])

    def combined(self, weights: FloatArray) -> FloatArray:
        """Σ weight · row, shape (width,)."""
        each = np.repeat(weights, np.diff(self.starts)) * self.values
        return np.asarray(np.bincount(self.columns, weights=each, minlength=self.width), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What the solver found.

    Attributes
    ----------
    x
        The best point; None where there is none: then the multipliers prove that, as a ray.
    rows
        Multipliers of the rows, ≥ 0 at lower and ≤ 0 at upper sides, shape (k,).
    columns
        The same of the columns' sides, shape (n,).
    """

    x: FloatArray | None
    rows: FloatArray
    columns: FloatArray


class VaryingProgram:
    """min c·x with row_lower ≤ A x ≤ row_upper and lower ≤ x ≤ upper.

    Parameters
    ----------
    A
        Matrix of which all entries that are ever used are stored; its values may be changed between programs.
    c
        Shape (n,).
    """

    def __init__(self, A: SparseRows, c: FloatArray, *, deadline: Deadline = NEVER) -> None:
        self._deadline, self._A = deadline, A
        self._highs = highspy.Highs()
        for option, value in OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._highs.setOptionValue("simplex_iteration_limit", LIMIT)
        self._model = model = highspy.HighsLp()
        model.num_row_, model.num_col_ = len(A.starts) - 1, A.width
        model.col_cost_ = c
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = A.starts.astype(np.int32), A.columns.astype(np.int32)
        self._basis: highspy.HighsBasis | None = None

    def solve(
        self, lower: FloatArray, upper: FloatArray, row_lower: FloatArray, row_upper: FloatArray
    ) -> Solved | None:
        """Solve with these sides; None if the solver gave up."""
        model = self._model
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_, model.row_upper_ = row_lower, row_upper
        model.a_matrix_.value_ = self._A.values
        self._highs.passModel(model)
        if self._basis is not None:
            self._highs.setBasis(self._basis)
        if isfinite(self._deadline.end):  # HiGHS counts the time of all runs of one object
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + self._deadline.seconds_left)
        with crashes_named("HiGHS"):
            self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            solution = self._highs.getSolution()
            self._basis = self._highs.getBasis()
            return Solved(np.array(solution.col_value), np.array(solution.row_dual), np.array(solution.col_dual))
        if status == highspy.HighsModelStatus.kInfeasible:
            return self._infeasible()
        return None

    def _infeasible(self) -> Solved | None:
        _, found, ray = self._highs.getDualRay()
        if not found:
            return None
        rows = np.array(ray)
        return Solved(None, rows, -self._A.combined(rows))
