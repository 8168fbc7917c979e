"""The version of a store's schema: creating, reading and upgrading it.

The revisions travel inside the package (`relugeom/_migrations` in an installed one, `migrations` beside it in a
checkout) and run from code: the configuration is built here, so that a percent sign in a path stands for itself, and
the live connection is handed over. All of it is one transaction on either backend. A new store does not go through
them, nor through Alembic, which takes long to load: its tables are made as they are declared, which tests hold equal to
what the revisions lead to. On SQLite a table
is changed by building it anew. Therefore foreign keys are off while revisions run (dropping the old table would delete
the rows that belong to it) and are checked before the commit, and views may for a moment name a table that does not
exist. PostgreSQL changes tables in place, with foreign keys on.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import URL, Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from relugeom.errors import SchemaVersionError, StoreError
from relugeom.printing import hide_passwords, printable
from relugeom.store.database.columns import SCHEMA_TABLE
from relugeom.store.database.connection import connect_engine, explained, reading, writing
from relugeom.store.database.location import StoreLocation, parse_location

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["SchemaVersion", "check_schema", "create_schema", "is_blank", "schema_version", "upgrade"]

PACKAGE = Path(__file__).resolve().parents[2]
REBUILDING = ("foreign_keys = OFF", "legacy_alter_table = ON")
NAMED = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)
VERSION = Table(
    SCHEMA_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{SCHEMA_TABLE}_pkc"),
)
"""The table in which Alembic keeps the version, as Alembic makes it."""
ALEMBIC = Lock()  # Alembic keeps its context in a global


class SchemaVersion(NamedTuple):
    """Schema that a store has (None if it is empty), and the one that this relugeom writes."""

    current: str | None
    head: str


def schema_version(location: str | Path) -> SchemaVersion:
    """Schema of a store, and the schema of this relugeom.

    Raises
    ------
    StoreError
        The file or database does not exist, or is not a store.
    """
    return _read_version(parse_location(location))


def upgrade(location: str | Path) -> SchemaVersion:
    """Upgrade a store to the schema of this relugeom, keeping all it holds; an up-to-date store is left alone.

    Returns
    -------
    SchemaVersion
        The version that it had before.

    Raises
    ------
    SchemaVersionError
        A newer relugeom wrote the store.
    StoreError
        The file or database does not exist, is not a store, or cannot be written to.
    """
    place = parse_location(location)
    version = _read_version(place)
    _refuse_newer(place, version)
    if version.current != version.head:
        _migrate(place)
    return version


def is_blank(place: StoreLocation) -> bool:
    """Whether there is no file yet, or only a file or database without tables."""
    return _is_missing(place) or _read_version(place).current is None


def create_schema(place: StoreLocation, create_tables: Callable[[Connection], None]) -> None:
    """Create the tables of a new or empty store; if that fails, no new file is left behind."""
    with _removed_on_failure(place), explained(place), writing(connect_engine(place)) as connection, connection.begin():
        if SCHEMA_TABLE not in inspect(connection).get_table_names():  # another program may have made them meanwhile
            create_tables(connection)
            VERSION.create(connection)
            connection.execute(VERSION.insert().values(version_num=_revisions()[0]))


def check_schema(place: StoreLocation) -> None:
    """Raise unless this relugeom can use a store as it is."""
    version = _read_version(place)
    _refuse_newer(place, version)
    if version.current is None:
        raise StoreError(f"store {place.text!r} is empty: nothing has been saved in it")
    if version.current != version.head:
        raise SchemaVersionError(
            f"store {place.text!r} has schema {version.current}, but this relugeom needs {version.head}: "
            f"run `{_upgrade_command(place)}`"
        )


def script_location() -> Path:
    """Folder of the revisions: inside an installed package, beside it in a checkout."""
    installed = PACKAGE / "_migrations"
    return installed if installed.is_dir() else PACKAGE.parent / "migrations"


def migration_config() -> "Config":
    """Alembic's configuration, from code alone."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade_command(place: StoreLocation) -> str:
    """Command to type; a password is not repeated, but asked for."""
    if place.path is not None:
        return f"relugeom db upgrade {shlex.quote(place.text)}"
    secret = place.url.password or "password" in place.url.query
    store = place.text if not secret else printable(hide_passwords(_without_password(place.url)))
    return f"{'PGPASSWORD=… ' if secret else ''}relugeom db upgrade {shlex.quote(store)}"


def _without_password(url: URL) -> str:
    bare = url.difference_update_query(["password"])
    return URL.create(
        "postgresql", bare.username, None, bare.host, bare.port, bare.database, bare.query
    ).render_as_string()


def _read_version(place: StoreLocation) -> SchemaVersion:
    if _is_missing(place):
        raise StoreError(f"there is no store {place.text!r}")
    with explained(place), reading(connect_engine(place)) as connection:
        tables = inspect(connection).get_table_names()
        if SCHEMA_TABLE in tables:
            current = connection.execute(text(f"SELECT version_num FROM {SCHEMA_TABLE}")).scalar()
        elif tables:
            raise StoreError(f"{place.text!r} is not a store but another database (it has a table {tables[0]!r})")
        else:
            current = None
            _check_encoding(connection, place)
    return SchemaVersion(current, _revisions()[0])


def _is_missing(place: StoreLocation) -> bool:
    """Whether the file does not exist; databases are created by those who run their server."""
    return place.path is not None and not place.path.exists()


def _check_encoding(connection: Connection, place: StoreLocation) -> None:
    """Raise if names could not be stored as they are."""
    if connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise StoreError(
                f"store {place.text!r} stores text as {encoding}: create a database with CREATE DATABASE … ENCODING "
                f"'UTF8' TEMPLATE template0"
            )


def _refuse_newer(place: StoreLocation, version: SchemaVersion) -> None:
    if version.current not in {None, *_revisions()}:
        raise SchemaVersionError(
            f"store {place.text!r} has schema {version.current}, which is newer than {version.head}, the newest that "
            f"this relugeom knows: run `pip install --upgrade relugeom`"
        )


def _revisions() -> tuple[str, ...]:
    """All revisions that this relugeom knows, the newest first."""
    folder = script_location()
    return _read_revisions(folder, frozenset(path.name for path in (folder / "versions").glob("*.py")))


@lru_cache(maxsize=4)
def _read_revisions(folder: Path, files: frozenset[str]) -> tuple[str, ...]:
    """The same, read once per folder and files: each names itself and the one before it."""
    texts = [(folder / "versions" / name).read_text(encoding="utf-8") for name in files]
    before = {named["revision"]: named.get("down_revision") for named in (dict(NAMED.findall(text)) for text in texts)}
    newest = set(before) - set(before.values())
    found: list[str] = []
    here = newest.pop() if newest else None
    while here is not None:
        found.append(here)
        here = before.get(here)
    return tuple(found)


def _migrate(place: StoreLocation) -> None:
    from alembic import command
    from alembic.util import CommandError

    engine = connect_engine(place, pragmas=REBUILDING)
    config = migration_config()
    with ALEMBIC, explained(place), writing(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(f"store {place.text!r} was left unchanged: {error}") from error


@contextmanager
def _removed_on_failure(place: StoreLocation) -> Iterator[None]:
    missing = _is_missing(place)
    try:
        yield
    except BaseException:
        if missing and place.path is not None:
            place.path.unlink(missing_ok=True)
        raise
