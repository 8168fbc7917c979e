"""A run: one unit of work, of which every step is in the store as soon as it is done.

The run and what it is about are committed first, with status ``running``. What it finds follows step by step, each
whole or not at all (`steps`), and its end last. A run that fails or is stopped keeps the steps that were done, and is
marked; one whose process is killed is marked by whoever opens the store next (`processes`). A later run can go on from
there (`resumption`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, Engine, select, update

from relugeom.analysis.importance import ClusterImportance
from relugeom.claims.answer import Answer
from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import IntArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.found import RegionBlock
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.partition.scope import names_on
from relugeom.search.enumeration import known_block, partition_from_blocks
from relugeom.store import findings, schema
from relugeom.store.answers import save_answers
from relugeom.store.blocks import drop_blocks, load_blocks, save_block
from relugeom.store.census import save_census
from relugeom.store.certificates import save_certificate
from relugeom.store.clusters import save_clusters, save_importance
from relugeom.store.database.connection import beside_readers, explained, writing
from relugeom.store.database.insertion import insert_columns, refresh_statistics
from relugeom.store.database.location import StoreLocation
from relugeom.store.database.one_file import move_log
from relugeom.store.measurements import save_adjacency, save_decisions, save_margins, save_volumes
from relugeom.store.partitions import load_partition, save_partition
from relugeom.store.patterns import PatternRows, save_maps, save_patterns, save_statuses
from relugeom.store.processes import give_sign
from relugeom.store.resumption import close_run, drop_superseded, find_resumable
from relugeom.store.run_rows import RunRows, RunSubject, insert_run, now_in_words, reason_of, stored_text
from relugeom.store.steps import Steps

if TYPE_CHECKING:  # slow to load, and not every run has them
    from relugeom.analysis.group_bounds import GroupBounds
    from relugeom.analysis.margins import SampleMargins
    from relugeom.analysis.parsimony import ClusterGroups
    from relugeom.analysis.performance import Performance
    from relugeom.analysis.region_ranges import RegionRanges
    from relugeom.analysis.relevance import ClusterRelevance
    from relugeom.analysis.unobserved import UnobservedRegions
    from relugeom.analysis.whole_domain import ImportanceComparison
    from relugeom.certificate.partition import Certificate
    from relugeom.measures.adjacency import Adjacency
    from relugeom.measures.volumes import Volumes
    from relugeom.questions.sample_robustness import SampleRobustness

__all__ = ["Run", "open_run"]

MANY = 1_000
"""More regions or samples change how the database should plan its queries, and take long to store."""
SETTLED = (PatternStatus.REGION, PatternStatus.LOWER_DIMENSIONAL, PatternStatus.INFEASIBLE)


class Run:
    """An open run of a store; made by `Store.run`.

    Attributes
    ----------
    id
        Its number in the store.
    location
        Where the store is.
    grown
        Whether it adds many rows.
    """

    def __init__(self, location: StoreLocation, connection: Connection, subject: RunSubject, rows: RunRows) -> None:
        self.id = rows.run
        self.location = location
        self.grown = False
        self._connection, self._subject, self._rows = connection, subject, rows
        self._steps = Steps(location, connection, rows.run)
        self._end: dict[str, Any] = {"status": PartitionStatus.COMPLETE.value, "reason": ""}
        self._start, self._earlier, self._resumed = time.perf_counter(), 0.0, False
        self._cluster_patterns: PatternRows | None = None
        self._answers = self._notes = 0

    def step(self, *, long: bool = False) -> AbstractContextManager[None]:
        """What is saved within ``with run.step():`` is there together or not at all; `long` as `Steps.step` has it."""
        return self._steps.step(long=long)

    def save_partition(self, partition: Partition, *, maps: bool = True) -> None:
        """Record a partition, the statuses of its regions and, unless `maps` is false, their effective maps.

        A truncated partition makes the run truncated, for the same reason.
        """
        self._check_subject(partition.network, partition.domain)
        self.grown |= len(partition) > MANY
        with self.step(long=len(partition) > MANY):
            partition_id = save_partition(
                self._connection, partition, self._rows.network, self._domain_row(), maps=maps
            )
            drop_blocks(self._connection, self.id)
            self._steps.facts |= {"partition_id": partition_id, "search_seconds": partition.seconds}
            self._steps.blocks = 0
        if partition.status is PartitionStatus.TRUNCATED:
            self.finish(partition.status, partition.reason)

    def save_block(self, block: RegionBlock) -> None:
        """Record what a search has just found: a later run can go on from there."""
        seconds = self._earlier + time.perf_counter() - self._start
        with self.step():
            save_block(self._connection, self.id, self._steps.blocks, block, seconds)
            self._steps.blocks += 1

    def resume(self) -> Partition | None:
        """What the latest run found that searched this network on this domain, to go on from; None without one.

        That run was finished, truncated or killed. What it found counts as the first block of this one; names are those
        of this run, whatever they were then. When this run is finished, interrupted ones before it are forgotten.
        """
        network, domain = self._subject.network, self._subject.domain
        if domain is None:
            raise StoreError(f"run {self.id} has no domain, so there is no search to resume")
        self._resumed = True
        with self.step():
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
                self._steps.blocks = 1
            close_run(self._connection, found.run, self.id)
        return partition

    def save_clusters(
        self,
        clusters: Clusters,
        importance: ClusterImportance,
        *,
        statuses: Sequence[PatternStatus] = (),
        told: int | None = None,
    ) -> None:
        """Record clusters, their importance and effective maps, and the cluster of each sample.

        Parameters
        ----------
        statuses
            What the pattern of each cluster is on the run's domain; empty for a run without a domain.
        told
            Of how many clusters, the first ones, features, effective maps and importance are recorded; None for all.
        """
        self._check_subject(clusters.network, self._subject.domain)
        self.grown |= len(clusters.assignment) > MANY
        with self.step(long=len(clusters.assignment) > MANY):
            patterns = save_patterns(self._connection, self._rows.network, clusters.network, clusters.packed)
            first = np.arange(len(clusters)) < (len(clusters) if told is None else told)
            save_maps(self._connection, patterns.of(first), importance.maps.of(first))
            save_clusters(self._connection, self.id, clusters, patterns.ids, told=int(first.sum()))
            save_importance(self._connection, self.id, importance, told=int(first.sum()))
            self._steps.facts |= {"clusters": len(clusters), "samples": len(clusters.assignment)}
            self._cluster_patterns = PatternRows(patterns.ids, np.zeros(len(clusters), dtype=np.bool_))
            if statuses:
                self.save_statuses(statuses)

    def save_statuses(self, statuses: Sequence[PatternStatus]) -> None:
        """Record what the patterns of the run's clusters are on its domain."""
        patterns = self._cluster_patterns
        if patterns is None or len(statuses) != len(patterns.ids):
            there = 0 if patterns is None else len(patterns.ids)
            raise StoreError(f"run {self.id}: {len(statuses)} statuses for {there} clusters")
        with self.step():
            for status in SETTLED:
                having = np.array([found is status for found in statuses], dtype=np.bool_)
                if having.any():
                    save_statuses(self._connection, self._domain_row(), patterns.of(having), status)

    def save_census(self, census: PatternCensus) -> None:
        """Record how all patterns divide on the run's domain."""
        network = self._subject.network
        with self.step(long=len(census.region_packed) > MANY):
            save_census(self._connection, self.id, census, network, self._rows.network, self._domain_row())

    def save_certificate(self, certificate: "Certificate") -> None:
        """Record the certificate of the run's list of regions."""
        with self.step():
            save_certificate(self._connection, self.id, certificate)

    def save_volumes(self, volumes: "Volumes") -> None:
        """Record the volumes of the regions of the run's partition, and their shares of the domain."""
        with self.step():
            save_volumes(self._connection, self._partition_row(), volumes)

    def save_adjacency(self, adjacency: "Adjacency") -> None:
        """Record which regions of the run's partition share a facet."""
        with self.step():
            save_adjacency(self._connection, self._partition_row(), adjacency)

    def save_decisions(self, classes: IntArray) -> None:
        """Record the class at the interior point of each region of the run's partition, shape (k,)."""
        with self.step():
            save_decisions(self._connection, self._partition_row(), classes)

    def save_margins(self, margins: "SampleMargins") -> None:
        """Record how far the samples of the run's clusters are from the boundary of their regions."""
        with self.step():
            save_margins(self._connection, self.id, margins)

    def save_answers(self, found: Sequence[Answer]) -> None:
        """Record what was asked of the network, and what became of it, behind what was recorded before."""
        with self.step():
            names = names_on(self._subject.network, self._subject.domain)
            save_answers(self._connection, self.id, found, names, first=self._answers)
            self._answers += len(found)

    def save_comparison(self, comparison: "ImportanceComparison") -> None:
        """Record measures of importance side by side."""
        with self.step():
            findings.save_comparison(self._connection, self.id, comparison)

    def save_performance(self, clusters: "Performance", numbers: IntArray, regions: "Performance | None") -> None:
        """Record scores: of clusters, whose numbers from 0 are given, and of the regions of the run's partition."""
        of_regions = None if regions is None else (self._partition_row(), regions)
        with self.step():
            findings.save_performance(self._connection, self.id, (clusters, numbers), of_regions)

    def save_unobserved(self, found: "UnobservedRegions") -> None:
        """Record the regions of the run's partition that hold no sample."""
        with self.step():
            findings.save_unobserved(self._connection, self.id, self._partition_row(), found)

    def save_ranges(self, ranges: "RegionRanges") -> None:
        """Record the range of each output over each region of the run's partition."""
        with self.step():
            findings.save_ranges(self._connection, self._partition_row(), ranges)

    def save_robustness(self, found: "SampleRobustness", samples: IntArray, *, with_inputs: bool) -> None:
        """Record how far samples, whose numbers are given, are from another decision, and counterfactuals if wanted."""
        with self.step():
            findings.save_robustness(self._connection, self.id, found, samples, with_inputs=with_inputs)

    def save_groups(self, groups: "ClusterGroups", clusters: IntArray, bounds: "GroupBounds | None" = None) -> None:
        """Record groups of clusters, whose numbers from 0 are given, and what is proved of their maps."""
        with self.step():
            findings.save_groups(self._connection, self.id, groups, clusters, bounds)

    def save_relevance(self, found: "ClusterRelevance", clusters: IntArray) -> None:
        """Record intervals of coefficients in clusters, whose numbers from 0 are given."""
        with self.step():
            findings.save_relevance(self._connection, self.id, found, clusters)

    def save_notes(self, notes: Sequence[str]) -> None:
        """Record limits and remarks, one sentence each, for the report, behind those that are there."""
        columns = {
            "run_id": self.id,
            "position": self._notes + np.arange(len(notes)),
            "note": [stored_text(note) for note in notes],
        }
        with self.step():
            insert_columns(self._connection, schema.run_notes, columns)
            self._notes += len(notes)

    def finish(self, status: PartitionStatus, reason: str = "") -> None:
        """Say how the run ends; one that reaches its end without a word is complete."""
        self._end = {"status": status.value, "reason": stored_text(reason)}

    def leftover(self) -> str:
        """What to say when the run has ended: one line on what a copy of the store's file would lack, else nothing.

        What was written last is moved into the file first, where there is room and no reader in the way.
        """
        return move_log(self.location)

    def _close(self) -> None:
        """The last step."""
        with self.step(long=self._resumed):
            drop_blocks(self._connection, self.id)
            self._steps.blocks = 0
            if self._resumed:
                drop_superseded(self._connection, self.id)
            if self.grown:
                refresh_statistics(self._connection, schema.metadata.sorted_tables)
            self._steps.facts |= self._end | self._time()

    def _break_off(self, error: BaseException) -> None:
        """Say that there will be no more steps."""
        status = "failed" if isinstance(error, Exception) else "interrupted"
        end = {"status": status, "reason": reason_of(error)} | self._time()
        with explained(self.location), self._connection.begin():
            self._connection.execute(update(schema.runs).where(schema.runs.c.id == self.id).values(**end))
            give_sign(self._connection, self.id)

    def _time(self) -> dict[str, Any]:
        return {"finished_at": now_in_words(), "seconds": time.perf_counter() - self._start}

    def _check_subject(self, network: ReLUNetwork, domain: Domain | None) -> None:
        subject = self._subject
        if network != subject.network or domain != subject.domain:
            raise StoreError(
                f"run {self.id} is about {subject.network!r} on {subject.domain!r}, not about {network!r} on {domain!r}"
            )

    def _partition_row(self) -> int:
        found = self._steps.facts.get("partition_id")
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
    with writing(engine) as connection, beside_readers(connection):
        with explained(location), connection.begin():
            rows = insert_run(connection, command, subject, parameters)
        run = Run(location, connection, subject, rows)
        try:
            yield run
            run._close()
        except BaseException as error:
            connection.rollback()
            with suppress(StoreError):
                run._break_off(error)
            raise
        finally:
            run._steps.pulse.stop()
