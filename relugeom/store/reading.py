"""Reading a run back as tables, for reports and notebooks.

Frames hold Python's numbers; a missing value is None (or NaN in a column of floats).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping, select, text

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts
from relugeom.store.registry import SUBJECTS
from relugeom.store.store import Store
from relugeom.store.subjects.answers import ANSWERS_OF_RUN
from relugeom.store.subjects.census import CENSUS_OF_RUN
from relugeom.store.subjects.certificates import CERTIFICATES_OF_RUN
from relugeom.store.subjects.clusters import CLUSTERS_OF_RUN, OUTCOMES_OF_RUN, PROFILES_OF_RUN
from relugeom.store.subjects.datasets import OVERALL_OF_RUN
from relugeom.store.subjects.domains import CONSTRAINTS_OF_RUN, DOMAIN_OF_RUN, load_domain
from relugeom.store.subjects.importance import IMPORTANCE_OF_RUN
from relugeom.store.subjects.networks import NETWORK_OF_RUN, load_network
from relugeom.store.subjects.notes import NOTES_OF_RUN
from relugeom.store.subjects.requirements import REQUIREMENTS_OF_RUN
from relugeom.store.subjects.runs import (
    LATEST_RUN,
    OVERVIEW_OF_RUN,
    RUNS,
    SOFTWARE_OF_RUN,
    SOURCE_OF_RUN,
    STATUS_OF_RUN,
)
from relugeom.store.subjects.statuses import LISTED_OF_RUN, PATTERN_COUNT_OF_RUN, PATTERNS_OF_RUN
from relugeom.store.words import Lines, constraints_in_words, describe_certificate, describe_network, describe_run

__all__ = ["RunFacts", "RunSource", "RunTables", "read_findings", "read_parts", "read_run", "read_source"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run and its network, as the store has them; texts that are missing are None.

    Attributes
    ----------
    command, status, reason
        What was asked, how it ended, and why it ended early (empty if it did not).
    finished_at
        Time in UTC, like ``2026-11-30T14:05:00Z``.
    network, domain, data
        Names that they had in this run.
    network_digest
        Digest of the network.
    relugeom_version
        Version of relugeom that made the run.
    inputs, units, outputs
        Sizes of the network.
    """

    command: str
    status: str
    reason: str
    finished_at: str | None
    network: str | None
    domain: str | None
    data: str | None
    network_digest: str
    relugeom_version: str | None
    inputs: int
    units: int
    outputs: int


@dataclass(frozen=True, slots=True, eq=False)
class RunTables:
    """Everything that the store knows about one run.

    Attributes
    ----------
    run
        Number of the run.
    about
        The run and its network, by field.
    network, provenance
        The same in words: labels and texts, in the order of reading.
    domain
        Columns feature, kind, lower, upper, group.
    constraints
        Linear rows of the domain in words.
    census
        Columns kind (`CensusKind`), patterns (the same in words), count (text).
    clusters
        Columns cluster, pattern, samples, share, outside, status, prediction, positive_share, target_mean, accuracy.
    outcomes
        Columns cluster, kind (mean, decided, target), name, value, if the network has several outputs; else empty.
    overall
        Mean and spread of each feature over all samples, by feature; None without samples.
    profiles
        Columns cluster, feature, mean, spread; for the largest clusters, at most as many as were asked for.
    importance
        Columns cluster, output, feature, coefficient, sign, scaled, contribution; for the same clusters.
    patterns
        Columns pattern, status, samples, admissible; regions first, those with most samples at the top; at
        most as many as were asked for.
    hidden_patterns
        How many more patterns have a status.
    notes
        Limits and remarks, one sentence each.
    answers
        Columns question, statement, verdict, value, lower, upper, part, whole, witness, from_samples, reason, cause,
        short_reason, file, sha256, output, output_position, position (of the feature), direction, side.
    requirements
        Columns number, kind, requirement, verdict, finding, value, lower, upper, part, whole.
    proved_regions
        Number of activation regions that the certificate proves; None without a certificate.
    certificate
        Labels and texts about the proof of the list of regions; empty if there is none.
    certificate_file
        Name of its file, without the folder; None without one.
    domain_is_range_of_data
        Whether the domain is the box around the data: yes, no or unknown; None without both.
    partition
        Status of the partition; None if none was saved.
    regions
        Number of regions in the partition, or found by a search that did not end; None if there are none.
    model_facts
        What the owner says of the model: name, version, owner, purpose, intended_use; those that were given.
    """

    run: int
    about: RunFacts
    network: Lines
    domain: pd.DataFrame
    constraints: Sequence[str]
    census: pd.DataFrame
    clusters: pd.DataFrame
    outcomes: pd.DataFrame
    overall: pd.DataFrame | None
    profiles: pd.DataFrame
    importance: pd.DataFrame
    patterns: pd.DataFrame
    hidden_patterns: int
    provenance: Lines
    notes: Sequence[str]
    answers: pd.DataFrame
    requirements: pd.DataFrame
    proved_regions: int | None
    certificate: Lines
    certificate_file: str | None
    domain_is_range_of_data: str | None
    partition: str | None
    regions: int | None
    model_facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class RunSource:
    """Subject of a run.

    Attributes
    ----------
    network, domain
        The values as they were saved; None for a run without a domain.
    regions
        Number of regions in its partition, or found by an interrupted search; None if there are none.
    """

    network: ReLUNetwork
    domain: Domain | None
    regions: int | None


