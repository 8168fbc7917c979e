"""Relevance under correlation against vertices found by brute force, textbook cases, and ties that no float sees."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import exact_layers, find_point, unit_forms
from scipy.optimize import linprog

from relugeom.analysis.deviation_ranges import DeviationPrograms
from relugeom.analysis.equivalent_maps import sample_hull
from relugeom.analysis.importance import cluster_importance
from relugeom.analysis.relevance import Relevance, cluster_relevance
from relugeom.deadline import Clock, Deadline
from relugeom.errors import DataError, InputError
from relugeom.linalg.exact import as_fraction
from relugeom.partition.clusters import cluster_samples

SEEDS = st.integers(0, 2**32 - 1)
STRONG, WEAK, IRRELEVANT, LOST = (
    Relevance.STRONG,
    Relevance.WEAK,
    Relevance.IRRELEVANT,
    Relevance.NOT_IDENTIFIABLE,
)


def affine(*weights, offset=1000.0):
    """A network that is the affine map of these weights wherever its one unit is active: near the origin."""
    return layered((np.array([weights]), [offset]), ([[1.0]], [-offset]))


def relevance_of(network, X, **options):
    return cluster_relevance(cluster_samples(network, X), X, **options)


def echelon(rows):
    """Independent rows (reduced) of a matrix of fractions."""
    rows, kept = [list(row) for row in rows], []
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        pivot = [entry / pivot[column] for entry in pivot]
        rows, kept = (
            [[a - row[column] * b for a, b in zip(row, pivot, strict=True)] for row in group] for group in (rows, kept)
        )
        kept.append(pivot)
    return kept


def solution(matrix, values):
    """The solution of a square system, or None where it is singular."""
    size = len(matrix)
    solved = echelon([[*row, value] for row, value in zip(matrix, values, strict=True)])
    if len(solved) < size or any(row[:size] == [0] * size for row in solved):
        return None
    return [next(row[-1] for row in solved if row[place] == 1) for place in range(size)]


def brute_force(samples, omega, weights, excess):
    """μ and the ends of each interval: all vertices of {v : V v = V ω, ‖v‖ ≤ (1 + δ) μ}, in fractions."""
    n = len(omega)
    rows = [[Fraction(float(a)) - Fraction(float(b)) for a, b in zip(x, samples[0], strict=True)] for x in samples]
    V = echelon(rows)
    g, r = [sum(a * b for a, b in zip(row, omega, strict=True)) for row in V], len(V)

    def found(system, values, columns):
        solved = solution(system, values)
        if solved is None:
            return None
        point = [Fraction(0)] * n
        for column, value in zip(columns, solved, strict=True):
            point[column] = value
        return point

    basic = [found([[row[j] for j in S] for row in V], g, S) for S in combinations(range(n), r)]
    norms = {tuple(v): sum(w * abs(x) for w, x in zip(weights, v, strict=True)) for v in basic if v is not None}
    least = min(norms.values())
    bound = (1 + excess) * least
    vertices = [list(v) for v, norm in norms.items() if norm <= bound]
    for S in combinations(range(n), min(r + 1, n)):
        for signs in product((1, -1), repeat=r + 1) if r < n else ():
            system = [*([row[j] for j in S] for row in V), [s * weights[j] for s, j in zip(signs, S, strict=True)]]
            v = found(system, [*g, bound], S)
            if v is not None and all(s * v[j] >= 0 for s, j in zip(signs, S, strict=True)):
                vertices.append(v)
    return least, [(min(v[j] for v in vertices), max(v[j] for v in vertices)) for j in range(n)]


def class_of(lower, upper):
    if lower > 0 or upper < 0:
        return STRONG
    return IRRELEVANT if lower == upper else WEAK


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.1, 1.0]))
def test_intervals_are_those_of_all_vertices(seed, excess):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 5))
    network = integer_network(random, n, 3, 2)
    basis = random.integers(-2, 3, (int(random.integers(1, n + 1)), n))
    X = (random.integers(-3, 4, (12, len(basis))) @ basis + random.integers(-1, 2, n)).astype(float)
    weights = random.integers(1, 4, n).astype(float)
    clusters = cluster_samples(network, X)
    found = cluster_relevance(clusters, X, spread=weights, norm_excess=excess)
    for row, cluster in enumerate(clusters):
        members = X[clusters.assignment == row]
        varying = np.flatnonzero(members.min(axis=0) < members.max(axis=0))
        forms = unit_forms(exact_layers(network), str(cluster.pattern))[-1]
        for output in range(2):
            omega = [Fraction(forms[output][j]) for j in varying]
            least, ends = brute_force(
                members[:, varying], omega, [Fraction(weights[j]) for j in varying], Fraction(excess)
            )
            assert found.least_norm[row, output] == float(least)
            for j, (lower, upper) in zip(varying, ends, strict=True):
                assert (found.lower[row, output, j], found.upper[row, output, j]) == (float(lower), float(upper))
                assert found.of(row, output)[j] is class_of(lower, upper)
            constant = np.setdiff1d(np.arange(n), varying)
            assert (found.relevance[row, output, constant] == LOST).all()
            assert np.isnan(found.lower[row, output, constant]).all()


def test_independent_features_are_strong_unless_the_map_ignores_them():
    X = np.random.default_rng(0).normal(size=(40, 3))
    found = relevance_of(affine(1.0, 0.0, -2.0), X)
    assert found.of(0) == (STRONG, IRRELEVANT, STRONG)
    np.testing.assert_array_equal(found.lower[0, 0], [1.0, 0.0, -2.0])
    np.testing.assert_array_equal(found.upper[0, 0], [1.0, 0.0, -2.0])
    assert (found.rank.tolist(), found.doubt) == ([3], ("",))


def test_copies_are_weak_even_the_one_that_the_network_ignores():
    x, y = np.random.default_rng(1).normal(size=(2, 40))
    found = relevance_of(affine(1.0, 2.0, 0.0), np.column_stack([x, y, x]), spread=[1, 1, 1])
    assert found.of(0) == (WEAK, STRONG, WEAK)
    # ω₀ + ω₂ = 1, ω₁ = 2: μ = 3, and 0.3 more may be spent, half of it on each side of the trade.
    assert found.least_norm[0, 0] == 3.0
    np.testing.assert_allclose(found.lower[0, 0], [-0.15, 2, -0.15], rtol=1e-15)
    np.testing.assert_allclose(found.upper[0, 0], [1.15, 2, 1.15], rtol=1e-15)


def test_a_one_hot_group_trades_and_a_value_that_is_missing_in_the_cluster_is_lost():
    X = np.eye(4)[np.arange(30) % 3]
    found = relevance_of(affine(1.0, 2.0, 3.0, 4.0), X, spread=np.ones(4))
    # One constant can be taken from all three: (−1, 0, 1) is shortest, and at most 0.2 away from the constant 2 no sign
    # of the outer two changes.
    assert found.of(0) == (STRONG, WEAK, STRONG, LOST)
    assert (found.least_norm[0, 0], found.rank[0]) == (2.0, 2)


def test_a_single_sample_shows_nothing():
    found = relevance_of(affine(1.0, -1.0), np.array([[3.0, 4.0]]))
    assert found.of(0) == (LOST, LOST)
    assert (found.rank.tolist(), found.least_norm.tolist(), found.counts()[0, 0].tolist()) == (
        [0],
        [[0.0]],
        [0, 0, 0, 0, 2],
    )


def test_two_samples_can_be_told_apart_by_any_feature_that_differs():
    found = relevance_of(affine(1.0, 1.0, 1.0), np.array([[0.0, 5.0, 1.0], [1.0, 5.0, 3.0]]), spread=np.ones(3))
    # ω₀ + 2 ω₂ = 3: the third feature does it alone at norm 1.5; the first would need 3.
    assert found.of(0) == (WEAK, LOST, STRONG)
    assert found.least_norm[0, 0] == 1.5


@pytest.mark.parametrize(
    ("excess", "kind"), [(np.nextafter(1.0, 0), STRONG), (1.0, WEAK), (np.nextafter(1.0, 2), WEAK)]
)
def test_the_end_of_an_interval_is_compared_with_zero_exactly(excess, kind):
    # ω₀ + 2 ω₁ = 2 has μ = 1; without feature 1 the norm is 2, which δ = 1 allows and the float below does not.
    X = np.outer(np.arange(5.0), [1.0, 2.0])
    found = relevance_of(affine(0.0, 1.0), X, spread=[1.0, 1.0], norm_excess=excess)
    assert found.of(0) == (WEAK, kind)
    assert (found.lower[0, 0, 1] > 0) == (kind is STRONG)


def test_columns_that_differ_in_one_last_bit_are_not_copies():
    x = np.random.default_rng(2).normal(size=20_000)
    X = np.column_stack([x, x])
    assert relevance_of(affine(1.0, 1.0), X).of(0) == (WEAK, WEAK)
    X[12_345, 1] = np.nextafter(X[12_345, 1], np.inf)
    assert relevance_of(affine(1.0, 1.0), X).of(0) == (STRONG, STRONG)


def test_an_output_that_is_constant_on_the_cluster_needs_no_feature():
    x = np.arange(6.0)
    found = relevance_of(affine(1.0, -1.0), np.column_stack([x, x]))
    assert found.of(0) == (IRRELEVANT, IRRELEVANT)
    assert found.least_norm[0, 0] == 0.0


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_units_of_measurement_change_no_class(seed):
    random = np.random.default_rng(seed)
    network, units = he_network(seed, 4, 5, 2), 2.0 ** random.integers(-8, 9, 4)
    X = random.integers(-4, 5, (30, 2)) @ random.integers(-2, 3, (2, 4)) / 4
    other = layered(*zip((network.weights[0] / units, network.weights[1]), network.biases, strict=True))
    one, two = relevance_of(network, X), relevance_of(other, X * units)
    np.testing.assert_array_equal(two.relevance, one.relevance)
    np.testing.assert_array_equal(two.lower * units, one.lower)
    np.testing.assert_array_equal(two.least_norm, one.least_norm)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_larger_excess_widens_every_interval(seed):
    random = np.random.default_rng(seed)
    network = he_network(seed, 4, 5, 1)
    X = random.integers(-4, 5, (30, 2)) @ random.integers(-2, 3, (2, 4)) / 4
    narrow, wide = (relevance_of(network, X, norm_excess=excess) for excess in (0.1, 0.5))
    known = ~np.isnan(narrow.lower)
    assert (wide.lower[known] <= narrow.lower[known]).all()
    assert (wide.upper[known] >= narrow.upper[known]).all()
    assert not ((narrow.relevance == WEAK) & (wide.relevance == STRONG)).any()


def test_the_hull_splits_features_into_those_that_trade_and_those_that_do_not():
    random = np.random.default_rng(4)
    x = random.integers(-9, 10, (5000, 7)).astype(float)
    X = np.column_stack([x[:, 0], x[:, 1], x[:, 2], np.full(5000, 7.0), x[:, 0] + x[:, 1], x[:, 3], x[:, 2] * -0.5])
    hull = sample_hull(X)
    assert (hull.rank, hull.constant, hull.determined) == (4, (3,), (5,))
    assert [group.features for group in hull.groups] == [(0, 1, 4), (2, 6)]
    assert [len(group.equations) for group in hull.groups] == [2, 1]


def test_a_sample_that_alone_leaves_the_hull_is_found_wherever_it_stands():
    x = np.random.default_rng(5).normal(size=(9001, 2))
    X = np.column_stack([x, x[:, 0] * 2])
    assert sample_hull(X).rank == 2
    X[9000, 2] = np.nextafter(X[9000, 2], np.inf)
    assert sample_hull(X).rank == 3
    X[9000, 2], X[77, 2] = 2 * X[9000, 0], 1e300
    assert sample_hull(X).rank == 3


def test_a_time_limit_leaves_unknowns_with_a_reason():
    random = np.random.default_rng(6)
    X = random.normal(size=(200, 3))
    found = relevance_of(he_network(6, 3, 6, 1), X, time_limit=Deadline(0))
    assert (found.relevance == Relevance.UNKNOWN).all()
    assert all("time ran out" in doubt for doubt in found.doubt)
    assert np.isnan(found.least_norm).all()


def test_only_the_largest_clusters_are_looked_at_when_a_limit_says_so():
    X = np.random.default_rng(7).normal(size=(200, 3))
    network = he_network(7, 3, 6, 1)
    whole, two = relevance_of(network, X), relevance_of(network, X, limit=2)
    assert (len(two), len(relevance_of(network, X, limit=0))) == (2, 0)
    np.testing.assert_array_equal(two.relevance, whole.relevance[:2])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"norm_excess": -0.1}, InputError, "norm excess is -0.1"),
        ({"norm_excess": np.nan}, InputError, "norm excess is nan"),
        ({"output_change": -1.0}, InputError, "output change is -1"),
        ({"output_change": [0.0, 0.0]}, InputError, "one number, or one each"),
        ({"limit": -1}, InputError, "limit is -1"),
        ({"time_limit": -1.0}, InputError, "not -1.0"),
        ({"spread": [1.0]}, DataError, "shape"),
        ({"spread": [1.0, 0.0, 1.0]}, DataError, "spread of 'x1' is 0"),
    ],
)
def test_bad_options_are_named(options, error, words):
    X = np.random.default_rng(8).normal(size=(20, 3))
    with pytest.raises(error, match=words):
        relevance_of(he_network(8, 3, 4, 1), X, **options)


def test_another_table_than_the_clustered_one_is_refused():
    X = np.random.default_rng(9).normal(size=(20, 3))
    clusters = cluster_samples(he_network(9, 3, 4, 1), X)
    with pytest.raises(DataError, match="19 samples, but 20 were clustered"):
        cluster_relevance(clusters, X[1:])


def test_values_cannot_be_changed():
    X = np.random.default_rng(10).normal(size=(20, 3))
    found = relevance_of(he_network(10, 3, 4, 1), X)
    for column in (found.lower, found.upper, found.least_norm, found.relevance, found.rank, found.spread):
        with pytest.raises(ValueError, match="read-only"):
            column[...] = 0


def test_relevances_have_printable_names():
    assert [kind.words for kind in Relevance] == ["unknown", "strong", "weak", "irrelevant", "not identifiable"]


# --- predictions that may change by ε ---------------------------------------------------------------------------------


def no_better(samples, omega, weights, change, least, ends):
    """Whether exact elimination agrees: μ is least, and at B = 1.5 μ each interval reaches its ends and no further."""
    n = len(omega)
    rows = [[Fraction(float(a)) - Fraction(float(b)) for a, b in zip(x, samples[0], strict=True)] for x in samples]
    near = [
        [*(-sign * a for a in row), -sign, change + sign * sum(a * o for a, o in zip(row, omega, strict=True))]
        for row in rows
        for sign in (1, -1)
    ]

    def norm_at_most(bound):
        return [
            [*(-sign * w for sign, w in zip(signs, weights, strict=True)), 0, bound]
            for signs in product((1, -1), repeat=n)
        ]

    def reaches(feature, sign, value, bound):
        """Is there a map with sign · v_feature ≥ value (> where asked)?"""
        row = [sign if place == feature else 0 for place in range(n)] + [0, -sign * value]
        system = [*near, *norm_at_most(bound)]
        return find_point([*system, row], [], n + 1) is not None, find_point(system, [row], n + 1) is not None

    assert find_point([*near, *norm_at_most(least)], [], n + 1) is not None
    assert find_point(near, norm_at_most(least), n + 1) is None
    bound = Fraction(3, 2) * least
    for feature, (lower, upper) in enumerate(ends):
        assert reaches(feature, 1, upper, bound) == (True, False)
        assert reaches(feature, -1, lower, bound) == (True, False)


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_intervals_with_a_change_of_output_are_confirmed_by_elimination(seed):
    random = np.random.default_rng(seed)
    X = random.integers(-3, 4, (5, 2)).astype(float)
    X = X[:, X.min(axis=0) < X.max(axis=0)]
    if X.shape[1] == 0:
        return
    n = X.shape[1]
    omega, weights = random.integers(-3, 4, n), random.integers(1, 3, n)
    change = Fraction(int(random.integers(1, 9)), 4)
    programs = DeviationPrograms(X, [fmpq(int(o)) for o in omega], weights.astype(float), float(change))
    least = programs.least_norm()
    programs.bound_norm(fmpq(3, 2) * least)
    ends = [tuple(as_fraction(end) for end in programs.coefficient_range(feature)) for feature in range(n)]
    no_better(X, list(map(int, omega)), list(map(int, weights)), change, as_fraction(least), ends)


@pytest.mark.parametrize("change", [2.0**-40, 0.25, 1.0, 3.0])
@pytest.mark.parametrize("offset", [0.0, 2.0**30])
def test_one_feature_may_flatten_by_twice_the_change_over_its_range(change, offset):
    X = np.array([0.0, 0.5, 2.0, 4.0, 1.5])[:, None] + offset
    network = affine(3.0, offset=1000.0 - 3 * offset)
    found = relevance_of(network, X, output_change=change, norm_excess=0.25, spread=[2.0])
    least = max(0.0, 3 - 2 * change / 4)
    assert found.least_norm[0, 0] == 2 * least
    assert found.lower[0, 0, 0] == least
    assert found.upper[0, 0, 0] == min(1.25 * least, 3 + change / 2)
    assert found.of(0) == ((STRONG,) if least else (IRRELEVANT,))


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([1e-6, 1e-2, 1.0]))
def test_intervals_with_a_change_of_output_are_those_of_the_whole_program_in_floats(seed, change):
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 5))
    network = he_network(seed, n, 4, 2)
    X = random.normal(size=(60, n))
    X[:, 0] = X[:, 1] + 0.02 * random.normal(size=60)
    clusters = cluster_samples(network, X)
    found = cluster_relevance(clusters, X, output_change=change, limit=2)
    maps = cluster_importance(clusters, X.std(axis=0)).coefficients
    for row, output in product(range(len(found)), range(2)):
        members, omega = X[clusters.assignment == row], maps[row, output]
        if len(members) < 2:
            continue
        # v = p − q with p, q ≥ 0, and the constant c free; every sample is a row from the start.
        moved = members - members.mean(axis=0)
        table = np.column_stack([moved, -moved, np.ones(len(moved))])
        values = moved @ omega
        A = np.vstack([table, -table])
        b = np.concatenate([values + change, change - values])
        norm = np.concatenate([found.spread, found.spread, [0.0]])
        sides = [(0, None)] * (2 * n) + [(None, None)]
        least = linprog(norm, A, b, bounds=sides).fun
        np.testing.assert_allclose(found.least_norm[row, output], least, rtol=1e-5, atol=1e-6)
        A, b = np.vstack([A, norm]), np.append(b, 1.1 * found.least_norm[row, output])
        for feature in range(n):
            goal = np.zeros(2 * n + 1)
            goal[feature], goal[n + feature] = 1, -1
            ends = [found.lower[row, output, feature], found.upper[row, output, feature]]
            floats = [linprog(goal, A, b, bounds=sides).fun, -linprog(-goal, A, b, bounds=sides).fun]
            np.testing.assert_allclose(ends, floats, rtol=1e-4, atol=1e-5)


def test_copies_up_to_rounding_are_weak_once_predictions_may_change():
    x, y = np.random.default_rng(11).normal(size=(2, 300))
    X = np.column_stack([x, y, x / 3 * 3 + 1e-13 * y])
    network = affine(1.0, 2.0, 1.0)
    assert relevance_of(network, X).of(0) == (STRONG, STRONG, STRONG)
    assert relevance_of(network, X, output_change=1e-6, norm_excess=0.5).of(0) == (WEAK, STRONG, WEAK)


def test_a_class_turns_exactly_where_the_change_allows_it():
    # One feature on [0, 1] with ω = 1: ω' = 0 predicts within ε = 1/2, and within no less.
    X = np.array([[0.0], [1.0], [0.25]])
    below = relevance_of(affine(1.0), X, output_change=np.nextafter(0.5, 0))
    assert below.of(0) == (STRONG,)
    assert 0 < below.lower[0, 0, 0] < 1e-15
    assert relevance_of(affine(1.0), X, output_change=0.5).of(0) == (IRRELEVANT,)


def test_each_output_has_a_change_of_its_own():
    X = np.random.default_rng(12).normal(size=(50, 2))
    network = layered(([[1.0, 0.5]], [1000.0]), ([[1.0], [1.0]], [-1000.0, -1000.0]))
    found = relevance_of(network, X, output_change=[0.0, 1e3])
    assert (found.of(0, 0), found.of(0, 1)) == ((STRONG, STRONG), (IRRELEVANT, IRRELEVANT))
    np.testing.assert_array_equal(found.output_change, [0.0, 1e3])


def test_samples_too_small_for_floats_are_settled_exactly():
    X = np.array([[0.0, 0.0], [1.0, 5e-324], [2.0, 1e-323], [3.0, 0.0]])
    found = relevance_of(affine(1.0, 0.0), X, spread=[1.0, 1.0], output_change=0.25, norm_excess=0.0)
    # ω' = 1 − 2ε/3 on the first feature is shortest; the second could help by no more than rounding.
    assert (found.lower[0, 0, 0], found.upper[0, 0, 0]) == (2.5 / 3, 2.5 / 3)
    assert found.of(0)[0] is STRONG


def test_a_program_that_is_too_large_leaves_unknowns_with_a_reason():
    X = np.random.default_rng(13).normal(size=(90, 80))
    found = relevance_of(affine(*np.ones(80)), X, output_change=0.1)
    assert (found.relevance == Relevance.UNKNOWN).all()
    assert "80 features can trade" in found.doubt[0]


@pytest.mark.parametrize(("change", "seconds"), [(0.0, 6.0), (0.1, 11.0)])
def test_time_that_ends_inside_a_cluster_keeps_what_is_known(monkeypatch, change, seconds):
    ticks = iter(range(1000))
    monkeypatch.setattr(Clock, "now", lambda clock: float(next(ticks)))
    x, y = np.random.default_rng(14).integers(-9, 10, (2, 30))
    X = np.column_stack([x, y, x, y + x]).astype(float)
    found = relevance_of(affine(1.0, 2.0, 0.0, 1.0), X, time_limit=seconds, output_change=change)
    known = found.relevance[0, 0] != Relevance.UNKNOWN
    assert known.any()
    assert not known.all()
    assert found.doubt == ("time ran out",)
    np.testing.assert_array_equal(np.isnan(found.lower[0, 0]), ~known)
