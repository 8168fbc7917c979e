"""Inputs that may lie in an excluded set, found by following gradients.

The one idea: from many inputs of a box, step along the gradient of the inequalities that are furthest from being met,
with momentum and by less and less of the box's width, and look at the best inputs met on the way. A smooth minimum of
the inequalities keeps the way from going to and fro between two of them. Integers and one-hot groups are kept by
rounding. Floats only propose: whoever asked evaluates an input exactly.
"""

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.problem import Problem
from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = [
    "MORE",
    "STARTS",
    "approach",
    "centres",
    "excesses",
    "keep_rules",
    "margins",
    "nearest_sets",
    "row_values",
    "starting_inputs",
]

STARTS, MORE = 200, 4
"""Inputs of the first attack, and how many times as many a further one takes."""
STEPS = 24
FIRST, LAST = 0.5, 0.001
"""Sizes of the first and the last step, in widths of the box."""
SOFTNESS, MOMENTUM, TINY = 0.3, 0.7, 1e-6
"""Softness of the minimum, relative to the margin (and to the least one that counts), and what is kept of a step."""
MOST = 1 << 23
"""Numbers of a table: of all starting inputs, of which there are fewer where inputs have many coordinates, and of the
values of all inequalities at some inputs.
"""
BLOCK = 256
"""Inputs that go together: what the clock cannot stop, and the memory, stay small."""


def margins(problem: Problem, x: FloatArray) -> FloatArray:
    """The least value of each set's inequalities, shape (k, sets), at joint inputs of shape (k, m)."""
    parts = [problem.rows.least(row_values(problem, some)) for some in blocks_of(problem, x)]
    return np.concatenate(parts)


def excesses(problem: Problem, x: FloatArray) -> FloatArray:
    """How far joint inputs, shape (k, m), are inside of a set at most, shape (k,); −∞ where conditions fail."""
    return np.concatenate([problem.rows.excesses(row_values(problem, some)) for some in blocks_of(problem, x)])


def nearest_sets(problem: Problem, x: FloatArray) -> IntArray:
    """The set that each joint input is least far from, shape (k,)."""
    return np.concatenate([margins(problem, some).argmax(axis=1) for some in blocks_of(problem, x)])


def blocks_of(problem: Problem, x: FloatArray) -> list[FloatArray]:
    """Joint inputs in blocks, at least one, so that the values of all inequalities of a block are not too many."""
    size = max(1, MOST // max(len(problem.rows.constant), problem.inputs))
    return [x[start : start + size] for start in range(0, max(len(x), 1), size)]


def row_values(problem: Problem, x: FloatArray) -> FloatArray:
    """Values of all inequalities, shape (k, r), at joint inputs of shape (k, m)."""
    return _values(problem, x)[0]


def starting_inputs(problem: Problem, count: int, seed: int) -> FloatArray:
    """The centre, corners, and other inputs of the box, shape (k, m), as many as asked for unless that is too much."""
    count = min(count, max(STARTS, MOST // max(problem.inputs, len(problem.rows.constant))))
    random = np.random.default_rng(seed)
    share = random.random((count, problem.inputs))
    corners = count // 4
    share[:corners] = np.round(share[:corners])
    share[:1] = 0.5
    return np.asarray(problem.inner_lower + share * (problem.inner_upper - problem.inner_lower))


def approach(
    problem: Problem, x: FloatArray, targets: IntArray, steps: int = STEPS, *, deadline: Deadline = NEVER
) -> FloatArray:
    """The best input met on the way from each of x, shape (k, m), to a set (its number)."""
    size = max(1, min(BLOCK, MOST // len(problem.rows.constant)))
    blocks = [slice(k, k + size) for k in range(0, len(x), size)]
    return np.concatenate([_approach(problem, x[some], targets[some], steps, deadline) for some in blocks] or [x])


def _approach(problem: Problem, x: FloatArray, targets: IntArray, steps: int, deadline: Deadline) -> FloatArray:
    lower, upper = problem.inner_lower, problem.inner_upper
    width = upper - lower
    x = np.clip(x, lower, upper)
    mine = problem.rows.belong(targets)
    best, reached, speed = x.copy(), np.full(len(x), -np.inf), np.zeros_like(x)
    for step in [*np.geomspace(FIRST, LAST, steps).tolist(), 0.0]:
        if deadline.passed:
            break
        values, active = _values(problem, x)
        values = np.where(mine, values, np.inf)
        margin = values.min(axis=1)
        better = margin > reached
        best[better], reached[better] = x[better], margin[better]
        if step:
            weights = np.exp((margin[:, None] - values) / (SOFTNESS * np.maximum(np.abs(margin), TINY))[:, None])
            gradient = _gradient(problem, active, weights / weights.sum(axis=1, keepdims=True)) * width
            speed = MOMENTUM * speed + _in_proportion(gradient, np.linalg.norm(gradient, axis=1))
            x = np.clip(x + step * width * _in_proportion(speed, np.abs(speed).max(axis=1)), lower, upper)
    return best


def _in_proportion(x: FloatArray, sizes: FloatArray) -> FloatArray:
    return np.asarray(x / np.maximum(sizes, 1e-300)[:, None])


def keep_rules(problem: Problem, x: FloatArray) -> FloatArray:
    """The same inputs with integers, and one member of each group, where the claim is about admissible inputs."""
    x = np.clip(x, problem.inner_lower, problem.inner_upper)
    if not problem.whole.any():
        return x
    for group in problem.groups:
        x[:, group] = np.eye(len(group))[x[:, group].argmax(axis=1)]
    x[:, problem.whole] = np.round(x[:, problem.whole])
    return np.clip(x, problem.inner_lower, problem.inner_upper)


def _values(problem: Problem, x: FloatArray) -> tuple[FloatArray, list[list[FloatArray]]]:
    """Values of all inequalities, shape (k, r), and which units are active, as 0 and 1 per copy and layer."""
    rows = problem.rows
    values = x @ rows.inputs.T + rows.constant
    active: list[list[FloatArray]] = []
    for copy, outputs in zip(problem.copies, rows.outputs, strict=True):
        h = x[:, copy.columns]
        active.append([])
        for W, b in zip(copy.network.weights[:-1], copy.network.biases[:-1], strict=True):
            z = h @ W.T + b
            active[-1].append((z > 0.0).astype(np.float64))
            h = np.maximum(z, 0.0)
        values += (h @ copy.network.weights[-1].T + copy.network.biases[-1]) @ outputs.T
    return values, active


def _gradient(problem: Problem, active: list[list[FloatArray]], weights: FloatArray) -> FloatArray:
    """Gradient of a combination of inequalities for each input, weights of shape (k, r)."""
    total = weights @ problem.rows.inputs
    for copy, bits, outputs in zip(problem.copies, active, problem.rows.outputs, strict=True):
        slope = (weights @ outputs) @ copy.network.weights[-1]
        for W, bit in zip(copy.network.weights[-2::-1], bits[::-1], strict=True):
            slope = (slope * bit) @ W
        total[:, copy.columns] += slope
    return np.asarray(total)


def centres(cells: Cells) -> FloatArray:
    """The middle of each cell's box."""
    return np.asarray(cells.lower + (cells.upper - cells.lower) / 2.0)
