"""The affine forms of a layer's units on a cell, with rigorous error bounds, compiled.

Under the bits of the layers below, a layer's pre-activations are affine forms of y. Floats compute them, and every
form carries a bound of how far it is from the exact one (notation: `columns.py`).
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inlined
from relugeom.partition.columns import TINY, UNIT


@inlined
def layer_of(starts, unit):
    """The layer of a unit."""
    layer = 0
    while starts[layer + 1] <= unit:
        layer += 1
    return layer


@compiled
def compute_forms(problem, state, layer):
    """Forms, error bounds and magnitudes of a layer, from the bits of the layer below."""
    d = problem.lower.shape[0]
    starts = problem.starts
    width = starts[layer + 1] - starts[layer]
    forms, errors, magnitudes = state.forms[layer], state.errors[layer], state.magnitudes[layer]
    state.largest[layer] = problem.integral[layer]
    if layer == 0:
        for u in range(width):
            size, error, lost = abs(problem.first[u, d]), problem.first_errors[u, d], 0.0
            for k in range(d + 1):
                forms[u, k] = problem.first[u, k]
                if problem.first[u, k] != 0.0 or problem.first_errors[u, k] > 0.0:
                    lost = problem.guard
                if k < d and problem.bounded:
                    size += abs(problem.first[u, k]) * problem.reach[k]
                    error += problem.first_errors[u, k] * problem.reach[k]
                state.form_errors[layer, u, k] = problem.first_errors[u, k]
            errors[u], magnitudes[u] = error + lost, size
        return
    below = starts[layer] - starts[layer - 1]
    lower_forms, lower_errors = state.forms[layer - 1], state.errors[layer - 1]
    lower_sizes = state.magnitudes[layer - 1]
    # Sums of products of integers below 2⁵² are exact.
    grown = problem.integral[layer] * (below * state.largest[layer - 1] + 1.0)
    state.largest[layer] = grown if grown < 2.0**52 else np.inf
    sums, terms = state.sums, np.int64(2)  # sums[k, u]: one contiguous run of units per coefficient
    for u in range(width):
        for k in range(d):
            sums[k, u] = 0.0
        sums[d, u] = problem.biases[layer, u]
        errors[u], magnitudes[u] = 0.0, abs(problem.biases[layer, u])
    for v in range(below):
        if state.bits[starts[layer - 1] + v] == 1:
            terms += 1
            for k in range(d + 1):
                factor = lower_forms[v, k]
                for u in range(width):
                    sums[k, u] += factor * problem.weights[layer, v, u]
            error, size = lower_errors[v], lower_sizes[v]
            for u in range(width):
                errors[u] += error * abs(problem.weights[layer, v, u])
                magnitudes[u] += size * abs(problem.weights[layer, v, u])
    for u in range(width):
        for k in range(d + 1):
            forms[u, k] = sums[k, u]
        # Each coefficient is a sum of `terms` products; the factor 2 covers the rounding of the bound itself.
        errors[u] = 1.0001 * errors[u] + 2.0 * terms * UNIT * magnitudes[u] + problem.guard
    if not problem.bounded:
        coefficient_errors(problem, state, layer, terms)


@compiled
def coefficient_errors(problem, state, layer, terms):
    """Error bounds of each coefficient of a layer's forms."""
    d, starts = problem.lower.shape[0], problem.starts
    errors = state.form_errors[layer]
    for u in range(starts[layer + 1] - starts[layer]):
        for k in range(d + 1):
            size = abs(problem.biases[layer, u]) if k == d else 0.0
            error = lost = 0.0
            for v in range(starts[layer] - starts[layer - 1]):
                if state.bits[starts[layer - 1] + v] == 1:
                    weight = abs(problem.weights[layer, v, u])
                    below, doubt = abs(state.forms[layer - 1, v, k]), state.form_errors[layer - 1, v, k]
                    size += weight * below
                    error += weight * doubt
                    if weight > 0.0 and (below > 0.0 or doubt > 0.0):
                        lost = TINY
            errors[u, k] = 1.0001 * error + 2.0 * terms * UNIT * size + lost


@inlined
def form_value(state, layer, local, point, d):
    """ẑ(y) of a unit."""
    total = state.forms[layer, local, d]
    for k in range(d):
        total += state.forms[layer, local, k] * point[k]
    return total


@inlined
def row_value(rows, r, point, d):
    """h_r(y), in floats."""
    total = rows[r, d]
    for k in range(d):
        total += rows[r, k] * point[k]
    return total


@inlined
def box_maximum(form, sign, lower, upper, d):
    """max of sign · h over the box; inf where the box is open on that side."""
    total = sign * form[d]
    for k in range(d):
        c = sign * form[k]
        if c > 0.0:
            total += c * upper[k]
        elif c < 0.0:
            total += c * lower[k]
    return total


@inlined
def margin_at(problem, state, layer, local, point, d):
    """Bound of the error of `form_value`."""
    if problem.bounded:
        return 1.0001 * state.errors[layer, local] + 2.0 * (d + 2) * UNIT * state.magnitudes[layer, local]
    size, error = abs(state.forms[layer, local, d]), state.form_errors[layer, local, d]
    for k in range(d):
        size += abs(state.forms[layer, local, k] * point[k])
        error += state.form_errors[layer, local, k] * abs(point[k])
    return 1.0001 * error + 2.0 * (d + 2) * UNIT * size + TINY


@inlined
def scale_of(problem, state, layer, local, d):
    """The size that heuristics compare a form's values with."""
    if problem.bounded:
        return state.magnitudes[layer, local]
    size = abs(state.forms[layer, local, d])
    for k in range(d):
        size += abs(state.forms[layer, local, k]) * max(1.0, abs(state.point[k]))
    return size
