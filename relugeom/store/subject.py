"""Subjects of the store: what the file about one subject offers to the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table

from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun

__all__ = ["MOST_REGIONS", "Saver", "StoreSubject", "rows_of_partition", "rows_of_run"]

MOST_REGIONS = 20_000
"""Most rows that a report reads of a table with one row per region."""
NOTHING: Mapping[str, str] = MappingProxyType({})


def _few(value: Any) -> int:
    return 0


def _unchecked(run: OpenRun, value: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Saver:
    """How values of one type are saved in a run.

    Attributes
    ----------
    kind
        Type of the values, or its full name if it is slow to load.
    save
        Saves one value, within a step of the run.
    rows
        Number of rows that a value has; few by default.
    check
        Raises if a value does not belong to the run, before anything is saved.
    """

    kind: type | str
    save: Callable[[OpenRun, Any], None]
    rows: Callable[[Any], int] = _few
    check: Callable[[OpenRun, Any], None] = _unchecked

    @property
    def name(self) -> str:
        """Full name of the type."""
        return self.kind if isinstance(self.kind, str) else f"{self.kind.__module__}.{self.kind.__qualname__}"


@dataclass(frozen=True, slots=True)
class StoreSubject:
    """A subject of the store.

    Attributes
    ----------
    tables, views
        Tables with comments, and views with descriptions; a view may read those before it.
    savers
        How values of the subject are saved in a run.
    findings
        Queries whose answers a report shows as tables, by name; they call the run ``:run``, and are empty for a
        question that was not asked.
    part
        Part of an audit that is measured here, in words, and a query for its rows in a run; None without one.
    """

    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    savers: tuple[Saver, ...] = ()
    findings: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    part: tuple[str, str] | None = None


def rows_of_run(table: Table) -> str:
    """Query for the rows that a run has in a table."""
    return f"SELECT run_id FROM {table.name} WHERE run_id = :run"


def rows_of_partition(table: Table) -> str:
    """Query for the rows that the partition of a run has in a table."""
    return f"SELECT r.id FROM runs r JOIN {table.name} t ON t.partition_id = r.partition_id WHERE r.id = :run"