FINDINGS = {name: query for subject in SUBJECTS for name, query in subject.findings.items()}
"""Tables of the findings of a run, by name."""

FINISHED, ENDED_EARLY = ("complete", "truncated"), ("interrupted", "failed")


def read_run(
    store: Store, run_id: int | None = None, *, most_clusters: int = 1_000, most_patterns: int = 5_000
) -> RunTables:
    """Read the tables of a run, by default the latest that finished, or one that ended early if none did.

    For a run that was interrupted or failed, they hold every step that was stored, and the regions that its search had
    found.

    Parameters
    ----------
    most_clusters, most_patterns
        Number of clusters, the largest first, whose features are read, and number of patterns: a report shows a few,
        and there may be a million.

    Raises
    ------
    StoreError
        The run does not exist, or is still in progress.
    """
    tables = _read_tables(store, run_id, most_clusters, most_patterns)
    if tables.about.status not in ENDED_EARLY or tables.partition or not tables.regions:
        return tables
    return _with_found(store, tables, most_patterns)


def _with_found(store: Store, tables: RunTables, most_patterns: int) -> RunTables:
    """Patterns that have a status, followed by the regions of a search that did not end."""
    partition = store.load_partition(tables.run)
    with store.reading() as connection:
        known = set(connection.execute(text(LISTED_OF_RUN), {"run": tables.run}).scalars())
    found = pattern_texts(partition.packed, partition.network.widths)
    further = [pattern for pattern in found if pattern not in known]
    room = max(most_patterns - len(tables.patterns), 0)
    samples = 0 if len(tables.clusters) else None
    rows = {
        "pattern": [*tables.patterns["pattern"], *further[:room]],
        "status": [*tables.patterns["status"], *(["region"] * len(further[:room]))],
        "samples": [*tables.patterns["samples"], *([samples] * len(further[:room]))],
        "admissible": [*tables.patterns["admissible"], *([None] * len(further[:room]))],
    }
    regions = set(found)
    rows["status"] = [
        "region" if status == "unknown" and pattern in regions else status
        for pattern, status in zip(rows["pattern"], rows["status"], strict=True)
    ]
    patterns = pd.DataFrame({name: _series(column) for name, column in rows.items()})
    return replace(tables, patterns=patterns, hidden_patterns=tables.hidden_patterns + len(further[room:]))


