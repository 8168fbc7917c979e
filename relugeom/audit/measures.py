"""What an audit measures beyond the list of regions, and the store keeps for questions in SQL."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.margins import sample_margins
from relugeom.data.table import SampleTable
from relugeom.partition.adjacency import find_adjacency
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition
from relugeom.partition.volumes import region_volumes

if TYPE_CHECKING:
    from relugeom.store.runs import Run

__all__ = ["MOST_REGIONS", "save_measures"]

MOST_REGIONS = 20_000
"""Of longer lists, volumes, neighbours and decisions are left to `relugeom enumerate --measure`."""


def save_measures(
    run: "Run", partition: Partition, clusters: Clusters, samples: SampleTable, tell: Callable[[str, int], None]
) -> str | None:
    """Measure and record; returns what to say of what was left out."""
    tell("measuring the samples' margins", 0)
    run.save_margins(sample_margins(clusters, samples))
    if len(partition) > MOST_REGIONS:
        return (
            f"Shares of the domain, neighbours and decisions of regions are not recorded: there are more than "
            f"{MOST_REGIONS:,} regions."
        )
    tell("measuring volumes", 0)
    run.save_volumes(region_volumes(partition))
    tell("finding neighbours", 0)
    run.save_adjacency(find_adjacency(partition))
    run.save_decisions(decide_regions(partition))
    return None
