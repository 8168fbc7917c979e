"""Activation patterns of samples, with every sign exact.

One idea: evaluate in float64 with a running bound e of the error, e_l ≥ |ẑ_l − z_l| for the exact z_l. A unit whose |ẑ|
exceeds e has a proved sign (the ReLU is 1-Lipschitz, so an unsettled unit only passes its bound on). Samples with an
unsettled unit are evaluated again in integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray
from relugeom.linalg.rounding import FLOAT32, FLOAT64, Precision, sum_error
from relugeom.network.exact import exact_network, exact_values
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, pack_patterns

__all__ = ["SamplePatterns", "activation_pattern", "activation_patterns"]

CHUNK = 8192


@dataclass(frozen=True, slots=True)
class SamplePatterns:
    """The patterns of a table of samples.

    Attributes
    ----------
    packed
        One row of packed bits per sample, shape (k, ⌈N/8⌉).
    on_boundary
        True where some pre-activation is exactly 0.
    settled_exactly
        Number of samples that needed exact arithmetic.
    float32_doubtful
        True where a float32 evaluation could give another pattern.
    """

    packed: ByteArray
    on_boundary: BoolArray
    settled_exactly: int
    float32_doubtful: BoolArray


def activation_pattern(network: ReLUNetwork, x: ArrayLike) -> ActivationPattern:
    """Activation pattern of one input, shape (n,)."""
    return ActivationPattern(network.widths, activation_patterns(network, x).packed[0].tobytes())


def activation_patterns(network: ReLUNetwork, X: ArrayLike) -> SamplePatterns:
    """Exact activation patterns of the rows of X, shape (k, n)."""
    samples = as_samples(network, X)
    bits = np.zeros((len(samples), network.units), dtype=np.bool_)
    boundary = np.zeros(len(samples), dtype=np.bool_)
    unsettled, doubtful = boundary.copy(), boundary.copy()
    for start in range(0, len(samples), CHUNK):
        part = slice(start, start + CHUNK)
        bits[part], unsettled[part] = _float_signs(network, samples[part], FLOAT64)
        doubtful[part] = _float_signs(network, samples[part], FLOAT32)[1]
    exact = exact_network(network)
    rows = np.flatnonzero(unsettled)
    for start in range(0, len(rows), CHUNK):
        chosen = rows[start : start + CHUNK]
        signs = [
            np.array([(entry > 0) - (entry < 0) for entry in map(int, z.entries())], dtype=np.int8)
            for z, _ in exact_values(exact, samples[chosen])[:-1]
        ]
        if signs:
            table = np.vstack([layer.reshape(-1, len(chosen)) for layer in signs]).T
            bits[chosen], boundary[chosen] = table > 0, (table == 0).any(axis=1)
    return SamplePatterns(pack_patterns(bits), boundary, len(rows), doubtful)


def _float_signs(network: ReLUNetwork, X: FloatArray, precision: Precision) -> tuple[BoolArray, BoolArray]:
    """Bits from float64 pre-activations, and the samples with an unproved bit.

    A bit is proved if an evaluation in `precision` must agree with it (inputs and weights exact in that format).
    """
    bits, unsettled = [], np.zeros(len(X), dtype=np.bool_)
    x, error = X, np.zeros_like(X)
    with np.errstate(over="ignore", invalid="ignore"):
        for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
            size = np.abs(weight)
            z = x @ weight.T + bias
            magnitude = np.abs(x) @ size.T + np.abs(bias)
            # The propagated error is a float sum too; its own relative error is far below the factor 1 + 2⁻³⁰.
            error = (error @ size.T) * (1 + 2.0**-30) + sum_error(magnitude, weight.shape[1] + 1, precision)
            bits.append(z > 0)
            unsettled |= ~((np.abs(z) > error) & (magnitude < precision.largest / 2)).all(axis=1)
            x = np.maximum(z, 0.0)
    table = np.hstack(bits) if bits else np.zeros((len(X), 0), dtype=np.bool_)
    return table, unsettled
