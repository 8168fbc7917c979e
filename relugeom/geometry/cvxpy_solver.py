"""LPs by CVXPY, with the solver that it chooses: slow, and independent of the other backends."""

import numpy as np

from relugeom.errors import InputError
from relugeom.geometry.linear_program import LPSession, LPSolution, LPStatus, SolverBase, crashes_named
from relugeom.linalg.arrays import FloatArray

try:
    import cvxpy
except ImportError:
    raise InputError("CVXPY is not installed: run `pip install 'relugeom[cvxpy]'`") from None

__all__ = ["CvxpySolver"]

INFEASIBLE = (cvxpy.INFEASIBLE, cvxpy.INFEASIBLE_INACCURATE)
UNBOUNDED = (cvxpy.UNBOUNDED, cvxpy.UNBOUNDED_INACCURATE)


class CvxpySolver(SolverBase):
    """Any LP solver that CVXPY finds; `solver` names one of them."""

    name = "cvxpy"

    def __init__(self, solver: str = "CLARABEL") -> None:
        self._solver = solver

    def open(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray) -> LPSession:
        """A session on {x : A x ≤ b, lower ≤ x ≤ upper}."""
        return CvxpySession(A, b, lower, upper, self._solver)


class CvxpySession:
    """One polyhedron; every question builds its problem anew."""

    def __init__(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray, solver: str) -> None:
        self._rows = [(row, float(value)) for row, value in zip(A, b, strict=True)]
        self._lower, self._upper, self._solver = lower, upper, solver

    def add_row(self, a: FloatArray, b: float) -> None:
        """Add a·x ≤ b after the last row."""
        self._rows.append((a, b))

    def drop_row(self) -> None:
        """Remove the last row."""
        self._rows.pop()

    def maximise(self, c: FloatArray) -> LPSolution:
        """Solve for an objective of shape (n,)."""
        status, x, multipliers, nu = self._ask(c, bounded=False)
        if status in (cvxpy.OPTIMAL, cvxpy.OPTIMAL_INACCURATE):
            return LPSolution(LPStatus.OPTIMAL, x, multipliers, nu)
        if status in INFEASIBLE:
            return self._refute()
        if status in UNBOUNDED:
            return self._ray(c)
        return LPSolution(LPStatus.UNKNOWN, reason=f"CVXPY stopped: {status}")

    def _ask(self, c: FloatArray, *, bounded: bool) -> tuple[str, FloatArray, FloatArray, FloatArray]:
        """Solve; with `bounded`, over the recession cone cut to the unit box instead of the polyhedron."""
        n = len(self._lower)
        x = cvxpy.Variable(n)
        matrix = np.array([row for row, _ in self._rows]).reshape(-1, n)
        value = np.zeros(len(self._rows)) if bounded else np.array([value for _, value in self._rows])
        has_lower, has_upper = np.isfinite(self._lower), np.isfinite(self._upper)
        low = np.where(has_lower, 0.0, -1.0) if bounded else self._lower
        high = np.where(has_upper, 0.0, 1.0) if bounded else self._upper
        has_lower, has_upper = has_lower | bounded, has_upper | bounded
        rows = matrix @ x <= value
        sides = [x[has_upper] <= high[has_upper], x[has_lower] >= low[has_lower]]
        kept = [rows] if len(value) else []
        kept += [side for side, any_open in zip(sides, (has_upper.any(), has_lower.any()), strict=True) if any_open]
        problem = cvxpy.Problem(cvxpy.Maximize(c @ x), kept)
        with crashes_named(f"{self._solver} (CVXPY)"):
            problem.solve(solver=self._solver)
        nu = np.zeros(n)
        if problem.status not in (cvxpy.OPTIMAL, cvxpy.OPTIMAL_INACCURATE):
            return problem.status, np.zeros(n), np.zeros(len(value)), nu
        multipliers = rows.dual_value if len(value) else np.zeros(0)
        if has_upper.any():
            nu[has_upper] += sides[0].dual_value
        if has_lower.any():
            nu[has_lower] -= sides[1].dual_value
        return problem.status, x.value, multipliers, nu

    def _refute(self) -> LPSolution:
        """Farkas multipliers, from the least t ≥ 0 with A x ≤ b + t on the box: its multipliers say why t > 0."""
        wider = CvxpySession(
            np.array([np.append(row, -1.0) for row, _ in self._rows]),
            np.array([value for _, value in self._rows]),
            np.append(self._lower, 0.0),
            np.append(self._upper, np.inf),
            self._solver,
        )
        _, _, multipliers, nu = wider._ask(np.append(np.zeros(len(self._lower)), -1.0), bounded=False)
        return LPSolution(LPStatus.INFEASIBLE, row_multipliers=multipliers, bound_multipliers=nu[:-1])

    def _ray(self, c: FloatArray) -> LPSolution:
        """A direction of the recession cone with c·r > 0."""
        _, ray, _, _ = self._ask(c, bounded=True)
        return LPSolution(LPStatus.UNBOUNDED, x=ray)
