"""Keeping an SQLite store a single file that can be copied.

While a run is written, new content is in a write-ahead log beside the file (`beside_readers`). In the end it is moved
into the file, which needs space on the disk and no reader that still sees an older state. If it cannot be moved,
nothing is lost: it stays in the log, and the next connection that can moves it.
"""

import shlex
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from relugeom.budget import StoreWaits
from relugeom.printing import printable
from relugeom.store.database.location import StoreLocation

__all__ = ["leave_log", "log_of", "move_log"]

GROWING = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE")
NO_ROOM = ("the file has no room to grow", "Free some space")
READ = ("another program is reading it", "End that program")


def log_of(path: Path) -> Path:
    """Path of a file's write-ahead log."""
    return path.with_name(f"{path.name}-wal")


def leave_log(connection: sqlite3.Connection) -> None:
    """Move the log into the file, and stop using it: only the last connection to a file can do this."""
    with suppress(sqlite3.DatabaseError):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")


def move_log(place: StoreLocation, *, waits: StoreWaits = StoreWaits()) -> str:
    """Move the log of a store into its file.

    Parameters
    ----------
    waits
        Seconds to wait for readers that still see an older state of the store.

    Returns
    -------
    str
        One line on what could not be moved, why, and what to do about it; empty if the file holds everything.
    """
    if place.path is None:
        return ""
    log = log_of(place.path)
    if not log.exists() or not log.stat().st_size:
        return ""
    why, cure = READ
    try:
        with closing(sqlite3.connect(place.path, timeout=waits.readers, isolation_level=None)) as connection:
            waited_in_vain, pages, moved = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
            if not waited_in_vain and pages == moved:
                leave_log(connection)
                return ""
    except sqlite3.Error as error:
        why, cure = (
            NO_ROOM
            if getattr(error, "sqlite_errorname", "").startswith(GROWING)
            else (printable(str(error)), "Mend that")
        )
    return (
        f"store {place.text!r} is not complete in its one file, because {why}: the latest changes are in "
        f"{printable(log.name)!r} beside it. {cure}, then run `relugeom db upgrade {shlex.quote(place.text)}`; "
        f"until then, a copy needs both files"
    )
