"""The largest ball in a polyhedron, relative to a domain's affine hull."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from relugeom.errors import EmptyPolytopeError
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_sides, float_point, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LinearProgram, LPSolver, LPStatus
from relugeom.linalg.arrays import FloatArray

__all__ = ["Ball", "chebyshev_ball"]


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball within an affine hull.

    Attributes
    ----------
    centre
        Shape (n,), input units.
    radius
        Euclidean, input units; None where balls of every radius fit.
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

    References
    ----------
    Boyd & Vandenberghe, *Convex Optimization* (2004), section 4.3.1.
    """
    d = chart.dimension
    A, b = shadow_rows([*domain_sides(chart.lower, chart.upper), *chart.rows, *rows], d)
    gradients = np.linalg.pinv(chart.directions.T @ chart.directions) if d else np.zeros((0, 0))
    lengths = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", A, gradients, A), 0.0))
    objective, free = np.append(np.zeros(d), 1.0), np.full(d + 1, np.inf)
    low = np.append(-free[:-1], 0.0)
    program = LinearProgram(objective, np.column_stack([A, lengths]), b, low, free)
    solver = solver or HighsSolver()
    solution = solver.solve(program)
    if solution.status is LPStatus.INFEASIBLE:
        raise EmptyPolytopeError("no point satisfies the rows: there is no largest ball")
    if solution.status is LPStatus.OPTIMAL:
        return Ball(_embed(chart, solution.x[:-1]), float(solution.x[-1]))
    # Balls of every radius fit: the centre is that of one with radius 1.
    unit = solver.solve(replace(program, upper=np.append(free[:-1], 1.0)))
    return Ball(_embed(chart, unit.x[:-1] if unit.status is LPStatus.OPTIMAL else float_point(chart.interior)), None)


def _embed(chart: Chart, y: FloatArray) -> FloatArray:
    n, d = chart.domain.inputs, chart.dimension
    q = int(chart.lift[n, d])
    offset = np.array([int(chart.lift[row, d]) / q for row in range(n)])
    return offset + chart.directions @ y
