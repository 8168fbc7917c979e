"""The compiled prover: follows a known split tree and writes the proofs and points of its certificate as text.

Notation: `search/columns.py`, `plan.py`. Every cell has a warm dictionary, as in the search; but what is split and
what is stable is known, so a split needs one climb to its hyperplane, and only the proofs of the plan need an
optimum. There, sign · z = v + Σ c_j h_j with c_j ≤ 0 and v ≤ 0 on the box side that the dictionary rests at: λ_j =
−c_j prove it. They are rounded to integers, as short as the margin −v allows; whether R = λ₀ sign · z + Σ λ_j h_j ≤ 0
on the box still holds is then decided with every rounding error on the unfavourable side. What cannot be proved here
is left as a *hole*, to be filled in exact arithmetic.
"""

import numpy as np

from relugeom.certificate.partition_proof.exact_kernel import prove_exactly
from relugeom.certificate.partition_proof.tree_columns import (
    BEGUN,
    BLIND,
    END,
    HOLES,
    LEAF,
    LIFTED,
    LONG,
    MARK_SIZE,
    MARKED,
    MARKS,
    NEXT_BEGIN,
    NEXT_SPLIT,
    PLACE,
    PROOFS,
    PROVED_INACTIVE,
    SHIFT,
    TRAIL,
    UNDECIDED_UNIT,
    UNEXPLORED,
    leave_hole,
    put,
    put_hexadecimal,
    put_mark,
    write_point,
)
from relugeom.geometry.compiled import compiled, inner
from relugeom.geometry.dictionary import FREE
from relugeom.search.columns import (
    BASE,
    BEYOND,
    DONE,
    FULL,
    GROW,
    OPTIMAL,
    PAUSED,
    SPLIT,
    UNIT,
    P,
    R,
    S,
    U,
)
from relugeom.search.layer_forms import box_maximum, compute_forms, layer_of
from relugeom.search.path import restore_sibling, save_sibling, take_side
from relugeom.search.walk import climb, cross_edge, refactorise, write_goal

__all__ = ["LEFT_OUT", "write_tree"]

LEFT_OUT = 20
"""Returned if floats lost the cell: the subtree at the present node has to be proved exactly."""
DRIFT = 80
LONGEST = 46
"""Bits of a rounded multiplier, at most."""


@inner
def combine_rows(problem, state, rows, count, layer, local, sign, first, combined):
    """R = first · sign · z + Σ multiplier · row, and whether R ≤ 0 on the box with all rounding errors."""
    d = problem.lower.shape[0]
    error, size = first * state.errors[layer, local], first * state.magnitudes[layer, local]
    for k in range(d + 1):
        combined[k] = first * sign * state.form[k]
    for i in range(count):
        r, multiplier = rows[i], state.multipliers[i]
        for k in range(d + 1):
            combined[k] += multiplier * state.row_forms[r, k]
        error += multiplier * state.row_errors[r]
        size += multiplier * state.row_magnitudes[r]
    bound = box_maximum(combined, 1.0, problem.lower, problem.upper, d)
    return bound + (1.0001 * error + 4.0 * (count + d + 8) * UNIT * size) <= 0.0


@inner
def climb_to_optimum(problem, state, rows, sign):
    """Multipliers (into `goal`) of rows (into `rows`) that prove sign · z ≤ 0 in floats; how many, and the margin."""
    d = problem.lower.shape[0]
    count, margin = 0, -1.0
    for attempt in range(2):
        if margin >= 0.0 or ((attempt == 1 or state.counters[P] > DRIFT) and not refactorise(problem, state)):
            break
        target = write_goal(problem, state)
        if climb(problem, state, target, sign, np.inf) != OPTIMAL:
            continue
        count, margin = 0, max(0.0, -sign * state.value[target])
        for j in range(d):
            multiplier = -sign * state.table[j, target]
            if state.nonbasic[j] >= d and multiplier > 0.0:
                rows[count], state.goal[count] = state.nonbasic[j] - d, multiplier
                count += 1
    return count, margin


