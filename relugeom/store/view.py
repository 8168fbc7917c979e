"""What a documented view is."""

from dataclasses import dataclass

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what it answers in one line, and the query behind it."""

    name: str
    description: str
    query: str

    @property
    def statement(self) -> str:
        """The statement that creates it."""
        return f"CREATE VIEW {self.name} AS\n{self.query}"
