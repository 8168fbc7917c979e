"""The points that the compiled programs of facets propose, beside an independent solver."""

import numpy as np
import pytest
from scipy.optimize import linprog

from relugeom.measures.widest_points import widest_points


def solve(tables, begin):
    """Points, depths and multipliers."""
    count, rows, columns = tables.shape
    x, depth, multipliers = np.zeros((count, columns - 1)), np.zeros(count), np.zeros((count, rows))
    widest_points(tables, begin, x, depth, multipliers)
    return x, depth, multipliers


def naive_depth(table):
    """max t ≤ 1 with a·x + c ≥ t for every row."""
    rows, columns = table.shape
    cost = np.append(np.zeros(columns - 1), -1.0)
    A = np.column_stack([-table[:, :-1], np.ones(rows)])
    return -linprog(cost, A_ub=A, b_ub=table[:, -1], bounds=[(None, None)] * (columns - 1) + [(None, 1)]).fun


@pytest.mark.parametrize("integral", [False, True])
def test_depths_are_the_largest_and_multipliers_prove_them(integral):
    rng = np.random.default_rng(3)
    tables = rng.integers(-2, 3, (40, 9, 4)).astype(float) if integral else rng.normal(size=(40, 9, 4))
    x, depth, multipliers = solve(tables, rng.normal(size=(40, 3)))
    for k, table in enumerate(tables):
        assert depth[k] == pytest.approx(naive_depth(table), abs=1e-7)
        assert (table[:, :-1] @ x[k] + table[:, -1]).min() >= depth[k] - 1e-7
        if depth[k] < 1 - 1e-7:  # no row but those of the program holds t back
            assert multipliers[k] @ table == pytest.approx(np.append(np.zeros(3), depth[k]), abs=1e-7)
            assert multipliers[k].sum() == pytest.approx(1.0)
        assert (multipliers[k] >= 0).all()


def test_where_nothing_holds_the_point_back_it_begins_there():
    x, depth, multipliers = solve(np.array([[[0.0, 0.0, 5.0]]]), np.array([[3.0, -4.0]]))
    assert depth == 1.0
    assert x.tolist() == [[3.0, -4.0]]
    assert not multipliers.any()
