"""Exact minimum and maximum of every output over every region of a partition.

Notation: on the closure of a region r the network is one affine map, so the lowest and the highest value of an output
are optima of two exact linear programs. The result holds the float64 numbers nearest to the optima, and the float64
points nearest to inputs that reach them. If the partition is COMPLETE, the largest of the regions' maxima is the
maximum over the relaxation.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.exact_simplex import ExactOptimum
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.linalg.exact import as_fraction, nearest_quotient
from relugeom.measures.closed_cells import domain_forms
from relugeom.measures.region_programs import RegionPrograms
from relugeom.partition.partition import Partition

__all__ = ["RegionRanges", "region_ranges"]


@dataclass(frozen=True, slots=True, eq=False)
class RegionRanges:
    """The range of m outputs over the closure of each of r regions.

    Attributes
    ----------
    lowest, highest
        The float64 nearest to the exact value, shape (r, m); −∞ and ∞ if there is no limit, NaN if time ran out.
    lowest_at, highest_at
        The float64 point nearest to an input that reaches it, shape (r, m, n); NaN if there is none.
    reason
        Why ranges are missing, or empty.
    """

    partition: Partition
    lowest: FloatArray
    highest: FloatArray
    lowest_at: FloatArray
    highest_at: FloatArray
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("lowest", "highest", "lowest_at", "highest_at"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.lowest)

    @property
    def known(self) -> int:
        """Number of regions, the first ones, that have their ranges."""
        return int((~np.isnan(self.lowest)).all(axis=1).sum())


def region_ranges(partition: Partition, *, time_limit: TimeLimit = None) -> RegionRanges:
    """Minimise and maximise every output over every region, one region after the other.

    Parameters
    ----------
    time_limit
        Seconds or a deadline; regions that were not reached by then have no range.
    """
    deadline, network = Deadline.of(time_limit), partition.network
    values = np.full((2, len(partition), network.outputs), np.nan)
    points = np.full((2, len(partition), network.outputs, network.inputs), np.nan)
    reason, rows = "", domain_forms(partition.domain)
    for row in range(len(partition)):
        try:
            deadline.check()
            own = _ranges(RegionPrograms(partition, row, rows, deadline=deadline), network.outputs, network.inputs)
        except DeadlinePassedError:
            reason = f"when time ran out, {len(partition) - row:,} of {len(partition):,} regions were left"
            break
        values[:, row], points[:, row] = own
    return RegionRanges(partition, values[0], values[1], points[0], points[1], reason)


def _ranges(programs: RegionPrograms, outputs: int, inputs: int) -> tuple[FloatArray, FloatArray]:
    """The ends of each output, shape (2, m), and where they are reached, shape (2, m, n)."""
    values, points = np.full((2, outputs), np.nan), np.full((2, outputs, inputs), np.nan)
    scale = 1 << programs.cell.outputs.exponent
    for output, form in enumerate(programs.cell.outputs.rows()):
        for end, sign in enumerate((-1, 1)):
            found = programs.maximise([sign * entry for entry in form])
            values[end, output] = sign * np.inf
            if isinstance(found, ExactOptimum):
                value = sign * as_fraction(found.value) / scale
                values[end, output] = nearest_quotient(value.numerator, value.denominator)
                points[end, output] = float_point(found.point)
    return values, points
