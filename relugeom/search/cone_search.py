"""The compiled search of the split tree with generators: one matrix of vertices per cell decides a layer at once.

Notation: `columns.py`, `generators.py`. On inputs of few dimensions a cell has few vertices and directions to infinity,
and the values of a unit's form there decide everything: without a positive value the unit is inactive on the cell (no
interior point has z > 0), without a negative one it is active, and with both it splits the cell. Every sign has to be
certain; if one is not, the node is handed over to the search with a dictionary.
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.geometry.double_description import NO_ROOM, cut_cone
from relugeom.geometry.generators import DOUBT, Cones, find_sides, look_again, scan_forms, sharpen
from relugeom.search.columns import (
    BOTTOM,
    COUNT,
    DONE,
    DOUBTFUL,
    FIRST,
    FULL,
    GROW,
    HANDED_OVER,
    LANES,
    LEAVES,
    LINES,
    MASK_BITS,
    PAUSED,
    ROWS,
    SIMPLE,
    SPLIT,
    STABLE_ACTIVE,
    STABLE_INACTIVE,
    STOPPED,
    TOKENS,
    TOP,
    TRY,
    Pending,
    Problem,
    State,
    U,
)
from relugeom.search.kernel import put_leaf, shows_pattern
from relugeom.search.layer_forms import compute_forms, layer_of
from relugeom.search.path import copy_path
from relugeom.search.ties import WANTED, YES, copied_side, find_copies, is_in_span

__all__ = ["give_cone", "next_cone", "search_cones"]


SHARP = 1e-11
"""Errors below this are not worth computing again."""


@inner
def vanishes(starts, weights, biases, bits, bit_of, unit_of, infinity, zeros, mask, layer, local):
    """Whether a unit's form is 0 at a generator because everything that it sums is 0: exactly, by the generator's mask.

    A unit below counts as 0 if the generator lies on its hyperplane, or if it sums only such units (and its bias does
    not count, because it is 0 or the generator is a direction to infinity).
    """
    far = (mask & infinity) != 0
    for below in range(layer + 1):
        for u in range(starts[below + 1] - starts[below]):
            if below == layer and u != local:
                continue
            zero = False
            bit = bit_of[starts[below] + u]
            if below < layer and bit >= 0 and unit_of[bit] == starts[below] + u:
                zero = ((mask >> bit) & 1) == 1
            if not zero and below > 0 and (far or biases[below, u] == 0.0):
                zero = True
                for v in range(starts[below] - starts[below - 1]):
                    if bits[starts[below - 1] + v] == 1 and weights[below, v, u] != 0.0:
                        zero = zero and zeros[(below - 1) % 2, v] == 1
            zeros[below % 2, u] = 1 if zero else 0
    return zeros[layer % 2, local] == 1


@inner
def decide(problem, state, residues, cones, pending, layer, local):
    """Sides that a unit takes on the present cell, or STOPPED, after which the next call goes on.

    SPLIT stores the sides of its generators.
    """
    first, count, lines = state.counters[FIRST], state.counters[COUNT], state.counters[LINES]
    copied = copied_side(state.counters, state.bits, state.known, state.copies, problem.starts[layer] + local)
    if copied != DOUBTFUL:
        return copied
    positive, negative, doubts, resumed = False, False, 1, state.counters[TRY] > 0
    if not resumed:
        positive, negative, doubts = find_sides(
            cones.generators,
            cones.sizes,
            cones.errors,
            cones.values,
            cones.margins,
            cones.sides,
            cones.scale,
            first,
            count,
            lines,
            state.forms[layer],
            local,
            state.errors[layer, local],
            state.largest[layer] < np.inf,
        )
    state.counters[TRY] = 0
    doubtful = False
    if doubts > 0 and not resumed:
        for i in range(count):
            if cones.sides[i] == DOUBT and lines == 0 and cones.errors[first + i] > SHARP:
                sharpen(
                    cones.generators,
                    cones.sizes,
                    cones.errors,
                    cones.scale,
                    cones.rows,
                    cones.row_errors,
                    cones.room,
                    cones.lists,
                    cones.places[1],
                    cones.masks[first + i],
                    first + i,
                )
                look_again(
                    cones.generators,
                    cones.sizes,
                    cones.errors,
                    cones.values,
                    cones.margins,
                    cones.sides,
                    cones.scale,
                    first + i,
                    i,
                    state.forms[layer],
                    local,
                    state.errors[layer, local],
                )
    if doubts > 0:
        for i in range(count):
            positive, negative = positive or cones.sides[i] == 1, negative or cones.sides[i] == -1
            if cones.sides[i] != DOUBT:
                continue
            mask = cones.masks[first + i]
            zero = vanishes(
                problem.starts,
                problem.weights,
                problem.biases,
                state.bits,
                pending.bit_of,
                pending.unit_of,
                pending.infinity[0],
                pending.zero,
                mask,
                layer,
                local,
            )
            if not zero:
                answer = is_in_span(
                    residues,
                    problem.starts,
                    state.magnitudes,
                    state.bits,
                    state.places,
                    pending.unit_of,
                    mask,
                    layer,
                    local,
                )
                if answer == WANTED:
                    state.counters[TRY] = 1
                    return STOPPED
                zero = answer == YES
            if zero:
                cones.sides[i] = 0
            doubtful = doubtful or not zero
    outcome = STABLE_INACTIVE
    if doubtful:
        outcome = DOUBTFUL
    elif positive:
        outcome = SPLIT if negative else STABLE_ACTIVE
    return outcome


@inner
def put_point_inside(state, cones, lower, upper):
    """Put the point at the mean of the generators, directions included."""
    d = lower.shape[0]
    first, count, lines = state.counters[FIRST], state.counters[COUNT], state.counters[LINES]
    total = 0.0
    for k in range(d):
        state.point[k] = 0.0
    for i in range(first + lines, first + count):
        share = 1.0 / cones.sizes[i]
        total += share * cones.generators[d, i]
        for k in range(d):
            state.point[k] += share * cones.generators[k, i]
    for k in range(d):
        state.point[k] = min(max(state.point[k] / total, lower[k]), upper[k])


@compiled
def next_cone(state, pending):
    """Enter the active side of the last split whose cone waits; False if none does."""
    counters = state.counters
    if counters[TOP] == counters[BOTTOM]:
        return False
    counters[TOP] -= 1
    slot = counters[TOP]
    unit = pending.unit[slot]
    counters[FIRST], counters[COUNT] = pending.first[slot], pending.generators[slot]
    counters[LINES], counters[SIMPLE] = pending.lines[slot], pending.simple[slot]
    counters[ROWS], counters[U] = pending.rows[slot], unit + 1
    state.bits[unit], state.kinds[unit] = 1, SPLIT
    return True


@compiled
def search_cones(problem, state, residues, cones, pending, output, budget):
    """Search until something needs the caller: DONE, FULL, GROW, PAUSED, LANES or HANDED_OVER."""
    d = problem.lower.shape[0]
    starts = problem.starts
    units = starts[starts.shape[0] - 1]
    counters = state.counters
    for _ in range(budget):
        unit = counters[U]
        if counters[TOKENS] + 1 >= output.tokens.shape[0] or counters[LEAVES] >= output.packed.shape[0]:
            return FULL
        if counters[TOP] >= pending.unit.shape[0]:
            return GROW
        if unit == units:
            put_point_inside(state, cones, problem.lower, problem.upper)
            if not shows_pattern(problem, state):
                return HANDED_OVER
            put_leaf(state, output)
            if not next_cone(state, pending):
                return DONE
            continue
        layer = layer_of(starts, unit)
        local = unit - starts[layer]
        if local == 0 and counters[TRY] == 0:
            compute_forms(problem, state, layer)
            residues.ready[layer] = 0
            scan_forms(
                cones.generators,
                cones.sizes,
                cones.errors,
                cones.values,
                cones.scale,
                counters[FIRST],
                counters[COUNT],
                counters[LINES],
                state.forms[layer],
                state.errors[layer],
                state.largest[layer] < np.inf,
                state.known,
                unit,
                starts[layer + 1] - unit,
            )
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
                True,
            ):
                return LANES
        outcome = state.known[unit]
        while outcome != SPLIT and counters[TOKENS] + 1 < output.tokens.shape[0]:  # what the scan has settled
            output.tokens[counters[TOKENS]] = outcome
            counters[TOKENS] += 1
            pending.bit_of[unit] = -1
            state.bits[unit], state.kinds[unit] = outcome, outcome
            unit += 1
            outcome = state.known[unit] if unit < starts[layer + 1] else SPLIT
        if unit > counters[U]:
            counters[U] = unit
            continue
        outcome = decide(problem, state, residues, cones, pending, layer, local)
        if outcome == STOPPED:
            return LANES
        bit = counters[ROWS]
        if outcome == DOUBTFUL or (outcome == SPLIT and bit == MASK_BITS):
            put_point_inside(state, cones, problem.lower, problem.upper)
            return HANDED_OVER
        if outcome == SPLIT:
            for k in range(d + 1):
                cones.rows[k, bit] = state.forms[layer, k, local]
            cones.row_errors[bit] = state.errors[layer, local]
            above, below, lines, simple = cut_cone(
                cones.generators,
                cones.masks,
                cones.sizes,
                cones.errors,
                cones.values,
                cones.margins,
                cones.sides,
                cones.copy,
                cones.copy_masks,
                cones.copy_sizes,
                cones.copy_errors,
                cones.places,
                cones.scale,
                cones.rows,
                cones.row_errors,
                cones.room,
                cones.lists,
                counters[FIRST],
                counters[COUNT],
                counters[LINES],
                counters[SIMPLE] == 1,
                bit,
            )
            if above == NO_ROOM:
                return GROW
            slot = counters[TOP]
            counters[ROWS] = bit + 1
            pending.unit[slot], pending.first[slot], pending.generators[slot] = unit, counters[FIRST], above
            pending.lines[slot], pending.simple[slot], pending.rows[slot] = lines, 1 if simple else 0, counters[ROWS]
            counters[TOP] = slot + 1
            counters[FIRST] += above
            counters[COUNT], counters[LINES], counters[SIMPLE] = below, lines, 1 if simple else 0
            pending.bit_of[unit], pending.unit_of[bit] = bit, unit
            state.bits[unit], state.kinds[unit] = 0, SPLIT
        else:
            pending.bit_of[unit] = -1
            state.bits[unit], state.kinds[unit] = outcome, outcome
        output.tokens[counters[TOKENS]] = outcome
        counters[TOKENS] += 1
        counters[U] = unit + 1
    return PAUSED


def give_cone(
    problem: Problem,
    state: State,
    cones: Cones,
    pending: Pending,
    other: State,
    other_cones: Cones,
    other_pending: Pending,
) -> None:
    """Move the first waiting cone of one search into the empty state of another, which must have the columns for it."""
    slot = int(state.counters[BOTTOM])
    state.counters[BOTTOM] = slot + 1
    unit, first, count = int(pending.unit[slot]), int(pending.first[slot]), int(pending.generators[slot])
    copy_path(state, other, int(np.searchsorted(problem.starts, unit, side="right")) - 1)
    for name in ("generators", "masks", "sizes", "errors"):
        getattr(other_cones, name)[..., :count] = getattr(cones, name)[..., first : first + count]
    rows = int(pending.rows[slot])
    for name in ("rows", "row_errors"):
        getattr(other_cones, name)[..., :rows] = getattr(cones, name)[..., :rows]
    for name in ("bit_of", "unit_of", "infinity"):
        getattr(other_pending, name)[:] = getattr(pending, name)
    other.counters[[FIRST, COUNT, ROWS, U]] = 0, count, rows, unit + 1
    other.counters[[LINES, SIMPLE]] = pending.lines[slot], pending.simple[slot]
    other.bits[unit], other.kinds[unit] = 1, SPLIT
