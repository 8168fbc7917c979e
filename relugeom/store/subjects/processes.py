"""Processes of runs: which runs are in progress, and which were interrupted because their process is gone.

A run names its process by machine, number and start, since numbers are reused. While it works, a thread writes the time
into the store every few seconds: the heartbeat. A program that opens the store on the same machine looks whether the
process exists; on other machines it goes by the last heartbeat. While much is stored into an SQLite file, its lock is
held, so a program that gets the lock knows that nothing is being stored.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Integer, Table, Text, literal_column, select, update
from sqlalchemy.exc import DBAPIError

from relugeom.printing import printable
from relugeom.store.database.clock import SILENT_SECONDS, moment
from relugeom.store.database.columns import metadata, owner, required
from relugeom.store.database.connection import connect_engine, reading, writing
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.location import StoreLocation
from relugeom.store.subject import StoreSubject
from relugeom.store.subjects.runs import RUNS

__all__ = ["RUN_PROCESSES", "SUBJECT", "Birth", "Pulse", "give_sign", "mark_interrupted", "record_process"]

RUN_PROCESSES = Table(
    "run_processes",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("host", Text, comment="name of the machine"),
    required("process", Integer, comment="number of the process on that machine"),
    required("birth", Text, comment="boot of the machine, namespace and start of the process; empty if unknown"),
    Column(
        "heartbeat_at",
        Text,
        comment="UTC, its last heartbeat; NULL while a run is being stored in an SQLite file",
    ),
    comment="Processes that execute, or executed, the runs.",
)

SOON = ("foreign_keys = ON", "busy_timeout = 200")
"""Settings of a connection that does not wait for the lock of a file."""

ENDED = "its process ended without notice"

GONE = ("Z", "X")
"""States of a process that has ended, although its parent has not noticed yet."""


class Birth(NamedTuple):
    """Identity of a process: the boot of its machine, its namespace there, and when it began."""

    machine: str
    start: str


def record_process(connection: Connection, run_id: int) -> None:
    """Record that this process executes a run."""
    birth = _birth_of(os.getpid())
    columns = {
        "run_id": run_id,
        "host": [printable(socket.gethostname())],
        "process": [os.getpid()],
        "birth": [" ".join(birth) if birth else ""],
    }
    insert_columns(connection, RUN_PROCESSES, columns)
    give_sign(connection, run_id)


def give_sign(connection: Connection, run_id: int, *, storing: bool = False) -> None:
    """Write a heartbeat; when the run begins to store, record that none can be written for a while."""
    now: Any = None if storing else literal_column(moment(connection.dialect.name))
    connection.execute(update(RUN_PROCESSES).where(RUN_PROCESSES.c.run_id == run_id).values(heartbeat_at=now))


class Pulse:
    """A thread that writes a heartbeat every few seconds."""

    def __init__(self, location: StoreLocation, run_id: int, *, every: float) -> None:
        self._engine, self._run_id, self._every = connect_engine(location, pragmas=SOON), run_id, every
        self._stopped, self._turn = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._beat, name=f"pulse of run {run_id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the heartbeat."""
        self._stopped.set()
        self._thread.join()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Pause the heartbeat while the context lasts."""
        with self._turn:
            yield

    def _beat(self) -> None:
        while not self._stopped.wait(self._every):
            with self._turn, suppress(DBAPIError), self._engine.begin() as connection:
                give_sign(connection, self._run_id)  # a lost server the run itself will notice


def mark_interrupted(place: StoreLocation) -> None:
    """Mark the runs that were interrupted, if the store can be written to; views show it after a while in any case."""
    engine = connect_engine(place, pragmas=SOON)
    with suppress(DBAPIError):
        with reading(engine) as connection:
            if not _interrupted(connection):
                return
        with writing(engine) if place.path else engine.connect() as connection, connection.begin():
            for run_id in _interrupted(connection):
                connection.execute(
                    update(RUNS)
                    .where(RUNS.c.id == run_id, RUNS.c.status == "running")
                    .values(status="interrupted", reason=ENDED)
                )


def _interrupted(connection: Connection) -> list[int]:
    """Runs that are in progress according to their row, but not in fact."""
    silent: Any = literal_column(moment(connection.dialect.name, SILENT_SECONDS))
    query = (
        select(
            RUNS.c.id,
            RUN_PROCESSES.c.run_id,
            RUN_PROCESSES.c.process,
            RUN_PROCESSES.c.birth,
            RUN_PROCESSES.c.heartbeat_at,
        )
        .add_columns((RUN_PROCESSES.c.heartbeat_at < silent).label("silent"))
        .select_from(RUNS.outerjoin(RUN_PROCESSES, RUN_PROCESSES.c.run_id == RUNS.c.id))
        .where(RUNS.c.status == "running")
    )
    return [row["id"] for row in connection.execute(query).mappings() if not _goes_on(dict(row))]


def _goes_on(row: dict[str, Any]) -> bool:
    """Whether the process of a run exists; one on another machine that is storing would hold the lock."""
    if row["run_id"] is None:  # an earlier relugeom ran it
        return False
    machine, _, start = row["birth"].rpartition(" ")
    own = _birth_of(os.getpid())
    if own and own.machine == machine:
        found = _birth_of(row["process"])
        return found is not None and found.start == start and not row["silent"]
    return row["heartbeat_at"] is not None and not row["silent"]


def _birth_of(process: int) -> Birth | None:
    """When a process of this machine began; None if there is none, or if the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").readlink()
        state, *numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in GONE else Birth(f"{boot} {space}", numbers[18])


SUBJECT = StoreSubject(
    tables=(RUN_PROCESSES,),
)
