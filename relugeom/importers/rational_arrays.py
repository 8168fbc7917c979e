"""Arrays of exact rationals: products and sums that are counted before they are computed.

The one idea: a product has at most as many bits as its factors together, a sum at most twice as many, so that how large
a result will be is known before it is made.
"""

from collections.abc import Iterable, Iterator
from math import isqrt

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from relugeom.errors import ModelError
from relugeom.importers.budget import LONGEST_NUMBER, OPERATION, BeyondBudgetError, Budget
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import nearest_float, rational

__all__ = [
    "BLOCK",
    "RationalArray",
    "check_length",
    "filled",
    "inverse_root",
    "lengths",
    "matrix_product",
    "product",
    "rationals",
    "round_once",
    "row_blocks",
    "total",
]

RationalArray = NDArray[np.object_]

ROOT_BITS = 320
"""Bits of an irrational scale: more than cancellation against a float64 can use up."""
BLOCK = 2**18
"""Entries that are rationals at a time if a whole matrix need not be."""

_to_rational = np.frompyfunc(rational, 1, 1)
_to_float = np.frompyfunc(nearest_float, 1, 1)
_length = np.frompyfunc(lambda value: value.p.bit_length() + value.q.bit_length(), 1, 1)
_numerator_length = np.frompyfunc(lambda value: value.p.bit_length(), 1, 1)


def rationals(values: "FloatArray | RationalArray") -> RationalArray:
    """The rational numbers that an array of finite floats holds."""
    return np.asarray(values if values.dtype == np.object_ else _to_rational(values), dtype=np.object_)


def filled(shape: int | tuple[int, int], value: int) -> RationalArray:
    """An array of one number."""
    return np.full(shape, fmpq(value), dtype=np.object_)


def product(
    left: "FloatArray | RationalArray",
    right: RationalArray,
    budget: Budget,
    *,
    longest: int = LONGEST_NUMBER,
    kept: bool = True,
) -> RationalArray:
    """left ⊙ right, broadcast, of at most `longest` bits each; not `kept` where it is let go at once."""
    sizes = lengths(left), lengths(right)
    bits = np.add(*sizes)
    check_length(bits, longest)
    budget.rationals(bits.size, int(bits.sum()), shorter=int(np.minimum(*sizes).sum()), kept=kept)
    return np.asarray(rationals(left) * right, dtype=np.object_)


def total(left: RationalArray, right: RationalArray, budget: Budget) -> RationalArray:
    """left + right, of one shape."""
    sizes = lengths(left), lengths(right)
    bits = 2 * np.add(*sizes) + 1
    check_length(bits, LONGEST_NUMBER)
    budget.rationals(bits.size, int(bits.sum()), shorter=int(np.minimum(*sizes).sum()))
    return np.asarray(left + right, dtype=np.object_)


def matrix_product(left: FloatArray, right: RationalArray, budget: Budget) -> RationalArray:
    """left · right, a block of rows of the left one at a time."""
    (rows, inner), columns = left.shape, right.shape[1]
    if not (right != 0).any():
        budget.floats(rows * columns)
        return filled((rows, columns), 0)
    numerators, denominator = _integer_lengths(right, budget)
    _, exponents = np.frexp(left)
    below = max(0, 53 - int(exponents.min(initial=53)))  # bits of the left one's common denominator, at most
    longest = numerators + denominator + below + max(53, int(exponents.max(initial=53))) + inner.bit_length()
    bits = longest + denominator + below
    if bits > LONGEST_NUMBER:
        raise _too_long(LONGEST_NUMBER)
    budget.products(rows * inner * columns, max(longest, below + 53))
    budget.rationals(rows * columns, rows * columns * bits, shorter=rows * columns * min(denominator + below, longest))
    cleared = inner * columns * longest  # what the right one is with the common denominator
    budget.rationals(inner * columns, cleared, kept=False)
    budget.steps(rows * inner, OPERATION)  # the left one, block by block
    other = _rational_matrix(right)
    step = max(1, BLOCK // inner)
    blocks = [
        (_rational_matrix(rationals(left[start : start + step])) * other).entries() for start in range(0, rows, step)
    ]
    return _object_array(entry for block in blocks for entry in block).reshape(rows, columns)


def round_once(exact: RationalArray) -> tuple[FloatArray, BoolArray]:
    """The nearest floats, with flags where they are others.

    Raises
    ------
    ModelError
        One exceeds the largest float64.
    """
    values = np.asarray(_to_float(exact), dtype=np.float64)
    if not np.isfinite(values).all():
        raise ModelError("a folded weight exceeds the largest float64: check the model's scales for values near zero")
    return values, np.asarray(rationals(values) != exact, dtype=np.bool_)


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Blocks of rows of a matrix, each small enough to be rationals at a time."""
    step = max(1, BLOCK // max(1, shape[1]))
    yield from (slice(start, start + step) for start in range(0, shape[0], step))


def inverse_root(value: fmpq) -> fmpq:
    """1/√value for a positive rational: itself where it is rational, else its first bits with the last one set.

    A last bit of 1 beyond the 300th place says "inexact": no multiple of such a number by a non-zero float is a float,
    so that what is computed from it counts as rounded, as it should.
    """
    numerator, denominator = int(value.p), int(value.q)
    roots = isqrt(numerator), isqrt(denominator)
    if roots[0] ** 2 == numerator and roots[1] ** 2 == denominator:
        return fmpq(roots[1], roots[0])
    k = ROOT_BITS + numerator.bit_length()
    return fmpq(isqrt((denominator << 2 * k) // numerator) | 1, 1 << k)


def lengths(values: "FloatArray | RationalArray") -> IntArray:
    """Bits of numerator and denominator together, for each number; an upper bound for floats."""
    if values.dtype == np.object_:
        return np.asarray(_length(values), dtype=np.int64)
    _, exponents = np.frexp(values)
    return np.asarray(np.maximum(exponents, 53) + np.maximum(54 - exponents, 1), dtype=np.int64)


def _integer_lengths(values: RationalArray, budget: Budget) -> tuple[int, int]:
    """Bits of the longest numerator, and of the common denominator of all numbers."""
    common, bits = None, 1
    for denominator in {value.q for value in values.ravel().tolist()}:
        budget.steps(1, 200 + 2 * max(bits, int(denominator.bit_length())))
        common = denominator if common is None else common * denominator // common.gcd(denominator)
        bits = int(common.bit_length())
        if bits > LONGEST_NUMBER:
            raise _too_long(LONGEST_NUMBER)
    return int(np.max(_numerator_length(values))), bits


def check_length(bits: IntArray, longest: int) -> None:
    """Refuse numbers of which one may have more than `longest` bits."""
    if bits.max(initial=0) > longest:
        raise _too_long(longest)


def _too_long(longest: int) -> BeyondBudgetError:
    return BeyondBudgetError(
        f"a number that has to be computed exactly has more than {longest:,} bits: the model multiplies or divides "
        f"too often between two ReLUs; simplify it first, for example with onnxsim"
    )


def _rational_matrix(values: RationalArray) -> fmpq_mat:
    rows, columns = values.shape
    return fmpq_mat(rows, columns, values.ravel().tolist())


def _object_array(entries: Iterable[fmpq]) -> RationalArray:
    return np.array(list(entries), dtype=np.object_)
