"""Samples matched to the inputs of a model: from a CSV or Parquet file, or from a database.

Columns are matched by name where the model names its inputs, else in order, after `features` and `ignore` have chosen
among them. Data are read once, piece by piece, into a table that goes to disk where it is long.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relugeom.data.columns import about_target, about_words, choose_columns, numbers_of
from relugeom.data.csv_file import open_csv
from relugeom.data.parquet_file import is_parquet, open_parquet
from relugeom.data.source import Source
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
        Values of the target column, shape (s,), or None.
    target_name
        Its name, or None.
    """

    name: str
    table: SampleTable
    columns: tuple[str, ...]
    target: FloatArray | None
    target_name: str | None

    def __len__(self) -> int:
        return len(self.table)

    @property
    def X(self) -> FloatArray:  # noqa: N802 (the literature's letter)
        """All values in memory, shape (s, n)."""
        return self.table.whole()

    def excerpt(self, most: int) -> IntArray:
        """Numbers of at most so many samples, evenly spread over the table: all of them where they are fewer."""
        if len(self) <= most:
            return np.arange(len(self))
        return np.arange(most) * len(self) // most


def read_samples(
    data: str | Path,
    *,
    inputs: int,
    url: str | None = None,
    input_names: Sequence[str] = (),
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> Samples:
    """Read samples.

    Parameters
    ----------
    data
        A CSV or Parquet file; with a `url`, a table or view of that database or a SELECT.
    inputs
        Number n of inputs of the model.
    url
        A database, for SQLAlchemy.
    input_names
        Their names, or empty where the model names none.
    target
        The column that the model should predict, left out of the inputs.
    features
        The columns that feed the inputs, in the order of the inputs.
    ignore
        Columns to leave out.
    on_progress
        Called with the number of rows that were read.

    Raises
    ------
    DataError
        The data cannot be read, columns are missing or left over, or a value is missing, infinite or no number; the
        text names the file, the column and the first data row.
    """
    if url is None:
        _check_file(data)
    with _explained(data, url), _opened(data, url, inputs) as source:
        chosen = choose_columns(
            source.header, inputs, input_names=input_names, target=target, features=features, ignore=ignore
        )
        table, targets = TableWriter(inputs), TableWriter(1)
        for piece in source.pieces(chosen if target is None else [*chosen, target]):
            table.append(
                np.column_stack(
                    [
                        numbers_of(name, cells, before=len(table), about=about_words)
                        for name, cells in zip(chosen, piece, strict=False)
                    ]
                )
            )
            if target is not None:
                targets.append(numbers_of(target, piece[-1], before=len(targets), about=about_target)[:, None])
            if on_progress is not None:
                on_progress(len(table))
        if len(table) == 0:
            raise DataError("it has columns, but no rows")
        wanted = None if target is None else targets.close().whole().ravel()
        return Samples(source.name, table.close(), tuple(chosen), wanted, target)


@contextmanager
def _opened(data: str | Path, url: str | None, inputs: int) -> Iterator[Source]:
    if url is not None:
        from relugeom.data.sql_table import open_sql  # slow to load, and most data are files

        with open_sql(url, str(data)) as table:
            yield table
    elif is_parquet(Path(data)):
        with open_parquet(Path(data)) as parquet:
            yield parquet
    else:
        with open_csv(Path(data), inputs=inputs) as lines:
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
