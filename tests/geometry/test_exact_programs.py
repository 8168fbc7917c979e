"""Linear programs in rationals: the answers verify themselves, and agree with elimination."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st
from oracles import find_point, form_value, satisfies

from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.exact_basis import Basis, independent_rows
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, ExactUnbounded, maximise_form
from relugeom.geometry.strict_point import Refutation, Witness, find_strict_point


def fractions(values):
    return [Fraction(int(x.p), int(x.q)) for x in values]


def combination(rows, multipliers, dimension):
    """Σ multiplier_i h_i; multipliers must be positive."""
    total = [Fraction(0)] * (dimension + 1)
    for row, value in multipliers.items():
        share = Fraction(int(value.p), int(value.q))
        assert share > 0
        total = [a + share * b for a, b in zip(total, rows[row], strict=True)]
    return total


def verify(rows, objective, answer):
    """Check an answer by arithmetic alone; give its name and its value."""
    d = len(objective) - 1
    if isinstance(answer, ExactInfeasible):
        assert combination(rows, answer.multipliers, d) == [0] * d + [-1]
        return "infeasible", None
    point = fractions(answer.point)
    assert satisfies(rows, [], point)
    if isinstance(answer, ExactUnbounded):
        ray = fractions(answer.ray)
        assert all(form_value([*row[:-1], 0], ray) >= 0 for row in rows)
        assert form_value([*objective[:-1], 0], ray) > 0
        return "unbounded", None
    value = Fraction(int(answer.value.p), int(answer.value.q))
    assert form_value(objective, point) == value
    total = combination(rows, answer.multipliers, d)
    assert [c + t for c, t in zip(objective, total, strict=True)] == [0] * d + [value]
    return "optimal", value


FORMS = {n: st.lists(st.integers(-3, 3), min_size=n + 1, max_size=n + 1) for n in (1, 2, 3)}


@st.composite
def programs(draw):
    n = draw(st.integers(1, 3))
    rows = draw(st.lists(FORMS[n], max_size=6))
    hint = draw(st.lists(st.integers(0, 9), max_size=4))
    return rows, draw(FORMS[n]), hint


@given(programs())
def test_programs_against_elimination(program):
    rows, objective, hint = program
    kind, value = verify(rows, objective, maximise_form(rows, objective, hint=hint))
    n = len(objective) - 1
    feasible = find_point(rows, [], n) is not None
    assert (kind != "infeasible") == feasible
    if kind == "optimal":
        above = [*objective[:-1], objective[-1] - value]
        assert find_point(rows, [above], n) is None


def test_no_rows():
    assert verify([], [0, 0, 5], maximise_form([], [0, 0, 5])) == ("optimal", 5)
    assert verify([], [0, -1, 5], maximise_form([], [0, -1, 5])) == ("unbounded", None)
    assert verify([], [7], maximise_form([], [7])) == ("optimal", 7)


def test_no_variables():
    assert verify([[3], [0]], [2], maximise_form([[3], [0]], [2])) == ("optimal", 2)
    assert verify([[3], [-2]], [2], maximise_form([[3], [-2]], [2])) == ("infeasible", None)


def test_rows_of_zeros():
    assert (
        verify(
            [[0, 0, 0], [1, 0, 0], [-1, 0, 4]], [1, 0, 0], maximise_form([[0, 0, 0], [1, 0, 0], [-1, 0, 4]], [1, 0, 0])
        )[1]
        == 4
    )


def dense(A, b):
    """Rows b − A x ≥ 0 and x ≥ 0, scaled to integers."""
    n = len(A[0])
    rows = [[*(-Fraction(a) for a in row), Fraction(value)] for row, value in zip(A, b, strict=True)]
    rows += [[Fraction(i == j) for j in range(n)] + [Fraction(0)] for i in range(n)]
    scaled = []
    for row in rows:
        scale = int(np.lcm.reduce([entry.denominator for entry in row]))
        scaled.append([int(entry * scale) for entry in row])
    return scaled


def test_beale_cycles_under_the_largest_coefficient_rule():
    F = Fraction
    A = [[F(1, 4), -60, F(-1, 25), 9], [F(1, 2), -90, F(-1, 50), 3], [0, 0, 1, 0]]
    rows, objective = dense(A, [0, 0, 1]), [75, -15000, 2, -600, 0]
    for hint in ([], [3, 4, 5, 6], [6, 5, 4, 3], [0, 1, 2, 3]):
        assert verify(rows, objective, maximise_form(rows, objective, hint=hint)) == ("optimal", 5)


def test_marshall_and_suurballe_cycles_too():
    F = Fraction
    A = [[F(1, 2), F(-11, 2), F(-5, 2), 9], [F(1, 2), F(-3, 2), F(-1, 2), 1], [1, 0, 0, 0]]
    rows, objective = dense(A, [0, 0, 1]), [10, -57, -9, -24, 0]
    assert verify(rows, objective, maximise_form(rows, objective, hint=[3, 4, 5, 6])) == ("optimal", 1)


def klee_minty(n):
    """Bland's rule passes very many of the 2^n vertices from the one where the last n rows are 0."""
    A = [[2 ** (i - j + 1) if j < i else int(i == j) for j in range(n)] for i in range(n)]
    return dense(A, [5 ** (i + 1) for i in range(n)]), [2 ** (n - 1 - j) for j in range(n)] + [0]


