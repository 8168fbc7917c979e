"""Extents of domains: their rows, their box, the unit of their volume, and the points inside.

Notation: h_i(y) ≥ 0 are the rows of a domain in coordinates y of its affine hull, integer forms as in `volume.py`.
"""

from collections.abc import Sequence
from math import inf, isinf, isqrt, nextafter

import numpy as np
from flint import fmpq, fmpz_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.errors import EmptyPolytopeError
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, Form, maximise_form
from relugeom.geometry.forms import domain_sides, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.volume import shadow_table
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import form_sign, nearest_float, rational, rational_point
from relugeom.linalg.rounding import FLOAT64, sum_error

__all__ = [
    "bounding_box",
    "domain_rows",
    "enclosing_floats",
    "keep_inside",
    "unbounded_reason",
    "unit_volume",
]


def bounding_box(rows: Sequence[Form], dimension: int, *, deadline: Deadline = NEVER) -> tuple[FloatArray, FloatArray]:
    """The smallest box around {y : h_i(y) ≥ 0}, found exactly and rounded outwards; ±inf where it is unbounded.

    Raises
    ------
    EmptyPolytopeError
        No point satisfies the rows.
    DeadlinePassedError
        The deadline passed before all sides were found.
    """
    A, b = shadow_rows(rows, dimension)
    free = np.full(dimension, np.inf)
    session = HighsSolver(deadline=deadline).open(A, b, -free, free)
    box = np.full((2, dimension), np.inf)
    for side, sign in ((0, -1), (1, 1)):
        for index in range(dimension):
            objective = [0] * (dimension + 1)
            objective[index] = sign
            proposal = session.maximise(np.array(objective[:-1], dtype=np.float64))
            optimum = maximise_form(rows, objective, hint=proposal.tight_rows, deadline=deadline)
            if isinstance(optimum, ExactInfeasible):
                raise EmptyPolytopeError("no point satisfies the rows: there is no smallest box")
            if isinstance(optimum, ExactOptimum):
                box[side, index] = enclosing_floats(optimum.value)[1]
    return 0.0 - box[0], box[1]


def domain_rows(chart: Chart) -> list[Form]:
    """Every row and side of a domain in coordinates of its hull."""
    return [*domain_sides(chart.lower, chart.upper), *chart.rows]


def unbounded_reason(chart: Chart, *, deadline: Deadline = NEVER) -> str:
    """Why an unbounded domain has no volume, with the first input that has no bound."""
    lower, upper = bounding_box(domain_rows(chart), chart.dimension, deadline=deadline)
    for index, *sides in zip(chart.free, lower, upper, strict=True):
        for side, value in zip(("lower", "upper"), sides, strict=True):
            if np.isinf(value):
                name = chart.domain.names[index]
                return f"the domain is unbounded, so shares do not exist: {name!r} has no {side} bound"
    raise AssertionError("a bounded domain has a volume")


def unit_volume(chart: Chart) -> fmpq:
    """√det(DᵀD), D = the directions of the hull: the volume in input units of a unit cube of y; to 2^-128."""
    n, d = chart.domain.inputs, chart.dimension
    D = fmpz_mat(n, d, [chart.lift[row, column] for row in range(n) for column in range(d)])
    gram = fmpq((D.transpose() * D).det(), chart.lift[n, d] ** (2 * d))
    return fmpq(isqrt(int(gram.p * gram.q) << 256), gram.q << 128)


def keep_inside(rows: Sequence[Form], points: FloatArray) -> FloatArray:
    """The points, shape (k, d), where every row is ≥ 0, exactly."""
    if not rows:
        return points
    table, hatted = shadow_table(rows, points.shape[1]), np.column_stack([points, np.ones(len(points))])
    values = hatted @ table.T
    error = sum_error(np.abs(hatted) @ np.abs(table).T, table.shape[1] + 2)
    inside: BoolArray = np.asarray((values >= -error).all(axis=1))
    for point in np.flatnonzero(inside & (values <= error).any(axis=1)).tolist():
        exact = rational_point(points[point])
        doubtful = np.flatnonzero(values[point] <= error[point])
        inside[point] = all(form_sign(rows[row], exact) >= 0 for row in doubtful.tolist())
    return points[inside]


def enclosing_floats(value: fmpq) -> tuple[float, float]:
    """The largest float64 ≤ value and the smallest one ≥ value."""
    nearest = nearest_float(value)
    if isinf(nearest):
        return (FLOAT64.largest, inf) if nearest > 0 else (-inf, -FLOAT64.largest)
    exact = rational(nearest)
    return (
        nearest if exact <= value else nextafter(nearest, -inf),
        nearest if exact >= value else nextafter(nearest, inf),
    )
