"""The dictionary in row space: inputs whose columns are computed only when they are needed (compiled).

Notation: with many more inputs x than forms, forms are written in a few coordinates y = W x instead, and the cell is
cut out of the image of the box of x. In the dictionary, the coordinates y are basic variables without bounds, and an
input is either basic or *at rest*: at a side of the box, or free where the search began. Only slacks have stored
columns, at most one for each coordinate y. The column of an input follows from them: with C its column, T that of
the slacks, w = W e_k and h = (forms of these slacks) · w, the rows of y have C = w − T h, those of inputs C = −T h, and
those of slacks C = (their form) · w − T h. So all inputs are priced by one product of a vector with W.
"""

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.geometry.dictionary import AT_LOWER, AT_UPPER, FREE
from relugeom.search.columns import COLUMNS

__all__ = [
    "blend_goal",
    "blend_rows",
    "box_support",
    "bring_in",
    "choose_input",
    "is_wide",
    "place_outputs",
    "rest_input",
    "settle_columns",
]


@inner
def is_wide(problem):
    """Whether the dictionary is in row space."""
    return problem.spread.shape[0] > 0


@inner
def blend_rows(spread, blend, blended):
    """Coefficients along the inputs of a form that has these coefficients along y; rows of zeros fill up W."""
    for k in range(blended.shape[0]):
        blended[k] = 0.0
    for u in range(0, spread.shape[0], 4):  # four at once: the sums are loaded and stored less often
        one, two, three, four = np.uint64(u), np.uint64(u + 1), np.uint64(u + 2), np.uint64(u + 3)
        a, b, c, e = blend[one], blend[two], blend[three], blend[four]
        for k in range(blended.shape[0]):
            blended[k] += (a * spread[one, k] + b * spread[two, k]) + (c * spread[three, k] + e * spread[four, k])


@inner
def place_outputs(problem, point):
    """Compute y = W x of a point (y, x), in floats."""
    p, n, w = problem.spread_of.shape[1], problem.spread_of.shape[0], problem.spread_of
    for u in range(p):
        point[u] = 0.0
    for k in range(0, n, 2):
        first, second = np.uint64(k), np.uint64(min(k + 1, n - 1))
        x, other = point[p + k], point[p + k + 1] if k + 1 < n else 0.0
        for u in range(p):
            point[u] += x * w[first, u] + other * w[second, u]


@inner
def box_support(problem, state, form, sign):
    """The maximum of sign · form over the box of the inputs.

    Each of its 2n + p + 4 rounding errors is at most UNIT times the form's size, so margins have to count them.
    """
    p, n, prices = problem.reach.shape[0], problem.spread.shape[1], state.prices
    for u in range(p):
        state.blend[u] = sign * form[u]
    blend_rows(problem.spread, state.blend, prices)
    for k in range(n):
        state.offers[k] = prices[k] * problem.mids[k] + abs(prices[k]) * problem.halves[k]
    return sign * form[p] + sum_of(state.offers, n)


@inner
def blend_goal(problem, state, target):
    """The form whose coefficients are the costs of the inputs at rest; returns the size of what they are sums of."""
    D, p = problem.lower.shape[0], problem.reach.shape[0]
    largest = 1e-300
    for u in range(p):
        state.blend[u] = state.form[u]
        largest = max(largest, abs(state.form[u]) * problem.peaks[u])
    for j in range(state.counters[COLUMNS]):
        cost, row = state.table[j, target], state.nonbasic[j] - D
        for u in range(p):
            term = cost * state.row_forms[row, u]
            state.blend[u] -= term
            largest = max(largest, abs(term) * problem.peaks[u])
    return largest


