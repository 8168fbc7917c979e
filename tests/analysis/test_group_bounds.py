"""Bounds of what groups change: no input of a region goes beyond them, and they are reached."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, layered
from oracles import domain_forms, evaluate_layers, exact_layers, find_point, pattern_system, unit_forms

from relugeom.analysis.group_bounds import bound_groups
from relugeom.analysis.parsimony import group_clusters
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.partition.clusters import cluster_samples
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])
LINE = Domain.box([-1], [1])
ABSOLUTE = layered(([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0]], [0]))


def grouped(network, X, **options):
    return group_clusters(cluster_samples(network, X), X, **options)


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_nothing_in_a_region_goes_beyond_its_bound_and_it_is_reached(seed):
    """The oracle is Fourier-Motzkin elimination, in rationals."""
    random = np.random.default_rng(seed)
    network = he_network(seed, 2, 3, 2, 2)
    partition = enumerate_regions(network, SQUARE)
    found = bound_groups(grouped(network, random.uniform(-1, 1, (80, 2)), groups=3), partition)
    assert found.complete and not found.reason
    layers, weak = exact_layers(network), domain_forms(SQUARE)
    for row in range(min(len(partition), 4)):
        pattern = str(partition[row].pattern)
        gaps = []
        for output, form in enumerate(unit_forms(layers, pattern)[-1]):
            fitted = [*found.groups.weights[found.group[row], output], found.groups.biases[found.group[row], output]]
            gap = [Fraction(c) - Fraction(float(w)) for c, w in zip(form, fitted, strict=True)]
            gaps += [gap, [-entry for entry in gap]]
        bound = Fraction(found.bound[row])
        inside, positive = pattern_system(layers, pattern)
        cell = [*weak, *inside, *positive]
        above, near = ([[*gap[:-1], gap[-1] - level] for gap in gaps] for level in (bound, bound - Fraction(1, 10**12)))
        assert all(find_point(cell, [gap], 2) is None for gap in above)
        assert any(find_point([*cell, gap], [], 2) is not None for gap in near)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_inputs_that_nobody_has_seen_keep_to_the_bounds(seed):
    random = np.random.default_rng(seed)
    network = he_network(seed, 3, 5, 4, 2)
    domain = Domain.box([-1] * 3, [1] * 3)
    groups = grouped(network, random.uniform(-1, 1, (60, 3)), groups=5)
    partition = enumerate_regions(network, domain)
    found = bound_groups(groups, partition)
    for x in random.uniform(-1, 1, (60, 3)):
        row = partition.find_row(partition.region_of(x).pattern)
        group = found.group[row]
        gap = np.abs(evaluate(network, x)[0] - groups.weights[group] @ x - groups.biases[group]).max()
        assert gap <= found.bound[row] + 1e-12 and found.bound[row] <= found.group_bound[group] <= found.largest
    reached = np.flatnonzero(found.bound == found.largest)[0]
    at, group = found.worst_point[reached], found.group[reached]
    gap = np.abs(evaluate(network, at)[0] - groups.weights[group] @ at - groups.biases[group]).max()
    assert np.isclose(gap, found.largest, atol=1e-12)
    # Samples inside the domain are inputs, too.
    assert (groups.error <= found.group_bound + 1e-12).all()


def test_by_hand():
    X = np.linspace(-1, 1, 41)[:, None]
    one = grouped(ABSOLUTE, X, groups=1)
    found = bound_groups(one, enumerate_regions(ABSOLUTE, LINE))
    assert np.allclose(found.bound, 0.5, atol=1e-6) and len(found) == 2
    assert all(abs(abs(point) - 0.5) == 0.5 for point in found.worst_point[:, 0])
    own = bound_groups(grouped(ABSOLUTE, X, groups=9), enumerate_regions(ABSOLUTE, LINE))
    assert own.largest == 0.0 and own.complete


def test_a_bound_is_rounded_up():
    """1/3 is no float: the bound of |x| on [0, 1/3-ish] by 0 stays on the safe side."""
    thirds = layered(([[1.0]], [0.0]), ([[1.0]], [0]))
    top = Domain(np.zeros(1), np.ones(1), A=np.array([[3.0]]), b=np.ones(1))
    groups = grouped(thirds, np.full((1, 1), -1.0))  # one cluster, the inactive one, whose map is 0
    found = bound_groups(groups, enumerate_regions(thirds, top))
    assert Fraction(1, 3) <= Fraction(found.largest) < Fraction(1, 3) + Fraction(1, 10**16)
    assert np.isnan(bound_groups(groups, enumerate_regions(thirds, top), time_limit=Deadline(0)).largest)


def test_without_sides_there_is_no_limit():
    everywhere = enumerate_regions(ABSOLUTE, Domain.everything(1))
    one = grouped(ABSOLUTE, np.linspace(-1, 1, 41)[:, None], groups=1)
    found = bound_groups(one, everywhere)
    assert found.bound.tolist() == [np.inf, np.inf] and np.isnan(found.worst_point).all()


def test_a_flat_domain_and_a_group_without_a_region():
    network = he_network(5, 2, 4, 1)
    segment = Domain(np.full(2, -1.0), np.ones(2), E=np.array([[1.0, 1.0]]), f=np.zeros(1))
    partition = enumerate_regions(network, segment)
    groups = grouped(network, np.random.default_rng(0).uniform(-3, 3, (300, 2)), groups=8)
    found = bound_groups(groups, partition)
    layers = exact_layers(network)
    for t in np.linspace(-1, 1, 33):
        row = partition.find_row(partition.region_of(np.array([t, -t])).pattern)
        W, b = groups.weights[found.group[row], 0], groups.biases[found.group[row], 0]
        exact = evaluate_layers(layers, [t, -t])[-1][0]
        gap = abs(exact - Fraction(W[0]) * Fraction(t) + Fraction(W[1]) * Fraction(t) - Fraction(b))
        assert gap <= Fraction(found.bound[row])
    absent = np.setdiff1d(np.arange(len(groups)), found.group)
    assert (found.group_bound[absent] == -np.inf).all()


def test_what_is_missing_is_said():
    network = he_network(1, 2, 5, 1)
    groups = grouped(network, np.random.default_rng(0).uniform(-1, 1, (80, 2)), groups=2)
    part = bound_groups(groups, enumerate_regions(network, SQUARE, max_regions=3))
    assert not part.complete and not np.isnan(part.bound).any() and "part of the domain" in repr(part)
    late = bound_groups(groups, enumerate_regions(network, SQUARE), time_limit=Deadline(0))
    assert not late.complete and np.isnan(late.largest) and "regions were left" in late.reason
    assert np.isnan(late.group_bound).any()
    with pytest.raises(InputError, match="different networks"):
        bound_groups(groups, enumerate_regions(he_network(2, 2, 5, 1), SQUARE))
