"""Exact volumes of polytopes: known bodies, laws, and rows that are redundant, equal, contradictory or missing."""

from fractions import Fraction
from itertools import pairwise, permutations, product
from math import factorial, inf, nextafter

import numpy as np
import pytest
from flint import fmpq, fmpz_mat
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import area, box_forms, clip
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

from relugeom.errors import EmptyPolytopeError, UnboundedPolytopeError
from relugeom.geometry.extents import bounding_box, enclosing_floats, keep_inside
from relugeom.geometry.volume import is_bounded, polytope_cell, polytope_volume


def cube(dimension, side=1):
    return [[int(form_entry) for form_entry in form] for form in box_forms([0] * dimension, [side] * dimension)]


def simplex(dimension):
    return [[int(i == j) for j in range(dimension + 1)] for i in range(dimension)] + [[-1] * dimension + [1]]


def cross_polytope(dimension):
    return [[*signs, 1] for signs in product((1, -1), repeat=dimension)]


def chamber(order):
    """x_a ≤ x_b ≤ … within the unit cube."""
    rows = cube(len(order))
    for low, high in pairwise(order):
        row = [0] * (len(order) + 1)
        row[low], row[high] = -1, 1
        rows.append(row)
    return rows


@pytest.mark.parametrize("dimension", range(7))
def test_cubes(dimension):
    assert polytope_volume(cube(dimension), dimension) == 1
    assert polytope_volume(cube(dimension, 3), dimension) == 3**dimension


@pytest.mark.parametrize("dimension", range(1, 8))
def test_simplices(dimension):
    assert polytope_volume(simplex(dimension), dimension) == fmpq(1, factorial(dimension))


@pytest.mark.parametrize("dimension", range(1, 6))
def test_cross_polytopes_with_vertices_on_many_rows(dimension):
    assert polytope_volume(cross_polytope(dimension), dimension) == fmpq(2**dimension, factorial(dimension))


@pytest.mark.parametrize("dimension", range(1, 5))
def test_chambers_of_a_cube(dimension):
    for order in permutations(range(dimension)):
        assert polytope_volume(chamber(order), dimension) == fmpq(1, factorial(dimension))


def test_a_permutohedron():
    # Order 4, projected along its last coordinate: 4² spanning trees times the lattice's cell, 1.
    rows = []
    for size in (1, 2, 3):
        for members in product((0, 1), repeat=4):
            if sum(members) == size:
                last = members[-1]  # x₄ = 10 − x₁ − x₂ − x₃
                rows.append([*(m - last for m in members[:-1]), 10 * last - size * (size + 1) // 2])
    assert polytope_volume(rows, 3) == 16


@pytest.mark.parametrize("exponent", [47, 200, 1100])
def test_thin_strips(exponent):
    thin = [[0, 1, 0], [0, -(1 << exponent), 1]]
    assert polytope_volume([*cube(2), *thin], 2) == fmpq(1, 1 << exponent)
    slanted = [[1, -1, 0], [-(1 << exponent), 1 << exponent, 1]]
    strip = fmpq(1, 1 << exponent)
    assert polytope_volume([*cube(2), *slanted], 2) == strip - strip * strip / 2


def test_beyond_floats():
    huge = 1 << 3000
    assert polytope_volume([[1, 0], [-1, huge]], 1) == huge
    assert polytope_volume([[huge, -1], [-huge, 3]], 1) == fmpq(2, huge)


def test_redundant_equal_and_constant_rows_change_nothing():
    rows = cube(3)
    touching = [[-1, -1, -1, 3], [1, 1, 0, 0], [0, 0, 1, 5]]  # at a vertex, at an edge, nowhere
    assert polytope_volume([*rows, *rows, *touching, [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 7]], 3) == 1


@pytest.mark.parametrize(
    ("rows", "dimension"),
    [
        ([*cube(2), [1, 0, -2]], 2),
        ([*cube(2), [0, 0, -1]], 2),
        ([*cube(2), [1, 1, -2]], 2),
        ([*cube(3), [1, -1, 0, 0], [-1, 1, 0, 0]], 3),
        ([[1, 0, 0], [-1, 0, 0]], 2),
        ([[1, 0, 0], [-1, 0, -1]], 2),
        ([[-1]], 0),
        ([[1, 1, 0], [-1, -1, 0], [1, 0, 0]], 2),
    ],
)
def test_nothing_inside(rows, dimension):
    assert polytope_volume(rows, dimension) == 0
    assert polytope_cell(rows, dimension) is None


@pytest.mark.parametrize(
    ("rows", "dimension"),
    [([], 1), ([], 3), ([[1, 0]], 1), ([[1, 0, 0], [-1, 0, 1]], 2), ([[1, 0, 0], [0, 1, 0]], 2), (simplex(3)[:3], 3)],
)
def test_unbounded(rows, dimension):
    with pytest.raises(UnboundedPolytopeError, match="unbounded"):
        polytope_volume(rows, dimension)


def test_directions_of_an_unbounded_cell():
    cell = polytope_cell([[1, 0, 0], [0, 1, 0]], 2)
    assert not is_bounded(cell)
    assert sorted(cell.rays) == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


forms = st.lists(st.integers(-4, 4), min_size=4, max_size=4)


def moved(form, matrix, shift):
    """The form of U P + s, for the form of P: h(U⁻¹ (y − s)); U is unimodular."""
    inverse = fmpz_mat(matrix).inv()
    slopes = [int(sum(form[i] * inverse[i, j] for i in range(3)).p) for j in range(3)]
    return [*slopes, form[3] - sum(c * s for c, s in zip(slopes, shift, strict=True))]


@settings(max_examples=40)
@given(st.lists(forms, max_size=5), forms, st.integers(2, 9))
def test_laws_of_volume(cuts, form, scale):
    rows = [*[[2 * c for c in row[:-1]] + [row[-1]] for row in cube(3, 2)], *cuts]
    volume = polytope_volume(rows, 3)
    assert 0 <= volume <= 1
    both = polytope_volume([*rows, form], 3) + polytope_volume([*rows, [-entry for entry in form]], 3)
    assert both == (volume if any(form) else 2 * volume)
    assert polytope_volume([[*row[:-1], scale * row[-1]] for row in rows], 3) == scale**3 * volume
    shear = [[1, scale, 0], [0, 1, -2], [0, 0, 1]]
    assert polytope_volume([moved(row, shear, [5, -scale, 1]) for row in rows], 3) == volume
    assert polytope_volume(list(reversed(rows)), 3) == volume


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(-5, 5), min_size=3, max_size=3), max_size=6))
def test_areas_against_clipped_polygons(cuts):
    polygon = [(Fraction(x), Fraction(y)) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    for form in cuts:
        polygon = clip(polygon, form) if polygon else polygon
    truth = area(polygon) if polygon else Fraction(0)
    assert polytope_volume([*cube(2), *cuts], 2) == fmpq(truth.numerator, truth.denominator)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(3, 5))
