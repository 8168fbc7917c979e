"""Ties settled exactly in compiled code: forms that are proportional, vanish at a generator, or are at most 0.

Notation: `residue_columns.py`. Floats with error bounds settle nearly every question, but never that something is
exactly 0. Such ties are common in networks without biases, with repeated or scaled units, with layers that copy, or
with Max and Min. A *copy* is a unit whose form is that of an earlier unit of the path times a factor ≠ 0;
both share one hyperplane, so the earlier unit's bit decides the later one.

Columns are passed one by one: a call with the whole state takes long to compile.
"""

from math import frexp

from relugeom.geometry.compiled import inner
from relugeom.geometry.dictionary import AT_LOWER, AT_UPPER
from relugeom.geometry.residues import LANE_BITS, cancel_row, find_pivot, remainder, sign_of, solve
from relugeom.search.columns import DOUBTFUL, SPLIT, STABLE_ACTIVE, STABLE_INACTIVE, U
from relugeom.search.layer_forms import layer_of
from relugeom.search.residue_columns import MOST_ROWS

__all__ = ["NO", "WANTED", "YES", "copied_side", "find_copies", "is_in_span", "is_never_positive"]

NO, YES, WANTED = 0, 1, 2
"""Answers; WANTED if there are too few lanes, and more can be had."""
NEAR = 1e-9
"""How near the keys of proportional forms are."""
HOPELESS = 1e9
"""Bits of an integer that is too long."""


@inner
def suffices(limits, lanes, bits):
    """Whether the lanes settle integers of so many bits: YES, NO or WANTED."""
    needed = bits / LANE_BITS + 1.1
    if needed <= lanes:
        return YES
    if needed >= limits[1]:
        return NO
    limits[0] = max(limits[0], int(needed) + 1)
    return WANTED


@inner
def bits_of(scales, magnitudes, layer, local):
    """Bits of the length of a unit's form in integers."""
    size = magnitudes[layer, local]
    if not size < 1e300:
        return HOPELESS
    return max(max(frexp(size)[1], -1000) + scales[layer], 1.0)


@inner
def compute_residues(residues, starts, bits, layer):
    """Forms of the layers up to one, as far as they are not up to date."""
    primes, inverses = residues.moduli[0], residues.moduli[1]
    lanes, D, w = primes.shape[0], residues.forms.shape[2], residues.forms.shape[1]
    for here in range(1, layer + 1):
        if residues.ready[here] == 1:
            continue
        residues.ready[here] = 1
        for u in range(starts[here + 1] - starts[here]):
            forms = residues.forms[here, u]
            for k in range(D):
                for lane in range(lanes):
                    forms[k, lane] = residues.weights[here, w, u, lane] if k == D - 1 else 0.0
            for v in range(starts[here] - starts[here - 1]):
                if bits[starts[here - 1] + v] != 1:
                    continue
                weight, below = residues.weights[here, v, u], residues.forms[here - 1, v]
                for k in range(D):
                    for lane in range(lanes):
                        value = forms[k, lane] + weight[lane] * below[k, lane]
                        forms[k, lane] = remainder(value, primes[lane], inverses[lane])


@inner
def write_keys(probes, forms, keys, others, layer, width):
    """Ratios of two fixed sums of each form's coefficients: the same for proportional forms."""
    for u in range(width):
        keys[layer, u], others[u] = 0.0, 0.0
    for k in range(forms.shape[1]):
        one, other = probes[0, k], probes[1, k]
        for u in range(width):
            keys[layer, u] += one * forms[layer, k, u]
            others[u] += other * forms[layer, k, u]
    for u in range(width):
        keys[layer, u] /= others[u]


@inner
def find_copies(
    residues, starts, forms, errors, magnitudes, bits, kinds, known, copies, keys, others, layer, undecided_only
):
    """Which units of a layer are copies; False if lanes are wanted.

    Writes copies[u]: v + 1 for a positive factor of unit v, −v − 1 for a negative one, N + 1 for a form that is 0, else
    0. With `undecided_only`, units whose side is known are not looked at. Candidates have nearly the same key. `others`
    is room.
    """
    start, width = starts[layer], starts[layer + 1] - starts[layer]
    write_keys(residues.probes, forms, keys, others, layer, width)
    for u in range(width):
        copies[start + u] = 0
        if undecided_only and known[start + u] != SPLIT:
            continue
        if not abs(others[u]) > errors[layer, u]:
            answer = is_zero(residues, starts, forms, errors, magnitudes, bits, layer, u)
            if answer == WANTED:
                return False
            if answer == YES:
                copies[start + u] = copies.shape[0] + 1
                continue
        key, near = keys[layer, u], NEAR * abs(keys[layer, u])
        for below in range(layer + 1):
            for v in range(u if below == layer else starts[below + 1] - starts[below]):
                if not abs(keys[below, v] - key) <= near or copies[start + u] != 0:
                    continue
                unit = starts[below] + v
                if kinds[unit] != SPLIT if below < layer else undecided_only and known[unit] != SPLIT:
                    continue
                factor = proportion(residues, starts, forms, errors, magnitudes, bits, layer, u, below, v)
                if factor == WANTED:
                    return False
                copies[start + u] = factor * (unit + 1)
    return True


