"""Proofs that a unit keeps one side on a whole cell, compiled.

Notation: sign · z ≤ 0 is to be shown for every point of the cell {h_i ≥ 0}. The multipliers λ_i ≥ 0 come from the
simplex dictionary at its optimum; what is proved is R = sign · z + Σ λ_i h_i ≤ 0, with every rounding error on the
unfavourable side.
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inlined
from relugeom.geometry.dictionary import FREE
from relugeom.geometry.elimination import invert
from relugeom.partition.columns import TINY, UNIT
from relugeom.partition.layer_forms import box_maximum, layer_of

LARGEST_INTEGER = 2.0**30
LARGEST_PRODUCT = 2.0**62


@inlined
def falls_by_layer(problem, state, layer, local, sign):
    """Whether sign · z ≤ 0 because the bias and the weights of all active units below have that sign."""
    if sign * problem.biases[layer, local] > 0.0:
        return False
    start = problem.starts[layer - 1]
    for v in range(problem.starts[layer] - start):
        if state.bits[start + v] == 1 and sign * problem.weights[layer, v, local] > 0.0:
            return False
    return True


@compiled
def proves_nonpositive(problem, state, form, error, size, sign, target, combined):
    """Whether sign · z ≤ 0 on the cell follows from the dictionary's multipliers, rounding errors included."""
    d = problem.lower.shape[0]
    for k in range(d + 1):
        combined[k] = sign * form[k]
    terms = d + 8
    for j in range(d):
        if state.nonbasic[j] >= d:
            multiplier = -sign * state.table[j, target]
            if multiplier > 0.0:
                r = state.nonbasic[j] - d
                terms += 1
                for k in range(d + 1):
                    combined[k] += multiplier * state.row_forms[r, k]
                error += multiplier * state.row_errors[r]
                size += multiplier * state.row_magnitudes[r]
    bound = box_maximum(combined, 1.0, problem.lower, problem.upper, d)
    return bound + (1.0001 * error + 4.0 * terms * UNIT * size) <= 0.0


@inlined
def gather(problem, state, layer, local, sign, target):
    """Goal, rows and multipliers of the present vertex in coordinates y, into the room for proofs; how many rows."""
    d = problem.lower.shape[0]
    q = np.int64(0)
    for k in range(d):
        state.rests[k] = False
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


@compiled
def proves_by_coordinates(problem, state, layer, local, sign, target):
    """Whether sign · z ≤ 0 follows in coordinates y, whose sides may be open."""
    d = problem.lower.shape[0]
    q = gather(problem, state, layer, local, sign, target)
    return cancels(
        state.goal,
        state.proof_rows,
        state.proof_errors,
        d,
        state.multipliers,
        q,
        d,
        state.rests,
        problem.lower,
        problem.upper,
        state.matrix,
        state.inverse,
    )


@compiled
def proves_in_integers(problem, state, layer, local, sign, target):
    """Whether sign · z ≤ 0 follows from the exact multipliers of the present vertex, margin or none.

    Only for forms whose coefficients are small integers, exactly (`State.largest`): then the system for λ is solved in
    64-bit integers, and nothing is rounded.
    """
    d = problem.lower.shape[0]
    if not state.largest[layer] < LARGEST_INTEGER:
        return False
    for j in range(d):
        if state.nonbasic[j] >= d:
            unit = state.row_units[state.nonbasic[j] - d]
            if unit < 0 or not state.largest[layer_of(problem.starts, unit)] < LARGEST_INTEGER:
                return False
    q = gather(problem, state, layer, local, sign, target)
    return cancels_exactly(
        state.goal, state.proof_rows, q, d, state.rests, problem.lower, problem.upper, state.integers
    )


