"""Bases of a polyhedron's rows: which rows are independent, and where all rows of a basis vanish, in rationals.

Notation: rows are integer forms on R^r; a *basis* is r independent ones, B the matrix of their coefficients. Most rows
of a polyhedron are the sides of a box, which have one coefficient, or tie two variables to each other: such *thin* rows
are solved for one variable each, which leaves it an affine function of at most one other. What is left, the *core*, has
as many rows as the basis has thick ones, nearly, and is all that elimination sees: a cell of a network with 10 units on
784 inputs asks for a matrix of 10 × 10.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

__all__ = [
    "Basis",
    "common_denominator",
    "first_columns",
    "independent_columns",
    "independent_rows",
    "thin_entries",
]

THIN = 2
"""Most coefficients of a thin row."""
PRIME = 2**31 - 1
"""Rows that are independent modulo a prime are independent."""


class _Solved(NamedTuple):
    """A thin row, the column that it is solved for, and the other column, with its coefficients there."""

    row: int
    column: int
    coefficient: int
    other: int | None
    factor: int


class Basis:
    """r independent rows, with their equations solved.

    Attributes
    ----------
    core
        The columns that no thin row is solved for.
    """

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        """Of the chosen rows' coefficients, integers of shape (r, r)."""
        self._size = len(rows)
        self._solved, core = _solve_thin_rows(rows)
        self._core_rows = sorted(set(range(self._size)) - {solved.row for solved in self._solved})
        self.core = core
        # x_c = β x_t + … for a solved column c: the core column t and β.
        self._slope: dict[int, tuple[int, fmpq]] = {column: (column, fmpq(1)) for column in core}
        for _, column, coefficient, other, factor in self._solved:
            if other is not None and other in self._slope:
                end, slope = self._slope[other]
                self._slope[column] = end, -slope * factor / coefficient
        place = {column: k for k, column in enumerate(core)}
        table = fmpq_mat(len(core), len(core))
        for k, row in enumerate(self._core_rows):
            for column, (end, slope) in self._slope.items():
                if entry := rows[row][column]:
                    table[k, place[end]] += slope * entry
        self._core, self._scale = table.numer_denom()
        self._thick = [[(column, entry) for column, entry in enumerate(rows[row]) if entry] for row in self._core_rows]

    def solve(self, right: Sequence[fmpq]) -> list[fmpq]:
        """x with B x = right."""
        x = [fmpq(0)] * self._size
        for row, column, coefficient, other, factor in self._solved:  # with every core column at 0
            rest = right[row] if other is None or not x[other] else right[row] - factor * x[other]
            if rest:
                x[column] = rest / coefficient
        if self._core_rows:
            gaps = []
            for row, entries in zip(self._core_rows, self._thick, strict=True):
                gaps.append(right[row] - sum((entry * x[column] for column, entry in entries if x[column]), fmpq(0)))
            values = self._solve_core(self._core, gaps)
            ends = dict(zip(self.core, values, strict=True))
            for column, (end, slope) in self._slope.items():
                x[column] += slope * ends[end]
        return x

    def solve_transposed(self, right: Sequence[fmpq]) -> list[fmpq]:
        """λ with Bᵀ λ = right, that is Σ λ_i row_i = right."""
        multipliers, left = [fmpq(0)] * self._size, list(right)
        if self._core_rows:
            sums = dict.fromkeys(self.core, fmpq(0))
            for column, (end, slope) in self._slope.items():
                if left[column]:
                    sums[end] += slope * left[column]
            values = self._solve_core(self._core.transpose(), list(sums.values()))
            for row, entries, value in zip(self._core_rows, self._thick, values, strict=True):
                multipliers[row] = value
                if value:
                    for column, entry in entries:
                        left[column] -= value * entry
        for row, column, coefficient, other, factor in reversed(self._solved):
            if left[column]:
                multipliers[row] = left[column] / coefficient
                if other is not None:
                    left[other] -= multipliers[row] * factor
        return multipliers

    def _solve_core(self, core: fmpz_mat, right: Sequence[fmpq]) -> list[fmpq]:
        numerators, denominator = common_denominator(right)
        values = core.solve(fmpz_mat(len(right), 1, numerators)).entries()
        scale = fmpq(int(self._scale), denominator)
        return [value * scale for value in values]


def common_denominator(values: Sequence[fmpq]) -> tuple[list[int], int]:
    """Integers and one denominator > 0 with these quotients."""
    numerators, denominator = fmpq_mat(1, len(values), list(values)).numer_denom()
    return [int(entry) for entry in numerators.entries()], int(denominator)


def thin_entries(row: Sequence[int]) -> list[tuple[int, int]] | None:
    """The columns and coefficients of a thin row; None of another."""
    if len(row) - row.count(0) > THIN:
        return None
    return [(column, entry) for column, entry in enumerate(row) if entry]


