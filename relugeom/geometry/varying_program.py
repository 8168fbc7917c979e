"""A linear program that is solved again and again with other sides and a few other coefficients.

The one idea: the pattern of the matrix stays, so a solver starts from the basis of the program before.
"""

from dataclasses import dataclass
from math import isfinite

import highspy
import numpy as np
from scipy import sparse

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.highs import OPTIONS
from relugeom.geometry.linear_program import crashes_named
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Solved", "VaryingProgram"]

LIMIT = 20_000
"""Simplex steps after which a program is given up."""


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
        Matrix of which all entries that are ever used are stored, also where they are 0 now.
    c
        Shape (n,).
    """

    def __init__(self, A: sparse.csr_array, c: FloatArray, *, deadline: Deadline = NEVER) -> None:
        self._deadline, self._A = deadline, A
        self._highs = highspy.Highs()
        for option, value in OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._highs.setOptionValue("simplex_iteration_limit", LIMIT)
        self._model = model = highspy.HighsLp()
        model.num_row_, model.num_col_ = A.shape
        model.col_cost_ = c
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = A.indptr, A.indices
        self._basis: highspy.HighsBasis | None = None

    @property
    def values(self) -> FloatArray:
        """Stored entries of the matrix, row by row, which may be changed in place."""
        return np.asarray(self._A.data)

    def place(self, row: int, column: int) -> int:
        """Where an entry stands among the stored ones."""
        start = self._A.indptr[row]
        return int(start + np.flatnonzero(self._A.indices[start : self._A.indptr[row + 1]] == column)[0])

    def solve(
        self, lower: FloatArray, upper: FloatArray, row_lower: FloatArray, row_upper: FloatArray
    ) -> Solved | None:
        """Solve with these sides; None if the solver gave up."""
        model = self._model
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_, model.row_upper_ = row_lower, row_upper
        model.a_matrix_.value_ = self.values
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
        return Solved(None, rows, -np.asarray(self._A.T @ rows))


def matrix_of(rows: IntArray, columns: IntArray, values: FloatArray, shape: tuple[int, int]) -> sparse.csr_array:
    """A matrix with these stored entries, also where they are 0."""
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(shape[0] + 1))
    return sparse.csr_array(
        (values[order].astype(np.float64), columns[order].astype(np.int32), starts.astype(np.int32)), shape=shape
    )
