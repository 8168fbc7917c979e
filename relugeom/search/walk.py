"""Moves of a cell's dictionary: up to a hyperplane, across it, and back to numerically sound values (compiled)."""

import numpy as np

from relugeom.geometry.compiled import inlined, inner
from relugeom.geometry.dictionary import AT_LOWER, AT_UPPER, FREE, choose_column, longest_step, move, pivot
from relugeom.search.columns import BEYOND, DIRECTION, DOUBTFUL, EDGE, OPTIMAL, SPLIT, P, R
from relugeom.search.layer_forms import row_value


@inner
def present_point(problem, state, point):
    """The present vertex in coordinates y."""
    d = problem.lower.shape[0]
    for j in range(d):
        if state.nonbasic[j] < d:
            point[state.nonbasic[j]] = state.resting[j]
    for r in range(state.counters[R]):
        if state.basic[r] < d:
            point[state.basic[r]] = state.value[r]


@inner
def ascend(lower, upper, counters, table, value, basic, nonbasic, resting, status, target, sign, accept):
    """Raise sign · row `target` until it can cross 0 by more than `accept`, or can rise no further.

    Returns
    -------
    SPLIT
        The edge in column counters[EDGE] crosses the hyperplane: `cross_edge` goes there.
    BEYOND
        The present vertex lies beyond the hyperplane.
    OPTIMAL
        The present vertex is the highest, and not beyond the hyperplane.
    DOUBTFUL
        None of these happened.
    """
    d = lower.shape[0]
    rows = counters[R]
    for iteration in range(60 + 12 * d):
        height = sign * value[target]
        if height > accept:
            return BEYOND
        smallest = iteration > 20 + 4 * d  # Bland's rule, should the steepest one cycle
        size = 1e-300
        for j in range(d):
            size = max(size, abs(table[j, target]))
        entering = choose_column(d, table, target, status, sign, smallest, nonbasic, size)
        if entering < 0:
            return OPTIMAL
        gain = sign * table[entering, target]
        direction = 1.0 if gain > 0.0 else -1.0
        own = own_room(lower, upper, nonbasic, resting, entering, direction)
        step, blocking = longest_step(d, table, entering, direction, value, rows, basic, lower, upper, smallest)
        limit = min(step, own)
        if height + abs(gain) * limit > accept and height <= 0.0:
            counters[EDGE], counters[DIRECTION] = entering, np.int64(direction)
            return SPLIT
        if limit == np.inf:
            return DOUBTFUL
        move(table, entering, value, rows + 1, direction * limit)
        resting[entering] += direction * limit
        if own <= step:
            variable = nonbasic[entering]
            resting[entering] = upper[variable] if direction > 0.0 else lower[variable]
            status[entering] = AT_UPPER if direction > 0.0 else AT_LOWER
            continue
        leaving = basic[blocking]
        rises = direction * table[entering, blocking] > 0.0
        bound = 0.0
        if leaving < d:
            bound = upper[leaving] if rises else lower[leaving]
        value[blocking] = bound
        pivot(d, table, value, rows + 1, basic, nonbasic, resting, blocking, entering)
        status[entering] = AT_UPPER if rises else AT_LOWER
        counters[P] += 1
    return DOUBTFUL


@inlined
def climb(problem, state, target, sign, accept):
    """`ascend` with the columns that it needs: the call is on the hottest path, and every column passed costs time."""
    return ascend(
        problem.lower,
        problem.upper,
        state.counters,
        state.table,
        state.value,
        state.basic,
        state.nonbasic,
        state.resting,
        state.status,
        target,
        sign,
        accept,
    )


@inlined
def own_room(lower, upper, nonbasic, resting, j, direction):
    """Distance that the nonbasic variable of column j can move before it meets its own other side."""
    variable = nonbasic[j]
    if variable >= lower.shape[0]:
        return np.inf
    if direction > 0.0:
        return upper[variable] - resting[j]
    return resting[j] - lower[variable]


