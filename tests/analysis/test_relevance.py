"""Intervals of coefficients: examples from theory, another solver over all samples, laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from relugeom.analysis.relevance import Relevance, cluster_relevance
from relugeom.errors import InputError
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples

STRONG, WEAK, IRRELEVANT, CONSTANT = Relevance


def linear(*weights):
    """A network that is one affine map where its unit is active: 10 + w·x, for inputs near 0."""
    w = np.array([weights], dtype=np.float64)
    return ReLUNetwork.from_layers((w, [10.0]), ([[1.0]], [-10.0]))


def of_one_cluster(network, X, **options):
    clusters = cluster_samples(network, X)
    assert len(clusters) == 1
    found = cluster_relevance(clusters, X, **options)
    return found.low[0, 0], found.high[0, 0], found.relevance[0][0]


def test_independent_features_keep_their_coefficients():
    X = np.random.default_rng(0).normal(size=(50, 3))
    low, high, classes = of_one_cluster(linear(0.5, -0.25, 0.0), X)
    assert low.tolist() == high.tolist() == [0.5, -0.25, 0.0]
    assert classes == (STRONG, STRONG, IRRELEVANT)


def test_two_equal_columns_can_stand_in_for_each_other():
    """a + b = 1 and |a| + |b| ≤ 1.1: each from −0.05 to 1.05."""
    x = np.random.default_rng(0).normal(size=(40, 1))
    low, high, classes = of_one_cluster(linear(0.75, 0.25), np.hstack([x, x]), delta=0.1)
    assert low == pytest.approx([-0.05, -0.05], abs=1e-12)
    assert high == pytest.approx([1.05, 1.05], abs=1e-12)
    assert classes == (WEAK, WEAK)


def test_without_slack_equal_columns_share_what_there_is():
    x = np.random.default_rng(0).normal(size=(40, 1))
    low, high, _ = of_one_cluster(linear(0.75, 0.25), np.hstack([x, x]), delta=0.0)
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_opposite_columns_whose_effects_cancel_are_not_needed():
    """a x − a x = 0: the least norm is 0, and nothing else is allowed."""
    x = np.random.default_rng(1).normal(size=(40, 1))
    low, high, classes = of_one_cluster(linear(0.5, 0.5, 0.25), np.hstack([x, -x, x**2]))
    assert low[2] == high[2] == 0.25
    assert classes[2] is STRONG and classes[0] is classes[1] is WEAK
    assert (low[:2] < 0).all() and (high[:2] > 0).all()


def test_a_constant_feature_is_not_identifiable():
    x = np.random.default_rng(0).normal(size=(40, 1))
    low, high, classes = of_one_cluster(linear(0.5, 0.25), np.hstack([x, np.full((40, 1), 3.0)]))
    assert classes == (STRONG, CONSTANT)
    assert (low[1], high[1]) == pytest.approx((-0.05, 0.05), abs=1e-12)  # what δ leaves of the norm


def test_one_sample_identifies_nothing():
    low, high, classes = of_one_cluster(linear(0.5, 0.25), np.array([[0.5, 0.25]]))
    assert classes == (CONSTANT, CONSTANT)
    assert low.tolist() == high.tolist() == [0.0, 0.0]


def test_nearly_equal_columns_are_weak_only_where_a_tolerance_lets_them():
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, size=(60, 1))
    X = np.hstack([x, x + 1e-3 * random.normal(size=x.shape)])
    assert of_one_cluster(linear(0.75, 0.25), X)[2] == (STRONG, STRONG)
    assert of_one_cluster(linear(0.75, 0.25), X, tolerance=0.05)[2] == (WEAK, WEAK)


def test_what_moves_the_prediction_by_less_than_the_tolerance_is_irrelevant():
    X = np.random.default_rng(3).uniform(-1, 1, size=(60, 2)) * np.array([1.0, 1e-4])
    _, _, classes = of_one_cluster(linear(0.75, 0.25), X, tolerance=0.01, delta=0.0)
    assert classes == (STRONG, IRRELEVANT)


def reference(X, w, sigma, tolerance, delta):
    """The same programs over all samples at once, in floats."""
    n, s = X.shape[1], len(X)
    A = np.vstack(
        [
            np.hstack([np.eye(n), -np.eye(n), np.zeros((n, 1))]),
            np.hstack([-np.eye(n), -np.eye(n), np.zeros((n, 1))]),
            np.hstack([X, np.zeros((s, n)), np.ones((s, 1))]),
            np.hstack([-X, np.zeros((s, n)), -np.ones((s, 1))]),
        ]
    )
    b = np.concatenate([np.zeros(2 * n), X @ w + tolerance, tolerance - X @ w])
    norm = np.concatenate([np.zeros(n), sigma, [0.0]])
    bounds = [(None, None)] * (2 * n + 1)
    least = linprog(norm, A_ub=A, b_ub=b, bounds=bounds).fun
    A, b = np.vstack([A, norm]), np.append(b, least * (1 + delta))
    ends = []
    for sign in (1, -1):
        c = sign * np.eye(2 * n + 1)
        ends.append([sign * linprog(c[k], A_ub=A, b_ub=b, bounds=bounds).fun for k in range(n)])
    return least, np.array(ends)


@pytest.mark.parametrize("tolerance", [0.02, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_another_solver_over_all_samples_agrees(seed, tolerance):
    random = np.random.default_rng(seed)
    X = random.uniform(-1, 1, size=(30, 4))
    X[:, 1] = X[:, 0] + 0.1 * random.normal(size=30)
    w, sigma = random.normal(size=4), random.uniform(0.5, 2, size=4)
    network = linear(*w)
    clusters = cluster_samples(network, X)
    found = cluster_relevance(clusters, X, tolerance=tolerance, spread=sigma, delta=0.25)
    least, (low, high) = reference(X, w, sigma, tolerance, 0.25)
    assert found.norm[0, 0] == pytest.approx(least, abs=1e-7)
    assert found.low[0, 0] == pytest.approx(low, abs=1e-6)
    assert found.high[0, 0] == pytest.approx(high, abs=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_more_tolerance_cannot_need_more_norm_and_more_slack_cannot_narrow(seed, tolerance, delta):
    random = np.random.default_rng(seed)
    X = random.integers(-2, 3, size=(8, 3)) / 4.0
    clusters = cluster_samples(linear(*(random.integers(-4, 5, size=3) / 4.0)), X)
    some = cluster_relevance(clusters, X, tolerance=tolerance, delta=delta)
    loose = cluster_relevance(clusters, X, tolerance=tolerance + 0.25, delta=delta)
    wide = cluster_relevance(clusters, X, tolerance=tolerance, delta=delta + 0.25)
    assert (loose.norm <= some.norm).all()
    assert (wide.low <= some.low).all() and (wide.high >= some.high).all()
    assert (some.low <= some.high).all()


def test_every_cluster_and_output_is_asked_about_its_own_map():
    network = ReLUNetwork.from_layers(([[1.0, 0.0], [-1.0, 0.0]], [0.0, 0.0]), ([[1.0, 2.0], [0.0, 3.0]], [0.0, 0.0]))
    X = np.random.default_rng(0).uniform(-1, 1, size=(60, 2))
    clusters = cluster_samples(network, X)
    found = cluster_relevance(clusters, X)
    assert found.low.shape == (len(clusters), 2, 2)
    for row, packed in enumerate(clusters.packed):
        own = [1.0, 0.0] if packed[0] & 0b10000000 else [-2.0, -3.0]
        assert found.low[row, :, 0].tolist() == found.high[row, :, 0].tolist() == own
        assert found.relevance[row][0][1] is IRRELEVANT


def test_what_time_did_not_allow_is_left_out_and_said_to_be():
    X = np.random.default_rng(0).normal(size=(50, 3))
    clusters = cluster_samples(linear(0.5, -0.25, 0.0), X)
    found = cluster_relevance(clusters, X, time_limit=0.0)
    assert len(found) == 0 and "left" in found.reason


@pytest.mark.parametrize("options", [{"tolerance": -1.0}, {"tolerance": np.inf}, {"delta": -0.5}, {"delta": np.nan}])
def test_numbers_that_mean_nothing_are_refused(options):
    X = np.zeros((2, 2))
    with pytest.raises(InputError, match="from 0 on"):
        cluster_relevance(cluster_samples(linear(0.5, 0.5), X), X, **options)


def test_other_samples_than_those_that_were_clustered_are_refused():
    X = np.zeros((2, 2))
    with pytest.raises(InputError, match="use the same X"):
        cluster_relevance(cluster_samples(linear(0.5, 0.5), X), np.zeros((3, 2)))
