"""Bounds by interval arithmetic against the same in rationals, which they enclose closely."""

from fractions import Fraction
from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import he_network, layered
from oracles import exact_layers

from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork

FINITE = st.floats(-1e30, 1e30)


def naive_ends(network: ReLUNetwork, lower, upper):
    """Interval arithmetic in rationals."""
    ends = list(zip(map(Fraction, lower.tolist()), map(Fraction, upper.tolist()), strict=True))
    for number, (W, b) in enumerate(exact_layers(network)):
        if number:
            ends = [(max(low, Fraction(0)), max(high, Fraction(0))) for low, high in ends]
        pairs = [
            [(w * low, w * high) if w >= 0 else (w * high, w * low) for w, (low, high) in zip(row, ends, strict=True)]
            for row in W
        ]
        ends = [
            (c + sum(low for low, _ in row), c + sum(high for _, high in row)) for row, c in zip(pairs, b, strict=True)
        ]
    return ends


@settings(max_examples=60)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_bounds_enclose_those_of_rationals(sizes, data):
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    network = ReLUNetwork(
        tuple(data.draw(arrays(np.float64, shape, elements=FINITE)) for shape in shapes),
        tuple(data.draw(arrays(np.float64, shape[:1], elements=FINITE)) for shape in shapes),
    )
    sides = data.draw(arrays(np.float64, (2, sizes[0]), elements=FINITE))
    lower, upper = sides.min(axis=0), sides.max(axis=0)
    low, high = output_interval(network, lower, upper)
    for k, (least, most) in enumerate(naive_ends(network, lower, upper)):
        assert low[k] == -inf or Fraction(float(low[k])) <= least
        assert high[k] == inf or Fraction(float(high[k])) >= most


def test_bounds_are_close_to_those_of_rationals():
    network = he_network(4, 5, 12, 12, 2)
    low, high = output_interval(network, -np.ones(5), np.ones(5))
    for k, (least, most) in enumerate(naive_ends(network, -np.ones(5), np.ones(5))):
        assert 0 <= least - Fraction(float(low[k])) < 1e-10
        assert 0 <= Fraction(float(high[k])) - most < 1e-10


def test_open_sides_bound_what_they_can():
    network = layered(([[1, 0], [0, 1]], [0, -1]), ([[1, 0], [0, 2], [0, -2]], [3, 0, 0]))
    low, high = output_interval(network, np.array([-inf, -inf]), np.array([1.0, inf]))
    assert np.abs(low[:2] - [3, 0]).max() < 1e-12 and low[2] == -inf
    assert abs(high[0] - 4) < 1e-12 and high[1] == inf and abs(high[2]) < 1e-12
