"""Importance over the whole domain against differences of the function, and measures side by side."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, hidden, layered, needle, tent_map

from relugeom.analysis.attributions import gradients, integrated_gradients
from relugeom.analysis.importance import cluster_importance, region_importance
from relugeom.analysis.permutation import permutation_importance
from relugeom.analysis.whole_domain import Weighting, compare_importance, domain_importance
from relugeom.errors import DataError, InputError
from relugeom.geometry.domain import Domain
from relugeom.measures.volumes import VolumeMethod, region_volumes
from relugeom.network.forward import evaluate
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions

SEEDS = st.integers(0, 2**32 - 1)
SAMPLES, VOLUME, REGIONS = range(3)


def weigh(network, domain, X, spread=None, *, max_regions=None, **options):
    partition = enumerate_regions(network, domain, max_regions=max_regions)
    clusters = cluster_samples(network, X, domain=domain)
    spread = np.std(X, axis=0) if spread is None else spread
    by_cluster, by_region = cluster_importance(clusters, spread), region_importance(partition, spread)
    return domain_importance(clusters, by_cluster, by_region, region_volumes(partition, **options)), partition


@settings(max_examples=20)
@given(SEEDS)
def test_the_mean_slope_by_volume_is_the_difference_of_the_ends(seed):
    network = he_network(seed, 1, 6, 4, 2)
    found, _ = weigh(network, Domain.box([-1.0], [3.0]), [[0.0]])
    low, high = evaluate(network, [[-1.0], [3.0]])
    np.testing.assert_allclose(found.mean[VOLUME][:, 0], (high - low) / 4, atol=1e-12)
    assert found.volume_method is VolumeMethod.EXACT and found.weighed[VOLUME] == pytest.approx(1.0, abs=1e-15)
    assert not found.volume_error.any()


def test_in_the_plane_it_is_the_mean_difference_of_opposite_sides():
    network = he_network(8, 2, 8, 5, 1)
    found, _ = weigh(network, Domain.box([-1, -2], [1, 2]), np.zeros((1, 2)))
    for axis, (half, other) in enumerate(((1.0, 2.0), (2.0, 1.0))):
        along = np.linspace(-other, other, 20_001)
        sides = []
        for end in (-half, half):
            points = np.full((len(along), 2), end)
            points[:, 1 - axis] = along
            sides.append(np.trapezoid(evaluate(network, points)[:, 0], along) / (2 * other))
        assert found.mean[VOLUME][0, axis] == pytest.approx((sides[1] - sides[0]) / (2 * half), abs=1e-7)


def test_the_tent_map_has_no_mean_slope_and_a_known_magnitude():
    found, partition = weigh(tent_map(3), Domain.box([0.0], [1.0]), [[0.1], [0.2], [0.9]], [1.0])
    assert len(partition) == 8
    np.testing.assert_allclose(found.mean[:, 0, 0], [-8 / 3, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.magnitude[:, 0, 0], 8.0)


@settings(max_examples=15)
@given(SEEDS)
def test_by_samples_it_is_the_mean_absolute_gradient_and_by_region_the_plain_mean(seed):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 2, 5, 4, 2), random.normal(size=(50, 2))
    found, partition = weigh(network, Domain.box([-1, -1], [1, 1]), X)
    np.testing.assert_allclose(found.magnitude[SAMPLES], gradients(network, X).mean_magnitude, rtol=1e-12)
    np.testing.assert_allclose(found.mean[SAMPLES], gradients(network, X).values.mean(axis=0), atol=1e-12)
    inner = gradients(network, partition.points).values  # one interior point per region
    np.testing.assert_allclose(found.magnitude[REGIONS], np.abs(inner).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.scaled, found.magnitude * X.std(axis=0), rtol=1e-12)
    assert found.weighed.tolist()[::2] == [50.0, len(partition)]
    assert (found.magnitude + 1e-12 >= np.abs(found.mean)).all()


def test_scaling_and_permuting_units_change_nothing():
    network, domain = he_network(6, 2, 6, 1), Domain.box([-1, -1], [1, 1])
    X, order, scale = np.random.default_rng(6).normal(size=(30, 2)), np.random.default_rng(1).permutation(6), 2.0**3
    (A, B), (a, b) = network.weights, network.biases
    other = layered((scale * A[order], scale * a[order]), (B[:, order] / scale, b))
    one, two = weigh(network, domain, X)[0], weigh(other, domain, X)[0]
    for name in ("mean", "magnitude", "share"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), atol=1e-12)


def test_estimated_volumes_say_so_and_stay_within_their_error():
    network, domain, X = he_network(3, 3, 8, 4, 1), Domain.box([-1] * 3, [1] * 3), np.zeros((1, 3))
    exact, _ = weigh(network, domain, X)
    guess, _ = weigh(network, domain, X, method=VolumeMethod.MONTE_CARLO, samples=5000)
    assert guess.volume_method is VolumeMethod.MONTE_CARLO and (guess.volume_error > 0).all()
    assert (np.abs(guess.magnitude - exact.magnitude)[VOLUME] < 5 * guess.volume_error).all()
    assert guess.volume_error.max() < 0.05 * exact.magnitude[VOLUME].max()
    assert (guess.magnitude != exact.magnitude)[VOLUME].any()


def test_the_error_of_an_estimate_counts_the_points_that_hit():
    network, domain, few = he_network(3, 3, 8, 4, 1), Domain.box([-1] * 3, [1] * 3), np.zeros((1, 3))
    partition = enumerate_regions(network, domain, max_regions=9)
    volumes = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=2000)
    hits = np.rint(volumes.shares * 2000).astype(int)
    assert 10 < hits.sum() < 2000
    clusters, by_region = cluster_samples(network, few), region_importance(partition, [1, 1, 1])
    found = domain_importance(clusters, cluster_importance(clusters, [1, 1, 1]), by_region, volumes)
    drawn = np.repeat(np.abs(by_region.coefficients), hits, axis=0)  # one row per point that hit
    np.testing.assert_allclose(found.magnitude[VOLUME], drawn.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.volume_error, drawn.std(axis=0) / np.sqrt(len(drawn)), rtol=1e-9)


def test_an_unbounded_domain_has_no_weights_by_volume_and_the_reason_is_there():
    found, _ = weigh(he_network(1, 2, 3, 1), Domain.everything(2), np.eye(2))
    assert np.isnan(found.magnitude[VOLUME]).all() and np.isnan(found.share[VOLUME]).all() and found.reason
    assert np.isfinite(found.magnitude[[SAMPLES, REGIONS]]).all()


def test_a_truncated_partition_is_weighed_as_far_as_it_was_found():
    network, domain = he_network(2, 2, 8, 1), Domain.box([-1, -1], [1, 1])
    part, partition = weigh(network, domain, np.eye(2), max_regions=4)
    volumes = region_volumes(partition).shares
    assert part.weighed.tolist() == [2.0, pytest.approx(volumes.sum()), 4.0] and part.weighed[VOLUME] < 0.9
    by_hand = (np.abs(region_importance(partition, [1, 1]).coefficients) * volumes[:, None, None]).sum(axis=0)
    np.testing.assert_allclose(part.magnitude[VOLUME], by_hand / volumes.sum(), rtol=1e-12)


def test_a_dead_network_and_a_region_without_a_float_inside():
    dead, _ = weigh(hidden(([[0.0, 0.0]], [-1.0])), Domain.box([0, 0], [1, 1]), np.eye(2))
    assert not dead.magnitude.any() and not dead.share.any()
    thin, partition = weigh(needle(), Domain.box([0.0], [1.0]), [[0.0]], [1.0])
    assert len(partition) == 3 and thin.mean[VOLUME][0, 0] == pytest.approx(-1.0)


def test_measures_stand_side_by_side():
    random = np.random.default_rng(4)
    network, X = he_network(4, 3, 6, 2), random.uniform(-1, 1, (60, 3))
    whole, _ = weigh(network, Domain.box([-1] * 3, [1] * 3), X)
    parts = gradients(network, X), integrated_gradients(network, X), permutation_importance(network, X)
    found = compare_importance(whole, *parts, X.std(axis=0))
    assert len(found.measures) == 6 == len(set(found.measures)) and found.shares.shape == (6, 2, 3)
    np.testing.assert_allclose(found.shares.sum(axis=2), 1.0, rtol=1e-12)
    row = {name: found.shares[place] for place, name in enumerate(found.measures)}
    np.testing.assert_allclose(row["gradients"], row[f"effective vectors by {Weighting.SAMPLES}"], rtol=1e-12)
    scored = permutation_importance(network, X, (X[:, 0] > 0).astype(float))
    shares = compare_importance(whole, *parts[:2], scored, X.std(axis=0)).shares[-1]
    np.testing.assert_array_equal(shares[0], shares[1])
    worse = replace(scored, drops=np.array([[[0.3, -0.1, 0.1]]]))
    clipped = compare_importance(whole, *parts[:2], worse, X.std(axis=0)).shares[-1]
    np.testing.assert_allclose(clipped, [[0.75, 0.0, 0.25]] * 2)


def test_parts_that_do_not_belong_together_are_refused():
    network, domain, X = he_network(0, 2, 3, 1), Domain.box([0, 0], [1, 1]), np.eye(2)
    partition, clusters = enumerate_regions(network, domain), cluster_samples(network, X)
    by_cluster, by_region = cluster_importance(clusters, [1, 1]), region_importance(partition, [1, 1])
    other = enumerate_regions(he_network(1, 2, 3, 1), domain)
    with pytest.raises(InputError, match="different networks"):
        domain_importance(clusters, by_cluster, region_importance(other, [1, 1]), region_volumes(other))
    larger = enumerate_regions(network, Domain.box([-9, -9], [9, 9]))
    assert len(larger) != len(partition)
    with pytest.raises(InputError, match="another number of rows"):
        domain_importance(clusters, by_cluster, by_region, region_volumes(larger))
    whole = domain_importance(clusters, by_cluster, by_region, region_volumes(partition))
    parts = gradients(network, X), integrated_gradients(network, X), permutation_importance(network, X)
    with pytest.raises(InputError, match="different networks"):
        compare_importance(whole, gradients(other.network, X), *parts[1:], np.ones(2))
    with pytest.raises(DataError, match="the spread"):
        compare_importance(whole, *parts, np.ones(3))