@inner
def prove_unit(problem, state, walk, out, exact, layer, local, bit, combined):
    """Write a proof that a unit has a bit on the present cell, or leave a hole."""
    d, unit, hole = problem.lower.shape[0], problem.starts[layer] + local, walk.cursor[HOLES]
    sign, rows, written, count, first = -1.0 if bit == 1 else 1.0, out.rows[hole], False, 0, 1.0
    margin, weight, largest, digits = -1.0, 0.0, 0.0, -1.0
    for k in range(d + 1):
        state.form[k] = state.forms[layer, k, local]
    while problem.bounded:  # the box alone; then the rows of an optimum, with more and more digits
        if combine_rows(problem, state, rows, count, layer, local, sign, first, combined):
            written = True
            break
        if digits < 0.0:
            if walk.cursor[BLIND] == 0:
                count, margin = climb_to_optimum(problem, state, rows, sign)
            if not margin > 0.0:
                break
            for i in range(count):
                r = rows[i]
                scale = 1.0 if state.row_units[r] >= 0 else walk.scales[r]
                state.goal[i] *= scale
                largest, weight = max(largest, state.goal[i]), weight + state.row_magnitudes[r] / scale
            # Rounding multipliers behind that many binary digits changes R by weight / 2^(digits + 1) at most.
            digits = max(0.0, np.ceil(np.log2(weight / margin + 1e-300)))
        else:
            digits += 5.0
        first = 2.0**digits
        if digits > LONGEST or largest * first > 2.0**52:
            break
        for i in range(count):
            scale = 1.0 if state.row_units[rows[i]] >= 0 else walk.scales[rows[i]]
            state.multipliers[i] = np.floor(state.goal[i] * first + 0.5) / scale
    if not problem.bounded and walk.cursor[BLIND] == 0:
        count, margin = climb_to_optimum(problem, state, rows, sign)
    exactly = not written and exact.enabled and walk.cursor[LIFTED] == 0 and margin >= 0.0
    for j in range(d):  # at a vertex where rows of units meet, and nothing else
        row = state.nonbasic[j] - d
        exactly = exactly and row >= 0 and state.row_units[row] >= 0
        if exactly:
            exact.support[j] = state.row_units[row]
    if exactly:
        exactly = prove_exactly(exact, state.bits, unit, bit, exact.support, walk.cursor, out.text)
    shift = 0  # rows of the domain count 2^shift times themselves in a certificate
    for i in range(0 if exactly else count):
        r = rows[i]
        if written:
            scale = 1.0 if state.row_units[r] >= 0 else walk.scales[r]
            out.weights[hole, i] = np.int64(np.floor(state.multipliers[i] * scale + 0.5))
        if state.row_units[r] < 0:
            shift = walk.cursor[SHIFT]
        rows[i] = state.row_units[r] if state.row_units[r] >= 0 else walk.numbers[r]
    if written and walk.cursor[LIFTED] == 0:
        text, every = out.text, np.int64(first)
        end = put_hexadecimal(text, put(text, walk.cursor[END], 48 + bit), unit, 0)
        end = put_hexadecimal(text, end, np.int64(first), shift)
        for i in range(count):
            multiplier = out.weights[hole, i]
            if multiplier > 0:
                end = put_hexadecimal(text, end, rows[i], 0)
                end = put_hexadecimal(text, end, multiplier, shift if rows[i] < problem.starts[-1] else 0)
                every |= multiplier
        walk.cursor[END], walk.cursor[LONG] = put(text, end, 10), walk.cursor[LONG] | every
    elif not exactly:
        out.counts[hole], out.firsts[hole] = count, np.int64(first) if written else 0
        for j in range(d):
            out.moving[hole, j] = True
        for j in range(d):
            if state.nonbasic[j] < d and state.status[j] != FREE:
                out.moving[hole, state.nonbasic[j]] = False
        leave_hole(walk, out, unit, bit)
    walk.cursor[PROOFS] += 1
    walk.known[unit] = 1 if bit == 1 else PROVED_INACTIVE
    walk.trail[walk.cursor[TRAIL]] = unit
    walk.cursor[TRAIL] += 1


