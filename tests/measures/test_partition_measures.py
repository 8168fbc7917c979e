"""All measures at once are those that are measured one by one; a limit cuts, and is said."""

import numpy as np
from limits import Looks
from networks import he_network, layered

from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.linear_regions import merge_linear_regions
from relugeom.measures.partition_measures import measure_partition
from relugeom.measures.volumes import covered_share, region_volumes
from relugeom.partition.partition import PartitionStatus
from relugeom.search.enumeration import enumerate_regions

PARTITION = enumerate_regions(he_network(1, 2, 5, 4, 1), Domain.box([-1, -1], [1, 1]))


def test_measures_are_those_of_each_function():
    found = measure_partition(PARTITION)
    assert found.volumes.shares.tolist() == region_volumes(PARTITION).shares.tolist()
    assert (found.covered.low, found.covered.high) == (1.0, 1.0) == (covered_share(PARTITION).low, 1.0)
    assert len(found.adjacency) == len(find_adjacency(PARTITION))
    assert found.linear_regions.count == merge_linear_regions(PARTITION, find_adjacency(PARTITION)).count
    row = int(np.argmax(found.volumes.shares))
    assert found.largest == (str(PARTITION[row].pattern), found.volumes.shares[row])
    assert not found.unfinished and found.status is PartitionStatus.COMPLETE


def test_steps_that_are_cut_short_are_named():
    found = measure_partition(PARTITION, time_limit=Looks.until(0))
    assert set(found.unfinished) >= {"volumes", "facets", "linear regions"}
    assert found.largest is None and found.status is PartitionStatus.TRUNCATED


def test_regions_without_shares_have_no_largest():
    everywhere = enumerate_regions(layered(([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])), Domain.everything(2))
    assert len(everywhere) == 4 and measure_partition(everywhere).largest is None
