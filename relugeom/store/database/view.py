"""Documented views, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from relugeom.store.database.clock import SILENT_BEFORE, SILENT_SECONDS, moment

__all__ = ["View"]

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class View:
    """A view.

    Attributes
    ----------
    name, description
        Its name, and the question that it answers, in one line.
    query
        Its SELECT statement.
    columns
        Descriptions of columns that it computes. Other columns mean what they mean in the tables that they come from,
        or what their names mean in all views (`view_columns`).
    """

    name: str
    description: str
    query: str
    columns: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def statement(self, dialect: str) -> str:
        """Statement that creates the view in a database of this kind."""
        query = self.query.replace(SILENT_BEFORE, moment(dialect, SILENT_SECONDS))
        return f"CREATE VIEW {self.name} AS\n{query}"
