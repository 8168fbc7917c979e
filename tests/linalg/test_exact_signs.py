"""Signs of A x − b, with every sign right."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relugeom.linalg.rounding import row_signs, sum_error

NASTY = st.one_of(
    st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 0.7, 1.0, -1.0, 3.0, 1e-300, -1e-300, 5e-324, 1e300, -1e300, 1e-160]),
    st.floats(allow_nan=False, allow_infinity=False),
)


def naive_signs(A, b, x):
    table = []
    for point in x.tolist():
        values = [
            sum((Fraction(a) * Fraction(c) for a, c in zip(row, point, strict=True)), -Fraction(value))
            for row, value in zip(A.tolist(), b.tolist(), strict=True)
        ]
        table.append([(value > 0) - (value < 0) for value in values])
    return table


@st.composite
def systems(draw):
    rows, columns, points = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    numbers = draw(
        st.lists(NASTY, min_size=(rows + points) * columns + rows, max_size=(rows + points) * columns + rows)
    )
    values = np.array(numbers)
    A, rest = values[: rows * columns].reshape(rows, columns), values[rows * columns :]
    return A, rest[:rows], rest[rows:].reshape(points, columns)


@given(systems())
def test_signs_are_exact(system):
    assert row_signs(*system).tolist() == naive_signs(*system)


@given(systems())
def test_signs_are_exact_where_the_right_side_is_the_float_value(system):
    A, _, x = system
    with np.errstate(over="ignore", invalid="ignore"):
        b = A @ x[0]
    if np.isfinite(b).all():
        assert row_signs(A, b, x).tolist() == naive_signs(A, b, x)


WHOLE = st.one_of(st.integers(-3, 3), st.integers(-(2**27), 2**27), st.sampled_from([2**52, 2**53, -(2**53), 2**60]))


@given(st.lists(WHOLE, min_size=7, max_size=7), st.sampled_from([0.0, 0.5, 2.0**-60]))
def test_signs_of_whole_numbers_are_exact(numbers, part):
    """Integers settle in floats while their sums are small, and are not taken for small where they are not."""
    a1, a2, a3, x1, x2, x3, b = map(float, numbers)
    A, x = np.array([[a1, a2, a3], [1.0, 1.0, 0.0]]), np.array([[x1, x2, x3], [x1, x2, x3 + part]])
    for value in (b, x1 + x2):
        right = np.array([value, value])
        assert row_signs(A, right, x).tolist() == naive_signs(A, right, x)


def test_tenths():
    A, x = np.array([[1.0, 1.0]]), np.array([[0.1, 0.2]])
    assert row_signs(A, np.array([0.1 + 0.2]), x).tolist() == [[-1]]  # the float sum was rounded up
    assert row_signs(A, np.array([0.3]), x).tolist() == [[1]]


def test_overflow_and_underflow():
    A = np.array([[1e300, -1e300], [1e-300, 0.0]])
    x = np.array([[1e300, 1e300], [1e-300, -1e-300], [-1e-300, 1e300]])
    assert row_signs(A, np.zeros(2), x).tolist() == [[0, 1], [1, 1], [-1, -1]]


def test_no_rows_no_points():
    assert row_signs(np.zeros((0, 2)), np.zeros(0), np.zeros((3, 2))).shape == (3, 0)
    assert row_signs(np.zeros((2, 2)), np.zeros(2), np.zeros((0, 2))).shape == (0, 2)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_the_bound_holds(terms, seed):
    weights = np.random.default_rng(seed).normal(size=len(terms))
    values = np.array(terms)
    exact = sum(Fraction(w) * Fraction(v) for w, v in zip(weights.tolist(), terms, strict=True))
    bound = sum_error(np.abs(values) @ np.abs(weights), len(terms))
    assert abs(Fraction(float(values @ weights)) - exact) <= Fraction(float(bound))
