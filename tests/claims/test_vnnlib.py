"""VNN-LIB as it is written by people and tools: cases agree with the formula at every point, errors name the line."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relugeom.claims.vnnlib import DEEPEST, read_property
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError, InputError

NAMES = ("X_0", "X_1", "Y_0", "Y_1")
DECLARED = "".join(f"(declare-const {name} Real)\n" for name in NAMES)
numbers = st.integers(-3, 3).map(lambda value: Fraction(value, 2))


def as_decimal(value: Fraction) -> str:
    text = f"{abs(float(value))}"
    return text if value >= 0 else f"(- {text})"


def linear_terms():
    """(text, value at a point) of linear terms."""
    names = st.sampled_from(NAMES).map(lambda name: (name, lambda point: point[name]))
    constants = numbers.map(lambda value: (as_decimal(value), lambda point: value))

    def combine(children):
        sums = st.lists(children, min_size=1, max_size=3).map(
            lambda parts: (f"(+ {' '.join(t for t, _ in parts)})", lambda point: sum(f(point) for _, f in parts))
        )
        differences = st.tuples(children, children).map(
            lambda pair: (f"(- {pair[0][0]} {pair[1][0]})", lambda point: pair[0][1](point) - pair[1][1](point))
        )
        opposites = children.map(lambda part: (f"(- {part[0]})", lambda point: -part[1](point)))
        products = st.tuples(numbers, children).map(
            lambda pair: (f"(* {as_decimal(pair[0])} {pair[1][0]})", lambda point: pair[0] * pair[1][1](point))
        )
        return sums | differences | opposites | products

    return st.recursive(names | constants, combine, max_leaves=4)


COMPARE = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
}


def formulas():
    """(text, truth at a point) of conditions."""
    chains = st.lists(linear_terms(), min_size=2, max_size=3)
    atoms = st.tuples(st.sampled_from(sorted(COMPARE)), chains).map(
        lambda t: (
            f"({t[0]} {' '.join(text for text, _ in t[1])})",
            lambda point: all(COMPARE[t[0]](f(point), g(point)) for (_, f), (_, g) in pairwise(t[1])),
        )
    )

    def combine(children):
        parts = st.lists(children, min_size=1, max_size=3)
        both = parts.map(lambda ps: (f"(and {' '.join(t for t, _ in ps)})", lambda point: all(f(point) for _, f in ps)))
        either = parts.map(
            lambda ps: (f"(or {' '.join(t for t, _ in ps)})", lambda point: any(f(point) for _, f in ps))
        )
        return both | either | children.map(lambda p: (f"(not {p[0]})", lambda point: not p[1](point)))

    return st.recursive(atoms, combine, max_leaves=5)


def lies_in(case, x, y) -> bool:
    for low, high, value in zip(case.lower, case.upper, x, strict=True):
        if (low is not None and value < low) or (high is not None and value > high):
            return False
    for part in case.inequalities:
        value = part.constant + sum(a * b for a, b in zip(part.inputs or [0] * len(x), x, strict=True))
        value += sum(a * b for a, b in zip(part.outputs or [0] * len(y), y, strict=True))
        if value < 0 or (part.strict and value == 0):
            return False
    return True


@given(st.lists(formulas(), min_size=1, max_size=3), st.lists(st.tuples(*[numbers] * 4), min_size=5, max_size=20))
def test_cases_are_the_points_at_which_all_assertions_are_true(conditions, points):
    text = DECLARED + "".join(f"(assert {condition})\n" for condition, _ in conditions)
    stated = read_property(text)
    assert (stated.inputs, stated.outputs) == (2, 2)
    for values in points:
        point = dict(zip(NAMES, values, strict=True))
        truth = all(holds(point) for _, holds in conditions)
        assert any(lies_in(case, values[:2], values[2:]) for case in stated.cases) is truth


def test_numbers_are_exact_decimals_and_bounds_of_one_input_make_the_box():
    stated = read_property(
        DECLARED + "; a comment (with a parenthesis\n(set-logic QF_LRA)\n"
        "(assert (and (>= X_0 0.1) (<= (* 2 X_0) 1e1) (< X_1 -0.3)))(assert (>= Y_0 1.))(check-sat)"
    )
    (case,) = stated.cases
    assert case.lower == (Fraction(1, 10), None)
    assert case.upper == (Fraction(5), None)
    assert [part.strict for part in case.inequalities] == [True, False]
    assert case.inequalities[0].constant == Fraction(-3, 10)


def test_a_union_of_boxes_is_a_case_each():
    boxes = "(or (and (>= X_0 0) (<= X_0 1)) (and (>= X_0 3) (<= X_0 4)))"
    stated = read_property(f"{DECLARED}(assert {boxes})\n(assert (or (<= Y_0 Y_1) (<= Y_0 0)))")
    assert [(case.lower[0], case.upper[0]) for case in stated.cases] == [(0, 1), (0, 1), (3, 4), (3, 4)]
    assert len({case.inequalities for case in stated.cases}) == 2


def test_what_contradicts_itself_has_no_case():
    assert not read_property(f"{DECLARED}(assert (<= X_0 0))(assert (>= X_0 1))").cases
    assert not read_property(f"{DECLARED}(assert (<= 1 0))").cases
    assert not read_property(f"{DECLARED}(assert (< X_0 X_0))").cases
    (case,) = read_property(f"{DECLARED}(assert (<= 0 0))").cases
    assert case.lower == (None, None) and not case.inequalities


def test_functions_without_arguments_are_constants():
    stated = read_property("(declare-fun X_0 () Real)(declare-fun Y_0 () Real)(assert (<= X_0 Y_0))")
    assert (stated.inputs, stated.outputs) == (1, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "declares inputs"),
        ("(declare-const X_0 Real)", "declares inputs"),
        ("(declare-const X_1 Real)", "line 1: X_1 is declared where X_0 is expected"),
        ("(declare-const X_0 Real)\n(declare-const X_0 Real)", "line 2: X_0 is declared where X_1"),
        ("(declare-const X_0 Int)", "unknown command"),
        ("(declare-const weight Real)", "not the name of an input or output"),
        ("(declare-network f)", "line 1: unknown command"),
        (f"{DECLARED}(assert (<= X_0 X_2))", "line 5: X_2 is not declared"),
        (f"{DECLARED}(assert (<= X_0 (* X_0 X_1)))", "not linear"),
        (f"{DECLARED}(assert (<= X_0))", "unknown condition"),
        (f"{DECLARED}(assert (=> (<= X_0 1) (<= Y_0 1)))", "unknown condition: \\(=> "),
        (f"{DECLARED}(assert (<= X_0 1e9999))", "neither a number"),
        (f"{DECLARED}(assert (<= X_0 0x10))", "neither a number"),
        (f"{DECLARED}(assert (<= X_0 nan))", "neither a number"),
        (f"{DECLARED}(assert (<= X_0 (/ 1 2)))", "unknown term"),
        (f"{DECLARED}(assert true)", "unknown condition"),
        (f"{DECLARED}(assert (<= X_0 1\u00a0000))", "neither a number"),
        (f"{DECLARED}(assert (<= X_0 1 \u00a0 000))", "neither a number"),
        (f"{DECLARED}\n\n(assert (<= X_0 1)", "line 7: the parenthesis that opens here"),
        (f"{DECLARED})", "line 5: a parenthesis is closed"),
        ("X_0", "a command begins with a parenthesis"),
        ('(set-info "open', "no VNN-LIB"),
        ("(" * (DEEPEST + 1), "nested parentheses"),
        (DECLARED + "(assert " + "(or (<= X_0 0) (<= Y_0 0))" * 1 + " extra)", "unknown command"),
        (DECLARED + "(assert (or (<= X_0 0) (<= Y_0 0)))" * 17, "more than 100,000 cases"),
    ],
)
def test_errors_name_the_line_and_the_reason(text, reason):
    with pytest.raises(InputError, match=reason):
        read_property(text)


def test_hostile_texts_cost_little():
    for text in ("(" * 1_000_000, "(assert " * 60 + ")" * 1_000_000, ";" * 5_000_000, "9" * 1_000_000, " " * 5_000_000):
        with pytest.raises(InputError):
            read_property(text)
    with pytest.raises(InputError, match="neither a number"):
        read_property(f"{DECLARED}(assert (<= X_0 {'9' * 1_000_000}))")


def test_what_all_cases_share_is_kept_once():
    """500 inputs with bounds of their own beside a union of 200 intervals: each case has all of them."""
    inputs, parts = 500, 200
    text = "".join(f"(declare-const X_{k} Real)" for k in range(inputs)) + "(declare-const Y_0 Real)"
    text += f"(assert (or {' '.join(f'(and (>= X_0 {k})(<= X_0 {k + 1}))' for k in range(parts))}))"
    text += "".join(f"(assert (<= X_{k} {1000 + k}))(assert (>= X_{k} -{k}))" for k in range(inputs))
    found = read_property(text + "(assert (>= Y_0 X_7))")
    assert [(case.lower[0], case.upper[0]) for case in found.cases] == [(k, k + 1) for k in range(parts)]
    assert all(
        case.lower[1:] == found.cases[0].lower[1:] == tuple(-k for k in range(1, inputs)) for case in found.cases
    )
    assert all(case.inequalities == found.cases[0].inequalities for case in found.cases)
    assert [part.outputs for part in found.cases[0].inequalities] == [(1,)]


def test_cases_share_what_is_the_same():
    """Sides and inequalities of 1,000 cases are kept once; cases that bound inputs have sides of their own."""
    inputs, parts = 300, 1000
    text = "".join(f"(declare-const X_{k} Real)" for k in range(inputs)) + "(declare-const Y_0 Real)"
    text += "".join(f"(assert (<= 0 X_{k} 1))" for k in range(inputs))
    text += f"(assert (or {' '.join(f'(>= Y_0 {k})' for k in range(parts))}))"
    found = read_property(text + "(assert (or (<= X_0 0.5) (>= (+ X_0 X_1) 0.5)))")
    assert len(found.cases) == 2 * parts
    assert len({id(case.lower) for case in found.cases}) == 1
    assert len({id(part) for case in found.cases for part in case.inequalities}) == parts + 1


def test_more_bounds_than_can_be_kept_are_refused():
    text = "".join(f"(declare-const X_{k} Real)" for k in range(784)) + "(declare-const Y_0 Real)"
    text += "(assert (or (<= X_0 0) (<= Y_0 0)))" * 15
    with pytest.raises(InputError, match="32,768 cases of 784 inputs, more than can be kept: divide it"):
        read_property(text)


def test_a_chain_of_terms_holds_from_each_to_the_next():
    chain = "(<= 0 X_0 (* 2 X_1) 1)"
    pairs = "(and (<= 0 X_0) (<= X_0 (* 2 X_1)) (<= (* 2 X_1) 1))"
    assert read_property(f"{DECLARED}(assert {chain})") == read_property(f"{DECLARED}(assert {pairs})")
    assert len(read_property(f"{DECLARED}(assert (not {chain}))").cases) == 3
    equal = read_property(f"{DECLARED}(assert (= X_0 X_1 0.5))").cases
    assert len(equal) == 1 and equal[0].lower == equal[0].upper == (None, Fraction(1, 2))
    with pytest.raises(InputError, match="line 5: neither a number nor a declared name: 'NaN'"):
        read_property(f"{DECLARED}(assert (<= 0 X_0 NaN))")


def test_a_contradiction_that_all_cases_share_leaves_none():
    declared = "(declare-const X_0 Real)(declare-const Y_0 Real)"
    union = "(assert (or (<= X_0 1) (>= X_0 2)))"
    assert read_property(f"{declared}{union}(assert (<= 1 0))").cases == ()
    assert read_property(f"{declared}(assert (and (>= X_0 1.5)(<= X_0 1.75))){union}").cases == ()


def test_reading_ends_at_a_deadline():
    declared = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 Y_0))"
    assert len(read_property(declared, deadline=Deadline.of(60)).cases) == 1
    with pytest.raises(DeadlinePassedError):
        read_property(declared, deadline=Deadline(0))


def test_a_text_that_is_cut_within_a_number_is_refused():
    """Every number stands in parentheses, so that only whole assertions are read."""
    lines = [
        "(declare-const X_0 Real)",
        "(declare-const Y_0 Real)",
        "(assert (<= X_0 2.81e-02))",
        "(assert (>= Y_0 40))",
    ]
    text = "\n".join(lines)
    ends = {len("\n".join(lines[:count])) + more for count in (2, 3, 4) for more in (0, 1)}
    for length in range(len(text)):
        if length not in ends:
            with pytest.raises(InputError):
                read_property(text[:length])
