"""The largest ball in each region: known radii, another way to them, thin regions and flat or unbounded domains."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import arrangement, braid, he_network, hidden, identity_layer, integer_network, layered, needle, strip

from relugeom.geometry.chart import domain_chart
from relugeom.geometry.chebyshev import chebyshev_ball
from relugeom.geometry.cvxpy_solver import CvxpySolver
from relugeom.geometry.domain import Domain
from relugeom.measures.radii import chebyshev_radii
from relugeom.measures.region_rows import RegionRows
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])
SIMPLEX = Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1])


def cube(dimension):
    return Domain.box(-np.ones(dimension), np.ones(dimension))


def one_by_one(partition):
    chart = domain_chart(partition.domain)
    rows = RegionRows(partition.network, chart)
    return [chebyshev_ball(chart, rows.region_rows(region.pattern)).radius for region in partition]


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.sampled_from([(1, 5, 4, 1), (2, 6, 5, 1), (3, 5, 4, 1), (5, 4, 3, 1)]))
def test_against_one_program_a_region(seed, sizes):
    random = np.random.default_rng(seed)
    for network in (he_network(seed, *sizes), integer_network(random, *sizes)):
        partition = enumerate_regions(network, cube(sizes[0]))
        found = chebyshev_radii(partition)
        assert found.radii == pytest.approx(np.array(one_by_one(partition)), rel=1e-5, abs=1e-7)
        assert not found.unbounded.any()
        for row, centre in enumerate(found.centres):
            if found.radii[row] > 1e-9:
                assert partition.find_row(partition[row].pattern) == row
                assert partition.region_of(np.clip(centre, -1, 1)).pattern == partition[row].pattern


def test_quarters_and_chambers():
    quarters = chebyshev_radii(enumerate_regions(identity_layer(2), SQUARE))
    assert quarters.radii == pytest.approx([0.5] * 4)
    assert quarters.centres == pytest.approx(np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]))
    triangles = chebyshev_radii(enumerate_regions(braid(2), Domain.box([0, 0], [1, 1])))
    assert triangles.radii == pytest.approx([1 / (2 + sqrt(2))] * 2)


@pytest.mark.parametrize("width", [1e-5, 1e-7, 1e-9, 1e-14, 2.0**-200])
def test_thin_strips(width):
    partition = enumerate_regions(strip(width), SQUARE)
    found = chebyshev_radii(partition)
    thin = [partition.find_row("100"), partition.find_row("101")]
    assert found.radii[thin] == pytest.approx([width / 2] * 2, rel=1e-6)
    assert np.delete(found.radii, thin) == pytest.approx([0.5, 0.5, *[(1 - width) / 2] * 2], rel=1e-6)


@pytest.mark.parametrize("exponent", [4, 20, 40])
def test_thin_triangles(exponent):
    # 0 ≤ y ≤ s x within x ≤ 1: the radius is the area divided by half of the perimeter.
    slope = 2.0**-exponent
    partition = enumerate_regions(arrangement([[slope, -1], [0, 1]]), Domain.box([0, -1], [1, 1]))
    truth = slope / (1 + slope + sqrt(1 + slope * slope))
    assert chebyshev_radii(partition).radii[partition.find_row("11")] == pytest.approx(truth, rel=1e-6)


def test_a_region_without_float_points():
    found = chebyshev_radii(enumerate_regions(needle(), Domain.box([0], [1])))
    assert sorted(found.radii) == pytest.approx([2.0**-61 / 3, 1 / 6, 1 / 3], rel=1e-6)


def test_large_and_small_units_of_measure():
    for scale in (2.0**-30, 2.0**30):
        partition = enumerate_regions(identity_layer(2), Domain.box([-scale] * 2, [scale] * 2))
        assert chebyshev_radii(partition).radii == pytest.approx([scale / 2] * 4, rel=1e-6)


def test_balls_on_a_face_of_a_simplex():
    found = chebyshev_radii(enumerate_regions(braid(3), SIMPLEX))
    # A triangle with angles of 30, 60 and 90 degrees; its sides are √2/2, √6/6 and √6/3.
    legs = (sqrt(2) / 2, sqrt(6) / 6, sqrt(6) / 3)
    assert found.radii == pytest.approx([(legs[0] + legs[1] - legs[2]) / 2] * 6, rel=1e-6)
    assert found.centres.sum(axis=1) == pytest.approx(np.ones(6))


def test_unbounded_regions():
    triangle = hidden(([[1, 0], [0, 1], [-1, -1]], [0, 0, 1]))
    partition = enumerate_regions(triangle, Domain.everything(2))
    found = chebyshev_radii(partition)
    inside = partition.find_row("111")
    assert found.radii[inside] == pytest.approx(1 / (2 + sqrt(2)))
    assert found.unbounded.sum() == len(partition) - 1
    assert np.isnan(found.radii[found.unbounded]).all()
    for row in np.flatnonzero(found.unbounded):
        assert partition.region_of(found.centres[row]).pattern == partition[row].pattern


def test_an_unbounded_region_of_bounded_width():
    found = chebyshev_radii(enumerate_regions(hidden(([[0, 1]], [0])), Domain.box([0, -1], [inf, 2])))
    assert found.radii.tolist() == pytest.approx([0.5, 1.0])


def test_a_single_point_and_no_units():
    point = chebyshev_radii(enumerate_regions(he_network(1, 2, 5, 1), Domain.box([0.5, 1], [0.5, 1])))
    assert point.unbounded.tolist() == [True] and point.centres.tolist() == [[0.5, 1.0]]
    square = chebyshev_radii(enumerate_regions(layered(([[1, 2]], [0])), SQUARE))
    assert square.radii.tolist() == pytest.approx([1.0])


def test_chosen_rows_in_any_order():
    partition = enumerate_regions(he_network(7, 2, 8, 5, 1), SQUARE)
    for looks in (0, 1, 4):
        cut = chebyshev_radii(partition, time_limit=Looks.until(looks))
        assert np.isfinite(cut.radii).sum() == looks and np.isnan(cut.centres[looks:]).all()
        assert f"{looks} of {len(partition)} regions" in cut.reason and not cut.unbounded.any()
    everything, seen = chebyshev_radii(partition), []
    some = chebyshev_radii(partition, rows=[5, 0, -1, 5], on_progress=seen.append)
    last = len(partition) - 1
    assert some.rows.tolist() == [5, 0, last, 5]
    assert some.radii == pytest.approx(everything.radii[[5, 0, last, 5]])
    assert seen == [4]
    assert len(chebyshev_radii(partition, rows=[]).radii) == 0


def test_another_solver():
    partition = enumerate_regions(he_network(7, 2, 3, 1), SQUARE)
    assert chebyshev_radii(partition, solver=CvxpySolver()).radii == pytest.approx(
        chebyshev_radii(partition).radii, abs=1e-5
    )
