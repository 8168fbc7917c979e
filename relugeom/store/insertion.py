"""Writing rows: columns in bulk, past the layers that cost most of the time, and single rows that get an id."""

from collections.abc import Mapping, Sequence
from itertools import repeat
from math import isfinite
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, insert, select

__all__ = ["ONCE", "bounded_or_null", "find_id", "insert_columns", "insert_value"]

CHUNK = 50_000
ONCE = "ON CONFLICT DO NOTHING"
"""Leave a row alone that is there already."""


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any], *, conflict: str = "") -> None:
    """Insert many rows, given column by column.

    The statement goes straight to the driver with lists of plain numbers, which takes a third of the time of rows that
    SQLAlchemy looks at one by one.

    Parameters
    ----------
    columns
        Arrays or sequences of one length, or single values that all rows share. Floats that are not finite become
        NULL, and -0 becomes 0.
    conflict
        What to do with a row whose key is there already, in SQL; by default that is an error.
    """
    lengths = {len(column) for column in columns.values() if _is_column(column)}
    if len(lengths) != 1:
        raise ValueError(f"the columns of {table.name} have lengths {sorted(lengths)}")
    names = [column.name for column in table.columns if column.name in columns]
    statement = f"{insert(table).inline().compile(dialect=connection.dialect, column_keys=names)} {conflict}"
    for start in range(0, lengths.pop(), CHUNK):
        rows = zip(*(_piece(columns[name], start) for name in names), strict=False)
        connection.exec_driver_sql(statement, list(rows))


def insert_value(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert one row; its id."""
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def find_id(connection: Connection, table: Table, **values: Any) -> int | None:
    """Id of the row with these values, or None."""
    return connection.execute(select(table.c.id).filter_by(**values)).scalar()


def bounded_or_null(value: float) -> float | None:
    """The number, or None where it is not finite."""
    return value if isfinite(value) else None


def _is_column(column: Any) -> bool:
    return isinstance(column, Sequence | np.ndarray) and not isinstance(column, str | bytes)


def _piece(column: Any, start: int) -> Any:
    """A chunk of a column as Python values; an endless one where all rows share a value."""
    if not _is_column(column):
        return repeat(column)
    piece = column[start : start + CHUNK]
    if not isinstance(piece, np.ndarray):
        return piece
    if piece.dtype.kind != "f":
        return piece.tolist()
    values = (piece + 0.0).tolist()  # -0 becomes 0: SQLite cannot keep the difference, and backends shall agree
    return values if np.isfinite(piece).all() else [bounded_or_null(value) for value in values]
