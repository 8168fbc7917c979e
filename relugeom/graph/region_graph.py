"""The region graph: activation regions as nodes, joined where they share a facet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relugeom.deadline import TimeLimit
from relugeom.linalg.arrays import IntArray
from relugeom.measures.adjacency import find_adjacency
from relugeom.network.pattern import pattern_texts
from relugeom.partition.partition import Partition

__all__ = ["RegionGraph", "region_graph"]


@dataclass(frozen=True, slots=True, eq=False)
class RegionGraph:
    """Adjacency of k regions, as a graph.

    Attributes
    ----------
    patterns
        One text per region.
    edges
        Pairs of regions that share a facet, each once, shape (e, 2).
    units
        Names of the units on whose hyperplanes each facet lies, one text per edge.
    clusters, samples
        Number of each region's cluster (0 for none), and number of samples in it, shape (k,).
    complete
        Whether the list of regions is complete.
    """

    patterns: Sequence[str]
    edges: IntArray
    units: Sequence[str]
    clusters: IntArray
    samples: IntArray
    complete: bool


def region_graph(
    partition: Partition, clusters: Sequence[tuple[str, int, int]] = (), *, time_limit: TimeLimit = None
) -> RegionGraph:
    """Region graph of a partition.

    Parameters
    ----------
    clusters
        Pattern, number and number of samples of each cluster.
    time_limit
        Seconds or a deadline for finding neighbours; without all of them the graph is not complete.
    """
    adjacency = find_adjacency(partition, time_limit=time_limit)
    patterns = pattern_texts(partition.packed, partition.network.widths)
    known = {pattern: (number, samples) for pattern, number, samples in clusters}
    layers = [f"{layer}.{index}" for layer, width in enumerate(partition.network.widths) for index in range(width)]
    return RegionGraph(
        patterns=patterns,
        edges=np.column_stack([adjacency.first, adjacency.second]).astype(np.int64),
        units=[
            ", ".join(layers[unit] for unit in adjacency.units[start:end].tolist())
            for start, end in zip(adjacency.starts[:-1].tolist(), adjacency.starts[1:].tolist(), strict=True)
        ],
        clusters=np.array([known.get(pattern, (0, 0))[0] for pattern in patterns], dtype=np.int64),
        samples=np.array([known.get(pattern, (0, 0))[1] for pattern in patterns], dtype=np.int64),
        complete=adjacency.complete,
    )
