"""Largest values from both sides: the truth lies between them, and they meet where the search comes to its end."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network
from oracles import domain_forms, evaluate_layers, exact_layers, satisfies

from relugeom.certificate.output_peak import find_output_peak
from relugeom.claims.claim import Scope
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.questions.output_bounds import LinearOutput, output_bounds

seeds = st.integers(0, 2**32 - 1)


def value_at(networks, weights, x) -> Fraction:
    """weights · y, naively."""
    outputs = [y for network in networks for y in evaluate_layers(exact_layers(network), x)[-1]]
    return sum((w * y for w, y in zip(weights, outputs, strict=True)), Fraction(0))


@settings(max_examples=40)
@given(seeds)
def test_admissible_inputs_lie_between_both_sides(seed):
    random = np.random.default_rng(seed)
    domain = [
        Domain([-2, -1, 0], [2, 1, 1], kinds=("integer", "integer", "binary")),
        Domain([0] * 4, [1] * 4, groups=((1, 2, 3),), kinds=("binary", *["continuous"] * 3)),
        Domain([-2, -2], [2, 2], A=[[2.0, 2.0]], b=[1.0], kinds=("integer", "integer")),
    ][random.integers(3)]
    networks = [he_network(int(random.integers(2**32)), domain.inputs, 4, 3, 2) for _ in range(random.integers(1, 3))]
    weights = [Fraction(int(random.integers(-3, 4)), int(random.integers(1, 8))) for _ in range(2 * len(networks))]
    found = find_output_peak(networks, domain, weights, scope=Scope.ADMISSIBLE, max_cells=400)
    values = {x: value_at(networks, weights, x) for x in map(tuple, list_admissible(domain).tolist())}
    assert found.limit >= max(values.values())
    if found.point is not None:
        assert values[tuple(map(float, found.point))] <= found.limit
    if domain.b.size == 0:
        assert found.point is not None
        assert found.limit - value_at(networks, weights, found.point) <= Fraction(1, 10**6)


@settings(max_examples=20)
@given(seeds)
def test_a_box_has_its_exact_maximum_between_both_sides(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    domain = [Domain.box([-1, -1], [1, 0.5]), Domain.box([-1, 2], [3, 2]), Domain([0, 0], [1, 1], groups=((0, 1),))][
        random.integers(3)
    ]
    exact = output_bounds(network, domain, scope=Scope.RELAXATION)
    for sign, largest in ((1, exact.upper), (-1, -exact.lower)):
        found = find_output_peak([network], domain, [Fraction(sign)], max_cells=400)
        assert found.limit >= largest
        assert found.limit - largest <= Fraction(1, 10**6) or found.cells >= 400
        if found.point is not None:
            assert satisfies(domain_forms(domain), [], found.point)
            assert value_at([network], [Fraction(sign)], found.point) <= largest


def test_the_answer_is_the_same_every_time_and_work_is_limited():
    network, domain = he_network(5, 6, 20, 20, 1), Domain.box([-1] * 6, [1] * 6)
    first, again = (find_output_peak([network], domain, [Fraction(1)], max_cells=300) for _ in range(2))
    assert first == again
    assert 300 <= first.cells < 300 + 64
    fewer = find_output_peak([network], domain, [Fraction(1)], max_cells=0)
    assert fewer.cells == 0 and fewer.limit is None
    none = find_output_peak([network], domain, [Fraction(1)], max_cells=1)
    assert none.limit >= first.limit >= value_at([network], [1], first.point) >= value_at([network], [1], none.point)


@pytest.mark.parametrize(("seed", "sizes", "cells"), [(0, (10, 12, 8, 1), 400), (1, (5, 20, 20, 1), 2000)])
def test_both_sides_meet_where_the_largest_value_is_at_a_kink(seed, sizes, cells):
    """Halving alone comes to no end there: 20,000 cells left gaps of a tenth and more."""
    network, domain = he_network(seed, *sizes), Domain.box([-1] * sizes[0], [1] * sizes[0])
    found = find_output_peak([network], domain, [Fraction(1)], max_cells=cells)
    exact = LinearOutput((network,), (Fraction(1),)).best_near(domain, found.point, Scope.RELAXATION)
    assert found.cells < cells
    assert 0 <= found.limit - exact.value <= Fraction(1, 10**8)
