"""What `enumerate --measure` adds: volumes and shares, facets between regions, linear regions."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from relugeom.partition.adjacency import find_adjacency
from relugeom.partition.linear_regions import merge_linear_regions
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.partition.volumes import CoveredShare, VolumeMethod, Volumes, covered_share, region_volumes

__all__ = ["measure_partition"]


def measure_partition(
    partition: Partition, report: Callable[[str, object], None]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Facts in words and the same for JSON; `report` is told how far each step has come."""
    volumes = region_volumes(partition, on_progress=partial(report, "volumes"))
    covered = covered_share(partition, on_progress=partial(report, "covered share"))
    adjacency = find_adjacency(partition, on_progress=partial(report, "facets"))
    merged = merge_linear_regions(partition, adjacency, on_progress=partial(report, "linear regions"))
    known = partition.status is PartitionStatus.COMPLETE
    facts = {"Volumes": _method_in_words(volumes), "Covered": _covered_in_words(covered)}
    largest = _largest(partition, volumes)
    if largest is not None:
        facts["Largest region"] = f"{largest['pattern']}: {largest['volume_share']:.4g} of the domain"
    facts["Facets"] = f"{len(adjacency):,} pairs of regions share one" + ("" if known else ", as far as they are known")
    facts["Linear regions"] = f"{merged.count:,}" + ("" if known else " among the regions that are known")
    return facts, {
        "volumes": volumes.method.value,
        "volumes_reason": volumes.reason,
        "covered_low": covered.low,
        "covered_high": covered.high,
        "covered_confidence": covered.confidence,
        "largest_region": largest,
        "facets": len(adjacency),
        "linear_regions": merged.count,
    }


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
        return f"at least {covered.low:.6g} of the domain (proved)"
    if covered.method is VolumeMethod.MONTE_CARLO:
        return f"{covered.low:.4g} to {covered.high:.4g} of the domain ({covered.confidence:.0%} interval)"
    return f"unknown: {covered.reason}" if covered.reason else "unknown"


def _largest(partition: Partition, volumes: Volumes) -> dict[str, Any] | None:
    if len(partition) == 0 or np.isnan(volumes.shares).all():
        return None
    row = int(np.nanargmax(volumes.shares))
    return {"pattern": str(partition[row].pattern), "volume_share": float(volumes.shares[row])}
