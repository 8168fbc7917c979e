"""Read-only queries on a PostgreSQL database, run in a process that may be killed (`process`).

The statement becomes a cursor in a READ ONLY transaction: the server itself accepts nothing but SELECT for a cursor,
and no SELECT that writes. It is sent by the extended protocol, which carries only one statement. Every FETCH gets the
time that is left, and as many rows as fill a few megabytes. A superuser could still reach the files of the server
through functions, so its queries run as the built-in role pg_read_all_data; that stops accidents and simple attacks,
but a statement can switch its role back. Only a role that may do nothing but SELECT is safe from everybody.

Values are read from the text that the server sends, so that no kind of value and no size of a number is a surprise.
"""

import re
from collections.abc import Callable, Iterator
from math import isinf
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from relugeom.deadline import Deadline
from relugeom.store.query.frames import RefusedError

__all__ = ["ask_server"]

FETCH_BYTES, MOST_ROWS, FASTER = 1 << 22, 5_000, 8
"""Bytes and rows that one FETCH brings, and the factor by which it may exceed the one before."""
LONGEST = 2**31 - 1
BEGIN = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LESS_THAN_SUPERUSER = b"SET LOCAL ROLE pg_read_all_data"
PLAN_FOR_FEW = "SET LOCAL cursor_tuple_fraction = 0.001"
EXPLAIN = re.compile(r"EXPLAIN\b\s*(?:\([^()]*\)|(?:(?:ANALYZE|ANALYSE|VERBOSE)\b\s*)*)", re.IGNORECASE)
COMMENT = re.compile(r"\s+|--[^\n]*|/\*")
MOST_DIGITS = 100
"""Digits of a whole number; a longer one is returned as text."""

Row = tuple[Any, ...]


def ask_server(arguments: dict[str, str], sql: str, seconds: float, *, few: bool) -> Iterator[Row]:
    """Yield nothing once the server is reached, then the columns, then the rows of one SELECT statement.

    Parameters
    ----------
    arguments
        Arguments with which psycopg connects.
    few
        Whether only the first rows will be read; the server then plans for these.

    Raises
    ------
    RefusedError
        The server cannot be reached, the statement is wrong or would do more than read, or time ran out.
    """
    if "\0" in sql:
        raise RefusedError("ZERO", "it contains a zero character")
    start = _skip_comments(sql)
    if start == len(sql):
        raise RefusedError("EMPTY", "")
    try:
        address = make_conninfo("", **arguments)
        with psycopg.connect(address, autocommit=True) as connection:  # transactions are written out here
            session = _Session(connection)
            yield ()
            session.deadline = Deadline().within(seconds)
            found = EXPLAIN.match(sql, start)
            if found:
                session.check(sql[found.end() :])
                result = session.execute(sql)
                yield _columns(result)
                yield from _rows(result)
                return
            if few:
                session.execute(PLAN_FOR_FEW)
            session.declare("answer", sql)
            yield from session.fetch()
    except UnicodeEncodeError as error:
        raise RefusedError("LETTER", str(error)) from None
    except psycopg.Error as error:
        message = error.diag.message_primary
        raise RefusedError(error.sqlstate or ("" if message is None else "XX000"), message or str(error)) from None


class _Session:
    """A read-only transaction with a clock."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self.connection, self.deadline = connection, Deadline()
        connection.execute(BEGIN)
        if connection.info.parameter_status("is_superuser") == "on":
            connection.execute(LESS_THAN_SUPERUSER)

    def execute(self, statement: str) -> "psycopg.pq.abc.PGresult":
        """Execute one statement within the time that is left."""
        left = round(min(1000 * self.deadline.seconds_left, LONGEST))
        if left <= 0:
            raise RefusedError("57014", "")
        self.connection.execute(f"SET LOCAL statement_timeout = {left}".encode())
        cursor = self.connection.execute(statement.encode(), prepare=True)  # prepared: one statement, never several
        assert cursor.pgresult is not None
        return cursor.pgresult

    def declare(self, name: str, sql: str) -> None:
        """Make a cursor of a SELECT; the server refuses anything else."""
        self.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")

    def check(self, sql: str) -> None:
        """Raise unless this is one SELECT that only reads."""
        self.declare("tried", sql)
        self.execute("CLOSE tried")

    def fetch(self) -> Iterator[Row]:
        """Yield the columns and rows of the cursor."""
        count, result = 1, self.execute("FETCH 1 FROM answer")
        yield _columns(result)
        while True:
            size = 1
            for row in _rows(result):
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                left = self.deadline.seconds_left
                yield row
                self.deadline = Deadline().within(left)  # time in which nobody takes a row does not count
            if result.ntuples < count:
                return
            count = max(1, min(FASTER * count, FETCH_BYTES * count // size, MOST_ROWS))
            result = self.execute(f"FETCH {count} FROM answer")


def _columns(result: "psycopg.pq.abc.PGresult") -> Row:
    return tuple((result.fname(column) or b"").decode(errors="backslashreplace") for column in range(result.nfields))


def _rows(result: "psycopg.pq.abc.PGresult") -> Iterator[Row]:
    """Rows of plain values: numbers, text, bytes and None; Booleans are 1 or 0."""
    readers = [READERS.get(result.ftype(column), _text) for column in range(result.nfields)]
    columns = range(result.nfields)
    for row in range(result.ntuples):
        values = [result.get_value(row, column) for column in columns]
        yield tuple(None if value is None else read(bytes(value)) for read, value in zip(readers, values, strict=True))


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _number(value: bytes) -> int | float | str:
    """A whole number as an integer, any other as a float; as text if it is too long or too large for either."""
    if value.lstrip(b"-").isdigit():
        return int(value) if len(value) <= MOST_DIGITS else value.decode()
    number = float(value)
    return value.decode() if isinf(number) and not value.endswith(b"Infinity") else number


def _bytes(value: bytes) -> bytes:
    return bytes.fromhex(value[2:].decode())


READERS: dict[int, Callable[[bytes], Any]] = {
    16: lambda value: int(value == b"t"),
    17: _bytes,
    20: int,
    21: int,
    23: int,
    26: int,
    700: float,
    701: float,
    1700: _number,
}
"""Readers of values, by the number of their type in the server's catalogue; all other values are text."""


def _skip_comments(sql: str) -> int:
    """Position of the first word: after white space, comments and nested comments."""
    position = 0
    while found := COMMENT.match(sql, position):
        position = found.end()
        depth = int(found[0] == "/*")
        while depth and position < len(sql):
            piece = sql[position : position + 2]
            depth += (piece == "/*") - (piece == "*/")
            position += 2 if piece in ("/*", "*/") else 1
    return position
