"""Matrices without their zeros, row by row: what a convolution or a maximum computes depends on few values.

Notation: the entries of row i are ``values[starts[i] : starts[i + 1]]`` in the columns ``places[…]``, which ascend. The
one idea: products are lists of terms, made for a block of rows at a time, so that time and memory depend on the terms
that there are. Where each entry is one term and one of its factors is a power of 2, the product of floats is exact, and
no rational is made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from relugeom.importers.budget import LONGEST_NUMBER, Budget
from relugeom.importers.rational_arrays import (
    RationalArray,
    check_length,
    lengths,
    matrix_product,
    product,
    rationals,
)
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["SparseRows"]

TERM = 60
"""Nanoseconds for a term of a product of floats."""
TERMS = 2**19
"""Terms at a time."""
DENSE = 150
"""A product of dense matrices does as many multiplications of integers in the time of one term of rationals."""


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """A matrix without its zeros.

    Attributes
    ----------
    starts, places
        Where each row begins, and where the last one ends; the columns of entries, ascending in each row.
    values
        float64, or rationals.
    columns
        Number of columns.
    """

    starts: IntArray
    places: IntArray
    values: FloatArray | RationalArray
    columns: int

    @classmethod
    def identity(cls, size: int) -> "SparseRows":
        """The map x ↦ x on R^size."""
        return cls(np.arange(size + 1), np.arange(size), np.ones(size), size)

    @classmethod
    def of(cls, matrix: FloatArray | RationalArray) -> "SparseRows":
        """A matrix that is given with its zeros."""
        row, place = np.nonzero(matrix)
        return cls.gathered(row, place, matrix[row, place], matrix.shape)

    @classmethod
    def gathered(
        cls, row: IntArray, place: IntArray, values: FloatArray | RationalArray, shape: tuple[int, int]
    ) -> "SparseRows":
        """The matrix with these entries, in any order, each named once; those that are zero are left out."""
        kept = np.flatnonzero(values != 0)
        kept = kept[np.argsort(row[kept] * shape[1] + place[kept], kind="stable")]
        starts = np.searchsorted(row[kept], np.arange(shape[0] + 1))
        return cls(starts, place[kept], values[kept], shape[1])

    @classmethod
    def stacked(cls, parts: Sequence["SparseRows"]) -> "SparseRows":
        """The rows of several matrices behind each other."""
        starts = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.starts) for part in parts]))])
        values: FloatArray | RationalArray
        if any(part.values.dtype == np.object_ for part in parts):
            values = np.concatenate([rationals(part.values) for part in parts])
        else:
            values = np.concatenate([_floats(part.values) for part in parts])
        return cls(starts, np.concatenate([part.places for part in parts]), values, parts[0].columns)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), self.columns

    @property
    def size(self) -> int:
        """Entries that are kept."""
        return len(self.places)

    @property
    def rows(self) -> IntArray:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def row(self, number: int) -> tuple[IntArray, FloatArray | RationalArray]:
        """Columns and values of one row."""
        part = slice(self.starts[number], self.starts[number + 1])
        return self.places[part], self.values[part]

    def picked(self, order: IntArray, budget: Budget) -> "SparseRows":
        """The matrix whose row i is row order[i] of this one."""
        sizes = np.diff(self.starts)[order]
        budget.floats(2 * int(sizes.sum()) + len(order))
        entries, starts = _ranges(self.starts[order], sizes)
        return SparseRows(starts, self.places[entries], self.values[entries], self.columns)

    def scaled(self, rows: RationalArray, columns: RationalArray, budget: Budget) -> "SparseRows":
        """diag(rows) · this · diag(columns), without zeros, in rationals where a factor is not 1."""
        values, row = self.values, self.rows
        for factors, index in ((rows, row), (columns, self.places)):
            if (factors != 1).any():
                values = product(values, factors[index], budget)
        if values is self.values:
            return self
        return SparseRows.gathered(row, self.places, values, self.shape)

    def times(
        self, right: "SparseRows", budget: Budget, *, at_a_time: int = TERMS, dense: float = DENSE
    ) -> "SparseRows":
        """This matrix, which holds floats, times another one.

        Parameters
        ----------
        at_a_time
            Terms that a block of rows may have.
        dense
            Multiplications of integers that a product with all zeros may have for each term of this one.
        """
        per_entry = np.diff(right.starts)[self.places]
        terms = int(per_entry.sum())
        rows, inner, columns = len(self), self.columns, right.columns
        added = right.values.dtype == np.object_ or terms > rows * columns
        if added and terms * dense >= rows * inner * columns:
            budget.floats(rows * inner + inner * columns)
            return SparseRows.of(matrix_product(_floats(self.dense()), rationals(right.dense()), budget))
        budget.steps(terms, TERM)
        blocks = [
            self._block(right, per_entry, first, last, budget) for first, last in self._row_blocks(per_entry, at_a_time)
        ]
        return SparseRows.stacked(blocks) if blocks else SparseRows.of(np.zeros((rows, columns)))

    def dense(self) -> FloatArray | RationalArray:
        """The matrix with its zeros."""
        filled: FloatArray | RationalArray = np.zeros(self.shape)
        if self.values.dtype == np.object_:
            filled = np.full(self.shape, fmpq(0), dtype=np.object_)
        filled[self.rows, self.places] = self.values
        return filled

    def _row_blocks(self, per_entry: IntArray, terms: int) -> Iterator[tuple[int, int]]:
        """First and last rows of blocks that have few terms."""
        before = np.concatenate([[0], np.cumsum(per_entry)])[self.starts]
        first = 0
        while first < len(self):
            last = max(first + 1, int(np.searchsorted(before, before[first] + terms, side="right")) - 1)
            yield first, last
            first = last

    def _block(self, right: "SparseRows", per_entry: IntArray, first: int, last: int, budget: Budget) -> "SparseRows":
        """Rows of a product."""
        part = slice(self.starts[first], self.starts[last])
        inner, count, shape = self.places[part], per_entry[part], (last - first, right.columns)
        entries, _ = _ranges(right.starts[inner], count)
        factors = np.repeat(_floats(self.values)[part], count)
        row = np.repeat(self.rows[part] - first, count)
        cell = row * shape[1] + right.places[entries]
        order = np.argsort(cell, kind="stable")
        firsts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        row, place = np.divmod(cell[order][firsts], shape[1])
        budget.floats(2 * len(firsts))
        if right.values.dtype == np.float64 and len(firsts) == len(cell):
            products, exact = _exact_products(factors[order], _floats(right.values)[entries[order]])
            if exact.all():
                return SparseRows.gathered(row, place, products, shape)
        terms = product(factors[order], rationals(right.values)[entries[order]], budget, kept=False)
        if len(firsts) < len(cell):
            terms = _sums(terms, firsts, budget)
        return SparseRows.gathered(row, place, terms, shape)


def _floats(values: FloatArray | RationalArray) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _ranges(starts: IntArray, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """starts[0], …, starts[0] + lengths[0] − 1, starts[1], …; and where each of these ranges begins."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    return np.repeat(starts - bounds[:-1], lengths) + np.arange(bounds[-1]), bounds


def _exact_products(left: FloatArray, right: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Products, and where they are exact for certain: one factor is a power of 2, and nothing over- or underflows."""
    with np.errstate(over="ignore", under="ignore"):
        found = left * right
    power = (np.abs(np.frexp(left)[0]) == 0.5) | (np.abs(np.frexp(right)[0]) == 0.5)
    return found, power & np.isfinite(found) & (np.abs(found) >= np.finfo(np.float64).tiny)


def _sums(terms: RationalArray, firsts: IntArray, budget: Budget) -> RationalArray:
    """Sums of the terms from each of these places to the next; one has at most twice the bits of its terms together."""
    bits = np.add.reduceat(2 * lengths(terms) + 1, firsts)
    check_length(bits, LONGEST_NUMBER)
    budget.rationals(len(terms), int(bits.sum()), shorter=int(bits.sum()))
    return np.asarray(np.add.reduceat(terms, firsts), dtype=np.object_)
