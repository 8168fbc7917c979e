"""State changes of the search with a dictionary: sides of a split, and waiting siblings (notation: `columns.py`).

Steps that happen at every node are compiled; those that happen once in thousands of nodes are plain NumPy.
"""

import itertools

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.geometry.dictionary import AT_LOWER, FREE
from relugeom.search.columns import BASE, COLUMNS, DELEGATED, PHASE, SPLIT, P, Problem, R, S, State, U, Waiting
from relugeom.search.layer_forms import compute_form_errors, layer_of


def start(problem: Problem, state: State) -> None:
    """Put the dictionary of the whole domain at `point`, every coordinate free to move."""
    d, first = len(problem.reach), problem.spread_of.shape[1]
    if first:  # the rows of the coordinates y come first
        state.corner[:], state.turns[:], state.loose[:], state.counters[COLUMNS] = state.point, 0.0, 1.0, 0
        state.basic[:d], state.value[:d], state.row_forms[:d], state.row_units[:d] = (
            np.arange(d),
            state.point[:d],
            0.0,
            -1,
        )
    else:
        state.nonbasic[:], state.status[:], state.resting[:] = np.arange(d), FREE, state.point
        state.counters[COLUMNS] = d
    end = first + len(problem.domain_rows)
    state.row_forms[first:end], state.row_form_errors[first:end] = problem.domain_rows, problem.domain_errors
    state.row_units[first:end] = -1
    scale = np.append(problem.reach, 1.0)
    state.row_errors[first:end] = problem.domain_errors @ scale
    state.row_magnitudes[first:end] = np.abs(problem.domain_rows) @ scale
    _put_rows(state, len(problem.lower), first, end)


def stand_at(problem: Problem, state: State) -> bool:
    """Put a dictionary at the present node, whose forms, bits and point are given; False if the point is outside."""
    start(problem, state)
    state.counters[[P, S, BASE]] = 0
    unit, row = int(state.counters[U]), int(state.counters[R])
    for layer, (first, end) in enumerate(itertools.pairwise(problem.starts.tolist())):
        if first > unit:
            break
        if not problem.bounded:
            compute_form_errors(problem, state, layer)
        for u in range(first, min(end, unit)):
            if state.kinds[u] == SPLIT:
                side = 1.0 if state.bits[u] == 1 else -1.0
                state.row_forms[row] = side * state.forms[layer, :, u - first]
                state.row_form_errors[row], state.row_units[row] = state.form_errors[layer, u - first], u
                state.row_errors[row] = state.errors[layer, u - first]
                state.row_magnitudes[row] = state.magnitudes[layer, u - first]
                row += 1
    _put_rows(state, len(problem.lower), int(state.counters[R]), row)
    return bool((state.value[:row] >= 0.0).all())


def _put_rows(state: State, slack: int, first: int, end: int) -> None:
    """Make rows first … end − 1 basic where every coordinate is nonbasic; their slacks are numbered from `slack`."""
    columns, d = int(state.counters[COLUMNS]), len(state.form) - 1
    state.basic[first:end] = slack + np.arange(first, end)
    state.table[:columns, first:end] = state.row_forms[first:end, :columns].T
    state.value[first:end] = state.row_forms[first:end] @ np.append(state.point[:d], 1.0)
    state.counters[R] = end


@compiled
def take_side(problem, state, layer, local):
    """Make the slack ±z ≥ 0 of the unit that was just crossed a row of the cell, on the side of its bit."""
    active = state.bits[problem.starts[layer] + local] == 1
    d, D = problem.reach.shape[0], problem.lower.shape[0]
    row = state.counters[R]
    sign = 1.0 if active else -1.0
    for k in range(d + 1):
        state.row_forms[row, k] = sign * state.forms[layer, k, local]
        if not problem.bounded:
            state.row_form_errors[row, k] = state.form_errors[layer, local, k]
    state.row_units[row] = problem.starts[layer] + local
    state.row_errors[row] = state.errors[layer, local]
    state.row_magnitudes[row] = state.magnitudes[layer, local]
    for j in range(state.counters[COLUMNS]):
        if state.nonbasic[j] == D + row:
            state.resting[j] = 0.0
            state.status[j] = AT_LOWER
            if not active:
                for r in range(row + 1):
                    state.table[j, r] = -state.table[j, r]
    state.counters[R] = row + 1


