"""The affine map that a network applies under a pattern [paper, Theorem 1].

Ω = W_p D_{p−1} W_{p−1} … D_1 W_1 with D_l the diagonal 0/1 matrix of layer l's pattern, and b the matching sum of
biases: f(u) = Ω u + b, before squashing, for every u with that pattern. Evaluated in integers and rounded once, so
every coefficient is the float64 nearest to the exact one and its sign is the exact sign.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.affine import AffineMap
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, frozen_array
from relugeom.linalg.exact import nearest_quotient
from relugeom.network.exact import IntegerTable, exact_network, many_output_forms, output_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, unpack_patterns

__all__ = ["EffectiveMaps", "effective_map", "effective_maps"]

CHUNK = 4096
SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class EffectiveMaps:
    """Effective maps of k patterns, as columns.

    Attributes
    ----------
    weights
        Ω, shape (k, m, n).
    biases
        b, shape (k, m).
    signs
        The exact sign of each entry of [Ω, b], shape (k, m, n + 1): −1, 0 or 1. A coefficient too small for a float64
        is stored as 0 and keeps its sign here.
    """

    weights: FloatArray
    biases: FloatArray
    signs: "np.ndarray[tuple[int, int, int], np.dtype[np.int8]]"

    def of(self, chosen: BoolArray) -> "EffectiveMaps":
        """Maps that a mask of shape (k,) selects."""
        return EffectiveMaps(self.weights[chosen], self.biases[chosen], self.signs[chosen])


def effective_map(network: ReLUNetwork, pattern: ActivationPattern | str) -> AffineMap:
    """Effective map of a pattern; unpacks as ``omega, b = effective_map(network, pattern)``."""
    if isinstance(pattern, str):
        pattern = ActivationPattern.from_text(network.widths, pattern)
    values = output_forms(exact_network(network), pattern).floats()
    return AffineMap(values[:, :-1], values[:, -1])


def effective_maps(network: ReLUNetwork, packed: ByteArray, *, deadline: Deadline = NEVER) -> EffectiveMaps:
    """The effective map (Ω, b) of each row of packed patterns, shape (k, ⌈N/8⌉); of the first ones by a deadline."""
    exact, bits = exact_network(network), unpack_patterns(packed, network.units)
    values = np.zeros((len(packed), network.outputs, network.inputs + 1))
    signs = np.zeros(values.shape, dtype=np.int8)
    for start in range(0, len(packed), CHUNK):
        if deadline.passed:
            values, signs = values[:start], signs[:start]
            break
        part = slice(start, start + CHUNK)
        numerators, exponent = many_output_forms(exact, bits[part])
        values[part], signs[part] = _nearest(numerators, exponent), np.sign(numerators).astype(np.int8)
    values = frozen_array(values)
    return EffectiveMaps(values[:, :, :-1], values[:, :, -1], signs)


def _nearest(numerators: IntegerTable, exponent: int) -> FloatArray:
    """The float64 nearest to each numerator / 2^exponent."""
    try:
        with np.errstate(over="ignore", under="ignore"):
            values = np.ldexp(numerators.astype(np.float64), -exponent)  # rounded once: a power of two keeps digits …
        doubtful = (np.abs(values) < SMALLEST_NORMAL) & (numerators != 0)  # … unless the quotient is subnormal
    except OverflowError:
        values, doubtful = np.zeros(numerators.shape), np.ones(numerators.shape, dtype=np.bool_)
    values[doubtful] = [nearest_quotient(entry, 1 << exponent) for entry in numerators[doubtful]]
    return values
