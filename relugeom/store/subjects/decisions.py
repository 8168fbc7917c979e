"""Decisions at the interior points of regions, and pairs of neighbours with different decisions."""

from sqlalchemy import Boolean, Column, Integer

from relugeom.network.decision import TIED
from relugeom.store.database.columns import required
from relugeom.store.database.insertion import ONCE, insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import of_region
from relugeom.store.records import RegionClasses
from relugeom.store.subject import Saver, StoreSubject, rows_of_partition

__all__ = ["REGION_DECISIONS", "SUBJECT", "save_decisions"]

REGION_DECISIONS = of_region(
    "region_decisions",
    Column("class", Integer, comment="class that is decided at the interior point; NULL if tied or between two bounds"),
    required("tied", Boolean, comment="whether two outputs share the largest value there"),
    comment="Exact decision of the network at the interior point of each region.",
)


def save_decisions(run: OpenRun, record: RegionClasses) -> None:
    """Save the class at the interior point of each region; NULL if there is none."""
    classes = record.classes
    columns = {
        "partition_id": run.partition_id,
        "position": range(len(classes)),
        "class": [int(value) if value >= 0 else None for value in classes],
        "tied": classes == TIED,
    }
    insert_columns(run.connection, REGION_DECISIONS, columns, conflict=ONCE)


VIEWS = (
    View(
        "region_classes",
        "class that is decided at the interior point of each activation region",
        """\
SELECT r.id AS run, d.position + 1 AS region, p.pattern, d.class, k.name AS class_name, d.tied
FROM runs r
JOIN region_decisions d ON d.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = d.partition_id AND g.position = d.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = d.class""",
    ),
    View(
        "decision_flips",
        "pairs of neighbouring regions with different decisions at their interior points: the decision boundary "
        "passes between them",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, d.class, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, o.class AS neighbour_class
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN region_decisions d ON d.partition_id = e.partition_id AND d.position = e.position
JOIN region_decisions o ON o.partition_id = e.partition_id AND o.position = e.neighbour AND o.class <> d.class
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
WHERE NOT EXISTS (
  SELECT 1
  FROM region_facets z
  WHERE z.partition_id = e.partition_id AND z.position = e.position AND z.neighbour = e.neighbour
        AND (z.layer < e.layer OR (z.layer = e.layer AND z.unit < e.unit))
)""",
    ),
)


SUBJECT = StoreSubject(
    tables=(REGION_DECISIONS,),
    views=VIEWS,
    savers=(Saver(RegionClasses, save_decisions),),
    part=("decisions by region", rows_of_partition(REGION_DECISIONS)),
)
