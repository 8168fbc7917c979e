"""Tables as CSV that a spreadsheet reads as data, never as formulas."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice

__all__ = ["csv_cell", "csv_text"]

ROWS_AT_ONCE = 10_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: object) -> object:
    """The value; a text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A header and rows as CSV, piece by piece, every text cell made harmless; None is an empty cell."""
    rows = iter(rows)
    piece: list[Sequence[object]] = [columns]
    while piece:
        buffer = StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(map(csv_cell, row) for row in piece)
        yield buffer.getvalue()
        piece = list(islice(rows, ROWS_AT_ONCE))
