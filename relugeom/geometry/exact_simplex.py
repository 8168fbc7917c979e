"""Linear programs settled in rational arithmetic.

Notation: affine forms are integer rows h = (c₁, …, c_d, c₀); the polyhedron is {y ∈ R^d : h_i(y) ≥ 0 for every i}. A
*basis* is a list of r independent rows, r the rank of all rows; it fixes the point where they vanish. The search is the
primal simplex method with Bland's rule (smallest index leaves, smallest index enters), which ends on every input
[Bland, *New finite pivoting rules for the simplex method*, 1977]. A basis proposed by a float solver is usually the
optimal one: then nothing is left to do but to verify it. Every step recomputes from the rows, so nothing drifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.exact import evaluate_form

__all__ = ["ExactInfeasible", "ExactOptimum", "ExactUnbounded", "Form", "maximise_form"]

Form = Sequence[int]


@dataclass(frozen=True, slots=True)
class ExactOptimum:
    """max c = value, reached at `point`; c − value ≡ −Σ multiplier_i h_i with multipliers ≥ 0 (row → rational)."""

    value: fmpq
    point: list[fmpq]
    multipliers: dict[int, fmpq]


@dataclass(frozen=True, slots=True)
class ExactInfeasible:
    """No point: Σ multiplier_i h_i ≡ −1 with multipliers ≥ 0 (row → rational)."""

    multipliers: dict[int, fmpq]


@dataclass(frozen=True, slots=True)
class ExactUnbounded:
    """c grows without bound from `point` along `ray`."""

    point: list[fmpq]
    ray: list[fmpq]


def maximise_form(
    rows: Sequence[Form], objective: Form, *, hint: Sequence[int] = (), deadline: Deadline = NEVER
) -> ExactOptimum | ExactInfeasible | ExactUnbounded:
    """Maximise an affine form over {y : h_i(y) ≥ 0}, exactly.

    Parameters
    ----------
    rows
        Forms h_i, integers of shape (k, d + 1).
    objective
        The form to maximise, integers of shape (d + 1,).
    hint
        Rows that a float solver's final basis holds at 0, best first; any list is allowed.
    deadline
        When to give up.

    Raises
    ------
    DeadlinePassedError
        The deadline has passed before the program was settled.
    """
    deadline.check()
    dimension = len(objective) - 1
    G = fmpq_mat(len(rows), dimension, [entry for row in rows for entry in row[:-1]])
    columns, combinations = _independent_columns(G)
    polyhedron = _Polyhedron(
        fmpq_mat(len(rows), len(columns), [row[column] for row in rows for column in columns]),
        [fmpq(row[-1]) for row in rows],
        deadline,
    )
    start = polyhedron.feasible_basis(hint)
    if isinstance(start, ExactInfeasible):
        return start
    climb = polyhedron.climb([fmpq(objective[column]) for column in columns], start)
    point = _embed(climb.point, columns, dimension)
    if climb.ray is not None:
        return ExactUnbounded(point, _embed(climb.ray, columns, dimension))
    # No row depends on the directions of `combinations`; an objective that does is unbounded.
    for column, combination in combinations.items():
        ray = _embed([-weight for weight in combination], columns, dimension)
        ray[column] = fmpq(1)
        slope = sum((c * r for c, r in zip(objective[:-1], ray, strict=True)), fmpq(0))
        if slope != 0:
            return ExactUnbounded(point, ray if slope > 0 else [-r for r in ray])
    return ExactOptimum(evaluate_form(objective, point), point, climb.multipliers)


@dataclass(frozen=True, slots=True)
class _Climb:
    """Where phase 2 ended: at an optimal basis with its multipliers, or on a ray."""

    point: list[fmpq]
    multipliers: dict[int, fmpq]
    ray: list[fmpq] | None = None


class _Polyhedron:
    """{y : G y + g ≥ 0} with G of full column rank, so that a basis fixes a point."""

    def __init__(self, G: fmpq_mat, g: list[fmpq], deadline: Deadline) -> None:
        self.G, self.g, self.deadline = G, g, deadline
        self.rank = G.ncols()

    def rows(self, chosen: Sequence[int]) -> fmpq_mat:
        entries = [self.G[row, column] for row in chosen for column in range(self.rank)]
        return fmpq_mat(len(chosen), self.rank, entries)

    def vertex(self, basis: Sequence[int]) -> list[fmpq]:
        if not basis:
            return []
        return self.rows(basis).solve(fmpq_mat(len(basis), 1, [-self.g[row] for row in basis])).entries()

    def slopes(self, direction: list[fmpq]) -> list[fmpq]:
        if not self.rank:
            return [fmpq(0)] * len(self.g)
        return (self.G * fmpq_mat(self.rank, 1, direction)).entries()

    def slacks(self, point: list[fmpq]) -> list[fmpq]:
        return [slope + constant for slope, constant in zip(self.slopes(point), self.g, strict=True)]

    def first_basis(self, order: Sequence[int]) -> list[int]:
        """The first independent rows in this order."""
        if not self.rank:
            return []
        return [order[position] for position in _independent_columns(self.rows(order).transpose())[0]]

    def feasible_basis(self, hint: Sequence[int]) -> list[int] | ExactInfeasible:
        """Phase 1: a basis whose point satisfies every row."""
        count = len(self.g)
        basis = self.first_basis(list(dict.fromkeys([*(row for row in hint if row < count), *range(count)])))
        slacks = self.slacks(self.vertex(basis))
        worst = min(range(count), key=slacks.__getitem__, default=0)
        if not slacks or slacks[worst] >= 0:
            return basis
        # Rows violated at this point are relaxed to h + t ≥ 0, and t ≥ 0 then shrinks as far as it can; the point with
        # the largest violation as its t is a vertex of that polyhedron.
        entries = []
        for row in range(count):
            entries += [*(self.G[row, column] for column in range(self.rank)), fmpq(slacks[row] < 0)]
        entries += [*[fmpq(0)] * self.rank, fmpq(1)]
        relaxed = _Polyhedron(fmpq_mat(count + 1, self.rank + 1, entries), [*self.g, fmpq(0)], self.deadline)
        end = relaxed.climb([*[fmpq(0)] * self.rank, fmpq(-1)], [*basis, worst])
        violation = end.point[-1]
        if violation > 0:
            return ExactInfeasible({row: m / violation for row, m in end.multipliers.items() if row < count})
        slacks = self.slacks(end.point[:-1])
        return self.first_basis([row for row in range(count) if slacks[row] == 0])

    def climb(self, c: list[fmpq], basis: list[int]) -> _Climb:
        """Phase 2: maximise c·y from a feasible basis."""
        while True:
            self.deadline.check()
            point = self.vertex(basis)
            if not basis:
                return _Climb(point, {})
            inverse = self.rows(basis).inv()
            gains = (fmpq_mat(1, self.rank, c) * inverse).entries()
            rising = [position for position, gain in enumerate(gains) if gain > 0]
            if not rising:
                return _Climb(point, {row: -gain for row, gain in zip(basis, gains, strict=True) if gain})
            leaving = min(rising, key=basis.__getitem__)
            ray = [inverse[row, leaving] for row in range(self.rank)]
            slopes, slacks = self.slopes(ray), self.slacks(point)
            steps = [(slacks[row] / -slopes[row], row) for row in range(len(slacks)) if slopes[row] < 0]
            if not steps:
                return _Climb(point, {}, ray)
            basis = [*basis[:leaving], min(steps)[1], *basis[leaving + 1 :]]


def _embed(values: Sequence[fmpq], columns: Sequence[int], dimension: int) -> list[fmpq]:
    point = [fmpq(0)] * dimension
    for column, value in zip(columns, values, strict=True):
        point[column] = value
    return point


def _independent_columns(matrix: fmpq_mat) -> tuple[list[int], dict[int, list[fmpq]]]:
    """The first independent columns, and every other column as a combination of them."""
    reduced, rank = matrix.rref()
    columns: list[int] = []
    for row in range(rank):
        start = columns[-1] + 1 if columns else 0
        columns.append(next(column for column in range(start, matrix.ncols()) if reduced[row, column]))
    others = (column for column in range(matrix.ncols()) if column not in columns)
    return columns, {column: [reduced[row, column] for row in range(rank)] for column in others}
