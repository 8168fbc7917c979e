"""Inputs at which a slope has the wrong sign, found by evaluating slopes and by ascent.

Notation: along the input, z of a layer rises by t; s = Σ v · t of the last layer is the slope.

The one idea: a slope is constant within a region, so that it has no gradient; with units that are opened gradually,
σ(z / T) in place of 0 and 1, it has one, which points to regions where the slope is worse. Slopes that count are those
of the units as they are.
"""

import numpy as np

from relugeom.bounding.attack import BLOCK, FIRST, LAST, MOMENTUM, STEPS, keep_rules
from relugeom.bounding.problem import Problem, Slope
from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.arrays import FloatArray

__all__ = ["steepen", "wrong_slopes"]

SOFTNESS = 0.1
"""T of a layer, in standard deviations of its z."""


def wrong_slopes(problem: Problem, slope: Slope, x: FloatArray) -> FloatArray:
    """The slope against the claimed direction, shape (k,), at inputs of shape (k, m)."""
    (copy,), h = problem.copies, x
    t = np.broadcast_to(np.arange(x.shape[1]) == slope.column, x.shape).astype(np.float64)
    for W, b in zip(copy.network.weights[:-1], copy.network.biases[:-1], strict=True):
        z = h @ W.T + b
        h, t = np.maximum(z, 0.0), (t @ W.T) * (z > 0.0)
    return np.asarray(-slope.direction * (t @ copy.network.weights[-1][slope.output]))


def steepen(
    problem: Problem, slope: Slope, x: FloatArray, steps: int = STEPS, *, deadline: Deadline = NEVER
) -> FloatArray:
    """The inputs with the worst slopes on the way from each of x, shape (k, m)."""
    blocks = [slice(k, k + BLOCK) for k in range(0, len(x), BLOCK)]
    return np.concatenate([_steepen(problem, slope, x[some], steps, deadline) for some in blocks] or [x])


def _steepen(problem: Problem, slope: Slope, x: FloatArray, steps: int, deadline: Deadline) -> FloatArray:
    lower, upper = problem.inner_lower, problem.inner_upper
    width = upper - lower
    best, reached, speed = x.copy(), wrong_slopes(problem, slope, x), np.zeros_like(x)
    for step in np.geomspace(FIRST, LAST, steps).tolist():
        if deadline.passed:
            break
        gradient = _gradient(problem, slope, x) * width
        size = np.linalg.norm(gradient, axis=1, keepdims=True)
        speed = MOMENTUM * speed + gradient / np.maximum(size, 1e-300)
        x = np.clip(
            x + step * width * speed / np.maximum(np.abs(speed).max(axis=1, keepdims=True), 1e-300), lower, upper
        )
        wrong = wrong_slopes(problem, slope, x)
        better = wrong > reached
        best[better], reached[better] = x[better], wrong[better]
    return keep_rules(problem, best)


def _gradient(problem: Problem, slope: Slope, x: FloatArray) -> FloatArray:
    """Gradients of the slope against the claimed direction, of units that are opened gradually."""
    (copy,), h = problem.copies, x
    weights, biases = copy.network.weights, copy.network.biases
    t = np.broadcast_to(np.arange(x.shape[1]) == slope.column, x.shape).astype(np.float64)
    kept = []
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        z, t = h @ W.T + b, t @ W.T
        soft = np.maximum(SOFTNESS * z.std(axis=0), 1e-300)
        gate = 1.0 / (1.0 + np.exp(np.clip(-z / soft, -40.0, 40.0)))
        kept.append((z > 0.0, gate, t * gate * (1.0 - gate) / soft))
        h, t = np.maximum(z, 0.0), t * gate
    of_t = np.broadcast_to(-slope.direction * weights[-1][slope.output], t.shape)
    of_h = np.zeros_like(of_t)
    for W, (on, gate, bend) in zip(weights[-2::-1], kept[::-1], strict=True):
        of_z = of_t * bend + of_h * on
        of_h, of_t = of_z @ W, (of_t * gate) @ W
    return np.asarray(of_h)
