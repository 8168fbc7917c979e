"""The report of a run: tables from its store, and pictures that are drawn from them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from relugeom.audit.interruption import ENDED_EARLY, interruption_in_words
from relugeom.audit.verdicts import headlines, required_lines
from relugeom.audit.words import summary_of
from relugeom.deadline import Deadline, TimeLimit
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.report.content import Facts, Masthead, ReportContent, Section

if TYPE_CHECKING:
    from relugeom.audit.pictures import Depicted
    from relugeom.store.reading import RunSource, RunTables
    from relugeom.store.store import Store

__all__ = ["report_content"]

TITLES = {"audit": "Audit"}


def report_content(
    store: "Store",
    run: int | None = None,
    *,
    clustered: tuple[FloatArray, IntArray] | None = None,
    show_samples: bool = True,
    map_features: Sequence[str] | None = None,
    time_limit: TimeLimit = None,
) -> ReportContent:
    """Content of the report of a run, by default the latest that finished, or one that ended early if none did.

    Parameters
    ----------
    clustered
        Samples, shape (s, n), and the cluster of each from 0, to draw in maps: a store does not keep samples.
    show_samples
        Whether rows of the data may be shown (`relugeom.report.privacy`).
    map_features
        Names of the two features of the map; by default, the two that move the outputs most.
    time_limit
        Seconds or a deadline for pictures; those that are not drawn by then are left out.

    Raises
    ------
    InputError
        The store has no such run, or the network no such features.
    """
    from relugeom.audit.pictures import with_pictures
    from relugeom.report.privacy import without_inputs, without_rows
    from relugeom.store.reading import read_run, read_source

    deadline = Deadline.of(time_limit)
    tables = read_run(store, run)
    if not show_samples:
        tables = replace(tables, answers=without_inputs(tables.answers))
    source = read_source(store, tables.run)
    content = _in_words(store, tables, source, show_samples=show_samples)
    depicted = _to_depict(store, tables, source, clustered if show_samples else None)
    content = with_pictures(content, depicted, map_features=map_features, time_limit=deadline)
    return content if show_samples else without_rows(content)


def _in_words(store: "Store", tables: "RunTables", source: "RunSource", *, show_samples: bool) -> ReportContent:
    """Tables and sentences, without pictures."""
    from relugeom.report.excerpt import rank_features
    from relugeom.store.reading import read_parts

    about = tables.about
    return ReportContent(
        title=_title(tables),
        interruption=interruption_in_words(tables, read_parts(store, tables.run)),
        summary=summary_of(tables),
        network=tables.network,
        domain=tables.domain,
        census=tables.census,
        clusters=tables.clusters,
        outcomes=tables.outcomes,
        profiles=tables.profiles,
        importance=rank_features(tables.importance, tables.clusters),
        patterns=tables.patterns,
        hidden_patterns=tables.hidden_patterns,
        overall=tables.overall,
        provenance=_provenance(store, tables),
        constraints=tables.constraints,
        notes=tables.notes,
        answers=tables.answers if len(tables.answers) else None,
        headlines=headlines(tables, source.network),
        requirements=required_lines(tables),
        certificate=tables.certificate,
        certificate_file=tables.certificate_file or "",
        masthead=Masthead(about.finished_at, tables.run, about.relugeom_version, about.network_digest),
        domain_is_range_of_data=tables.domain_is_range_of_data,
        sections=_sections(store, tables, show_samples=show_samples),
    )


def _provenance(store: "Store", tables: "RunTables") -> Facts:
    """Labels and texts about the run, and the digest of all that the store says about it."""
    from relugeom.report.front_page import STORE_DIGEST

    return *tables.provenance, (STORE_DIGEST, store.digest_content(tables.run))


def _title(tables: "RunTables") -> str:
    """What the report is of, and how the run ended if it did not finish."""
    about, told = tables.about, tables.model_facts
    name = " ".join(filter(None, (told.get("name"), told.get("version")))) if "name" in told else about.network
    title = f"{TITLES.get(about.command, 'Regions')} of {name or 'a network'}"
    return title + (f" ({about.status})" if about.status in ENDED_EARLY else "")


def _sections(store: "Store", tables: "RunTables", *, show_samples: bool) -> "list[Section]":
    """The chapters of findings, that about classes first."""
    from relugeom.report.chapters import FindingTables, chapters
    from relugeom.report.outcomes import outcome_section
    from relugeom.store.reading import read_findings

    by_class = outcome_section(tables.outcomes, tables.clusters, show_samples=show_samples)
    found = chapters(FindingTables(**read_findings(store, tables.run)), show_samples=show_samples)
    return [*([] if by_class is None else [by_class]), *found]


def _to_depict(
    store: "Store", tables: "RunTables", source: "RunSource", shown: tuple[FloatArray, IntArray] | None
) -> "Depicted":
    """What pictures are drawn of; the graph of regions only where they are few."""
    from relugeom.audit.pictures import Depicted
    from relugeom.report.graph_layout import MAX_NODES

    few = source.regions is not None and source.regions <= MAX_NODES
    partition = store.load_partition(tables.run) if few else None
    return Depicted(source.network, source.domain, partition, *(shown or (None, None)))