@inner
def is_zero(residues, starts, forms, errors, magnitudes, bits, layer, local):
    """Whether a form is 0 everywhere: YES, NO or WANTED."""
    D, lanes = forms.shape[1], residues.moduli.shape[1]
    for k in range(D):
        if abs(forms[layer, k, local]) * residues.probes[2, k] > errors[layer, local]:
            return NO
    answer = suffices(residues.limits, lanes, bits_of(residues.scales, magnitudes, layer, local))
    if answer == YES:
        compute_residues(residues, starts, bits, layer)
        for k in range(D):
            for lane in range(lanes):
                if residues.forms[layer, local, k, lane] != 0.0:
                    answer = NO
    return answer


@inner
def proportion(residues, starts, forms, errors, magnitudes, bits, layer, local, below, other):
    """The sign of the factor between two proportional forms that are not 0; NO or WANTED."""
    D, place, largest = forms.shape[1], 0, -1.0
    for k in range(D):
        size = abs(forms[layer, k, local]) * residues.probes[2, k]
        if size > largest:
            place, largest = k, size
    one, two = forms[layer, place, local], forms[below, place, other]
    error = 1.0001 * errors[below, other]
    if not (largest > 1.0001 * errors[layer, local] and abs(two) * residues.probes[2, place] > error):
        return NO
    length = bits_of(residues.scales, magnitudes, layer, local) + bits_of(residues.scales, magnitudes, below, other)
    answer = suffices(residues.limits, residues.moduli.shape[1], length + 1.0)
    if answer != YES:
        return answer
    compute_residues(residues, starts, bits, layer)
    primes, inverses = residues.moduli[0], residues.moduli[1]
    mine, theirs = residues.forms[layer, local], residues.forms[below, other]
    for k in range(D):
        for lane in range(primes.shape[0]):
            value = mine[k, lane] * theirs[place, lane] - mine[place, lane] * theirs[k, lane]
            if remainder(value, primes[lane], inverses[lane]) != 0.0:
                return NO
    return YES if (one > 0.0) == (two > 0.0) else -YES


@inner
def copied_side(counters, bits, known, copies, unit):
    """The side that a unit takes as a copy: DOUBTFUL if it is none, SPLIT if its original is not decided either."""
    copy, outcome = copies[unit], DOUBTFUL
    if copy > bits.shape[0]:
        outcome = STABLE_INACTIVE
    elif copy != 0:
        original = abs(copy) - 1
        side, outcome = bits[original] if original < counters[U] else known[original], SPLIT
        if side in (STABLE_INACTIVE, STABLE_ACTIVE):
            outcome = STABLE_ACTIVE if (side == STABLE_ACTIVE) == (copy > 0) else STABLE_INACTIVE
    return outcome


@inner
def is_in_span(residues, starts, magnitudes, bits, places, unit_of, mask, layer, local):
    """Whether a form is a combination of the rows of a mask, so that it is 0 where they are: YES, NO or WANTED.

    Fraction-free elimination; its pivots are not 0 in any lane, so what it leaves of the form is 0 iff it is so before.
    `places` is room.
    """
    primes, inverses, cell = residues.moduli[0], residues.moduli[1], residues.cell
    lanes, D, rank = primes.shape[0], cell.shape[1], 0
    length = bits_of(residues.scales, magnitudes, layer, local)
    if lanes == 0:
        return suffices(residues.limits, lanes, length)
    compute_residues(residues, starts, bits, layer)
    for bit in range(unit_of.shape[0] + 1):
        last = bit == unit_of.shape[0]
        if not last and ((mask >> bit) & 1 == 0 or rank == D - 1):
            continue
        unit = starts[layer] + local if last else unit_of[bit]
        put_row(residues, starts, unit, 1.0, rank)
        for other in range(rank):
            cancel_row(cell, rank, other, places[other], D, primes, inverses, residues.vectors[0])
        pivot = find_pivot(cell, rank, D)
        if last and pivot == -2:
            return suffices(residues.limits, lanes, length)
        if pivot == -1 or last:
            return NO
        if pivot >= 0:
            length += row_bits(residues, starts, magnitudes, unit)
            places[rank] = pivot
            rank += 1
    return NO


@inner
def put_row(residues, starts, unit, turn, place):
    """Copy the row of a unit, or row −1 − unit of the domain, times 1 or −1."""
    cell = residues.cell
    if unit < 0:
        entries = residues.rows[-1 - unit]
    else:
        layer = layer_of(starts, unit)
        entries = residues.forms[layer, unit - starts[layer]]
    for k in range(cell.shape[1]):
        for lane in range(cell.shape[2]):
            cell[place, k, lane] = turn * entries[k, lane]


