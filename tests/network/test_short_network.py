"""Short networks: the same function in exact arithmetic, with no unit left that the rule leaves out."""

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from networks import layered
from oracles import evaluate_layers, exact_layers

from relugeom.network.network import ReLUNetwork
from relugeom.network.short_network import short_network

FACTORS = [1.0, 1.0, 0.5, 3.0, 1.5, 2.0**-40, 0.1, -1.0, 0.0]


@st.composite
def doubled_networks(draw) -> ReLUNetwork:
    """Networks some of whose units are (nearly) multiples of others, and often cancel in the level above."""
    widths = [draw(st.integers(1, 3)), *draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)), 2]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    layers = [
        (
            np.round(random.normal(size=(above, below)) * 8) / random.choice([8.0, 10.0]),
            random.integers(-2, 3, above) / 4,
        )
        for below, above in itertools.pairwise(widths)
    ]
    for (W, b), (above, _) in itertools.pairwise(layers):
        for unit in range(1, len(W)):
            if random.random() < 0.6:
                factor, other = random.choice(FACTORS), random.integers(unit)
                W[unit], b[unit] = factor * W[other], factor * b[other]
                rows = random.random(len(above)) < 0.6
                above[rows, other] = -factor * above[rows, unit]
    return layered(*layers)


@given(network=doubled_networks())
def test_a_short_network_is_the_same_function(network):
    short = short_network(network)
    random = np.random.default_rng(0)
    for _ in range(5):
        point = [Fraction(int(value), 4) for value in random.integers(-12, 13, network.inputs)]
        ends = [evaluate_layers(exact_layers(each), point)[-1] for each in (network, short)]
        assert ends[0] == ends[1]
    assert short_network(short) == short
    assert all(few <= many for few, many in zip(short.widths, network.widths, strict=True))
    for above in short.weights[1:]:
        assert above.any(axis=0).all() or above.shape[1] == 1


def test_what_is_no_multiple_stays():
    opposite = layered(([[1.0], [-1.0]], [0, 0]), ([[1.0, -1.0]], [0]))
    nearly = layered(([[1.0, 0.1], [3.0, 0.3]], [0, 0]), ([[1.0, 1.0]], [0]))  # 0.3 is not three times 0.1
    inexact = layered(([[1.0], [1.0]], [0, 0]), ([[1.0, 2.0**-53]], [0]))
    for network in (opposite, nearly, inexact):
        assert short_network(network) is network


def test_multiples_merge_and_what_cancels_is_gone():
    network = layered(
        ([[1.0, 2.0], [0.5, 1.0], [0.0, 1.0]], [0.25, 0.125, 0]),
        ([[1.0, -2.0, 3.0], [2.0, 0.0, 0.0]], [0, 0]),
        ([[1.0, 0.0]], [0]),
    )
    short = short_network(network)
    assert [W.tolist() for W in short.weights] == [[[0.0, 1.0]], [[3.0]], [[1.0]]]
