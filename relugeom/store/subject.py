"""What a file about one subject hands to the rest of the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table

from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun

__all__ = ["MOST_REGIONS", "Saver", "StoreSubject", "rows_of_partition", "rows_of_run"]

MOST_REGIONS = 20_000
"""Rows that are read for a report where there is one a region."""
NOTHING: Mapping[str, str] = MappingProxyType({})


def _few(value: Any) -> int:
    return 0


def _unchecked(run: OpenRun, value: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Saver:
    """How values of a kind are saved in a run.

    Attributes
    ----------
    kind
        Their type; where that is slow to load, its full name.
    save
        Records one, within a step of the run.
    rows
        How many rows it is about; by default few.
    check
        Raises where a value does not belong to the run, before anything is recorded.
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
        What they mean is said in their comments and descriptions; a view may read those before it.
    savers
        How its values are saved in a run.
    findings
        Queries about a run, which they call ``:run``, that a report shows as tables, by name; a run that did not ask
        has empty ones.
    part
        What an audit measures here, in words, and a query for rows that there are of it in a run; None without.
    """

    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    savers: tuple[Saver, ...] = ()
    findings: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    part: tuple[str, str] | None = None


def rows_of_run(table: Table) -> str:
    """A query for the rows that a run has in a table."""
    return f"SELECT run_id FROM {table.name} WHERE run_id = :run"


def rows_of_partition(table: Table) -> str:
    """A query for the rows that the partition of a run has in a table."""
    return f"SELECT r.id FROM runs r JOIN {table.name} t ON t.partition_id = r.partition_id WHERE r.id = :run"
