"""The affine forms of a layer's units on a cell, with rigorous error bounds, compiled.

Under the bits of the layers below, a layer's pre-activations are affine forms of y. Floats compute them, and every form
carries a bound of its distance from the exact one (notation: `columns.py`).
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.search.columns import STABLE_INACTIVE, TINY, UNIT


@inner
def layer_of(starts, unit):
    """Layer of a unit."""
    layer = 0
    while starts[layer + 1] <= unit:
        layer += 1
    return layer


@inner
def compute_forms(problem, state, layer):
    """Forms, error bounds and magnitudes of a layer, from the bits of the layer below."""
    width = problem.starts[layer + 1] - problem.starts[layer]
    state.largest[layer] = problem.integral[layer]
    if layer == 0:
        first_layer(
            problem.first,
            problem.first_errors,
            problem.reach,
            problem.guard,
            state.forms[0],
            state.errors[0],
            state.magnitudes[0],
        )
    else:
        begin, end = problem.starts[layer - 1], problem.starts[layer]
        # Sums of products of integers below 2⁵² are exact.
        grown = problem.integral[layer] * ((end - begin) * state.largest[layer - 1] + 1.0)
        state.largest[layer] = grown if grown < 2.0**52 else np.inf
        later_layer(
            problem.weights[layer],
            problem.biases[layer],
            problem.guard,
            state.bits[begin:end],
            state.forms[layer - 1],
            state.errors[layer - 1],
            state.magnitudes[layer - 1],
            state.forms[layer],
            state.errors[layer],
            state.magnitudes[layer],
            width,
        )


@inner
def first_layer(first, first_errors, reach, guard, forms, errors, magnitudes):
    """Copy the forms of the first layer, and bound them."""
    d = reach.shape[0]
    for u in range(first.shape[0]):
        size, error, lost = abs(first[u, d]), first_errors[u, d], 0.0
        for k in range(d + 1):
            forms[k, u] = first[u, k]
            if first[u, k] != 0.0 or first_errors[u, k] > 0.0:
                lost = guard
            if k < d:
                size += abs(first[u, k]) * reach[k]
                error += first_errors[u, k] * reach[k]
        errors[u], magnitudes[u] = error + lost, size


@inner
def later_layer(weights, biases, guard, bits, below_forms, below_errors, below_sizes, forms, errors, sizes, width):
    """Sum the forms of the active units below; weights have shape (below, here)."""
    D = forms.shape[0]
    terms = 2.0
    for k in range(D - 1):
        for u in range(width):
            forms[k, u] = 0.0
    for u in range(width):
        forms[D - 1, u] = biases[u]
        errors[u], sizes[u] = 0.0, abs(biases[u])
    v, active = 0, bits.shape[0]
    while v < active:
        if bits[v] != 1:
            v += 1
            continue
        w = v + 1  # two active units at once: the sums are loaded and stored half as often
        while w < active and bits[w] != 1:
            w += 1
        first, second = np.uint64(v), np.uint64(w if w < active else v)
        both = 1.0 if w < active else 0.0
        terms += 1.0 + both
        for k in range(D):
            one, other = below_forms[k, first], both * below_forms[k, second]
            for u in range(width):
                forms[k, u] += one * weights[first, u] + other * weights[second, u]
        error, more_error = below_errors[first], both * below_errors[second]
        size, more_size = below_sizes[first], both * below_sizes[second]
        for u in range(width):
            errors[u] += error * abs(weights[first, u]) + more_error * abs(weights[second, u])
            sizes[u] += size * abs(weights[first, u]) + more_size * abs(weights[second, u])
        v = w + 1
    for u in range(width):
        # Each coefficient is a sum of `terms` products; the factor 2 covers the rounding of the bound itself.
        errors[u] = 1.0001 * errors[u] + 2.0 * terms * UNIT * sizes[u] + guard


@compiled
def compute_form_errors(problem, state, layer):
    """Error bounds of each coefficient of a layer's forms, which proofs on open domains need."""
    d, starts = problem.reach.shape[0], problem.starts
    errors = state.form_errors[layer]
    if layer == 0:
        for u in range(starts[1]):
            for k in range(d + 1):
                errors[u, k] = problem.first_errors[u, k]
        return
    terms = 2.0
    for v in range(starts[layer] - starts[layer - 1]):
        terms += state.bits[starts[layer - 1] + v]
    for u in range(starts[layer + 1] - starts[layer]):
        for k in range(d + 1):
            size = abs(problem.biases[layer, u]) if k == d else 0.0
            error = lost = 0.0
            for v in range(starts[layer] - starts[layer - 1]):
                if state.bits[starts[layer - 1] + v] == 1:
                    weight = abs(problem.weights[layer, v, u])
                    below, doubt = abs(state.forms[layer - 1, k, v]), state.form_errors[layer - 1, v, k]
                    size += weight * below
                    error += weight * doubt
                    if weight > 0.0 and (below > 0.0 or doubt > 0.0):
                        lost = TINY
            errors[u, k] = 1.0001 * error + 2.0 * terms * UNIT * size + lost


@inner
def form_value(state, layer, local, point, d):
    """ẑ(y) of a unit."""
    total = state.forms[layer, d, local]
    for k in range(d):
        total += state.forms[layer, k, local] * point[k]
    return total


@inner
def row_value(rows, r, point, d):
    """h_r(y), in floats."""
    total = rows[r, d]
    for k in range(d):
        total += rows[r, k] * point[k]
    return total


@inner
def box_maximum(form, sign, lower, upper, d):
    """max of sign · h over the box; inf if the box is open on that side."""
    total = sign * form[d]
    for k in range(d):
        c = sign * form[k]
        if c > 0.0:
            total += c * upper[k]
        elif c < 0.0:
            total += c * lower[k]
    return total


@inner
def size_of(problem, point, d):
    """s ≥ 1 with |y_k| ≤ s σ_k in every coordinate."""
    size = 1.0
    if not problem.bounded:
        for k in range(d):
            size = max(size, abs(point[k]) / problem.reach[k])
    return 1.0001 * size


@inner
def shows_bits(starts, forms, errors, magnitudes, kinds, bits, point, heights, size):
    """Whether a point of a given size has every bit of the path, rounding errors included.

    Units of kind STABLE_INACTIVE are left out: z ≤ 0 is proved for every point that shows the bits decided before.
    `heights` is room for the values of a layer.
    """
    d, D = forms.shape[1] - 1, point.shape[0]
    unit = 0
    for layer in range(starts.shape[0] - 1):
        width = starts[layer + 1] - starts[layer]
        for u in range(width):
            heights[u] = forms[layer, d, u]
        for k in range(d):
            coordinate = point[k]
            for u in range(width):
                heights[u] += coordinate * forms[layer, k, u]
        missed = 0  # counted without a branch, so that the loop becomes vector instructions
        for u in range(width):
            margin = size * (1.0001 * errors[layer, u] + 2.0 * (D + 2) * UNIT * magnitudes[layer, u]) + TINY
            height = heights[u] if bits[unit + u] == 1 else -heights[u]
            shown = 1 if height > margin else 0
            missed += 1 - shown if kinds[unit + u] != STABLE_INACTIVE else 0
        if missed > 0:
            return False
        unit += width
    return True


@inner
def scale_of(problem, state, layer, local, d):
    """Size with which heuristics compare a form's values."""
    if problem.bounded:
        return state.magnitudes[layer, local]
    size = abs(state.forms[layer, d, local])
    for k in range(d):
        size += abs(state.forms[layer, k, local]) * max(1.0, abs(state.point[k]))
    return size
