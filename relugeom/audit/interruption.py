"""Words for the report of a run that did not finish: what it had found by then, and what is missing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from relugeom.partition.census import CensusKind
from relugeom.partition.partition import PartitionStatus
from relugeom.printing import counted

if TYPE_CHECKING:
    from relugeom.store.reading import RunTables

__all__ = ["ENDED_EARLY", "interruption_in_words"]

ENDED_EARLY = {"interrupted": "was interrupted", "failed": "failed"}
"""Statuses of runs that did not finish, and the words for them."""


class Part(NamedTuple):
    """A part of a run in words, for when it is present and for when it is missing; either may be empty."""

    there: str
    missing: str


def interruption_in_words(tables: "RunTables", measured: Mapping[str, bool]) -> str:
    """How a run ended, what it contains and what is missing; empty for a finished one.

    Parameters
    ----------
    measured
        Whether each measurement is present, in the order in which an audit makes them.
    """
    about = tables.about
    ended = ENDED_EARLY.get(about.status)
    if ended is None:
        return ""
    parts = list(_audit_parts(tables, measured)) if about.command == "audit" else [_regions(tables)]
    there = "; ".join(part.there for part in parts if part.there)
    missing = "; ".join(part.missing for part in parts if part.missing)
    why = f" ({about.reason})" if about.reason else ""
    return (
        f"This run {ended}{why}. The report shows what had been recorded by then: "
        f"{there or 'nothing but its subject'}. {f'Missing: {missing}. ' if missing else ''}"
        f"The same command with --resume continues from here."
    )


def _audit_parts(tables: "RunTables", measured: Mapping[str, bool]) -> Iterator[Part]:
    """Parts of an audit, in the order in which they are recorded."""
    clusters, answers = len(tables.clusters), len(tables.answers)
    counts = CensusKind.REGION in set(tables.census["kind"])
    yield Part(counted(clusters, "cluster"), "") if clusters else Part("", "clusters and their importance")
    yield _regions(tables)
    if tables.certificate_file:
        yield Part("their certificate", "")
    elif not counts:
        yield Part("", "the certificate of the list of regions")
    yield Part("the census of patterns", "") if counts else Part("", "the census of patterns")
    if answers:
        further = "" if any(measured.values()) else "further answers"
        yield Part(f"{counted(answers, 'answer')} about the whole domain", further)
    else:
        yield Part("", "answers about the whole domain")
    yield from (Part(part, "") if there else Part("", part) for part, there in measured.items())


def _regions(tables: "RunTables") -> Part:
    if not tables.regions:
        return Part("", "activation regions")
    regions = counted(tables.regions, "activation region")
    if tables.partition == PartitionStatus.COMPLETE:
        return Part(f"all {regions}", "")
    return Part(f"{regions} of a search that was cut short", "all other regions")