@inner
def cross_edge(problem, state, target):
    """Go along the edge that `ascend` found to the hyperplane, where row `target` becomes nonbasic at 0.

    `far` becomes the end of the edge, beyond the hyperplane.
    """
    d, rows, entering = problem.lower.shape[0], state.counters[R], state.counters[EDGE]
    height = state.value[target]
    direction = state.counters[DIRECTION] * 1.0
    to_zero = abs(height / state.table[entering, target])
    smallest = rows < 0
    blocked, _ = longest_step(
        d, state.table, entering, direction, state.value, rows, state.basic, problem.lower, problem.upper, smallest
    )
    reach = min(blocked, own_room(problem.lower, problem.upper, state.nonbasic, state.resting, entering, direction))
    if reach == np.inf:
        reach = 2.0 * to_zero + 1.0
    present_point(problem, state, state.far)
    for r in range(rows):
        if state.basic[r] < d:
            state.far[state.basic[r]] += direction * reach * state.table[entering, r]
    if state.nonbasic[entering] < d:
        state.far[state.nonbasic[entering]] += direction * reach
    move(state.table, entering, state.value, rows + 1, direction * to_zero)
    state.resting[entering] += direction * to_zero
    state.value[target] = 0.0
    pivot(d, state.table, state.value, rows + 1, state.basic, state.nonbasic, state.resting, target, entering)
    state.counters[P] += 1


@inner
def refactorise(problem, state):
    """Rebuild the dictionary from the rows, at the same nonbasic variables; False if they have become dependent."""
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
        state.value[r] = row_value(state.row_forms, r, state.far, d)
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
            move(state.table, entering, state.value, rows, step)
            state.resting[entering] += step
            state.value[r] = 0.0
            pivot(d, state.table, state.value, rows, state.basic, state.nonbasic, state.resting, r, entering)
            stays[entering] = True
            state.status[entering] = AT_LOWER
    state.counters[P] = 0
    return True


@inner
def recentre(problem, state):
    """Put the point at the mean of the present vertex and its neighbours."""
    d, rows = problem.lower.shape[0], state.counters[R]
    smallest = rows < 0
    present_point(problem, state, state.far)
    for k in range(d):
        state.point[k] = state.far[k]
    for j in range(d):
        variable = state.nonbasic[j]
        direction = -1.0 if state.status[j] == AT_UPPER else 1.0
        # A free coordinate lies between its sides already: leave it.
        if state.status[j] == FREE:
            continue
        step, _ = longest_step(
            d, state.table, j, direction, state.value, rows, state.basic, problem.lower, problem.upper, smallest
        )
        if variable < d:
            step = min(step, problem.upper[variable] - problem.lower[variable])
        if step == np.inf:
            step = 1.0
        share = direction * step / (d + 1)
        for r in range(rows):
            if state.basic[r] < d:
                state.point[state.basic[r]] += share * state.table[j, r]
        if variable < d:
            state.point[variable] += share
    for k in range(d):
        state.point[k] = min(max(state.point[k], problem.lower[k]), problem.upper[k])


@inner
def retreat(problem, state):
    """Move the point away from `far`, half as far as the cell goes, at most as far as `far` is away."""
    d, step = problem.lower.shape[0], 1.0
    for r in range(state.counters[R]):
        here = row_value(state.row_forms, r, state.point, d)
        rise = row_value(state.row_forms, r, state.far, d) - here
        if rise > 0.0:
            step = min(step, max(here, 0.0) / rise)
    for k in range(d):
        back = state.point[k] - state.far[k]
        if back > 0.0:
            step = min(step, (problem.upper[k] - state.point[k]) / back)
        elif back < 0.0:
            step = min(step, (problem.lower[k] - state.point[k]) / back)
    for k in range(d):
        state.point[k] += 0.5 * step * (state.point[k] - state.far[k])
