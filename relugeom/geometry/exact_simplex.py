"""Linear programs settled in rational arithmetic.

Notation: affine forms are integer rows h = (c₁, …, c_d, c₀); the polyhedron is {y ∈ R^d : h_i(y) ≥ 0 for every i}. A
*basis* is a list of r independent rows, r the rank of all rows; it fixes the point where they vanish. The search is the
primal simplex method with Bland's rule (smallest index leaves, smallest index enters), which ends on every input
[Bland, *New finite pivoting rules for the simplex method*, 1977]. A basis proposed by a float solver is usually the
optimal one: then nothing is left to do but to verify it. Every step recomputes from the rows, so nothing drifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat, fmpz_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.exact_basis import (
    Basis,
    common_denominator,
    first_columns,
    independent_columns,
    independent_rows,
    thin_entries,
)
from relugeom.linalg.exact import RationalPoint, evaluate_form

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
        The deadline passed before the program was settled.
    """
    deadline.check()
    dimension = len(objective) - 1
    columns, combinations = independent_columns([row[:-1] for row in rows], dimension)
    deadline.check()
    kept = rows if len(columns) == dimension else [[*(row[column] for column in columns), row[-1]] for row in rows]
    polyhedron = _Polyhedron(kept, len(columns), deadline)
    start = polyhedron.feasible_basis(hint)
    if isinstance(start, ExactInfeasible):
        return start
    climb = polyhedron.climb([objective[column] for column in columns], start)
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
    """{y : h_i(y) ≥ 0} with forms of full column rank, so that a basis fixes a point."""

    def __init__(self, forms: Sequence[Form], rank: int, deadline: Deadline) -> None:
        self.forms, self.rank, self.deadline = forms, rank, deadline
        self.thin = {row: entries for row, form in enumerate(forms) if (entries := thin_entries(form[:-1])) is not None}
        self.thick = [row for row in range(len(forms)) if row not in self.thin]
        self.matrix = fmpz_mat(len(self.thick), rank, [entry for row in self.thick for entry in forms[row][:-1]])

    def basis(self, chosen: Sequence[int]) -> Basis:
        """The equations of chosen rows."""
        self.deadline.check()
        return Basis([self.forms[row][:-1] for row in chosen])

    def vertex(self, chosen: Sequence[int], basis: Basis) -> list[fmpq]:
        """Where the chosen rows vanish."""
        return basis.solve([fmpq(-self.forms[row][-1]) for row in chosen])

    def slopes(self, direction: Sequence[fmpq]) -> tuple[list[int], int]:
        """By how much each row rises in a direction: numerators, and one denominator > 0."""
        numerators, denominator = common_denominator(direction)
        values = [0] * len(self.forms)
        for row, entries in self.thin.items():
            values[row] = sum(entry * numerators[column] for column, entry in entries)
        if self.thick and self.rank:
            found = self.matrix * fmpz_mat(self.rank, 1, numerators)
            for row, value in zip(self.thick, found.entries(), strict=True):
                values[row] = int(value)
        return values, denominator

    def slacks(self, point: RationalPoint) -> list[int]:
        """The value of each row at a point, times one positive number."""
        slopes, denominator = self.slopes(point)
        return [slope + form[-1] * denominator for slope, form in zip(slopes, self.forms, strict=True)]

    def first_basis(self, order: Sequence[int]) -> list[int]:
        """The first independent rows in this order."""
        found = independent_rows(((row, self.forms[row][:-1]) for row in order), self.rank)
        if len(found) == self.rank:
            return found
        matrix = fmpq_mat(len(order), self.rank, [entry for row in order for entry in self.forms[row][:-1]])
        return [order[position] for position in first_columns(matrix.transpose())[0]]

    def feasible_basis(self, hint: Sequence[int]) -> list[int] | ExactInfeasible:
        """Phase 1: a basis whose point satisfies every row."""
        count = len(self.forms)
        chosen = self.first_basis(list(dict.fromkeys([*(row for row in hint if row < count), *range(count)])))
        slacks = self.slacks(self.vertex(chosen, self.basis(chosen)))
        worst = min(range(count), key=slacks.__getitem__, default=0)
        if not slacks or slacks[worst] >= 0:
            return chosen
        # Rows violated at this point are relaxed to h + t ≥ 0, and t ≥ 0 then shrinks as far as it can; the point with
        # the largest violation as its t is a vertex of that polyhedron.
        relaxed = [[*form[:-1], int(slack < 0), form[-1]] for form, slack in zip(self.forms, slacks, strict=True)]
        relaxed.append([*[0] * self.rank, 1, 0])
        end = _Polyhedron(relaxed, self.rank + 1, self.deadline).climb([*[0] * self.rank, -1], [*chosen, worst])
        violation = end.point[-1]
        if violation > 0:
            return ExactInfeasible({row: m / violation for row, m in end.multipliers.items() if row < count})
        slacks = self.slacks(end.point[:-1])
        return self.first_basis([row for row in range(count) if slacks[row] == 0])

    def climb(self, objective: Sequence[int], chosen: list[int]) -> _Climb:
        """Phase 2: maximise objective · y from a feasible basis."""
        while True:
            basis = self.basis(chosen)
            point = self.vertex(chosen, basis)
            gains = basis.solve_transposed([fmpq(entry) for entry in objective])
            rising = [position for position, gain in enumerate(gains) if gain > 0]
            if not rising:
                return _Climb(point, {row: -gain for row, gain in zip(chosen, gains, strict=True) if gain})
            leaving = min(rising, key=chosen.__getitem__)
            ray = basis.solve([fmpq(position == leaving) for position in range(len(chosen))])
            entering = self._blocking(self.slacks(point), self.slopes(ray)[0])
            if entering is None:
                return _Climb(point, {}, ray)
            chosen = [*chosen[:leaving], entering, *chosen[leaving + 1 :]]

    def _blocking(self, slacks: Sequence[int], slopes: Sequence[int]) -> int | None:
        """The row that is 0 first on the way, the first of several; None if none is."""
        best, gap, fall = None, 0, 1
        for row, (slack, slope) in enumerate(zip(slacks, slopes, strict=True)):
            if slope < 0 and (best is None or slack * fall < gap * -slope):
                best, gap, fall = row, slack, -slope
        return best


def _embed(values: Sequence[fmpq], columns: Sequence[int], dimension: int) -> list[fmpq]:
    point = [fmpq(0)] * dimension
    for column, value in zip(columns, values, strict=True):
        point[column] = value
    return point
