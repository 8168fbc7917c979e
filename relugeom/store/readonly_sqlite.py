"""Read-only queries on an SQLite file.

The file is opened read-only; an authorizer lets SELECT read tables and call functions and refuses all else (ATTACH and
VACUUM INTO would write other files, a PRAGMA could lift the protection, an extension is foreign code); there is one
statement. A progress handler looks at the clock (and lets Ctrl-C through), but only after thousands of steps, each of
which may take long: therefore a timer interrupts too.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relugeom.errors import StoreError
from relugeom.printing import printable
from relugeom.store.refusals import EMPTY, MORE_THAN_ONE, ONLY_READING, cannot_be_answered, no_such_table, out_of_time

__all__ = ["ask_file"]

ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer"}  # the second shows and takes addresses of code
STEPS_BETWEEN_LOOKS = 10_000
LARGEST_VALUE = 1 << 28
"""Bytes: one step that makes a longer value (randomblob, replace) could take any time and all memory."""
JSON_TABLES = "SELECT 1 FROM json_each('[]'), json_tree('[]')"
"""Whoever has used them once may use them again: SQLite sets them up as it creates tables, which is refused."""


def ask_file(path: Path, sql: str, time_limit: float) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Columns and rows of one SELECT statement, stopped after `time_limit` seconds.

    Raises
    ------
    StoreError
        The statement is wrong or would do more than read, or time ran out.
    """
    address = f"file:{quote(os.fsencode(path))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, factory=_Limited)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.interrupt_after(time_limit)
    deadline = time.monotonic() + time_limit
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
    with _explained(time_limit), _closed_on_failure(connection):
        connection.execute(JSON_TABLES).close()
        connection.set_authorizer(_authorize)
        cursor = connection.execute(sql)
        if cursor.description is None:
            raise StoreError(EMPTY)
    return tuple(column[0] for column in cursor.description), _rows(connection, cursor, time_limit)


class _Limited(sqlite3.Connection):
    """A connection whose statement is interrupted when its time is up."""

    def interrupt_after(self, seconds: float) -> None:
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._interrupt_if_open)
        self._timer.daemon = True
        self._timer.start()

    def _interrupt_if_open(self) -> None:
        with suppress(sqlite3.ProgrammingError):
            self.interrupt()

    def close(self) -> None:
        self._timer.cancel()
        super().close()


def _authorize(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
    allowed = action in ALLOWED and not (action == sqlite3.SQLITE_FUNCTION and second in FORBIDDEN_FUNCTIONS)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _rows(connection: sqlite3.Connection, cursor: sqlite3.Cursor, time_limit: float) -> Iterator[tuple[Any, ...]]:
    with closing(connection), _explained(time_limit):
        yield from cursor


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def _explained(time_limit: float) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, UnicodeEncodeError) as error:
        raise StoreError(_explanation(error, time_limit)) from None


def _explanation(error: Exception, time_limit: float) -> str:
    message, name = printable(str(error)), getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_INTERRUPT":
        return out_of_time(time_limit)
    if name == "SQLITE_AUTH" or message == "not authorized":
        return f"{ONLY_READING} ({message})"
    if "one statement" in message:
        return MORE_THAN_ONE
    return no_such_table(message) if message.startswith("no such table") else cannot_be_answered(message)
