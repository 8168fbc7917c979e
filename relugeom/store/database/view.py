"""Documented views, as values."""

from dataclasses import dataclass

from relugeom.store.database.clock import SILENT_BEFORE, SILENT_SECONDS, moment

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, a description in one line, and its query."""

    name: str
    description: str
    query: str

    def statement(self, dialect: str) -> str:
        """Statement that creates the view in a database of this kind."""
        query = self.query.replace(SILENT_BEFORE, moment(dialect, SILENT_SECONDS))
        return f"CREATE VIEW {self.name} AS\n{query}"
