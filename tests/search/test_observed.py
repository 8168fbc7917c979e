"""Regions that hold samples, listed without a search: the same that a search finds, with points inside."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.certificate.partition import certify_partition
from relugeom.deadline import Deadline
from relugeom.errors import CertificateError, InputError
from relugeom.geometry.domain import Domain, contains
from relugeom.measures.adjacency import find_adjacency
from relugeom.network.exact import evaluate_exactly
from relugeom.partition.clusters import cluster_samples
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.partition.tree import unexplored_prefixes
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.feasibility import settle_clusters
from relugeom.search.observed import observed_regions

DOMAINS = {
    "box": Domain.box([-1.0] * 3, [1.0] * 3),
    "groups": Domain([0.0, 0.0, -1.0], [1.0, 1.0, 1.0], kinds=("binary", "binary", "continuous"), groups=((0, 1),)),
    "flat": Domain.box([-1.0, -1.0, 0.25], [1.0, 1.0, 0.25]),
}


def observed(network, domain, X, **options):
    clusters = cluster_samples(network, X, domain=domain)
    statuses = settle_clusters(clusters, domain)
    return clusters, statuses, observed_regions(clusters, X[clusters.representative], domain, statuses, **options)


def neighbours(partition):
    found = find_adjacency(partition)
    pairs = zip(partition.packed[found.first], partition.packed[found.second], strict=True)
    return {(first.tobytes(), second.tobytes()) for first, second in pairs}


def samples(domain, seed):
    X = np.random.default_rng(seed).uniform(domain.lower, domain.upper, (60, 3))
    X[::3] = np.where(X[::3] > 0.5, domain.upper, domain.lower)  # on the sides of the domain
    X[1] = 0  # where first forms without a bias meet
    if domain.groups:
        X[:, 0] = X[:, 0] > 0.5
        X[:, 1] = 1 - X[:, 0]
    return np.vstack([X, 5 + X[:2]])  # and outside


@pytest.mark.parametrize("kind", DOMAINS)
@pytest.mark.parametrize("seed", range(4))
def test_they_are_the_regions_of_the_whole_list_that_hold_samples(kind, seed):
    network, domain = he_network(seed, 3, 5, 4, 1), DOMAINS[kind]
    whole = enumerate_regions(network, domain)
    clusters, statuses, part = observed(network, domain, samples(domain, seed))
    listed = {row.tobytes() for row in whole.packed}
    held = {
        row.tobytes()
        for row, status in zip(clusters.packed, statuses, strict=True)
        if status is PatternStatus.REGION and row.tobytes() in listed
    }
    assert [row.tobytes() for row in part.packed] == sorted(held)
    assert part.status is PartitionStatus.TRUNCATED and part.dimension == whole.dimension
    for row, region in enumerate(part):
        point = region.exact_point or tuple(map(Fraction, region.point.tolist()))
        assert part.find_row(region.pattern) == row
        assert evaluate_exactly(network, point)[0] == region.pattern
    assert contains(domain, part.points[[row for row in range(len(part)) if row not in part.exact_points]]).all()
    assert neighbours(part) <= neighbours(whole)


def test_nothing_takes_them_for_a_search(tmp_path):
    network, domain = he_network(1, 3, 5, 4, 1), DOMAINS["box"]
    part = observed(network, domain, samples(domain, 1))[2]
    assert not part.is_searched and unexplored_prefixes(part) == [""]
    with pytest.raises(InputError, match="samples named its regions"):
        enumerate_regions(network, domain, resume=part)
    with pytest.raises(CertificateError, match="samples named these regions"):
        certify_partition(part, tmp_path / "none.cert")
    assert enumerate_regions(network, domain, max_regions=1).is_searched


def test_without_time_it_says_how_many_are_missing():
    network, domain = he_network(1, 3, 5, 4, 1), DOMAINS["groups"]
    X = samples(domain, 1)
    clusters, statuses, whole = observed(network, domain, X)
    part = observed_regions(clusters, X[clusters.representative], domain, statuses, time_limit=Deadline(0))
    left = len(whole) - len(part)
    assert (f"time ran out for {left} of them" in part.reason) is (left > 0)
