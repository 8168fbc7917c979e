"""Unobserved regions against patterns of samples, corners of boxes, and listed integer points."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, hidden, integer_network, layered
from oracles import exact_layers, pattern_at

from relugeom.analysis.unobserved import find_unobserved, map_departures
from relugeom.errors import DataError, InputError
from relugeom.geometry.domain import Domain
from relugeom.measures.volumes import VolumeMethod, region_volumes
from relugeom.network.effective import EffectiveMaps, effective_map
from relugeom.partition.census import Met
from relugeom.partition.clusters import cluster_samples
from relugeom.search.admissible import admissible_regions
from relugeom.search.enumeration import enumerate_regions

SEEDS = st.integers(0, 2**32 - 1)


def explore(network, domain, X, spread=(1.0, 1.0), **options):
    partition = enumerate_regions(network, domain)
    return find_unobserved(partition, cluster_samples(network, X, domain=domain), spread, **options)


def largest_difference(network, pattern, other, point, spread):
    """Over the corners of the box of one spread around a point."""
    (A, a), (B, b) = effective_map(network, pattern), effective_map(network, other)
    corners = [point + np.array(signs) * spread for signs in product((-1, 1), repeat=len(point))]
    return max(np.abs(A @ x + a - B @ x - b).max() for x in corners)


@settings(max_examples=20)
@given(SEEDS)
def test_rows_departures_and_nearest_clusters_are_those_of_the_definition(seed):
    random = np.random.default_rng(seed)
    network, domain = he_network(seed, 2, 5, 3, 2), Domain.box([-1, -1], [1, 1])
    X, spread = random.uniform(-1.5, 1.5, (6, 2)), random.uniform(0.1, 1, 2)
    found, layers = explore(network, domain, X, spread), exact_layers(network)
    texts = [str(region.pattern) for region in found.partition]
    inside = {pattern_at(layers, x) for x in X if (np.abs(x) <= 1).all()}
    assert [texts[row] for row in found.rows] == [text for text in texts if text not in inside]
    clusters = cluster_samples(network, X, domain=domain)
    for place, row in enumerate(found.rows):
        point = found.partition.points[row]
        distances = {
            number: largest_difference(network, texts[row], str(cluster.pattern), point, spread)
            for number, cluster in enumerate(clusters)
            if cluster.outside < cluster.size
        }
        if not distances:
            assert found.nearest[place] == -1 and np.isnan(found.departure[place])
            continue
        assert found.departure[place] == pytest.approx(min(distances.values()), abs=1e-9)
        assert distances[found.nearest[place]] == pytest.approx(min(distances.values()), abs=1e-9)
    shares = found.shares[found.by_share]
    assert (np.diff(shares) <= 0).all() and found.total_share == pytest.approx(shares.sum())
    assert (found.met == Met.YES).all()
    if inside:
        assert (np.diff(found.departure[found.by_departure]) <= 0).all()


@settings(max_examples=15)
@given(SEEDS)
def test_admissible_integer_points_are_those_of_a_list(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 1)
    domain = Domain(np.full(2, -2.0), np.full(2, 2.0), kinds=("integer", "integer"))
    X = random.integers(-2, 3, (4, 2)).astype(float)
    found, layers = explore(network, domain, X), exact_layers(network)
    grid = {pattern_at(layers, x) for x in product(range(-2, 3), repeat=2)}
    for row, met in zip(found.rows, found.met, strict=True):
        text = str(found.partition[int(row)].pattern)
        assert met == (Met.YES if text in grid else Met.NO)


def test_a_region_between_the_integers_has_no_admissible_input():
    network = hidden(([[1.0], [1.0]], [-0.25, -0.75]))
    found = explore(network, Domain(np.zeros(1), np.ones(1), kinds=("integer",)), [[0.0], [1.0]], [0.5])
    assert found.rows.tolist() == [1] and found.met.tolist() == found.verdicts.tolist() == [Met.NO]
    # relu(x − ¼) around x = ½ (the region's point may be another) departs from 0 or from 2 x − 1 by at most 1.
    assert 0 < found.departure[0] < 1


def test_a_region_with_the_map_of_a_cluster_departs_by_nothing():
    # The second unit never reaches the output: two regions each, with one map.
    network = layered(([[0.3, 0.7], [0.1, -0.9]], [0.1, 0.0]), ([[1.1, 0.0]], [0.3]))
    X = np.array([[0.5, 0.6], [-0.9, -0.8]])
    found = explore(network, Domain.box([-1, -1], [1, 1]), X)
    assert len(found) == 2 and (found.departure == 0.0).all()


@settings(max_examples=15)
@given(SEEDS)
def test_permuting_and_scaling_units_changes_no_departure(seed):
    random = np.random.default_rng(seed)
    network, domain, X = he_network(seed, 2, 5, 1), Domain.box([-1, -1], [1, 1]), random.uniform(-1, 1, (3, 2))
    order = random.permutation(5)
    (A, B), (a, b) = network.weights, network.biases
    other = layered((4 * A[order], 4 * a[order]), (B[:, order] / 4, b))
    points = enumerate_regions(network, domain).points
    tables = []
    for one, sequence in ((network, points), (other, points)):
        partition = enumerate_regions(one, domain)
        rows = [partition.find_row(str(partition.region_of(point).pattern)) for point in sequence]
        moved = replace(partition, points=points[np.argsort(rows)])  # the same interior points for both
        found = find_unobserved(moved, cluster_samples(one, X, domain=domain), [1, 1])
        tables.append(dict(zip(np.argsort(rows)[found.rows].tolist(), found.departure.tolist(), strict=True)))
    assert tables[0].keys() == tables[1].keys()
    np.testing.assert_allclose([tables[1][key] for key in tables[0]], list(tables[0].values()), atol=1e-12)


def test_on_a_flat_domain_what_is_off_the_hull_does_not_count():
    # On x + y = 1 the functions f and f + λ (x + y − 1) are one.
    domain = Domain(np.zeros(2), np.ones(2), E=np.ones((1, 2)), f=np.ones(1))
    network = hidden(([[1.0, 0.0], [1.0, 0.0]], [-0.25, -0.75]))
    found = explore(network, domain, [[0.125, 0.875]])
    assert found.partition.dimension == 1 and len(found) == 2
    (x, y), steep = found.partition.points[found.rows[0]], found.departure[0]
    assert steep == pytest.approx((x - 0.25) + 0.5 + 0.5)  # (1, 0) is (½, −½) along the hull
    assert x + y == pytest.approx(1.0)
    random = np.random.default_rng(0)
    maps = EffectiveMaps(random.normal(size=(7, 1, 2)), random.normal(size=(7, 1)), np.zeros((7, 1, 3), dtype=np.int8))
    shift = random.normal(size=(7, 1))
    moved = replace(maps, weights=maps.weights + shift[:, :, None], biases=maps.biases - shift)
    points = np.column_stack([np.linspace(0, 1, 7), 1 - np.linspace(0, 1, 7)])
    hull = np.array([[0.5, -0.5], [-0.5, 0.5]])
    tables = [map_departures(one, points, maps, np.array([0.3, 2.0]), hull) for one in (maps, moved)]
    np.testing.assert_allclose(tables[0], tables[1], atol=1e-12)
    assert np.abs(map_departures(moved, points, maps, np.array([0.3, 2.0])) - tables[0]).max() > 0.1


def test_a_single_point_can_be_unobserved():
    found = explore(he_network(0, 2, 3, 1), Domain.box([1, 1], [1, 1]), [[0.0, 0.0]])
    assert len(found) == 1 and found.total_share == 1.0 and found.nearest.tolist() == [-1]


def test_samples_outside_the_domain_observe_nothing():
    network, domain = hidden(([[1.0, 0.0]], [0.0])), Domain.box([-1, -1], [1, 1])
    found = explore(network, domain, [[5.0, 0.0], [-0.5, 0.0]])
    assert len(found) == 1 and found.nearest.tolist() == [1] and found.shares.tolist() == [0.5]
    assert len(explore(network, domain, [[0.5, 0.0], [-0.5, 0.0]])) == 0
    assert explore(network, domain, [[0.5, 0.0], [-0.5, 0.0]]).total_share == 0.0


def test_on_an_unbounded_domain_the_unbounded_regions_come_first():
    network = hidden(([[1.0], [1.0], [1.0]], [0.0, -1.0, -3.0]))
    found = explore(network, Domain.everything(1), [[-1.0]], [1.0])
    assert np.isnan(found.total_share) and found.volumes.volumes[found.rows[found.by_share]].tolist() == [np.inf, 2, 1]


def test_estimates_and_verdicts_that_are_at_hand_are_used():
    network = he_network(3, 2, 6, 1)
    domain = Domain(np.full(2, -3.0), np.full(2, 3.0), kinds=("integer", "continuous"))
    partition = enumerate_regions(network, domain)
    volumes = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=200)
    admissible = admissible_regions(partition)
    found = explore(network, domain, np.zeros((1, 2)), volumes=volumes, admissible=admissible)
    assert found.volumes is volumes
    np.testing.assert_array_equal(found.met, admissible.met[found.rows])


def test_twenty_thousand_regions_meet_a_thousand_clusters_in_blocks():
    random = np.random.default_rng(0)

    def maps(k):
        return EffectiveMaps(random.normal(size=(k, 2, 3)), random.normal(size=(k, 2)), np.zeros((k, 2, 4), np.int8))

    regions, observed, points, spread = maps(20_000), maps(1000), random.normal(size=(20_000, 3)), np.ones(3)
    table = map_departures(regions, points, observed, spread)
    for row, column in random.integers(0, 1000, (50, 2)) * [20, 1]:
        G = regions.weights[row] - observed.weights[column]
        h = regions.biases[row] - observed.biases[column]
        assert table[row, column] == pytest.approx((np.abs(G @ points[row] + h) + np.abs(G).sum(axis=1)).max())


def test_what_does_not_fit_is_refused():
    network, domain, X = he_network(0, 2, 4, 1), Domain.box([-3, -3], [3, 3]), np.eye(2)
    partition, clusters = enumerate_regions(network, domain), cluster_samples(network, X)
    other = enumerate_regions(he_network(1, 2, 4, 1), domain, max_regions=1)
    with pytest.raises(InputError, match="different networks"):
        find_unobserved(other, clusters, [1, 1])
    with pytest.raises(InputError, match="the volumes are about 1 regions"):
        find_unobserved(partition, clusters, [1, 1], volumes=region_volumes(other))
    with pytest.raises(InputError, match="the admissible inputs are about 1 regions"):
        find_unobserved(partition, clusters, [1, 1], admissible=admissible_regions(other))
    with pytest.raises(DataError, match="the spread"):
        find_unobserved(partition, clusters, [1])
