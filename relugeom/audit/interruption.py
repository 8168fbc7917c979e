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
        Whether each measurement is present, in the order in which they are named.
    """
    about = tables.about
    ended = ENDED_EARLY.get(about.status)
    if ended is None:
        return ""
    parts = list(_audit_parts(tables, measured)) if about.command == "audit" else [_regions(tables)]
    there, missing = ("; ".join(filter(None, words)) for words in zip(*parts, strict=True))
    why = f" ({about.reason})" if about.reason else ""
    return (
        f"This run {ended}{why}. The report shows what had been recorded by then: "
        f"{there or 'nothing but its subject'}. {f'Missing: {missing}. ' if missing else ''}"
        f"The same command with --resume continues from here."
    )


def _audit_parts(tables: "RunTables", measured: Mapping[str, bool]) -> Iterator[Part]:
    """Parts of an audit, in the order in which they are recorded."""
    clusters, counts = len(tables.clusters), CensusKind.REGION in set(tables.census["kind"])
    yield Part(counted(clusters, "cluster"), "") if clusters else Part("", "clusters and their importance")
    yield _regions(tables)
    proved = bool(tables.certificate_file)
    if proved or not counts:  # with a census, but without a certificate, the regions could not be proved
        yield Part("their certificate", "") if proved else Part("", "the certificate of the list of regions")
    yield _part("the census of patterns", is_there=counts)
    yield _answers(tables, is_last=not any(measured.values()))
    yield from (_part(name, is_there=there) for name, there in measured.items())


def _part(name: str, *, is_there: bool) -> Part:
    """A part that has one name, whether or not it is present."""
    return Part(name, "") if is_there else Part("", name)


def _regions(tables: "RunTables") -> Part:
    if not tables.regions:
        return Part("", "activation regions")
    regions = counted(tables.regions, "activation region")
    if tables.partition == PartitionStatus.COMPLETE:
        return Part(f"all {regions}", "")
    return Part(f"{regions} of a search that was cut short", "all other regions")


def _answers(tables: "RunTables", *, is_last: bool) -> Part:
    """Answers; if nothing was recorded after them, more of them may be missing."""
    if not len(tables.answers):
        return Part("", "answers about the whole domain")
    found = counted(len(tables.answers), "answer")
    return Part(f"{found} about the whole domain", "further answers" if is_last else "")
