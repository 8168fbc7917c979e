"""All measures of a partition within one limit of time: volumes and shares, facets between regions, linear regions.

The one idea: each step gets a part of the remaining time, and says what it could not do in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.measures.adjacency import Adjacency, find_adjacency
from relugeom.measures.linear_regions import LinearRegions, merge_linear_regions
from relugeom.measures.volumes import CoveredShare, Volumes, covered_share, region_volumes
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["LargestRegion", "PartitionMeasures", "measure_partition"]


class Step(StrEnum):
    """One measure of a partition."""

    VOLUMES = "volumes"
    COVERED = "covered share"
    FACETS = "facets"
    LINEAR_REGIONS = "linear regions"


PARTS = {Step.VOLUMES: 0.25, Step.COVERED: 0.33, Step.FACETS: 0.75, Step.LINEAR_REGIONS: 1.0}
"""Part of the remaining time that each step gets."""


class LargestRegion(NamedTuple):
    """Pattern of a region, as text, and its share of the domain."""

    pattern: str
    volume_share: float


@dataclass(frozen=True, slots=True, eq=False)
class PartitionMeasures:
    """Measures of a partition.

    Attributes
    ----------
    unfinished
        The steps that were cut short.
    """

    partition: Partition
    volumes: Volumes
    covered: CoveredShare
    adjacency: Adjacency
    linear_regions: LinearRegions
    unfinished: tuple[Step, ...]

    @property
    def status(self) -> PartitionStatus:
        """TRUNCATED if a step was cut short, whether or not all regions are listed."""
        return PartitionStatus.TRUNCATED if self.unfinished else PartitionStatus.COMPLETE

    @property
    def largest(self) -> LargestRegion | None:
        """The region with the largest share of the domain; None if no share is known."""
        shares = self.volumes.shares
        if np.isnan(shares).all():
            return None
        row = int(np.nanargmax(shares))
        return LargestRegion(str(self.partition[row].pattern), float(shares[row]))


def measure_partition(
    partition: Partition,
    *,
    time_limit: TimeLimit = None,
    on_progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> PartitionMeasures:
    """Measure the regions of a partition.

    Parameters
    ----------
    time_limit
        Seconds or a deadline for everything.
    on_progress
        Called with what is being measured and how much of it is done.
    """
    deadline = Deadline.of(time_limit)
    unfinished = []

    def timed(step: Step, measure: Callable[..., Any], *values: object) -> Any:
        part = deadline.share(PARTS[step])
        found = measure(*values, time_limit=part, on_progress=partial(on_progress, step.value))
        if found.reason and part.passed:
            unfinished.append(step)
        return found

    volumes = timed(Step.VOLUMES, region_volumes, partition)
    covered = timed(Step.COVERED, covered_share, partition)
    adjacency = timed(Step.FACETS, find_adjacency, partition)
    merged = timed(Step.LINEAR_REGIONS, merge_linear_regions, partition, adjacency)
    return PartitionMeasures(partition, volumes, covered, adjacency, merged, tuple(unfinished))
