"""Parquet files, through pyarrow (extra `arrow`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relugeom.data.source import PieceSizes
from relugeom.errors import DataError

__all__ = ["is_parquet", "open_parquet"]

MAGIC = b"PAR1"


class ParquetFile:
    """An open Parquet file; a `relugeom.data.source.Source`."""

    remark = ""

    def __init__(self, name: str, file: Any, sizes: PieceSizes) -> None:
        self.name, self._file, self._cells = name, file, sizes.cells
        self.header = list(file.schema_arrow.names)

    def pieces(self, columns: Sequence[str]) -> Iterator[list[Sequence[Any]]]:
        """The cells of these columns: numbers as arrays, everything else as Python values."""
        rows = max(1, self._cells // max(len(columns), 1))
        for batch in self._file.iter_batches(batch_size=rows, columns=list(columns), use_threads=False):
            place_of = {name: place for place, name in enumerate(batch.schema.names)}
            yield [_cells(name, batch.column(place_of[name])) for name in columns]


@contextmanager
def open_parquet(path: Path, sizes: PieceSizes) -> Iterator[ParquetFile]:
    """A Parquet file.

    Raises
    ------
    DataError
        pyarrow is not installed, or it cannot read the file; also while it is read.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile as Reader
    except ImportError:
        raise DataError("Parquet needs the package pyarrow: install relugeom with the extra 'arrow'") from None
    try:
        with Reader(path, pre_buffer=False) as file:  # else the whole file is held in memory
            yield ParquetFile(path.name, file, sizes)
    except (ArrowException, UnicodeDecodeError) as error:  # the latter from damaged names of columns
        raise DataError(f"pyarrow cannot read it as Parquet: {' '.join(str(error).split())}") from None


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its name or by its first bytes."""
    if path.suffix.lower() in (".parquet", ".pq"):
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _cells(name: str, column: Any) -> Sequence[Any]:
    from pyarrow import types

    kind = column.type
    held = getattr(kind, "storage_type", getattr(kind, "value_type", kind))
    if types.is_nested(kind):
        raise DataError(f"column {name!r} holds values of type {kind}: write a column of numbers for each part of them")
    if types.is_temporal(held):
        advice = "write them as numbers, such as days since a given day, or leave out the column"
        raise DataError(f"column {name!r} holds dates or times ({kind}): {advice}")
    is_plain = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    if is_plain and column.null_count == 0:
        values: Sequence[Any] = column.to_numpy(zero_copy_only=False)
        return values
    cells: Sequence[Any] = column.to_pylist()
    return cells
