"""Bounds for the maps of groups: how far a map is from the network anywhere, certified over activation regions.

Notation: the region r has the map f_r, its group G (what its units say, as for clusters) the map g. On the closure of
the region f_r − g is affine, so that its largest absolute value is the larger of two exact linear programs per output;
the *bound* of r is the largest of them all, rounded up to a float64. Over a COMPLETE partition the largest bound holds
for every input of the relaxation: with the group of any region whose closure holds the input.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relugeom.analysis.parsimony import ClusterGroups, group_of_patterns
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.exact_simplex import ExactOptimum
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.linalg.exact import as_fraction, nearest_quotient, scaled_integers
from relugeom.measures.closed_cells import domain_forms
from relugeom.measures.region_programs import RegionPrograms
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["GroupBounds", "bound_groups"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupBounds:
    """Certified bounds of |f − g|, region by region.

    Attributes
    ----------
    groups, partition
        Groups whose maps are bounded, and regions over which.
    group
        Group of each region, shape (r,).
    bound
        The largest |f − g| on the closure of each region, over all outputs, in units of the output: the exact value
        rounded up to a float64, shape (r,); ∞ if there is no limit, NaN if time ran out.
    worst_point
        Float64 point nearest to the one where the bound is reached, shape (r, n); NaN if the bound is NaN or ∞.
    reason
        Why bounds are missing, or empty.
    """

    groups: ClusterGroups
    partition: Partition
    group: IntArray
    bound: FloatArray
    worst_point: FloatArray
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("bound", "worst_point"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        self.group.setflags(write=False)

    def __len__(self) -> int:
        return len(self.bound)

    @property
    def complete(self) -> bool:
        """Whether the bounds cover the whole relaxation: every region is known and has its bound."""
        return self.partition.status is PartitionStatus.COMPLETE and not np.isnan(self.bound).any()

    @property
    def group_bound(self) -> FloatArray:
        """Bound of each group over its regions, shape (g,); NaN if one is missing, −∞ without a region."""
        largest = np.full(len(self.groups), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN stays
            np.maximum.at(largest, self.group, self.bound)
        return largest

    @property
    def largest(self) -> float:
        """The bound over all regions of the partition; NaN if one is missing, or there is no region."""
        return float(self.bound.max()) if len(self.bound) else float("nan")

    def __repr__(self) -> str:
        kind = "certified on the whole domain" if self.complete else "certified on a part of the domain"
        return f"GroupBounds({len(self)} regions, |f − g| ≤ {self.largest:.3g}, {kind})"


def bound_groups(groups: ClusterGroups, partition: Partition, *, time_limit: TimeLimit = None) -> GroupBounds:
    """Bound the change of output by the maps of groups over the regions of a partition.

    Parameters
    ----------
    partition
        COMPLETE, or TRUNCATED: then only the known regions have bounds.
    time_limit
        Seconds or a deadline; regions that were not reached by then have no bound.

    Raises
    ------
    InputError
        The partition is of another network.
    """
    if groups.network != partition.network:
        raise InputError("the groups and the partition are about different networks: compute both from one model")
    deadline = Deadline.of(time_limit)
    group = group_of_patterns(groups, partition.packed)
    bound = np.full(len(partition), np.nan)
    worst = np.full((len(partition), partition.network.inputs), np.nan)
    reason = ""
    programs = _Programs(groups, partition)
    for row in range(len(partition)):
        try:
            deadline.check()
            bound[row], point = programs.largest(row, int(group[row]), deadline)
        except DeadlinePassedError:
            reason = f"when time ran out, {len(partition) - row:,} of {len(partition):,} regions were left"
            break
        if point is not None:
            worst[row] = point
    return GroupBounds(groups, partition, group, bound, worst, reason)


class _Programs:
    """The linear programs of one region after the other."""

    def __init__(self, groups: ClusterGroups, partition: Partition) -> None:
        self.partition = partition
        self.rows = domain_forms(partition.domain)
        # The maps as integer forms over a power of two.
        self.maps = [
            [scaled_integers(np.append(row, constant)) for row, constant in zip(weights, biases, strict=True)]
            for weights, biases in zip(groups.weights, groups.biases, strict=True)
        ]

    def largest(self, row: int, group: int, deadline: Deadline) -> tuple[float, FloatArray | None]:
        """The bound of a region and where it is reached; ∞ and None if there is no limit."""
        programs = RegionPrograms(self.partition, row, self.rows, deadline=deadline)
        outputs = programs.cell.outputs
        best, point = Fraction(-1), None
        scale = 1 << outputs.exponent
        for form, (fitted, exponent) in zip(outputs.rows(), self.maps[group], strict=True):
            gap = [(entry << exponent) - other * scale for entry, other in zip(form, fitted, strict=True)]
            for sign in (1, -1):
                found = programs.maximise([sign * entry for entry in gap])
                if not isinstance(found, ExactOptimum):
                    return float("inf"), None
                value = as_fraction(found.value) / (scale << exponent)
                if value > best:
                    best, point = value, float_point(found.point)
        return _rounded_up(best), point


def _rounded_up(value: Fraction) -> float:
    """The least float64 that is not below a rational number."""
    nearest = nearest_quotient(value.numerator, value.denominator)
    if np.isinf(nearest) or Fraction(nearest) >= value:
        return nearest
    return float(np.nextafter(nearest, np.inf))
