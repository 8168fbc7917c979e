"""Reasons why a query is not answered: one line each, in the same words on either backend."""

from relugeom.printing import printable
from relugeom.store.database.connection import complaint
from relugeom.store.database.location import StoreLocation

__all__ = ["out_of_time", "refusal"]

EMPTY = "the query is empty: write one SELECT statement"
MORE_THAN_ONE = "a query is one SELECT statement, and this is more than one"
ONLY_READING = "a query can only read, with one SELECT statement"
OUT_OF_MEMORY = "the query was stopped because it takes too much memory: select less at once, or shorter values"
OUT_OF_SPACE = (
    "the query was stopped because its temporary files grow too large or the disk is full: select less at once"
)
MEMORY = {"MEMORY", "SQLITE_NOMEM"}
SPACE = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}
FOREIGN = {"SQLITE_AUTH", "25006", "42501"}  # also: a write in a read-only transaction, a right the role does not have
TIME = {"SQLITE_INTERRUPT", "57014"}


def out_of_time(seconds: float) -> str:
    """Refusal of a query that took longer than it may."""
    return f"the query was stopped after {seconds:g} seconds: select less, or give it more time"


def refusal(place: StoreLocation, name: str, message: str, seconds: float) -> str:
    """Explanation of an error of the database, from its name and its message."""
    message = printable(message)
    if name in TIME:
        return out_of_time(seconds)
    if name in MEMORY or message.startswith("out of memory"):
        return OUT_OF_MEMORY
    if name in SPACE:
        return OUT_OF_SPACE
    if name == "EMPTY":
        return EMPTY
    if name in FOREIGN or message == "not authorized":
        return f"{ONLY_READING} ({message})"
    if "one statement" in message or "multiple commands" in message:
        return MORE_THAN_ONE
    if name == "42P01" or message.startswith("no such table"):
        from relugeom.store.views import list_views  # every subject of the store

        return _not_answered(f"{message}; the views are {', '.join(list_views())}")
    if name == "42601":
        return _not_answered(f"{message}; a query is one SELECT statement")
    if place.path is None and not name:
        return complaint(place, name, message)
    return _not_answered(message)


def _not_answered(message: str) -> str:
    return f"the query cannot be answered: {message}"
