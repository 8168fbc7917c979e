"""A program that is solved again with other sides and coefficients has the optimum of a fresh one, and its multipliers
prove it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from relugeom.geometry.varying_program import SparseRows, VaryingProgram


@given(st.integers(0, 2**32 - 1))
def test_every_optimum_is_that_of_a_fresh_program(seed):
    random = np.random.default_rng(seed)
    rows, columns = random.integers(1, 6), random.integers(1, 6)
    places = np.nonzero(np.ones((rows, columns)))
    table = random.integers(-3, 4, (rows, columns)).astype(float)
    cost = random.integers(-3, 4, columns).astype(float)
    A = SparseRows.of(*places, table.ravel(), table.shape)
    program = VaryingProgram(A, cost)
    for _ in range(4):
        row, column = random.integers(rows), random.integers(columns)
        table[row, column] = random.integers(-3, 4)
        A.values[A.place(row, column)] = table[row, column]
        lower = random.integers(-3, 1, columns).astype(float)
        upper = lower + random.integers(0, 4, columns)
        limits = random.integers(-4, 5, rows).astype(float)
        found = program.solve(lower, upper, np.full(rows, -np.inf), limits)
        fresh = linprog(cost, table, limits, bounds=np.column_stack([lower, upper]))
        assert (found is None or found.x is None) == (fresh.status == 2)
        if found is None:
            continue  # a solver may see that one row contradicts the sides, and gives no ray
        # Least value of (objective − rows · A) x over the sides, plus what the rows are at their limits.
        objective = cost if found.x is not None else np.zeros(columns)
        left = objective - found.rows @ table
        proved = found.rows @ limits + np.minimum(left * lower, left * upper).sum()
        assert (found.rows <= 1e-9).all()
        if found.x is None:
            assert proved > 0
        else:
            assert abs(cost @ found.x - fresh.fun) < 1e-7 and abs(proved - fresh.fun) < 1e-7