@pytest.mark.parametrize("n", [2, 5, 8])
def test_klee_minty(n):
    rows, objective = klee_minty(n)
    assert verify(rows, objective, maximise_form(rows, objective, hint=range(n, 2 * n))) == ("optimal", 5**n)


def test_the_clock_is_looked_at_between_two_steps(monkeypatch):
    looks = []
    monkeypatch.setattr(Deadline, "check", lambda deadline: looks.append(deadline))
    rows, objective = klee_minty(24)
    assert verify(rows, objective, maximise_form(rows, objective, hint=range(24, 48))) == ("optimal", 5**24)
    assert len(looks) > 48  # it takes two steps for each of the 24 variables


@pytest.mark.parametrize(
    "settle",
    [
        lambda deadline: maximise_form([[1, 0]], [-1, 0], deadline=deadline),
        lambda deadline: maximise_exactly([[1, 0]], [-1, 0], deadline=deadline),
        lambda deadline: find_strict_point([[1, 0], [-1, 0]], [0], 1, deadline=deadline),
        lambda deadline: find_strict_point([[1, -1], [-1, 1]], [0], 1, deadline=deadline),
    ],
)
def test_after_the_deadline_nothing_is_settled(settle):
    settle(Deadline.of(60))
    with pytest.raises(DeadlinePassedError):
        settle(Deadline(0))


def test_a_degenerate_vertex_with_many_rows():
    random = np.random.default_rng(11)
    rows = [[*normal, 0] for normal in random.integers(-3, 4, (40, 3)).tolist()]
    rows = [row if row[0] + row[1] + row[2] >= 0 else [-c for c in row] for row in rows] + [[-1, -1, -1, 3]]
    for objective in random.integers(-3, 4, (10, 4)).tolist():
        verify(rows, objective, maximise_form(rows, objective))


def test_entries_of_a_thousand_bits():
    big = 1 << 1000
    rows = [[big, 0, -1], [-big, 0, 2], [0, 1, 0], [0, -1, big]]
    kind, value = verify(rows, [big, 1, 0], maximise_form(rows, [big, 1, 0]))
    assert (kind, value) == ("optimal", 2 + big)


@st.composite
def strict_questions(draw):
    n = draw(st.integers(1, 3))
    rows = draw(st.lists(FORMS[n], min_size=1, max_size=7))
    return n, rows, draw(st.sets(st.integers(0, len(rows) - 1)))


@given(strict_questions())
def test_strict_points_against_elimination(question):
    n, rows, strict = question
    weak = [row for index, row in enumerate(rows) if index not in strict]
    positive = [rows[index] for index in strict]
    found, expected = find_strict_point(rows, strict, n), find_point(weak, positive, n)
    assert isinstance(found, Witness) == (expected is not None)
    if isinstance(found, Witness):
        assert satisfies(weak, positive, fractions(found.point))
        return
    assert isinstance(found, Refutation)
    constant = Fraction(int(found.constant.p), int(found.constant.q))
    assert combination(rows, found.multipliers, n) == [0] * n + [constant]
    assert constant <= 0
    if constant == 0:
        assert set(found.multipliers) & strict


