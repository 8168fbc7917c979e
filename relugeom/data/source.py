"""What every source of samples gives: the names of its columns, then their cells, in pieces of a given size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["PieceSizes", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSizes:
    """How much of the data is read, and kept in memory, at a time; what is read does not depend on it.

    Attributes
    ----------
    cells
        Cells of a file in a piece, about.
    rows
        Rows of a database in a piece.
    plain_bytes
        Bytes of a CSV file of plain numbers that are read together.
    plain_columns
        Columns that such a file may have, to be read the quick way.
    values
        Numbers in a chunk of a table.
    memory
        Bytes that a table may have in memory; a longer one goes to disk.
    """

    cells: int = 200_000
    rows: int = 20_000
    plain_bytes: int = 1 << 20
    plain_columns: int = 10_000
    values: int = 1 << 20
    memory: int = 1 << 26


class Source(Protocol):
    """A table to be read once, from the first row to the last."""

    name: str
    """Name of the source, for people."""
    header: list[str]
    """Names of the columns."""
    remark: str
    """Remarks on the source; usually none."""

    def pieces(self, columns: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
        """The cells of these columns: for each piece a list with one sequence (numbers, texts, None) a column."""
