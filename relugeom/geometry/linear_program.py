"""Linear programs as values, and answers that can be judged without the solver.

Notation: maximise c·x subject to A x ≤ b and lower ≤ x ≤ upper. Multipliers are λ ≥ 0 for the rows and ν for the box
(ν > 0 pushes against an upper side, ν < 0 against a lower one):

    optimal       A x ≤ b,  c = Aᵀλ + ν,  c·x = λ·b + ν⁺·upper − ν⁻·lower
    infeasible    0 = Aᵀλ + ν,  λ·b + ν⁺·upper − ν⁻·lower < 0           (Farkas)
    unbounded     A r ≤ 0,  r ≥ 0 where lower is finite, r ≤ 0 where upper is,  c·r > 0

The answers are floats: proposals, which exact arithmetic accepts or settles (`exact_simplex.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from relugeom.errors import RelugeomError, SolverCrashError, SolverError
from relugeom.linalg.arrays import FloatArray

__all__ = [
    "LPSession",
    "LPSolution",
    "LPSolver",
    "LPStatus",
    "LinearProgram",
    "crashes_named",
    "dual_residual",
    "duality_gap",
    "primal_residual",
]


class LPStatus(StrEnum):
    """Status that a solver gives to a program."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class LinearProgram:
    """maximise c·x subject to A x ≤ b, lower ≤ x ≤ upper.

    Attributes
    ----------
    c
        Objective, shape (n,).
    A, b
        Rows, shapes (k, n) and (k,).
    lower, upper
        Box, shape (n,); ±inf where a side is open.
    """

    c: FloatArray
    A: FloatArray
    b: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LPSolution:
    """A solver's answer to one program.

    Attributes
    ----------
    status
        UNKNOWN if the solver gave up; `reason` says why.
    x
        The optimal point, or for UNBOUNDED a ray; shape (n,).
    row_multipliers, bound_multipliers
        λ of shape (k,) and ν of shape (n,), for OPTIMAL and INFEASIBLE.
    tight_rows
        Indices of rows of A that the final basis holds with equality, where the solver has a basis.
    tight_sides
        −1, 0 or 1 per variable: at its lower side, at none, at its upper side.
    """

    status: LPStatus
    x: FloatArray = field(default_factory=lambda: np.zeros(0))
    row_multipliers: FloatArray = field(default_factory=lambda: np.zeros(0))
    bound_multipliers: FloatArray = field(default_factory=lambda: np.zeros(0))
    tight_rows: Sequence[int] = ()
    tight_sides: Sequence[int] = ()
    reason: str = ""


class LPSession(Protocol):
    """A polyhedron that a solver keeps in memory, with rows that come and go like a stack."""

    def maximise(self, c: FloatArray) -> LPSolution:
        """Solve for an objective of shape (n,)."""

    def add_row(self, a: FloatArray, b: float) -> None:
        """Add a·x ≤ b after the last row."""

    def drop_row(self) -> None:
        """Remove the last row."""


class LPSolver(Protocol):
    """A backend: opens sessions, and so solves programs."""

    name: str

    def open(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray) -> LPSession:
        """A session on {x : A x ≤ b, lower ≤ x ≤ upper}."""

    def solve(self, program: LinearProgram) -> LPSolution:
        """Solve one program."""


class SolverBase(ABC):
    """Solving one program is opening a session and asking it once."""

    name = "solver"

    @abstractmethod
    def open(self, A: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray) -> LPSession:
        """A session on {x : A x ≤ b, lower ≤ x ≤ upper}."""

    def solve(self, program: LinearProgram) -> LPSolution:
        """Solve one program."""
        return self.open(program.A, program.b, program.lower, program.upper).maximise(program.c)


@contextmanager
def crashes_named(solver: str) -> Iterator[None]:
    """Turn whatever a solver raises into one line that names it: a breakdown is not an answer.

    A solver that gives up says so by its status, and exact arithmetic continues without it.
    """
    try:
        yield
    except (MemoryError, RelugeomError):
        raise
    except Exception as error:
        told = str(error) or type(error).__name__
        raise SolverCrashError(
            f"the solver {solver} broke down, which says nothing about the question: {told}: please report it"
        ) from error


def primal_residual(program: LinearProgram, solution: LPSolution) -> float:
    """Largest violation of a row or side at the solution's point (0 where it is feasible)."""
    x = solution.x
    excess = [program.A @ x - program.b, x - program.upper, program.lower - x]
    return max([0.0, *(float(part.max()) for part in excess if part.size)])


def dual_residual(program: LinearProgram, solution: LPSolution) -> float:
    """Largest error of c = Aᵀλ + ν (with c = 0 for a proof of infeasibility) and of the signs of λ and ν."""
    multipliers, nu = solution.row_multipliers, solution.bound_multipliers
    c = np.zeros_like(program.c) if solution.status is LPStatus.INFEASIBLE else program.c
    balance = np.abs(program.A.T @ multipliers + nu - c)
    open_sides = np.where(np.isinf(program.upper), nu, 0.0).clip(min=0.0) + np.where(
        np.isinf(program.lower), -nu, 0.0
    ).clip(min=0.0)
    negative = (-multipliers).clip(min=0.0)
    return float(max(part.max() for part in (balance, open_sides, negative) if part.size))


def dual_value(program: LinearProgram, solution: LPSolution) -> float:
    """λ·b + ν⁺·upper − ν⁻·lower: an upper bound of c·x, negative for a proof of infeasibility."""
    nu = solution.bound_multipliers
    sides = np.where(nu > 0, program.upper, program.lower)
    return float(solution.row_multipliers @ program.b + nu @ np.where(nu == 0, 0.0, sides))


def duality_gap(program: LinearProgram, solution: LPSolution) -> float:
    """Difference of the dual and the primal value of an optimal solution."""
    if solution.status is not LPStatus.OPTIMAL:
        raise SolverError(f"a program that is {solution.status.value} has no duality gap")
    return abs(dual_value(program, solution) - float(program.c @ solution.x))
