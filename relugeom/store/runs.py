"""A run: one unit of work, all of it in the store or nothing.

The run and what it is about are committed first, with status ``running``; everything that it finds follows in one
transaction, together with its end. A run that fails is rolled back and marked; one whose process is killed is marked
by whoever opens the store next (`processes`). What a long search has found is recorded on the way, aside from all other
tables: a later run can go on from there.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from platform import platform, python_version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Engine, select, update

from relugeom.analysis.importance import ClusterImportance
from relugeom.claims.answer import Answer
from relugeom.errors import RelugeomError, StoreError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import IntArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.enumeration import known_block, partition_from_blocks
from relugeom.partition.found import RegionBlock
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.printing import hide_passwords, printable
from relugeom.store import findings, schema
from relugeom.store.answers import save_answers
from relugeom.store.blocks import close_run, drop_blocks, find_resumable, load_blocks, save_block
from relugeom.store.census import save_census
from relugeom.store.certificates import save_certificate
from relugeom.store.clusters import save_clusters, save_importance
from relugeom.store.connection import beside_readers, explained, writing
from relugeom.store.datasets import DatasetRecord, save_dataset
from relugeom.store.domains import save_domain
from relugeom.store.insertion import insert_columns, insert_value, refresh_statistics
from relugeom.store.location import StoreLocation
from relugeom.store.measurements import save_adjacency, save_decisions, save_margins, save_volumes
from relugeom.store.networks import save_network
from relugeom.store.one_file import move_log
from relugeom.store.partitions import load_partition, save_partition
from relugeom.store.patterns import save_maps, save_patterns, save_verdicts
from relugeom.store.processes import Pulse, give_sign, record_process
from relugeom.version import VERSION

if TYPE_CHECKING:  # slow to load, and not every run has them
    from relugeom.analysis.group_bounds import GroupBounds
    from relugeom.analysis.margins import SampleMargins
    from relugeom.analysis.parsimony import ClusterGroups
    from relugeom.analysis.performance import Performance
    from relugeom.analysis.region_ranges import RegionRanges
    from relugeom.analysis.relevance import ClusterRelevance
    from relugeom.analysis.sample_robustness import SampleRobustness
    from relugeom.analysis.unobserved import UnobservedRegions
    from relugeom.analysis.whole_domain import ImportanceComparison
    from relugeom.certificate.partition import Certificate
    from relugeom.partition.adjacency import Adjacency
    from relugeom.partition.volumes import Volumes

__all__ = ["Run", "RunSubject", "open_run"]

PACKAGES = ("numpy", "scipy", "highspy", "numba", "python-flint", "sqlalchemy", "onnx")
MANY = 1_000
"""A run with more regions or samples changes how the database should plan its queries."""
SETTLED = (PatternStatus.REGION, PatternStatus.LOWER_DIMENSIONAL, PatternStatus.INFEASIBLE)


@dataclass(frozen=True, slots=True)
class RunSubject:
    """What a run is about; the names are those of files and specifications, for people."""

    network: ReLUNetwork
    network_name: str = ""
    domain: Domain | None = None
    domain_name: str = ""
    dataset: DatasetRecord | None = None


class RunRows(NamedTuple):
    """The rows that a run and its subject have in the store."""

    run: int
    network: int
    domain: int | None


class Run:
    """An open run of a store; made by `Store.run`.

    Attributes
    ----------
    id
        Its number in the store.
    location
        Where the store is.
    outcome
        What its row will say when it ends.
    grown
        Whether it adds many rows.
    pulse
        What tells others that it goes on.
    """

    def __init__(self, location: StoreLocation, connection: Connection, subject: RunSubject, rows: RunRows) -> None:
        self.id = rows.run
        self.outcome: dict[str, Any] = {"status": PartitionStatus.COMPLETE.value, "reason": ""}
        self.location = location
        self._connection, self._subject, self._rows = connection, subject, rows
        self.grown = False
        self._start, self._earlier, self._blocks = time.perf_counter(), 0.0, 0
        self.pulse, self._is_storing = Pulse(location, self.id), False

    def save_partition(self, partition: Partition, *, maps: bool = True) -> None:
        """Record a partition, the verdicts of its regions and, unless `maps` is false, their effective maps.

        A truncated partition makes the run truncated, for the same reason.
        """
        self._check_subject(partition.network, partition.domain)
        with self._storing():
            partition_id = save_partition(
                self._connection, partition, self._rows.network, self._domain_row(), maps=maps
            )
        self.outcome |= {"partition_id": partition_id, "search_seconds": partition.seconds}
        self.grown |= len(partition) > MANY
        if partition.status is PartitionStatus.TRUNCATED:
            self.finish(partition.status, partition.reason)

    def save_block(self, block: RegionBlock) -> None:
        """Record what a search has just found, at once and for good: a later run can go on from there."""
        with explained(self.location), self._connection.begin():
            save_block(
                self._connection, self.id, self._blocks, block, self._earlier + time.perf_counter() - self._start
            )
        self._blocks += 1

    def resume(self) -> Partition | None:
        """What the latest run found that searched this network on this domain, to go on from; None without one.

        That run was finished, truncated or killed. What it found counts as the first block of this one; names are those
        of this run, whatever they were then.
        """
        network, domain = self._subject.network, self._subject.domain
        if domain is None:
            raise StoreError(f"run {self.id} has no domain, so there is no search to resume")
        with explained(self.location), self._connection.begin():
            found = find_resumable(self._connection, network, domain)
            if found is None:
                return None
            if found.partition_id is not None:
                row = self._connection.execute(select(schema.runs.c.search_seconds).filter_by(id=found.run)).one()
                known = load_partition(self._connection, found.partition_id, row.search_seconds or 0.0)
                partition = replace(known, network=network, domain=domain)
            else:
                blocks, seconds = load_blocks(self._connection, found.run, network)
                partition = partition_from_blocks(network, domain, blocks, reason="killed", seconds=seconds)
            self._earlier = partition.seconds
            if partition.status is PartitionStatus.TRUNCATED:
                save_block(self._connection, self.id, 0, known_block(partition), self._earlier)
                self._blocks = 1
            if found.partition_id is None:
                close_run(self._connection, found.run, self.id)
        return partition

    def save_clusters(
        self,
        clusters: Clusters,
        importance: ClusterImportance,
        *,
        verdicts: Sequence[PatternStatus] = (),
        told: int | None = None,
    ) -> None:
        """Record clusters, their importance and effective maps, and the cluster of each sample.

        Parameters
        ----------
        verdicts
            What the pattern of each cluster is on the run's domain; empty for a run without a domain.
        told
            Of how many clusters, the first ones, features, effective maps and importance are recorded; None for all.
        """
        self._check_subject(clusters.network, self._subject.domain)
        if verdicts and len(verdicts) != len(clusters):
            raise StoreError(f"run {self.id}: {len(verdicts)} verdicts for {len(clusters)} clusters")
        with self._storing():
            patterns = save_patterns(self._connection, self._rows.network, clusters.network, clusters.packed)
            for verdict in SETTLED:
                having = np.array([found is verdict for found in verdicts], dtype=np.bool_)
                if having.any():
                    save_verdicts(self._connection, self._domain_row(), patterns.of(having), verdict)
            first = np.arange(len(clusters)) < (len(clusters) if told is None else told)
            save_maps(self._connection, patterns.of(first), importance.maps.of(first))
            save_clusters(self._connection, self.id, clusters, patterns.ids, told=int(first.sum()))
            save_importance(self._connection, self.id, importance, told=int(first.sum()))
        self.grown |= len(clusters.assignment) > MANY
        self.outcome |= {"clusters": len(clusters), "samples": len(clusters.assignment)}

    def save_census(self, census: PatternCensus) -> None:
        """Record how all patterns divide on the run's domain."""
        network = self._subject.network
        with self._storing():
            save_census(self._connection, self.id, census, network, self._rows.network, self._domain_row())

    def save_certificate(self, certificate: "Certificate") -> None:
        """Record the certificate of the run's list of regions."""
        with self._storing():
            save_certificate(self._connection, self.id, certificate)

    def save_volumes(self, volumes: "Volumes") -> None:
        """Record the volumes of the regions of the run's partition, and their shares of the domain."""
        with self._storing():
            save_volumes(self._connection, self._partition_row(), volumes)

    def save_adjacency(self, adjacency: "Adjacency") -> None:
        """Record which regions of the run's partition share a facet."""
        with self._storing():
            save_adjacency(self._connection, self._partition_row(), adjacency)

    def save_decisions(self, classes: IntArray) -> None:
        """Record the class at the interior point of each region of the run's partition, shape (k,)."""
        with self._storing():
            save_decisions(self._connection, self._partition_row(), classes)

    def save_margins(self, margins: "SampleMargins") -> None:
        """Record how far the samples of the run's clusters are from the boundary of their regions."""
        with self._storing():
            save_margins(self._connection, self.id, margins)

    def save_answers(self, found: Sequence[Answer]) -> None:
        """Record what was asked of the network, and what became of it."""
        with self._storing():
            save_answers(self._connection, self.id, found)

    def save_comparison(self, comparison: "ImportanceComparison") -> None:
        """Record measures of importance side by side."""
        with self._storing():
            findings.save_comparison(self._connection, self.id, comparison)

    def save_performance(self, clusters: "Performance", numbers: IntArray, regions: "Performance | None") -> None:
        """Record scores: of clusters, whose numbers from 0 are given, and of the regions of the run's partition."""
        of_regions = None if regions is None else (self._partition_row(), regions)
        with self._storing():
            findings.save_performance(self._connection, self.id, (clusters, numbers), of_regions)

    def save_unobserved(self, found: "UnobservedRegions") -> None:
        """Record the regions of the run's partition that hold no sample."""
        with self._storing():
            findings.save_unobserved(self._connection, self.id, self._partition_row(), found)

    def save_ranges(self, ranges: "RegionRanges") -> None:
        """Record the range of each output over each region of the run's partition."""
        with self._storing():
            findings.save_ranges(self._connection, self._partition_row(), ranges)

    def save_robustness(self, found: "SampleRobustness", samples: IntArray, *, with_inputs: bool) -> None:
        """Record how far samples, whose numbers are given, are from another decision, and counterfactuals if wanted."""
        with self._storing():
            findings.save_robustness(self._connection, self.id, found, samples, with_inputs=with_inputs)

    def save_groups(self, groups: "ClusterGroups", clusters: IntArray, bounds: "GroupBounds | None" = None) -> None:
        """Record groups of clusters, whose numbers from 0 are given, and what is proved of their maps."""
        with self._storing():
            findings.save_groups(self._connection, self.id, groups, clusters, bounds)

    def save_relevance(self, found: "ClusterRelevance", clusters: IntArray) -> None:
        """Record intervals of coefficients in clusters, whose numbers from 0 are given."""
        with self._storing():
            findings.save_relevance(self._connection, self.id, found, clusters)

    def save_notes(self, notes: Sequence[str]) -> None:
        """Record limits and remarks, one sentence each, for the report."""
        columns = {
            "run_id": self.id,
            "position": np.arange(len(notes)),
            "note": [_stored_text(note) for note in notes],
        }
        with self._storing():
            insert_columns(self._connection, schema.run_notes, columns)

    def finish(self, status: PartitionStatus, reason: str = "") -> None:
        """Say how the run ends; one that reaches its end without a word is complete."""
        self.outcome |= {"status": status.value, "reason": _stored_text(reason)}

    def leftover(self) -> str:
        """What to say when the run has ended: one line on what a copy of the store's file would lack, else nothing.

        What was written last is moved into the file first, where there is room and no reader in the way.
        """
        return move_log(self.location)

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """Part of the transaction that ends with the run; on SQLite no sign of life can be given from then on."""
        with explained(self.location):
            if self._connection.dialect.name == "sqlite" and not self._is_storing:
                self._is_storing = True
                self.pulse.stop()
                with self._connection.begin():
                    give_sign(self._connection, self.id, storing=True)
            yield

    def _check_subject(self, network: ReLUNetwork, domain: Domain | None) -> None:
        subject = self._subject
        if network != subject.network or domain != subject.domain:
            raise StoreError(
                f"run {self.id} is about {subject.network!r} on {subject.domain!r}, not about {network!r} on {domain!r}"
            )

    def _partition_row(self) -> int:
        found = self.outcome.get("partition_id")
        if found is None:
            raise StoreError(f"run {self.id} has no partition yet: save it before what is measured on it")
        return int(found)

    def _domain_row(self) -> int:
        if self._rows.domain is None:
            raise StoreError(f"run {self.id} has no domain, and what a pattern is depends on one")
        return self._rows.domain


