"""Statuses of patterns on a domain (region, lower-dimensional, infeasible), and whether an admissible input has
them.
"""

import numpy as np
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Connection, Index, Table, Text

from relugeom.linalg.arrays import IntArray
from relugeom.partition.census import Met
from relugeom.partition.partition import PatternStatus
from relugeom.store.database.columns import metadata, owner, required
from relugeom.store.database.insertion import ONCE, insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject
from relugeom.store.subjects.patterns import PatternRows

__all__ = [
    "ADMISSIBLE_PATTERNS",
    "LISTED_OF_RUN",
    "PATTERNS_OF_RUN",
    "PATTERN_COUNT_OF_RUN",
    "PATTERN_STATUSES",
    "SUBJECT",
    "save_admissible",
    "save_statuses",
]

PATTERN_STATUSES = Table(
    "pattern_statuses",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    owner("pattern_id", "patterns.id", "the pattern"),
    required("status", Text, comment="region, lower-dimensional or infeasible"),
    Column(
        "admissible_inputs",
        BigInteger,
        comment="number of admissible inputs that have the pattern; NULL if not counted",
    ),
    CheckConstraint("status IN ('region', 'lower-dimensional', 'infeasible')", name="status"),
    Index(None, "pattern_id"),
    comment="Statuses of patterns on a domain. Patterns without a row are not settled.",
    sqlite_with_rowid=False,
)

ADMISSIBLE_PATTERNS = Table(
    "admissible_patterns",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    owner("pattern_id", "patterns.id", "the pattern"),
    required("met", Boolean, comment="whether some admissible input has the pattern, proved either way"),
    Index(None, "pattern_id"),
    comment="Whether admissible inputs have a pattern. Patterns without a row are not settled.",
    sqlite_with_rowid=False,
)

SAME_STATUS = (
    "ON CONFLICT (domain_id, pattern_id) DO UPDATE "
    "SET admissible_inputs = coalesce(excluded.admissible_inputs, pattern_statuses.admissible_inputs)"
)
"""A status is proved and never changes; the count of admissible inputs may come later."""


def save_statuses(
    connection: Connection,
    domain_id: int,
    patterns: PatternRows,
    status: PatternStatus,
    admissible: IntArray | None = None,
) -> None:
    """Save the statuses of patterns on a domain.

    Parameters
    ----------
    admissible
        Number of admissible inputs that have each pattern, shape (k,); None if not counted.
    """
    for chosen, conflict in ((patterns.is_new, ""), (~patterns.is_new, SAME_STATUS)):
        columns = {
            "domain_id": domain_id,
            "pattern_id": patterns.ids[chosen],
            "status": status.value,
            "admissible_inputs": None if admissible is None else admissible[chosen],
        }
        insert_columns(connection, PATTERN_STATUSES, columns, conflict=conflict)


def save_admissible(connection: Connection, domain_id: int, pattern_ids: IntArray, met: IntArray) -> None:
    """Save which patterns some admissible input has (`Met`, shape (k,)); UNKNOWN is not saved."""
    settled = np.flatnonzero(met != Met.UNKNOWN)
    columns = {
        "domain_id": domain_id,
        "pattern_id": pattern_ids[settled],
        "met": met[settled] == Met.YES,
    }
    insert_columns(connection, ADMISSIBLE_PATTERNS, columns, conflict=ONCE)


PATTERNS_OF_RUN = """\
SELECT pattern, status, samples, admissible_inputs AS admissible
FROM pattern_list WHERE run = :run
ORDER BY CASE status WHEN 'region' THEN 0 WHEN 'lower-dimensional' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END,
         samples DESC NULLS LAST, pattern LIMIT :most"""

PATTERN_COUNT_OF_RUN = "SELECT count(*) FROM pattern_list WHERE run = :run"

LISTED_OF_RUN = "SELECT pattern FROM pattern_list WHERE run = :run"


VIEWS = (
    View(
        "pattern_list",
        "settled or observed patterns: status, admissible inputs, and samples of the domain that have the pattern",
        """\
SELECT r.id AS run, p.pattern, p.active_units, v.status, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples,
       CASE WHEN a.met OR v.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR v.admissible_inputs = 0 OR v.status = 'infeasible' THEN 'no'
            ELSE 'unknown' END AS admissible
FROM runs r
JOIN pattern_statuses v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = v.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated') OR r.partition_id IS NOT NULL OR r.clusters IS NOT NULL
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    ),
    View(
        "pattern_verdicts",
        "former name of pattern_list, kept for one version, with the status also under its former name verdict",
        """\
SELECT run, pattern, active_units, status AS verdict, admissible_inputs, cluster, samples, admissible, status
FROM pattern_list""",
    ),
    View(
        "region_list",
        "activation regions that any run on the same network and domain has found: active units, admissible inputs, "
        "and samples of the domain in each",
        """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples, admissible
FROM pattern_list
WHERE status = 'region'""",
    ),
    View(
        "regions_without_data",
        "activation regions of the domain that contain no sample, and whether an admissible input lies in them",
        """\
SELECT run, pattern, active_units, admissible_inputs, admissible
FROM region_list
WHERE samples = 0""",
    ),
)


SUBJECT = StoreSubject(
    tables=(PATTERN_STATUSES, ADMISSIBLE_PATTERNS),
    views=VIEWS,
)