@inner
def meet_hyperplane(problem, state, layer, local):
    """Go to the hyperplane of a unit that is known to split the cell; False where floats do not find it."""
    d, met = problem.lower.shape[0], False
    for k in range(d + 1):
        state.form[k] = state.forms[layer, k, local]
    accept, sign = (1e-13 * state.magnitudes[layer, local] if problem.bounded else 0.0), 0.0
    for attempt in range(4):  # once on, once back from beyond; both once more with a new dictionary
        if met or (attempt == 1 and sign == 0.0):
            continue
        if (attempt == 2 or state.counters[P] > DRIFT) and not refactorise(problem, state):
            break
        target = state.counters[R]
        if sign == 0.0:
            write_goal(problem, state)
            sign = 1.0 if state.value[target] > 0.0 else -1.0
        outcome = climb(problem, state, target, -sign, accept)
        met = outcome == SPLIT
        sign = -sign if outcome == BEYOND else 0.0
    if met:
        cross_edge(problem, state, state.counters[R])
    return met


@inner
def enter_side(problem, state, walk, out, unit, bit, plan, split):
    """Take one side of the hyperplane that the dictionary stands on."""
    layer, cursor, sides, sizes = layer_of(problem.starts, unit), walk.cursor, plan.sides, plan.sizes
    state.bits[unit], state.kinds[unit] = bit, SPLIT
    take_side(problem, state, layer, unit - problem.starts[layer])
    state.counters[U] = unit + 1
    walk.known[unit] = bit
    walk.trail[cursor[TRAIL]] = unit
    cursor[TRAIL] += 1
    for w in range(walk.todo.shape[1]):
        walk.todo[0, w], walk.todo[1, w] = sides[split, bit, 0, w], sides[split, bit, 1, w]
    cursor[BEGUN] = 1 if unit + 1 < problem.starts[layer + 1] else 0
    if cursor[MARKED] < 0 and sizes[split, bit] <= MARK_SIZE < sizes[split, 0] + sizes[split, 1]:
        cursor[MARKED] = state.counters[S]
        put_mark(walk, out)
        end = put(out.text, put(out.text, cursor[END], 109), 32)
        for u in range(walk.known.shape[0]):
            sign = walk.known[u]
            end = put(out.text, end, 115 if sign == PROVED_INACTIVE else (45 if sign == UNDECIDED_UNIT else 48 + sign))
        cursor[END] = put(out.text, end, 10)


