"""CSV files in UTF-8 with a header; blank lines at the end are ignored.

The last line may lack its line break, as RFC 4180 allows and some programs do. If a file was cut, its last row usually
has too few cells. If it has all of them, the last one may lack digits (40 cut short is 4), and a remark says so.

Plain numbers are read in a fast way; the rows after them are read carefully, which also finds the words for what is
wrong.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from os import SEEK_END
from pathlib import Path
from typing import Any

from relugeom.columns.cells import is_number, listed, parsed_number
from relugeom.data.plain_csv import plain_pieces
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError

__all__ = ["CsvFile", "open_csv"]


OPEN_END = (
    "the data end without a line break, so the last value may be incomplete: if it is complete, end the last line "
    "with a line break"
)


class CsvFile:
    """An open CSV file; a `relugeom.data.source.Source`."""

    def __init__(self, path: Path, lines: Iterator[list[str]], *, inputs: int, sizes: PieceSizes) -> None:
        self.name, self._path, self._lines, self._sizes = path.name, path, lines, sizes
        self.header = next(lines, [])
        self._check_header(inputs)
        self.remark = OPEN_END if _has_open_end(path) else ""

    def pieces(self, columns: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
        """The cells of these columns, as numbers or texts."""
        place_of = {name: place for place, name in enumerate(self.header)}
        places, width, done = [place_of[name] for name in columns], len(self.header), 0
        for numbers in plain_pieces(self._path, self.header, columns, self._sizes):
            done += len(numbers[0])
            yield numbers
        lines = _without_blank_end(islice(self._lines, done, None))
        while rows := list(islice(lines, max(1, self._sizes.cells // width))):
            for number, row in enumerate(rows, start=done + 1):
                if len(row) != width:
                    raise DataError(f"data row {number} has {len(row)} values, but there are {width} columns")
            cells = list(zip(*rows, strict=True))
            yield [cells[place] for place in places]
            done += len(rows)

    def _check_header(self, inputs: int) -> None:
        header = self.header
        if not any(header):
            raise DataError("it is empty: it needs a header with the names of its columns, and rows of numbers")
        separators = [separator for separator in (";", "\t") if separator in header[0]]
        if len(header) == 1 < inputs and separators:
            raise DataError(f"its columns are separated by {separators[0]!r}: save it with commas")
        numbered = [str(number) for number in range(len(header))]  # the names that pandas gives
        if header != numbered and all(is_number(parsed_number(name)) for name in header):
            raise DataError(f"its first line holds numbers ({listed(header)}): put the names of the columns above them")


@contextmanager
def open_csv(path: Path, *, inputs: int, sizes: PieceSizes) -> Iterator[CsvFile]:
    """A CSV file, for a model with n = `inputs` inputs.

    Raises
    ------
    DataError
        It is not CSV in UTF-8, or has no header; also while it is read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield CsvFile(path, csv.reader(file, strict=True), inputs=inputs, sizes=sizes)
    except UnicodeDecodeError:
        raise DataError("this is not UTF-8 text: save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"this is not CSV: {error}") from None


def _without_blank_end(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Lines up to the last that is not blank; of blank ones between others the first is enough to refuse the file."""
    for line in lines:
        if any(line):
            yield line
            continue
        following = next(filter(any, lines), None)
        if following is not None:
            yield from chain([line, following], lines)
        return


def _has_open_end(path: Path) -> bool:
    """Whether the file ends right after a letter, a digit or a point, so that more may have followed."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, SEEK_END) - 1))
        last = file.read()
    return last.isalnum() or last == b"."
