"""Numbers as people read them: of any size, and never something else than they are."""

from fractions import Fraction
from math import inf, isfinite

from hypothesis import example, given
from hypothesis import strategies as st

from relugeom.decimals import exact_text, nearest, nearest_quotient, rational_text

LARGE = st.builds(
    lambda digits, power: digits * Fraction(10) ** power,
    st.integers(-(10**20), 10**20).filter(bool),
    st.integers(-2000, 2000),
)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_floats_are_written_as_python_writes_them(value, digits):
    assert rational_text(Fraction(value), digits) == f"{value + 0.0:.{digits}g}"
    assert nearest(Fraction(value)) == value


@given(LARGE, st.integers(1, 17))
@example(Fraction(10) ** 400, 6)
def test_numbers_beyond_the_floats_are_written_to_so_many_digits(value, digits):
    text = rational_text(value, digits)
    number = nearest(value)
    if isfinite(number) and number:
        assert text == f"{number:.{digits}g}"
    else:
        assert number in (0.0, inf if value > 0 else -inf)
        assert abs(Fraction(text) / value - 1) <= Fraction(5, 10**digits)


@given(LARGE | st.fractions())
@example(Fraction(3))
def test_exact_numbers_are_read_back(value):
    numerator, _, denominator = exact_text(value).partition("/")
    assert Fraction(int(numerator, 0), int(denominator or "1", 0)) == value
    assert nearest_quotient(value.numerator, value.denominator) == nearest(value)


def test_short_numbers_are_decimal():
    assert [exact_text(Fraction(*pair)) for pair in ((3, 1), (-1, 3), (0, 5))] == ["3", "-1/3", "0"]
    assert rational_text(Fraction(10) ** 400, 6) == "1e+400"


def test_long_numbers_are_hexadecimal():
    """Longer than what Python reads in decimal."""
    for value in (Fraction(2**20000 + 1, 3**9000), Fraction(-(7**9000))):
        numerator, _, denominator = exact_text(value).partition("/")
        assert numerator.startswith(("0x", "-0x"))
        same = Fraction(int(numerator, 0), int(denominator or "1", 0)) == value
        assert same  # the numbers themselves cannot be shown
