"""Writing rows: columns in bulk, bypassing the layers that cost most of the time, and single rows that get an id."""

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import repeat
from math import isfinite
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from relugeom.decimals import whole_text
from relugeom.printing import hide_passwords, printable

__all__ = [
    "ONCE",
    "ask_many",
    "bounded_or_null",
    "find_id",
    "follow_ids",
    "fraction_text",
    "insert_columns",
    "insert_value",
    "next_position",
    "refresh_statistics",
    "stored_text",
]

CHUNK = 50_000
FEW = 200
"""Fewer rows than this are not worth a COPY."""
INCOMING = "relugeom_incoming"
ONCE = "ON CONFLICT DO NOTHING"
"""Leave a row alone that exists already."""


def fraction_text(value: Fraction) -> str:
    """``p/q``, in hexadecimal (0x…) where a part is long."""
    return f"{whole_text(value.numerator)}/{whole_text(value.denominator)}"


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any], *, conflict: str = "") -> None:
    """Insert many rows, given column by column.

    The statement goes straight to the driver with lists of plain numbers. This takes a third of the time that
    SQLAlchemy takes to process rows one by one. PostgreSQL receives many rows by COPY.

    Parameters
    ----------
    columns
        Arrays or sequences of one length, or single values that all rows share. Floats that are not finite become
        NULL, and -0 becomes 0.
    conflict
        What to do with a row whose key exists already, in SQL; an error by default.
    """
    lengths = {len(column) for column in columns.values() if _is_column(column)}
    if len(lengths) != 1:
        raise ValueError(f"the columns of {table.name} have lengths {sorted(lengths)}")
    names = [column.name for column in table.columns if column.name in columns]
    count = lengths.pop()
    sqlite = connection.dialect.name == "sqlite"
    write = _execute_many if sqlite or count < FEW else _copy
    for start in range(0, count, CHUNK):
        rows = zip(*(_piece(columns[name], start, sqlite=sqlite) for name in names), strict=False)
        write(connection, table, names, rows, conflict)


def refresh_statistics(connection: Connection, tables: Iterable[Table]) -> None:
    """Update PostgreSQL's statistics of tables that have just grown, so that it plans queries well; SQLite needs
    none.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in tables)}")


def insert_value(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert one row, and return its id."""
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def find_id(connection: Connection, table: Table, values: Mapping[str, object]) -> int | None:
    """Id of the row with these values, or None."""
    return connection.execute(select(table.c.id).filter_by(**values)).scalar()


def next_position(connection: Connection, table: Table, run_id: int) -> int:
    """Position after the last row that a run has in a table."""
    last = connection.execute(select(func.max(table.c.position)).where(table.c.run_id == run_id)).scalar()
    return 0 if last is None else int(last) + 1


def follow_ids(connection: Connection, table: Table, last: int) -> None:
    """Make the database continue numbering after `last`, an id given by hand; SQLite does so by itself."""
    if connection.dialect.name == "postgresql" and last > 0:
        connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})")


def ask_many(connection: Connection, query: str, value: int, many: list[Any]) -> Sequence[Any]:
    """Rows of a query that ends in a column, for one value in place of ``{}`` and many values of that column."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(f"{query.format('%s')} = ANY(%s)", (value, many)).all()
    inside = f"{query.format('?')} IN (SELECT value FROM json_each(?))"
    return connection.exec_driver_sql(inside, (value, json.dumps(many))).all()


def bounded_or_null(value: float) -> float | None:
    """The number, or None if it is not finite."""
    return value if isfinite(value) else None


def stored_text(text: str) -> str:
    """A text as it is stored: without passwords, on one line."""
    return printable(hide_passwords(text))


def _execute_many(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]], conflict: str
) -> None:
    statement = insert(table).inline().compile(dialect=connection.dialect, column_keys=list(names))
    connection.exec_driver_sql(f"{statement} {conflict}", list(rows))


def _copy(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]], conflict: str
) -> None:
    """Send rows by COPY; if some may exist already, to a temporary table first, since COPY has no ON CONFLICT."""
    columns = ", ".join(f'"{name}"' for name in names)
    target = INCOMING if conflict else table.name
    if conflict:
        empty = f"SELECT {columns} FROM {table.name} WITH NO DATA"
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {INCOMING} ON COMMIT DROP AS {empty}")
    elif not connection.in_transaction():
        connection.begin()
    statement = f"COPY {target} ({columns}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        lost = bool(driver.closed or driver.broken)
        if lost:
            connection.invalidate(error)
        raise DBAPIError(statement, None, error, connection_invalidated=lost) from error
    if conflict:
        known = f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {INCOMING} {conflict}"
        connection.exec_driver_sql(known)
        connection.exec_driver_sql(f"DROP TABLE {INCOMING}")


def _is_column(column: Any) -> bool:
    return isinstance(column, Sequence | np.ndarray) and not isinstance(column, str | bytes)


def _piece(column: Any, start: int, *, sqlite: bool) -> Any:
    """Chunk of a column as Python values; endless if all rows share one value."""
    if not _is_column(column):
        return repeat(column)
    piece = column[start : start + CHUNK]
    if not isinstance(piece, np.ndarray):
        return piece
    if piece.dtype.kind == "b" and sqlite:
        return piece.view(np.int8).tolist()  # what is not an int itself takes the driver's slow way
    if piece.dtype.kind != "f":
        return piece.tolist()
    values = (piece + 0.0).tolist()  # -0 becomes 0: SQLite cannot keep the difference, and backends shall agree
    return values if np.isfinite(piece).all() else [bounded_or_null(value) for value in values]