@inner
def choose_input(problem, state, sign, smallest_index, least):
    """An input at rest whose move raises sign · goal, the steepest or the first, and what all such moves gain at most.

    Gains below `least` count as 0; then the number is −1.
    """
    n, prices, turns, loose, offers = state.prices.shape[0], state.prices, state.turns, state.loose, state.offers
    for k in range(n):
        gain = sign * prices[k]
        offers[k] = max(gain * turns[k] + abs(gain) * loose[k], 0.0)
    one = two = three = four = 0.0  # four maxima do not wait for each other
    end = n - n % 4
    for k in range(0, end, 4):
        one = offers[k] if offers[k] > one else one
        two = offers[k + 1] if offers[k + 1] > two else two
        three = offers[k + 2] if offers[k + 2] > three else three
        four = offers[k + 3] if offers[k + 3] > four else four
    for k in range(end, n):
        one = offers[k] if offers[k] > one else one
    best = max(max(one, two), max(three, four))
    if not best > least:
        return -1, 0.0
    found, bound = n, least if smallest_index else best * (1.0 - 1e-15)
    for k in range(n):
        found = min(found, k if offers[k] > bound else n)
    for k in range(n):
        offers[k] *= 2.0 * problem.halves[k]
    return found, sum_of(offers, n)


@inner
def sum_of(values, count):
    """Sum of the first values."""
    one = two = three = four = 0.0  # four sums do not wait for each other
    end = count - count % 4
    for k in range(0, end, 4):
        one += values[k]
        two += values[k + 1]
        three += values[k + 2]
        four += values[k + 3]
    for k in range(end, count):
        one += values[k]
    return (one + two) + (three + four)


@inner
def bring_in(problem, state, k, target):
    """Store the column of an input at rest after the others; returns its place."""
    D, p, slot = problem.lower.shape[0], problem.reach.shape[0], state.counters[COLUMNS]
    table, row_forms, w = state.table, state.row_forms, problem.spread_of
    for r in range(target):
        variable, total = state.basic[r], 0.0
        if variable < p:
            total = w[k, variable]
        elif variable >= D:
            for u in range(p):
                total += row_forms[variable - D, u] * w[k, u]
        table[slot, r] = total
    for j in range(slot):
        share, row = 0.0, state.nonbasic[j] - D
        for u in range(p):
            share += row_forms[row, u] * w[k, u]
        for r in range(target):
            table[slot, r] -= share * table[j, r]
    table[slot, target] = state.costs[slot] = state.prices[k]
    state.nonbasic[slot], state.resting[slot] = p + k, state.corner[p + k]
    side = AT_LOWER if state.turns[k] > 0.0 else AT_UPPER
    state.status[slot] = FREE if state.loose[k] > 0.0 else side
    return slot


@inner
def settle_columns(problem, state, entering, entered, count):
    """After an exchange: the variable that entered is basic; one that left is stored if it is a slack, else at rest.

    `count` is the number of rows, the goal included.
    """
    D, p = problem.lower.shape[0], problem.reach.shape[0]
    last = max(state.counters[COLUMNS] - 1, entering)
    if p <= entered < D:
        state.turns[entered - p] = state.loose[entered - p] = 0.0
    left = state.nonbasic[entering]
    if left < D:
        rest_input(problem, state, entering)
        if entering < last:
            for r in range(count):
                state.table[entering, r] = state.table[last, r]
            state.costs[entering], state.nonbasic[entering] = state.costs[last], state.nonbasic[last]
            state.resting[entering], state.status[entering] = state.resting[last], state.status[last]
        last -= 1
    state.counters[COLUMNS] = last + 1


@inner
def rest_input(problem, state, slot):
    """Let the input of a stored column rest where it is."""
    p, variable = problem.reach.shape[0], state.nonbasic[slot]
    state.corner[variable] = state.resting[slot]
    state.loose[variable - p] = 1.0 if state.status[slot] == FREE else 0.0
    state.turns[variable - p] = 0.0
    if state.status[slot] != FREE:
        state.turns[variable - p] = 1.0 if state.status[slot] == AT_LOWER else -1.0
