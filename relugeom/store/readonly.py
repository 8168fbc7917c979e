"""Queries that cannot change anything, in SQL that anybody may have written.

The file is opened read-only; an authorizer lets SELECT read tables and call functions and refuses all else (ATTACH and
VACUUM INTO would write other files, a PRAGMA could lift the protection, an extension is foreign code); there is one
statement, and it has a time limit.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relugeom.errors import StoreError
from relugeom.store.location import StoreLocation, parse_location, printable
from relugeom.store.migration import check_schema
from relugeom.store.views import list_views

__all__ = ["QueryResult", "run_query"]

ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
FORBIDDEN_FUNCTIONS = {"load_extension"}
STEPS_BETWEEN_LOOKS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class QueryResult:
    """What a query answers; `rows` can be read once.

    Attributes
    ----------
    columns
        Their names.
    rows
        Tuples, read from the store as they are asked for.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def run_query(location: str | Path, sql: str, *, time_limit: float = 30.0) -> QueryResult:
    """Answer one SELECT statement.

    Parameters
    ----------
    time_limit
        Seconds until the query is stopped, from its start to its last row.

    Raises
    ------
    StoreError
        The store cannot be read, the statement is wrong or would do more than read, or time ran out (this one also
        while rows are read).
    SchemaVersionError
        Another version of relugeom wrote the store.
    """
    place = parse_location(location)
    check_schema(place)  # also rolls back what a killed process left half-way, which a read-only connection cannot
    connection = _connect(place)
    deadline = time.monotonic() + time_limit
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
    connection.set_authorizer(_authorize)
    with _explained(time_limit), _closed_on_failure(connection):
        cursor = connection.execute(sql)
        if cursor.description is None:
            raise StoreError("the query is empty: write a SELECT statement")
    return QueryResult(tuple(column[0] for column in cursor.description), _rows(connection, cursor, time_limit))


def _connect(place: StoreLocation) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(os.fsencode(place.path))}?mode=ro", uri=True, isolation_level=None)


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
        return f"the query was stopped after {time_limit:g} seconds: ask for less, or give it more time"
    if name == "SQLITE_AUTH":
        return f"a query can only read, with one SELECT statement ({message})"
    if "one statement" in message:
        return "a query is one SELECT statement, and this is more than one"
    if message.startswith("no such table"):
        message += f"; the views are {', '.join(list_views())}"
    return f"the query cannot be answered: {message}"
