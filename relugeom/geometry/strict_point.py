"""Points where some rows are positive and the others not negative, or exact proofs that there are none.

One linear program answers: maximise t subject to h_i(y) ≥ w_i t for the strict rows, h_i(y) ≥ 0 for the others, t ≤
1. The answer is yes iff the optimum t* is positive. If it is not, its multipliers λ ≥ 0 give Σ λ_i h_i ≡ t* ≤ 0 with
λ_i > 0 on a strict row (or, where the rows contradict each other outright, Σ λ_i h_i ≡ −1): no point can exist. A
float solver proposes a point, which is checked exactly, or a basis, from which the exact simplex decides.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, Form, maximise_form
from relugeom.geometry.forms import form_exponent, form_signs, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LinearProgram, LPSolution, LPSolver, LPStatus
from relugeom.linalg.exact import RationalPoint, rational_point

__all__ = ["Refutation", "Witness", "find_strict_point"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A point with every strict row positive and every other row not negative."""

    point: list[fmpq]


@dataclass(frozen=True, slots=True)
class Refutation:
    """Σ multiplier_i h_i ≡ constant ≤ 0, multipliers > 0 (row → rational), one of them on a strict row if it is 0."""

    multipliers: dict[int, fmpq]
    constant: fmpq


def find_strict_point(
    rows: Sequence[Form],
    strict: Collection[int],
    dimension: int,
    *,
    solver: LPSolver | None = None,
    deadline: Deadline = NEVER,
) -> Witness | Refutation:
    """Find y in R^d with h_i(y) > 0 for the strict rows and h_i(y) ≥ 0 for the others, or prove that there is none.

    Parameters
    ----------
    rows
        Integer forms of length d + 1.
    strict
        Indices of the rows that must be positive.
    dimension
        d.
    solver
        The float backend that proposes; HiGHS by default. It cannot change the verdict.
    deadline
        When to give up.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before the question was settled.
    """
    deadline.check()
    solver = solver or HighsSolver(deadline=deadline)
    strict = frozenset(strict)
    if not rows:
        return Witness([fmpq(0)] * dimension)
    proposal = _float_optimum(rows, strict, dimension, solver)
    if proposal.status is LPStatus.OPTIMAL and proposal.x[-1] > 0:
        point = rational_point(proposal.x[:-1])
        if _holds(rows, strict, point):
            return Witness(point)
        # Where rows that may be 0 are nearly so, a point further inside bears the rounding.
        inner = _float_optimum(rows, frozenset(range(len(rows))), dimension, solver)
        if inner.status is LPStatus.OPTIMAL and _holds(rows, strict, point := rational_point(inner.x[:-1])):
            return Witness(point)
    # w_i is a power of two near the size of row i, so that t is compared with rows of like size.
    lifted = [[*form[:-1], -_weight(form) if row in strict else 0, form[-1]] for row, form in enumerate(rows)]
    lifted.append([*[0] * dimension, -1, 1])
    objective = [*[0] * dimension, 1, 0]
    optimum = maximise_form(lifted, objective, hint=proposal.tight_rows, deadline=deadline)
    if isinstance(optimum, ExactInfeasible):
        return Refutation(optimum.multipliers, fmpq(-1))
    if not isinstance(optimum, ExactOptimum):
        raise AssertionError("t ≤ 1 bounds the program")
    if optimum.value > 0:
        return Witness(optimum.point[:-1])
    return Refutation(optimum.multipliers, optimum.value)


def _float_optimum(rows: Sequence[Form], strict: frozenset[int], dimension: int, solver: LPSolver) -> LPSolution:
    A, b = shadow_rows(rows, dimension)
    in_strict = np.array([1.0 if row in strict else 0.0 for row in range(len(rows))])
    # One more row than `rows`, t ≤ 1, so that row numbers agree with those of the exact program.
    A = np.vstack([np.column_stack([A, in_strict]), np.append(np.zeros(dimension), 1.0)])
    free = np.full(dimension + 1, np.inf)
    return solver.solve(LinearProgram(np.append(np.zeros(dimension), 1.0), A, np.append(b, 1.0), -free, free))


def _weight(form: Form) -> int:
    return 1 << form_exponent(form)


def _holds(rows: Sequence[Form], strict: frozenset[int], point: RationalPoint) -> bool:
    signs = form_signs(rows, point)
    return all(sign > 0 or (sign == 0 and row not in strict) for row, sign in enumerate(signs))