def _read_tables(store: Store, run_id: int | None, most_clusters: int, most_patterns: int) -> RunTables:
    with store.reading() as connection:
        run = _readable_run(connection, run_id, store.location.text)
        network = _rows(connection, NETWORK_OF_RUN, run)[0]
        overall = read_frame(connection, OVERALL_OF_RUN, run)
        patterns = read_frame(connection, PATTERNS_OF_RUN, run, most=most_patterns)
        overview = _rows(connection, OVERVIEW_OF_RUN, run)[0]
        proof = next(reversed(_rows(connection, CERTIFICATES_OF_RUN, run)), None)
        file = None if proof is None else PurePath(proof["file"]).name
        known = {each.name: (overview if each.name in overview else network)[each.name] for each in fields(RunFacts)}
        return RunTables(
            run=run,
            about=RunFacts(**known),
            network=describe_network(network, overview["network"]),
            domain=read_frame(connection, DOMAIN_OF_RUN, run),
            constraints=constraints_in_words(_rows(connection, CONSTRAINTS_OF_RUN, run)),
            census=read_frame(connection, CENSUS_OF_RUN, run),
            clusters=read_frame(connection, CLUSTERS_OF_RUN, run),
            outcomes=read_frame(connection, OUTCOMES_OF_RUN, run, most=most_clusters),
            overall=None if overall.empty else overall.set_index("feature"),
            profiles=read_frame(connection, PROFILES_OF_RUN, run, most=most_clusters),
            importance=read_frame(connection, IMPORTANCE_OF_RUN, run, most=most_clusters),
            patterns=patterns,
            hidden_patterns=connection.execute(text(PATTERN_COUNT_OF_RUN), {"run": run}).scalar_one() - len(patterns),
            provenance=describe_run(overview, _rows(connection, SOFTWARE_OF_RUN, run)),
            notes=[row["note"] for row in _rows(connection, NOTES_OF_RUN, run)],
            answers=read_frame(connection, ANSWERS_OF_RUN, run),
            requirements=read_frame(connection, REQUIREMENTS_OF_RUN, run),
            certificate=() if proof is None or file is None else describe_certificate(proof, file),
            certificate_file=file,
            proved_regions=None if proof is None else proof["regions"],
            domain_is_range_of_data=overview["domain_is_range_of_data"],
            partition=overview["partition_status"],
            regions=_rows(connection, SOURCE_OF_RUN, run)[0]["regions"],
            model_facts=_model_facts(connection, run),
        )


def _model_facts(connection: Connection, run: int) -> Mapping[str, str]:
    """What the owner says of the model; a store may have been written by anybody."""
    facts = connection.execute(select(RUNS.c.parameters).where(RUNS.c.id == run)).scalar_one().get("model_facts", {})
    return {str(name): str(text) for name, text in facts.items()} if isinstance(facts, dict) else {}


def read_source(store: Store, run_id: int) -> RunSource:
    """Read the network and the domain of an existing run."""
    with store.reading() as connection:
        row = _rows(connection, SOURCE_OF_RUN, run_id)[0]
        domain = None if row["domain_id"] is None else load_domain(connection, row["domain_id"])
        return RunSource(load_network(connection, row["network_id"]), domain, row["regions"])


def _readable_run(connection: Connection, run_id: int | None, store: str) -> int:
    if run_id is None:
        latest = connection.execute(text(LATEST_RUN)).scalar()
        if latest is None:
            raise StoreError(f"store {store!r} has no finished run: run `relugeom audit` with it first")
        return int(latest)
    found = connection.execute(text(STATUS_OF_RUN), {"run": run_id}).first()
    if found is None:
        raise StoreError(f"store {store!r} has no run {run_id}: see the view runs_overview")
    if found.status not in (*FINISHED, *ENDED_EARLY):
        raise StoreError(f"store {store!r}: run {run_id} is {found.status}: try again when it has finished")
    return run_id


def _rows(connection: Connection, query: str, run: int) -> Sequence[RowMapping]:
    return connection.execute(text(query), {"run": run}).mappings().all()


def read_frame(connection: Connection, query: str, run: int, **values: int) -> pd.DataFrame:
    """Rows of a query about a run, which it calls `:run`; further values by their names."""
    result = connection.execute(text(query), {"run": run, **values})
    names = list(result.keys())
    columns = list(zip(*result.all(), strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _series(values) for name, values in zip(names, columns, strict=True)})


def _series(values: Sequence[Any]) -> pd.Series:
    """Column whose whole numbers stay whole beside a None."""
    kinds = {type(value) for value in values}
    return pd.Series(values, dtype=object if {int, type(None)} <= kinds or kinds == {type(None)} else None)


def read_parts(store: Store, run: int) -> dict[str, bool]:
    """Parts of an audit that are stored for a run."""
    parts = [subject.part for subject in SUBJECTS if subject.part is not None]
    with store.reading() as connection:
        return {
            part: connection.execute(text(f"{query} LIMIT 1"), {"run": run}).first() is not None
            for part, query in parts
        }


def read_findings(store: Store, run: int) -> dict[str, pd.DataFrame]:
    """Findings of an existing run by name, empty for questions that were not asked."""
    with store.reading() as connection:
        return {name: read_frame(connection, query, run) for name, query in FINDINGS.items()}
