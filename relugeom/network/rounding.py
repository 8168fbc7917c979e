"""Bounds on how much the weights that an importer rounded can change the outputs.

Notation: the network has W_l, b_l; before rounding they were W_l + E_l, b_l + e_l, where |E_l| ≤ D_l and |e_l| ≤ d_l,
half an ulp at every flagged entry and 0 elsewhere. With x the activations of the network as it is and x + δ those of
the other one, the next pre-activations differ by (W + E) δ + E x + e, hence by at most

    (|W| + D) |δ| + D |x| + d,

and a ReLU does not increase a difference. |x| comes from interval arithmetic over the box (`intervals.py`, whose sums
are bounds and no estimates).
"""

import numpy as np

from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.rounding import FLOAT64
from relugeom.network.intervals import next_ends, upper_sum
from relugeom.network.network import ReLUNetwork

__all__ = ["rounding_bound"]

HALF_ULP = FLOAT64.roundoff * (1.0 + 2.0**-20)
"""Half an ulp of 1, widened for the bits beyond the 300th of an irrational scale, which an importer cuts off."""


def rounding_bound(network: ReLUNetwork, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Bound, over a box, of how far each output is from that of the network before its weights were rounded.

    Parameters
    ----------
    network
        Its origin flags the rounded weights.
    lower, upper
        The box, shape (n,) each; entries may be infinite.

    Returns
    -------
    FloatArray
        Shape (m,), before squashing; exactly 0 if the network has no rounded weight, ∞ if no bound exists.
    """
    origin = network.origin
    if not origin.rounded_count:
        return np.zeros(network.outputs)
    top, bottom = np.asarray(upper, dtype=np.float64), -np.asarray(lower, dtype=np.float64)
    delta = np.zeros(network.inputs)
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        D = _half_ulps(W, origin.rounded_weights[layer : layer + 1])
        d = _half_ulps(b, origin.rounded_biases[layer : layer + 1])
        if layer:
            top, bottom = np.maximum(top, 0.0), np.minimum(bottom, 0.0)
        magnitude = np.maximum(np.maximum(top, bottom), 0.0)
        carried = np.hstack([np.abs(W) + D, D, d[:, None]])
        delta = upper_sum(carried, np.concatenate([delta, magnitude, [1.0]]))
        top, bottom = next_ends(W, b, top, bottom)
    return delta


def _half_ulps(values: FloatArray, flags: tuple[BoolArray, ...]) -> FloatArray:
    if not flags:
        return np.zeros(values.shape)
    return np.where(flags[0], np.abs(values) * HALF_ULP + FLOAT64.smallest, 0.0)
