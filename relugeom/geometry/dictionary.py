"""The warm simplex dictionary of one cell, compiled.

Notation: variables are the d coordinates y (numbers 0 … d − 1) and one slack per row of the cell (numbers d, d + 1,
…; row r is an affine form h_r ≥ 0). A *dictionary* writes every basic variable as an affine function of d nonbasic
ones:

    x_basic[r] = value[r] + Σ_j table[j, r] (x_nonbasic[j] − its present value)

so `value` is the present vertex. The table is stored column by column (one contiguous column per nonbasic variable),
which makes a pivot d vector operations along the rows. The goal, the form that is to rise, is the last row; `costs`
holds its coefficients once more, side by side. All numbers are floats: a dictionary proposes, and proofs start from
the rows again.
"""

import numpy as np

from relugeom.geometry.compiled import inner

__all__ = [
    "AT_LOWER",
    "AT_UPPER",
    "FREE",
    "choose_column",
    "longest_step",
    "move",
    "pivot",
    "write_bounds",
    "write_form",
]

AT_LOWER, AT_UPPER, FREE = 0, 1, 2
PIVOT_TOLERANCE = 1e-11
COST_TOLERANCE = 1e-12


@inner
def write_form(form, d, columns, table, value, rows, basic, nonbasic, resting, costs, places, column):
    """Write a form over y as the goal, row `rows` of the table, in the present nonbasic variables.

    `places` and `column` are room.
    """
    total, count = form[d], 0
    for j in range(columns):
        costs[j] = 0.0
        if nonbasic[j] < d:
            costs[j] = form[nonbasic[j]]
            total += costs[j] * resting[j]
    for r in range(rows):
        if basic[r] < d and form[basic[r]] != 0.0:
            places[count], column[count] = r, form[basic[r]]
            total += column[count] * value[r]
            count += 1
    for j in range(columns):
        cost = costs[j]
        for i in range(count):
            cost += column[i] * table[j, np.uint64(places[i])]
        costs[j] = cost
        table[j, rows] = cost
    value[rows] = total


@inner
def choose_column(d, costs, status, sign, smallest_index, nonbasic, gains, scale):
    """A nonbasic variable whose move raises sign · goal: the steepest, or that of smallest number; else −1.

    Costs much smaller than the largest, or than `scale`, count as 0. `gains` is room: without branches, its loop
    becomes vector instructions.
    """
    for j in range(d):
        cost = sign * costs[j]
        gains[j] = abs(cost) if status[j] == FREE else (-cost if status[j] == AT_UPPER else cost)
    best, best_gain = -1, 0.0
    for j in range(d):
        if abs(costs[j]) > scale:
            scale = abs(costs[j])
        if gains[j] > best_gain:
            best, best_gain = j, gains[j]
    if best_gain <= COST_TOLERANCE * scale:
        return -1
    if smallest_index:
        for j in range(d):
            if gains[j] > COST_TOLERANCE * scale and nonbasic[j] < nonbasic[best]:
                best = j
    return best


@inner
def write_bounds(d, basic, rows, lower, upper, floors, ceilings):
    """Bounds of the basic variables, row by row."""
    for r in range(rows):
        floors[r], ceilings[r] = 0.0, np.inf
        if basic[r] < d:
            floors[r], ceilings[r] = lower[basic[r]], upper[basic[r]]


@inner
def longest_step(table, entering, direction, value, rows, basic, floors, ceilings, ratios, smallest_index):
    """How far a nonbasic variable moves until a basic one meets a bound: (step, row), row −1 where nothing blocks.

    `ratios` is room: without branches, its loop becomes vector instructions.
    """
    for r in range(rows):
        slope = direction * table[entering, r]
        below, above = value[r] - floors[r], ceilings[r] - value[r]
        ratio = max(below if slope < 0.0 else above, 0.0) / max(abs(slope), PIVOT_TOLERANCE)
        ratios[r] = ratio if abs(slope) > PIVOT_TOLERANCE else np.inf
    step, blocking = np.inf, -1
    for r in range(rows):
        if ratios[r] < step:
            step, blocking = ratios[r], r
    if blocking >= 0:
        for r in range(blocking + 1, rows):
            if ratios[r] == step:
                better = basic[r] < basic[blocking]
                if not smallest_index:
                    better = abs(table[entering, r]) > abs(table[entering, blocking])
                if better:
                    blocking = r
    return step, blocking


@inner
def move(table, entering, value, count, distance):
    """Move a nonbasic variable by `distance`: every basic variable follows."""
    for r in range(count):
        value[r] += distance * table[entering, r]


@inner
def pivot(d, table, value, count, basic, nonbasic, resting, leaving, entering, costs, column):
    """Exchange the basic variable of row `leaving` with the nonbasic variable of column `entering`.

    `resting[entering]` must be the entering variable's present value; afterwards it is the leaving variable's. The last
    of the `count` rows is the goal. `column` is room: loops that read another array than they write become vector
    instructions.
    """
    inverse = 1.0 / table[entering, leaving]
    for r in range(count):
        column[r] = table[entering, r]
    row, last = np.uint64(leaving), np.uint64(count - 1)
    for j in range(d):
        if j != entering:
            factor = -table[j, row] * inverse
            if factor != 0.0:
                for r in range(count):
                    table[j, r] += factor * column[r]
            table[j, row] = factor
            costs[j] = table[j, last]
    for r in range(count):
        table[entering, r] = column[r] * inverse
    table[entering, leaving] = inverse
    costs[entering] = table[entering, last]
    basic[leaving], nonbasic[entering] = nonbasic[entering], basic[leaving]
    value[leaving], resting[entering] = resting[entering], value[leaving]
