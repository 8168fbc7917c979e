"""A run: one unit of work whose steps are stored as soon as they are done.

The run and what it is about are committed first, with status ``running``. Its findings follow step by step, each atomic
(`steps`), and its end comes last. A run that fails or is stopped keeps the steps that were done and is marked. A run
whose process is killed is marked when somebody opens the store next (`subjects.processes`). A later run can continue
from there (`resumption`).
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from relugeom.budget import StoreWaits
from relugeom.errors import StoreError
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import known_block, partition_from_blocks
from relugeom.store.database.connection import beside_readers, explained, writing
from relugeom.store.database.insertion import refresh_statistics, stored_text
from relugeom.store.database.location import StoreLocation
from relugeom.store.database.one_file import move_log
from relugeom.store.open_run import OpenRun
from relugeom.store.registry import find_saver
from relugeom.store.resumption import close_run, drop_superseded, find_resumable
from relugeom.store.schema import metadata
from relugeom.store.steps import Steps
from relugeom.store.subjects.blocks import drop_blocks, insert_block, load_blocks
from relugeom.store.subjects.partitions import load_partition
from relugeom.store.subjects.processes import give_sign, record_process
from relugeom.store.subjects.runs import RUNS, RunInputs, insert_run, now_in_words, reason_of

__all__ = ["Run", "open_run"]

MANY = 1_000
"""Number of regions or samples above which the database should plan queries anew, and storing takes long."""


class Run:
    """An open run of a store; made by `Store.run`.

    Attributes
    ----------
    id
        Number of the run in the store.
    location
        Location of the store.
    grown
        Whether the run adds many rows.
    """

    def __init__(self, location: StoreLocation, rows: OpenRun, *, waits: StoreWaits) -> None:
        self.id = rows.id
        self.location = location
        self.grown = False
        self._rows, self._connection, self._waits = rows, rows.connection, waits
        self._steps = Steps(location, rows, waits=waits)
        self._resumed = False

    def step(self, *, long: bool = False) -> AbstractContextManager[None]:
        """Save everything within ``with run.step():`` together or not at all; for `long` see `Steps.step`."""
        return self._steps.step(long=long)

    def save(self, value: object) -> None:
        """Save a value, in a step of its own or in the present one.

        Parameters
        ----------
        value
            A partition, a block of a search, a census, volumes, an adjacency, margins, ranges, a certificate, …: the
            subjects of the store say what they save (`registry.SAVERS`). If more belongs to a value, such as the
            numbers of the samples that it is about, its subject has a record for both together.

        Raises
        ------
        StoreError
            The store has no place for such a value, it belongs to another network or domain than the run, it refers to
            something that was not saved yet, or the database refuses it.
        """
        saver = find_saver(value)
        saver.check(self._rows, value)
        long = saver.rows(value) > MANY
        self.grown |= long
        with self.step(long=long):
            saver.save(self._rows, value)

    def resume(self) -> Partition | None:
        """Findings of the latest run that searched this network on this domain, to continue from; None without one.

        That run may have finished, been truncated or been killed. Its findings count as the first block of this run;
        names are those of this run, whatever they were then. When this run is finished, the interrupted ones before it
        are forgotten.
        """
        network, domain = self._rows.network, self._rows.domain
        if domain is None:
            raise StoreError(f"run {self.id} has no domain, so it has no search to resume")
        self._resumed = True
        with self.step():
            found = find_resumable(self._connection, network, domain)
            if found is None:
                return None
            if found.partition_id is not None:
                row = self._connection.execute(select(RUNS.c.search_seconds).filter_by(id=found.run)).one()
                known = load_partition(self._connection, found.partition_id, row.search_seconds or 0.0)
                partition = replace(known, network=network, domain=domain)
            else:
                blocks, seconds = load_blocks(self._connection, found.run, network)
                partition = partition_from_blocks(network, domain, blocks, reason="killed", seconds=seconds)
            if not partition.is_searched:  # samples named its regions
                return None
            self._rows.earlier = partition.seconds
            if partition.status is PartitionStatus.TRUNCATED:
                insert_block(self._connection, self.id, 0, known_block(partition), partition.seconds)
                self._rows.blocks = 1
            close_run(self._connection, found.run, self.id)
        return partition

    def finish(self, status: PartitionStatus, reason: str = "") -> None:
        """Set how the run ends; a run that ends without this call is complete."""
        self._rows.finish(status, stored_text(reason))

    def leftover(self) -> str:
        """One line on what a copy of the store's file would lack after the run has ended; empty if nothing.

        The latest changes are moved into the file first, if there is room and no reader in the way.
        """
        return move_log(self.location, waits=self._waits)

    def _close(self) -> None:
        """Commit the last step."""
        with self.step(long=self._resumed):
            drop_blocks(self._connection, self.id)
            self._rows.blocks = 0
            if self._resumed:
                drop_superseded(self._connection, self.id)
            if self.grown:
                refresh_statistics(self._connection, metadata.sorted_tables)
            self._rows.facts |= self._rows.end | self._time()

    def _break_off(self, error: BaseException) -> None:
        """Record that there will be no more steps."""
        status = "failed" if isinstance(error, Exception) else "interrupted"
        end = {"status": status, "reason": reason_of(error)} | self._time()
        with explained(self.location), self._connection.begin():
            self._connection.execute(update(RUNS).where(RUNS.c.id == self.id).values(**end))
            give_sign(self._connection, self.id)

    def _time(self) -> dict[str, Any]:
        return {"finished_at": now_in_words(), "seconds": self._rows.seconds}


@contextmanager
def open_run(
    location: StoreLocation,
    engine: Engine,
    command: str,
    inputs: RunInputs,
    parameters: Mapping[str, Any],
    *,
    waits: StoreWaits,
) -> Iterator[Run]:
    """Keep a run open from its first row to its end."""
    with writing(engine) as connection, beside_readers(connection):
        run = Run(location, _begin(location, connection, command, inputs, parameters), waits=waits)
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


def _begin(
    location: StoreLocation, connection: Connection, command: str, inputs: RunInputs, parameters: Mapping[str, Any]
) -> OpenRun:
    """Insert the rows with which a run begins."""
    with explained(location), connection.begin():
        rows = insert_run(connection, command, inputs, parameters)
        record_process(connection, rows.run)
    return OpenRun(connection, rows.run, inputs.network, rows.network, inputs.domain, rows.domain)
