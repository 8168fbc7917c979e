"""Importance of clusters and regions against outputs, hand-computed maps and laws."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, hidden, integer_network, layered
from oracles import exact_layers, pattern_at, unit_forms

from relugeom.analysis.importance import cluster_importance, magnitude_shares, region_importance
from relugeom.errors import DataError
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(SEEDS)
def test_coefficients_are_those_of_the_naive_forms_and_contributions_sum_to_the_mean_output(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 3, 4, 3, 2)
    X = random.integers(-3, 4, (30, 3)).astype(float)
    clusters = cluster_samples(network, X)
    found = cluster_importance(clusters, X.std(axis=0))
    layers = exact_layers(network)
    for row, cluster in enumerate(clusters):
        naive = np.array([[float(entry) for entry in form] for form in unit_forms(layers, str(cluster.pattern))[-1]])
        np.testing.assert_array_equal(found.coefficients[row], naive[:, :-1])
        mean_output = evaluate(network, X[clusters.assignment == row]).mean(axis=0)
        np.testing.assert_allclose(found.contribution[row].sum(axis=1) + naive[:, -1], mean_output, atol=1e-9)


@settings(max_examples=15)
@given(SEEDS)
def test_shares_do_not_see_the_units_of_measurement(seed):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 3, 5, 2), random.normal(size=(40, 3))
    units = 2.0 ** random.integers(-6, 7, 3)
    other = layered(*zip((network.weights[0] / units, network.weights[1]), network.biases, strict=True))
    one = cluster_importance(cluster_samples(network, X), X.std(axis=0))
    two = cluster_importance(cluster_samples(other, X * units), (X * units).std(axis=0))
    np.testing.assert_allclose(two.scaled_share, one.scaled_share, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(two.contribution_share, one.contribution_share, rtol=1e-12, atol=1e-300)
    alive = np.abs(one.scaled).sum(axis=2) > 0
    np.testing.assert_allclose(one.scaled_share.sum(axis=2), alive.astype(float), rtol=1e-12)


def test_permuting_units_changes_nothing():
    network, X = he_network(5, 3, 6, 4, 1), np.random.default_rng(5).normal(size=(60, 3))
    first, second = np.random.default_rng(1).permutation(6), np.random.default_rng(2).permutation(4)
    (A, B, C), (a, b, c) = network.weights, network.biases
    other = layered((A[first], a[first]), (B[second][:, first], b[second]), (C[:, second], c))
    one, two = cluster_samples(network, X), cluster_samples(other, X)
    np.testing.assert_array_equal(one.assignment, two.assignment)
    np.testing.assert_allclose(
        cluster_importance(one, X.std(axis=0)).scaled, cluster_importance(two, X.std(axis=0)).scaled, rtol=1e-14
    )


def test_a_region_contributes_at_its_interior_point():
    network = he_network(2, 2, 5, 2)
    partition = enumerate_regions(network, Domain.box([-1, -1], [1, 1]))
    found = region_importance(partition, [1.0, 2.0])
    assert len(found) == len(partition) > 3
    outputs = found.contribution.sum(axis=2) + found.maps.biases
    np.testing.assert_allclose(outputs, evaluate(network, partition.points), atol=1e-12)
    np.testing.assert_array_equal(found.scaled, found.coefficients * [1.0, 2.0])
    layers = exact_layers(network)
    assert [pattern_at(layers, tuple(map(Fraction, point))) for point in partition.points] == [
        str(region.pattern) for region in partition
    ]


def test_a_dead_network_has_zero_importance_and_no_division_by_zero():
    network = hidden(([[0.0, 0.0]], [-1.0]))
    found = cluster_importance(cluster_samples(network, np.eye(2)), [0.5, 0.5])
    for column in (found.coefficients, found.scaled, found.scaled_share, found.contribution_share):
        np.testing.assert_array_equal(column, np.zeros((1, 1, 2)))


def test_shares_of_huge_and_tiny_numbers_are_right():
    np.testing.assert_array_equal(magnitude_shares(np.array([[1e308, -1e308], [5e-324, 5e-324]])), np.full((2, 2), 0.5))


def test_columns_cannot_be_changed():
    found = cluster_importance(cluster_samples(he_network(0, 2, 3, 1), np.eye(2)), [1.0, 1.0])
    with pytest.raises(ValueError, match="read-only"):
        found.scaled[0] = 1.0


@pytest.mark.parametrize("spread", [[1.0], [1.0, -1.0], [1.0, np.nan], [[1.0, 1.0]]])
def test_a_spread_that_does_not_fit_is_refused(spread):
    network = he_network(0, 2, 3, 1)
    with pytest.raises(DataError, match="the spread"):
        cluster_importance(cluster_samples(network, np.eye(2)), spread)
    with pytest.raises(DataError, match="the spread"):
        region_importance(enumerate_regions(network, Domain.box([0, 0], [1, 1])), spread)


def test_regions_that_were_not_done_in_time_are_left_out():
    network = he_network(2, 2, 5, 2)
    partition = enumerate_regions(network, Domain.box([-1, -1], [1, 1]))
    none = region_importance(partition, [1, 2], time_limit=Looks.until(0))
    assert (len(none), none.contribution.shape[1:]) == (0, (2, 2))
    assert "time ran out" in none.reason
    whole = region_importance(partition, [1, 2], time_limit=Looks.until(1))
    assert (len(whole), whole.reason) == (len(partition), "")


def test_the_largest_clusters_alone_have_the_same_importance():
    network, X = he_network(4, 3, 6, 2), np.random.default_rng(4).normal(size=(60, 3))
    clusters, spread = cluster_samples(network, X), X.std(axis=0)
    every, few = cluster_importance(clusters, spread), cluster_importance(clusters, spread, most=2)
    assert len(few) == 2 < len(every)
    for name in ("coefficients", "scaled", "contribution"):
        np.testing.assert_array_equal(getattr(few, name), getattr(every, name)[:2])
