"""Regions of a partition that share a facet, and the units whose hyperplanes contain it."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Boolean, ForeignKeyConstraint, Index, Table

from relugeom.store.database.columns import key, metadata, required
from relugeom.store.database.insertion import ONCE, insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.subject import Saver, StoreSubject, rows_of_partition

if TYPE_CHECKING:  # slow to load
    from relugeom.measures.adjacency import Adjacency

__all__ = ["REGION_FACETS", "SUBJECT", "save_adjacency"]

REGION_FACETS = Table(
    "region_facets",
    metadata,
    key("partition_id", "the partition"),
    key("position", "position of the first region in tree order, from 0"),
    key("neighbour", "position of the second region, greater than that of the first"),
    key("layer", "hidden layer of the unit, from 0"),
    key("unit", "index of the unit in its layer, from 0"),
    required("on_first", Boolean, comment="whether the facet lies on the unit's hyperplane in the first region"),
    required("on_second", Boolean, comment="whether the facet lies on the unit's hyperplane in the second region"),
    ForeignKeyConstraint(
        ["partition_id", "position"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["partition_id", "neighbour"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    Index(None, "partition_id", "neighbour"),
    comment="Pairs of regions that share a facet, and the units whose hyperplanes contain it.",
    sqlite_with_rowid=False,
)


def save_adjacency(run: OpenRun, adjacency: "Adjacency") -> None:
    """Save pairs of adjacent regions, one row per unit whose hyperplane contains the shared facet."""
    repeats = np.diff(adjacency.starts)
    ends = np.cumsum(adjacency.widths)
    layers = np.searchsorted(ends, adjacency.units, side="right")
    columns = {
        "partition_id": run.partition_id,
        "position": np.repeat(adjacency.first, repeats),
        "neighbour": np.repeat(adjacency.second, repeats),
        "layer": layers,
        "unit": adjacency.units - (ends - np.array(adjacency.widths, dtype=np.int64))[layers],
        "on_first": adjacency.on_first,
        "on_second": adjacency.on_second,
    }
    insert_columns(run.connection, REGION_FACETS, columns, conflict=ONCE)


VIEWS = (
    View(
        "neighbours",
        "pairs of activation regions that share a facet, listed from both sides, and the units whose hyperplanes "
        "contain it",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
UNION ALL
SELECT r.id, e.neighbour + 1, q.pattern, e.position + 1, p.pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id""",
        columns={
            "neighbour_pattern": "pattern of the neighbouring region",
        },
    ),
)


SUBJECT = StoreSubject(
    tables=(REGION_FACETS,),
    views=VIEWS,
    savers=(Saver("relugeom.measures.adjacency.Adjacency", save_adjacency),),
    part=("neighbours", rows_of_partition(REGION_FACETS)),
)
