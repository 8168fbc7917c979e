"""Location of a store: a file, or a database on a server."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from relugeom.errors import StoreError
from relugeom.files import other_kind
from relugeom.printing import SCHEME, hide_passwords, printable

__all__ = ["StoreLocation", "parse_location"]

SQLITE = ("sqlite", "sqlite+pysqlite")
POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
DRIVER = "postgresql+psycopg"


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """A store: an SQLite file, or a PostgreSQL database.

    Attributes
    ----------
    url
        URL for SQLAlchemy; it contains the password and is therefore never printed.
    path
        Absolute path of the SQLite file; None for a database on a server.
    text
        The text that the user gave, in printable characters and without passwords.
    """

    url: URL = field(repr=False)
    path: Path | None
    text: str


def parse_location(location: str | Path) -> StoreLocation:
    """Location that a file name, or a URL like ``sqlite:///audit.db`` or ``postgresql://host/audits``, stands for.

    Raises
    ------
    StoreError
        The URL is that of another kind of database, names no database, or cannot be read; an SQLite URL has options; or
        there is a folder where the file should be.
    """
    text = printable(hide_passwords(str(location)))
    url = SCHEME.fullmatch(location) if isinstance(location, str) else None
    if url is not None and url[1].lower() in POSTGRES:
        return StoreLocation(_server_url(str(location), text), None, text)
    name = str(location) if url is None else _file_of_url(url[1], url[2], text)
    if name in ("", ":memory:"):
        raise StoreError(f"store {text!r} does not name a file, and a store in memory would be lost: give a file name")
    path = _place(name, text)
    return StoreLocation(URL.create("sqlite", database=str(path)), path, text)


def _file_of_url(scheme: str, rest: str, text: str) -> str:
    """File that an SQLite URL names."""
    if scheme.lower() not in SQLITE:
        raise StoreError(
            f"store {text!r}: stores are SQLite files or PostgreSQL databases (with psycopg 3); "
            f"give a file name, sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        )
    name = rest.removeprefix("/")
    if not rest.startswith("/") or "?" in name:
        raise StoreError(f"store {text!r}: give sqlite:///FILE without host and options, or only the file name")
    return name


def _server_url(location: str, text: str) -> URL:
    """URL of a PostgreSQL database, for psycopg 3."""
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise StoreError(f"store {text!r} is not a URL: write postgresql://USER@HOST:PORT/DATABASE") from None
    if not url.database:
        raise StoreError(f"store {text!r} does not name a database: write postgresql://USER@HOST/DATABASE")
    if "\0" in location:
        raise StoreError(f"store {text!r}: a URL cannot hold a zero character")
    return url.set(drivername=DRIVER)


def _place(name: str, text: str) -> Path:
    """Path of a file that is a store, or may become one."""
    if "\0" in name:
        raise StoreError(f"store {text!r}: a file name cannot hold a zero character")
    kind = ""
    try:
        path = Path(name).absolute()
        is_in_folder = path.parent.is_dir()
        with suppress(FileNotFoundError, NotADirectoryError):
            kind = other_kind(path)
    except OSError as error:
        raise StoreError(f"store {text!r} cannot be reached: {error.strerror}") from None
    if kind:
        raise StoreError(f"store {text!r} is {kind}, not a regular file: give the name of a file")
    if not is_in_folder:
        raise StoreError(f"store {text!r}: the folder {printable(str(path.parent))!r} does not exist")
    return path
