"""LPs by HiGHS, kept warm: one solver object per session, started each time from the last basis."""

from math import isfinite

import highspy
import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.linear_program import LPSession, LPSolution, LPStatus, SolverBase, crashes_named
from relugeom.linalg.arrays import FloatArray

__all__ = ["HighsSolver"]

# HiGHS drops coefficients below its smallest matrix value: callers scale rows to a largest entry near 1.
OPTIONS = {"output_flag": False, "presolve": "off", "solver": "simplex", "threads": 1, "small_matrix_value": 1e-12}
SIDES = {highspy.HighsBasisStatus.kLower: -1, highspy.HighsBasisStatus.kUpper: 1}


class HighsSolver(SolverBase):
    """The HiGHS simplex through `highspy`; programs that are not solved by a deadline are UNKNOWN."""

    name = "highs"

    def __init__(self, *, deadline: Deadline = NEVER) -> None:
        self._deadline = deadline

    def open(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray) -> LPSession:
        """A session on {x : A x ≤ b, lower ≤ x ≤ upper}."""
        return HighsSession(A, b, lower, upper, self._deadline)


class HighsSession:
    """One polyhedron in one `Highs` object."""

    def __init__(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray, deadline: Deadline) -> None:
        self._deadline = deadline
        self._columns = np.arange(len(lower), dtype=np.int32)
        self._matrix, self._values = list(A), b.tolist()
        self._lower, self._upper = lower, upper
        self._highs = highspy.Highs()
        for option, value in OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._highs.addVars(len(lower), lower, upper)
        row, column = (index.astype(np.int32) for index in np.nonzero(A))
        starts = np.searchsorted(row, np.arange(len(A))).astype(np.int32)
        self._highs.addRows(len(A), np.full(len(A), -np.inf), b, len(row), starts, column, A[row, column])

    def add_row(self, a: FloatArray, b: float) -> None:
        """Add a·x ≤ b after the last row."""
        used = np.flatnonzero(a).astype(np.int32)
        self._highs.addRow(-highspy.kHighsInf, b, len(used), used, a[used])
        self._matrix.append(a)
        self._values.append(b)

    def drop_row(self) -> None:
        """Remove the last row."""
        self._matrix.pop()
        self._values.pop()
        self._highs.deleteRows(1, np.array([len(self._matrix)], dtype=np.int32))

    def maximise(self, c: FloatArray) -> LPSolution:
        """Solve for an objective of shape (n,)."""
        self._highs.changeColsCost(len(self._columns), self._columns, -c)  # HiGHS minimises
        if isfinite(self._deadline.end):  # HiGHS counts the time of all runs of one object
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + self._deadline.seconds_left)
        with crashes_named("HiGHS"):
            self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return self._optimal()
        if status == highspy.HighsModelStatus.kInfeasible:
            return self._infeasible()
        if status == highspy.HighsModelStatus.kUnbounded:
            return self._unbounded(c)
        return LPSolution(LPStatus.UNKNOWN, reason=f"HiGHS stopped: {self._highs.modelStatusToString(status)}")

    def _optimal(self) -> LPSolution:
        solution, basis = self._highs.getSolution(), self._highs.getBasis()
        return LPSolution(
            LPStatus.OPTIMAL,
            x=np.array(solution.col_value),
            row_multipliers=-np.array(solution.row_dual, dtype=np.float64),
            bound_multipliers=-np.array(solution.col_dual, dtype=np.float64),
            tight_rows=[row for row, state in enumerate(basis.row_status) if state in SIDES],
            tight_sides=[SIDES.get(state, 0) for state in basis.col_status],
        )

    def _unbounded(self, c: FloatArray) -> LPSolution:
        _, found, ray = self._highs.getPrimalRay()
        if found:
            return LPSolution(LPStatus.UNBOUNDED, x=np.asarray(ray, dtype=np.float64))
        if self._matrix:
            return LPSolution(LPStatus.UNKNOWN, reason="HiGHS calls the program unbounded, but gave no ray")
        # Without rows HiGHS gives no ray; any open side that the objective points to is one.
        rising = ((c > 0) & np.isposinf(self._upper)) | ((c < 0) & np.isneginf(self._lower))
        return LPSolution(LPStatus.UNBOUNDED, x=np.where(rising, np.sign(c), 0.0))

    def _infeasible(self) -> LPSolution:
        basis = self._highs.getBasis()
        tight = [row for row, state in enumerate(basis.row_status) if state in SIDES]
        _, found, ray = self._highs.getDualRay()
        if found:
            # The ray comes with either sign and with noise; λ ≥ 0 tells which sign is meant.
            multipliers = (np.asarray(ray, dtype=np.float64) * np.sign(np.sum(ray))).clip(min=0.0)
        else:
            # Without a simplex step there is no ray: then one row contradicts the box by itself.
            multipliers = np.array([float(self._least(a) > b) for a, b in zip(self._matrix, self._values, strict=True)])
            multipliers[multipliers.argmax() + 1 :] = 0.0
            if not multipliers.any():
                return LPSolution(LPStatus.INFEASIBLE, tight_rows=tight, reason="HiGHS gave no dual ray")
        return LPSolution(
            LPStatus.INFEASIBLE,
            row_multipliers=multipliers,
            bound_multipliers=-(multipliers @ np.array(self._matrix)),
            tight_rows=tight,
        )

    def _least(self, a: FloatArray) -> float:
        """The least value of a·x over the box."""
        used = a != 0
        return float(a[used] @ np.where(a > 0, self._lower, self._upper)[used])
