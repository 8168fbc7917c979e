"""Tables whose rows belong to a region of a partition, or to a cluster or a group of a run, and are deleted with it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table

from relugeom.store.database.columns import key, metadata

__all__ = ["PARTITION_REGION", "of_cluster", "of_group", "of_region"]

PARTITION_REGION = ["partition_regions.partition_id", "partition_regions.position"]
"""Key of a region, for foreign keys."""


def of_region(name: str, *columns: Column[Any] | Index, comment: str) -> Table:
    """Table with rows about the regions of a partition."""
    place = key("partition_id", "the partition"), key("position", "position of the region in tree order, from 0")
    return _owned_by(PARTITION_REGION, name, place, columns, comment)


def of_cluster(name: str, *columns: Column[Any], comment: str) -> Table:
    """Table with rows about the clusters of a run."""
    place = key("run_id", "the run"), key("cluster", "number of the cluster, from 1")
    return _owned_by(["clusters.run_id", "clusters.cluster"], name, place, columns, comment)


def of_group(name: str, *columns: Column[Any], comment: str) -> Table:
    """Table with rows about the groups of a run's clusters."""
    place = key("run_id", "the run"), key("group_number", "number of the group, from 1")
    return _owned_by(["run_groups.run_id", "run_groups.group_number"], name, place, columns, comment)


def _owned_by(
    owner: list[str], name: str, place: Sequence[Column[Any]], columns: Sequence[Column[Any] | Index], comment: str
) -> Table:
    return Table(
        name,
        metadata,
        *place,
        *columns,
        ForeignKeyConstraint([column.name for column in place], owner, ondelete="CASCADE"),
        comment=comment,
        sqlite_with_rowid=False,
    )
