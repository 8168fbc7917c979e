"""The largest ball, within the hull of a flat domain."""

from math import inf, sqrt

import numpy as np
import pytest
from scipy.optimize import linprog

from relugeom.errors import EmptyPolytopeError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.chebyshev import chebyshev_ball
from relugeom.geometry.cvxpy_solver import CvxpySolver
from relugeom.geometry.domain import Domain

SIMPLEX = Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1])

KNOWN = {
    "a box": (Domain.box([0, 0], [2, 4]), [], 1.0, None),
    "a square": (Domain.box([-1, -1], [1, 1]), [], 1.0, [0, 0]),
    "a triangle": (Domain([0, 0], [inf, inf], A=[[1, 1]], b=[1]), [], 1 / (2 + sqrt(2)), [1 / (2 + sqrt(2))] * 2),
    "half of a box": (Domain.box([-1, -1], [1, 1]), [[1, 0, 0]], 0.5, None),
    "a strip": (Domain.everything(2), [[3, 4, 0], [-3, -4, 10]], 1.0, None),
    "a face of a simplex": (SIMPLEX, [], 1 / sqrt(6), [1 / 3] * 3),
    "a diagonal": (Domain([0, 0], [1, 1], E=[[1, -1]], f=[0]), [], sqrt(0.5), [0.5, 0.5]),
    "zero width": (Domain.box([0, 0.25], [4, 0.25]), [], 2.0, [2, 0.25]),
    "a cut as thin as a hair": (Domain.box([0], [1]), [[1, 0], [-(1 << 40), 1]], 2.0**-41, [2.0**-41]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_balls(name):
    domain, rows, radius, centre = KNOWN[name]
    ball = chebyshev_ball(domain_chart(domain), rows)
    assert ball.radius == pytest.approx(radius, rel=1e-6)
    assert ball.centre.shape == (domain.inputs,)
    if centre is not None:
        assert ball.centre == pytest.approx(centre, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("domain", "rows"),
    [
        (Domain.everything(2), []),
        (Domain.everything(2), [[1, 0, 0]]),
        (Domain.box([0, 0], [inf, inf]), [[1, -1, 5]]),
        (Domain([-inf] * 2, [inf] * 2, E=[[1, 1]], f=[1]), []),
    ],
)
def test_unbounded_radius_is_none(domain, rows):
    ball = chebyshev_ball(domain_chart(domain), rows)
    assert ball.radius is None
    assert np.isfinite(ball.centre).all()
    assert all(np.dot(row[:-1], ball.centre) + row[-1] >= 0 for row in rows if domain.inputs == len(row) - 1)


def test_the_centre_of_an_unbounded_ball_lies_inside():
    ball = chebyshev_ball(domain_chart(Domain.everything(1)), [[1, -100]])
    assert ball.radius is None and ball.centre[0] >= 100


@pytest.mark.parametrize("seed", range(15))
def test_against_scipy(seed):
    random = np.random.default_rng(seed)
    n = 2 + seed % 3
    rows = random.integers(-9, 10, (4, n + 1))
    rows[:, -1] = np.abs(rows[:, -1])
    A = np.vstack([-rows[:, :-1], np.eye(n), -np.eye(n)])
    b = np.concatenate([rows[:, -1], np.ones(2 * n)])
    lengths = np.linalg.norm(A, axis=1)
    bounds = [(None, None)] * n + [(0, None)]
    best = linprog(np.append(np.zeros(n), -1.0), np.column_stack([A, lengths]), b, bounds=bounds)
    chart = domain_chart(Domain.box(-np.ones(n), np.ones(n)))
    ball = chebyshev_ball(chart, rows.tolist())
    assert ball.radius == pytest.approx(-best.fun, abs=1e-7)
    assert (A @ ball.centre + ball.radius * lengths <= b + 1e-7).all()


def test_another_solver():
    ball = chebyshev_ball(domain_chart(SIMPLEX), [], solver=CvxpySolver())
    assert ball.radius == pytest.approx(1 / sqrt(6), abs=1e-6)


def test_nothing_inside():
    with pytest.raises(EmptyPolytopeError):
        chebyshev_ball(domain_chart(Domain.box([0], [1])), [[1, -3]])
