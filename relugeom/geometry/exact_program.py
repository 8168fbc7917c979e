"""One linear program, settled exactly: floats propose the basis, rational arithmetic verifies or corrects it."""

from collections.abc import Sequence

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, ExactUnbounded, Form, maximise_form
from relugeom.geometry.forms import shadow, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LinearProgram, LPSolver

__all__ = ["maximise_exactly"]


def maximise_exactly(
    rows: Sequence[Form], objective: Form, *, solver: LPSolver | None = None, deadline: Deadline = NEVER
) -> ExactOptimum | ExactInfeasible | ExactUnbounded:
    """Maximise an affine form over {y : h_i(y) ≥ 0}, as `maximise_form` does, from a basis that floats propose.

    Parameters
    ----------
    rows, objective
        Integer forms (c₁, …, c_d, c₀).
    solver
        The float backend; HiGHS by default. The answer does not depend on it.
    deadline
        When to give up.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before the program was settled.
    """
    deadline.check()
    dimension = len(objective) - 1
    A, b = shadow_rows(rows, dimension)
    free = np.full(dimension, np.inf)
    solver = solver or HighsSolver(deadline=deadline)
    proposal = solver.solve(LinearProgram(shadow(objective)[0][:-1], A, b, -free, free))
    return maximise_form(rows, objective, hint=proposal.tight_rows, deadline=deadline)
