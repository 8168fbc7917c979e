"""The warm simplex dictionary of one cell, compiled.

Notation: variables are the d coordinates y (numbers 0 … d − 1) and one slack per row of the cell (numbers d, d + 1,
…; row r is an affine form h_r ≥ 0). A *dictionary* writes every basic variable as an affine function of d nonbasic
ones:

    x_basic[r] = value[r] + Σ_j table[j, r] (x_nonbasic[j] − its present value)

so `value` is the present vertex. The table is stored column by column (one contiguous column per nonbasic variable),
which makes a pivot d vector operations along the rows. All numbers are floats: a dictionary proposes, and proofs
start from the rows again.
"""

import numpy as np

from relugeom.geometry.compiled import inlined, inner

__all__ = ["AT_LOWER", "AT_UPPER", "FREE", "choose_column", "longest_step", "move", "pivot", "write_form"]

AT_LOWER, AT_UPPER, FREE = 0, 1, 2
PIVOT_TOLERANCE = 1e-11
COST_TOLERANCE = 1e-12


@inner
def write_form(form, d, table, value, rows, basic, nonbasic, resting, target):
    """Write a form over y as row `target` of the table, in the present nonbasic variables."""
    total = form[d]
    for j in range(d):
        table[j, target] = 0.0
    for j in range(d):
        if nonbasic[j] < d:
            coefficient = form[nonbasic[j]]
            table[j, target] += coefficient
            total += coefficient * resting[j]
    for r in range(rows):
        if basic[r] < d:
            coefficient = form[basic[r]]
            if coefficient != 0.0:
                total += coefficient * value[r]
                for j in range(d):
                    table[j, target] += coefficient * table[j, r]
    value[target] = total


@inlined
def choose_column(d, table, target, status, sign, smallest_index, nonbasic, scale):
    """A nonbasic variable whose move raises sign · row `target`: the steepest, or that of smallest number; else −1."""
    best, best_gain = -1, COST_TOLERANCE * scale
    for j in range(d):
        cost = sign * table[j, target]
        gain = -cost if status[j] == AT_UPPER else (abs(cost) if status[j] == FREE else cost)
        if gain > COST_TOLERANCE * scale:
            if smallest_index:
                if best < 0 or nonbasic[j] < nonbasic[best]:
                    best = j
            elif gain > best_gain:
                best, best_gain = j, gain
    return best


@inner
def longest_step(d, table, entering, direction, value, rows, basic, lower, upper, smallest_index):
    """How far a nonbasic variable moves until a basic one meets a bound: (step, row), row −1 where nothing blocks."""
    step, blocking, best_pivot = np.inf, -1, 0.0
    for r in range(rows):
        slope = direction * table[entering, r]
        if abs(slope) <= PIVOT_TOLERANCE:
            continue
        variable = basic[r]
        if slope < 0.0:
            bound = lower[variable] if variable < d else 0.0
            if bound == -np.inf:
                continue
            room = value[r] - bound
        else:
            if variable >= d or upper[variable] == np.inf:
                continue
            room = upper[variable] - value[r]
        ratio = max(room, 0.0) / abs(slope)
        if ratio < step:
            step, blocking, best_pivot = ratio, r, abs(slope)
        elif ratio == step:
            better = variable < basic[blocking] if smallest_index else abs(slope) > best_pivot
            if better:
                blocking, best_pivot = r, abs(slope)
    return step, blocking


@inlined
def move(table, entering, value, count, distance):
    """Move a nonbasic variable by `distance`: every basic variable follows."""
    for r in range(count):
        value[r] += distance * table[entering, r]


@inner
def pivot(d, table, value, count, basic, nonbasic, resting, leaving, entering):
    """Exchange the basic variable of row `leaving` with the nonbasic variable of column `entering`.

    `resting[entering]` must be the entering variable's present value; afterwards it is the leaving variable's.
    """
    inverse = 1.0 / table[entering, leaving]
    for j in range(d):
        if j != entering:
            factor = -table[j, leaving] * inverse
            if factor != 0.0:
                for r in range(count):
                    table[j, r] += factor * table[entering, r]
            table[j, leaving] = factor
    for r in range(count):
        table[entering, r] *= inverse
    table[entering, leaving] = inverse
    basic[leaving], nonbasic[entering] = nonbasic[entering], basic[leaving]
    value[leaving], resting[entering] = resting[entering], value[leaving]
