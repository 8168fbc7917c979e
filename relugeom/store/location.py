"""Where a store is: a file name or an SQLAlchemy URL, and how it is printed."""

import re
from dataclasses import dataclass
from pathlib import Path

from relugeom.errors import StoreError

__all__ = ["StoreLocation", "hide_passwords", "parse_location", "printable"]

SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://(.*)", re.DOTALL)
USER_PASSWORD = re.compile(r"(\w://[^:/@\s]*):[^\s]*@")
QUERY_PASSWORD = re.compile(r"([?&;](?:password|passwd|pwd|sslpassword)=)[^&\s\"']*", re.IGNORECASE)
SQLITE = ("sqlite", "sqlite+pysqlite")


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """A store in an SQLite file.

    Attributes
    ----------
    path
        The file, absolute.
    text
        What the user wrote, in printable characters and without passwords.
    """

    path: Path
    text: str


def parse_location(location: str | Path) -> StoreLocation:
    """The store that a file name or a URL like ``sqlite:///audit.db`` means.

    Raises
    ------
    StoreError
        The URL is of another database, names no file or has options, or a folder stands where the file should be.
    """
    text = printable(hide_passwords(str(location)))
    name = str(location)
    url = SCHEME.fullmatch(name) if isinstance(location, str) else None
    if url is not None:
        scheme, rest = url.groups()
        if scheme.lower() not in SQLITE:
            raise StoreError(f"store {text!r}: stores are SQLite files; write a file name or sqlite:///FILE")
        name = rest.removeprefix("/")
        if not rest.startswith("/") or "?" in name:
            raise StoreError(f"store {text!r}: write sqlite:///FILE, without host and options, or the file name alone")
    if name in ("", ":memory:"):
        raise StoreError(f"store {text!r} names no file, and a store in memory would be lost: give a file name")
    if "\0" in name:
        raise StoreError(f"store {text!r}: a file name cannot hold a zero character")
    path = Path(name).absolute()
    _check_place(path, text)
    return StoreLocation(path, text)


def hide_passwords(text: str) -> str:
    """The text with the password of every URL in it replaced by ``***``."""
    return QUERY_PASSWORD.sub(r"\1***", USER_PASSWORD.sub(r"\1:***@", text))


def printable(text: str) -> str:
    """The text on one line: control characters and lone surrogates as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _check_place(path: Path, text: str) -> None:
    try:
        if path.is_dir():
            raise StoreError(f"store {text!r} is a folder: give the name of a file in it")
        if path.exists() and not path.is_file():
            raise StoreError(f"store {text!r} is not a regular file")
        if not path.parent.is_dir():
            raise StoreError(f"store {text!r}: the folder {printable(str(path.parent))!r} does not exist")
    except OSError as error:
        raise StoreError(f"store {text!r} cannot be reached: {error.strerror}") from None
