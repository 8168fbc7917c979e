"""The generators of cones in floats, with rigorous errors: what forms are on them, and new ones between them, compiled.

Notation: a cell {y : h_i(y) ≥ 0} in R^d is the cone {g = (x, t) : h_i(g) ≥ 0, t ≥ 0} in R^D, D = d + 1, at t = 1; a
form is linear in g. The cone is kept as its extreme rays and, before these span it alone, its lines (both together:
its *generators*; the lines come first). A generator with t > 0 is a vertex of the cell, one with t = 0 a direction to
infinity. Each has a *mask*: the bits of the rows that vanish on it.

What makes it rigorous: a stored generator ĝ differs from the exact one, at some scale, by at most e σ_k in coordinate k
(σ is the size of the coordinates), and its size is s ≥ max |ĝ_k| / σ_k; so a form's value is known up to a margin.
Errors grow from generator to generator; one whose error has become large is found again from the rows that vanish on
it. Where forms are small integers, generators are kept as exact integers (e = 0), and values are exact.
"""

from typing import NamedTuple

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.geometry.elimination import invert

__all__ = [
    "ABOVE",
    "BELOW",
    "BLUNT",
    "DOUBT",
    "MIXED",
    "UNIT",
    "Cones",
    "combine",
    "find_sides",
    "scan_forms",
    "sharpen",
]

UNIT = 2.0**-53
TINY = 1e-290
EXACT = 2.0**52
"""Integers below are sums and products without rounding."""
BLUNT = 2.0**-4
"""Error above which a new generator is found again from its rows at once; below, when a sign is in doubt."""
DOUBT = 2
"""The side of a generator whose sign is not certain."""
BELOW, ABOVE, MIXED = 0, 1, 2
"""What a form is on a cone: ≤ 0; ≥ 0 and somewhere positive; neither, or in doubt."""


class Cones(NamedTuple):
    """A stack of cones, each a block of columns; C columns in all, room for M rows.

    Attributes
    ----------
    generators, masks, sizes, errors
        The columns, shapes (D, C) and (C,).
    values, margins, sides
        What `find_sides` found for the cone on top, by place in its block, shape (C,).
    copy, copy_masks, copy_sizes, copy_errors
        Room for a cone.
    places
        Room for lists of generators, shape (2, C).
    scale
        σ, with 1 for t, shape (D,).
    rows, row_errors
        The form of each mask bit on the path and the bound of its error (as in `find_sides`), shapes (D, M) and (M,).
    room, lists
        Room for matrices and vectors, shapes (3, D, D) and (3, D).
    """

    generators: np.ndarray
    masks: np.ndarray
    sizes: np.ndarray
    errors: np.ndarray
    values: np.ndarray
    margins: np.ndarray
    sides: np.ndarray
    copy: np.ndarray
    copy_masks: np.ndarray
    copy_sizes: np.ndarray
    copy_errors: np.ndarray
    places: np.ndarray
    scale: np.ndarray
    rows: np.ndarray
    row_errors: np.ndarray
    room: np.ndarray
    lists: np.ndarray


@inner
def evaluate(generators, values, first, count, forms, u):
    """The values of form `forms[:, u]` at a cone's generators."""
    D = generators.shape[0]
    begin = np.uint64(first)  # unsigned: Numba would otherwise look for indices that count from the end
    c = forms[D - 1, u]
    for i in range(count):
        values[i] = c * generators[D - 1, begin + np.uint64(i)]
    for k in range(D - 1):
        c = forms[k, u]
        for i in range(count):
            values[i] += c * generators[k, begin + np.uint64(i)]


@inner
def size_of_form(forms, u, scale):
    """Σ|c_k| σ_k, rounded up."""
    total = 0.0
    for k in range(scale.shape[0]):
        total += abs(forms[k, u]) * scale[k]
    return 1.0001 * total


@inner
def scan_forms(
    generators, sizes, errors, values, scale, first, count, lines, forms, form_errors, exact, outcomes, start, width
):
    """Which forms keep one sign on a cone: ABOVE, BELOW, or MIXED where they do not, or where a sign is in doubt.

    Writes outcomes[start + u] for every form u; the bounds are those of `find_sides`.
    """
    D = generators.shape[0]
    size_of, error_of = sizes[first : first + count], errors[first : first + count]
    for u in range(width):
        evaluate(generators, values, first, count, forms, u)
        steep = size_of_form(forms, u, scale) + form_errors[u]
        slack = 1.0001 * form_errors[u] + 2.0 * (D + 2) * UNIT * steep
        above, below = 0, 0  # counted without a branch, so that the loop becomes vector instructions
        for i in range(count):
            margin = size_of[i] * slack + error_of[i] * steep + TINY
            if exact:
                margin = 0.0 if error_of[i] == 0.0 and size_of[i] * steep < EXACT else margin
            above += 1 if values[i] >= margin else 0
            below += 1 if values[i] <= -margin else 0
        outcomes[start + u] = MIXED
        if lines == 0:
            outcomes[start + u] = BELOW if below == count else (ABOVE if above == count else MIXED)


