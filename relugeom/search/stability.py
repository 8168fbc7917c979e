"""Proofs that a unit keeps one side on a whole cell, compiled.

Notation: sign · z ≤ 0 is to be shown for every point of the cell {h_i ≥ 0}. The multipliers λ_i ≥ 0 come from the
simplex dictionary at its optimum; the proved statement is R = sign · z + Σ λ_i h_i ≤ 0, with every rounding error on
the unfavourable side.
"""

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.geometry.dictionary import FREE
from relugeom.geometry.elimination import invert
from relugeom.search.columns import COLUMNS, TINY, UNIT
from relugeom.search.layer_forms import box_maximum
from relugeom.search.row_space import box_support, is_wide


@inner
def falls_by_layer(problem, state, layer, local, sign):
    """Whether sign · z ≤ 0 because the bias and the weights of all active units below have that sign."""
    if sign * problem.biases[layer, local] > 0.0:
        return False
    start = problem.starts[layer - 1]
    for v in range(problem.starts[layer] - start):
        if state.bits[start + v] == 1 and sign * problem.weights[layer, v, local] > 0.0:
            return False
    return True


@inner
def form_maximum(problem, state, form, sign):
    """max of sign · form over the box; margins for rounding errors have to count every input."""
    if is_wide(problem):
        return box_support(problem, state, form, sign) + problem.guard
    return box_maximum(form, sign, problem.lower, problem.upper, problem.reach.shape[0])


@inner
def proves_nonpositive(problem, state, form, error, size, sign, target, combined):
    """Whether sign · z ≤ 0 on the cell follows from the dictionary's multipliers, rounding errors included."""
    d, D = problem.reach.shape[0], problem.lower.shape[0]
    for k in range(d + 1):
        combined[k] = sign * form[k]
    terms = 2 * D - d + 8  # in row space, more are for the inputs
    for j in range(state.counters[COLUMNS]):
        if state.nonbasic[j] >= D:
            multiplier = -sign * state.table[j, target]
            if multiplier > 0.0:
                r = state.nonbasic[j] - D
                terms += 1
                for k in range(d + 1):
                    combined[k] += multiplier * state.row_forms[r, k]
                error += multiplier * state.row_errors[r]
                size += multiplier * state.row_magnitudes[r]
    bound = form_maximum(problem, state, combined, 1.0)
    return bound + (1.0001 * error + 4.0 * terms * UNIT * size) <= 0.0


@inner
def proves_open(problem, state, layer, local, sign, target):
    """Whether sign · z ≤ 0 follows if sides of the domain are open and every coordinate has to cancel."""
    d = problem.lower.shape[0]
    for attempt in range(2):
        if attempt == 0:
            n, q = d, gather_coordinates(problem, state, layer, local, sign, target)
        else:
            n, q = gather_outputs(problem, state, layer, local, sign, target)
        if q >= 0 and cancels(
            state.goal,
            state.proof_rows,
            state.proof_errors,
            d,
            state.multipliers,
            q,
            n,
            state.rests,
            state.lows,
            state.highs,
            state.matrix,
            state.inverse,
        ):
            return True
    return False


@inner
def gather_coordinates(problem, state, layer, local, sign, target):
    """Gather goal, rows and multipliers of the present vertex in coordinates y for a proof; returns the number of
    rows.
    """
    d = problem.lower.shape[0]
    q = np.int64(0)
    for k in range(d):
        state.rests[k] = False
        state.lows[k], state.highs[k] = problem.lower[k], problem.upper[k]
    for j in range(d):
        variable = state.nonbasic[j]
        if variable < d:
            state.rests[variable] = state.status[j] != FREE
            continue
        state.multipliers[q] = -sign * state.table[j, target]
        for k in range(d + 1):
            state.proof_rows[q, k] = state.row_forms[variable - d, k]
            state.proof_errors[q, k] = state.row_form_errors[variable - d, k]
        q += 1
    for k in range(d + 1):
        state.goal[k] = sign * state.forms[layer, k, local]
        state.proof_errors[d, k] = state.form_errors[layer, local, k]
    return q


@inner
def gather_outputs(problem, state, layer, local, sign, target):
    """The same in the outputs of the layer below: coordinates ≥ 0, and rows of this layer, which are exact.

    This proves what coordinates y cannot if few units below are active: then the forms of this layer span less than
    R^d, and multipliers of other rows are exactly 0, which floats do not show. Returns the number of coordinates and
    that of rows; −1 as the latter if it does not apply.
    """
    d, starts = problem.lower.shape[0], problem.starts
    if layer == 0:
        return np.int64(0), np.int64(-1)
    begin, n, q = starts[layer - 1], clear_outputs(problem, state, layer), np.int64(0)
    least = 1e-9 * largest_multiplier(state, target, d)
    for j in range(d):
        variable = state.nonbasic[j]
        if variable < d or abs(state.table[j, target]) <= least:
            continue
        unit = state.row_units[variable - d]
        if unit < begin or (unit < starts[layer] and state.bits[unit] == 0):
            return n, np.int64(-1)
        if unit < starts[layer]:
            state.rests[output_place(state.bits, begin, unit)] = True
            continue
        turn = 1.0 if state.bits[unit] == 1 else -1.0
        write_outputs(problem, state, layer, unit - starts[layer], turn, n, state.proof_rows[q])
        state.multipliers[q] = -sign * state.table[j, target]
        q += 1
    write_outputs(problem, state, layer, local, sign, n, state.goal)
    for k in range(n):  # a coordinate that already falls needs no multiplier of another row
        if q == 0:
            state.rests[k] = True
    return n, q


