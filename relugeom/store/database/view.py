"""What a documented view is."""

from dataclasses import dataclass

from relugeom.store.database.clock import SILENT_BEFORE, SILENT_SECONDS, moment

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what it answers in one line, and the query behind it."""

    name: str
    description: str
    query: str

    def statement(self, dialect: str) -> str:
        """The statement that creates it in a database of this kind."""
        query = self.query.replace(SILENT_BEFORE, moment(dialect, SILENT_SECONDS))
        return f"CREATE VIEW {self.name} AS\n{query}"
