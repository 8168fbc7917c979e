"""The census of all 2^N patterns on the domain of a run: counts for the run, statuses for all runs."""

from typing import NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Column, Table, Text

from relugeom.linalg.arrays import ByteArray
from relugeom.network.pattern import all_patterns
from relugeom.partition.census import CensusKind, PatternCensus
from relugeom.partition.partition import PatternStatus
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.subject import Saver, StoreSubject
from relugeom.store.subjects.patterns import save_patterns
from relugeom.store.subjects.statuses import save_admissible, save_statuses

__all__ = ["CENSUS_OF_RUN", "PATTERN_CENSUS", "SUBJECT", "Count", "census_counts", "infeasible_patterns", "save_census"]

PATTERN_CENSUS = Table(
    "pattern_census",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "order of reading"),
    required(
        "kind", Text, comment="which patterns are counted: all, region, lower-dimensional, infeasible, admissible"
    ),
    required("patterns", Text, comment="these patterns in words"),
    Column("count", BigInteger, comment="number of these patterns; NULL if it is not known or exceeds 2^63"),
    required("count_text", Text, comment="the number as text: 32, 2^80, at least 7, not known"),
    comment="Census of all 2^N patterns of the network on the domain of a run.",
)

MAX_LISTED_INFEASIBLE_UNITS = 12
"""Infeasible patterns of networks with more units are counted, not listed."""

LARGEST = 2**63 - 1

NOT_KNOWN = "not known"

LABELS = {
    CensusKind.ALL: "all patterns",
    CensusKind.REGION: "regions",
    CensusKind.LOWER_DIMENSIONAL: "lower-dimensional",
    CensusKind.INFEASIBLE: "infeasible",
    CensusKind.ADMISSIBLE: "met by an admissible input",
}
"""The kinds that are counted here, in words."""


class Count(NamedTuple):
    """A line of the census; `number` is None if it is not known exactly or too large for SQL."""

    kind: CensusKind
    number: int | None
    text: str


def save_census(run: OpenRun, census: PatternCensus) -> None:
    """Save the counts of a census, and the statuses of the patterns that it lists."""
    counts = census_counts(census)
    columns = {
        "run_id": run.id,
        "position": range(len(counts)),
        "kind": [count.kind.value for count in counts],
        "patterns": [LABELS[count.kind] for count in counts],
        "count": [count.number for count in counts],
        "count_text": [count.text for count in counts],
    }
    insert_columns(run.connection, PATTERN_CENSUS, columns)
    kinds = [
        (census.region_packed, PatternStatus.REGION, census.region_admissible),
        (census.lower_packed, PatternStatus.LOWER_DIMENSIONAL, census.lower_admissible),
    ]
    if census.infeasible is not None and census.units <= MAX_LISTED_INFEASIBLE_UNITS:
        kinds.append(
            (infeasible_patterns(census), PatternStatus.INFEASIBLE, np.zeros(census.infeasible, dtype=np.int64))
        )
    asked_of = {PatternStatus.REGION: census.region_met, PatternStatus.LOWER_DIMENSIONAL: census.lower_met}
    for packed, status, admissible in kinds:
        patterns = save_patterns(run.connection, run.network_id, run.network, packed)
        save_statuses(run.connection, run.domain_id, patterns, status, admissible)
        asked = asked_of.get(status)
        if asked is not None:
            save_admissible(run.connection, run.domain_id, patterns.ids, asked)


def _listed(census: PatternCensus) -> int:
    return len(census.region_packed)


def census_counts(census: PatternCensus) -> list[Count]:
    """Lines of a census, in the order in which they are read."""
    total, regions, lower = 2**census.units, len(census.region_packed), len(census.lower_packed)
    return [
        Count(CensusKind.ALL, total if total <= LARGEST else None, census.patterns_in_words),
        _count(CensusKind.REGION, regions, exact=census.complete),
        _count(CensusKind.LOWER_DIMENSIONAL, lower, exact=census.lower_complete),
        _infeasible_count(census),
        Count(CensusKind.ADMISSIBLE, census.admissible, _text(census.admissible)),
    ]


def infeasible_patterns(census: PatternCensus) -> ByteArray:
    """Patterns that a complete census does not list, in ascending order."""
    packed = all_patterns(census.units)
    feasible = {row.tobytes() for row in (*census.region_packed, *census.lower_packed)}
    return packed[[row.tobytes() not in feasible for row in packed]]


def _count(kind: CensusKind, number: int, *, exact: bool) -> Count:
    if exact:
        return Count(kind, number, _text(number))
    return Count(kind, None, f"at least {number:,}" if number else NOT_KNOWN)


def _infeasible_count(census: PatternCensus) -> Count:
    number = census.infeasible
    if number is not None and number > LARGEST:
        feasible = len(census.region_packed) + len(census.lower_packed)
        return Count(CensusKind.INFEASIBLE, None, f"{census.patterns_in_words} − {feasible:,}")
    return Count(CensusKind.INFEASIBLE, number, _text(number))


def _text(number: int | None) -> str:
    return NOT_KNOWN if number is None else f"{number:,}"


CENSUS_OF_RUN = "SELECT kind, patterns, count_text AS count FROM pattern_counts WHERE run = :run ORDER BY position"


VIEWS = (
    View(
        "pattern_counts",
        "census of all 2^N patterns: how many are regions, infeasible, met by an admissible input, or hold samples",
        """\
SELECT run_id AS run, position, patterns, count, count_text, kind
FROM pattern_census
UNION ALL
SELECT run_id, 100, 'holding samples of the domain', count(*), CAST(count(*) AS TEXT), 'observed'
FROM clusters
WHERE samples > outside
GROUP BY run_id""",
        columns={
            "kind": "patterns that are counted, in one word",
            "patterns": "patterns that are counted, in words",
            "count_text": "the number as text",
            "position": "position in the order in which rows are shown, from 0",
        },
    ),
)


SUBJECT = StoreSubject(
    tables=(PATTERN_CENSUS,),
    views=VIEWS,
    savers=(Saver(PatternCensus, save_census, rows=_listed),),
)
