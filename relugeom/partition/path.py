"""Where the compiled search stands: the sides of a split, and siblings that wait (notation: `columns.py`)."""

from relugeom.geometry.compiled import compiled
from relugeom.geometry.dictionary import AT_LOWER, FREE
from relugeom.partition.columns import BASE, DELEGATED, PHASE, SPLIT, P, R, S, U
from relugeom.partition.layer_forms import compute_form_errors, layer_of, row_value


@compiled
def start(problem, state):
    """Put the dictionary of the whole domain at `point`, every coordinate free to move."""
    d = problem.lower.shape[0]
    for k in range(d):
        state.nonbasic[k], state.status[k], state.resting[k] = k, FREE, state.point[k]
    for r in range(problem.domain_rows.shape[0]):
        size, error = abs(problem.domain_rows[r, d]), problem.domain_errors[r, d]
        for k in range(d + 1):
            state.row_forms[r, k] = problem.domain_rows[r, k]
            state.row_form_errors[r, k] = problem.domain_errors[r, k]
            if k < d:
                state.table[k, r] = problem.domain_rows[r, k]
                size += abs(problem.domain_rows[r, k]) * problem.reach[k]
                error += problem.domain_errors[r, k] * problem.reach[k]
        state.row_units[r], state.row_errors[r], state.row_magnitudes[r] = -1, error, size
        state.basic[r] = d + r
        state.value[r] = row_value(problem.domain_rows, r, state.point, d)
    state.counters[R] = problem.domain_rows.shape[0]


@compiled
def stand_at(problem, state):
    """Put a dictionary at the present node, whose forms, bits and point are given; False where the point is outside."""
    d, starts = problem.lower.shape[0], problem.starts
    unit = state.counters[U]
    inside = True
    start(problem, state)
    state.counters[P] = state.counters[S] = state.counters[BASE] = 0
    for layer in range(starts.shape[0] - 1):
        if starts[layer] > unit:
            break
        if not problem.bounded:
            compute_form_errors(problem, state, layer)
        for u in range(starts[layer], min(starts[layer + 1], unit)):
            if state.kinds[u] == SPLIT:
                row = state.counters[R]
                take_side(problem, state, layer, u - starts[layer])
                state.basic[row] = d + row
                for k in range(d):
                    state.table[k, row] = state.row_forms[row, k]
                state.value[row] = row_value(state.row_forms, row, state.point, d)
                inside = inside and state.value[row] >= 0.0
    return inside


@compiled
def take_side(problem, state, layer, local):
    """Make the slack ±z ≥ 0 of the unit just crossed a row of the cell, on the side that its bit says."""
    active = state.bits[problem.starts[layer] + local] == 1
    d = state.point.shape[0]
    row = state.counters[R]
    sign = 1.0 if active else -1.0
    for k in range(d + 1):
        state.row_forms[row, k] = sign * state.forms[layer, k, local]
        if not problem.bounded:
            state.row_form_errors[row, k] = state.form_errors[layer, local, k]
    state.row_units[row] = problem.starts[layer] + local
    state.row_errors[row] = state.errors[layer, local]
    state.row_magnitudes[row] = state.magnitudes[layer, local]
    for j in range(d):
        if state.nonbasic[j] == d + row:
            state.resting[j] = 0.0
            state.status[j] = AT_LOWER
            if not active:
                for r in range(row + 1):
                    state.table[j, r] = -state.table[j, r]
    state.counters[R] = row + 1


@compiled
def save_sibling(state, waiting, unit, point):
    """Keep the present dictionary for the active side of `unit`."""
    slot, d = state.counters[S], state.point.shape[0]
    count = state.counters[R] + 1
    waiting.unit[slot], waiting.rows[slot], waiting.pivots[slot] = unit, state.counters[R], state.counters[P]
    waiting.delegated[slot] = False
    for j in range(d):
        waiting.nonbasic[slot, j], waiting.resting[slot, j] = state.nonbasic[j], state.resting[j]
        waiting.status[slot, j], waiting.point[slot, j] = state.status[j], point[j]
        for r in range(count):
            waiting.table[slot, j, r] = state.table[j, r]
    for r in range(count):
        waiting.value[slot, r], waiting.basic[slot, r] = state.value[r], state.basic[r]
    state.counters[S] = slot + 1


@compiled
def restore_sibling(state, waiting):
    """Return to the last sibling that waits; returns its unit."""
    slot, d = state.counters[S] - 1, state.point.shape[0]
    state.counters[S] = slot
    state.counters[R], state.counters[P] = waiting.rows[slot], waiting.pivots[slot]
    count = state.counters[R] + 1
    for j in range(d):
        state.nonbasic[j], state.resting[j] = waiting.nonbasic[slot, j], waiting.resting[slot, j]
        state.status[j], state.point[j] = waiting.status[slot, j], waiting.point[slot, j]
        for r in range(count):
            state.table[j, r] = waiting.table[slot, j, r]
    for r in range(count):
        state.value[r], state.basic[r] = waiting.value[slot, r], waiting.basic[slot, r]
    return waiting.unit[slot]


@compiled
def next_sibling(problem, state, waiting):
    """Enter the active side of the last split whose sibling waits; False where none does."""
    if state.counters[S] == state.counters[BASE]:
        return False
    delegated = waiting.delegated[state.counters[S] - 1]
    unit = restore_sibling(state, waiting)
    layer = layer_of(problem.starts, unit)
    local = unit - problem.starts[layer]
    state.bits[unit], state.kinds[unit] = 1, SPLIT
    state.counters[U] = unit + 1
    state.counters[PHASE] = DELEGATED if delegated else 0
    if not delegated:
        take_side(problem, state, layer, local)
    return True


@compiled
def give_sibling(problem, state, waiting, other):
    """Move the first waiting sibling of one search into the empty state of another."""
    slot, d = state.counters[BASE], state.point.shape[0]
    state.counters[BASE] = slot + 1
    unit, rows = waiting.unit[slot], waiting.rows[slot]
    layer = layer_of(problem.starts, unit)
    local = unit - problem.starts[layer]
    for u in range(state.bits.shape[0]):
        other.bits[u], other.kinds[u], other.known[u] = state.bits[u], state.kinds[u], state.known[u]
    for below in range(layer + 1):
        other.forms[below], other.form_errors[below] = state.forms[below], state.form_errors[below]
        other.errors[below], other.magnitudes[below] = state.errors[below], state.magnitudes[below]
        other.largest[below] = state.largest[below]
    for r in range(rows):
        other.row_forms[r], other.row_form_errors[r] = state.row_forms[r], state.row_form_errors[r]
        other.row_units[r] = state.row_units[r]
        other.row_errors[r], other.row_magnitudes[r] = state.row_errors[r], state.row_magnitudes[r]
    for j in range(d):
        other.nonbasic[j], other.resting[j] = waiting.nonbasic[slot, j], waiting.resting[slot, j]
        other.status[j], other.point[j] = waiting.status[slot, j], waiting.point[slot, j]
        for r in range(rows + 1):
            other.table[j, r] = waiting.table[slot, j, r]
    for r in range(rows + 1):
        other.value[r], other.basic[r] = waiting.value[slot, r], waiting.basic[slot, r]
    other.counters[R], other.counters[P] = rows, waiting.pivots[slot]
    other.bits[unit], other.kinds[unit] = 1, SPLIT
    other.counters[U] = unit + 1
    take_side(problem, other, layer, local)
