"""Slices for drawing: their regions cut into parts of similar output, and the lines where the decision changes.

The one idea: an output is affine in a region, so the part between two levels of it is a convex polygon. These are
floats, for pictures; nothing is proved with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from relugeom.linalg.arrays import FloatArray
from relugeom.measures.polygons import cut_by_largest, cut_by_levels, evaluate_form
from relugeom.measures.slices import RegionSlice, level_lines
from relugeom.network.decision import Decision, DecisionRule

__all__ = ["Part", "Shades", "Shading", "decision_lines", "shade_regions"]

Part = tuple[int, FloatArray]
"""Number of a band or of an output, and the corners of the part of a region that belongs to it, shape (c, 2)."""


class Shading(Enum):
    """What parts of a region are told apart by."""

    THRESHOLD = auto()
    """Bands of one output, as many below the threshold of the decision as above it."""
    RANGE = auto()
    """Bands of one output, from its least to its largest value in the slice."""
    LARGEST = auto()
    """The output that is the largest of several."""


@dataclass(frozen=True, slots=True, eq=False)
class Shades:
    """Regions of a slice, cut into parts.

    Attributes
    ----------
    parts
        Parts of each of the k regions; bands are numbered from 0, the lowest.
    low, high
        Least and largest value of the first output in the slice.
    """

    shading: Shading
    parts: Sequence[Sequence[Part]]
    low: float
    high: float


def shade_regions(cut: RegionSlice, *, bands: int) -> Shades:
    """Cut the regions of a slice into bands of the only output, or into parts where one of several is the largest.

    Parameters
    ----------
    bands
        Number of bands between the ends of the output's values; an even number has the threshold between two of them.
    """
    network, polygons = cut.partition.network, [cut.polygon(row) for row in range(len(cut))]
    values = [evaluate_form(polygon, cut.maps[row, 0]) for row, polygon in enumerate(polygons)]
    low, high = (float(end) for end in _ends(np.concatenate([np.zeros(0), *values])))
    if network.outputs > 1:
        largest = [cut_by_largest(polygon, cut.maps[row]) for row, polygon in enumerate(polygons)]
        return Shades(Shading.LARGEST, largest, low, high)
    levels = _levels(network.rule, low, high, bands)
    parts = [cut_by_levels(polygon, cut.maps[row, 0], levels) for row, polygon in enumerate(polygons)]
    decides = network.rule.rule is DecisionRule.THRESHOLD
    return Shades(Shading.THRESHOLD if decides else Shading.RANGE, parts, low, high)


def decision_lines(cut: RegionSlice) -> FloatArray:
    """Lines where a decision by a threshold changes: segments within regions, shape (segments, 2, 2)."""
    rule = cut.partition.network.rule
    return level_lines(cut, 0, rule.upper) if rule.rule is DecisionRule.THRESHOLD else np.zeros((0, 2, 2))


def _ends(values: FloatArray) -> tuple[float, float]:
    return (values.min(), values.max()) if len(values) else (0.0, 0.0)


def _levels(rule: Decision, low: float, high: float, bands: int) -> FloatArray:
    """Ends of the bands, ascending, shape (bands + 1,): around the threshold of a decision, or over all values."""
    if rule.rule is DecisionRule.THRESHOLD:
        reach = max(abs(low - rule.upper), abs(high - rule.upper)) or 1.0
        return rule.upper + reach * np.linspace(-1.0, 1.0, bands + 1)
    return np.linspace(low, high if high > low else low + 1.0, bands + 1)
