"""Regions without a sample, and how far their maps depart from observed ones."""

from typing import TYPE_CHECKING

from sqlalchemy import Column, Double, ForeignKeyConstraint, Index, Integer, Table

from relugeom.store.database.columns import key, metadata, owner
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import PARTITION_REGION
from relugeom.store.subject import MOST_REGIONS, Saver, StoreSubject, rows_of_run

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.unobserved import UnobservedRegions

__all__ = ["REGION_DEPARTURES", "SUBJECT", "save_unobserved"]

REGION_DEPARTURES = Table(
    "region_departures",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    Column("departure", Double, comment="departure from the map of the nearest cluster, in units of the output"),
    Column(
        "nearest_cluster", Integer, comment="number of that cluster, from 1; NULL if no cluster is inside the domain"
    ),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    Index(None, "partition_id", "position"),
    Index(None, "run_id", "departure"),
    comment="Regions without a sample, and how far their maps depart from those of observed clusters.",
    sqlite_with_rowid=False,
)


def save_unobserved(run: OpenRun, found: "UnobservedRegions") -> None:
    """Save the regions without a sample, and how far their maps depart from observed ones."""
    columns = {
        "run_id": run.id,
        "partition_id": run.partition_id,
        "position": found.rows,
        "departure": found.departure,
        "nearest_cluster": [int(row) + 1 if row >= 0 else None for row in found.nearest],
    }
    insert_columns(run.connection, REGION_DEPARTURES, columns)


VIEWS = (
    View(
        "unobserved_regions",
        "activation regions without a sample: share of the domain, and departure of the map from that of the nearest "
        "cluster",
        """\
SELECT u.run_id AS run, u.position + 1 AS region, p.pattern, v.share AS volume_share, u.departure, u.nearest_cluster,
       CASE WHEN a.met OR w.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR w.admissible_inputs = 0 THEN 'no'
            ELSE 'unknown' END AS admissible
FROM region_departures u
JOIN runs r ON r.id = u.run_id
JOIN partition_regions g ON g.partition_id = u.partition_id AND g.position = u.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN region_volumes v ON v.partition_id = u.partition_id AND v.position = u.position
LEFT JOIN pattern_statuses w ON w.domain_id = r.domain_id AND w.pattern_id = g.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = g.pattern_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(REGION_DEPARTURES,),
    views=VIEWS,
    savers=(Saver("relugeom.analysis.unobserved.UnobservedRegions", save_unobserved),),
    findings={
        "unobserved": f"""\
SELECT region, pattern, volume_share, departure, nearest_cluster, admissible
FROM unobserved_regions WHERE run = :run
ORDER BY volume_share DESC NULLS LAST, region LIMIT {MOST_REGIONS}""",
    },
    part=("unobserved regions", rows_of_run(REGION_DEPARTURES)),
)
