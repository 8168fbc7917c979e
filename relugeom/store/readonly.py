"""Queries that cannot change anything, in SQL that anybody may have written.

One SELECT statement, with a time limit, in a transaction that the database itself keeps from writing: see
`readonly_sqlite` and `readonly_postgres`. Rows hold plain values on either backend: numbers, text, bytes and None;
truth is 1 or 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relugeom.store.location import parse_location
from relugeom.store.migration import check_schema

__all__ = ["QueryResult", "run_query"]


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


def run_query(location: str | Path, sql: str, *, time_limit: float = 30.0, few: bool = False) -> QueryResult:
    """Answer one SELECT statement.

    Parameters
    ----------
    time_limit
        Seconds until the query is stopped, from its start to its last row.
    few
        Whether only the first rows will be read: the database then plans for these.

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
    if place.path is not None:
        from relugeom.store.readonly_sqlite import ask_file

        return QueryResult(*ask_file(place.path, sql, time_limit))
    from relugeom.store.readonly_postgres import ask_server

    return QueryResult(*ask_server(place, sql, time_limit, few=few))
