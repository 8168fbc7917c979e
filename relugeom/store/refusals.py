"""What is said when a query is not answered, in the same words on every backend."""

from relugeom.store.views import list_views

__all__ = ["EMPTY", "MORE_THAN_ONE", "ONLY_READING", "cannot_be_answered", "no_such_table", "out_of_time"]

EMPTY = "the query is empty: write a SELECT statement"
MORE_THAN_ONE = "a query is one SELECT statement, and this is more than one"
ONLY_READING = "a query can only read, with one SELECT statement"


def out_of_time(time_limit: float) -> str:
    """The query took longer than `time_limit` seconds."""
    return f"the query was stopped after {time_limit:g} seconds: ask for less, or give it more time"


def cannot_be_answered(message: str) -> str:
    """The database refused it, for the reason that it gave."""
    return f"the query cannot be answered: {message}"


def no_such_table(message: str) -> str:
    """It names a table that is not there."""
    return cannot_be_answered(f"{message}; the views are {', '.join(list_views())}")