class _ThinRows:
    """Thin rows, solved one by one for a column that is not taken yet.

    Attributes
    ----------
    solved
        In the order in which they are solved.
    """

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        entries = ((number, thin_entries(row)) for number, row in enumerate(rows))
        self._entries = {number: row for number, row in entries if row is not None}
        self._uses: dict[int, list[int]] = {}
        for number, row in self._entries.items():
            for column, _ in row:
                self._uses.setdefault(column, []).append(number)
        self._taken: set[int] = set()  # columns that are solved for, or that stay in the core
        self._done: set[int] = set()
        self.solved: list[_Solved] = []

    def solve(self) -> None:
        """Solve every row that is left with one column; where none is, a column stays in the core."""
        self._follow([number for number, row in self._entries.items() if len(row) == 1])
        for number in [number for number, row in self._entries.items() if len(row) == THIN]:
            columns = [column for column, _ in self._entries[number]]
            if number in self._done or not self._taken.isdisjoint(columns):
                continue
            # Every row that ties another variable to the most common one is solved for that other one.
            column = max(columns, key=lambda column: len(self._uses[column]))
            self._taken.add(column)
            self._follow(list(self._uses[column]))

    def _follow(self, ready: list[int]) -> None:
        """Solve rows that may have one column left, and those that this leaves with one."""
        while ready:
            number = ready.pop()
            row = self._entries[number]
            left = [entry for entry in row if entry[0] not in self._taken]
            if number in self._done or len(left) != 1:
                continue
            self._done.add(number)
            column, coefficient = left[0]
            other = next(((c, factor) for c, factor in row if c != column), (None, 0))
            self.solved.append(_Solved(number, column, coefficient, *other))
            self._taken.add(column)
            ready += self._uses[column]


def _solve_thin_rows(rows: Sequence[Sequence[int]]) -> tuple[list[_Solved], list[int]]:
    """Thin rows in the order in which they are solved, and the columns that none is solved for."""
    thin = _ThinRows(rows)
    thin.solve()
    chosen = {step.column for step in thin.solved}
    return thin.solved, [column for column in range(len(rows)) if column not in chosen]


def independent_rows(rows: Iterable[tuple[int, Sequence[int]]], rank: int) -> list[int]:
    """The numbers of the first rows, in the order given, that are independent modulo a prime; not more than `rank`."""
    found: list[int] = []
    reduced: list[np.ndarray] = []
    pivots: list[int] = []
    pinned: list[int] = []
    for number, row in rows:
        if len(found) == rank:
            break
        rest = np.array([entry % PRIME for entry in row], dtype=np.int64)
        rest[pinned] = 0
        for pivot, other in zip(pivots, reduced, strict=True):
            if rest[pivot]:
                rest = (rest - rest[pivot] * other) % PRIME
        used = np.flatnonzero(rest)
        if not used.size:
            continue
        found.append(number)
        if len(used) == 1:
            pinned.append(int(used[0]))
            for other in reduced:
                other[used[0]] = 0
        else:
            pivots.append(int(used[0]))
            reduced.append(rest * pow(int(rest[used[0]]), -1, PRIME) % PRIME)
    return found


def independent_columns(rows: Sequence[Sequence[int]], columns: int) -> tuple[list[int], dict[int, list[fmpq]]]:
    """The first independent columns, and every other column as a combination of them."""
    single = _single_columns(rows)
    others = [column for column in range(columns) if column not in single]
    every = list(range(columns))
    if not others:
        return every, {}
    table = [entries for row in rows if any(entries := [row[column] for column in others])]
    if len(independent_rows(enumerate(table), len(others))) == len(others):
        return every, {}
    found, combinations = first_columns(fmpq_mat(len(table), len(others), [entry for row in table for entry in row]))
    kept = [column for column in every if column in single or others.index(column) in found]
    place = {others[column]: k for k, column in enumerate(found)}
    return kept, {
        others[column]: [weights[place[column_]] if column_ in place else fmpq(0) for column_ in kept]
        for column, weights in combinations.items()
    }


def _single_columns(rows: Sequence[Sequence[int]]) -> set[int]:
    """The columns of rows that have one entry."""
    thin = (thin_entries(row) for row in rows)
    return {entries[0][0] for entries in thin if entries is not None and len(entries) == 1}


def first_columns(matrix: fmpq_mat) -> tuple[list[int], dict[int, list[fmpq]]]:
    """The same by elimination in rationals."""
    reduced, rank = matrix.rref()
    columns: list[int] = []
    for row in range(rank):
        start = columns[-1] + 1 if columns else 0
        columns.append(next(column for column in range(start, matrix.ncols()) if reduced[row, column]))
    others = (column for column in range(matrix.ncols()) if column not in columns)
    return columns, {column: [reduced[row, column] for row in range(rank)] for column in others}
