"""Better maps for whole regions: certified bounds only fall, and what is said of the samples stays true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, layered

from relugeom.analysis.group_bounds import bound_groups
from relugeom.analysis.group_refit import refit_groups
from relugeom.analysis.parsimony import group_clusters
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_bounds_only_fall_and_are_those_of_the_new_maps(seed):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 2, 5, 4, 2), random.uniform(-1, 1, (60, 2))
    clusters = cluster_samples(network, X)
    before = bound_groups(group_clusters(clusters, X, groups=4), enumerate_regions(network, SQUARE))
    after = refit_groups(before, clusters, X, rounds=2)
    assert (after.group_bound <= before.group_bound).all()
    again = bound_groups(after.groups, after.partition)
    assert np.array_equal(again.bound, after.bound) and np.array_equal(again.group, before.group)
    assert np.array_equal(after.groups.group, before.groups.group)
    group = after.groups.group[clusters.assignment]
    fitted = np.einsum("smn,sn->sm", after.groups.weights[group], X) + after.groups.biases[group]
    gaps = np.abs(evaluate(network, X) - fitted).max(axis=1)
    for number in range(len(after.groups)):
        said = after.groups.error[number]
        assert gaps[group == number].max() <= said <= gaps[group == number].max() + 1e-12
        assert said <= after.group_bound[number] + 1e-12
    unchanged = after.groups.own_map
    assert np.array_equal(after.groups.weights[unchanged], before.groups.weights[unchanged])


def test_the_best_map_over_the_domain_is_found_from_samples_of_its_middle():
    """|x| on [-1, 1] is best fitted by 1/2; the samples see [-1/4, 1/4] only, where it is 1/8."""
    network = layered(([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0]], [0]))
    X = np.linspace(-0.25, 0.25, 21)[:, None]
    clusters = cluster_samples(network, X)
    before = bound_groups(group_clusters(clusters, X, groups=1), enumerate_regions(network, Domain.box([-1], [1])))
    assert np.isclose(before.largest, 0.875, atol=1e-6)
    after = refit_groups(before, clusters, X, rounds=1)
    assert np.isclose(after.largest, 0.5, atol=1e-5) and np.isclose(after.groups.error[0], 0.5, atol=1e-5)
    assert refit_groups(before, clusters, X, rounds=0).largest == before.largest


def test_groups_without_a_limit_are_left_alone():
    network = layered(([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0]], [0]))
    X = np.linspace(-1, 1, 21)[:, None]
    clusters = cluster_samples(network, X)
    before = bound_groups(group_clusters(clusters, X, groups=1), enumerate_regions(network, Domain.everything(1)))
    after = refit_groups(before, clusters, X, rounds=1)
    assert np.array_equal(after.groups.weights, before.groups.weights) and after.largest == np.inf


def test_bad_input_is_named():
    network, X = he_network(1, 2, 4, 1), np.random.default_rng(0).uniform(-1, 1, (40, 2))
    clusters = cluster_samples(network, X)
    bounds = bound_groups(group_clusters(clusters, X, groups=2), enumerate_regions(network, SQUARE))
    with pytest.raises(InputError, match="not those that the groups were made of"):
        refit_groups(bounds, cluster_samples(network, X[:3]), X[:3])
    with pytest.raises(InputError, match="use the same X"):
        refit_groups(bounds, clusters, X[:10])


def test_a_refit_that_is_cut_short_keeps_what_is_proved_to_be_better():
    network, X = he_network(3, 2, 5, 4, 1), np.random.default_rng(3).uniform(-1, 1, (60, 2))
    clusters = cluster_samples(network, X)
    before = bound_groups(group_clusters(clusters, X, groups=3), enumerate_regions(network, SQUARE))
    whole, cut_short = refit_groups(before, clusters, X, rounds=2), set()
    for looks in (0, 1, 3, 10, 30, 100, 10**9):
        found = refit_groups(before, clusters, X, rounds=2, time_limit=Looks.until(looks))
        assert (found.group_bound <= before.group_bound).all()
        assert np.array_equal(bound_groups(found.groups, before.partition).bound, found.bound)
        cut_short.add(found.reason)
    assert found.reason == "" and np.array_equal(found.bound, whole.bound)
    assert any("round 1 of 2" in reason for reason in cut_short)
