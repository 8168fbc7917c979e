"""Tables as CSV that a spreadsheet reads as data, never as formulas."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

__all__ = ["csv_cell", "csv_text"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: object) -> object:
    """The value; a text that a spreadsheet would take for a formula gets a leading apostrophe, numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header and rows as CSV, every text cell made harmless; None is an empty cell."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(csv_cell, columns))
    writer.writerows(map(csv_cell, row) for row in rows)
    return buffer.getvalue()
