"""What `enumerate --measure` adds: volumes and shares, facets between regions, linear regions.

Each step gets a part of the time that is left, and says what it could not do in it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from relugeom.deadline import Deadline
from relugeom.measures.adjacency import Adjacency, find_adjacency
from relugeom.measures.linear_regions import LinearRegions, merge_linear_regions
from relugeom.measures.volumes import CoveredShare, VolumeMethod, Volumes, covered_share, region_volumes
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["measure_partition"]

PARTS = {"volumes": 0.25, "covered share": 0.33, "facets": 0.75, "linear regions": 1.0}
"""Of the time that is left when a step begins, the part that it gets."""


def measure_partition(
    partition: Partition, deadline: Deadline, report: Callable[[str, object], None]
) -> tuple[dict[str, str], dict[str, Any], bool]:
    """Facts in words, the same for JSON, and whether there was time for all; `report` is told how far each step is."""
    unfinished = []

    def timed(name: str, measure: Callable[..., Any], *values: object) -> Any:
        part = deadline.share(PARTS[name])
        found = measure(*values, time_limit=part, on_progress=partial(report, name))
        if found.reason and part.passed:
            unfinished.append(name)
        return found

    volumes: Volumes = timed("volumes", region_volumes, partition)
    covered: CoveredShare = timed("covered share", covered_share, partition)
    adjacency: Adjacency = timed("facets", find_adjacency, partition)
    merged: LinearRegions = timed("linear regions", merge_linear_regions, partition, adjacency)
    known = partition.status is PartitionStatus.COMPLETE
    facts = {"Volumes": _method_in_words(volumes), "Covered": _covered_in_words(covered)}
    largest = _largest(partition, volumes)
    if largest is not None:
        facts["Largest region"] = f"{largest['pattern']}: {largest['volume_share']:.4g} of the domain"
    facts["Facets"] = f"{len(adjacency):,} pairs of regions share one" + _as_far(
        ", as far as they are known", known, adjacency.reason
    )
    facts["Linear regions"] = f"{merged.count:,}" + _as_far(" among the regions that are known", known, merged.reason)
    return (
        facts,
        {
            "volumes": volumes.method.value,
            "volumes_reason": volumes.reason,
            "covered_low": covered.low,
            "covered_high": covered.high,
            "covered_confidence": covered.confidence,
            "covered_reason": covered.reason,
            "largest_region": largest,
            "facets": len(adjacency),
            "facets_reason": adjacency.reason,
            "linear_regions": merged.count,
            "linear_regions_reason": merged.reason,
        },
        not unfinished,
    )


def _as_far(words: str, known: bool, reason: str) -> str:
    return ("" if known and not reason else words) + (f": {reason}" if reason else "")


def _method_in_words(volumes: Volumes) -> str:
    if volumes.method is VolumeMethod.EXACT:
        words = "exact"
    elif volumes.method is VolumeMethod.MONTE_CARLO:
        words = f"Monte Carlo estimate from {volumes.samples:,} points ({volumes.confidence:.0%} intervals)"
    else:
        words = "unknown"
    return f"{words}: {volumes.reason}" if volumes.reason else words


def _covered_in_words(covered: CoveredShare) -> str:
    if covered.low == covered.high == 1.0:
        return "all of the domain"
    if covered.method is VolumeMethod.EXACT:
        return f"at least {covered.low:.6g} of the domain (proved)" + (f": {covered.reason}" if covered.reason else "")
    if covered.method is VolumeMethod.MONTE_CARLO:
        interval = f"{covered.low:.4g} to {covered.high:.4g} of the domain ({covered.confidence:.0%} interval)"
        return interval + (f": {covered.reason}" if covered.reason else "")
    return f"unknown: {covered.reason}" if covered.reason else "unknown"


def _largest(partition: Partition, volumes: Volumes) -> dict[str, Any] | None:
    if len(partition) == 0 or np.isnan(volumes.shares).all():
        return None
    row = int(np.nanargmax(volumes.shares))
    return {"pattern": str(partition[row].pattern), "volume_share": float(volumes.shares[row])}
