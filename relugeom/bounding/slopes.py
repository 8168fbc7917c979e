"""The slope of an output in an input on many cells at once, by intervals from the output down.

Notation: c is the coefficient of relu(z) of a unit, an interval [c₋, c₊] per cell; in z it is the same where the unit
is active, 0 where it is inactive, and anything between 0 and c else. Intervals times the weights W are intervals of
the layer below: c₋ W⁺ + c₊ W⁻ below and c₊ W⁺ + c₋ W⁻ above, W⁺ and W⁻ being W's positive and negative parts.

The one idea: terms of either side are kept apart, so that the error of a sum, at most γ Σ |terms|, is 0 where no term
is left. A slope that cannot be negative for want of negative weights is not, in floats as in truth. What cancels is
left to integers.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.bounding.problem import Problem, Slope
from relugeom.bounding.relaxation import ULP
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["SlopeBounds", "SlopeRange"]

CANCELLED = 1e-9
"""How far below 0 a bound may lie, relative to the sum of all terms' sizes, for integers to be asked."""


@dataclass(slots=True, eq=False)
class SlopeRange:
    """Bounds of the slope, times the claimed direction.

    Attributes
    ----------
    low
        At most the least slope, shape (B,).
    near
        Whether the slope may be ≥ 0 although floats cannot tell, shape (B,).
    least, most
        Bounds of the coefficient of relu(z) of each unit, nearly, shape (B, units).
    """

    low: FloatArray
    near: BoolArray
    least: FloatArray
    most: FloatArray

    def at(self, rows: IntArray) -> "SlopeRange":
        """Those of some cells."""
        return SlopeRange(self.low[rows], self.near[rows], self.least[rows], self.most[rows])


class SlopeBounds:
    """Bounds of one slope."""

    def __init__(self, problem: Problem, slope: Slope) -> None:
        (copy,) = problem.copies
        self.layers, network = copy.layers, copy.network
        column = int(np.flatnonzero(copy.columns == slope.column)[0])
        last = slope.direction * network.weights[-1][slope.output]
        weights = [*network.weights[:-1], last[None, :]]
        weights[0] = weights[0][:, [column]]
        self._weights = weights
        self._parts = [(np.maximum(W, 0.0), np.minimum(W, 0.0)) for W in weights]
        size = np.ones((1, 1))
        for W in reversed(weights):
            size = size @ np.abs(W)
        self._size = float(size[0, 0])
        self._gamma = 4.0 * (max(max(W.shape) for W in network.weights) + 64) * ULP

    def below(self, active: BoolArray, inactive: BoolArray) -> SlopeRange:
        """Bounds on cells of which it is known which units are active and inactive, shape (B, units) each."""
        count = len(active)
        low = high = np.ones((count, 1))
        lows, highs = np.zeros(active.shape), np.zeros(active.shape)
        for layer in range(len(self._weights) - 1, -1, -1):
            if layer < len(self.layers):
                units = self.layers[layer]
                lows[:, units], highs[:, units] = low, high
                on, off = active[:, units], inactive[:, units]
                low = np.where(on, low, np.minimum(low, 0.0)) * ~off
                high = np.where(on, high, np.maximum(high, 0.0)) * ~off
            above, below = self._parts[layer]
            if layer:
                low, high = self._sum(low, high, above, below), -self._sum(-high, -low, above, below)
        terms = np.abs(low) @ above - np.abs(high) @ below
        least = low @ above + high @ below
        near = least[:, 0] >= -CANCELLED * self._size
        return SlopeRange((least - self._gamma * terms)[:, 0], near, lows, highs)

    def _sum(self, low: FloatArray, high: FloatArray, above: FloatArray, below: FloatArray) -> FloatArray:
        """At most low · above + high · below."""
        return np.asarray(low @ above + high @ below - self._gamma * (np.abs(low) @ above - np.abs(high) @ below))

    def through(self, found: SlopeRange, active: BoolArray, inactive: BoolArray) -> tuple[FloatArray, FloatArray]:
        """What the slope may owe to each unit if it is active, nearly: least and most, shape (B, units) each."""
        least, most = np.zeros(active.shape), np.zeros(active.shape)
        low = high = np.ones((len(active), 1))
        for layer, units in enumerate(self.layers):
            above, below = (part.T for part in self._parts[layer])
            low, high = low @ above + high @ below, high @ above + low @ below
            ends = [a * b for a in (low, high) for b in (found.least[:, units], found.most[:, units])]
            least[:, units], most[:, units] = np.min(ends, axis=0), np.max(ends, axis=0)
            on, off = active[:, units], inactive[:, units]
            low = np.where(on, low, np.minimum(low, 0.0)) * ~off
            high = np.where(on, high, np.maximum(high, 0.0)) * ~off
        return least, most
