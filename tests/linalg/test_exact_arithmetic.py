"""Floats as rationals, and back."""

import sys
from fractions import Fraction
from math import gcd, inf, nextafter

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from relugeom.linalg.exact import (
    evaluate_form,
    form_sign,
    integer_matrix,
    nearest_float,
    primitive_row,
    rational,
    rational_point,
    scaled_integers,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
HOSTILE = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 2.0**1000, -(2.0**-1000), 1.7976931348623157e308, 0.1, 1.0, 3.0]


def fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def as_rational(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


@given(st.lists(st.one_of(FINITE, st.sampled_from(HOSTILE)), min_size=1, max_size=6))
def test_scaled_integers_are_the_floats(values):
    integers, exponent = scaled_integers(np.array(values))
    assert exponent >= 0
    assert [Fraction(integer, 2**exponent) for integer in integers] == [Fraction(value) for value in values]


def test_scaled_integers_of_extremes_together():
    values = np.array([2.0**1000, -(2.0**-1000), 5e-324, -0.0, 1.5])
    integers, exponent = scaled_integers(values)
    assert exponent == 1074
    assert integers == [2**2074, -(2**74), 1, 0, 3 * 2**1073]


def test_scaled_integers_of_nothing_and_of_zeros():
    assert scaled_integers(np.zeros(0)) == ([], 0)
    assert scaled_integers(np.array([[0.0, -0.0]])) == ([0, 0], 0)


def test_integer_matrix_keeps_rows_and_columns():
    values = np.array([[0.5, -3.0, 2.0**-1074], [0.0, 1e300, -0.1]])
    matrix, exponent = integer_matrix(values)
    assert (matrix.nrows(), matrix.ncols()) == (2, 3)
    found = [[Fraction(int(matrix[i, j]), 2**exponent) for j in range(3)] for i in range(2)]
    assert found == [[Fraction(value) for value in row] for row in values.tolist()]


def test_integer_matrix_of_a_transposed_view():
    values = np.arange(6.0).reshape(2, 3).T
    matrix, _ = integer_matrix(values)
    assert [[int(matrix[i, j]) for j in range(2)] for i in range(3)] == values.tolist()


@given(FINITE)
def test_rational_is_exact_and_comes_back(value):
    assert fraction(rational(value)) == Fraction(value)
    assert nearest_float(rational(value)) == value


def test_rational_point():
    assert [fraction(value) for value in rational_point([0.5, -0.0, 0.1])] == [Fraction(1, 2), 0, Fraction(0.1)]


@given(st.fractions(), st.integers(-1100, 1000))
def test_nearest_float_is_nearest(value, exponent):
    value *= Fraction(2) ** exponent
    found = nearest_float(as_rational(value))
    if abs(found) == inf:
        assert abs(value) >= Fraction(sys.float_info.max) + Fraction(2) ** 969
        return
    for neighbour in (nextafter(found, inf), nextafter(found, -inf)):
        if abs(neighbour) != inf:
            assert abs(value - Fraction(found)) <= abs(value - Fraction(neighbour))


@pytest.mark.parametrize("lower", [1.0, 1.0 + 2.0**-52, 2.0**-1074, 2.0**-1022, 0.0, 1e300])
def test_nearest_float_breaks_ties_to_even(lower):
    upper = nextafter(lower, inf)
    middle = (Fraction(lower) + Fraction(upper)) / 2
    even = lower if int(lower.hex().split("p")[0][-1], 16) % 2 == 0 else upper
    if lower == 2.0**-1074:
        even = upper  # 2 · 2^-1074 has the even mantissa
    assert nearest_float(as_rational(middle)) == even
    assert nearest_float(as_rational(-middle)) == -even
    tiny = Fraction(1, 2**1200)
    assert nearest_float(as_rational(middle + tiny)) == upper
    assert nearest_float(as_rational(middle - tiny)) == lower


def test_nearest_float_beyond_the_largest():
    largest = Fraction(sys.float_info.max)
    half = Fraction(2) ** 970
    assert nearest_float(as_rational(largest + half - 1)) == sys.float_info.max
    assert nearest_float(as_rational(largest + half)) == inf
    assert nearest_float(as_rational(-largest - half)) == -inf
    assert nearest_float(as_rational(Fraction(10) ** 1000)) == inf


@given(st.lists(st.integers(-(10**30), 10**30), max_size=5))
def test_primitive_row(row):
    result = primitive_row(row)
    assert gcd(*result) <= 1
    factor = gcd(*row)
    assert [entry * (factor or 1) for entry in result] == row


def test_forms_are_evaluated_exactly():
    point = rational_point([0.1, 0.2])
    assert form_sign([10, 0, -1], point) == 1  # the float 0.1 exceeds 1/10
    assert fraction(evaluate_form([3, -5, 7], point)) == 3 * Fraction(0.1) - 5 * Fraction(0.2) + 7
    assert form_sign([0, 0, 0], point) == 0
    assert form_sign([0, -1, 0], point) == -1
    with pytest.raises(ValueError, match=r"shorter|longer"):
        evaluate_form([1, 2], point)
