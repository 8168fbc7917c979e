"""Climbing by coordinates: never worse, admissible, and at the top where one feature at a time leads there."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import integer_network

from relugeom.deadline import NEVER
from relugeom.geometry.domain import Domain, contains_admissible, list_admissible
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.questions.coordinate_climb import climb_by_coordinates

DOMAIN = Domain([-2, 0, 0, 0, 0], [3, 1, 1, 1, 900], kinds=("integer", *["binary"] * 3, "integer"), groups=((1, 2, 3),))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, -1]))
def test_nothing_gets_worse_and_no_single_change_would_help(seed, direction):
    random = np.random.default_rng(seed)
    network = integer_network(random, 5, 4, 2)
    listed = list_admissible(DOMAIN)
    X = listed[random.integers(len(listed), size=3)]
    found = climb_by_coordinates(network, DOMAIN, X, output=1, direction=direction)
    assert contains_admissible(DOMAIN, found).all()
    before, after = (direction * evaluate(network, table)[:, 1] for table in (X, found))
    assert (after >= np.sort(before)[::-1]).all()
    assert after.tolist() == sorted(after, reverse=True)
    late = climb_by_coordinates(network, DOMAIN, X, output=1, direction=direction, deadline=NEVER.within(0.0))
    assert sorted(late.tolist()) == sorted(X.tolist())
    values = direction * evaluate(network, listed)[:, 1]
    for point, value in zip(found, after, strict=True):
        changed = listed != point
        single = changed[:, 0].astype(int) + changed[:, 1:4].any(axis=1) + changed[:, 4]
        coarse = single == 1
        coarse &= ~changed[:, 4]  # of 901 values only some are tried
        assert (values[coarse] <= value).all()


def test_a_linear_network_is_climbed_to_the_top():
    network = ReLUNetwork((np.array([[1.0, 5.0, -2.0, 7.0, 0.25]]),), (np.zeros(1),))
    start = np.array([[0.0, 1, 0, 0, 3]])
    assert climb_by_coordinates(network, DOMAIN, start, output=0, direction=1).tolist() == [[3, 0, 0, 1, 900]]
    assert climb_by_coordinates(network, DOMAIN, start, output=0, direction=-1).tolist() == [[-2, 0, 1, 0, 0]]
    assert climb_by_coordinates(network, DOMAIN, start[:0], output=0, direction=1).shape == (0, 5)
    assert climb_by_coordinates(network, Domain.everything(5), start, output=0, direction=1).tolist() == start.tolist()
