"""Samples matched to the inputs of a model: from a CSV or Parquet file, or from a database.

Columns are matched by name where the model names its inputs, else in order, after `features` and `ignore` have chosen
among them. Data are read once, piece by piece, into a table that goes to disk if it is long.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import numpy as np

from relugeom.columns.cells import about_words, numbers_of
from relugeom.columns.choice import ColumnOptions, RowCounter, choose_columns
from relugeom.data.csv_file import open_csv
from relugeom.data.labels import CodedTarget, TargetReader
from relugeom.data.parquet_file import is_parquet, open_parquet
from relugeom.data.source import PieceSizes, Source
from relugeom.data.table import SampleTable, TableWriter
from relugeom.errors import DataError, InputError
from relugeom.files import regular_file
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Samples", "read_samples"]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in the order of a model's inputs.

    Attributes
    ----------
    name
        Name of the file or table.
    table
        Values, shape (s, n).
    columns
        For each input, the column that feeds it.
    target
        Values of the target column, shape (s,), or None; labels are numbers of classes.
    target_name
        Name of the target column, or None.
    remarks
        Changes to the data that were not asked for (a column that was left out, labels that were numbered), and
        oddities in them.
    """

    name: str
    table: SampleTable
    columns: tuple[str, ...]
    target: FloatArray | None
    target_name: str | None
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def X(self) -> FloatArray:  # noqa: N802 (the literature's letter)
        """All values in memory, shape (s, n)."""
        return self.table.whole()

    @property
    def coded_target(self) -> CodedTarget | None:
        """Target for analyses, which do not number labels again."""
        return None if self.target is None else CodedTarget(self.target)

    def excerpt(self, most: int) -> IntArray:
        """Numbers of at most this many samples, evenly spread over the table; all samples if there are fewer."""
        if len(self) <= most:
            return np.arange(len(self))
        return np.arange(most) * len(self) // most


def read_samples(
    data: str | Path,
    *,
    inputs: int,
    url: str | None = None,
    classes: int = 0,
    class_names: Sequence[str] = (),
    sizes: PieceSizes = PieceSizes(),
    on_progress: Callable[[int], None] | None = None,
    **columns: Unpack[ColumnOptions],
) -> Samples:
    """Read the samples of a network from a CSV or Parquet file, or from a database.

    Parameters
    ----------
    data
        A CSV or Parquet file; with a `url`, a table or view of that database or a SELECT.
    inputs
        Number n of inputs of the model.
    url
        URL of a database, for SQLAlchemy.
    classes, class_names
        Number of classes of the model (0 for a regression), and their names, or empty: labels of the target are
        numbered accordingly.
    sizes
        How much is read, and kept in memory, at a time.
    on_progress
        Called with the number of rows that were read.
    **columns
        Which column is what: `input_names` are the names of the inputs, or empty if the model names none; `target`
        is the column that the model should predict, left out of the inputs; `features` are the columns that feed the
        inputs, in the order of the inputs; `ignore` are columns to leave out.

    Raises
    ------
    DataError
        The data cannot be read, columns are missing or left over, or a value is missing, infinite or not a number; the
        text names the file, the column and the first data row.
    """
    if url is None:
        _check_file(data)
    target = columns.get("target")
    with _explained(data, url), _opened(data, url, inputs, sizes) as source:
        chosen = choose_columns(source.header, inputs, **columns)
        table = TableWriter(inputs, sizes=sizes)
        targets = (
            None if target is None else TargetReader(target, classes=classes, class_names=class_names, sizes=sizes)
        )
        counter = None if chosen.counter is None else RowCounter(chosen.counter)
        others = [name for name in (target, chosen.counter) if name is not None]
        for piece in source.pieces([*chosen.inputs, *others]):
            cells = dict(zip(others, piece[inputs:], strict=True))
            if counter is not None:
                counter.append(cells[others[-1]], before=len(table))
            if targets is not None:
                targets.append(cells[others[0]])
            named = zip(chosen.inputs, piece, strict=False)
            numbers = [numbers_of(name, values, before=len(table), about=about_words) for name, values in named]
            table.append(np.column_stack(numbers))
            if on_progress is not None:
                on_progress(len(table))
        if len(table) == 0:
            raise DataError("it has columns, but no rows")
        wanted, coding = (None, "") if targets is None else targets.close()
        remarks = (source.remark, counter.remark if counter is not None else "", coding)
        return Samples(
            source.name, table.close(), chosen.inputs, wanted, target, tuple(remark for remark in remarks if remark)
        )


@contextmanager
def _opened(data: str | Path, url: str | None, inputs: int, sizes: PieceSizes) -> Iterator[Source]:
    if url is not None:
        from relugeom.data.sql_table import open_sql  # slow to load, and most data are files

        with open_sql(url, str(data), sizes) as table:
            yield table
    elif is_parquet(Path(data)):
        with open_parquet(Path(data), sizes) as parquet:
            yield parquet
    else:
        with open_csv(Path(data), inputs=inputs, sizes=sizes) as lines:
            yield lines


def _check_file(data: str | Path) -> None:
    try:
        regular_file(data)
    except InputError as error:
        raise DataError(f"data file {error}") from None


@contextmanager
def _explained(data: str | Path, url: str | None) -> Iterator[None]:
    """Errors that name the data."""
    what = f"data file {str(data)!r}" if url is None else f"data {str(data)!r}"
    try:
        yield
    except OSError as error:
        raise DataError(f"{what}: it cannot be read: {error.strerror or ' '.join(str(error).split())}") from None
    except DataError as error:
        raise DataError(f"{what}: {error}") from None
