"""Tables as CSV that a spreadsheet reads as data, never as formulas."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain

__all__ = ["csv_cell", "csv_text"]

PIECE = 1 << 20
"""Characters per piece."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: object) -> object:
    """The value; a text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers."""
    if isinstance(value, bytes):
        return value.hex()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A header and rows as CSV, piece by piece, with every text cell made harmless; None becomes an empty cell.

    Bytes are hexadecimal.
    """
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in chain([columns], rows):
        writer.writerow(map(csv_cell, row))
        if buffer.tell() > PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
