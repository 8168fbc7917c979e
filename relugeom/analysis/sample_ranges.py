"""Ranges of the outputs over samples, and the samples at their ends.

The one idea: float64 finds the sample at each end, and the value there is computed exactly, so that it can stand beside
bounds that are proved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relugeom.data.table import SampleTable
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork

__all__ = ["SampleRange", "sample_ranges"]


@dataclass(frozen=True, slots=True)
class SampleRange:
    """Range of one output, before squashing, over samples.

    Attributes
    ----------
    lowest, highest
        Exact values at the two samples.
    rows
        Row numbers of the samples with the lowest and the highest value; the first ones, as float64 ranks them.
    """

    lowest: Fraction
    highest: Fraction
    rows: tuple[int, int]


def sample_ranges(network: ReLUNetwork, table: SampleTable, inside: BoolArray) -> Sequence[SampleRange]:
    """Range of each output over the samples inside a domain; empty if none is.

    Parameters
    ----------
    inside
        For each sample, whether it counts, shape (s,).
    """
    ends = np.full((2, network.outputs), np.inf)
    rows = np.full((2, network.outputs), -1)
    for place, chunk in table.chunks():
        kept = np.flatnonzero(inside[place])
        if not len(kept):
            continue
        outputs = evaluate(network, chunk[kept])
        for side, values in enumerate((outputs, -outputs)):
            best = values.argmin(axis=0)
            value = values[best, np.arange(network.outputs)]
            better = value < ends[side]
            ends[side, better], rows[side, better] = value[better], place.start + kept[best[better]]
    if (rows < 0).any():
        return ()
    low, high = (_values(network, table.take(side)) for side in rows)
    return [SampleRange(low[k], high[k], (int(rows[0, k]), int(rows[1, k]))) for k in range(network.outputs)]


def _values(network: ReLUNetwork, X: FloatArray) -> list[Fraction]:
    """The exact value of each output at its own sample, the row of the same number."""
    exact = (evaluate_exactly(network, [*map(Fraction, x)])[1] for x in X.tolist())
    return [outputs[k] for k, outputs in enumerate(exact)]
