"""Bounds of the outputs over a box by interval arithmetic: cheap and proved, but far from the best ones in deep
networks.

Notation: the values of a layer lie between −bottom and top; written so, both are upper bounds, and infinite ones are
+∞. Every float64 sum is widened by its own rounding error, so that the result is a bound and not an estimate.
"""

import numpy as np

from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.rounding import sum_error
from relugeom.network.network import ReLUNetwork

__all__ = ["next_ends", "output_interval", "outputs_between", "upper_sum"]


def output_interval(network: ReLUNetwork, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of each output over a box, before squashing.

    Parameters
    ----------
    lower, upper
        The box, shape (n,) each; entries may be infinite.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Shape (m,) each; infinite if no bound is known.
    """
    top, bottom = np.asarray(upper, dtype=np.float64), -np.asarray(lower, dtype=np.float64)
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        if layer:
            top, bottom = np.maximum(top, 0.0), np.minimum(bottom, 0.0)
        top, bottom = next_ends(W, b, top, bottom)
    return -bottom, top


def outputs_between(network: ReLUNetwork, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of the exact outputs at finite points X, shape (s, n), before squashing.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Shape (s, m) each, a few roundings apart; infinite where a sum overflows.
    """
    top, bottom = X, -X
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        if layer:
            top, bottom = np.maximum(top, 0.0), np.minimum(bottom, 0.0)
        signs, reach = np.hstack([np.maximum(W, 0.0), np.maximum(-W, 0.0)]), np.hstack([top, bottom])
        opposite = np.roll(signs, W.shape[1], axis=1)
        top, bottom = (_upper_sums(reach, A, c) for A, c in ((signs, b), (opposite, -b)))
    return -bottom, top


def _upper_sums(V: FloatArray, A: FloatArray, b: FloatArray) -> FloatArray:
    """At least V Aᵀ + b, for A ≥ 0; infinite where that is not known."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = V @ A.T + b + sum_error(np.abs(V) @ A.T + np.abs(b), A.shape[1] + 1)
    return np.where(np.isnan(total), np.inf, np.maximum(total, -np.finfo(np.float64).max))


def next_ends(W: FloatArray, b: FloatArray, top: FloatArray, bottom: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of W x + b, given those of x."""
    signs = np.hstack([np.maximum(W, 0.0), np.maximum(-W, 0.0)])
    opposite = np.hstack([np.maximum(-W, 0.0), np.maximum(W, 0.0)])
    reach = np.concatenate([top, bottom])
    return upper_sum(signs, reach, b), upper_sum(opposite, reach, -b)


def upper_sum(A: FloatArray, v: FloatArray, b: FloatArray | float = 0.0) -> FloatArray:
    """At least A v + b, for A ≥ 0 and v < ∞ or = ∞, where 0 · ∞ = 0."""
    infinite = np.isposinf(v)
    finite = np.where(infinite, 0.0, v)
    with np.errstate(over="ignore", invalid="ignore"):
        total = A @ finite + b + sum_error(A @ np.abs(finite) + np.abs(b), len(v) + 1)
    unbounded = (A[:, infinite] > 0).any(axis=1) | ~np.isfinite(total)
    return np.where(unbounded, np.inf, total)
