"""Extremes from the list of regions: the same as those that are searched and proved."""

from fractions import Fraction

import pytest
from networks import he_network, layered

from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain
from relugeom.network.exact import evaluate_exactly
from relugeom.questions.leaf_extremes import leaf_extremes
from relugeom.questions.output_bounds import output_bounds
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])


@pytest.mark.parametrize("seed", range(3))
def test_they_are_the_proved_ends_and_are_reached(seed):
    network = he_network(seed, 2, 5, 4, 2)
    partition = enumerate_regions(network, SQUARE)
    for output in range(2):
        bounds = output_bounds(network, SQUARE, output=output)
        least, most = leaf_extremes(partition, output)
        assert (least.value, most.value) == (bounds.lower, bounds.upper)
        for best in (least, most):
            assert evaluate_exactly(network, best.point)[1][output] == best.value


def test_without_a_limit_there_is_no_value():
    network = layered(([[1.0, 0.0]], [0.0]), ([[1.0]], [1.0]))
    partition = enumerate_regions(network, Domain.box([-float("inf"), -1], [float("inf"), 1]))
    least, most = leaf_extremes(partition, 0)
    assert least.value == Fraction(1) and most.value is None


def test_a_list_that_is_not_complete_or_no_time_tells_nothing():
    network = he_network(1, 2, 5, 4, 1)
    assert leaf_extremes(enumerate_regions(network, SQUARE, max_regions=2), 0) is None
    assert leaf_extremes(enumerate_regions(network, SQUARE), 0, time_limit=Deadline(0)) is None
