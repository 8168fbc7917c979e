"""Ranges of each output over each region of a partition, and inputs that reach their ends."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Column, Double, ForeignKeyConstraint, Table

from relugeom.store.database.columns import key, metadata
from relugeom.store.database.insertion import ONCE, insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import PARTITION_REGION
from relugeom.store.subject import MOST_REGIONS, Saver, StoreSubject, rows_of_partition

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.region_ranges import RegionRanges

__all__ = ["REGION_EXTREMES", "REGION_EXTREME_POINTS", "SUBJECT", "save_ranges"]

REGION_EXTREMES = Table(
    "region_extremes",
    metadata,
    key("partition_id", "the partition"),
    key("position", "position of the region in tree order, from 0"),
    key("output", "number of the output, from 0"),
    Column("lowest", Double, comment="float64 nearest to the exact minimum on the closed region; NULL without one"),
    Column("highest", Double, comment="float64 nearest to the exact maximum on the closed region; NULL without one"),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    comment="Ranges of each output over each region, before squashing.",
    sqlite_with_rowid=False,
)

REGION_EXTREME_POINTS = Table(
    "region_extreme_points",
    metadata,
    key("partition_id", "the partition"),
    key("position", "position of the region in tree order, from 0"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("lowest_at", Double, comment="coordinate of an input that reaches the minimum, as the nearest float64"),
    Column("highest_at", Double, comment="coordinate of an input that reaches the maximum, as the nearest float64"),
    ForeignKeyConstraint(
        ["partition_id", "position", "output"],
        ["region_extremes.partition_id", "region_extremes.position", "region_extremes.output"],
        ondelete="CASCADE",
    ),
    comment="Inputs that reach the ends of the ranges.",
    sqlite_with_rowid=False,
)


def save_ranges(run: OpenRun, ranges: "RegionRanges") -> None:
    """Save the range of each output over each region, and inputs that reach its ends."""
    partition_id = run.partition_id
    known = ranges.known
    m, n = ranges.lowest_at.shape[1:]
    columns = {
        "partition_id": partition_id,
        "position": np.repeat(np.arange(known), m),
        "output": np.tile(np.arange(m), known),
        "lowest": ranges.lowest[:known].ravel(),
        "highest": ranges.highest[:known].ravel(),
    }
    insert_columns(run.connection, REGION_EXTREMES, columns, conflict=ONCE)
    points = {
        "partition_id": partition_id,
        "position": np.repeat(np.arange(known), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), known),
        "feature": np.tile(np.arange(n), known * m),
        "lowest_at": ranges.lowest_at[:known].ravel(),
        "highest_at": ranges.highest_at[:known].ravel(),
    }
    insert_columns(run.connection, REGION_EXTREME_POINTS, points, conflict=ONCE)


VIEWS = (
    View(
        "region_ranges",
        "lowest and highest value of each output over each activation region; NULL if there is none",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, o.name AS output, e.lowest, e.highest,
       e.output AS output_position
FROM runs r
JOIN region_extremes e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output""",
    ),
    View(
        "region_range_inputs",
        "inputs that reach the lowest and the highest value of each output in each region, one row per feature",
        """\
SELECT r.id AS run, e.position + 1 AS region, o.name AS output, f.name AS feature, e.lowest_at, e.highest_at,
       e.output AS output_position, e.feature AS position
FROM runs r
CROSS JOIN region_extreme_points e
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature
WHERE e.partition_id = r.partition_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(REGION_EXTREMES, REGION_EXTREME_POINTS),
    views=VIEWS,
    savers=(Saver("relugeom.analysis.region_ranges.RegionRanges", save_ranges),),
    findings={
        "ranges": f"""\
SELECT region, pattern, output, lowest, highest FROM region_ranges WHERE run = :run
ORDER BY region, output_position LIMIT {MOST_REGIONS}""",
    },
    part=("ranges by region", rows_of_partition(REGION_EXTREMES)),
)