def test_strict_points_of_no_rows_and_no_variables():
    assert isinstance(find_strict_point([], [], 3), Witness)
    assert isinstance(find_strict_point([[1], [0]], [0], 0), Witness)
    assert isinstance(find_strict_point([[1], [0]], [1], 0), Refutation)
    assert isinstance(find_strict_point([[-1]], [], 0), Refutation)


@pytest.mark.parametrize("bits", [30, 53, 200, 1200])
def test_strips_thinner_than_any_float(bits):
    # 0 < x < 2^-bits, and one beside it that is empty by the same margin
    wide = [[1, 0], [-(1 << bits), 1]]
    found = find_strict_point(wide, [0, 1], 1)
    assert isinstance(found, Witness) and 0 < fractions(found.point)[0] < Fraction(1, 1 << bits)
    empty = [[1 << bits, -1], [-1, 0]]
    assert isinstance(find_strict_point(empty, [0, 1], 1), Refutation)
    touching = [[1 << bits, -1], [-(1 << bits), 1]]
    assert isinstance(find_strict_point(touching, [], 1), Witness)
    assert isinstance(find_strict_point(touching, [0], 1), Refutation)
    assert isinstance(maximise_form(touching, [1, 0]), ExactOptimum)


THIN_FORMS = st.one_of(
    st.tuples(st.integers(0, 5), st.sampled_from([-2, -1, 1, 3]), st.integers(-3, 3)).map(
        lambda side: [side[1] * (k == side[0]) for k in range(6)] + [side[2]]
    ),
    st.tuples(st.integers(0, 4), st.sampled_from([-1, 2]), st.sampled_from([-2, 1]), st.integers(-3, 3)).map(
        lambda tie: [tie[1] * (k == tie[0]) + tie[2] * (k == 5) for k in range(6)] + [tie[3]]
    ),
    st.lists(st.integers(-3, 3), min_size=7, max_size=7),
)


@given(st.lists(THIN_FORMS, min_size=1, max_size=14), st.lists(st.integers(-3, 3), min_size=7, max_size=7))
def test_programs_whose_rows_are_thin(rows, objective):
    """Sides of boxes, ties of two variables, and rows of all sorts: the answer verifies itself."""
    kind, value = verify(rows, objective, maximise_form(rows, objective))
    other = verify(rows, objective, maximise_form(rows, objective, hint=range(len(rows))[::-1]))
    assert other == (kind, value)


@given(st.data())
def test_a_basis_solves_its_equations(data):
    order = data.draw(st.permutations(range(6)))
    rows = data.draw(st.lists(THIN_FORMS.map(lambda form: form[:-1]), min_size=6, max_size=6))
    exact = fmpq_mat(6, 6, [entry for row in rows for entry in row])
    independent = independent_rows(((row, rows[row]) for row in order), 6)
    assert len(independent) == exact.rank()
    if len(independent) < 6:
        return
    right = [
        fmpq(p, q)
        for p, q in data.draw(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), min_size=6, max_size=6))
    ]
    column = fmpq_mat(6, 1, right)
    assert Basis(rows).solve(right) == exact.solve(column).entries()
    assert Basis(rows).solve_transposed(right) == exact.transpose().solve(column).entries()


def test_a_box_of_many_inputs_asks_for_small_matrices():
    """Elimination sees one row per thick row of the basis, however many inputs there are."""
    random = np.random.default_rng(5)
    n = 300
    sides = [[sign * (k == j) for k in range(n)] + [10] for j in range(n) for sign in (1, -1)]
    cuts = [[*row, 40] for row in random.integers(-9, 10, (6, n)).tolist()]
    rows, objective = [*sides, *cuts], [*random.integers(-9, 10, n).tolist(), 0]
    assert verify(rows, objective, maximise_exactly(rows, objective))[0] == "optimal"
    basis = Basis([*(row[:-1] for row in cuts), *(row[:-1] for row in sides[12::2])])
    assert len(basis.core) == 6