@inner
def clear_outputs(problem, state, layer):
    """Make the outputs of the active units below coordinates ≥ 0 of exact rows; returns their number."""
    d, n = problem.lower.shape[0], np.int64(0)
    for v in range(problem.starts[layer - 1], problem.starts[layer]):
        if state.bits[v] == 1:
            n += 1
    for k in range(n):
        state.rests[k], state.lows[k], state.highs[k] = False, 0.0, np.inf
    for r in range(d + 1):
        for k in range(n + 1):
            state.proof_errors[r, k] = 0.0
    return n


@inner
def largest_multiplier(state, target, d):
    """Largest coefficient of a row of the dictionary."""
    largest = 0.0
    for j in range(d):
        largest = max(largest, abs(state.table[j, target]))
    return largest


@inner
def output_place(bits, begin, unit):
    """Number of the coordinate that is the output of an active unit below."""
    place = 0
    for v in range(begin, unit):
        if bits[v] == 1:
            place += 1
    return place


@inner
def write_outputs(problem, state, layer, local, turn, n, row):
    """turn · z of a unit in the outputs of the active units below: n coefficients, and the constant."""
    begin, place = problem.starts[layer - 1], 0
    for v in range(problem.starts[layer] - begin):
        if state.bits[begin + v] == 1:
            row[place] = turn * problem.weights[layer, v, local]
            place += 1
    row[n] = turn * problem.biases[layer, local]


@inner
def cancels(goal, rows, errors, last, multipliers, q, n, rests, lower, upper, H, C):
    """Whether R = goal + Σ λ_i row_i ≤ 0 for some λ ≥ 0 that cancels the coordinates without rest exactly.

    Forms have n coordinates and a constant (column n); q rows face q coordinates without rest. With H the rows along
    these, C ≈ H⁻¹, r the residual of λ̂ there and Δ = H C − I, the exact λ differs from λ̂ by at most Σ|r C| / (1 −
    ‖Δ‖). All of this is bounded with rounding errors; λ̂ above its error proves λ > 0. Coordinates that rest at a side
    bound their own share of R. `errors` bounds each coefficient of the rows, and in row `last` those of the goal; H and
    C are room for q × q matrices.
    """
    gamma = 2.0 * (n + 4) * UNIT
    count = 0
    for k in range(n):
        if not rests[k]:
            if count == q:
                return False
            for i in range(q):
                H[i, count] = rows[i, k]
            count += 1
    if count != q:
        return False
    if not invert(H, C, q):
        return False
    spread, largest = 0.0, 0.0
    c = -1
    for k in range(n):
        if rests[k]:
            continue
        c += 1
        residual, size, error = goal[k], abs(goal[k]), errors[last, k]
        for i in range(q):
            residual += multipliers[i] * rows[i, k]
            size += multipliers[i] * abs(rows[i, k])
            error += multipliers[i] * errors[i, k]
        bound = abs(residual) + 1.0001 * error + gamma * size + TINY
        for i in range(q):
            spread += bound * abs(C[c, i])
    for i in range(q):
        total = 0.0
        for other in range(q):
            entry, size, error = (-1.0 if other == i else 0.0), 1.0, 0.0
            c = -1
            for k in range(n):
                if rests[k]:
                    continue
                c += 1
                entry += rows[i, k] * C[c, other]
                size += abs(rows[i, k] * C[c, other])
                error += errors[i, k] * abs(C[c, other])
            total += abs(entry) + 1.0001 * error + gamma * size + TINY
        largest = max(largest, total)
    if not largest < 0.5:
        return False
    doubt = 1.0001 * spread / (1.0 - largest)
    for i in range(q):
        if not multipliers[i] > doubt:
            return False
    total = 0.0
    for k in range(n + 1):
        if k < n and not rests[k]:
            continue
        entry, size, error, lost = goal[k], abs(goal[k]), errors[last, k], 0.0
        for i in range(q):
            entry += multipliers[i] * rows[i, k]
            size += multipliers[i] * abs(rows[i, k])
            error += multipliers[i] * errors[i, k] + doubt * abs(rows[i, k])
            if rows[i, k] != 0.0 or errors[i, k] > 0.0:
                lost = TINY
        margin = 0.0
        if q > 0 or error > 0.0:
            margin = 1.0001 * error + gamma * size + lost
        high, low = entry + margin, entry - margin
        share = high
        if k < n:
            share = max(side_share(high, lower[k], upper[k]), side_share(low, lower[k], upper[k]))
        total += share + gamma * abs(share)
    return total <= 0.0


@inner
def side_share(c, low, high):
    """Bound of max c·y over the side [low, high]; inf if it is open."""
    side = high if c > 0.0 else low
    return c * side + TINY if c != 0.0 and side != 0.0 else 0.0
