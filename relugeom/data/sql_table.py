"""Tables, views and SELECTs of any database that SQLAlchemy reaches; nothing is ever written to it.

The rows of a table come in the order of its primary key, those of a view or a SELECT as the database gives them.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Result, Select, column, create_engine, inspect, make_url, select
from sqlalchemy import table as table_named
from sqlalchemy import text as sql_text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from relugeom.columns.cells import listed
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError, InputError
from relugeom.files import regular_file
from relugeom.printing import hide_passwords, printable

__all__ = ["is_select", "open_sql"]

SELECT = re.compile(r"\s*(select|with)\s", re.IGNORECASE)
POSTGRES = ("postgresql", "postgres")
DRIVER = "postgresql+psycopg"


class SqlTable:
    """The rows of a table or a SELECT; a `relugeom.data.source.Source`.

    Parameters
    ----------
    fetch
        Gives the rows with the columns of these names.
    sizes
        How many rows there are in a piece.
    """

    remark = ""

    def __init__(
        self, name: str, header: list[str], fetch: Callable[[Sequence[str]], Result[Any]], sizes: PieceSizes
    ) -> None:
        self.name, self.header, self._fetch, self._rows = name, header, fetch, sizes.rows

    def pieces(self, columns: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
        """The cells of these columns, as the database gives them."""
        for rows in self._fetch(columns).partitions(self._rows):
            yield list(zip(*rows, strict=True))


@contextmanager
def open_sql(url: str, asked: str, sizes: PieceSizes) -> Iterator[SqlTable]:
    """The rows of a table (or view), or of a SELECT.

    Parameters
    ----------
    url
        Where the database is, for SQLAlchemy.
    asked
        Name of a table, ``schema.table`` too, or a statement that begins with SELECT or WITH.
    sizes
        How many rows are fetched at a time.

    Raises
    ------
    DataError
        There is no such database, driver or table, or the database refuses; also while it is read. Passwords are not
        shown.
    """
    place = printable(hide_passwords(url))
    parsed = _parsed(url, place)
    try:
        engine = _engine(parsed, place)
        try:
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    connection = connection.execution_options(postgresql_readonly=True)
                yield _opened(connection, engine, asked, place, sizes)
        finally:
            engine.dispose()
    except (ImportError, NoSuchModuleError) as error:
        driver = ": run `pip install 'relugeom[postgres]'`" if parsed.drivername == DRIVER else ""
        raise DataError(f"{place!r}: the driver for this database is not installed ({error}){driver}") from None
    except SQLAlchemyError as error:
        words = " ".join(str(getattr(error, "orig", None) or error).split())
        if parsed.password:
            words = words.replace(str(parsed.password), "***")
        raise DataError(f"{place!r}: the database says: {printable(hide_passwords(words))}") from None


def is_select(asked: str) -> bool:
    """Whether a statement rather than the name of a table is asked for."""
    return SELECT.match(asked) is not None


def _parsed(url: str, place: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DataError(
            f"{place!r} is not a URL of a database: write sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        ) from None
    return parsed.set(drivername=DRIVER) if parsed.drivername in POSTGRES else parsed


def _engine(url: URL, place: str) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    try:
        path = regular_file(url.database or "")
    except InputError as error:
        raise DataError(f"{place!r}: {error}") from None
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return create_engine("sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(address, uri=True))


def _opened(connection: Connection, engine: Engine, asked: str, place: str, sizes: PieceSizes) -> SqlTable:
    """The table; the driver hands over its rows piece by piece."""
    connection = connection.execution_options(yield_per=sizes.rows)
    if is_select(asked):
        result = connection.execute(sql_text(asked.replace(":", r"\:")))  # a colon is not a parameter here
        header = list(result.keys())
        return SqlTable("query", header, lambda columns: result.columns(*map(header.index, columns)), sizes)
    described = inspect(engine)
    schema, name = None, asked
    if not _is_there(described, None, asked) and "." in asked:
        schema, name = asked.split(".", 1)
    if not _is_there(described, schema, name):
        known = sorted([*described.get_table_names(), *described.get_view_names()])
        raise DataError(f"{place!r}: there is no table {asked!r}; there are {listed(known) or 'none'}")
    keys: list[Any] = [column(key) for key in described.get_pk_constraint(name, schema)["constrained_columns"]]

    def fetch(columns: Sequence[str]) -> Result[Any]:
        named: list[Any] = [column(name) for name in columns]
        chosen: Select[Any] = select(*named).select_from(table_named(name, schema=schema))
        return connection.execute(chosen.order_by(*keys))

    return SqlTable(name, [str(entry["name"]) for entry in described.get_columns(name, schema)], fetch, sizes)


def _is_there(described: Any, schema: str | None, name: str) -> bool:
    return bool(described.has_table(name, schema=schema)) or name in described.get_view_names(schema)
