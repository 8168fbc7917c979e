"""Connections to a store, and one-line explanations of their errors.

Both backends obey the same laws. Readers see one state of the store. Writers take a lock at once, so that two of them
wait for each other instead of failing half-way. Foreign keys are enforced. SQLite's lock is that of the file; on
PostgreSQL it is an advisory lock of the database, held until the transaction ends, which readers do not notice.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from relugeom.budget import StoreWaits
from relugeom.errors import StoreError
from relugeom.printing import hide_passwords, printable
from relugeom.store.database.location import StoreLocation
from relugeom.store.database.one_file import leave_log

__all__ = [
    "beside_readers",
    "complaint",
    "connect_engine",
    "explained",
    "explanation",
    "reading",
    "server_arguments",
    "writing",
]

CONNECT_SECONDS = 10
WRITER_LOCK = 0x72656C75  # one number for all stores: the lock belongs to the database
BEGIN = "relugeom_begin"
FOREIGN_KEYS_ON = ("foreign_keys = ON",)
LOST = "can no longer be reached: the server ended the connection"
FULL = "has no room to grow: the disk is full"
BUSY = "is being written to by another program: try again when it has finished"

# What an error code means, by its start; the first that fits. SQLite's are names, PostgreSQL's the standard's SQLSTATE.
MEANINGS = {
    "SQLITE_NOTADB": "is not an SQLite database",
    "SQLITE_READONLY": "is read-only: choose a file and a folder that can be written to",
    "SQLITE_CANTOPEN": "cannot be opened or written to: check the permissions of the file and of its folder",
    "SQLITE_PERM": "may not be opened: check the permissions of the file",
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR_SHMSIZE": FULL,
    "SQLITE_IOERR": "could not be read or written by the operating system",
    "SQLITE_CORRUPT": "is damaged: restore it from a copy",
    "55P03": BUSY,
    "25006": "is read-only: connect to a server that can be written to, as a role that may do so",
    "42501": "does not let this role do that: ask its owner for the privileges",
    "53100": "has no room to grow: the server's disk is full",
    "54000": "cannot index patterns of this length: networks of more than about 10,000 units need an SQLite store",
    "57P01": LOST,
    "XX001": "is damaged: restore it from a backup",
    "XX002": "is damaged: restore it from a backup",
}


def connect_engine(
    location: StoreLocation, *, pragmas: Sequence[str] = FOREIGN_KEYS_ON, waits: StoreWaits = StoreWaits()
) -> Engine:
    """Engine of a store.

    Parameters
    ----------
    pragmas
        Are set on each connection to an SQLite file before its first transaction.
    waits
        How long another writer is waited for.

    Raises
    ------
    StoreError
        The store is on PostgreSQL and psycopg is not installed.
    """
    seconds = waits.writer
    return _server_engine(location, seconds) if location.path is None else _file_engine(location, pragmas, seconds)


def reading(engine: Engine) -> Connection:
    """Open a connection whose transactions see one state of the store."""
    if engine.dialect.name == "sqlite":
        return engine.connect()
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Connection:
    """Open a connection whose transactions hold the write lock from their first statement on."""
    return engine.connect().execution_options(**{BEGIN: "IMMEDIATE"})


@contextmanager
def beside_readers(connection: Connection) -> Iterator[None]:
    """Let others read the store as it was while this connection writes, however long it takes.

    PostgreSQL always does. An SQLite file gets a write-ahead log for that time. It becomes one file again in the end,
    or, if others have it open, when the last of them closes it.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    with suppress(sqlite3.DatabaseError):  # what is wrong with the file, the first write says
        driver.execute("PRAGMA journal_mode = WAL")
    try:
        yield
    finally:
        leave_log(driver)


@contextmanager
def explained(location: StoreLocation) -> Iterator[None]:
    """Turn errors of the database into a `StoreError` of one line."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreError(f"store {location.text!r} {LOST}") from error
        raise StoreError(explanation(location, error.orig or error)) from error
    except UnicodeEncodeError as error:
        piece = ascii(error.object[error.start : error.end])
        raise StoreError(f"store {location.text!r}: a name contains {piece}, which no database can store") from error


def explanation(location: StoreLocation, error: BaseException) -> str:
    """One-line explanation of an error of the database."""
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or ""
    return complaint(location, name, str(error))


def complaint(location: StoreLocation, name: str, text: str) -> str:
    """The same, from the name of the error and the text that came with it."""
    meaning = next((text for start, text in MEANINGS.items() if name.startswith(start)), None)
    if meaning is not None:
        return f"store {location.text!r} {meaning}"
    words = hide_passwords("; ".join(line.strip() for line in text.splitlines() if line.strip()))
    if location.url.password:
        words = words.replace(str(location.url.password), "***")
    return f"store {location.text!r}: {printable(words)}"


def _file_engine(location: StoreLocation, pragmas: Sequence[str], seconds: float) -> Engine:
    engine = create_engine(location.url, poolclass=NullPool, connect_args={"timeout": seconds})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'DEFERRED')}")

    return engine


def server_arguments(location: StoreLocation) -> dict[str, str]:
    """Arguments with which psycopg connects to a server, as text."""
    arguments = {**connect_engine(location).dialect.create_connect_args(location.url)[1], **_own_options(location)}
    return {name: str(value) for name, value in arguments.items() if isinstance(value, str | int)}


def _own_options(location: StoreLocation) -> dict[str, Any]:
    options = {"application_name": "relugeom", "client_encoding": "utf8", "connect_timeout": CONNECT_SECONDS}
    return {name: value for name, value in options.items() if name not in location.url.query}


def _server_engine(location: StoreLocation, seconds: float) -> Engine:
    try:
        import psycopg  # noqa: F401  (SQLAlchemy would load it later, and say less where it is missing)
    except ImportError:
        raise StoreError(
            f"store {location.text!r} is on PostgreSQL, but psycopg is not installed: run `pip install "
            f"'relugeom[postgres]'`"
        ) from None
    # %s placeholders, so that rows can go to the driver as tuples
    engine = create_engine(location.url, poolclass=NullPool, connect_args=_own_options(location), paramstyle="format")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if BEGIN in connection.get_execution_options():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine
