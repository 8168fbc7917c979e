"""Read-only queries on a PostgreSQL database.

The statement becomes a cursor in a READ ONLY transaction: the server itself takes nothing but SELECT for one, and no
SELECT that writes. It travels by the extended protocol, which carries one statement; every FETCH gets what is left of
the time. A superuser could still reach the files of the server through functions, so its queries run as the built-in
role pg_read_all_data; that stops accidents and plain attacks, but a statement can take its role back. Only a role that
may do nothing but SELECT is safe from everybody.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import PoolProxiedConnection

from relugeom.errors import StoreError
from relugeom.printing import printable
from relugeom.store.connection import connect_engine, explained, explanation
from relugeom.store.location import StoreLocation
from relugeom.store.refusals import EMPTY, MORE_THAN_ONE, ONLY_READING, cannot_be_answered, no_such_table, out_of_time

__all__ = ["ask_server"]

ROWS_AT_ONCE = 2_000
FETCH = f"FETCH {ROWS_AT_ONCE} FROM answer"
LONGEST = 2**31 - 1
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LESS_THAN_SUPERUSER = "SET LOCAL ROLE pg_read_all_data"
EXPLAIN = re.compile(r"EXPLAIN\b\s*(?:\([^()]*\)|(?:(?:ANALYZE|ANALYSE|VERBOSE)\b\s*)*)", re.IGNORECASE)
COMMENT = re.compile(r"\s+|--[^\n]*|/\*")
FOREIGN = {"25006", "42501"}  # a write in a read-only transaction; a right that the role does not have
PLAIN = {17, 19, 20, 21, 23, 25, 26, 700, 701, 1042, 1043}  # bytes, text, whole numbers, floats

Rows = Iterator[tuple[Any, ...]]


def ask_server(place: StoreLocation, sql: str, time_limit: float, *, few: bool) -> tuple[tuple[str, ...], Rows]:
    """Columns and rows of one SELECT statement, stopped after `time_limit` seconds, soon if `few` are read.

    Raises
    ------
    StoreError
        The server cannot be reached, the statement is wrong or would do more than read, or time ran out.
    """
    if "\0" in sql:
        raise StoreError(cannot_be_answered("it holds a zero character"))
    start = _skip_comments(sql)
    if start == len(sql):
        raise StoreError(EMPTY)
    with explained(place):
        pooled = connect_engine(place).raw_connection()
    with _closed_on_failure(pooled), _explained(place, time_limit):
        session = _Session(pooled, time_limit)
        found = EXPLAIN.match(sql, start)
        if found:
            session.check(sql[found.end() :])
            columns, rows = session.answer(sql)
            pooled.close()
            return columns, rows
        if few:
            session.execute(PLAN_FOR_FEW)
        session.declare("answer", sql)
        columns, rows = session.answer(FETCH)
        return columns, _rows(place, session, rows)


PLAN_FOR_FEW = "SET LOCAL cursor_tuple_fraction = 0.001"


class _Session:
    """A read-only transaction with a clock."""

    def __init__(self, pooled: PoolProxiedConnection, time_limit: float) -> None:
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        self.pooled, self.connection, self.time_limit = pooled, connection, time_limit
        self._deadline = time.monotonic() + time_limit
        connection.autocommit = True  # transactions are written out here
        for kind in ("json", "jsonb"):
            connection.adapters.register_loader(kind, TextLoader)
        connection.execute(BEGIN)
        if connection.info.parameter_status("is_superuser") == "on":
            connection.execute(LESS_THAN_SUPERUSER)

    def execute(self, statement: str) -> "psycopg.Cursor[tuple[Any, ...]]":
        """One statement, with what is left of the time."""
        left = round(min(1000 * (self._deadline - time.monotonic()), LONGEST))
        if left <= 0:
            raise StoreError(out_of_time(self.time_limit))
        self.connection.execute(f"SET LOCAL statement_timeout = {left}".encode())
        return self.connection.execute(statement.encode(), prepare=True)  # prepared: one statement, never several

    def declare(self, name: str, sql: str) -> None:
        """Make a cursor of a SELECT; the server refuses anything else."""
        self.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")

    def check(self, sql: str) -> None:
        """Raise unless this is one SELECT that only reads."""
        self.declare("tried", sql)
        self.execute("CLOSE tried")

    def answer(self, statement: str) -> tuple[tuple[str, ...], Rows]:
        """Columns and rows of a statement, as plain values."""
        cursor = self.execute(statement)
        assert cursor.description is not None
        columns = tuple(column.name for column in cursor.description)
        return columns, _plain_rows(cursor.fetchall(), [column.type_code for column in cursor.description])


def _rows(place: StoreLocation, session: _Session, rows: Rows) -> Rows:
    with closing(session.pooled), _explained(place, session.time_limit):
        count = 1
        while count:
            count = 0
            for row in rows:
                yield row
                count += 1
            if count:
                _, rows = session.answer(FETCH)


def _plain_rows(rows: Sequence[tuple[Any, ...]], types: Sequence[int]) -> Rows:
    changes = {column: _change(kind) for column, kind in enumerate(types) if kind not in PLAIN}
    if not changes:
        return iter(rows)
    return (
        tuple(
            changes[column](value) if column in changes and value is not None else value
            for column, value in enumerate(row)
        )
        for row in rows
    )


def _change(kind: int) -> Callable[[Any], Any]:
    """How values of a type become plain."""
    if kind == 16:
        return int
    return _number if kind == 1700 else str


def _number(value: Decimal) -> int | float:
    """A sum of whole numbers stays whole; everything else is a float."""
    return int(value) if value.is_finite() and value.as_tuple().exponent == 0 else float(value)


def _skip_comments(sql: str) -> int:
    """Where the first word stands: after white space, comments and comments in comments."""
    position = 0
    while found := COMMENT.match(sql, position):
        position = found.end()
        depth = int(found[0] == "/*")
        while depth and position < len(sql):
            piece = sql[position : position + 2]
            depth += (piece == "/*") - (piece == "*/")
            position += 2 if piece in ("/*", "*/") else 1
    return position


@contextmanager
def _closed_on_failure(pooled: PoolProxiedConnection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        pooled.close()
        raise


@contextmanager
def _explained(place: StoreLocation, time_limit: float) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise StoreError(cannot_be_answered(printable(str(error)))) from None
    except psycopg.Error as error:
        raise StoreError(_explanation(place, error, time_limit)) from None


def _explanation(place: StoreLocation, error: psycopg.Error, time_limit: float) -> str:
    message, code = printable(error.diag.message_primary or ""), error.sqlstate
    if code is None or not message:
        return explanation(place, error)
    if code == "57014":
        return out_of_time(time_limit)
    if code in FOREIGN:
        return f"{ONLY_READING} ({message})"
    if "multiple commands" in message:
        return MORE_THAN_ONE
    if code == "42601":
        message += "; a query is one SELECT statement"
    return no_such_table(message) if code == "42P01" else cannot_be_answered(message)
