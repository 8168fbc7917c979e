"""The largest ball in a polyhedron, relative to a domain's affine hull.

Notation: a row h = (c, c₀) in coordinates y of the hull has the *length* ‖c‖ of its gradient, measured in input units
along the hull; h(y) / ‖c‖ is the distance of y from the row's hyperplane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq

from relugeom.errors import EmptyPolytopeError, SolverError
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_sides, float_point, shadow, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LinearProgram, LPSolver, LPStatus
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import evaluate_form, nearest_float, rational

__all__ = ["Ball", "BallSession", "chebyshev_ball"]

SMALL = 1e-5
"""Radii below are found again at their own scale: a solver's tolerance is of this order."""
AGREEMENT = 1e-6
"""How far the radius that a solver reports may exceed the distance of its centre from the rows, relative to it."""
REACH = 1e6
"""How far one step at its own scale looks, in units of the ball that is known."""
STEPS = 20
GAIN = 1.01


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball within an affine hull.

    Attributes
    ----------
    centre
        Shape (n,), input units.
    radius
        Euclidean, input units; None if balls of every radius fit.
    """

    centre: FloatArray
    radius: float | None


def chebyshev_ball(chart: Chart, rows: Sequence[Form], *, solver: LPSolver | None = None) -> Ball:
    """Largest ball inside {x in the domain : h_i(x) ≥ 0}, within the domain's affine hull.

    Solves  max r  subject to  h_i(y) ≥ r ‖∇h_i‖  for every row and every side of the domain, where ‖·‖ is the length of
    the gradient measured in input units along the hull. A float answer: a shadow, not a proof.

    Parameters
    ----------
    rows
        Forms in the chart's coordinates.

    Raises
    ------
    EmptyPolytopeError
        No point satisfies the rows.
    SolverError
        The solver gave up.

    References
    ----------
    Boyd & Vandenberghe, *Convex Optimization* (2004), section 4.3.1.
    """
    d = chart.dimension
    A, b = shadow_rows([*domain_sides(chart.lower, chart.upper), *chart.rows, *rows], d)
    lengths = _lengths(A, _metric(chart))
    objective, free = np.append(np.zeros(d), 1.0), np.full(d + 1, np.inf)
    low = np.append(-free[:-1], 0.0)
    program = LinearProgram(objective, np.column_stack([A, lengths]), b, low, free)
    solver = solver or HighsSolver()
    solution = solver.solve(program)
    if solution.status is LPStatus.INFEASIBLE:
        raise EmptyPolytopeError("no point satisfies the rows: there is no largest ball")
    if solution.status is LPStatus.OPTIMAL:
        return Ball(_embed(chart, solution.x[:-1]), float(solution.x[-1]))
    if solution.status is LPStatus.UNKNOWN:
        raise SolverError(f"the largest ball was not found: {solution.reason}")
    # Balls of every radius fit: the centre is that of one with radius 1.
    unit = solver.solve(replace(program, upper=np.append(free[:-1], 1.0)))
    return Ball(_embed(chart, unit.x[:-1] if unit.status is LPStatus.OPTIMAL else float_point(chart.interior)), None)


class BallSession:
    """The largest balls of one polyhedron after the other, which share rows: rows come and go like a stack.

    A warm float solver answers. Its answer is measured: the radius is the distance of the centre from the nearest
    row. A ball that is small, or whose radius does not agree with the solver's, is found again in coordinates that
    are moved to a point inside (where the rows are evaluated exactly) and scaled by that point's distance from the
    rows. So the radius of a strip of width 1e-14 is right as well.
    """

    def __init__(self, chart: Chart, *, solver: LPSolver | None = None) -> None:
        self._chart, self._metric = chart, _metric(chart)
        self._solver = solver or HighsSolver()
        free = np.full(chart.dimension + 1, np.inf)
        low = np.append(-free[:-1], 0.0)
        self._session = self._solver.open(np.zeros((0, chart.dimension + 1)), np.zeros(0), low, free)
        self._rows: list[Form] = []
        self._table: list[FloatArray] = []
        self.push([*domain_sides(chart.lower, chart.upper), *chart.rows])

    def push(self, forms: Sequence[Form]) -> None:
        """Keep only the part where every form is ≥ 0."""
        A, b = shadow_rows(forms, self._chart.dimension)
        table = np.column_stack([A, _lengths(A, self._metric), b])
        for row, value in zip(table, b.tolist(), strict=True):
            self._session.add_row(row[:-1], value)
        self._rows.extend(forms)
        self._table.extend(table)

    def pop(self, count: int) -> None:
        """Take back the last rows."""
        for _ in range(count):
            self._session.drop_row()
        kept = len(self._rows) - count
        del self._rows[kept:], self._table[kept:]

    def largest_ball(self, inside: Sequence[fmpq]) -> Ball:
        """The largest ball; `inside` is a point y where no row that is not constant is 0."""
        d = self._chart.dimension
        objective = np.append(np.zeros(d), 1.0)
        solution = self._session.maximise(objective)
        table = np.array(self._table).reshape(-1, d + 2)
        table = table[table[:, d] > 0]
        A, lengths, b = table[:, :d], table[:, d], table[:, -1]
        if solution.status is LPStatus.OPTIMAL and len(table):
            radius = float(((b - A @ solution.x[:-1]) / lengths).min())
            if radius >= max(SMALL, (1 - AGREEMENT) * float(solution.x[-1])):
                return Ball(_embed(self._chart, solution.x[:-1]), radius)
        elif self._grows(A / lengths[:, None]):
            # Balls of every radius fit: the centre is that of one with radius 1.
            self._session.add_row(objective, 1.0)
            unit = self._session.maximise(objective)
            self._session.drop_row()
            y = unit.x[:-1] if unit.status is LPStatus.OPTIMAL else float_point(inside)
            return Ball(_embed(self._chart, y), None)
        return self._small_ball(list(inside))

    def _grows(self, slopes: FloatArray) -> bool:
        """Whether some direction leads away from every row as fast as a ball grows: slopes · y + r ≤ 0 with r > 0."""
        count, d = slopes.shape
        limit, objective = np.append(np.full(d, np.inf), 1.0), np.append(np.zeros(d), 1.0)
        A = np.column_stack([slopes, np.ones(count)])
        program = LinearProgram(objective, A, np.zeros(count), np.append(-limit[:-1], 0.0), limit)
        solution = self._solver.solve(program)
        return solution.status is LPStatus.OPTIMAL and float(solution.x[-1]) > 0.5

    def _small_ball(self, centre: list[fmpq]) -> Ball:
        """Climb from a point inside: each step solves the program at the scale of the ball that is known."""
        d = self._chart.dimension
        table = np.array(self._table)
        used = np.flatnonzero(table[:, d] > 0).tolist()
        lengths = table[used, d]
        slopes = table[used, :d] / lengths[:, None]
        distances = self._distances(centre, used, lengths)
        limit = np.append(np.full(d, REACH), REACH)
        for _ in range(STEPS):
            radius = float(distances.min())
            near = distances < 4 * (d + 1) * REACH * radius
            A = np.column_stack([slopes[near], np.ones(int(near.sum()))])
            low = np.append(-limit[:-1], 0.0)
            program = LinearProgram(np.append(np.zeros(d), 1.0), A, distances[near] / radius, low, limit)
            solution = self._solver.solve(program)
            if solution.status is not LPStatus.OPTIMAL:
                break
            moved = [y + rational(radius * step) for y, step in zip(centre, solution.x[:-1].tolist(), strict=True)]
            reached = self._distances(moved, used, lengths)
            if not reached.min() > radius:
                break
            centre, distances = moved, reached
            if reached.min() < GAIN * radius:
                break
        return Ball(_embed(self._chart, float_point(centre)), float(distances.min()))

    def _distances(self, y: Sequence[fmpq], used: Sequence[int], lengths: FloatArray) -> FloatArray:
        values = []
        for row in used:
            form = self._rows[row]
            values.append(nearest_float(evaluate_form(form, y) / (1 << shadow(form)[1])))
        return np.array(values) / lengths


def _metric(chart: Chart) -> FloatArray:
    """G with ‖c‖² = c G cᵀ."""
    directions = chart.directions
    return np.asarray(np.linalg.pinv(directions.T @ directions)) if chart.dimension else np.zeros((0, 0))


def _lengths(A: FloatArray, metric: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", A, metric, A), 0.0)))


def _embed(chart: Chart, y: FloatArray) -> FloatArray:
    n, d = chart.domain.inputs, chart.dimension
    q = int(chart.lift[n, d])
    offset = np.array([int(chart.lift[row, d]) / q for row in range(n)])
    return offset + chart.directions @ y
