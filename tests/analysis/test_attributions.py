"""Gradients, integrated gradients and permutation importance against quadrature, rationals and laws."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import DEGENERATE, he_network, hidden, integer_network, layered, needle, strip
from oracles import evaluate_layers, exact_layers, pattern_at, unit_forms

from relugeom.analysis.attributions import (
    Baseline,
    exact_integrated_gradients,
    gradients,
    integrated_gradients,
)
from relugeom.analysis.permutation import PermutationScore, permutation_importance
from relugeom.errors import DataError, InputError
from relugeom.network.decision import Decision
from relugeom.network.forward import decide, evaluate

SEEDS = st.integers(0, 2**32 - 1)


def at(start, end, t):
    return [Fraction(a) + t * (Fraction(b) - Fraction(a)) for a, b in zip(start, end, strict=True)]


def naive_attribution(layers, start, end, breakpoints):
    """Sum over given pieces of length × Ω at the middle × step, by multiplying matrices out."""
    ends = [Fraction(0), *breakpoints, Fraction(1)]
    step = [Fraction(b) - Fraction(a) for a, b in zip(start, end, strict=True)]
    totals = [[Fraction(0)] * len(step) for _ in layers[-1][1]]
    for t0, t1 in itertools.pairwise(ends):
        forms = unit_forms(layers, pattern_at(layers, at(start, end, (t0 + t1) / 2)))[-1]
        for row, form in enumerate(forms):
            for j, width in enumerate(step):
                totals[row][j] += (t1 - t0) * form[j] * width
    return totals


def sign_changes(layers, start, end):
    """The t where some pre-activation changes its sign, by bisection between the points of a grid (one change each)."""
    found = []
    grid = [Fraction(k, 257) for k in range(258)]
    for t0, t1 in itertools.pairwise(grid):
        low, high = t0, t1
        if pattern_at(layers, at(start, end, low)) == pattern_at(layers, at(start, end, high)):
            continue
        while high - low > Fraction(1, 2**20):
            middle = (low + high) / 2
            same = pattern_at(layers, at(start, end, low)) == pattern_at(layers, at(start, end, middle))
            low, high = (middle, high) if same else (low, middle)
        found.append((low, high))
    return found


# --- gradients ----------------------------------------------------------------------------------------------------


def test_a_gradient_is_the_slope_of_the_network():
    network, X = he_network(7, 3, 8, 5, 2), np.random.default_rng(7).normal(size=(40, 3))
    found = gradients(network, X)
    assert not found.on_boundary.any()
    h = 1e-7
    slopes = np.stack([(evaluate(network, X + h * e) - evaluate(network, X - h * e)) / (2 * h) for e in np.eye(3)], 2)
    np.testing.assert_allclose(found.values, slopes, atol=1e-5)
    np.testing.assert_allclose(found.mean_magnitude, np.abs(found.values).mean(axis=0), rtol=1e-12)
    assert len(found.maps.weights) == len(np.unique(found.assignment)) < 40


def test_on_a_boundary_the_gradient_is_that_of_the_pattern():
    network = hidden(([[1.0], [-1.0]], [0.0, 0.0]))  # |x|
    found = gradients(network, [[0.0], [1.0], [-1.0]])
    np.testing.assert_array_equal(found.values.ravel(), [0.0, 1.0, -1.0])
    assert found.on_boundary.tolist() == [True, False, False]


# --- integrated gradients -----------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(SEEDS)
def test_integrated_gradients_are_complete_and_agree_with_rationals(seed):
    random = np.random.default_rng(seed)
    network = he_network(seed, 3, 6, 5, 2)
    X, start = random.normal(size=(12, 3)) * 2, random.normal(size=3)
    found = integrated_gradients(network, X, baseline=start)
    change = evaluate(network, X) - evaluate(network, start)
    np.testing.assert_allclose(found.values.sum(axis=2), change, atol=1e-12)
    np.testing.assert_allclose(found.residual, found.values.sum(axis=2) - change, atol=1e-15)
    assert found.settled_exactly == 0 and found.unsettled.max() < 1e-6
    for row in range(4):
        exact = exact_integrated_gradients(network, X[row], start)
        assert tuple(map(sum, exact.values)) == exact.change
        np.testing.assert_allclose(found.values[row], exact.floats(), atol=1e-11)
        assert found.pieces[row] == len(exact.patterns) == len(exact.breakpoints) + 1


@settings(max_examples=25)
@given(SEEDS)
def test_the_rational_version_is_the_naive_sum_over_the_naive_patterns(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 2)
    start, end = random.integers(-3, 4, 2) / 2, random.integers(-9, 10, 2) / 2
    found, layers = exact_integrated_gradients(network, end, start), exact_layers(network)
    assert tuple(map(sum, found.values)) == found.change
    difference = zip(evaluate_layers(layers, end)[-1], evaluate_layers(layers, start)[-1], strict=True)
    assert list(found.change) == [a - b for a, b in difference]
    assert [list(row) for row in found.values] == naive_attribution(layers, start, end, found.breakpoints)
    ends = [Fraction(0), *found.breakpoints, Fraction(1)]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(ends)]
    assert [str(pattern) for pattern in found.patterns] == [pattern_at(layers, at(start, end, t)) for t in middles]


def test_no_breakpoint_is_missed_or_made_up():
    for seed in range(5):
        random = np.random.default_rng(seed)
        network, start, end = he_network(seed, 2, 5, 4, 1), random.normal(size=2), random.normal(size=2) * 3
        breakpoints = exact_integrated_gradients(network, end, start).breakpoints
        brackets = sign_changes(exact_layers(network), start, end)
        assert len(brackets) <= len(breakpoints)
        for low, high in brackets:
            assert any(low <= t <= high for t in breakpoints)
        layers = exact_layers(network)
        for t in breakpoints:
            assert any(z == 0 for layer in evaluate_layers(layers, at(start, end, t))[:-1] for z in layer)


def test_integrated_gradients_are_the_limit_of_the_usual_sum():
    network, X = he_network(11, 3, 8, 4, 1), np.random.default_rng(11).normal(size=(5, 3))
    found, steps = integrated_gradients(network, X, baseline=Baseline.ZERO), 4000
    for row in range(5):
        path = (np.arange(steps)[:, None] + 0.5) / steps * X[row]
        riemann = gradients(network, path).values.mean(axis=0) * X[row]
        np.testing.assert_allclose(found.values[row], riemann, atol=2e-3)


def test_features_of_other_units_of_measurement_have_the_same_attribution():
    random = np.random.default_rng(2)
    network, X, units = he_network(2, 3, 6, 2), random.normal(size=(10, 3)), np.array([0.25, 1.0, 64.0])
    other = layered((network.weights[0] / units, network.biases[0]), (network.weights[1], network.biases[1]))
    one, two = integrated_gradients(network, X), integrated_gradients(other, X * units)
    np.testing.assert_allclose(two.values, one.values, atol=1e-13)


def test_permuting_units_changes_no_attribution():
    network, X = he_network(5, 3, 6, 4, 1), np.random.default_rng(5).normal(size=(20, 3))
    order = np.random.default_rng(1).permutation(6)
    (A, B, C), (a, b, c) = network.weights, network.biases
    other = layered((A[order], a[order]), (B[:, order], b), (C, c))
    np.testing.assert_allclose(
        integrated_gradients(other, X).values, integrated_gradients(network, X).values, atol=1e-13
    )


def test_a_unit_that_is_zero_all_along_the_path_is_inactive():
    network = hidden(([[1.0, -1.0]], [0.0]))  # relu(x − y) from 0 to (1, 1)
    exact = exact_integrated_gradients(network, [1.0, 1.0], [0.0, 0.0])
    assert exact.values == ((0, 0),) and exact.along_boundary and exact.breakpoints == ()
    found = integrated_gradients(network, [[1.0, 1.0]], baseline="zero")
    np.testing.assert_array_equal(found.values, np.zeros((1, 1, 2)))
    assert found.settled_exactly == 1 and found.unsettled[0] == 0.0


def test_noise_of_floats_decides_no_side_of_a_boundary():
    # As rationals these three floats sum to a tiny positive number, which a float sum can miss or exaggerate.
    network, x = hidden(([[1.0, 1.0, 1.0]], [0.0])), np.array([[0.1, 0.2, -0.3]])
    exact = exact_integrated_gradients(network, x[0], np.zeros(3))
    found = integrated_gradients(network, x, baseline="zero")
    assert not exact.along_boundary and found.settled_exactly == 1
    np.testing.assert_array_equal(found.values[0], exact.floats())
    left = integrated_gradients(network, x, baseline="zero", exact_limit=0)
    assert left.settled_exactly == 0 and left.unsettled[0] == 1.0


def test_a_piece_without_a_float_inside_is_settled_in_rationals():
    # The output falls from 1 to 0 on a stretch of 2^-60 / 3 of the path.
    left = integrated_gradients(needle(), [[1.0]], baseline="zero", exact_limit=0)
    assert left.unsettled[0] > 0.3 and abs(left.residual[0, 0]) > 0.1
    found = integrated_gradients(needle(), [[1.0]], baseline="zero")
    assert found.values.tolist() == [[[-1.0]]] and found.residual.tolist() == [[0.0]]
    assert found.settled_exactly == 1 and found.pieces.tolist() == [3]


def test_a_short_piece_whose_length_is_rounded_is_found_by_completeness():
    # As above, but the stretch is 1e-9 long: every sign is proved, and 1e-9 is known to some 1e-7 of itself.
    network = hidden(([[1e9]], [-1e9 / 3]), ([[-1.0]], [1.0]))
    left = integrated_gradients(network, [[1.0]], baseline="zero", exact_limit=0)
    assert left.unsettled[0] < 2.0**-30 and 1e-9 < abs(left.residual[0, 0]) < 1e-6
    found = integrated_gradients(network, [[1.0]], baseline="zero")
    assert found.values.tolist() == [[[-1.0]]] and found.settled_exactly == 1


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks(name):
    network = DEGENERATE[name][0]
    X = np.array([[1.0, 1.0], [-1.0, 2.0], [3.0, -3.0], [0.0, 0.0], [1e-8, -1.0]])
    for start in ([-2.0, -1.0], [0.0, 0.0], [-1.0, 1.0]):
        found = integrated_gradients(network, X, baseline=start)
        for row, x in enumerate(X):
            exact = exact_integrated_gradients(network, x, start)
            assert tuple(map(sum, exact.values)) == exact.change
            np.testing.assert_allclose(found.values[row], exact.floats(), atol=1e-6)
        np.testing.assert_allclose(found.residual, 0.0, atol=1e-12)


def test_a_strip_between_two_breakpoints_counts_with_its_width():
    found = exact_integrated_gradients(strip(1e-12), [1.0, 0.0], [-1.0, 0.0])
    inner = [b - a for a, b in zip(found.breakpoints[:-1], found.breakpoints[1:], strict=True)]
    assert inner == [Fraction(1e-12) / 2]


def test_a_network_without_hidden_layers_and_a_dead_one():
    linear = layered(([[2.0, -3.0], [0.0, 1.0]], [1.0, 1.0]))
    found = integrated_gradients(linear, [[1.0, 1.0]], baseline="zero")
    np.testing.assert_array_equal(found.values, [[[2.0, -3.0], [0.0, 1.0]]])
    assert found.pieces.tolist() == [1]
    dead = hidden(([[0.0, 0.0], [0.0, 0.0]], [0.0, -1.0]), ([[1.0, 1.0]], [0.0]))
    found = integrated_gradients(dead, np.eye(2), baseline="zero")
    assert found.settled_exactly == 0 and not found.unsettled.any() and not found.values.any()
    assert not exact_integrated_gradients(dead, [1.0, 0.0], [0.0, 0.0]).along_boundary


def test_the_baseline_itself_has_no_attribution_and_the_mean_is_the_default():
    network, X = he_network(3, 2, 5, 1), np.random.default_rng(3).normal(size=(6, 2))
    found = integrated_gradients(network, X)
    np.testing.assert_array_equal(found.baseline, X.mean(axis=0))
    np.testing.assert_array_equal(integrated_gradients(network, [found.baseline], baseline=found.baseline).values, 0.0)
    np.testing.assert_allclose(found.mean_magnitude, np.abs(found.values).mean(axis=0))


def test_many_samples_are_cut_in_blocks_without_a_seam():
    network, X = he_network(9, 4, 40, 40, 1), np.random.default_rng(9).normal(size=(700, 4))
    whole = integrated_gradients(network, X, baseline="zero", exact_limit=0)
    assert whole.pieces[:256].sum() > 4096  # paths continue in the next block
    parts = [integrated_gradients(network, X[k : k + 1], baseline="zero").values[0] for k in (0, 255, 256, 699)]
    np.testing.assert_allclose(whole.values[[0, 255, 256, 699]], parts, atol=1e-13)
    np.testing.assert_allclose(whole.residual, 0.0, atol=1e-12)


def test_points_that_do_not_fit_are_refused():
    network, X = he_network(0, 2, 3, 1), np.eye(2)
    with pytest.raises(InputError, match="no baseline 'median'"):
        integrated_gradients(network, X, baseline="median")
    with pytest.raises(DataError, match="one number for each of 2 inputs"):
        integrated_gradients(network, X, baseline=[0.0])
    with pytest.raises(DataError, match="no samples"):
        integrated_gradients(network, np.zeros((0, 2)))
    with pytest.raises(DataError, match="no samples"):
        gradients(network, np.zeros((0, 2)))
    with pytest.raises(DataError, match="not finite"):
        exact_integrated_gradients(network, [0.0, np.inf], [0.0, 0.0])
    with pytest.raises(InputError, match="must not be negative"):
        integrated_gradients(network, X, exact_limit=-1)


# --- permutation importance ---------------------------------------------------------------------------------------


def classifier():
    """Class 1 iff x > y; the third input is not used."""
    network = layered(([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]], [0.0, 0.0]), ([[1.0, -1.0]], [0.0]))
    X = np.random.default_rng(0).normal(size=(400, 3))
    return replace(network, decision=Decision.at_threshold(0.0)), X, (X[:, 0] > X[:, 1]).astype(float)


def test_a_feature_that_is_not_used_has_no_importance_and_the_others_have_what_a_shuffle_costs():
    network, X, y = classifier()
    found = permutation_importance(network, X, y, repeats=3, seed=5)
    assert found.score is PermutationScore.ACCURACY and found.base == 1.0 and found.drops.shape == (3, 1, 3)
    assert (found.drops[:, 0, 2] == 0).all() and (found.mean[0, :2] > 0.1).all()
    random = np.random.default_rng(5)
    for feature in range(3):  # the first repeat by hand
        shuffled = X.copy()
        shuffled[:, feature] = X[random.permutation(400), feature]
        assert found.drops[0, 0, feature] == 1.0 - (decide(network, shuffled) == y).mean()
    np.testing.assert_array_equal(found.drops, permutation_importance(network, X, y, repeats=3, seed=5).drops)
    assert (found.drops != permutation_importance(network, X, y, repeats=3, seed=6).drops).any()
    np.testing.assert_allclose(found.deviation, found.drops.std(axis=0))


def test_every_score_has_its_base():
    network, X, y = classifier()
    area = permutation_importance(network, X, y, score=PermutationScore.AUC, repeats=2)
    assert area.base == 1.0 and (area.mean[0, :2] > 0.1).all()
    plain = replace(network, decision=Decision())
    fit = permutation_importance(plain, X, X[:, 0] - X[:, 1], repeats=2)
    assert fit.score is PermutationScore.R2 and fit.base == pytest.approx(1.0) and fit.mean[0, 0] > 0.5
    two = he_network(1, 3, 4, 2)
    change = permutation_importance(two, X, repeats=2)
    assert change.score is PermutationScore.CHANGE and change.base is None and change.drops.shape == (2, 2, 3)
    assert permutation_importance(two, X, y, score=PermutationScore.AUC, repeats=1).base is not None


def test_a_single_sample_and_a_constant_feature_cannot_change():
    network, X, y = classifier()
    assert not permutation_importance(network, X[:1], y[:1]).drops.any()
    X[:, 0] = 1.0
    assert not permutation_importance(network, X).drops[:, :, 0].any()


@pytest.mark.parametrize(
    ("score", "target", "match"),
    [
        (PermutationScore.AUC, np.ones(4), "both classes"),
        (PermutationScore.AUC, [0, 1, 2, 1], "data row 3: 2 is not a class"),
        (PermutationScore.ACCURACY, None, "needs a target"),
        (PermutationScore.R2, np.ones(4), "not constant"),
    ],
)
def test_a_score_that_does_not_exist_is_refused(score, target, match):
    network = replace(he_network(0, 2, 3, 1), decision=Decision.at_threshold(0.0))
    with pytest.raises(InputError, match=match):
        permutation_importance(network, np.random.default_rng(0).normal(size=(4, 2)), target, score=score)


def test_options_out_of_range_are_refused():
    X = np.eye(2)
    with pytest.raises(InputError, match="has no R2"):
        permutation_importance(he_network(0, 2, 3, 2), X, [0, 1], score=PermutationScore.R2)
    with pytest.raises(InputError, match="at least 1"):
        permutation_importance(he_network(0, 2, 3, 1), X, repeats=0)
    with pytest.raises(DataError, match="target has shape"):
        permutation_importance(he_network(0, 2, 3, 1), X, [1.0])
    with pytest.raises(DataError, match="no samples"):
        permutation_importance(he_network(0, 2, 3, 1), np.zeros((0, 2)))


def test_what_was_not_attributed_in_time_is_nan_and_the_rest_is_as_ever():
    network, X = he_network(5, 3, 8, 1), np.random.default_rng(5).normal(size=(600, 3))
    whole = integrated_gradients(network, X, baseline="zero", exact_limit=0)
    for looks, known in ((0, 0), (1, 256), (2, 512), (9, 600)):
        cut = integrated_gradients(network, X, baseline="zero", exact_limit=0, time_limit=Looks.until(looks))
        np.testing.assert_array_equal(cut.values[:known], whole.values[:known])
        assert np.isnan(cut.values[known:]).all() and np.isnan(cut.residual[known:]).all()
        assert bool(cut.reason) is (known < 600) and (not cut.reason or f"{known} of 600" in cut.reason)


def test_shuffles_that_were_not_made_in_time_are_nan_and_the_rest_is_as_ever():
    network, X = he_network(5, 3, 8, 1), np.random.default_rng(5).normal(size=(50, 3))
    whole = permutation_importance(network, X, repeats=2)
    for looks in (0, 1, 4, 9):
        cut = permutation_importance(network, X, repeats=2, time_limit=Looks.until(looks))
        made = np.isfinite(cut.drops)
        assert made.sum() == min(looks, 6) and np.array_equal(cut.drops[made], whole.drops[made])
        assert bool(cut.reason) is (looks < 6)
