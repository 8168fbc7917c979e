"""Moves of a cell's dictionary: up to a hyperplane, across it, and back to numerically sound values (compiled)."""

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.geometry.dictionary import (
    AT_LOWER,
    AT_UPPER,
    COST_TOLERANCE,
    FREE,
    choose_column,
    longest_step,
    move,
    pivot,
    write_bounds,
    write_form,
)
from relugeom.search.columns import BEYOND, COLUMNS, DIRECTION, DOUBTFUL, EDGE, OPTIMAL, SPLIT, P, R
from relugeom.search.layer_forms import row_value
from relugeom.search.row_space import (
    blend_goal,
    blend_rows,
    bring_in,
    choose_input,
    is_wide,
    place_outputs,
    rest_input,
    settle_columns,
)


@inner
def present_point(problem, state, point):
    """The present vertex in coordinates y."""
    D = problem.lower.shape[0]
    for k in range(state.corner.shape[0]):
        point[k] = state.corner[k]
    for j in range(state.counters[COLUMNS]):
        if state.nonbasic[j] < D:
            point[state.nonbasic[j]] = state.resting[j]
    for r in range(state.counters[R]):
        if state.basic[r] < D:
            point[state.basic[r]] = state.value[r]


@inner
def write_goal(problem, state):
    """Make the form at hand the goal, the row after those of the cell; returns its number."""
    target = state.counters[R]
    state.basic[target] = problem.lower.shape[0] + target
    write_form(
        state.form,
        problem.reach.shape[0],
        state.counters[COLUMNS],
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
        The present vertex is the highest, or none is beyond the hyperplane.
    DOUBTFUL
        None of these happened.
    """
    D, rows, lower, upper = problem.lower.shape[0], state.counters[R], problem.lower, problem.upper
    wide, blended, priced, largest = is_wide(problem), False, False, 1e-300
    table, value, basic, floors, ceilings = state.table, state.value, state.basic, state.floors, state.ceilings
    nonbasic, resting, status, costs = state.nonbasic, state.resting, state.status, state.costs
    counters, column, gains = state.counters, state.column, state.gains
    write_bounds(D, basic, rows, lower, upper, floors, ceilings)
    for iteration in range(60 + 12 * D):
        height = sign * value[target]
        if height > accept:
            return BEYOND
        smallest = iteration > 20 + 4 * D  # Bland's rule, should the steepest one cycle
        if wide and not blended:
            largest, blended, priced = blend_goal(problem, state, target), True, False
        entering = choose_column(counters[COLUMNS], costs, status, sign, smallest, nonbasic, gains, largest)
        if wide and (entering < 0 or smallest):  # inputs are priced only if no slack is worth a move
            if not priced:
                blend_rows(problem.spread, state.blend, state.prices)
                priced = True
            k, most = choose_input(problem, state, sign, smallest, COST_TOLERANCE * largest)
            if entering < 0 and height + most < -accept:
                return OPTIMAL  # not quite, but its multipliers prove enough
            if k >= 0:
                entering = bring_in(problem, state, k, target)
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
            if wide:
                rest_input(problem, state, entering)
            continue
        rises = direction * table[entering, blocking] > 0.0
        value[blocking] = ceilings[blocking] if rises else floors[blocking]
        exchange(problem, state, rows + 1, blocking, entering)
        status[entering] = AT_UPPER if rises else AT_LOWER
        floors[blocking], ceilings[blocking] = 0.0, np.inf
        if entered < D:
            floors[blocking], ceilings[blocking] = lower[entered], upper[entered]
        if wide:
            settle_columns(problem, state, entering, entered, rows + 1)
            blended = False
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
        max(state.counters[COLUMNS], entering + 1),
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
    D, rows, entering = problem.lower.shape[0], state.counters[R], state.counters[EDGE]
    entered = state.nonbasic[entering]
    height = state.value[target]
    direction = state.counters[DIRECTION] * 1.0
    to_zero = abs(height / state.table[entering, target])
    reach = room_along(problem, state, entering, direction)
    if reach == np.inf:
        reach = 2.0 * to_zero + 1.0
    present_point(problem, state, state.far)
    for r in range(rows):
        if state.basic[r] < D:
            state.far[state.basic[r]] += direction * reach * state.table[entering, r]
    if entered < D:
        state.far[entered] += direction * reach
    move(state.table, entering, state.value, rows + 1, direction * to_zero)
    state.resting[entering] += direction * to_zero
    state.value[target] = 0.0
    exchange(problem, state, rows + 1, target, entering)
    if is_wide(problem):
        settle_columns(problem, state, entering, entered, rows + 1)
    state.counters[P] += 1


@inner
def refactorise(problem, state):
    """Rebuild the dictionary from the rows, at the same nonbasic variables; False if they have become dependent."""
    d, D, rows = problem.reach.shape[0], problem.lower.shape[0], state.counters[R]
    present_point(problem, state, state.far)
    done = np.zeros(D, dtype=np.bool_)  # columns that stay as they are
    statuses = np.zeros(D, dtype=np.int64)
    tight = np.zeros(rows, dtype=np.bool_)
    for j in range(state.counters[COLUMNS]):
        variable = state.nonbasic[j]
        if variable < D:
            done[variable] = True
            statuses[variable] = state.status[j]
        else:
            tight[variable - D] = True
    if is_wide(problem):
        restore_inputs(problem, state)
    else:
        for k in range(d):
            state.nonbasic[k] = k
            state.resting[k] = state.far[k]
            state.status[k] = statuses[k] if done[k] else FREE
            for r in range(rows):
                state.table[k, r] = state.row_forms[r, k]
    for r in range(rows):
        in_rows = is_wide(problem) and r < d
        state.basic[r] = r if in_rows else D + r
        state.value[r] = state.far[r] if in_rows else row_value(state.row_forms, r, state.far, d)
    for r in range(rows):
        if tight[r]:
            entering, largest = -1, 0.0
            for k in range(state.counters[COLUMNS]):
                if not done[k] and abs(state.table[k, r]) > largest:
                    entering, largest = k, abs(state.table[k, r])
            if entering < 0:
                return False
            step = -state.value[r] / state.table[entering, r]
            move(state.table, entering, state.value, rows, step)
            state.resting[entering] += step
            state.value[r] = 0.0
            exchange(problem, state, rows, r, entering)
            done[entering] = True
            state.status[entering] = AT_LOWER
    state.counters[P] = 0
    return True


@inner
def restore_inputs(problem, state):
    """Store the columns of the basic inputs as they were when all inputs were at rest (`far` is the vertex)."""
    d, D, rows, count = problem.reach.shape[0], problem.lower.shape[0], state.counters[R], 0
    place_outputs(problem, state.far)
    for r in range(rows):
        variable = state.basic[r]
        if d <= variable < D:
            state.nonbasic[count], state.resting[count], state.status[count] = variable, state.far[variable], FREE
            count += 1
    for j in range(count):
        for r in range(rows):
            total = problem.spread[r, state.nonbasic[j] - d] if r < d else 0.0
            for u in range(d if r >= d else 0):
                total += state.row_forms[r, u] * problem.spread[u, state.nonbasic[j] - d]
            state.table[j, r] = total
    state.counters[COLUMNS] = count


@inner
def recentre(problem, state):
    """Put the point at the mean of the present vertex and its neighbours."""
    D, rows, columns = problem.lower.shape[0], state.counters[R], state.counters[COLUMNS]
    write_bounds(D, state.basic, rows, problem.lower, problem.upper, state.floors, state.ceilings)
    present_point(problem, state, state.far)
    for k in range(D):
        state.point[k] = state.far[k]
    for j in range(columns):
        variable = state.nonbasic[j]
        direction = -1.0 if state.status[j] == AT_UPPER else 1.0
        # A free coordinate lies between its sides already: leave it.
        if state.status[j] == FREE:
            continue
        step = room_along(problem, state, j, direction)
        if step == np.inf:
            step = 1.0
        share = direction * step / (columns + 1)
        for r in range(rows):
            if state.basic[r] < D:
                state.point[state.basic[r]] += share * state.table[j, r]
        if variable < D:
            state.point[variable] += share
    for k in range(D):
        state.point[k] = min(max(state.point[k], problem.lower[k]), problem.upper[k])


@inner
def retreat(problem, state):
    """Move the point away from `far`, half as far as the cell goes, at most as far as `far` is away."""
    d, D, step = problem.reach.shape[0], problem.lower.shape[0], 1.0
    for r in range(state.counters[R]):
        here = row_value(state.row_forms, r, state.point, d)
        rise = row_value(state.row_forms, r, state.far, d) - here
        if rise > 0.0:
            step = min(step, max(here, 0.0) / rise)
    for k in range(D):
        back = state.point[k] - state.far[k]
        if back > 0.0:
            step = min(step, (problem.upper[k] - state.point[k]) / back)
        elif back < 0.0:
            step = min(step, (problem.lower[k] - state.point[k]) / back)
    for k in range(D):
        state.point[k] += 0.5 * step * (state.point[k] - state.far[k])