@compiled
def cancels_exactly(goal, rows, q, d, rests, lower, upper, A):
    """Whether R = goal + Σ λ_i row_i ≤ 0 for the λ ≥ 0 that cancels the coordinates without rest; integers throughout.

    Fraction-free elimination [Bareiss, *Sylvester's identity and multistep integer-preserving Gaussian elimination*,
    1968]; False where the system is singular, a number grows too large, or R is not ≤ 0.
    """
    c = 0
    for k in range(d):
        if rests[k]:
            continue
        if c == q:
            return False
        for i in range(q):
            A[c, i] = np.int64(rows[i, k])
        A[c, q] = -np.int64(goal[k])
        c += 1
    if c != q:
        return False
    previous = np.int64(1)
    for p in range(q):
        best = p
        while best < q and A[best, p] == 0:
            best += 1
        if best == q:
            return False
        for k in range(q + 1):
            A[p, k], A[best, k] = A[best, k], A[p, k]
        pivot = A[p, p]
        for r in range(q):
            factor = A[r, p]
            if r == p:
                continue
            for k in range(q + 1):
                first, second = float(pivot) * float(A[r, k]), float(factor) * float(A[p, k])
                if abs(first) + abs(second) > LARGEST_PRODUCT:
                    return False
                A[r, k] = (pivot * A[r, k] - factor * A[p, k]) // previous
        previous = pivot
    scale = abs(previous)  # every diagonal entry now equals the determinant, up to its sign
    turn = np.int64(1) if previous > 0 else np.int64(-1)
    for i in range(q):
        A[i, q] *= turn
        if A[i, q] < 0:
            return False
    total = np.int64(0)
    for k in range(d + 1):
        if k < d and not rests[k]:
            continue
        entry, size = scale * np.int64(goal[k]), float(scale) * abs(goal[k])
        for i in range(q):
            entry += A[i, q] * np.int64(rows[i, k])
            size += float(A[i, q]) * abs(rows[i, k])
        side = 1.0
        if k < d and entry != 0:
            side = upper[k] if entry > 0 else lower[k]
        size *= abs(side)
        if not size + abs(float(total)) < LARGEST_PRODUCT or side != np.floor(side):
            return False
        total += entry * np.int64(side)
    return total <= 0


@compiled
def proves_by_layer(problem, state, layer, local, sign, target):
    """Whether sign · z ≤ 0 follows in the outputs of the layer below: coordinates ≥ 0, and exact rows in this layer.

    This proves what `proves_by_coordinates` cannot where few units below are active: then the forms of this layer
    span less than R^d, and multipliers of other rows are exactly 0, which floats do not show.
    """
    d, starts = problem.lower.shape[0], problem.starts
    if layer == 0:
        return False
    below = starts[layer] - starts[layer - 1]
    place = np.full(below, -1, dtype=np.int64)
    n = np.int64(0)
    for v in range(below):
        if state.bits[starts[layer - 1] + v] == 1:
            place[v] = n
            n += 1
    rests = np.zeros(n, dtype=np.bool_)
    rows = np.zeros((d, n + 1))
    multipliers, goal = np.zeros(d), np.zeros(n + 1)
    largest = 0.0
    for j in range(d):
        largest = max(largest, abs(state.table[j, target]))
    q = np.int64(0)
    for j in range(d):
        variable = state.nonbasic[j]
        if variable < d or abs(state.table[j, target]) <= 1e-9 * largest:
            continue
        unit = state.row_units[variable - d]
        if starts[layer] <= unit:
            multipliers[q] = -sign * state.table[j, target]
            layer_row(problem, state, layer, unit - starts[layer], place, n, rows[q])
            if state.bits[unit] == 0:
                for k in range(n + 1):
                    rows[q, k] = -rows[q, k]
            q += 1
        elif starts[layer - 1] <= unit and state.bits[unit] == 1:
            rests[place[unit - starts[layer - 1]]] = True
        else:
            return False
    layer_row(problem, state, layer, local, place, n, goal)
    for k in range(n + 1):
        goal[k] = sign * goal[k]
    for v in range(n):  # a coordinate that already falls needs no multiplier of another row
        if q == 0:
            rests[v] = True
    exact, upper = np.zeros((d + 1, n + 1)), np.full(n, np.inf)
    return cancels(goal, rows, exact, d, multipliers, q, n, rests, np.zeros(n), upper, state.matrix, state.inverse)


@inlined
def layer_row(problem, state, layer, local, place, n, row):
    """A unit's pre-activation as a form in the active outputs of the layer below: weights and bias, exactly."""
    for v in range(place.shape[0]):
        if place[v] >= 0:
            row[place[v]] = problem.weights[layer, v, local]
    row[n] = problem.biases[layer, local]


@compiled
def cancels(goal, rows, errors, last, multipliers, q, n, rests, lower, upper, H, C):
    """Whether R = goal + Σ λ_i row_i ≤ 0 for some λ ≥ 0 that cancels the coordinates without rest exactly.

    Forms have n coordinates and a constant (column n); q rows face q coordinates without rest. With H the rows along
    these, C ≈ H⁻¹, r what λ̂ leaves there and Δ = H C − I, the exact λ differs from λ̂ by at most Σ|r C| / (1 − ‖Δ‖).
    All of this is bounded with rounding errors; λ̂ above its error proves λ > 0. Coordinates that rest at a side
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


@inlined
def side_share(c, low, high):
    """Bound of max c·y over the side [low, high]; inf where it is open."""
    side = high if c > 0.0 else low
    return c * side + TINY if c != 0.0 and side != 0.0 else 0.0
