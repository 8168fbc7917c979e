"""Nearest points: optimal by their own certificates, against every set of rows, and in degenerate polyhedra."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relugeom.geometry import nearest_point
from relugeom.geometry.nearest_point import nearest_in_l1, nearest_in_l2, nearest_in_linf

seeds = st.integers(0, 2**32 - 1)
SIZES = {
    nearest_in_l1: lambda steps: sum(map(abs, steps)),
    nearest_in_l2: lambda steps: sum(s * s for s in steps),
    nearest_in_linf: lambda steps: max(map(abs, steps)),
}


def value(row, x):
    return row[-1] + sum(c * v for c, v in zip(row, x, strict=False))


def polyhedron(random, n):
    """Small integer rows with many coincidences, and rational points."""
    rows = random.integers(-2, 3, (random.integers(1, 7), n + 1)).tolist()
    rows += [[*row[:-1], row[-1]] for row in rows[:1]]  # one twice
    p = tuple(Fraction(int(v), 2) for v in random.integers(-8, 9, n))
    return rows, p


def solve(matrix, right):
    """A solution of a square rational system, or None."""
    size = len(matrix)
    table = [[Fraction(v) for v in row] + [Fraction(r)] for row, r in zip(matrix, right, strict=True)]
    for k in range(size):
        pivot = next((r for r in range(k, size) if table[r][k]), None)
        if pivot is None:
            return None
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [v / table[k][k] for v in table[k]]
        for r in range(size):
            if r != k:
                table[r] = [a - table[r][k] * b for a, b in zip(table[r], table[k], strict=True)]
    return [row[-1] for row in table]


def naive_projection(rows, p):
    """The nearest of the projections onto all intersections of rows that lie in the polyhedron."""
    best = None
    for size in range(len(p) + 1):
        for chosen in combinations(rows, size):
            gram = [[sum(a * b for a, b in zip(r[:-1], s[:-1], strict=True)) for s in chosen] for r in chosen]
            multipliers = solve(gram, [-value(row, p) for row in chosen])
            if multipliers is None:
                continue
            x = [v + sum(m * row[k] for m, row in zip(multipliers, chosen, strict=True)) for k, v in enumerate(p)]
            if all(value(row, x) >= 0 for row in rows):
                distance = sum((a - b) ** 2 for a, b in zip(x, p, strict=True))
                best = distance if best is None else min(best, distance)
    return best


@settings(max_examples=150)
@given(seeds, st.integers(1, 3))
def test_the_projection_is_the_nearest_of_all_intersections(seed, n):
    rows, p = polyhedron(np.random.default_rng(seed), n)
    found = nearest_in_l2(rows, p)
    truth = naive_projection(rows, p)
    assert (found is None) is (truth is None)
    if found is not None:
        assert found[0] == truth
        assert all(value(row, found[1]) >= 0 for row in rows)


@settings(max_examples=60)
@given(seeds, st.integers(1, 3))
def test_without_a_proposal_the_active_set_finds_the_same_point(seed, n):
    rows, p = polyhedron(np.random.default_rng(seed), n)
    proposed = nearest_in_l2(rows, p)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest_point, "_proposed_rows", lambda rows, p: [])
        assert nearest_in_l2(rows, p) == proposed


@settings(max_examples=60)
@given(seeds, st.integers(1, 3))
def test_norms_are_ordered_and_points_have_the_distance(seed, n):
    rows, p = polyhedron(np.random.default_rng(seed), n)
    found = {nearest: nearest(rows, p) for nearest in SIZES}
    if None in found.values():
        assert set(found.values()) == {None}
        return
    for nearest, (distance, point) in found.items():
        steps = [a - b for a, b in zip(point, p, strict=True)]
        assert SIZES[nearest](steps) == distance
        assert all(value(row, point) >= 0 for row in rows)
        for other, (least, _) in found.items():  # no norm's point is nearer in another norm than that one's own
            assert SIZES[other](steps) >= least
    assert found[nearest_in_linf][0] ** 2 <= found[nearest_in_l2][0] <= found[nearest_in_l1][0] ** 2


@pytest.mark.parametrize("nearest", SIZES)
def test_degenerate_polyhedra(nearest):
    p = (Fraction(1, 3), Fraction(-2))
    assert nearest([], p) == (0, p)
    assert nearest([[0, 0, 5]], p) == (0, p)
    assert nearest([[0, 0, -1]], p) is None
    assert nearest([[1, 0, -1], [-1, 0, 1], [0, 1, 0], [0, -1, 0]], p)[1] == (1, 0)  # one point
    assert nearest([[1, 0, 0], [-1, 0, -1]], p) is None
    line = [[1, 1, 0], [-1, -1, 0]]
    assert sum(nearest(line, p)[1]) == 0


def test_sides_of_a_box_that_are_met_do_not_join_the_system():
    """The nearest point of a box is known by coordinate; with one row across, by one number."""
    n = 300
    p = [Fraction(k % 7 - 3) for k in range(n)]
    sides = [[sign * int(j == k) for j in range(n)] + [1] for k in range(n) for sign in (1, -1)]
    clipped = [max(min(v, Fraction(1)), Fraction(-1)) for v in p]
    steps = [(a - b) ** 2 for a, b in zip(clipped, p, strict=True)]
    assert nearest_in_l2(sides, p) == (sum(steps), tuple(clipped))

    across = [*[1] * n, -200]  # all coordinates rise by the same, as far as their sides allow
    size, point = nearest_in_l2([*sides, across], p)
    assert sum(point) == 200 and size == sum((a - b) ** 2 for a, b in zip(point, p, strict=True))
    rise = next(v - b for v, b in zip(point, p, strict=True) if abs(v) < 1)
    assert point == tuple(max(min(b + rise, Fraction(1)), Fraction(-1)) for b in p)
