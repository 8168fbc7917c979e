"""Regions beyond facets of listed ones, against the adjacency of the complete partition."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain, contains
from relugeom.measures import expansion
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.expansion import expand_regions
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.feasibility import settle_clusters
from relugeom.search.observed import observed_regions

BOX = Domain.box([-1.0] * 3, [1.0] * 3)
DOMAINS = {
    "box": BOX,
    "groups": Domain([0.0, 0.0, -1.0], [1.0, 1.0, 1.0], kinds=("binary", "binary", "continuous"), groups=((0, 1),)),
    "flat": Domain.box([-1.0, -1.0, 0.25], [1.0, 1.0, 0.25]),
}


def with_twins(network: ReLUNetwork) -> ReLUNetwork:
    """Two units of the first layer share a hyperplane, from opposite sides."""
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    weights[0][1], biases[0][1] = -2 * weights[0][0], -2 * biases[0][0]
    return ReLUNetwork(weights, biases)


def few_regions(network, domain, seed=0):
    X = np.random.default_rng(seed).uniform(domain.lower, domain.upper, (4, 3))
    if domain.groups:
        X[:, 0] = X[:, 0] > 0.5
        X[:, 1] = 1 - X[:, 0]
    clusters = cluster_samples(network, X, domain=domain)
    statuses = settle_clusters(clusters, domain)
    return observed_regions(clusters, X[clusters.representative], domain, statuses)


@pytest.mark.parametrize("kind", DOMAINS)
@pytest.mark.parametrize("twins", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_they_are_the_neighbours_in_the_whole_partition(kind, twins, seed):
    network, domain = he_network(seed, 3, 5, 4, 1), DOMAINS[kind]
    network = with_twins(network) if twins else network
    whole, few = enumerate_regions(network, domain), few_regions(network, domain, seed)
    adjacency = find_adjacency(whole)
    expected = {row.tobytes() for row in few.packed}
    for region in few:
        expected |= {whole.packed[row].tobytes() for row in adjacency.neighbours(whole.find_row(region.pattern))}
    grown = expand_regions(few, range(len(few)))
    assert [row.tobytes() for row in grown.partition.packed] == sorted(expected)
    assert grown.examined == len(few) and grown.added == len(expected) - len(few)
    for row, region in enumerate(grown.partition):
        point = region.exact_point or tuple(map(Fraction, region.point.tolist()))
        assert grown.partition.find_row(region.pattern) == row
        assert evaluate_exactly(network, point)[0] == region.pattern
        if region.exact_point is None:
            assert contains(domain, region.point[None, :]).all()
    own = find_adjacency(grown.partition)
    for region in few:  # their pairs are all there
        here, there = grown.partition.find_row(region.pattern), whole.find_row(region.pattern)
        assert own.degrees[here] == adjacency.degrees[there]


def test_its_growth_can_be_repeated_until_all_regions_are_listed():
    network = he_network(3, 3, 4, 3, 1)
    whole, grown = enumerate_regions(network, BOX), few_regions(network, BOX)
    added = -1
    while added:
        found = expand_regions(grown, range(len(grown)))
        grown, added = found.partition, found.added
    assert grown.packed.tobytes() == whole.packed.tobytes()  # a box is connected, so its regions are


def test_its_limits_are_told():
    network = he_network(3, 3, 5, 4, 1)
    few = few_regions(network, BOX)
    full = expand_regions(few, range(len(few)), most=len(few) + 1)
    assert full.examined == 1 and "the neighbours of 1 region of 4" in full.partition.reason
    late = expand_regions(few, range(len(few)), time_limit=Deadline(0))
    assert late.examined == 0 and late.partition.packed.tobytes() == few.packed.tobytes()
    assert not full.partition.is_searched


def test_what_floats_leave_open_is_settled_exactly(monkeypatch):
    network = he_network(5, 3, 5, 4, 1)
    few = few_regions(network, BOX, 5)
    quick = expand_regions(few, range(len(few))).partition
    monkeypatch.setattr(expansion._Beyond, "_prove_in_floats", lambda _self, _region, _faces, beyond: set(beyond))
    exact = expand_regions(few, range(len(few))).partition
    assert quick.packed.tobytes() == exact.packed.tobytes()
