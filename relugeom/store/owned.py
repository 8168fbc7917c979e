"""Tables whose rows belong to a region of a partition, or to a cluster of a run, and go with it."""

from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table

from relugeom.store.database.columns import key, metadata

__all__ = ["PARTITION_REGION", "of_cluster", "of_region"]

PARTITION_REGION = ["partition_regions.partition_id", "partition_regions.position"]
"""The key of a region, for foreign keys."""


def of_region(name: str, *columns: Column[Any] | Index, comment: str) -> Table:
    """A table with rows about the regions of a partition."""
    return Table(
        name,
        metadata,
        key("partition_id", "the partition"),
        key("position", "the region's place in tree order, from 0"),
        *columns,
        ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
        comment=comment,
        sqlite_with_rowid=False,
    )


def of_cluster(name: str, *columns: Column[Any], comment: str) -> Table:
    """A table with rows about the clusters of a run."""
    return Table(
        name,
        metadata,
        key("run_id", "the run"),
        key("cluster", "number of the cluster, from 1"),
        *columns,
        ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
        comment=comment,
        sqlite_with_rowid=False,
    )
