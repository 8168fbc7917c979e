"""Moves of a cell's dictionary: up to a hyperplane, across it, and back to numerically sound values (compiled)."""

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.geometry.dictionary import (
    AT_LOWER,
    AT_UPPER,
    FREE,
    choose_column,
    longest_step,
    move,
    pivot,
    write_bounds,
    write_form,
)
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
def write_goal(problem, state):
    """Make the form at hand the goal, the row after those of the cell; returns its number."""
    d, target = problem.lower.shape[0], state.counters[R]
    state.basic[target] = d + target
    write_form(
        state.form,
        d,
        state.table,
        state.value,
        target,
        state.basic,
        state.nonbasic,
        state.resting,
        state.costs,
        state.places,
        state.column,
    )
    return target


@inner
def climb(problem, state, target, sign, accept):
    """Raise sign · goal until it can cross 0 by more than `accept`, or can rise no further.

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
    d, rows, lower, upper = problem.lower.shape[0], state.counters[R], problem.lower, problem.upper
    table, value, basic, floors, ceilings = state.table, state.value, state.basic, state.floors, state.ceilings
    nonbasic, resting, status, costs = state.nonbasic, state.resting, state.status, state.costs
    counters, column, gains = state.counters, state.column, state.gains
    write_bounds(d, basic, rows, lower, upper, floors, ceilings)
    for iteration in range(60 + 12 * d):
        height = sign * value[target]
        if height > accept:
            return BEYOND
        smallest = iteration > 20 + 4 * d  # Bland's rule, should the steepest one cycle
        entering = choose_column(d, costs, status, sign, smallest, nonbasic, gains)
        if entering < 0:
            return OPTIMAL
        gain = sign * costs[entering]
        direction = 1.0 if gain > 0.0 else -1.0
        own = own_room(lower, upper, nonbasic, resting, entering, direction)
        step, blocking = longest_step(
            table, entering, direction, value, rows, basic, floors, ceilings, column, smallest
        )
        limit = min(step, own)
        if height + abs(gain) * limit > accept and height <= 0.0:
            counters[EDGE], counters[DIRECTION] = entering, np.int64(direction)
            return SPLIT
        if limit == np.inf:
            return DOUBTFUL
        move(table, entering, value, rows + 1, direction * limit)
        resting[entering] += direction * limit
        entered = nonbasic[entering]
        if own <= step:
            resting[entering] = upper[entered] if direction > 0.0 else lower[entered]
            status[entering] = AT_UPPER if direction > 0.0 else AT_LOWER
            continue
        rises = direction * table[entering, blocking] > 0.0
        value[blocking] = ceilings[blocking] if rises else floors[blocking]
        pivot(d, table, value, rows + 1, basic, nonbasic, resting, blocking, entering, costs, column)
        status[entering] = AT_UPPER if rises else AT_LOWER
        floors[blocking], ceilings[blocking] = 0.0, np.inf
        if entered < d:
            floors[blocking], ceilings[blocking] = lower[entered], upper[entered]
        counters[P] += 1
    return DOUBTFUL


@inner
def room_along(problem, state, entering, direction):
    """How far the variable of a column can move until it or a basic one meets a bound, as `climb` wrote them."""
    step, _ = longest_step(
        state.table,
        entering,
        direction,
        state.value,
        state.counters[R],
        state.basic,
        state.floors,
        state.ceilings,
        state.column,
        entering < 0,
    )
    own = own_room(problem.lower, problem.upper, state.nonbasic, state.resting, entering, direction)
    return min(step, own)


@inner
def own_room(lower, upper, nonbasic, resting, j, direction):
    """Distance that the nonbasic variable of column j can move before it meets its own other side."""
    variable = nonbasic[j]
    if variable >= lower.shape[0]:
        return np.inf
    if direction > 0.0:
        return upper[variable] - resting[j]
    return resting[j] - lower[variable]


@inner
def exchange(problem, state, count, leaving, entering):
    """`pivot` with the columns that it needs."""
    pivot(
        problem.lower.shape[0],
        state.table,
        state.value,
        count,
        state.basic,
        state.nonbasic,
        state.resting,
        leaving,
        entering,
        state.costs,
        state.column,
    )


@inner
def cross_edge(problem, state, target):
    """Go along the edge that `climb` found to the hyperplane, where row `target` becomes nonbasic at 0.

    `far` becomes the end of the edge, beyond the hyperplane.
    """
    d, rows, entering = problem.lower.shape[0], state.counters[R], state.counters[EDGE]
    height = state.value[target]
    direction = state.counters[DIRECTION] * 1.0
    to_zero = abs(height / state.table[entering, target])
    reach = room_along(problem, state, entering, direction)
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
    exchange(problem, state, rows + 1, target, entering)
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
            exchange(problem, state, rows, r, entering)
            stays[entering] = True
            state.status[entering] = AT_LOWER
    state.counters[P] = 0
    return True


@inner
def recentre(problem, state):
    """Put the point at the mean of the present vertex and its neighbours."""
    d, rows = problem.lower.shape[0], state.counters[R]
    write_bounds(d, state.basic, rows, problem.lower, problem.upper, state.floors, state.ceilings)
    present_point(problem, state, state.far)
    for k in range(d):
        state.point[k] = state.far[k]
    for j in range(d):
        variable = state.nonbasic[j]
        direction = -1.0 if state.status[j] == AT_UPPER else 1.0
        # A free coordinate lies between its sides already: leave it.
        if state.status[j] == FREE:
            continue
        step = room_along(problem, state, j, direction)
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
