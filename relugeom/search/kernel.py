"""The compiled search of the split tree: depth first, one warm simplex dictionary per cell, bounds first.

The result is exact for these reasons (notation: `columns.py`):
- a unit is called *stable* only with a proof (`stability.py`);
- a *leaf* is a region only when its point shows every unit's bit with |ẑ| above its error bound;
- a *split* needs no proof: a side without regions ends in no leaf.
Questions that floats cannot settle are handed to the caller: the kernel returns, and continues once they are answered.
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.search.columns import (
    BEYOND,
    COLUMNS,
    DELEGATED,
    DONE,
    DOUBTFUL,
    FAR_SIDE,
    FULL,
    GROW,
    LANES,
    LEAVES,
    OPTIMAL,
    PAUSED,
    PHASE,
    SPLIT,
    STABLE_ACTIVE,
    STABLE_INACTIVE,
    STEP,
    STOPPED,
    TINY,
    TOKENS,
    TRY,
    UNDECIDED,
    UNIT,
    UNPROVED_LEAF,
    P,
    R,
    S,
    U,
)
from relugeom.search.layer_forms import (
    compute_form_errors,
    compute_forms,
    form_value,
    layer_of,
    row_value,
    scale_of,
    shows_bits,
    size_of,
)
from relugeom.search.path import next_sibling, save_sibling, take_side
from relugeom.search.row_space import is_wide, place_outputs
from relugeom.search.stability import falls_by_layer, form_maximum, proves_nonpositive, proves_open
from relugeom.search.ties import NO, WANTED, copied_side, find_copies, is_never_positive
from relugeom.search.walk import climb, cross_edge, present_point, recentre, refactorise, retreat, write_goal

__all__ = ["put_leaf", "search", "shows_pattern"]

CROSSING = 1e-10  # a crossing shallower than this share of a form's size is left to exact arithmetic
DRIFT = 80  # pivots after which the dictionary is rebuilt
ON_IT = 1e-9  # a point nearer to the hyperplane than this share of the way across it lies on neither side
TIE = 1e-12  # optima below this share of a form's size are taken for 0, which exact arithmetic has to show


@inner
def decide(problem, state, residues, layer, local, combined):
    """Sides that a unit takes on the cell: STABLE_INACTIVE, STABLE_ACTIVE, SPLIT (`cross` may follow), DOUBTFUL, or
    STOPPED, after which the next call goes on.
    """
    d, D = problem.reach.shape[0], problem.lower.shape[0]
    form, error, size = state.form, state.errors[layer, local], state.magnitudes[layer, local]
    copied = copied_side(state.counters, state.bits, state.known, state.copies, problem.starts[layer] + local)
    if copied != DOUBTFUL:
        return copied
    for k in range(d + 1):
        form[k] = state.forms[layer, k, local]
    if layer > 0:
        if falls_by_layer(problem, state, layer, local, 1.0):
            return STABLE_INACTIVE
        if falls_by_layer(problem, state, layer, local, -1.0):
            return STABLE_ACTIVE
    if problem.bounded:
        margin = 1.0001 * error + 4.0 * (2 * D - d + 8) * UNIT * size
        if form_maximum(problem, state, form, 1.0) + margin <= 0.0:
            return STABLE_INACTIVE
        if form_maximum(problem, state, form, -1.0) + margin <= 0.0:
            return STABLE_ACTIVE
    sign = -1.0 if form_value(state, layer, local, state.point, d) > 0.0 else 1.0
    accept = CROSSING * scale_of(problem, state, layer, local, d)
    target, resumed = state.counters[R], state.counters[TRY] > 0
    for attempt in range(max(state.counters[TRY] - 1, 0), 2):
        outcome = OPTIMAL
        if not resumed:
            if (attempt == 1 or state.counters[P] > DRIFT) and not refactorise(problem, state):
                return DOUBTFUL
            write_goal(problem, state)
            outcome = climb(problem, state, target, sign, accept)
        if outcome in (SPLIT, BEYOND):
            state.counters[FAR_SIDE] = outcome == BEYOND
            return SPLIT
        if outcome == OPTIMAL:
            proved = False
            if resumed:
                pass
            elif problem.bounded:
                proved = proves_nonpositive(problem, state, form, error, size, sign, target, combined)
            else:
                proved = proves_open(problem, state, layer, local, sign, target)
            if not proved and (attempt == 1 or abs(state.value[target]) <= TIE * size):
                answer = is_never_positive(
                    residues,
                    problem.starts,
                    state.magnitudes,
                    state.bits,
                    state.nonbasic,
                    state.counters[COLUMNS],
                    D,
                    state.row_units,
                    state.status,
                    layer,
                    local,
                    sign,
                )
                state.counters[TRY] = attempt + 1 if answer == WANTED else 0
                if answer == WANTED:
                    return STOPPED
                proved = answer != NO
            resumed = False
            if proved:
                return STABLE_INACTIVE if sign > 0.0 else STABLE_ACTIVE
    return DOUBTFUL


@inner
def cross(problem, state, layer, local, beyond):
    """Stand on the hyperplane that `decide` found to split the cell; `far` lies on the side away from the point.

    Returns False if floats lost the hyperplane.
    """
    d, target = problem.reach.shape[0], state.counters[R]
    if state.counters[FAR_SIDE] == 0:
        cross_edge(problem, state, target)
        return True
    present_point(problem, state, beyond)
    sign = -1.0 if state.value[target] > 0.0 else 1.0
    accept = CROSSING * scale_of(problem, state, layer, local, d)
    if climb(problem, state, target, sign, accept) != SPLIT:
        return False
    cross_edge(problem, state, target)
    for k in range(state.far.shape[0]):
        state.far[k] = beyond[k]
    return True


@inner
def shows_pattern(problem, state):
    """Whether the point lies in the domain and has every bit of the path, rounding errors included."""
    d, D = problem.reach.shape[0], problem.lower.shape[0]
    shown = True
    if is_wide(problem):
        place_outputs(problem, state.point)
    for k in range(D):
        shown = shown and problem.lower[k] <= state.point[k] <= problem.upper[k]
    for r in range(problem.domain_rows.shape[0]):
        size, error = abs(problem.domain_rows[r, d]), problem.domain_errors[r, d]
        for k in range(d):
            size += abs(problem.domain_rows[r, k] * state.point[k])
            error += problem.domain_errors[r, k] * abs(state.point[k])
        value = row_value(problem.domain_rows, r, state.point, d)
        shown = shown and value >= 1.0001 * error + 2.0 * (D + 2) * UNIT * size + TINY
    return shown and shows_bits(
        problem.starts,
        state.forms,
        state.errors,
        state.magnitudes,
        state.kinds,
        state.bits,
        state.point,
        state.heights,
        size_of(problem, state.point, d),
    )


@inner
def leave_sides(problem, state, start):
    """Move the point of a region off the sides of the box, towards the middle of the domain, if it keeps every bit.

    `start` is room. Points that stay on a side are moved in exact arithmetic, which takes a thousand times as long.
    """
    D, share = problem.lower.shape[0], 0.25
    for attempt in range(14):
        inside = True
        for k in range(D):
            inside = inside and problem.lower[k] < state.point[k] < problem.upper[k]
        if inside and (attempt == 0 or shows_pattern(problem, state)):
            return
        for k in range(D):
            if attempt == 0:
                start[k] = state.point[k]
            state.point[k] = start[k] + share * (problem.middle[k] - start[k])
        share /= 16.0
    for k in range(D):
        state.point[k] = start[k]


@inner
def put_leaf(state, output):
    """Write the region at hand, which `shows_pattern` has shown, to the output."""
    leaf, inputs = state.counters[LEAVES], output.points.shape[1]
    first = state.point.shape[0] - inputs  # in row space, the inputs are the last
    for k in range(inputs):
        output.points[leaf, k] = state.point[first + k]
    for u in range(state.bits.shape[0]):
        if u % 8 == 0:
            output.packed[leaf, u // 8] = 0
        if state.bits[u] == 1:
            output.packed[leaf, u // 8] |= np.uint8(128 >> (u % 8))
    state.counters[LEAVES] = leaf + 1


@compiled
def search(problem, state, residues, waiting, output, budget):
    """Search until something needs the caller: DONE, FULL, GROW, PAUSED, LANES, or a question (see above)."""
    d, D = problem.reach.shape[0], problem.lower.shape[0]
    starts = problem.starts
    units = starts[starts.shape[0] - 1]
    counters = state.counters
    combined, point = np.zeros(D + 1), np.zeros(D)
    for _ in range(budget):
        unit = counters[U]
        if counters[TOKENS] + 1 >= output.tokens.shape[0] or counters[LEAVES] >= output.packed.shape[0]:
            return FULL
        if counters[S] >= waiting.unit.shape[0] or counters[R] + 2 >= state.value.shape[0]:
            return GROW
        if unit == units:
            shown = False
            for attempt in range(2):
                if not shown:
                    if attempt == 1:
                        recentre(problem, state)
                    shown = shows_pattern(problem, state)
            if not shown:
                return UNPROVED_LEAF
            leave_sides(problem, state, point)
            put_leaf(state, output)
            if not next_sibling(problem, state, waiting):
                return DONE
            if counters[PHASE] == DELEGATED:
                return DELEGATED
            continue
        layer = layer_of(starts, unit)
        local = unit - starts[layer]
        ahead = 0  # when a layer begins, all its units are looked at
        resumed = counters[TRY] > 0
        if local == 0:
            if not resumed:
                compute_forms(problem, state, layer)
                if not problem.bounded:
                    compute_form_errors(problem, state, layer)
                residues.ready[layer] = 0
                if not find_copies(
                    residues,
                    starts,
                    state.forms,
                    state.errors,
                    state.magnitudes,
                    state.bits,
                    state.kinds,
                    state.known,
                    state.copies,
                    state.keys,
                    state.heights,
                    layer,
                    False,
                ):
                    return LANES
            ahead = starts[layer + 1] - unit
        outcome = state.known[unit]
        for step in range(counters[STEP] if resumed else 0, ahead + 1):
            if step == ahead and ahead > 0:
                outcome = state.known[unit]
            if step == ahead and outcome in (STABLE_INACTIVE, STABLE_ACTIVE):
                break
            outcome = decide(problem, state, residues, layer, step if step < ahead else local, combined)
            if outcome == STOPPED:
                counters[STEP] = step
                return LANES
            if step < ahead:
                state.known[unit + step] = outcome
        if outcome == SPLIT and not cross(problem, state, layer, local, combined):
            outcome = DOUBTFUL
        if outcome == DOUBTFUL:
            return UNDECIDED
        output.tokens[counters[TOKENS]] = outcome
        counters[TOKENS] += 1
        if outcome != SPLIT:
            state.bits[unit], state.kinds[unit] = outcome, outcome
            counters[U] = unit + 1
            continue
        here = form_value(state, layer, local, state.point, d)
        beyond = form_value(state, layer, local, state.far, d)
        if abs(here) <= ON_IT * abs(beyond):
            retreat(problem, state)
            here = form_value(state, layer, local, state.point, d)
        share = 0.5 * (1.0 + here / (here - beyond))
        for k in range(D):
            moved = state.point[k] + share * (state.far[k] - state.point[k])
            point[k] = min(max(moved, problem.lower[k]), problem.upper[k])
        near_active = here > 0.0
        save_sibling(state, waiting, unit, state.point if near_active else point)
        if near_active:
            for k in range(D):
                state.point[k] = point[k]
        state.bits[unit], state.kinds[unit] = 0, SPLIT
        take_side(problem, state, layer, local)
        counters[U] = unit + 1
    return PAUSED
