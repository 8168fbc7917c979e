"""Affine maps in exact rationals, folded lazily and rounded once.

Notation: a map is x ↦ r ⊙ (M (c ⊙ x)) + t. M stays the float64 matrix that was read (or the identity, None) for as
long as nothing but diagonal maps and shifts surround it: a weight that no arithmetic touches is never converted, let
alone rounded. Scales and shifts are vectors of rationals; only two matrices in a row cost an exact product, and what is
mostly zeros, as windows and products of them are, is kept without them.
"""

from dataclasses import dataclass, replace

import numpy as np

from relugeom.importers.budget import LONGEST_SCALE, WEIGHTS, BeyondBudgetError, Budget
from relugeom.importers.rational_arrays import (
    BLOCK,
    RationalArray,
    filled,
    product,
    rationals,
    round_once,
    row_blocks,
    total,
)
from relugeom.importers.sparse_rows import SparseRows
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["ExactAffine", "RoundedLayer"]


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
        M: an array of float64 as it was read, rows without zeros, None for the identity.
    columns, rows, shift
        c, r and t.
    budget
        Account of the model that is being read; maps that are made from this one are charged to it, too.
    """

    matrix: FloatArray | SparseRows | None
    columns: RationalArray
    rows: RationalArray
    shift: RationalArray
    budget: Budget

    @classmethod
    def identity(cls, size: int, budget: Budget) -> "ExactAffine":
        """The map x ↦ x on R^size."""
        budget.floats(3 * size)
        return cls(None, filled(size, 1), filled(size, 1), filled(size, 0), budget)

    @classmethod
    def sparse(cls, matrix: SparseRows, shift: RationalArray, budget: Budget) -> "ExactAffine":
        """The map x ↦ M x + t."""
        _check_size(*matrix.shape)
        budget.floats(2 * matrix.size + sum(matrix.shape))
        return cls(matrix, filled(matrix.columns, 1), filled(len(matrix), 1), shift, budget)

    @property
    def is_identity(self) -> bool:
        """True for x ↦ x itself."""
        return self.matrix is None and not (self.rows != 1).any() and not (self.shift != 0).any()

    @property
    def entries(self) -> int:
        """Weights and biases of the layer that this map becomes."""
        return len(self.rows) * (len(self.columns) + 1)

    def multiplied(self, matrix: FloatArray | SparseRows) -> "ExactAffine":
        """The map followed by a matrix of float64."""
        _check_size(matrix.shape[0], len(self.columns))
        self.budget.floats(matrix.size + 2 * len(matrix))
        ones = filled(len(matrix), 1)
        if self.matrix is None and not self.shift.any():
            return ExactAffine(matrix, self.rows, ones, filled(len(matrix), 0), self.budget)
        rows = _without_zeros(matrix)
        shift = rows.times(SparseRows.of(self.shift[:, None]), self.budget).dense()[:, 0]
        if self.matrix is None:
            return ExactAffine(matrix, self.rows, ones, rationals(shift), self.budget)
        right = self._rows().scaled(self.rows, filled(len(self.columns), 1), self.budget)
        return ExactAffine(rows.times(right, self.budget), self.columns, ones, rationals(shift), self.budget)

    def scaled(self, factors: RationalArray) -> "ExactAffine":
        """The map followed by y ↦ factors ⊙ y."""
        rows = product(self.rows, factors, self.budget, longest=LONGEST_SCALE)
        return replace(self, rows=rows, shift=product(self.shift, factors, self.budget))

    def shifted(self, vector: RationalArray) -> "ExactAffine":
        """The map followed by y ↦ y + vector."""
        return replace(self, shift=total(self.shift, vector, self.budget))

    def reordered(self, order: IntArray) -> "ExactAffine":
        """The map whose value i is value order[i] of this one; a value may come several times, or not at all."""
        if np.array_equal(order, np.arange(len(self.shift))):
            return self
        _check_size(len(order), len(self.columns))
        matrix = self._rows() if self.matrix is None else self.matrix
        picked = matrix.picked(order, self.budget) if isinstance(matrix, SparseRows) else self._picked(matrix, order)
        self.budget.floats(2 * len(order))
        return replace(self, matrix=picked, rows=self.rows[order], shift=self.shift[order])

    def _picked(self, matrix: FloatArray, order: IntArray) -> FloatArray:
        self.budget.floats(len(order) * matrix.shape[1])
        return np.asarray(matrix[order], dtype=np.float64)

    def folded(self) -> SparseRows:
        """r ⊙ M ⊙ c, all in one."""
        return self._rows().scaled(self.rows, self.columns, self.budget)

    def stacked_on(self, other: "ExactAffine") -> "ExactAffine":
        """Map with the values of this one followed by those of another one on the same space."""
        rows, columns = len(self.rows) + len(other.rows), len(self.columns)
        _check_size(rows, columns)
        shift = np.concatenate([self.shift, other.shift])
        if not np.array_equal(self.columns, other.columns):
            self.budget.floats(4 * rows)
            return ExactAffine.sparse(SparseRows.stacked([self.folded(), other.folded()]), shift, self.budget)
        scales = np.concatenate([self.rows, other.rows])
        if isinstance(self.matrix, np.ndarray) and isinstance(other.matrix, np.ndarray):
            self.budget.floats(rows * (columns + 2))
            return replace(self, matrix=np.vstack([self.matrix, other.matrix]), rows=scales, shift=shift)
        whole = SparseRows.stacked([self._rows(), other._rows()])
        self.budget.floats(2 * whole.size + 4 * rows)
        return replace(self, matrix=whole, rows=scales, shift=shift)

    def _rows(self) -> SparseRows:
        """M without zeros."""
        if self.matrix is None:
            self.budget.floats(3 * len(self.rows))
            return SparseRows.identity(len(self.rows))
        if isinstance(self.matrix, SparseRows):
            return self.matrix
        self.budget.floats(2 * self.matrix.size)
        return SparseRows.of(self.matrix)

    def rounded(self) -> RoundedLayer:
        """The map in float64: what was read as it is, everything else rounded once to nearest.

        Raises
        ------
        ModelError
            A folded entry exceeds the largest float64.
        """
        _check_size(len(self.rows), len(self.columns))
        self.budget.floats(2 * self.entries)
        weight, rounded_weight = self._rounded_matrix()
        bias, rounded_bias = round_once(self.shift)
        return RoundedLayer(weight, bias, rounded_weight, rounded_bias)

    def _rounded_matrix(self) -> tuple[FloatArray, BoolArray]:
        if isinstance(self.matrix, np.ndarray):
            return self._rounded_array(self.matrix)
        matrix = self._rows()
        weight, flags = np.zeros(matrix.shape), np.zeros(matrix.shape, dtype=np.bool_)
        rows, places = matrix.rows, matrix.places
        for start in range(0, matrix.size, BLOCK):
            block = slice(start, start + BLOCK)
            found = self._rounded_entries(matrix.values[block], rows[block], places[block])
            weight[rows[block], places[block]], flags[rows[block], places[block]] = found
        return weight, flags

    def _rounded_array(self, matrix: FloatArray) -> tuple[FloatArray, BoolArray]:
        """The same, where M is an array: entries that no arithmetic touches are not looked at one by one."""
        weight, flags = matrix.copy(), np.zeros(matrix.shape, dtype=np.bool_)
        scaled_rows, scaled_columns = self.rows != 1, self.columns != 1
        for block in row_blocks(matrix.shape):
            part = matrix[block]
            row, column = np.nonzero((scaled_rows[block, None] | scaled_columns[None, :]) & (part != 0))
            found = self._rounded_entries(part[row, column], row + block.start, column)
            weight[row + block.start, column], flags[row + block.start, column] = found
        return weight, flags

    def _rounded_entries(
        self, values: FloatArray | RationalArray, rows: IntArray, places: IntArray
    ) -> tuple[FloatArray, BoolArray]:
        scales, factors = self.rows[rows], self.columns[places]
        if values.dtype == np.float64 and not ((scales != 1) | (factors != 1)).any():
            return np.asarray(values, dtype=np.float64), np.zeros(len(values), dtype=np.bool_)
        by_rows = product(values, scales, self.budget, kept=False)
        return round_once(product(by_rows, factors, self.budget, kept=False))


def _without_zeros(matrix: FloatArray | SparseRows) -> SparseRows:
    return matrix if isinstance(matrix, SparseRows) else SparseRows.of(matrix)


def _check_size(rows: int, columns: int) -> None:
    if rows * columns > WEIGHTS:
        raise BeyondBudgetError(
            f"a layer of {rows} × {columns} weights is too large to be built: the limit is {WEIGHTS} weights"
        )
