"""Slices against a naive truth in rationals: every pattern's rows clip the window, and areas are compared exactly."""

from fractions import Fraction
from itertools import product

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, hidden, integer_network, layered

from relugeom.errors import DomainError, EmptyDomainError, InputError, UnboundedPolytopeError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.measures.slices import exact_polygons, polygon_area, slice_domain, slice_regions
from relugeom.network.forward import evaluate
from relugeom.partition.partition import PartitionStatus
from relugeom.search.enumeration import enumerate_regions


def restricted(network, features, point):
    """The network on the slice as exact layers of two inputs (s, t), by substitution."""
    layers = oracles.exact_layers(network)
    weight, bias = layers[0]
    fixed = [(k, Fraction(value)) for k, value in enumerate(point) if k not in features]
    constant = [
        b + sum((row[k] * value for k, value in fixed), Fraction(0)) for row, b in zip(weight, bias, strict=True)
    ]
    return [([[row[feature] for feature in features] for row in weight], constant), *layers[1:]]


def naive_areas(network, features, point, window):
    """Area of every pattern on the slice that has one."""
    layers = restricted(network, features, point)
    (a, b), (c, d) = [[Fraction(side) for side in sides] for sides in window]
    square = [(a, c), (b, c), (b, d), (a, d)]
    texts = ["/".join(parts) for parts in product(*[map("".join, product("01", repeat=w)) for w in network.widths])]
    met = [text for text in texts if all(map(any, oracles.pattern_system(layers, text)[0]))]  # z ≡ 0 is never active
    areas = {text: oracles.pattern_area(layers, square, text) for text in met}
    return {text: area for text, area in areas.items() if area}


def areas_of(cut):
    return {
        str(region.pattern): Fraction(int(area.p), int(area.q))
        for region, area in zip(cut.partition, map(polygon_area, exact_polygons(cut.partition)), strict=True)
    }


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), features=st.permutations(range(4)).map(lambda order: tuple(order[:2])))
def test_areas_are_those_of_the_naive_clipping(seed, features):
    random = np.random.default_rng(seed)
    network = integer_network(random, 4, 3, 2, 1) if seed % 2 else he_network(seed, 4, 3, 2, 1)
    point = random.integers(-4, 5, 4) / 4
    cut = slice_regions(network, Domain.box(np.full(4, -2.0), np.full(4, 2.0)), features, point)
    assert areas_of(cut) == naive_areas(network, sorted(features), point, [(-2.0, 2.0)] * 2)
    assert cut.covered


@pytest.mark.parametrize("features", [(0, 1), (3, 1)])
def test_polygons_hold_their_points_and_maps_are_the_networks(features):
    network, random = he_network(7, 5, 8, 6, 2), np.random.default_rng(1)
    point = random.normal(size=5) / 4
    cut = slice_regions(network, Domain.box(np.full(5, -2.0), np.full(5, 2.0)), features, point)
    assert len(cut) > 20
    assert cut.maps.shape == (len(cut), 2, 3)
    for row, region in enumerate(cut.partition):
        corners = cut.polygon(row)
        edges = np.roll(corners, -1, axis=0) - corners
        away = region.point[list(features)] - corners
        assert (edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0] > 0).all(), "anticlockwise around its point"
        middle = np.array(point)
        middle[list(features)] = corners.mean(axis=0)
        expected = cut.maps[row] @ np.append(middle[list(features)], 1.0)
        assert evaluate(network, middle[None, :])[0] == pytest.approx(expected, abs=1e-9)


def test_a_point_in_the_plane_has_the_pattern_of_its_polygon():
    network, point = he_network(3, 3, 6, 1), np.array([0.0, 0.5, 0.0])
    cut = slice_regions(network, Domain.box([-1.0] * 3, [1.0] * 3), (0, 2), point)
    layers = oracles.exact_layers(network)
    for s, t in np.random.default_rng(0).uniform(-1, 1, (200, 2)):
        text = oracles.pattern_at(layers, [Fraction(s), Fraction(1, 2), Fraction(t)])
        row = cut.partition.find_row(text)
        corners = cut.polygon(row)
        edges, away = np.roll(corners, -1, axis=0) - corners, [s, t] - corners
        assert (edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0] > -1e-12).all()


