"""The quick way through a CSV file: columns of plain numbers, by pyarrow where it is installed.

The one idea: whatever is not plain is left to the careful reader. In text without a quotation mark, rows are lines and
cells lie between commas for any reader; so the two agree on every piece that comes from here, and the first piece
that holds a quotation mark, a row of another length or a cell that is not a finite number ends the quick way.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relugeom.data.source import PieceSizes

__all__ = ["plain_pieces"]

QUOTE = '"'


def plain_pieces(
    path: Path, header: Sequence[str], columns: Sequence[str], sizes: PieceSizes
) -> Iterator[list[Sequence[Any]]]:
    """Cells of these columns from the first row on, as long as all is plain: for each piece an array a column.

    Of very many columns, each costs pyarrow longer than reading its cells carefully does.
    """
    try:
        from pyarrow import ArrowInvalid, float64, string
        from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv
    except ImportError:
        return
    if len(header) > sizes.plain_columns or not _is_one_line(path, header):
        return
    wanted, place_of = set(columns), {name: place for place, name in enumerate(header)}
    kinds = {name: float64() if name in wanted else string() for name in header}
    try:
        with open_csv(
            path,
            ReadOptions(column_names=list(header), skip_rows=1, block_size=sizes.plain_bytes),
            ParseOptions(quote_char=False, double_quote=False, ignore_empty_lines=False),
            ConvertOptions(column_types=kinds, null_values=[], strings_can_be_null=False),
        ) as batches:
            for batch in batches:
                cells = [batch.column(place_of[name]).to_numpy() for name in columns]
                if not all(np.isfinite(column).all() for column in cells) or _has_quotes(batch):
                    return
                yield cells
    except ArrowInvalid:
        return


def _is_one_line(path: Path, header: Sequence[str]) -> bool:
    """Whether the header is the first line of the file, as lines of text end."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        line = file.readline().removesuffix("\n").removesuffix("\r")
    return "\r" not in line and list(csv.reader([line])) == [list(header)]


def _has_quotes(batch: Any) -> bool:
    from pyarrow import compute, types

    texts = (column for column in batch.columns if types.is_string(column.type))
    return any(compute.any(compute.match_substring(column, QUOTE)).as_py() for column in texts)
