"""Moves of the dictionary of a cell: up to a hyperplane, across it, and back to where floats are sound (compiled)."""

import numpy as np

from relugeom.geometry.compiled import compiled
from relugeom.geometry.dictionary import AT_LOWER, AT_UPPER, FREE, choose_column, longest_step, move, pivot
from relugeom.partition.columns import BEYOND, DOUBTFUL, OPTIMAL, SPLIT, P, R
from relugeom.partition.layer_forms import value_at


@compiled
def present_point(problem, state, point):
    """The present vertex in coordinates y."""
    d = problem.lower.shape[0]
    for j in range(d):
        if state.nonbasic[j] < d:
            point[state.nonbasic[j]] = state.resting[j]
    for r in range(state.counters[R]):
        if state.basic[r] < d:
            point[state.basic[r]] = state.value[r]


@compiled
def ascend(problem, state, target, sign, accept, cross):
    """Raise sign · row `target` until it crosses 0 by more than `accept` or can rise no further.

    Returns
    -------
    SPLIT
        The dictionary now stands on the hyperplane (row `target` is nonbasic at 0), and `far` lies beyond it.
    BEYOND
        The present vertex lies beyond the hyperplane.
    OPTIMAL
        The present vertex is the highest, and not beyond the hyperplane.
    DOUBTFUL
        None of these came about.
    """
    d = problem.lower.shape[0]
    rows = state.counters[R]
    for iteration in range(60 + 12 * d):
        height = sign * state.value[target]
        if height > accept:
            return BEYOND
        smallest = iteration > 20 + 4 * d  # Bland's rule, should the steepest one cycle
        size = 1e-300
        for j in range(d):
            size = max(size, abs(state.table[j, target]))
        entering = choose_column(d, state.table, target, state.status, sign, smallest, state.nonbasic, size)
        if entering < 0:
            return OPTIMAL
        column = state.table[entering]
        gain = sign * column[target]
        direction = 1.0 if gain > 0.0 else -1.0
        gain = abs(gain)
        step, blocking = longest_step(
            d, column, direction, state.value, rows, state.basic, problem.lower, problem.upper, smallest
        )
        own = np.inf
        variable = state.nonbasic[entering]
        if variable < d:
            if direction > 0.0:
                own = problem.upper[variable] - state.resting[entering]
            else:
                own = state.resting[entering] - problem.lower[variable]
        limit = min(step, own)
        if height + gain * limit > accept and height <= 0.0:
            if not cross:
                return SPLIT
            to_zero = -height / gain
            reach = limit if limit < np.inf else 2.0 * to_zero + 1.0
            present_point(problem, state, state.far)  # … and from there to the end of this edge
            for r in range(rows):
                if state.basic[r] < d:
                    state.far[state.basic[r]] += direction * reach * column[r]
            if variable < d:
                state.far[variable] += direction * reach
            move(column, state.value, rows + 1, direction * to_zero)
            state.resting[entering] += direction * to_zero
            state.value[target] = 0.0
            pivot(d, state.table, state.value, rows + 1, state.basic, state.nonbasic, state.resting, target, entering)
            state.counters[P] += 1
            return SPLIT
        if limit == np.inf:
            return DOUBTFUL
        move(column, state.value, rows + 1, direction * limit)
        state.resting[entering] += direction * limit
        if own <= step:
            state.resting[entering] = problem.upper[variable] if direction > 0.0 else problem.lower[variable]
            state.status[entering] = AT_UPPER if direction > 0.0 else AT_LOWER
            continue
        leaving_variable = state.basic[blocking]
        rises = direction * column[blocking] > 0.0
        bound = 0.0
        if leaving_variable < d:
            bound = problem.upper[leaving_variable] if rises else problem.lower[leaving_variable]
        state.value[blocking] = bound
        pivot(d, state.table, state.value, rows + 1, state.basic, state.nonbasic, state.resting, blocking, entering)
        state.status[entering] = AT_UPPER if rises else AT_LOWER
        state.counters[P] += 1
    return DOUBTFUL


@compiled
def refactorise(problem, state):
    """Rebuild the dictionary from the rows, at the same nonbasic variables; False where they have become dependent."""
    d, rows = problem.lower.shape[0], state.counters[R]
    present_point(problem, state, state.far)
    stays = np.zeros(d, dtype=np.bool_)
    statuses = np.zeros(d, dtype=np.int64)
    tight = np.zeros(rows, dtype=np.bool_)
    for j in range(d):
        variable = state.nonbasic[j]
        if variable < d:
            stays[variable] = True
            statuses[variable] = state.status[j]
        else:
            tight[variable - d] = True
    for r in range(rows):
        state.basic[r] = d + r
        state.value[r] = value_at(state.row_forms[r], state.far, d)
    for k in range(d):
        state.nonbasic[k] = k
        state.resting[k] = state.far[k]
        state.status[k] = statuses[k] if stays[k] else FREE
        for r in range(rows):
            state.table[k, r] = state.row_forms[r, k]
    for r in range(rows):
        if tight[r]:
            entering, largest = -1, 0.0
            for k in range(d):
                if not stays[k] and abs(state.table[k, r]) > largest:
                    entering, largest = k, abs(state.table[k, r])
            if entering < 0:
                return False
            step = -state.value[r] / state.table[entering, r]
            move(state.table[entering], state.value, rows, step)
            state.resting[entering] += step
            state.value[r] = 0.0
            pivot(d, state.table, state.value, rows, state.basic, state.nonbasic, state.resting, r, entering)
            stays[entering] = True
            state.status[entering] = AT_LOWER
    state.counters[P] = 0
    return True


@compiled
def recentre(problem, state):
    """Put the point at the mean of the present vertex and its neighbours."""
    d, rows = problem.lower.shape[0], state.counters[R]
    present_point(problem, state, state.far)
    for k in range(d):
        state.point[k] = state.far[k]
    for j in range(d):
        column, variable = state.table[j], state.nonbasic[j]
        direction = -1.0 if state.status[j] == AT_UPPER else 1.0
        # A free coordinate lies between its sides already: leave it.
        if state.status[j] == FREE:
            continue
        step, _ = longest_step(
            d, column, direction, state.value, rows, state.basic, problem.lower, problem.upper, False
        )
        if variable < d:
            step = min(step, problem.upper[variable] - problem.lower[variable])
        if step == np.inf:
            step = 1.0
        share = direction * step / (d + 1)
        for r in range(rows):
            if state.basic[r] < d:
                state.point[state.basic[r]] += share * column[r]
        if variable < d:
            state.point[variable] += share
    for k in range(d):
        state.point[k] = min(max(state.point[k], problem.lower[k]), problem.upper[k])