@inner
def look_again(generators, sizes, errors, values, margins, sides, scale, column, place, forms, u, form_error):
    """The side of one generator that was in doubt, after its column has become more accurate."""
    D = generators.shape[0]
    value = 0.0
    for k in range(D):
        value += forms[k, u] * generators[k, column]
    steep = size_of_form(forms, u, scale) + form_error
    slack = 1.0001 * form_error + 2.0 * (D + 2) * UNIT * steep
    margin = sizes[column] * slack + errors[column] * steep + TINY
    values[place], margins[place] = value, margin
    if value > margin:
        sides[place] = 1
    elif value < -margin:
        sides[place] = -1


@compiled
def find_sides(
    generators, sizes, errors, values, margins, sides, scale, first, count, lines, forms, u, form_error, exact
):
    """The sides of a cone's generators to the hyperplane of form `forms[:, u]`: 1, −1, 0 (exactly on it) or DOUBT.

    Parameters
    ----------
    form_error
        Bound of Σ|δc_k| σ_k.
    exact
        Whether the coefficients are integers.

    Returns
    -------
    tuple
        Whether a generator lies on the positive side, whether one lies on the negative side, and how many are in doubt
        (none matters where a line crosses the hyperplane).
    """
    D = generators.shape[0]
    evaluate(generators, values, first, count, forms, u)
    steep = size_of_form(forms, u, scale) + form_error
    slack = 1.0001 * form_error + 2.0 * (D + 2) * UNIT * steep
    size_of, error_of = sizes[first : first + count], errors[first : first + count]
    above, below, doubts = 0, 0, 0
    for i in range(count):
        margin = size_of[i] * slack + error_of[i] * steep + TINY
        if exact:
            margin = 0.0 if error_of[i] == 0.0 and size_of[i] * steep < EXACT else margin
        margins[i] = margin
        up = 1 if values[i] > margin else 0
        down = 1 if values[i] < -margin else 0
        doubt = 1 if up + down == 0 and margin != 0.0 else 0
        sides[i] = up - down + DOUBT * doubt
        above += up
        below += down
        doubts += doubt
    for i in range(lines):
        if sides[i] == 1 or sides[i] == -1:
            return True, True, 0
    return above > 0, below > 0, doubts


@inner
def combine(generators, sizes, errors, scale, a, b, wa, wb, doubt, distance, target):
    """Write column target = wa · a + wb · b, shortened.

    In integers where columns and weights are (doubt = 0) and the result is small, else scaled to size 1. `doubt` bounds
    the error of the weights of the scaled columns a / s_a and b / s_b, `distance` what it can change, per coordinate.
    """
    D = generators.shape[0]
    a, b, target = np.uint64(a), np.uint64(b), np.uint64(target)
    if doubt == 0.0 and errors[a] == 0.0 and errors[b] == 0.0:
        small = True
        for k in range(D):
            if not abs(wa * generators[k, a]) + abs(wb * generators[k, b]) < EXACT:
                small = False
        if small:
            divisor = np.int64(0)
            for k in range(D):
                entry = wa * generators[k, a] + wb * generators[k, b]
                generators[k, target] = entry
                rest = np.int64(abs(entry))
                while rest != 0:
                    divisor, rest = rest, divisor % rest
            size = 0.0
            for k in range(D):
                if divisor > 1:
                    generators[k, target] = generators[k, target] / divisor
                size = max(size, abs(generators[k, target]) / scale[k])
            sizes[target], errors[target] = 1.0001 * size, 0.0
            return
    error = abs(wa) * errors[a] + abs(wb) * errors[b] + doubt * (distance + errors[a] / sizes[a] + errors[b] / sizes[b])
    error += 12.0 * UNIT * (abs(wa) * sizes[a] + abs(wb) * sizes[b])
    size = 0.0
    for k in range(D):
        entry = wa * generators[k, a] + wb * generators[k, b]
        generators[k, target] = entry
        size = max(size, abs(entry) / scale[k])
    if not 0.5 < size < 2.0:
        for k in range(D):
            generators[k, target] /= size
        error = error / size + 2.0 * UNIT
        size = 1.0
    sizes[target], errors[target] = 1.0001 * size, 1.0001 * error


