"""What is written of a number is implied by the number."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from relugeom.claims.answer import Answer, RemovedUnit, ShownInput
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.claims.words import (
    Names,
    answer_in_words,
    between_in_words,
    bound_in_words,
    pair_in_words,
    point_in_words,
    witness_in_words,
)

NUMBERS = st.fractions() | st.floats(allow_nan=False, allow_infinity=False).map(Fraction)


@given(NUMBERS)
@example(Fraction(2589863763185, 10**12))
@example(Fraction(999999999, 10**9))
@example(Fraction(0))
@example(Fraction(-(10**30)))
def test_a_written_bound_is_true_and_near(bound: Fraction) -> None:
    above = Fraction(bound_in_words("y", "≤", bound).removeprefix("y ≤ "))
    below = Fraction(bound_in_words("y", "≥", bound).removeprefix("y ≥ "))
    assert below <= bound <= above
    assert above - below <= abs(bound) / 10**5
    assert (below == bound == above) or below < bound < above


def test_what_is_short_stays_short() -> None:
    assert bound_in_words("y", "≤", Fraction(5, 2)) == "y ≤ 2.5"
    assert bound_in_words("y", "≥", Fraction(-120_000)) == "y ≥ -120000"


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
@example(0.1, 0.1 + 2**-56)
def test_numbers_that_differ_are_written_differently(first: float, second: float) -> None:
    texts = pair_in_words(Fraction(first), Fraction(second))
    assert (texts[0] == texts[1]) == (first == second)


NAMES = Names(("age", "fare"), ("y0",), classes=("no", "yes"))
LOW, HIGH = (Fraction(0), Fraction(1, 2)), (Fraction(1), Fraction(1, 2))


def test_a_pair_is_told_from_its_lower_end_in_whichever_order_it_is_given() -> None:
    subject = Subject(Question.MONOTONICITY, output=0, feature=0, direction=Direction.RISES)
    pair = ShownInput(LOW, Fraction(2)), ShownInput(HIGH, Fraction(1))
    words = {witness_in_words(Answer(subject, Verdict.FAILS, shown=shown), NAMES) for shown in (pair, pair[::-1])}
    assert words == {"as age rises from 0 to 1 it falls from 2 to 1, at fare = 0.5"}


def test_only_what_differs_between_two_inputs_is_told_of_the_second() -> None:
    subject = Subject(Question.FAIRNESS, protected=(0, 1))
    for first, second, told in ((0, 1, ("no", "yes")), (-1, -2, ("not clear", "not clear"))):
        answer = Answer(subject, Verdict.FAILS, shown=(ShownInput(LOW, None, first), ShownInput(HIGH, None, second)))
        words = f"age 0 → 1 changes the decision from {told[0]} to {told[1]}, at fare = 0.5"
        assert witness_in_words(answer, NAMES) == words
    unnamed = Names(NAMES.features, NAMES.outputs)
    answer = Answer(subject, Verdict.FAILS, shown=(ShownInput(LOW, None, 0), ShownInput(HIGH, None, 1)))
    assert "changes the decision from class 0 to class 1" in witness_in_words(answer, unnamed)


def test_an_input_that_reaches_a_value_is_called_admissible_where_others_are_not() -> None:
    answer = Answer(
        Subject(Question.RANGE, output=0, side=Side.LOWEST), Verdict.HOLDS, Fraction(1, 4), shown=(ShownInput(LOW),)
    )
    assert witness_in_words(answer, NAMES) == "0.25 is reached at age = 0, fare = 0.5"
    whole = Names(NAMES.features, NAMES.outputs, Scope.ADMISSIBLE)
    assert witness_in_words(answer, whole) == "0.25 is reached at the admissible input age = 0, fare = 0.5"


def test_the_zeros_of_a_long_input_are_counted() -> None:
    names = [f"x{k}" for k in range(30)]
    point = [Fraction(k % 2) for k in range(26)] + [Fraction(2)] * 4
    words = point_in_words(names, point)
    assert words.startswith("x1 = 1, x3 = 1, ")
    assert words.endswith("x23 = 1 and 5 more (the other 13 are 0)")
    assert point_in_words(names, [Fraction(0)] * 30) == "0 in all 30 features"
    assert point_in_words(names[:2], [Fraction(0)] * 2) == "x0 = 0, x1 = 0"


def test_of_many_units_the_first_are_named() -> None:
    subject = Subject(Question.SIMPLIFICATION, second_network="simplified.npz")
    units = tuple(RemovedUnit(0, unit, "never fires") for unit in range(23))
    words = witness_in_words(Answer(subject, Verdict.HOLDS, removed=units), NAMES)
    assert words.startswith("not needed: unit 0.0 never fires, unit 0.1 never fires")
    assert words.endswith("unit 0.19 never fires and 3 more")
    assert witness_in_words(Answer(subject, Verdict.UNKNOWN), NAMES) == ""


def test_a_number_that_is_not_known_lies_between_two_bounds():
    third = Fraction(1, 3)
    assert between_in_words(third, Fraction(1)) == "between 0.333333 and 1"
    assert between_in_words(third, third + Fraction(1, 10**9)) == "between 0.3333333333 and 0.3333333344"
    assert (between_in_words(third, third), between_in_words(None, None)) == ("0.333333", "")
    assert (between_in_words(third, None), between_in_words(None, third)) == ("at least 0.333333", "at most 0.333334")


@given(st.fractions(-10, 10), st.fractions(Fraction(1, 10**8), 10))
def test_bounds_are_rounded_outwards_and_not_far(low, width):
    texts = between_in_words(low, low + width).removeprefix("between ").split(" and ")
    first, last = map(Fraction, texts)
    assert first <= low < low + width <= last and last - first < 2 * width


def test_the_end_of_a_range_is_said_with_both_sides():
    subject = Subject(Question.RANGE, output=0, side=Side.LOWEST)
    for verdict, words in (
        (Verdict.UNKNOWN, "the lowest value of y0 is between 0 and 0.5"),
        (Verdict.HOLDS, "y0 ≥ 0.5"),
    ):
        answer = Answer(subject, verdict, Fraction(1, 2), lower=Fraction(0), upper=Fraction(1, 2))
        assert answer_in_words(answer, NAMES) == words
