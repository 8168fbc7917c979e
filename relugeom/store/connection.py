"""Connections to a store, and what their errors mean in one line.

Every transaction is a real one, of SQLite's own making: readers begin when they read, writers take the lock at once
(two writers wait for each other instead of failing half-way). Foreign keys are on.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from relugeom.errors import StoreError
from relugeom.store.location import StoreLocation, printable

__all__ = ["connect_engine", "explained", "explanation", "reading", "writing"]

BUSY_SECONDS = 30.0
BEGIN = "relugeom_begin"

# What the start of SQLite's error name means; the first that fits.
MEANINGS = {
    "SQLITE_NOTADB": "is not an SQLite database",
    "SQLITE_READONLY": "is read-only: choose a file and a folder that can be written",
    "SQLITE_CANTOPEN": "cannot be opened or written: check the rights of the file and of its folder",
    "SQLITE_PERM": "may not be opened: check the rights of the file",
    "SQLITE_BUSY": "is being written by another program: try again when it has finished",
    "SQLITE_LOCKED": "is being written by another program: try again when it has finished",
    "SQLITE_FULL": "has no room to grow: the disk is full",
    "SQLITE_IOERR": "could not be read or written by the system",
    "SQLITE_CORRUPT": "is damaged: restore it from a copy",
}


def connect_engine(location: StoreLocation, *, pragmas: Sequence[str] = ("foreign_keys = ON",)) -> Engine:
    """Engine of a store; `pragmas` are set on each connection before its first transaction."""
    url = URL.create("sqlite", database=str(location.path))
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'DEFERRED')}")

    return engine


def reading(engine: Engine) -> Connection:
    """A connection whose transactions see one state of the store."""
    return engine.connect()


def writing(engine: Engine) -> Connection:
    """A connection whose transactions hold the write lock from their first statement on."""
    return engine.connect().execution_options(**{BEGIN: "IMMEDIATE"})


@contextmanager
def explained(location: StoreLocation) -> Iterator[None]:
    """Turn what the database refuses into a `StoreError` of one line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(explanation(location, error.orig or error)) from error
    except UnicodeEncodeError as error:
        piece = ascii(error.object[error.start : error.end])
        raise StoreError(f"store {location.text!r}: a name holds {piece}, which no database can keep") from error


def explanation(location: StoreLocation, error: BaseException) -> str:
    """One line that says what the database complained about."""
    name = getattr(error, "sqlite_errorname", "")
    meaning = next((text for start, text in MEANINGS.items() if name.startswith(start)), None)
    return f"store {location.text!r} {meaning}" if meaning else f"store {location.text!r}: {printable(str(error))}"
