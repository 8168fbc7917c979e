"""Affine maps in exact rationals, folded lazily and rounded once.

Notation: a map is x ↦ r ⊙ (M (c ⊙ x)) + t. M stays the float64 matrix that was read (or the identity, None) for as
long as nothing but diagonal maps and shifts surround it: a weight that no arithmetic touches is never converted, let
alone rounded. Scales and shifts are vectors of rationals; only two matrices in a row cost an exact product.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isqrt

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import nearest_float, rational

__all__ = ["LARGEST_MATRIX", "ExactAffine", "RationalArray", "RoundedLayer", "inverse_root", "rationals"]

RationalArray = NDArray[np.object_]

LARGEST_MATRIX = 2**26
"""Most entries of a matrix that has to be built: half a gigabyte."""
ROOT_BITS = 320
"""Bits of an irrational scale: cancellation against a float64 cannot use them up."""

_to_rational = np.frompyfunc(rational, 1, 1)
_to_float = np.frompyfunc(nearest_float, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class RoundedLayer:
    """A layer in float64, with flags where an entry differs from the exact one."""

    weight: FloatArray
    bias: FloatArray
    rounded_weight: BoolArray
    rounded_bias: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class ExactAffine:
    """The map x ↦ r ⊙ (M (c ⊙ x)) + t.

    Attributes
    ----------
    matrix
        M: float64 as it was read, rational where it is a product, None for the identity.
    columns, rows, shift
        c, r and t.
    """

    matrix: FloatArray | RationalArray | None
    columns: RationalArray
    rows: RationalArray
    shift: RationalArray

    @classmethod
    def identity(cls, size: int) -> "ExactAffine":
        """The map x ↦ x on R^size."""
        return cls(None, _filled(size, 1), _filled(size, 1), _filled(size, 0))

    @classmethod
    def dense(cls, matrix: RationalArray, shift: RationalArray) -> "ExactAffine":
        """The map x ↦ M x + t of rationals."""
        _check_size(*matrix.shape)
        return cls(matrix, _filled(matrix.shape[1], 1), _filled(len(matrix), 1), shift)

    @property
    def is_identity(self) -> bool:
        """True for x ↦ x itself."""
        return self.matrix is None and not (self.rows != 1).any() and not (self.shift != 0).any()

    def multiplied(self, matrix: FloatArray) -> "ExactAffine":
        """The map followed by `matrix`."""
        _check_size(matrix.shape[0], len(self.columns))
        shift, ones = _product(matrix, self.shift[:, None])[:, 0], _filled(len(matrix), 1)
        if self.matrix is None:
            return ExactAffine(matrix, self.rows, ones, shift)
        return ExactAffine(_product(matrix, rationals(self.matrix) * self.rows[:, None]), self.columns, ones, shift)

    def scaled(self, factors: RationalArray) -> "ExactAffine":
        """The map followed by y ↦ factors ⊙ y."""
        return replace(self, rows=self.rows * factors, shift=self.shift * factors)

    def shifted(self, vector: RationalArray) -> "ExactAffine":
        """The map followed by y ↦ y + vector."""
        return replace(self, shift=self.shift + vector)

    def reordered(self, order: IntArray) -> "ExactAffine":
        """The map whose value i is value order[i] of this one; a value may come several times, or not at all."""
        if np.array_equal(order, np.arange(len(self.shift))):
            return self
        if self.matrix is None:
            size = len(self.rows)
            _check_size(max(size, len(order)), size)
            return ExactAffine(np.eye(size), self.rows, _filled(size, 1), self.shift).reordered(order)
        return ExactAffine(self.matrix[order], self.columns, self.rows[order], self.shift[order])

    def as_dense(self) -> tuple[RationalArray, RationalArray]:
        """M and t, all entries as rationals."""
        matrix = np.eye(len(self.rows)) if self.matrix is None else self.matrix
        _check_size(*matrix.shape)
        return rationals(matrix) * self.rows[:, None] * self.columns[None, :], self.shift

    def stacked_on(self, other: "ExactAffine") -> "ExactAffine":
        """The values of this map and behind them those of another one on the same space."""
        if self.matrix is not None and self.matrix is other.matrix and self.columns is other.columns:
            matrix: FloatArray | RationalArray = np.vstack([self.matrix, other.matrix])  # type: ignore[assignment]
            rows = np.concatenate([self.rows, other.rows])
            return ExactAffine(matrix, self.columns, rows, np.concatenate([self.shift, other.shift]))
        (one, first), (two, second) = self.as_dense(), other.as_dense()
        return ExactAffine.dense(np.vstack([one, two]), np.concatenate([first, second]))

    def rounded(self) -> RoundedLayer:
        """The map in float64: what was read as it is, everything else rounded once to nearest.

        Raises
        ------
        ModelError
            A folded entry exceeds the largest float64.
        """
        weight, rounded_weight = self._rounded_matrix()
        bias, rounded_bias = _round_once(self.shift)
        return RoundedLayer(weight, bias, rounded_weight, rounded_bias)

    def _rounded_matrix(self) -> tuple[FloatArray, BoolArray]:
        matrix = self.matrix
        if matrix is None:
            _check_size(len(self.rows), len(self.rows))
            matrix = np.eye(len(self.rows))
        if matrix.dtype == np.float64:
            scaled = (self.rows != 1)[:, None] | (self.columns != 1)[None, :]
            computed = scaled & (matrix != 0)
        else:
            computed = np.ones(matrix.shape, dtype=np.bool_)
        row, column = np.nonzero(computed)
        exact = rationals(matrix[computed]) * self.rows[row] * self.columns[column]
        weight, flags = np.zeros(matrix.shape), np.zeros(matrix.shape, dtype=np.bool_)
        weight[~computed] = matrix[~computed]
        weight[computed], flags[computed] = _round_once(exact)
        return weight, flags


def rationals(values: "FloatArray | RationalArray") -> RationalArray:
    """The rational numbers that an array of finite floats holds."""
    return np.asarray(values if values.dtype == np.object_ else _to_rational(values), dtype=np.object_)


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


def _round_once(exact: RationalArray) -> tuple[FloatArray, BoolArray]:
    values = np.asarray(_to_float(exact), dtype=np.float64)
    if not np.isfinite(values).all():
        raise ModelError("a folded weight exceeds the largest float64: check the model's scales for values near zero")
    return values, np.asarray(rationals(values) != exact, dtype=np.bool_)


def _product(left: FloatArray, right: RationalArray) -> RationalArray:
    if not (right != 0).any():
        return _filled((len(left), right.shape[1]), 0)
    product = _rational_matrix(rationals(left)) * _rational_matrix(right)
    return _object_array(product.entries()).reshape(len(left), right.shape[1])


def _rational_matrix(values: RationalArray) -> fmpq_mat:
    rows, columns = values.shape
    return fmpq_mat(rows, columns, values.ravel().tolist())


def _filled(shape: int | tuple[int, int], value: int) -> RationalArray:
    return np.full(shape, fmpq(value), dtype=np.object_)


def _object_array(entries: Iterable[fmpq]) -> RationalArray:
    return np.array(list(entries), dtype=np.object_)


def _check_size(rows: int, columns: int) -> None:
    if rows * columns > LARGEST_MATRIX:
        raise UnsupportedModelError(
            f"a layer of {rows} × {columns} weights is too large to be built: the limit is {LARGEST_MATRIX} weights"
        )
