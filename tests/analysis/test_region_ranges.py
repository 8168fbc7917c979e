"""Ranges of outputs over regions: points never leave them, corners of small regions reach them."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from relugeom.analysis.region_ranges import region_ranges
from relugeom.certificate.claim import settle_claim
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.activation import activation_patterns
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.questions.output_bounds import output_bounds
from relugeom.search.enumeration import enumerate_regions


def a_network(seed, *sizes):
    random = np.random.default_rng(seed)
    return ReLUNetwork.from_layers(
        *[(random.normal(size=(m, n)).round(2), random.normal(size=m).round(2)) for n, m in itertools.pairwise(sizes)]
    )


def square(n, size=1.0):
    return Domain.box(np.full(n, -size), np.full(n, size))


@pytest.mark.parametrize("seed", range(4))
def test_no_point_of_a_region_leaves_its_range_and_both_ends_are_reached(seed):
    network = a_network(seed, 3, 5, 4, 2)
    partition = enumerate_regions(network, square(3))
    found = region_ranges(partition)
    assert found.known == len(partition) and found.reason == ""
    X = np.random.default_rng(seed).uniform(-1, 1, size=(20_000, 3))
    rows = {row.tobytes(): at for at, row in enumerate(partition.packed)}
    where = np.array([rows.get(row.tobytes(), -1) for row in activation_patterns(network, X).packed])
    assert (where >= 0).mean() > 0.99
    Y = evaluate(network, X)[where >= 0]
    low, high = found.lowest[where[where >= 0]], found.highest[where[where >= 0]]
    slack = 1e-12 * (1 + np.abs(Y))  # of evaluating in floats
    assert (low - slack <= Y).all() and (high + slack >= Y).all()
    for values, points in ((found.lowest, found.lowest_at), (found.highest, found.highest_at)):
        for row, output in itertools.product(range(len(partition)), range(2)):
            reached = evaluate_exactly(network, tuple(map(Fraction, points[row, output].tolist())))[1][output]
            assert float(reached) == pytest.approx(values[row, output], rel=1e-9, abs=1e-9)


def test_the_extreme_region_has_the_extreme_of_the_domain(tmp_path):
    network, domain = a_network(5, 2, 4, 3, 1), square(2)
    found = region_ranges(enumerate_regions(network, domain))

    def settle(claim):
        return settle_claim(claim, network, domain, tmp_path / "c.cert")

    bounds = output_bounds(network, domain, settle)
    assert found.lowest.min() == float(bounds.lowest.value)
    assert found.highest.max() == float(bounds.highest.value)


def test_a_hinge_by_hand():
    hinge = ReLUNetwork.from_layers(([[1.0]], [0.0]), ([[0.5]], [0.25]))
    partition = enumerate_regions(hinge, square(1, 3.0))
    found = region_ranges(partition)
    rising = [row for row, packed in enumerate(partition.packed) if packed.any()]
    assert found.lowest[:, 0].tolist() == [0.25, 0.25]
    assert [found.highest[row, 0] for row in rising] == [1.75]
    assert found.highest_at[rising, 0, 0].tolist() == [3.0]


def test_without_a_limit_a_range_is_infinite_and_no_point_reaches_it():
    hinge = ReLUNetwork.from_layers(([[1.0]], [0.0]), ([[0.5]], [0.25]))
    partition = enumerate_regions(hinge, Domain.box(np.array([-np.inf]), np.array([np.inf])))
    found = region_ranges(partition)
    assert sorted(found.highest[:, 0].tolist()) == [0.25, np.inf]
    assert np.isnan(found.highest_at[np.isinf(found.highest)]).all()


def test_what_time_did_not_allow_is_missing_and_said_to_be():
    partition = enumerate_regions(a_network(0, 3, 5, 4, 2), square(3))
    found = region_ranges(partition, time_limit=Deadline(0))
    assert found.known == 0 and "left" in found.reason
    assert np.isnan(found.lowest[-1]).all()


def test_a_region_that_is_none_of_the_domain_is_refused():
    network = a_network(0, 3, 5, 4, 2)
    partition = enumerate_regions(network, square(3))
    elsewhere = replace(partition, domain=Domain.box(np.full(3, 50.0), np.full(3, 51.0)))
    with pytest.raises(InputError, match="enumerate it again"):
        region_ranges(elsewhere)