def test_rows_of_the_domain_clip_the_slice():
    domain = Domain(np.zeros(3), np.ones(3), A=np.array([[1.0, 1.0, 1.0]]), b=np.array([1.5]))
    cut = slice_regions(hidden(([[1, -1, 0]], [0.0])), domain, (0, 1), np.array([0, 0, 0.5]))
    assert cut.outline.tolist() == [[0, 0], [1, 0], [0, 1]]
    assert sorted(areas_of(cut).values()) == [Fraction(1, 4), Fraction(1, 4)]


def test_strips_too_thin_for_floats_are_there():
    network = hidden(([[1.0, 0.0], [1.0, 0.0]], [-0.5, -0.5 - 2.0**-50]))
    cut = slice_regions(network, Domain.box([0.0, 0.0], [1.0, 1.0]), (0, 1), np.zeros(2))
    assert areas_of(cut) == {"00": Fraction(1, 2), "10": Fraction(1, 2**50), "11": Fraction(1, 2) - Fraction(1, 2**50)}
    assert cut.covered


def test_integers_and_groups_are_only_relaxed():
    kinds = (FeatureKind.INTEGER, FeatureKind.CONTINUOUS, FeatureKind.CONTINUOUS, FeatureKind.CONTINUOUS)
    domain = Domain(np.zeros(4), np.ones(4), kinds=kinds, groups=((2, 3),))
    network = hidden(([[1, 1, 0, 0]], [-0.75]))
    assert slice_regions(network, domain, (0, 1), np.array([0, 0, 1.0, 0])).covered
    with pytest.raises(DomainError, match="no area: the domain makes them dependent"):
        slice_regions(network, domain, (2, 3), np.zeros(4))
    with pytest.raises(EmptyDomainError):
        slice_regions(network, domain, (0, 1), np.array([0, 0, 0.5, 0.25]))


def test_a_window_closes_open_sides():
    domain, network = Domain.everything(2, ("a", "b")), hidden(([[1, 0]], [0.0]))
    with pytest.raises(DomainError, match="'a' has an open side"):
        slice_domain(domain, (0, 1), np.zeros(2))
    cut = slice_regions(network, domain, (1, 0), np.zeros(2), window=((0, 3), (-1, 1)))
    assert cut.outline[:, 0].max() == 3
    assert areas_of(cut) == {"0": Fraction(3), "1": Fraction(3)}
    with pytest.raises(UnboundedPolytopeError):
        list(exact_polygons(enumerate_regions(network, domain)))


def test_a_truncated_slice_is_not_covered():
    network = he_network(1, 2, 8, 1)
    cut = slice_regions(network, Domain.box([-1.0] * 2, [1.0] * 2), (0, 1), np.zeros(2), max_regions=3)
    assert (len(cut), cut.covered, cut.partition.status) == (3, False, PartitionStatus.TRUNCATED)


def test_a_network_without_units_is_one_polygon():
    cut = slice_regions(layered(([[2.0, 3.0]], [1.0])), Domain.box([0.0] * 2, [1.0] * 2), (0, 1), np.zeros(2))
    assert cut.maps.tolist() == [[[2.0, 3.0, 1.0]]]
    assert cut.polygon(0).tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize("features", [(0, 0), (0, 3), (-1, 1)])
def test_features_that_are_no_plane(features):
    with pytest.raises(DomainError, match="two different inputs from 0 to 2"):
        slice_domain(Domain.box([0.0] * 3, [1.0] * 3), features, np.zeros(3))


def test_points_and_dimensions_that_do_not_fit():
    network, domain = he_network(1, 3, 2, 1), Domain.box([0.0] * 3, [1.0] * 3)
    with pytest.raises(DomainError, match="3 finite numbers"):
        slice_domain(domain, (0, 1), np.zeros(2))
    with pytest.raises(DomainError, match="3 finite numbers"):
        slice_domain(domain, (0, 1), np.array([0, 0, np.nan]))
    with pytest.raises(InputError, match="3 inputs"):
        slice_regions(network, Domain.box([0.0] * 2, [1.0] * 2), (0, 1), np.zeros(2))
    with pytest.raises(DomainError, match="dimension 2, but this one has dimension 3"):
        list(exact_polygons(enumerate_regions(network, domain)))
