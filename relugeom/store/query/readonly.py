"""Queries that cannot change anything, in SQL from an untrusted author.

One SELECT statement, with a time limit, in a transaction that the database itself keeps from writing: see `sqlite` and
`postgres`. It runs in a process of its own (`process`), which is killed when its time is up, and its answer is read
piece by piece. Rows hold plain values on either backend: numbers, text, bytes and None; Booleans are 1 or 0.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Any

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import StoreError
from relugeom.store.database.connection import server_arguments
from relugeom.store.database.location import StoreLocation, parse_location
from relugeom.store.database.migration import check_schema
from relugeom.store.query.frames import receive, send
from relugeom.store.query.process import LONGEST_ROW
from relugeom.store.query.refusals import out_of_time, refusal
from relugeom.store.subjects.processes import mark_interrupted

__all__ = ["MOST_BYTES", "QueryResult", "QueryStatus", "run_query"]

MOST_BYTES = 1_000_000_000
START = "import sys; sys.path[:] = sys.argv[1:]; from relugeom.store.query.process import main; main()"
STARTING_SECONDS = 60.0
GRACE_SECONDS = {"file": 0.0, "server": 1.0}
"""How much longer a process may ask: a server stops by itself, and says more."""

Process = subprocess.Popen[bytes]
Row = tuple[Any, ...]


@dataclass(slots=True)
class Clock:
    """Time that a query may still take."""

    deadline: Deadline = field(default_factory=Deadline)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the clock while the context lasts."""
        left = self.deadline.seconds_left
        try:
            yield
        finally:
            self.deadline = Deadline().within(left)


class QueryStatus(StrEnum):
    """Whether rows are all that was asked for."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True, eq=False)
class QueryResult:
    """Answer of a query; `rows` can be read once.

    Attributes
    ----------
    columns
        Names of the columns.
    rows
        Tuples, read from the store as they are asked for.
    left_out
        One line on each thing that the rows lack; complete when all rows have been read.
    clock
        Clock that stops the query; it may stand still while a slow reader takes rows.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]
    left_out: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    @property
    def status(self) -> QueryStatus:
        """TRUNCATED once the rows are known to lack something."""
        return QueryStatus.TRUNCATED if self.left_out else QueryStatus.COMPLETE


def run_query(
    location: str | Path,
    sql: str,
    *,
    time_limit: TimeLimit = 30.0,
    few: bool = False,
    most_bytes: float = MOST_BYTES,
    starting: TimeLimit = STARTING_SECONDS,
) -> QueryResult:
    """Answer one SELECT statement.

    Parameters
    ----------
    time_limit
        Time for the query, from its start to its last row.
    few
        Whether only the first rows will be read; the database then plans for these.
    most_bytes
        The rows end after this many bytes and characters; `left_out` says so. Very long values are cut, too.
    starting
        Until when the process that asks it must have begun to answer.

    Raises
    ------
    StoreError
        The store cannot be read, the statement is wrong or would do more than read, or time or memory ran out (also
        while rows are read).
    SchemaVersionError
        Another version of relugeom wrote the store.
    """
    deadline = Deadline.of(time_limit)
    place = parse_location(location)
    check_schema(place)  # also rolls back what a killed process left half-way, which a read-only connection cannot
    mark_interrupted(place)
    seconds = deadline.seconds_left if time_limit is None or isinstance(time_limit, Deadline) else time_limit
    order = {"sql": sql, "seconds": seconds, "few": few, "most_bytes": most_bytes}
    left_out: list[str] = []
    clock = Clock()
    answers = _ask(place, order, left_out, clock, starting)
    return QueryResult(next(answers), answers, left_out, clock)


def _ask(
    place: StoreLocation, order: dict[str, Any], left_out: list[str], clock: Clock, starting: TimeLimit
) -> Iterator[Row]:
    """Yield the columns, then the rows."""
    kind = "server" if place.path is None else "file"
    where = server_arguments(place) if place.path is None else str(place.path)
    seconds = order["seconds"]
    with _process() as process:
        _tell(process, kind, order | {"where": where})
        word, value = _receive(process, Deadline.of(starting), seconds)
        clock.deadline = Deadline().within(seconds + GRACE_SECONDS[kind])
        while word != "end":
            if word == "refused":
                name, message = value
                raise StoreError(refusal(place, name, message, seconds))
            word, value = _receive(process, clock.deadline, seconds)
            if word == "columns":
                yield value
            elif word == "rows":
                yield from value
    cut, more = value
    if cut:
        left_out.append(f"rows of more than {LONGEST_ROW:,} bytes are cut: select parts of long values with substr")
    if more:
        left_out.append(f"the rows end after {order['most_bytes']:,} bytes: select less at once, or raise --max-bytes")


def _tell(process: Process, kind: str, order: dict[str, Any]) -> None:
    """Hand over the query; if the process has ended already, the first missing frame shows it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        send(process.stdin, kind, order)
    with suppress(BrokenPipeError):
        process.stdin.close()


def _receive(process: Process, deadline: Deadline, seconds: float) -> tuple[str, Any]:
    """Read the next frame; the process is killed if it does not arrive in time."""
    assert process.stdout is not None
    with _killed_at(process, deadline):
        frame = receive(process.stdout)
    if frame is None:
        ended = process.wait()
        if deadline.passed or -ended == getattr(signal, "SIGXCPU", None):
            raise StoreError(out_of_time(seconds))
        raise StoreError(f"the query cannot be answered: the process that ran it ended unexpectedly (code {ended})")
    return frame


@contextmanager
def _killed_at(process: Process, deadline: Deadline) -> Iterator[None]:
    if deadline.end == inf:
        yield
        return
    timer = threading.Timer(min(deadline.seconds_left, threading.TIMEOUT_MAX), process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _process() -> Iterator[Process]:
    """Start a process that answers one query; it ends when it is no longer needed."""
    paths = [str(Path(__file__).parents[3]), *map(os.path.abspath, sys.path)]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which then ends the other one
        )
    except OSError as error:
        raise StoreError(f"the process that runs the query cannot be started: {error.strerror}") from error
    with process:
        try:
            yield process
        finally:
            process.kill()
