"""Few groups of clusters: their errors against exact ones, their splits against brute force, and their curve."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers
from scipy.optimize import linprog

from relugeom.analysis.affine_fits import bounded_outputs, deviations, least_squares_map, minimax_map
from relugeom.analysis.group_tree import Criterion, SplitScorer, unit_normals
from relugeom.analysis.parsimony import Fit, evaluate_groups, group_clusters, group_of_patterns
from relugeom.errors import DataError, InputError
from relugeom.network.activation import activation_patterns
from relugeom.network.effective import effective_map
from relugeom.network.forward import evaluate
from relugeom.network.pattern import ActivationPattern, pack_patterns, unpack_patterns
from relugeom.partition.clusters import cluster_samples


def grouped(network, X, **options):
    return group_clusters(cluster_samples(network, X), X, **options)


def exact_gap(layers, weights, biases, x):
    """The largest |f(x) − g(x)| of the outputs, in rationals."""
    point = [Fraction(float(value)) for value in x]
    outputs = evaluate_layers(layers, point)[-1]
    fitted = (
        sum((Fraction(float(w)) * v for w, v in zip(row, point, strict=True)), Fraction(float(b)))
        for row, b in zip(weights, biases, strict=True)
    )
    return max(abs(y - g) for y, g in zip(outputs, fitted, strict=True))


# --- maps ---------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_minimax_map_is_the_optimum_of_one_linear_program_over_all_samples(seed):
    random = np.random.default_rng(seed)
    n, count = int(random.integers(1, 5)), int(random.integers(1, 200))
    X, Y = random.normal(size=(count, n)) * 10.0 ** random.integers(-3, 4, n), random.normal(size=(count, 1)) ** 3
    W, b = minimax_map(X, Y, least_squares_map(X, Y))
    reached = np.abs(Y - X @ W.T - b).max()
    scaled = X / np.abs(X).max(axis=0)
    rows = np.column_stack([scaled, np.ones(count)])
    side = -np.ones((count, 1))
    A = np.block([[rows, side], [-rows, side]])
    best = linprog(np.eye(n + 2)[-1], A_ub=A, b_ub=np.concatenate([Y[:, 0], -Y[:, 0]]), bounds=[(None, None)] * (n + 2))
    assert reached <= best.fun * (1 + 1e-5) + 1e-9


def test_features_that_do_not_move_get_no_slope():
    X = np.column_stack([np.linspace(-1, 1, 9), np.full(9, 0.1)])
    Y = np.abs(X[:, :1])
    for W, b in (least_squares_map(X, Y), minimax_map(X, Y, least_squares_map(X, Y))):
        assert W[0, 1] == 0 and np.isfinite(b).all()
    W, b = minimax_map(X, Y, least_squares_map(X, Y))
    assert np.allclose([W[0, 0], b[0]], [0, 0.5], atol=1e-6)


def test_columns_that_depend_on_each_other_leave_the_slopes_small():
    """One-hot columns and their constant: infinitely many maps fit as well."""
    random = np.random.default_rng(0)
    X = np.column_stack([np.eye(3)[random.integers(0, 3, 60)], random.normal(size=60)])
    Y = np.abs(X[:, 3:]) + X[:, :1]
    W, b = minimax_map(X, Y, least_squares_map(X, Y))
    assert np.abs(W).max() < 10 and np.abs(b).max() < 10
    assert np.abs(Y - X @ W.T - b).max() < np.abs(X[:, 3]).max() / 2 + 1e-6


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_deviation_is_at_least_the_exact_one_and_hardly_more(seed):
    random = np.random.default_rng(seed)
    network = he_network(seed, 3, 6, 5, 2)
    X = random.normal(size=(20, 3)) * 10.0 ** random.integers(-6, 7)
    W, b = random.normal(size=(2, 3)), random.normal(size=2)
    said = deviations(X, *bounded_outputs(network, X), (W, b))
    layers = exact_layers(network)
    for x, bound in zip(X, said, strict=True):
        exact = exact_gap(layers, W, b, x)
        assert exact <= Fraction(bound) <= exact + Fraction(1e-9) * Fraction(1 + float(np.abs(x).max()))


# --- splits -------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_best_unit_is_that_of_brute_force(seed):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 3, 5, 4, 2), random.normal(size=(300, 3))
    clusters = cluster_samples(network, X)
    bits, Y = unpack_patterns(clusters.packed, 9)[clusters.assignment], evaluate(network, X)
    scorer = SplitScorer(network, X, Y, bits, clusters.assignment, 8, Criterion.ERROR)

    def left(rows):
        W, b = least_squares_map(X[rows], Y[rows])
        return ((Y[rows] - X[rows] @ W.T - b) ** 2).sum()

    sums = np.full(9, np.inf)
    for unit in range(9):
        sides = [np.flatnonzero(bits[:, unit] == side) for side in (False, True)]
        if min(map(len, sides)) >= 8:
            sums[unit] = left(sides[0]) + left(sides[1])
    found = scorer.best_unit(np.arange(300), ())
    assert found is not None and sums[found] <= sums.min() * (1 + 1e-6) + 1e-9


def test_normals_are_those_of_effective_maps():
    network = he_network(4, 3, 5, 4, 4, 1)
    x = np.random.default_rng(1).normal(size=(1, 3))
    bits = unpack_patterns(activation_patterns(network, x).packed, 13)
    spread = np.array([1.0, 2.0, 0.5])
    got = unit_normals(network, bits, spread)
    for layer, start in ((1, 5), (2, 9)):
        upto = layered(*zip(network.weights[: layer + 1], network.biases[: layer + 1], strict=True))
        omega, _ = effective_map(upto, ActivationPattern.from_bits(upto.widths, bits[0, :start]))
        wanted = omega * spread
        assert np.allclose(got[start : start + len(wanted)], wanted / np.linalg.norm(wanted, axis=1, keepdims=True))
    assert np.allclose(np.linalg.norm(got, axis=1), 1)


# --- groups -------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(Criterion))
def test_groups_are_what_their_units_say_and_their_errors_hold_exactly(seed, criterion):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 2, 5, 4, 2), random.normal(size=(150, 2))
    clusters = cluster_samples(network, X)
    found = group_clusters(clusters, X, groups=6, criterion=criterion)
    assert found.size.sum() == 150 and found.clusters.sum() == len(clusters) == len(found.group)
    assert (np.diff(found.size) <= 0).all() and len(found.curve) == len(found) <= 6
    assert np.isclose(found.curve.error[-1], found.error.max(), rtol=0, atol=0)
    layers, places = exact_layers(network), [(0, i) for i in range(5)] + [(1, i) for i in range(4)]
    bits = unpack_patterns(clusters.packed, 9)
    for group in range(len(found)):
        said = np.ones(len(clusters), dtype=bool)
        for layer, index, active in found.conditions(group):
            said &= bits[:, places.index((layer, index))] == active
        assert (said == (found.group == group)).all()
        members = X[found.group[clusters.assignment] == group]
        gaps = [exact_gap(layers, found.weights[group], found.biases[group], x) for x in members]
        assert max(gaps) <= Fraction(found.error[group]) <= max(gaps) + Fraction(1e-9)
        assert np.isclose(found.rms[group], np.sqrt(np.mean([float(gap) ** 2 for gap in gaps])), atol=1e-9)
    assert (group_of_patterns(found, clusters.packed) == found.group).all()
    gaps = np.abs(evaluate(network, X) - evaluate_groups(found, X, clusters.packed[clusters.assignment])).max(axis=1)
    assert gaps.max() <= found.error.max()


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_every_pattern_has_a_group_and_more_groups_never_cost_more(seed):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 3, 6, 4, 1), random.normal(size=(400, 3))
    found = grouped(network, X, groups=20)
    everything = pack_patterns(random.integers(0, 2, (200, 10)).astype(bool))
    assert set(group_of_patterns(found, everything)) <= set(range(len(found)))
    assert (np.diff(found.curve.error) <= 1e-5 * found.curve.error[:-1]).all()
    fewer = grouped(network, X, groups=7)
    for name in ("error", "rms", "entropy", "alignment"):
        assert np.array_equal(getattr(fewer.curve, name), getattr(found.curve, name)[:7])


def test_groups_without_end_are_the_clusters_with_their_own_maps():
    network, X = integer_network(np.random.default_rng(3), 2, 3, 2, 1), np.random.default_rng(0).normal(size=(200, 2))
    clusters = cluster_samples(network, X)
    found = group_clusters(clusters, X, groups=1000)
    assert len(found) == len(clusters) and found.own_map.all() and found.error.max() < 1e-12
    for cluster, group in enumerate(found.group):
        omega, b = effective_map(network, clusters[cluster].pattern)
        assert np.array_equal(found.weights[group], omega) and np.array_equal(found.biases[group], b)
    assert found.reason == "no unit splits the groups further"
    assert np.isclose(found.curve.entropy[-1], -sum(s / 200 * np.log2(s / 200) for s in clusters.size))


def test_it_stops_at_the_error_that_was_asked_for():
    network, X = he_network(2, 3, 8, 1), np.random.default_rng(0).normal(size=(500, 3))
    whole = grouped(network, X, groups=30)
    wanted = float(whole.curve.error[9])
    found = grouped(network, X, groups=30, error=wanted)
    assert len(found) == whole.curve.groups_within(wanted) <= 10 and found.error.max() <= wanted
    assert "error is at most" in found.reason
    assert whole.curve.groups_within(-1.0) is None


def test_criteria_do_what_they_are_for():
    """Units: x in many parallel cuts, y once; the function bends more along x."""
    cuts = np.linspace(-1.5, 1.5, 7)
    first = ([*[[1.0, 0.02 * k] for k in range(7)], [0.0, 1.0]], [*cuts, 0.0])
    network = layered(first, ([[1.0, -1.5, 2.0, -2.0, 1.5, -1.0, 1.0, 0.8]], [0]))
    X = np.random.default_rng(0).uniform(-2, 2, size=(3000, 2))
    by = {criterion: grouped(network, X, groups=4, criterion=criterion) for criterion in Criterion}
    assert by[Criterion.ORTHOGONALITY].curve.alignment[-1] < by[Criterion.ERROR].curve.alignment[-1]
    assert by[Criterion.ENTROPY].curve.entropy[-1] <= by[Criterion.ERROR].curve.entropy[-1]
    assert by[Criterion.ERROR].curve.error[-1] <= by[Criterion.ORTHOGONALITY].curve.error[-1]


def test_a_hundred_groups_of_nearly_as_many_clusters_as_rows():
    network, X = he_network(0, 10, 40, 40, 1), np.random.default_rng(1).normal(size=(20_000, 10))
    clusters = cluster_samples(network, X)
    assert len(clusters) > 19_900
    found = group_clusters(clusters, X, groups=100)
    curve = found.curve
    assert len(found) == 100 and curve.error[99] < 0.45 * curve.error[0] and curve.rms[99] < 0.5 * curve.rms[0]
    again = group_clusters(clusters, X, groups=100)
    assert np.array_equal(found.group, again.group) and np.array_equal(found.weights, again.weights)


def test_the_two_fits_are_best_at_what_they_are_for():
    network, X = he_network(6, 3, 8, 6, 1), np.random.default_rng(0).normal(size=(600, 3))
    largest, square = (grouped(network, X, groups=1, fit=fit) for fit in (Fit.MINIMAX, Fit.LEAST_SQUARES))
    assert largest.error[0] < square.error[0] and square.rms[0] < largest.rms[0]
    few = grouped(network, X, groups=12, fit=Fit.LEAST_SQUARES)
    assert few.curve.rms[-1] < 0.6 * few.curve.rms[0]


def test_many_features_are_scored_along_their_widest_directions():
    """An image's worth of features, of which two matter: the units that ask about them split first."""
    random = np.random.default_rng(0)
    first = np.zeros((3, 60))
    first[0, 0] = first[1, 1] = first[2, 2] = 1.0
    network = layered((first, np.zeros(3)), ([[5.0, 3.0, 0.0]], [0]))
    X = random.normal(size=(3000, 60)) * 0.1
    X[:, :3] *= 100
    found = grouped(network, X, groups=2)
    assert found.conditions(0)[0][:2] == (0, 0)


def test_one_sample_and_no_units():
    network = he_network(1, 2, 3, 1)
    one = grouped(network, np.zeros((1, 2)))
    assert len(one) == 1 and one.own_map[0] and one.conditions(0) == ()
    affine = layered(([[1.0, 2.0]], [3.0]))
    flat = grouped(affine, np.random.default_rng(0).normal(size=(50, 2)))
    assert len(flat) == 1 and flat.error[0] < 1e-12


def test_bad_input_is_named():
    network, X = he_network(1, 2, 3, 1), np.random.default_rng(0).normal(size=(30, 2))
    clusters = cluster_samples(network, X)
    with pytest.raises(InputError, match="groups must be 1 or more"):
        group_clusters(clusters, X, groups=0)
    with pytest.raises(InputError, match="the error 0 or more"):
        group_clusters(clusters, X, error=float("nan"))
    with pytest.raises(InputError, match="use the same X"):
        group_clusters(clusters, X[:10])
    with pytest.raises(DataError, match="takes 2 inputs"):
        group_clusters(clusters, X[:, :1])
    huge = layered(([[1e308, -1e308]], [0]), ([[1.0]], [0]))
    with pytest.raises(InputError, match="overflow"):
        grouped(huge, np.ones((3, 2)))
