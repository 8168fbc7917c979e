"""Exact arithmetic: floats as the dyadic rationals that they are.

Notation: an *affine form* h(u) = c·u + c₀ on R^n is a row (c₁, …, c_n, c₀) of n + 1 integers; a positive
factor does not change its sign, so forms are kept in integers and only known up to such a factor, unless an
exponent is kept beside them. `fmpz`, `fmpq` and their matrices are python-flint's.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd

import numpy as np
from flint import fmpq, fmpz_mat

from relugeom.decimals import nearest_quotient
from relugeom.linalg.arrays import FloatArray

__all__ = [
    "Point",
    "RationalPoint",
    "as_fraction",
    "evaluate_form",
    "form_sign",
    "integer_matrix",
    "nearest_float",
    "nearest_quotient",
    "primitive_row",
    "rational",
    "rational_point",
    "scaled_integers",
]


Point = tuple[Fraction, ...]
"""A point as it is handed out and compared."""
RationalPoint = Sequence[fmpq]
"""A point as it is computed with."""


def rational(value: float) -> fmpq:
    """The rational number that a finite float is."""
    numerator, denominator = float(value).as_integer_ratio()
    return fmpq(numerator, denominator)


def as_fraction(value: fmpq) -> Fraction:
    """A rational of python-flint as one of Python's own."""
    return Fraction(int(value.p), int(value.q))


def rational_point(values: Iterable[float]) -> list[fmpq]:
    """The rational vector that a float vector is."""
    return [rational(value) for value in values]


def nearest_float(value: fmpq) -> float:
    """The float64 nearest to a rational, ties to even; ±inf beyond the largest float."""
    return nearest_quotient(int(value.p), int(value.q))


def scaled_integers(values: FloatArray) -> tuple[list[int], int]:
    """Integers N and one exponent k ≥ 0 with values = N / 2^k, exactly (values flattened, finite)."""
    flat = np.ascontiguousarray(values, dtype=np.float64).ravel()
    mantissa, exponent = np.frexp(flat)
    significand = (mantissa * 2.0**53).astype(np.int64)
    shift = exponent.astype(np.int64) - 53
    nonzero = significand != 0
    # Drop the common trailing zero bits first: short integers keep everything after this short.
    low_bit = significand & -significand
    trailing = np.zeros_like(shift)
    trailing[nonzero] = np.log2(low_bit[nonzero].astype(np.float64)).astype(np.int64)
    significand >>= trailing
    shift += trailing
    k = max(0, -int(shift[nonzero].min())) if nonzero.any() else 0
    left = np.where(nonzero, shift + k, 0)
    return [int(s) << int(e) for s, e in zip(significand.tolist(), left.tolist(), strict=True)], k


def integer_matrix(values: FloatArray) -> tuple[fmpz_mat, int]:
    """Integer matrix M and one exponent k ≥ 0 with values = M / 2^k, exactly."""
    rows, columns = values.shape
    entries, k = scaled_integers(values)
    return fmpz_mat(rows, columns, entries), k


def primitive_row(row: Sequence[int]) -> list[int]:
    """The row divided by the greatest common divisor of its entries."""
    divisor = gcd(*row) if row else 0
    return [entry // divisor for entry in row] if divisor > 1 else list(row)


def evaluate_form(form: Sequence[int], point: RationalPoint) -> fmpq:
    """h(u) = c·u + c₀ in rationals."""
    total = fmpq(form[-1])
    for coefficient, coordinate in zip(form[:-1], point, strict=True):
        if coefficient:
            total += coefficient * coordinate
    return total


def form_sign(form: Sequence[int], point: RationalPoint) -> int:
    """Sign of h(u): −1, 0 or 1."""
    value = evaluate_form(form, point)
    return (value > 0) - (value < 0)
