"""How all patterns divide, as rows: counts for the run, statuses for everybody."""

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from relugeom.linalg.arrays import ByteArray
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pack_patterns
from relugeom.partition.census import CensusKind, PatternCensus
from relugeom.partition.partition import PatternStatus
from relugeom.store import schema
from relugeom.store.database.insertion import insert_columns
from relugeom.store.patterns import save_admissible, save_patterns, save_statuses

__all__ = ["save_census"]

MAX_LISTED_INFEASIBLE_UNITS = 12
"""Infeasible patterns of larger networks are counted, not listed."""
LARGEST = 2**63 - 1
NOT_KNOWN = "not known"


LABELS = {
    CensusKind.ALL: "all patterns",
    CensusKind.REGION: "regions",
    CensusKind.LOWER_DIMENSIONAL: "lower-dimensional",
    CensusKind.INFEASIBLE: "infeasible",
    CensusKind.ADMISSIBLE: "met by an admissible input",
}
"""What people read for the kinds that are counted here."""


class Count(NamedTuple):
    """A line of the census; `number` is None where it is not known exactly or too large for SQL."""

    kind: CensusKind
    number: int | None
    text: str


def save_census(
    connection: Connection, run_id: int, census: PatternCensus, network: ReLUNetwork, network_id: int, domain_id: int
) -> None:
    """Record the counts of a census, and the statuses of the patterns that it lists."""
    counts = census_counts(census)
    columns = {
        "run_id": run_id,
        "position": range(len(counts)),
        "kind": [count.kind.value for count in counts],
        "patterns": [LABELS[count.kind] for count in counts],
        "count": [count.number for count in counts],
        "count_text": [count.text for count in counts],
    }
    insert_columns(connection, schema.pattern_census, columns)
    kinds = [
        (census.region_packed, PatternStatus.REGION, census.region_admissible),
        (census.lower_packed, PatternStatus.LOWER_DIMENSIONAL, census.lower_admissible),
    ]
    if census.infeasible is not None and census.units <= MAX_LISTED_INFEASIBLE_UNITS:
        kinds.append(
            (infeasible_patterns(census), PatternStatus.INFEASIBLE, np.zeros(census.infeasible, dtype=np.int64))
        )
    asked_of = {PatternStatus.REGION: census.region_verdicts, PatternStatus.LOWER_DIMENSIONAL: census.lower_verdicts}
    for packed, status, admissible in kinds:
        patterns = save_patterns(connection, network_id, network, packed)
        save_statuses(connection, domain_id, patterns, status, admissible)
        asked = asked_of.get(status)
        if asked is not None:
            save_admissible(connection, domain_id, patterns.ids, asked)


def census_counts(census: PatternCensus) -> list[Count]:
    """The lines of a census in the order of reading."""
    total, regions, lower = 2**census.units, len(census.region_packed), len(census.lower_packed)
    return [
        Count(CensusKind.ALL, total if total <= LARGEST else None, census.patterns_in_words),
        _count(CensusKind.REGION, regions, exact=census.complete),
        _count(CensusKind.LOWER_DIMENSIONAL, lower, exact=census.lower_complete),
        _infeasible_count(census),
        Count(CensusKind.ADMISSIBLE, census.admissible, _text(census.admissible)),
    ]


def infeasible_patterns(census: PatternCensus) -> ByteArray:
    """The patterns that a complete census does not list, in ascending order."""
    numbers = np.arange(2**census.units, dtype=np.uint32)[:, None]
    bits = (numbers >> np.arange(census.units, dtype=np.uint32)[::-1]) & 1
    packed = pack_patterns(bits.astype(np.bool_))
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