@inner
def longest_line(problem, exact, cursor):
    """Characters that a line may have, at most."""
    d = problem.lower.shape[0]
    length = 96 + (24 + cursor[SHIFT] // 4) * (d + 3) + problem.starts[problem.starts.shape[0] - 1]
    if exact.enabled:
        length += (d + 1) * (6 * exact.room.shape[0] + exact.exponents[-1] // 4 + 16)
    return length


@inner
def needed_room(state, waiting, out, cursor, length):
    """What is needed before another line is written: FULL, GROW or nothing (−1)."""
    if cursor[END] + length > out.text.shape[0]:
        return FULL
    if cursor[HOLES] >= out.places.shape[0] or cursor[MARKS] + 2 >= out.marks.shape[0]:
        return FULL
    if state.counters[S] >= waiting.unit.shape[0] or state.counters[R] + 2 >= state.value.shape[0]:
        return GROW
    return -1


@inner
def write_leaf(problem, state, walk, out, points, slopes, is_open):
    """Write the line at which a branch ends: the point of a leaf, or that nothing is said; close a mark that ends."""
    cursor = walk.cursor
    if is_open or cursor[LEAF] >= points.shape[0]:
        cursor[END] = put(out.text, put(out.text, cursor[END], 117), 10)
        cursor[PLACE] += 1
    else:
        write_point(problem, state, walk, out, points, slopes)
    if state.counters[S] == cursor[MARKED]:
        put_mark(walk, out)
        cursor[MARKED] = -1


@inner
def take_sibling(state, waiting, walk):
    """Return to the last split whose active side waits; its unit and its number."""
    cursor, unit = walk.cursor, restore_sibling(state, waiting)
    slot = state.counters[S]
    cursor[BLIND] = walk.blind_of[slot]
    while cursor[TRAIL] > walk.trail_of[slot]:
        cursor[TRAIL] -= 1
        walk.known[walk.trail[cursor[TRAIL]]] = UNDECIDED_UNIT
    return unit, walk.split_of[slot]


@inner
def begin_layer(problem, state, walk, exact, plan, layer):
    """Compute the forms of a layer; what the plan proves at its beginning is to be done."""
    cursor = walk.cursor
    compute_forms(problem, state, layer)
    exact.wanted[layer] += 1
    for w in range(walk.todo.shape[1]):
        walk.todo[0, w] = plan.begins[cursor[NEXT_BEGIN], 0, w]
        walk.todo[1, w] = plan.begins[cursor[NEXT_BEGIN], 1, w]
    cursor[NEXT_BEGIN] += 1
    cursor[BEGUN] = 1


@inner
def take_proof(todo):
    """Take the first unit of the layer that is still to be proved, −1 where there is none; and its bit."""
    found, bit = -1, 0
    for w in range(todo.shape[1]):
        every = todo[0, w] | todo[1, w]
        if found < 0 and every != np.uint64(0):
            found = 0
            while (every >> np.uint64(found)) & np.uint64(1) == np.uint64(0):
                found += 1
            mark = np.uint64(1) << np.uint64(found)
            bit = 1 if todo[1, w] & mark != np.uint64(0) else 0
            todo[0, w] &= ~mark
            todo[1, w] &= ~mark
            found += 64 * w
    return found, bit


@inner
def write_split(state, waiting, walk, out, unit, split):
    """Write a split, and keep its active side for later."""
    cursor, slot = walk.cursor, state.counters[S]
    cursor[END] = put(out.text, put_hexadecimal(out.text, put(out.text, cursor[END], 115), unit, 0), 10)
    walk.split_of[slot], walk.trail_of[slot], walk.blind_of[slot] = split, cursor[TRAIL], cursor[BLIND]
    save_sibling(state, waiting, unit, state.point)
    cursor[NEXT_SPLIT] += 1


@compiled
def write_tree(problem, state, waiting, walk, out, exact, plan, tree, points, budget):
    """Go on until something needs the caller: DONE, FULL, GROW, PAUSED or LEFT_OUT."""
    starts, counters, cursor = problem.starts, state.counters, walk.cursor
    units = starts[starts.shape[0] - 1]
    combined, slopes = np.zeros(problem.lower.shape[0] + 1), np.zeros(problem.weights.shape[1])
    length = longest_line(problem, exact, cursor)
    for _ in range(budget):
        need = needed_room(state, waiting, out, cursor, length)
        if need >= 0:
            return need
        unit, side, split = counters[U], -1, cursor[NEXT_SPLIT]
        token = tree[cursor[PLACE]] if unit < units else UNEXPLORED
        if token == UNEXPLORED:
            write_leaf(problem, state, walk, out, points, slopes, unit < units)
            if counters[S] == counters[BASE]:
                return DONE
            unit, split = take_sibling(state, waiting, walk)
            side = 1
        else:
            layer = layer_of(starts, unit)
            if cursor[BEGUN] == 0:
                begin_layer(problem, state, walk, exact, plan, layer)
            found, bit = take_proof(walk.todo)
            if found >= 0:
                prove_unit(problem, state, walk, out, exact, layer, found, bit, combined)
                continue
            if token == SPLIT:
                if cursor[BLIND] == 0 and not meet_hyperplane(problem, state, layer, unit - starts[layer]):
                    return LEFT_OUT
                write_split(state, waiting, walk, out, unit, split)
                side = 0
            else:
                state.bits[unit], state.kinds[unit] = token, token
                counters[U] = unit + 1
                if unit + 1 == starts[layer + 1]:
                    cursor[BEGUN] = 0
            cursor[PLACE] += 1
        if side >= 0:
            enter_side(problem, state, walk, out, unit, side, plan, split)
    return PAUSED