def test_volumes_against_qhull(seed, dimension):
    random = np.random.default_rng(seed)
    normals = random.integers(-9, 10, (8, dimension))
    rows = np.column_stack([normals, random.integers(3, 12, 8)])
    box = np.array(cube(dimension, 2))
    box[:, -1] += 2 * (box[:, -1] == 0)  # −2 ≤ y ≤ 2
    table = np.vstack([rows, box])
    assume(normals.any(axis=1).all())
    try:
        points = HalfspaceIntersection(-table.astype(float), np.zeros(dimension)).intersections
        truth = ConvexHull(points).volume
    except QhullError:
        assume(False)
    exact = polytope_volume(table.tolist(), dimension)
    assert float(int(exact.p) / int(exact.q)) == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize(
    "value", [fmpq(0), fmpq(1, 3), fmpq(-1, 3), fmpq(1 << 2000), fmpq(-(1 << 2000)), fmpq(1, 1 << 2000), fmpq(7, 8)]
)
def test_enclosing_floats(value):
    low, high = enclosing_floats(value)
    assert low == -inf or fmpq(*low.as_integer_ratio()) <= value
    assert high == inf or fmpq(*high.as_integer_ratio()) >= value
    assert high == low or high == nextafter(low, inf)
    assert (high == low) == (value in (fmpq(0), fmpq(7, 8)))


def test_bounding_boxes_are_rounded_outwards():
    lower, upper = bounding_box([[3, 0, 1], [-3, 0, 1], [0, 1, 0], [1, -1, 0], [0, 0, 5]], 2)
    assert lower.tolist() == [0.0, 0.0]
    assert (Fraction(upper[0]) > Fraction(1, 3)) and upper[0] == upper[1] == pytest.approx(1 / 3)
    lower, upper = bounding_box([[1, 0, 2], [1, -1, 0]], 2)
    assert lower.tolist() == [-2.0, -inf] and upper.tolist() == [inf, inf]
    with pytest.raises(EmptyPolytopeError):
        bounding_box([[1, 0], [-1, -1]], 1)


def test_points_on_a_row_are_told_from_points_beyond_it():
    edge = 0.1 + 0.2  # above 3/10 as floats go, and above the float 0.3
    row = [-10, 0, 3]
    points = np.array([[0.3, 0.0], [edge, 0.0], [0.25, 1.0], [0.5, 1.0]])
    assert keep_inside([row, [0, 0, 0], [0, -1, 1]], points).tolist() == [[0.3, 0.0], [0.25, 1.0]]
    assert Fraction(0.3) < Fraction(3, 10)
    assert keep_inside([], points).tolist() == points.tolist()
