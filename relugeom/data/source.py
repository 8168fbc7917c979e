"""What every source of samples gives: the names of its columns, then their cells, piece by piece."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

__all__ = ["CELLS", "Source"]

CELLS = 200_000
"""Cells in a piece, about."""


class Source(Protocol):
    """A table to be read once, from the first row to the last."""

    name: str
    """What people call it."""
    header: list[str]
    """The names of its columns."""
    remark: str
    """What is to be said of it; mostly nothing."""

    def pieces(self, columns: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
        """The cells of these columns: for each piece a list with one sequence (numbers, texts, None) a column."""
