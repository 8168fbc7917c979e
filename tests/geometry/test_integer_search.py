"""Admissible points by branch and bound: against brute force, and every refutation checked from scratch."""

from fractions import Fraction
from itertools import product
from math import floor, gcd, inf, lcm

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import domain_forms, find_point, form_value

from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain, round_to_rules
from relugeom.geometry.integer_search import (
    AdmissibleWitness,
    Branch,
    Congruence,
    NoAdmissiblePoint,
    Undecided,
    find_admissible_point,
)


def fraction(value):
    return Fraction(int(value.p), int(value.q))


def as_integers(form):
    scale = lcm(*(Fraction(entry).denominator for entry in form))
    row = [int(entry * scale) for entry in form]
    return [entry // (gcd(*row) or 1) for entry in row]


def combination(multipliers, forms):
    total = [Fraction(0)] * len(next(iter(forms.values())))
    for row, value in multipliers.items():
        total = [t + fraction(value) * entry for t, entry in zip(total, forms[row], strict=True)]
    return total


def check_linear(refutation, forms, equalities):
    total = combination(refutation.multipliers, forms)
    assert not any(total[:-1]) and total[-1] == fraction(refutation.constant) <= 0
    assert all(value > 0 for row, value in refutation.multipliers.items() if row not in equalities)


def check_proof(proof, rows, strict, domain):
    """The whole proof from the question alone, in fractions."""
    integral = domain.integral.tolist()
    inequalities = domain_forms(Domain(domain.lower, domain.upper, A=domain.A, b=domain.b))
    sides, others = inequalities[: -len(domain.b) or None], inequalities[len(inequalities) - len(domain.b) :]
    asked = [(list(row), number in strict) for number, row in enumerate(rows)]
    asked += [(as_integers(form), False) for form in [*others, *sides]]
    expected, still_strict = [], set()
    for number, (form, is_strict) in enumerate(asked):
        divisor = gcd(*form[:-1])
        if divisor and all(whole for c, whole in zip(form, integral, strict=False) if c):
            expected.append([*(c // divisor for c in form[:-1]), floor(Fraction(form[-1] - is_strict, divisor))])
        else:
            expected.append(as_integers(form))
            still_strict |= {number} if is_strict else set()
    assert [list(form) for form in proof.rows] == expected
    assert proof.strict == still_strict
    known = [as_integers(form) for form in domain_forms(domain)]
    assert all(sided in known for form in proof.equalities for sided in (list(form), [-entry for entry in form]))
    first_cut = len(proof.rows) + len(proof.equalities)
    equalities = range(len(proof.rows), first_cut)
    base = dict(enumerate([*proof.rows, *proof.equalities]))
    visited = []

    def walk(number, cuts):
        visited.append(number)
        node = proof.nodes[number]
        forms = base | {first_cut + depth: cut for depth, cut in enumerate(cuts)}
        if isinstance(node, Branch):
            assert integral[node.feature]
            below, above = [0] * domain.inputs + [node.bound], [0] * domain.inputs + [-node.bound - 1]
            below[node.feature], above[node.feature] = -1, 1
            walk(node.below, [*cuts, below])
            walk(node.above, [*cuts, above])
        elif isinstance(node, Congruence):
            for relation in node.implied:
                check_linear(relation, forms, equalities)
                assert relation.constant == 0
            zero = set(equalities) | {row for relation in node.implied for row in relation.multipliers}
            assert set(node.multipliers) <= zero
            total = combination(node.multipliers, forms)
            assert all(c.denominator == 1 for c in total[:-1]) and total[-1].denominator > 1
            assert all(whole or not c for c, whole in zip(total, integral, strict=False))
        else:
            check_linear(node, forms, equalities)
            assert node.constant < 0 or any(row in proof.strict for row in node.multipliers)

    walk(0, [])
    assert sorted(visited) == list(range(len(proof.nodes)))


def ask(rows, strict, domain, **options):
    """The answer, after checking all of it."""
    found = find_admissible_point(rows, strict, domain, **options)
    if isinstance(found, AdmissibleWitness):
        point = [fraction(x) for x in found.point]
        assert all(form_value(form, point) >= 0 for form in domain_forms(domain))
        assert all(x.denominator == 1 for x, whole in zip(point, domain.integral, strict=True) if whole)
        assert all(form_value(row, point) >= 0 for row in rows)
        assert all(form_value(rows[number], point) > 0 for number in strict)
    elif isinstance(found, NoAdmissiblePoint):
        check_proof(found, rows, strict, domain)
    return found


def exists(rows, strict, domain, values):
    """Brute force over the integer features; the rest by elimination."""
    weak, integral = domain_forms(domain), domain.integral.tolist()
    rest = [feature for feature, whole in enumerate(integral) if not whole]

    def with_integers(form, integers):
        inner = iter(integers)
        constant = Fraction(form[-1])
        for coefficient, whole in zip(form[:-1], integral, strict=True):
            constant += coefficient * next(inner) if whole else 0
        return [*(form[feature] for feature in rest), constant]

    for integers in product(values, repeat=sum(integral)):
        closed = [with_integers(form, integers) for form in [*weak, *rows]]
        opened = [with_integers(rows[row], integers) for row in strict]
        if find_point(closed, opened, len(rest)) is not None:
            return True
    return False


def random_question(seed, *, mixed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 4))
    kinds = ["integer" if not mixed or random.random() < 0.6 else "continuous" for _ in range(n)]
    kinds[0] = "integer"
    lower = random.integers(-3, 1, n) + random.choice([0.0, 0.25], n)
    upper = lower + random.integers(0, 7, n) / 2
    rows = random.integers(-4, 5, (int(random.integers(0, 4)), n + 1)).tolist()
    strict = [row for row in range(len(rows)) if random.random() < 0.5]
    p, k = int(random.integers(0, 2)), int(random.integers(0, 3))
    E, A = random.integers(-3, 4, (p, n)).astype(float), random.integers(-3, 4, (k, n)).astype(float)
    f, b = random.integers(-3, 4, p) / random.choice([1, 2]), random.integers(-3, 4, k) / 2
    return rows, strict, Domain(lower, upper, A=A, b=b, E=E, f=f, kinds=tuple(kinds))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_against_brute_force(seed, mixed):
    rows, strict, domain = random_question(seed, mixed=mixed)
    found = ask(rows, strict, domain)
    assert isinstance(found, AdmissibleWitness) == exists(rows, strict, domain, range(-4, 5))
    assert not isinstance(found, Undecided)


@settings(max_examples=16)
@given(st.integers(0, 2**32 - 1))
def test_thin_slabs_against_brute_force(seed):
    """|c·x − r| ≤ s for two directions, with a continuous s ≤ w: no rounding of rows helps, so nodes must branch."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(2):
        c, r = random.integers(-7, 8, 3), int(random.integers(-40, 41))
        rows += [[*(8 * c).tolist(), 8, -r], [*(-8 * c).tolist(), 8, r]]
    domain = Domain([-4.0] * 3 + [0.0], [4.0] * 3 + [0.25], kinds=("integer",) * 3 + ("continuous",))
    strict = [row for row in range(4) if random.random() < 0.5]
    found = ask(rows, strict, domain)
    assert isinstance(found, AdmissibleWitness) == exists(rows, strict, domain, range(-4, 5))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_one_hot_groups_against_brute_force(seed):
    random = np.random.default_rng(seed)
    n = 6
    rows = random.integers(-4, 5, (int(random.integers(1, 5)), n + 1)).tolist()
    strict = [row for row in range(len(rows)) if random.random() < 0.5]
    kinds = ("binary",) * 5 + ("continuous",)
    domain = Domain([-1.0] * n, [1.0] * n, kinds=kinds, groups=((0, 1, 2), (3, 4)))
    found = ask(rows, strict, domain)
    assert isinstance(found, AdmissibleWitness) == exists(rows, strict, domain, (0, 1))


# --- arithmetic -------------------------------------------------------------------------------------------------------


def integers(n, lower=-inf, upper=inf, **options):
    return Domain([lower] * n, [upper] * n, kinds=("integer",) * n, **options)


@pytest.mark.parametrize(
    "domain",
    [
        integers(1, E=[[2.0]], f=[1.0]),
        integers(2, E=[[1.0, 1.0]], f=[0.5]),
        integers(2, E=[[2.0, 4.0]], f=[1.0]),
        integers(3, E=[[1.0, 1.0, -2.0], [1.0, -1.0, 2.0]], f=[0.0, 1.0]),  # 2x = 1 once added
        integers(4, E=[[1.0, 0.0, -2.0, 0.0], [1.0, 0.0, 0.0, -2.0]], f=[0.0, 1.0]),  # x even and x odd
        integers(3, E=[[6.0, 10.0, 15.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], f=[1.5, 0.0, 0.0]),
        Domain([-inf] * 3, [inf] * 3, kinds=("integer", "integer", "continuous"), E=[[2, 2, 1], [0, 0, 3]], f=[1, 0]),
    ],
)
def test_parity_traps_end_at_the_root(domain):
    proof = ask([], [], domain)
    assert isinstance(proof, NoAdmissiblePoint)
    assert len(proof.nodes) == 1 and isinstance(proof.nodes[0], Congruence)


def test_rows_that_are_opposite_make_an_equality():
    odd = [2, -2, -1]
    proof = ask([odd, [-2, 2, 1]], [], integers(2))
    assert isinstance(proof, NoAdmissiblePoint) and len(proof.nodes) == 1
    # Half of a parity trap in the rows, half in the domain; the rows meet only where their sum vanishes.
    domain = integers(3, E=[[1.0, 0.0, -2.0]], f=[0.0])
    rows = [[1, -2, 0, -1], [-2, 3, 0, 2], [1, -1, 0, -1]]  # they sum to 0: all three are equalities, x = 1, y = 0
    proof = ask(rows, [], domain)
    assert isinstance(proof, NoAdmissiblePoint) and len(proof.nodes) == 1


def test_solvable_equalities_are_solved():
    domain = integers(3, -1e6, 1e6, E=[[6.0, 10.0, 15.0]], f=[1.0])
    found = ask([[1, 1, 1, -100_000]], [0], domain)
    assert isinstance(found, AdmissibleWitness)


def test_a_continuous_feature_frees_an_equality():
    domain = Domain([-inf] * 2, [inf] * 2, kinds=("integer", "continuous"), E=[[2.0, 1.0]], f=[1.5])
    assert isinstance(ask([], [], domain), AdmissibleWitness)


# --- ranges -----------------------------------------------------------------------------------------------------------


def test_between_two_integers():
    for domain in (integers(1, 0.2, 0.8), integers(2, 0.2, 0.8)):
        proof = ask([], [], domain)
        assert isinstance(proof, NoAdmissiblePoint) and len(proof.nodes) == 1


def test_a_point_on_the_boundary_counts_where_the_row_is_not_strict():
    # A triangle whose only integer point is its corner (1, 1).
    rows = [[-3, 1, 2], [1, -3, 2], [2, 2, -4]]
    domain = integers(2, -5.0, 5.0)
    assert ask([*rows, [1, 1, -2], [-1, -1, 2]], [], domain).point == (1, 1)
    assert isinstance(ask([*rows, [-1, -1, 2]], [3], domain), NoAdmissiblePoint)


def test_huge_ranges_need_few_nodes():
    wide = integers(2, 1.0, 1e9)
    assert isinstance(ask([[3, -3, -1], [-3, 3, 2]], [], wide, node_limit=4), NoAdmissiblePoint)
    found = ask([[1000, -1001, 0], [-1000, 1001, 5], [1, 0, -(10**8)]], [0], wide, node_limit=60)
    assert isinstance(found, AdmissibleWitness)
    mixed = Domain([1.0] * 3, [1e9] * 3, kinds=("integer", "integer", "continuous"))
    found = ask([[1, 1, 1, -(10**9)], [-1, -1, -1, 10**9 + 1], [7, -11, 3, 0]], [0, 1, 2], mixed, node_limit=20)
    assert isinstance(found, AdmissibleWitness)


def test_integers_beyond_all_floats():
    big = 10**320
    found = ask([[1, -big], [-1, big + 1]], [0], integers(1))
    assert found.point == (big + 1,)


def test_unbounded_integers_without_an_answer_are_undecided():
    domain = Domain([-inf, -inf, 0.0], [inf, inf, 0.25], kinds=("integer", "integer", "continuous"))
    rows = [[2, -4, 1, -1], [-2, 4, 1, 1]]  # |2x − 4y − 1| ≤ s ≤ 1/4
    found = ask(rows, [], domain, node_limit=50)
    assert isinstance(found, Undecided) and "50 nodes" in found.reason and found.nodes == 50
    assert "within the time limit" in ask(rows, [], domain, time_limit=0.05).reason
    assert ask(rows, [], domain, time_limit=Deadline(0)).nodes == 0
    bounded = Domain([0.0, 0.0, 0.0], [9.0, 9.0, 0.25], kinds=domain.kinds)
    assert isinstance(ask(rows, [], bounded), NoAdmissiblePoint)


def test_unbounded_integers_with_a_far_answer():
    found = ask([[1, -5, -3], [-1, 5, 4], [1, 1, -1000]], [2], integers(2))
    assert isinstance(found, AdmissibleWitness)


def test_the_domain_itself():
    empty = Domain([0.0, 0.0], [1.0, 1.0], kinds=("integer", "continuous"), A=[[-1.0, -1.0]], b=[-3.0])
    assert isinstance(ask([], [], empty), NoAdmissiblePoint)
    contradiction = integers(2, E=[[1.0, 1.0], [1.0, 1.0]], f=[0.0, 1.0])
    assert isinstance(ask([], [], contradiction), NoAdmissiblePoint)
    point = Domain([2.0, 0.5], [2.0, 0.5], kinds=("integer", "continuous"))
    assert ask([[1, 2, -3]], [], point).point == (2, fmpq(1, 2))
    assert isinstance(ask([[1, 2, -3]], [0], point), NoAdmissiblePoint)
    assert isinstance(ask([[0, 0, -1]], [], point), NoAdmissiblePoint)
    assert isinstance(ask([[0, 0, 0]], [0], point), NoAdmissiblePoint)
    assert isinstance(ask([[0, 0, 0], [0, 0, 1]], [1], point), AdmissibleWitness)


def test_many_binaries():
    random = np.random.default_rng(3)
    n = 24
    weights = random.integers(10**5, 10**6, n).tolist()
    domain = integers(n, 0.0, 1.0)
    half = sum(weights) // 2
    found = ask([[*weights, -half], [*(-w for w in weights), half + 200]], [], domain, node_limit=3000)
    assert isinstance(found, AdmissibleWitness | Undecided)
    even = [2 * w for w in weights]
    assert isinstance(ask([[*even, -7], [*(-w for w in even), 7]], [], domain), NoAdmissiblePoint)


def test_rounding_to_the_rules():
    kinds = ("integer", "continuous", "binary", "binary")
    domain = Domain([0.0] * 4, [9.0, 9.0, 1.0, 1.0], kinds=kinds, groups=((2, 3),))
    points = np.array([[1.6, 1.6, 0.4, 0.6], [inf, 0.0, 1.0, 0.0], [2.4, 0.5, 0.5, 0.5]])
    assert round_to_rules(domain, points).tolist() == [[2.0, 1.6, 0.0, 1.0], [2.0, 0.5, 1.0, 0.0]]
    assert round_to_rules(domain, points[:0]).shape == (0, 4)
