"""Regions of clusters: the region of a partition with the pattern of a cluster.

One idea: clusters and regions are both named by patterns, so they meet by equal bytes, found by bisection.
"""

import numpy as np

from relugeom.errors import InputError
from relugeom.linalg.arrays import IntArray
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, find_packed_row

__all__ = ["cluster_regions"]


def cluster_regions(partition: Partition, clusters: Clusters) -> IntArray:
    """Row of the region with the pattern of each cluster, shape (k,); −1 if the partition has none.

    A cluster without a region lies outside the domain, has a lower-dimensional pattern, or lies in the unexplored part
    of a TRUNCATED partition.

    Raises
    ------
    InputError
        The clusters are about another network.
    """
    if clusters.network != partition.network:
        raise InputError("the clusters and the partition are about different networks: compute both from one model")
    rows = [find_packed_row(partition.packed, content.tobytes()) for content in clusters.packed]
    return np.array([-1 if row is None else row for row in rows], dtype=np.int64)
