"""Affine maps in exact rationals, folded lazily and rounded once.

Notation: a map is x ↦ r ⊙ (M (c ⊙ x)) + t. M stays the float64 matrix that was read (or the identity, None) for as
long as nothing but diagonal maps and shifts surround it: a weight that no arithmetic touches is never converted, let
alone rounded. Scales and shifts are vectors of rationals; only two matrices in a row cost an exact product.
"""

from dataclasses import dataclass, replace

import numpy as np

from relugeom.importers.budget import LONGEST_SCALE, WEIGHTS, BeyondBudgetError, Budget
from relugeom.importers.rational_arrays import (
    RationalArray,
    filled,
    matrix_product,
    product,
    round_once,
    row_blocks,
    total,
)
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
        M: float64 as it was read, rational where it is a product, None for the identity.
    columns, rows, shift
        c, r and t.
    budget
        Account of the model that is being read; maps that are made from this one are charged to it, too.
    """

    matrix: FloatArray | RationalArray | None
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
    def dense(cls, matrix: RationalArray, shift: RationalArray, budget: Budget) -> "ExactAffine":
        """The map x ↦ M x + t of rationals."""
        _check_size(*matrix.shape)
        budget.floats(sum(matrix.shape))
        return cls(matrix, filled(matrix.shape[1], 1), filled(len(matrix), 1), shift, budget)

    @property
    def is_identity(self) -> bool:
        """True for x ↦ x itself."""
        return self.matrix is None and not (self.rows != 1).any() and not (self.shift != 0).any()

    @property
    def entries(self) -> int:
        """Weights and biases of the layer that this map becomes."""
        return len(self.rows) * (len(self.columns) + 1)

    def multiplied(self, matrix: FloatArray) -> "ExactAffine":
        """The map followed by `matrix`."""
        _check_size(matrix.shape[0], len(self.columns))
        self.budget.floats(matrix.size + 2 * len(matrix))
        shift, ones = matrix_product(matrix, self.shift[:, None], self.budget)[:, 0], filled(len(matrix), 1)
        if self.matrix is None:
            return ExactAffine(matrix, self.rows, ones, shift, self.budget)
        right = product(self.matrix, self.rows[:, None], self.budget, kept=False)
        return ExactAffine(matrix_product(matrix, right, self.budget), self.columns, ones, shift, self.budget)

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
        size = len(self.rows)
        if self.matrix is None:
            _check_size(max(size, len(order)), size)
            self.budget.floats(size * size)
            return replace(self, matrix=np.eye(size), columns=self.rows, rows=filled(size, 1)).reordered(order)
        _check_size(len(order), len(self.columns))
        self.budget.floats(len(order) * (len(self.columns) + 2))
        return replace(self, matrix=self.matrix[order], rows=self.rows[order], shift=self.shift[order])

    def as_dense(self) -> tuple[RationalArray, RationalArray]:
        """M and t, all entries as rationals."""
        _check_size(len(self.rows), len(self.columns))
        self.budget.floats(len(self.rows) * len(self.columns))
        matrix = np.eye(len(self.rows)) if self.matrix is None else self.matrix
        by_rows = product(matrix, self.rows[:, None], self.budget, kept=False)
        return product(by_rows, self.columns[None, :], self.budget), self.shift

    def stacked_on(self, other: "ExactAffine") -> "ExactAffine":
        """Map with the values of this one followed by those of another one on the same space."""
        rows, columns = len(self.rows) + len(other.rows), len(self.columns)
        _check_size(rows, columns)
        self.budget.floats(2 * rows * (columns + 2))
        read, added = self._as_read(), other._as_read()
        if read is not None and added is not None and np.array_equal(self.columns, other.columns):
            shift = np.concatenate([self.shift, other.shift])
            whole = np.vstack([read, added])
            return replace(self, matrix=whole, rows=np.concatenate([self.rows, other.rows]), shift=shift)
        (one, first), (two, second) = self.as_dense(), other.as_dense()
        return ExactAffine.dense(np.vstack([one, two]), np.concatenate([first, second]), self.budget)

    def _as_read(self) -> FloatArray | None:
        """M where it is float64; None if it has been computed."""
        if self.matrix is None:
            return np.eye(len(self.rows))
        return None if self.matrix.dtype == np.object_ else np.asarray(self.matrix, dtype=np.float64)

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
        matrix = np.eye(len(self.rows)) if self.matrix is None else self.matrix
        weight, flags = np.zeros(matrix.shape), np.zeros(matrix.shape, dtype=np.bool_)
        scaled_rows, scaled_columns = self.rows != 1, self.columns != 1
        for block in row_blocks(matrix.shape):
            part = matrix[block]
            computed = np.ones(part.shape, dtype=np.bool_)
            if part.dtype == np.float64:
                computed = (scaled_rows[block, None] | scaled_columns[None, :]) & (part != 0)
                weight[block][~computed] = part[~computed]
            row, column = np.nonzero(computed)
            by_rows = product(part[computed], self.rows[block][row], self.budget, kept=False)
            exact = product(by_rows, self.columns[column], self.budget, kept=False)
            weight[block][computed], flags[block][computed] = round_once(exact)
        return weight, flags


def _check_size(rows: int, columns: int) -> None:
    if rows * columns > WEIGHTS:
        raise BeyondBudgetError(
            f"a layer of {rows} × {columns} weights is too large to be built: the limit is {WEIGHTS} weights"
        )
