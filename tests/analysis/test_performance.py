"""Measures of groups against counting all pairs, and against groups taken one by one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, hidden, integer_network, layered

from relugeom.analysis.performance import area_under_curve, cluster_performance, determination, region_performance
from relugeom.deadline import Deadline
from relugeom.errors import DataError, InputError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision, Squashing
from relugeom.network.effective import effective_map
from relugeom.network.forward import decide, evaluate, predict
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions

SEEDS = st.integers(0, 2**32 - 1)
pytestmark = pytest.mark.filterwarnings("ignore:the decision is right for")  # the targets are drawn


def naive_area(score, positive):
    """Pairs of a positive and a negative sample, one by one."""
    pairs = [
        (a, b) for a, p in zip(score, positive, strict=True) if p for b, q in zip(score, positive, strict=True) if not q
    ]
    if not pairs:
        return None
    return float(sum(Fraction(2 if a > b else int(a == b), 2) for a, b in pairs) / len(pairs))


def naive_r2(y, fitted):
    y, fitted = [Fraction(v) for v in y], [Fraction(v) for v in fitted]
    if len(set(y)) < 2:
        return None
    mean = sum(y) / len(y)
    error = sum((a - b) ** 2 for a, b in zip(y, fitted, strict=True))
    return float(1 - error / sum((a - mean) ** 2 for a in y))


def agree(found, wanted):
    assert (found is None) == (wanted is None)
    if found is not None:
        assert found == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=25))
def test_the_area_is_the_share_of_pairs_in_order(samples):
    score, positive = [s for s, _ in samples], [p for _, p in samples]
    assert area_under_curve(score, positive) == naive_area(score, positive)


def test_the_area_needs_no_float_pairs():
    positive = np.arange(400_000) % 2 == 0
    assert area_under_curve(np.zeros(400_000), positive) == 0.5
    assert area_under_curve(positive.astype(float), positive) == 1.0
    assert area_under_curve(-positive.astype(float), positive) == 0.0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=12))
def test_r2_is_its_definition(samples):
    y, fitted = [a for a, _ in samples], [b for _, b in samples]
    agree(determination(y, fitted), naive_r2(y, fitted))


def test_a_constant_response_that_rounds_to_another_mean_has_no_r2():
    assert determination([0.1] * 3, [0.0, 0.1, 0.2]) is None


def rank(values):
    """The score of class 1: the output, or the second minus the first."""
    return values[:, -1] - values[:, 0] if values.shape[1] == 2 else values[:, 0]


def check_groups(found, network, packed_texts, groups, X, y):
    """Every row of a table against its samples taken alone."""
    outputs, classes, predictions = evaluate(network, X), decide(network, X), predict(network, X)
    for row, (text, members) in enumerate(zip(packed_texts, groups, strict=True)):
        one = found[row]
        assert one.count == len(members)
        if not len(members):
            assert one.response_mean is one.local_auc is one.global_auc is one.accuracy is None
            assert np.isnan(one.predicted_mean).all()
            continue
        agree(one.response_mean, y[members].mean())
        np.testing.assert_allclose(one.predicted_mean, predictions[members].mean(axis=0), rtol=1e-12)
        agree(one.accuracy, (classes[members] == y[members]).mean())
        omega, b = effective_map(network, text)
        np.testing.assert_allclose((X @ omega.T + b)[members], outputs[members], atol=1e-9)
        agree(one.local_auc, naive_area(rank(outputs[members]), y[members] == 1))
        agree(one.global_auc, naive_area(rank(X @ omega.T + b), y == 1))


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([1, 2]))
def test_every_cluster_of_a_classifier_is_measured_as_if_alone(seed, outputs):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, outputs)  # integers: exact ties
    if outputs == 1:
        network = replace(network, squashing=Squashing.SIGMOID, decision=Decision.at_threshold(0.0))
    X, y = random.integers(-3, 4, (40, 2)).astype(float), random.integers(0, 2, 40).astype(float)
    clusters = cluster_samples(network, X, target=y)
    found = cluster_performance(clusters, X, y)
    groups = [np.flatnonzero(clusters.assignment == row) for row in range(len(clusters))]
    check_groups(found, network, [str(cluster.pattern) for cluster in clusters], groups, X, y)
    np.testing.assert_allclose(found.accuracy, clusters.accuracy, rtol=1e-12)
    np.testing.assert_allclose(found.response_mean, clusters.target_mean, rtol=1e-12)
    assert found.overall.count == 40
    agree(found.overall.accuracy, (decide(network, X) == y).mean())
    agree(found.overall.global_auc, naive_area(evaluate(network, X) @ ([1.0] if outputs == 1 else [-1.0, 1.0]), y == 1))
    assert found.overall.local_r2 is None


@settings(max_examples=15)
@given(SEEDS)
def test_regions_count_samples_inside_the_domain_only(seed):
    random = np.random.default_rng(seed)
    network = replace(integer_network(random, 2, 4, 1), decision=Decision.at_threshold(0.0))
    X, y = random.integers(-4, 5, (40, 2)).astype(float), random.integers(0, 2, 40).astype(float)
    partition = enumerate_regions(network, Domain.box([-2.5, -2.5], [2.5, 2.5]))
    clusters = cluster_samples(network, X, target=y, domain=partition.domain)
    found = region_performance(partition, clusters, X, y)
    inside = (np.abs(X) <= 2.5).all(axis=1)
    texts = [str(region.pattern) for region in partition]
    sample_texts = np.array([str(clusters[row].pattern) for row in clusters.assignment])[inside]
    groups = [np.flatnonzero(sample_texts == text) for text in texts]
    check_groups(found, network, texts, groups, X[inside], y[inside])
    assert found.overall.count == inside.sum()


def test_a_regression_has_r2_and_no_accuracy():
    random = np.random.default_rng(3)
    network, X = he_network(3, 2, 5, 1), random.normal(size=(200, 2))
    y = evaluate(network, X)[:, 0] + random.normal(size=200) * 0.2
    clusters = cluster_samples(network, X, target=y)
    found = cluster_performance(clusters, X, y)
    assert np.isnan(found.accuracy).all() and np.isnan(found.local_auc).all()
    for row, cluster in enumerate(clusters):
        members = clusters.assignment == row
        omega, b = effective_map(network, cluster.pattern)
        fitted = (X @ omega.T + b)[:, 0]
        agree(found[row].local_r2, naive_r2(y[members], fitted[members]))
        agree(found[row].global_r2, naive_r2(y, fitted))
    agree(found.overall.local_r2, naive_r2(y, evaluate(network, X)[:, 0]))
    assert found.overall.local_r2 > 0.8


def test_a_map_without_coefficients_ties_all_its_samples():
    # relu(0.1 x + 0.3 y) − relu(…) cancels exactly in the map, whatever floats do on the way.
    network = layered(([[0.1, 0.3], [0.1, 0.3]], [1.0, 1.0]), ([[0.7, -0.7]], [0.2]))
    X = np.random.default_rng(0).uniform(0, 1, (50, 2))
    found = cluster_performance(cluster_samples(network, X), X, np.arange(50) % 2)
    assert found[0].local_auc == 0.5 == found[0].global_auc


def test_without_a_target_only_counts_and_predictions_are_there():
    network, X = he_network(1, 2, 4, 3), np.random.default_rng(1).normal(size=(20, 2))
    found = cluster_performance(cluster_samples(network, X), X)
    assert found.count.sum() == 20
    np.testing.assert_allclose(found.overall.predicted_mean, predict(network, X).mean(axis=0))
    for one in found:
        assert one.accuracy is one.local_auc is one.global_r2 is one.response_mean is None


def test_three_classes_have_accuracy_and_no_area():
    network, X = he_network(1, 2, 4, 3), np.random.default_rng(1).normal(size=(30, 2))
    found = cluster_performance(cluster_samples(network, X), X, np.arange(30) % 3)
    assert found.overall.accuracy == (decide(network, X) == np.arange(30) % 3).mean()
    assert found.overall.local_auc is None and np.isnan(found.global_auc).all()


def test_one_class_has_no_area_and_a_single_cluster_has_its_own():
    network = hidden(([[1.0]], [10.0]))
    X = np.array([[0.0], [1.0], [2.0]])
    clusters = cluster_samples(network, X)
    assert cluster_performance(clusters, X, np.ones(3))[0].local_auc is None
    one = cluster_performance(clusters, X, [0, 0, 1])[0]
    assert one.local_auc == one.global_auc == 1.0


def test_a_domain_without_samples_has_empty_measures():
    network = replace(he_network(0, 2, 4, 1), decision=Decision.at_threshold(0.0))
    partition = enumerate_regions(network, Domain.box([5, 5], [6, 6]))
    X = np.zeros((4, 2))
    found = region_performance(partition, cluster_samples(network, X, domain=partition.domain), X, [0, 1, 0, 1])
    assert found.count.sum() == 0 == found.overall.count
    assert found.overall.accuracy is found.overall.global_auc is found.overall.response_mean is None
    assert np.isnan(found.predicted_mean).all()


def test_global_measures_stop_at_the_limit_with_the_largest_groups_first():
    network, X = he_network(4, 2, 8, 1), np.random.default_rng(4).normal(size=(300, 2))
    clusters = cluster_samples(network, X)
    y = (X[:, 0] > 0).astype(float)
    found, whole = (cluster_performance(clusters, X, y, global_limit=limit) for limit in (3, 1000))
    assert len(clusters) > 3 and found.has_global.tolist() == [True] * 3 + [False] * (len(clusters) - 3)
    np.testing.assert_array_equal(found.global_auc[:3], whole.global_auc[:3])
    assert np.isnan(found.global_auc[3:]).all() and not np.isnan(whole.global_auc).any()
    np.testing.assert_array_equal(found.local_auc, whole.local_auc)


def test_without_time_there_are_local_measures_and_none_on_all_samples():
    network, X = he_network(4, 2, 8, 1), np.random.default_rng(4).normal(size=(300, 2))
    clusters, y = cluster_samples(network, X), (X[:, 0] > 0).astype(float)
    late, whole = (cluster_performance(clusters, X, y, time_limit=limit) for limit in (Deadline(0), None))
    assert whole.has_global.all() and not late.has_global.any()
    assert np.isnan(late.global_auc).all() and np.isnan(late.global_r2).all()
    np.testing.assert_array_equal(late.local_auc, whole.local_auc)
    np.testing.assert_array_equal(late.predicted_mean, whole.predicted_mean)
    assert late.overall.global_r2 == whole.overall.global_r2 is not None


def test_what_does_not_fit_is_refused():
    network, X = he_network(0, 2, 3, 1), np.eye(2)
    clusters = cluster_samples(network, X)
    with pytest.raises(DataError, match="2 were clustered"):
        cluster_performance(clusters, np.zeros((3, 2)))
    with pytest.raises(DataError, match="target has shape"):
        cluster_performance(clusters, X, [1.0])
    with pytest.raises(DataError, match="data row 2: the value is missing"):
        cluster_performance(clusters, X, [1.0, np.nan])
    with pytest.raises(InputError, match="must not be negative"):
        cluster_performance(clusters, X, global_limit=-1)
    other = enumerate_regions(he_network(1, 2, 3, 1), Domain.box([0, 0], [1, 1]))
    with pytest.raises(InputError, match="different networks"):
        region_performance(other, clusters, X)