@inner
def save_sibling(state, waiting, unit, point):
    """Keep the present dictionary for the active side of `unit`."""
    slot, columns = state.counters[S], state.counters[COLUMNS]
    count = state.counters[R] + 1
    waiting.unit[slot], waiting.rows[slot], waiting.pivots[slot] = unit, state.counters[R], state.counters[P]
    waiting.delegated[slot], waiting.columns[slot] = False, columns
    for k in range(point.shape[0]):
        waiting.point[slot, k] = point[k]
    for k in range(state.corner.shape[0]):
        waiting.corner[slot, k] = state.corner[k]
    for k in range(state.turns.shape[0]):
        waiting.turns[slot, k], waiting.loose[slot, k] = state.turns[k], state.loose[k]
    for j in range(columns):
        waiting.nonbasic[slot, j], waiting.resting[slot, j] = state.nonbasic[j], state.resting[j]
        waiting.status[slot, j] = state.status[j]
        for r in range(count):
            waiting.table[slot, j, r] = state.table[j, r]
    for r in range(count):
        waiting.value[slot, r], waiting.basic[slot, r] = state.value[r], state.basic[r]
    state.counters[S] = slot + 1


@inner
def restore_sibling(state, waiting):
    """Return to the last waiting sibling; returns its unit."""
    slot = state.counters[S] - 1
    columns = waiting.columns[slot]
    state.counters[S], state.counters[COLUMNS] = slot, columns
    state.counters[R], state.counters[P] = waiting.rows[slot], waiting.pivots[slot]
    count = state.counters[R] + 1
    for k in range(state.point.shape[0]):
        state.point[k] = waiting.point[slot, k]
    for k in range(state.corner.shape[0]):
        state.corner[k] = waiting.corner[slot, k]
    for k in range(state.turns.shape[0]):
        state.turns[k], state.loose[k] = waiting.turns[slot, k], waiting.loose[slot, k]
    for j in range(columns):
        state.nonbasic[j], state.resting[j] = waiting.nonbasic[slot, j], waiting.resting[slot, j]
        state.status[j] = waiting.status[slot, j]
        for r in range(count):
            state.table[j, r] = waiting.table[slot, j, r]
    for r in range(count):
        state.value[r], state.basic[r] = waiting.value[slot, r], waiting.basic[slot, r]
    return waiting.unit[slot]


@compiled
def next_sibling(problem, state, waiting):
    """Enter the active side of the last split whose sibling waits; False if none does."""
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


def give_sibling(problem: Problem, state: State, waiting: Waiting, other: State) -> None:
    """Move the first waiting sibling of one search into the empty state of another."""
    slot = int(state.counters[BASE])
    state.counters[BASE] = slot + 1
    unit, rows = int(waiting.unit[slot]), int(waiting.rows[slot])
    layer = int(np.searchsorted(problem.starts, unit, side="right")) - 1
    copy_path(state, other, layer)
    for name in ("row_forms", "row_form_errors", "row_units", "row_errors", "row_magnitudes"):
        getattr(other, name)[:rows] = getattr(state, name)[:rows]
    for name in ("nonbasic", "resting", "status", "point", "corner", "turns", "loose"):
        getattr(other, name)[:] = getattr(waiting, name)[slot]
    for name in ("value", "basic"):
        getattr(other, name)[: rows + 1] = getattr(waiting, name)[slot, : rows + 1]
    other.table[:, : rows + 1] = waiting.table[slot, :, : rows + 1]
    other.counters[R], other.counters[P], other.counters[COLUMNS] = rows, waiting.pivots[slot], waiting.columns[slot]
    other.bits[unit], other.kinds[unit] = 1, SPLIT
    other.counters[U] = unit + 1
    take_side(problem, other, layer, unit - int(problem.starts[layer]))


def copy_path(state: State, other: State, layer: int) -> None:
    """Copy the decisions on a path, and the forms of its layers up to one."""
    for name in ("bits", "kinds", "known", "copies"):
        getattr(other, name)[:] = getattr(state, name)
    for name in ("forms", "form_errors", "errors", "magnitudes", "largest", "keys"):
        getattr(other, name)[: layer + 1] = getattr(state, name)[: layer + 1]