class Correction(NamedTuple):
    """Room for `sharpen`: q = D − 1 rows along the coordinates but one, and a Newton step.

    Attributes
    ----------
    rows, inverse
        A (columns in units of the scale) and C ≈ A⁻¹, shape (q, q) or larger.
    moved
        The generator, shape (D,).
    residual, slack
        For each row: its value at the generator or a bound of it, and a bound of its rounding errors at size 1; shape
        (q,).
    bits
        Which rows these are, shape (q,).
    """

    rows: np.ndarray
    inverse: np.ndarray
    moved: np.ndarray
    residual: np.ndarray
    slack: np.ndarray
    bits: np.ndarray


@inner
def sharpen(generators, sizes, errors, scale, rows, row_errors, room, lists, bits, mask, target):
    """Find a ray again from the rows that vanish on it, where that makes its error smaller.

    With one coordinate of g kept, the others solve A x = 0 for D − 1 of these rows. For C ≈ A⁻¹ and the residual r of a
    Newton step from ĝ, the error is at most |C| |r| / (1 − ‖I − C A‖), everything bounded with rounding errors.
    """
    D = generators.shape[0]
    correction = Correction(room[0], room[2], lists[0], lists[1], lists[2], bits)
    if not choose_rows(correction, rows.shape[1], mask, D - 1):
        return
    kept = keep_coordinate(correction, generators, scale, target)
    write_system(correction, rows, row_errors, scale, kept, room[1])
    if not invert(room[1], correction.inverse, D - 1):
        return
    size = newton_step(correction, scale, kept)
    bound_residuals(correction, rows, size)
    error, spread = bound_step(correction, D - 1)
    if not spread < 0.5:
        return
    error = 1.001 * error / (1.0 - spread) + TINY
    if error < errors[target]:
        for k in range(D):
            generators[k, target] = correction.moved[k]
        sizes[target], errors[target] = size, error


@inner
def choose_rows(correction, count, mask, wanted):
    """The first rows that vanish on the ray; False where there are fewer than wanted."""
    found = 0
    for bit in range(count):
        if (mask >> bit) & 1 == 1 and found < wanted:
            correction.bits[found] = bit
            found += 1
    return found == wanted


@inner
def keep_coordinate(correction, generators, scale, target):
    """Copy the ray; the coordinate that is largest in units of the scale."""
    moved, kept, largest = correction.moved, 0, -1.0
    for k in range(generators.shape[0]):
        moved[k] = generators[k, target]
        if abs(moved[k]) / scale[k] > largest:
            kept, largest = k, abs(moved[k]) / scale[k]
    return kept


@inner
def write_system(correction, rows, row_errors, scale, kept, copy):
    """A (and a copy of it, which `invert` uses up), what the rows leave at the ray, and their rounding errors."""
    A, moved, D = correction.rows, correction.moved, scale.shape[0]
    for i in range(D - 1):
        bit, column = correction.bits[i], 0
        correction.residual[i] = 0.0
        correction.slack[i] = 1.0001 * row_errors[bit] + 2.0 * (D + 4) * UNIT * size_of_form(rows, bit, scale)
        for k in range(D):
            correction.residual[i] += rows[k, bit] * moved[k]
            if k != kept:
                A[i, column] = rows[k, bit] * scale[k]
                copy[i, column] = A[i, column]
                column += 1


@inner
def newton_step(correction, scale, kept):
    """Move the ray towards the zeros of all rows; its size."""
    C, moved, D = correction.inverse, correction.moved, scale.shape[0]
    column, size = 0, 0.0
    for k in range(D):
        if k != kept:
            step = 0.0
            for i in range(D - 1):
                step += C[column, i] * correction.residual[i]
            moved[k] -= step * scale[k]
            column += 1
        size = max(size, 1.0001 * abs(moved[k]) / scale[k])
    return size


@inner
def bound_residuals(correction, rows, size):
    """What the rows leave after the step, rounding errors included."""
    moved, D = correction.moved, rows.shape[0]
    for i in range(D - 1):
        bit, total = correction.bits[i], 0.0
        for k in range(D):
            total += rows[k, bit] * moved[k]
        correction.residual[i] = abs(total) + size * correction.slack[i] + TINY


@inner
def bound_step(correction, q):
    """Bounds of |C| |r| and of ‖I − C A‖, the errors of the rows included."""
    A, C, residual, slack = correction.rows, correction.inverse, correction.residual, correction.slack
    error, spread = 0.0, 0.0
    for c in range(q):
        bound, deviation = 0.0, 0.0
        for i in range(q):
            bound += abs(C[c, i]) * residual[i]
            deviation += abs(C[c, i]) * slack[i]
        for j in range(q):
            total = -1.0 if j == c else 0.0
            for i in range(q):
                total += C[c, i] * A[i, j]
            deviation += abs(total) + UNIT
        error, spread = max(error, bound), max(spread, deviation)
    return error, spread