@inner
def row_bits(residues, starts, magnitudes, unit):
    """Bits of such a row's length."""
    if unit < 0:
        return residues.row_bits[-1 - unit]
    layer = layer_of(starts, unit)
    return bits_of(residues.scales, magnitudes, layer, unit - starts[layer])


@inner
def is_never_positive(
    residues, starts, magnitudes, bits, nonbasic, columns, slack, row_units, status, layer, local, sign
):
    """Whether sign · z ≤ 0 on the cell, by the multipliers of the present vertex: YES, NO or WANTED.

    With λ the exact multipliers, R = sign · z + Σ λ_i h_i has no coefficient along the basic coordinates; λ ≥ 0 has to
    hold, R must not rise from the side where a nonbasic coordinate rests, and R ≤ 0 at that corner. Slacks are numbered
    from `slack`. In row space, every coordinate is basic; that R falls along inputs at rest is not looked for.
    """
    d, lanes = residues.cell.shape[1] - 1, residues.moduli.shape[1]
    first = d if slack > d else 0  # row of the domain that comes first
    length = bits_of(residues.scales, magnitudes, layer, local) + residues.side_bits
    if lanes == 0:
        return suffices(residues.limits, lanes, length)
    compute_residues(residues, starts, bits, layer)
    q = 0
    for j in range(columns):
        row = nonbasic[j] - slack
        if row >= 0:
            if q == MOST_ROWS:
                return NO
            unit = row_units[row] if row_units[row] >= 0 else first - 1 - row
            turn = -1.0 if unit >= 0 and bits[max(unit, 0)] == 0 else 1.0
            put_row(residues, starts, unit, turn, q)
            length += row_bits(residues, starts, magnitudes, unit)
            q += 1
    put_row(residues, starts, starts[layer] + local, sign, q)
    answer = suffices(residues.limits, lanes, length)
    if answer == YES:
        count, vectors = write_equations(residues.cell, residues.table, nonbasic, columns, q), residues.vectors
        proved = solve(residues.table, count, q, residues.moduli[0], residues.moduli[1], vectors, vectors[3])
        answer = YES if proved and falls(residues, nonbasic, columns, status, q) else NO
    return answer


@inner
def write_equations(cell, table, nonbasic, columns, q):
    """The equations of the multipliers: every basic coordinate cancels. Returns their number."""
    equation = 0
    for k in range(cell.shape[1] - 1):
        basic = True
        for j in range(columns):
            basic = basic and nonbasic[j] != k
        if basic:
            for i in range(q + 1):
                for lane in range(cell.shape[2]):
                    table[equation, i, lane] = -cell[i, k, lane] if i == q else cell[i, k, lane]
            equation += 1
    return equation


@inner
def falls(residues, nonbasic, columns, status, q):
    """Whether the multipliers, column q of the table, prove the form in row q of the cell to be at most 0."""
    primes, inverses = residues.moduli[0], residues.moduli[1]
    vectors, d, lanes = residues.vectors, residues.cell.shape[1] - 1, residues.moduli.shape[1]
    for lane in range(lanes):
        vectors[4, lane], vectors[5, lane] = vectors[3, lane], 0.0
    orientation = sign_of(vectors[4], primes, inverses, residues.moduli)
    for i in range(q):
        if orientation * sign_over(residues, residues.table[i, q]) < 0:
            return False
    for j in range(columns + 1):
        k = nonbasic[j] if j < columns else d
        if k >= d and j < columns:
            continue
        what_is_left(residues, q, k)
        resting = status[j] if j < columns else -1
        for lane in range(lanes):
            side = residues.box[k + d * (resting == AT_UPPER) if j < columns else 2 * d, lane]
            vectors[5, lane] = remainder(vectors[5, lane] + vectors[6, lane] * side, primes[lane], inverses[lane])
        if j < columns:
            slope = orientation * sign_over(residues, vectors[6])
            if (slope > 0 and resting != AT_UPPER) or (slope < 0 and resting != AT_LOWER):
                return False
    return orientation * sign_over(residues, vectors[5]) <= 0


@inner
def sign_over(residues, values):
    """The sign of a quotient by the determinant, times the determinant's."""
    primes, inverses, vectors = residues.moduli[0], residues.moduli[1], residues.vectors
    for lane in range(primes.shape[0]):
        vectors[4, lane] = remainder(values[lane] * vectors[3, lane], primes[lane], inverses[lane])
    return sign_of(vectors[4], primes, inverses, residues.moduli)


@inner
def what_is_left(residues, q, k):
    """Coefficient k of the form with its multiples of rows, in vector 6."""
    cell, table, left = residues.cell, residues.table, residues.vectors[6]
    primes, inverses = residues.moduli[0], residues.moduli[1]
    for lane in range(primes.shape[0]):
        left[lane] = cell[q, k, lane]
    for i in range(q):
        for lane in range(primes.shape[0]):
            value = left[lane] + table[i, q, lane] * cell[i, k, lane]
            left[lane] = remainder(value, primes[lane], inverses[lane])
