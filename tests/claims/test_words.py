"""What is written of a number is implied by the number."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from relugeom.claims.words import bound_in_words, pair_in_words

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
