"""The conformance suite of linear program backends: every answer is judged without the solver."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from oracles import find_point

from relugeom.deadline import Deadline
from relugeom.errors import SolverError
from relugeom.geometry.cvxpy_solver import CvxpySolver
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactUnbounded, maximise_form
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import (
    LinearProgram,
    LPSolution,
    LPStatus,
    SolverBase,
    dual_residual,
    dual_value,
    duality_gap,
    primal_residual,
)

TOLERANCE = 1e-6


class ExactSession:
    """The exact simplex behind the interface of a float session."""

    def __init__(self, A, b, lower, upper):
        self.rows, self.lower, self.upper = [(list(a), float(v)) for a, v in zip(A, b, strict=True)], lower, upper

    def add_row(self, a, b):
        self.rows.append((list(a), b))

    def drop_row(self):
        self.rows.pop()

    def maximise(self, c):
        n = len(self.lower)
        sides = [(j, 1, low) for j, low in enumerate(self.lower) if low > -inf]
        sides += [(j, -1, high) for j, high in enumerate(self.upper) if high < inf]
        forms = [[*(-Fraction(float(x)) for x in a), Fraction(b)] for a, b in self.rows]
        forms += [[*(Fraction(s * (i == j)) for i in range(n)), -s * Fraction(float(v))] for j, s, v in sides]
        scales = [np.lcm.reduce([x.denominator for x in form], dtype=object) for form in forms]
        integers = [[int(x * k) for x in form] for form, k in zip(forms, scales, strict=True)]
        objective = [Fraction(float(x)) for x in c]
        factor = np.lcm.reduce([x.denominator for x in objective], dtype=object)
        answer = maximise_form(integers, [*(int(x * factor) for x in objective), 0])
        if isinstance(answer, ExactUnbounded):
            return LPSolution(LPStatus.UNBOUNDED, x=np.array([float(Fraction(int(r.p), int(r.q))) for r in answer.ray]))
        infeasible = isinstance(answer, ExactInfeasible)
        unit = 1 if infeasible else factor
        rows, nu = np.zeros(len(self.rows)), np.zeros(n)
        for index, value in answer.multipliers.items():
            share = float(Fraction(int(value.p), int(value.q)) * scales[index] / unit)
            if index < len(rows):
                rows[index] = share
            else:
                j, sign, _ = sides[index - len(rows)]
                nu[j] -= sign * share
        if infeasible:
            return LPSolution(LPStatus.INFEASIBLE, row_multipliers=rows, bound_multipliers=nu)
        x = np.array([float(Fraction(int(v.p), int(v.q))) for v in answer.point])
        return LPSolution(LPStatus.OPTIMAL, x=x, row_multipliers=rows, bound_multipliers=nu)


class ExactSolver(SolverBase):
    name = "exact"

    def open(self, A, b, lower, upper):
        return ExactSession(A, b, lower, upper)


@pytest.fixture(params=[HighsSolver, CvxpySolver, ExactSolver], ids=["highs", "cvxpy", "exact"])
def solver(request):
    return request.param()


def program(c, A=(), b=(), lower=None, upper=None):
    n = len(c)
    return LinearProgram(
        np.array(c, float),
        np.array(A, float).reshape(-1, n),
        np.array(b, float),
        np.full(n, -inf) if lower is None else np.array(lower, float),
        np.full(n, inf) if upper is None else np.array(upper, float),
    )


def judge(problem, solution, tolerance=TOLERANCE):
    """Check an answer by its own evidence."""
    if solution.status is LPStatus.OPTIMAL:
        assert solution.x.shape == problem.c.shape
        assert solution.row_multipliers.shape == problem.b.shape
        assert primal_residual(problem, solution) <= tolerance
        assert dual_residual(problem, solution) <= tolerance
        assert duality_gap(problem, solution) <= tolerance * (1 + abs(float(problem.c @ solution.x)))
    elif solution.status is LPStatus.INFEASIBLE:
        size = max(np.abs(solution.row_multipliers).max(initial=0), np.abs(solution.bound_multipliers).max(initial=0))
        assert size > 0
        assert dual_residual(problem, solution) <= tolerance * size
        assert dual_value(problem, solution) < 0
    elif solution.status is LPStatus.UNBOUNDED:
        ray, size = solution.x, np.abs(solution.x).max()
        assert size > 0
        assert (problem.A @ ray <= tolerance * size).all()
        assert (ray[np.isfinite(problem.lower)] >= -tolerance * size).all()
        assert (ray[np.isfinite(problem.upper)] <= tolerance * size).all()
        assert problem.c @ ray > 0
    else:
        raise AssertionError(solution.reason)


OPTIMA = {
    "a corner": (program([3, 2], [[1, 1], [1, 3]], [4, 6], [0, 0]), 12),
    "a box alone": (program([1, -2], lower=[-1, -1], upper=[2, 3]), 4),
    "one variable": (program([1], [[2], [3]], [4, 9]), 2),
    "free variables": (program([1, 1], [[1, 2], [2, 1]], [3, 3]), 2),
    "an objective of zeros": (program([0, 0], [[1, 1]], [1], [0, 0]), 0),
    "a point": (program([1, 1], lower=[2, 3], upper=[2, 3]), 5),
    "degenerate": (program([1, 1], [[1, 0], [0, 1], [1, 1], [1, 2], [2, 1]], [1, 1, 2, 3, 3]), 2),
    "redundant rows": (program([1, 0], [[1, 0], [1, 0], [2, 0], [1, 1]], [1, 1, 2, 100], [0, 0], [50, 50]), 1),
    "a row of zeros": (program([1, 1], [[0, 0], [1, 1]], [3, 1], [0, 0]), 1),
    "an equality as two rows": (program([1, 2], [[1, 1], [-1, -1]], [1, -1], [0, 0], [1, 1]), 2),
    "a face of optima": (program([1, 1], [[1, 1]], [1], [0, 0]), 1),
    "negative right sides": (program([-1, -1], [[-1, 0], [0, -1]], [-2, -3]), -5),
    "half-open": (program([1, -1], [[1, 0]], [7], [-inf, -4], [inf, inf]), 11),
    "transport": (
        program(
            [-4, -6, -9, -5], [[1, 1, 0, 0], [0, 0, 1, 1], [-1, 0, -1, 0], [0, -1, 0, -1]], [30, 40, -25, -35], [0] * 4
        ),
        -275,
    ),
}


@pytest.mark.parametrize("name", OPTIMA)
def test_known_optima(solver, name):
    problem, value = OPTIMA[name]
    solution = solver.solve(problem)
    assert solution.status is LPStatus.OPTIMAL
    assert problem.c @ solution.x == pytest.approx(value, abs=TOLERANCE)
    judge(problem, solution)


INFEASIBLE = {
    "two rows": program([1], [[1], [-1]], [0, -1]),
    "a row against the box": program([1, 1], [[-1, -1]], [-3], [0, 0], [1, 1]),
    "a row against a side": program([1, 0], [[1, 0]], [-1], [0, -inf]),
    "three rows": program([1, 0], [[1, 1], [-1, 0], [0, -1]], [1, -1, -1]),
    "a row of zeros": program([1], [[0]], [-1], [0], [1]),
    "with zero cost": program([0, 0], [[1, 1], [-1, -1]], [1, -2]),
}


@pytest.mark.parametrize("name", INFEASIBLE)
def test_infeasible_programs(solver, name):
    solution = solver.solve(INFEASIBLE[name])
    assert solution.status is LPStatus.INFEASIBLE
    judge(INFEASIBLE[name], solution)


UNBOUNDED = {
    "no rows": program([1, 0]),
    "a half-plane": program([1, 1], [[1, -1]], [0]),
    "a cone": program([1, 1], [[-1, 2], [2, -5]], [4, 1], [0, 0]),
    "one open side": program([0, -1], lower=[0, -inf], upper=[1, 5]),
    "a line": program([1, 2], [[1, 1], [-1, -1]], [1, -1]),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_unbounded_programs(solver, name):
    solution = solver.solve(UNBOUNDED[name])
    assert solution.status is LPStatus.UNBOUNDED
    judge(UNBOUNDED[name], solution)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_agree_with_the_exact_answer(solver, seed):
    random = np.random.default_rng(seed)
    n, k = 2 + seed % 3, 4 + seed % 5
    A, b, c = random.integers(-3, 4, (k, n)), random.integers(-2, 5, k), random.integers(-3, 4, n)
    lower = np.where(random.random(n) < 0.5, -1.0, -inf)
    problem = program(c, A, b, lower, np.where(random.random(n) < 0.5, 2.0, inf))
    expected, solution = ExactSolver().solve(problem), solver.solve(problem)
    judge(problem, solution)
    assert solution.status is expected.status
    if expected.status is LPStatus.OPTIMAL:
        assert problem.c @ solution.x == pytest.approx(problem.c @ expected.x, abs=TOLERANCE)


def test_sessions_remember_and_forget_rows(solver):
    session = solver.open(np.array([[1.0, 1.0]]), np.array([4.0]), np.zeros(2), np.array([3.0, 3.0]))

    def best(*c):
        solution = session.maximise(np.array(c, float))
        return (
            None if solution.status is not LPStatus.OPTIMAL else pytest.approx(float(np.dot(c, solution.x)), abs=1e-6)
        )

    assert best(1, 1) == 4
    session.add_row(np.array([1.0, 0.0]), 1.0)
    assert best(1, 0) == 1 and best(0, 1) == 3
    session.add_row(np.array([0.0, 1.0]), 0.5)
    assert best(1, 1) == 1.5
    session.add_row(np.array([-1.0, 0.0]), -2.0)
    assert session.maximise(np.array([1.0, 0.0])).status is LPStatus.INFEASIBLE
    session.drop_row()
    assert best(1, 1) == 1.5
    session.drop_row()
    session.drop_row()
    assert best(1, 1) == 4 and best(1, 0) == 3
    assert len(session.maximise(np.array([1.0, 1.0])).row_multipliers) == 1


def test_sessions_on_everything(solver):
    session = solver.open(np.zeros((0, 2)), np.zeros(0), np.full(2, -inf), np.full(2, inf))
    assert session.maximise(np.array([1.0, 0.0])).status is LPStatus.UNBOUNDED
    session.add_row(np.array([1.0, 0.0]), 2.0)
    assert session.maximise(np.array([1.0, 0.0])).status is LPStatus.OPTIMAL
    session.drop_row()
    assert session.maximise(np.array([1.0, 0.0])).status is LPStatus.UNBOUNDED


def test_the_basis_of_highs_is_a_hint():
    problem, _ = OPTIMA["a corner"]
    solution = HighsSolver().solve(problem)
    assert list(solution.tight_rows) == [0] and list(solution.tight_sides) == [0, -1]


def test_only_optima_have_a_gap():
    with pytest.raises(SolverError, match="infeasible has no duality gap"):
        duality_gap(program([1]), LPSolution(LPStatus.INFEASIBLE))


def test_residuals_find_faults():
    problem, _ = OPTIMA["a corner"]
    honest = ExactSolver().solve(problem)

    def forged(**changes):
        fields = {name: getattr(honest, name) for name in ("status", "x", "row_multipliers", "bound_multipliers")}
        return LPSolution(**(fields | changes))

    assert primal_residual(problem, forged(x=np.array([4.0, 1.0]))) == pytest.approx(1.0)
    assert primal_residual(problem, forged(x=np.array([-2.0, 0.0]))) == pytest.approx(2.0)
    assert dual_residual(problem, forged(row_multipliers=np.array([-3.0, 6.0]))) > 1
    assert dual_residual(problem, forged(bound_multipliers=np.array([0.0, 1.0]))) >= 1
    assert duality_gap(problem, forged(x=np.array([0.0, 0.0]))) == pytest.approx(12)


def test_the_oracle_agrees_that_the_infeasible_programs_are():
    for problem in INFEASIBLE.values():
        forms = [
            [*(-Fraction(a) for a in row), Fraction(v)]
            for row, v in zip(problem.A.tolist(), problem.b.tolist(), strict=True)
        ]
        for j, (low, high) in enumerate(zip(problem.lower.tolist(), problem.upper.tolist(), strict=True)):
            unit = [Fraction(i == j) for i in range(len(problem.c))]
            forms += [[*unit, -Fraction(low)]] * (low > -inf) if low > -inf else []
            forms += [[*(-u for u in unit), Fraction(high)]] if high < inf else []
        assert find_point(forms, [], len(problem.c)) is None


def test_highs_leaves_a_program_after_its_deadline_unknown():
    for deadline, status in ((Deadline(0), LPStatus.UNKNOWN), (Deadline.of(60), LPStatus.OPTIMAL)):
        session = HighsSolver(deadline=deadline).open(np.eye(2), np.ones(2), np.zeros(2), np.full(2, inf))
        for c in ([1.0, 0.0], [0.0, 1.0]):
            assert session.maximise(np.array(c)).status is status
