"""Networks with many more inputs than first units: the search in row space against the plain enumerator."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import integer_network, layered

from relugeom import certify_partition, check_certificate
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.network.activation import activation_patterns
from relugeom.network.network import ReLUNetwork
from relugeom.search.coordinates import hull_coordinates, row_space
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions
from relugeom.search.setup import Setup

INPUTS = 12
"""More than are searched by cones, and three times the rank of the first layers here."""


def network_of_low_rank(random: np.random.Generator, kind: str) -> ReLUNetwork:
    """Random layers: the first has four units at most, unless some are combinations of others."""
    if kind == "integers":
        return integer_network(random, INPUTS, 3, 3, 1)
    first, bias = random.normal(size=(3, INPUTS)), 0.3 * random.normal(size=3)
    if kind == "no bias":
        bias[:] = 0.0
    if kind == "dependent":
        first = np.round(first * 2**20) / 2**20
        first = np.vstack([first, -2.0 * first[:1], first[1:2] + first[2:], np.zeros((1, INPUTS))])
        bias = np.concatenate([bias, -2.0 * bias[:1], [0.25, 0.5]])
    below = len(first)
    second = random.normal(size=(3, below)), 0.3 * random.normal(size=3) * (kind != "no bias")
    return layered((first, bias), second, (np.ones((1, 3)), np.zeros(1)))


def domain_of(random: np.random.Generator, rows: int) -> Domain:
    """A box with sides of different length, cut by inequalities that its middle satisfies."""
    lower, upper = -random.uniform(0.5, 2.0, INPUTS), random.uniform(0.5, 2.0, INPUTS)
    A = random.normal(size=(rows, INPUTS))
    return Domain(lower=lower, upper=upper, A=A, b=A @ (lower + upper) / 2 + 0.5)


def in_row_space(network: ReLUNetwork, domain: Domain) -> bool:
    return len(Setup.in_row_space(network, domain_chart(domain)).problem.spread) > 0


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["generic", "no bias", "dependent", "integers"]),
    rows=st.integers(0, 1),
)
def test_the_regions_are_those_of_the_plain_enumerator(seed: int, kind: str, rows: int) -> None:
    random = np.random.default_rng(seed)
    network, domain = network_of_low_rank(random, kind), domain_of(random, rows)
    found, expected = enumerate_regions(network, domain), enumerate_by_reference(network, domain)
    assert in_row_space(network, domain)
    assert np.array_equal(found.packed, expected.packed) and np.array_equal(found.tree, expected.tree)
    assert np.array_equal(activation_patterns(network, found.points).packed, found.packed) or found.exact_points
    assert ((found.points > domain.lower) & (found.points < domain.upper)).all()


def test_regions_on_a_flat_domain_are_those_of_the_plain_enumerator() -> None:
    random, inputs = np.random.default_rng(5), 20
    first = random.normal(size=(3, inputs)), 0.3 * random.normal(size=3)
    network = layered(first, (random.normal(size=(3, 3)), 0.3 * random.normal(size=3)), (np.ones((1, 3)), np.zeros(1)))
    row = random.integers(1, 4, inputs).astype(float)  # with its opposite, an equality
    ends = np.ones(inputs)
    domain = Domain(lower=-ends, upper=ends, A=np.stack([row, -row]), b=np.array([0.5, -0.5]))
    found, expected = enumerate_regions(network, domain), enumerate_by_reference(network, domain)
    assert in_row_space(network, domain)
    assert np.array_equal(found.packed, expected.packed) and np.array_equal(found.tree, expected.tree)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["generic", "dependent", "integers"]))
def test_forms_in_row_space_are_the_same_functions(seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    network, chart = network_of_low_rank(random, kind), domain_chart(domain_of(random, 1))
    hull = hull_coordinates(network, chart)
    space = row_space(hull, chart)
    assert space is not None and space.dimension <= 4
    x = [Fraction(int(value), 7) for value in random.integers(-20, 20, INPUTS)]
    y = [
        sum(c * t for c, t in zip(row, x, strict=True)) / scale
        for row, scale in zip(space.spread, space.scales, strict=True)
    ]
    for here, there in zip(space.first, hull.first, strict=True):
        mine = sum((c * t for c, t in zip(here, y, strict=False)), Fraction(here[-1])) / space.scale
        assert mine == sum((c * t for c, t in zip(there, x, strict=False)), Fraction(there[-1])) / hull.scale
    ratios = {
        sum((c * t for c, t in zip(here, y, strict=False)), Fraction(here[-1]))
        / sum((c * t for c, t in zip(there, x, strict=False)), Fraction(there[-1]))
        for here, there in zip(space.rows, hull.rows, strict=True)
    }
    assert all(ratio > 0 for ratio in ratios)


@pytest.mark.parametrize("inputs", [30, 300])
def test_a_dictionary_does_not_grow_with_the_inputs(inputs: int) -> None:
    random = np.random.default_rng(0)
    network = layered((random.normal(size=(4, inputs)), np.zeros(4)), (np.ones((1, 4)), np.zeros(1)))
    state, _ = Setup.in_row_space(network, domain_chart(Domain.box(-np.ones(inputs), np.ones(inputs)))).first_state()
    assert len(state.table) == 6


@pytest.mark.parametrize(
    ("domain", "units"),
    [
        (Domain.box(np.append(-np.inf, -np.ones(11)), np.ones(12)), 3),
        (Domain.box(-np.ones(12), np.ones(12)), 5),
        (Domain.box(-np.ones(12), np.ones(12)), 13),
    ],
)
def test_other_domains_keep_their_coordinates(domain: Domain, units: int) -> None:
    first = np.random.default_rng(1).normal(size=(units, INPUTS)), np.zeros(units)
    assert not in_row_space(layered(first, (np.ones((1, units)), np.zeros(1))), domain)


def test_a_resumed_search_and_one_on_two_threads_find_the_same(tmp_path) -> None:
    random = np.random.default_rng(8)
    layers = [(random.normal(size=size), 0.1 * random.normal(size=size[0])) for size in ((4, 24), (5, 4), (1, 5))]
    network, domain = layered(*layers), Domain.box(-np.ones(24), np.ones(24))
    whole = enumerate_regions(network, domain, threads=2)
    resumed = enumerate_regions(network, domain, resume=enumerate_regions(network, domain, max_regions=20))
    assert np.array_equal(whole.packed, resumed.packed) and np.array_equal(whole.tree, resumed.tree)
    certify_partition(whole, tmp_path / "partition.cert")
    assert check_certificate(tmp_path / "partition.cert").accepted
