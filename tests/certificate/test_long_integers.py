"""Integers of many digits, against Python's own."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relugeom.certificate.partition_proof.long_integers import as_digits, carry, digits_of, minors, put_long, sign_of


@numba.njit
def run_minors(columns, size, table, factors):
    minors(columns, size, table, factors)


@numba.njit
def run_put(text, number, shift, room):
    return put_long(text, 0, number, shift, room)


@numba.njit
def run_sign(number):
    carry(number)
    return sign_of(number)


def value_of(digits) -> int:
    return sum(int(digit) << (24 * place) for place, digit in enumerate(digits))


@given(st.integers(-(1 << 200), 1 << 200), st.lists(st.integers(-(1 << 40), 1 << 40), min_size=1, max_size=9))
@settings(max_examples=100, deadline=None)
def test_digits_keep_value_and_sign(number, raw):
    assert value_of(as_digits([number], digits_of(number.bit_length()))[0]) == number
    digits = np.array([*raw, 0, 0], dtype=np.int64)
    value = value_of(digits)
    assert run_sign(digits) == (value > 0) - (value < 0)
    assert value_of(digits) == value
    assert (np.abs(digits) <= 1 << 23).all()


def test_an_integer_that_does_not_fit_is_an_error():
    with pytest.raises(OverflowError):
        as_digits([1 << 60], 2)


@given(st.integers(1, 5), st.sampled_from([1, 5, 50, 130]), st.integers(0, 200), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_minors_cancel_every_coordinate_and_are_written_in_hexadecimal(n, bits, shift, random):
    size = digits_of(bits)
    forms = [[random.choice([-1, 0, 1]) * random.getrandbits(bits) for _ in range(n + 1)] for _ in range(n + 1)]
    digits = (n + 1) * size + 2
    factors = np.zeros((n + 1, digits), dtype=np.int64)
    columns = np.array([as_digits(form, size) for form in forms])
    run_minors(columns, size, np.zeros((2 ** (n + 1), digits), dtype=np.int64), factors)
    values = [value_of(factor) for factor in factors]
    for k in range(1, n + 1):
        assert sum(value * form[k] for value, form in zip(values, forms, strict=True)) == 0
    determinant = round(
        np.linalg.det(np.array([[form[k] for k in range(1, n + 1)] for form in forms[1:]], dtype=float))
    )
    if bits == 1:
        assert values[0] == determinant
    for value, factor in zip(values, factors, strict=True):
        if value > 0:
            text = np.zeros(digits * 6 + 100, dtype=np.uint8)
            end = run_put(text, factor, shift, np.zeros(digits + 1, dtype=np.int64))
            assert text[:end].tobytes().decode() == f" {value << shift:x}"