@contextmanager
def open_run(
    location: StoreLocation, engine: Engine, command: str, subject: RunSubject, parameters: Mapping[str, Any]
) -> Iterator[Run]:
    """A run from its first row to its end."""
    start = time.perf_counter()
    with writing(engine) as connection, beside_readers(connection):
        with explained(location), connection.begin():
            run = Run(location, connection, subject, _insert_run(connection, command, subject, parameters))
        try:
            yield run
            with explained(location):
                drop_blocks(connection, run.id)
                _end_run(connection, run.id, start, run.outcome)
                if run.grown:
                    refresh_statistics(connection, schema.metadata.sorted_tables)
                connection.commit()
        except BaseException as error:
            connection.rollback()
            status = "failed" if isinstance(error, Exception) else "interrupted"
            with suppress(StoreError), explained(location), connection.begin():
                _end_run(connection, run.id, start, {"status": status, "reason": _reason(error)})
            raise
        finally:
            run.pulse.stop()


def _insert_run(connection: Connection, command: str, subject: RunSubject, parameters: Mapping[str, Any]) -> RunRows:
    network_id = save_network(connection, subject.network, _stored_text(subject.network_name))
    domain_id, dataset_id = None, None
    if subject.domain is not None:
        domain_id = save_domain(connection, subject.domain, _stored_text(subject.domain_name))
    if subject.dataset is not None:
        dataset_id = save_dataset(connection, subject.dataset)
    facts = {
        "command": command,
        "status": "running",
        "reason": "",
        "started_at": _now(),
        "network_id": network_id,
        "domain_id": domain_id,
        "dataset_id": dataset_id,
        "parameters": _stored_value(parameters),
    }
    run_id = insert_value(connection, schema.runs, facts)
    software = software_versions()
    columns = {"run_id": run_id, "package": list(software), "version": list(software.values())}
    insert_columns(connection, schema.run_software, columns)
    record_process(connection, run_id)
    return RunRows(run_id, network_id, domain_id)


def _end_run(connection: Connection, run_id: int, start: float, outcome: Mapping[str, Any]) -> None:
    end = {"finished_at": _now(), "seconds": time.perf_counter() - start}
    connection.execute(update(schema.runs).where(schema.runs.c.id == run_id).values(**outcome, **end))
    give_sign(connection, run_id)


def software_versions() -> dict[str, str]:
    """What this process runs on."""
    versions = {"relugeom": VERSION, "python": python_version(), "platform": platform()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was stopped by hand"
    said = str(error) if isinstance(error, RelugeomError) or not isinstance(error, Exception) else ""
    text = said or f"{type(error).__name__}: {error}"
    return _stored_text(text)


def _stored_text(text: str) -> str:
    return printable(hide_passwords(text))


def _stored_value(value: Any) -> Any:
    """An option as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(name): _stored_value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_stored_value(entry) for entry in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return _stored_text(str(value))
