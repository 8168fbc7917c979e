"""The process in which a query runs: its order, its answer and its limits.

A query from an untrusted author can keep a database busy in a single step that never looks at the clock, and can ask
for all memory. Therefore it runs in a process of its own, which `readonly` starts and may kill at any moment. The two
talk in frames (`frames.py`). This file runs there. It loads only Python's standard library, and psycopg if the store is
on a server, so that it starts quickly.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import ceil, isfinite
from pathlib import Path
from typing import IO, Any

from relugeom.store.query.frames import RefusedError, receive, send

__all__ = ["LONGEST_ROW", "MEMORY_BYTES", "main"]

BATCH_BYTES, BATCH_SECONDS = 1 << 18, 0.2
"""Rows are sent together once they are this long, or have waited this long."""
LONGEST_ROW = 1 << 24
"""Bytes and characters of a row; the longest values of a longer row are cut."""
MEMORY_BYTES, FILE_BYTES = 400 << 20, 1 << 30
"""Memory that a query may take beyond that of an empty process, and the size of each of its temporary files."""
SPARE_SECONDS = 2

Row = tuple[Any, ...]


def main() -> None:
    """Answer the one query that arrives on the standard input."""
    out = os.fdopen(1, "wb", closefd=False)
    with suppress(BrokenPipeError, KeyboardInterrupt):  # nobody wants to know any more
        asked = receive(sys.stdin.buffer)
        if asked is not None:
            _answer(out, asked[0], asked[1])
    os._exit(0)  # whatever the database still holds goes with the process


def _answer(out: IO[bytes], kind: str, order: dict[str, Any]) -> None:
    """Send columns, rows and an end, or the reason why there is no answer."""
    try:
        answers = _ask(kind, order)
        next(answers)  # it is connected
        _bound(order["seconds"])
        send(out, "ready", None)
        send(out, "columns", next(answers))
        send(out, *_send_rows(out, answers, order["most_bytes"]))
    except RefusedError as refusal:
        send(out, "refused", (refusal.name, refusal.message))
    except MemoryError:
        send(out, "refused", ("MEMORY", ""))


def _ask(kind: str, order: dict[str, Any]) -> Iterator[Row]:
    """Yield the answer of a database: nothing once it is reached, then the columns, then rows."""
    if kind == "file":
        from relugeom.store.query.sqlite import ask_file

        return ask_file(order["where"], order["sql"])
    from relugeom.store.query.postgres import ask_server

    return ask_server(order["where"], order["sql"], order["seconds"], few=order["few"])


def _bound(seconds: float) -> None:
    """Limit memory, files and processor time of this process, if the system can."""
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_BYTES,) * 2)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES,) * 2)
    if isfinite(seconds):  # if the process that asked is killed, this one ends, too
        with suppress(OSError, ValueError, OverflowError):
            resource.setrlimit(resource.RLIMIT_CPU, (ceil(seconds) + SPARE_SECONDS,) * 2)


def _send_rows(out: IO[bytes], rows: Iterator[Row], most_bytes: float) -> tuple[str, Any]:
    """Send rows, and return the last frame: an end, with whether values were cut and whether rows are left."""
    batch: list[Row] = []
    total, size, cut, due = 0, 0, False, 0.0
    for row in rows:
        length = 8 * len(row) + sum(len(value) for value in row if isinstance(value, str | bytes))
        if length > LONGEST_ROW:
            row, length, cut = _cut(row), LONGEST_ROW, True
        total += length
        if total > most_bytes:
            send(out, "rows", batch)
            return "end", (cut, True)
        batch.append(row)
        size += length
        if size > BATCH_BYTES or time.monotonic() > due:
            send(out, "rows", batch)
            batch, size, due = [], 0, time.monotonic() + BATCH_SECONDS
    send(out, "rows", batch)
    return "end", (cut, False)


def _cut(row: Sequence[Any]) -> Row:
    """The row with its long values cut to equal shares of a row's limit."""
    share = LONGEST_ROW // len(row)
    return tuple(value[:share] if isinstance(value, str | bytes) else value for value in row)
