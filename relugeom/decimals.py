"""Numbers as people type them, the nearest float64 of a decimal with the digits 0 to 9, and as they read them.

Python's `float` accepts more: underscores (1_000 may be a code) and the digits of other alphabets. These are refused
because they are mistakes more often than numbers. Exact numbers can lie beyond the floats, or be longer than Python
reads.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from math import inf, isfinite, nextafter

__all__ = [
    "exact_text",
    "float_above",
    "float_below",
    "is_plain",
    "nearest",
    "nearest_quotient",
    "parsed_float",
    "rational_text",
    "shortest_decimal",
    "whole_text",
]

DECIMAL_BITS = 10_000
"""Integers up to here are written in decimal; Python reads no decimal text beyond 4,300 digits."""


def is_plain(text: str) -> bool:
    """Whether the numbers in a text are free of characters that only Python accepts in numbers."""
    return text.isascii() and "_" not in text


def parsed_float(text: str) -> float | None:
    """The float64 that a text denotes (``nan`` and ``inf`` too), or None if it is not a number."""
    if not is_plain(text):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def shortest_decimal(value: float) -> str:
    """The shortest text that means this float64."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def nearest(value: Fraction) -> float:
    """The float64 nearest to a rational number, ties to even; ±inf beyond the largest float."""
    return nearest_quotient(value.numerator, value.denominator)


def nearest_quotient(numerator: int, denominator: int) -> float:
    """The float64 nearest to numerator / denominator, which is above 0, ties to even; ±inf beyond the largest float."""
    try:
        return numerator / denominator  # Python's int / int is correctly rounded
    except OverflowError:
        return inf if numerator > 0 else -inf


def float_below(value: Fraction) -> float:
    """The largest float64 that is not above a rational number; −∞ below all of them."""
    number = nearest(value)
    return number if number <= value else nextafter(number, -inf)


def float_above(value: Fraction) -> float:
    """The least float64 that is not below a rational number; ∞ above all of them."""
    return -float_below(-value)


def rational_text(value: Fraction, digits: int) -> str:
    """A rational number with so many digits, in scientific form where it is large or small, beyond the floats too."""
    number = nearest(value)
    if isfinite(number) and (number or not value):
        return f"{number:.{digits}g}"
    rounded = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX).divide(
        Decimal(value.numerator), Decimal(value.denominator)
    )
    return f"{rounded.normalize():e}"


def exact_text(value: Fraction) -> str:
    """``p/q``, or ``p`` of a whole number; in hexadecimal (0x…) where a part is long."""
    text = whole_text(value.numerator)
    return text if value.denominator == 1 else f"{text}/{whole_text(value.denominator)}"


def whole_text(number: int) -> str:
    """A whole number in decimal, or in hexadecimal (0x…) where it is long."""
    return str(number) if number.bit_length() <= DECIMAL_BITS else hex(number)
