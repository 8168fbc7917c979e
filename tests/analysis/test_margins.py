"""Distances to the boundary of a region, against their definition, at every size of weights and samples."""

import numpy as np
import pytest
from command_line import small_network

from relugeom.analysis.margins import sample_margins
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns
from relugeom.partition.clusters import cluster_samples

NETWORK = small_network(3, 4, 3, 1)
X = np.random.default_rng(8).normal(size=(30, 3))


def scaled(*sizes: float, samples: float = 1.0) -> ReLUNetwork:
    """The same network with each layer multiplied by a power of 2, for samples that are multiplied by one."""
    weights, biases, total = [], [], 1.0
    for weight, bias, size in zip(NETWORK.weights, NETWORK.biases, sizes, strict=True):
        total *= size
        weights.append(weight * size / (samples if not weights else 1.0))
        biases.append(bias * total)
    return ReLUNetwork(weights=tuple(weights), biases=tuple(biases))


def distances(network: ReLUNetwork, samples: np.ndarray) -> np.ndarray:
    return sample_margins(cluster_samples(network, samples), samples).distance


def test_the_distance_is_that_of_the_nearest_hyperplane():
    clusters = cluster_samples(NETWORK, X)
    bits = unpack_patterns(clusters.packed, NETWORK.units)[clusters.assignment]
    for x, active, found in zip(X, bits.astype(float), distances(NETWORK, X), strict=True):
        first = NETWORK.weights[0], NETWORK.biases[0]
        inner = NETWORK.weights[1] * active[:4]
        second = inner @ first[0], inner @ first[1] + NETWORK.biases[1]
        W, c = np.vstack([first[0], second[0]]), np.hstack([first[1], second[1]])
        norm = np.linalg.norm(W, axis=1)
        gaps = np.abs(W @ x + c)[norm > 0] / norm[norm > 0]
        assert found == pytest.approx(gaps.min(), rel=1e-12)


@pytest.mark.parametrize(
    "exponents", [(900, 0, -900), (-900, 0, 900), (600, -600, 0), (-500, -500, 900), (600, 400, -900)]
)
def test_weights_of_any_size_change_no_distance(exponents):
    network = scaled(*(2.0**exponent for exponent in exponents))
    np.testing.assert_allclose(distances(network, X), distances(NETWORK, X), rtol=1e-9)


@pytest.mark.parametrize("exponent", [-900, -400, 400])
def test_distances_grow_with_the_samples(exponent):
    factor = 2.0**exponent
    found = distances(scaled(1.0, 1.0, 1.0, samples=factor), X * factor)
    np.testing.assert_allclose(found, distances(NETWORK, X) * factor, rtol=1e-9)


def test_forms_that_overflow_on_the_way_are_exact():
    network = ReLUNetwork(
        weights=(np.array([[1e300, -1e300]]), np.array([[1e300]]), np.array([[1e-300]])),
        biases=(np.zeros(1), np.array([-1e300]), np.zeros(1)),
    )
    samples = np.array([[3e-300, 1e-300], [1e-300, 3e-300]])
    np.testing.assert_allclose(distances(network, samples)[0], (2e-300 - 1e-300) / np.sqrt(2), rtol=1e-9)
