"""Samples of a CSV file, matched to the inputs of a model.

Columns are matched by name where the model names its inputs, else in order, after `features` and `ignore` have chosen
among them. A number means the nearest float64. Every refusal names the column and the first data row (from 1) that is
in the way.
"""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from relugeom.errors import DataError
from relugeom.linalg.arrays import BoolArray, FloatArray, frozen_array

__all__ = ["Samples", "read_samples"]

MAX_NAMED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in the order of a model's inputs.

    Attributes
    ----------
    name
        Name of the file.
    X
        Values, shape (s, n).
    columns
        For each input, the column that feeds it.
    target
        Values of the target column, shape (s,), or None.
    target_name
        Its name, or None.
    """

    name: str
    X: FloatArray
    columns: tuple[str, ...]
    target: FloatArray | None
    target_name: str | None


def read_samples(
    path: str | Path,
    *,
    inputs: int,
    input_names: Sequence[str] = (),
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> Samples:
    """Read the samples of a CSV file.

    Parameters
    ----------
    inputs
        Number n of inputs of the model.
    input_names
        Their names, or empty where the model names none.
    target
        The column that the model should predict, left out of the inputs.
    features
        The columns that feed the inputs, in the order of the inputs.
    ignore
        Columns to leave out.

    Raises
    ------
    DataError
        The file cannot be read, columns are missing or left over, or a value is missing, infinite or no number.
    """
    path = Path(path)
    header = _read_header(path)
    chosen = _choose_columns(path, header, inputs, tuple(input_names), target, features, ignore)
    wanted = list(dict.fromkeys([*chosen, *([target] if target is not None else [])]))
    table = _read_table(path, header, wanted)
    if len(table) == 0:
        raise DataError(f"{str(path)!r} has a header and no rows")
    values = {name: _numbers(path, name, table[name]) for name in wanted}
    return Samples(
        name=path.name,
        X=frozen_array(np.column_stack([values[name] for name in chosen])),
        columns=tuple(chosen),
        target=None if target is None else frozen_array(values[target]),
        target_name=target,
    )


def _read_header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), None)
    except FileNotFoundError:
        raise DataError(f"there is no data file {str(path)!r}") from None
    except OSError as error:
        raise DataError(f"data file {str(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"data file {str(path)!r} is not UTF-8 text: save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"data file {str(path)!r} is not CSV: {error}") from None
    if not header or header == [""]:
        raise DataError(f"data file {str(path)!r} is empty: it needs a header with the names of its columns")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise DataError(
            f"data file {str(path)!r} separates its columns by {header[0][_separator(header[0])]!r}: use commas"
        )
    repeated = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if repeated:
        raise DataError(f"data file {str(path)!r} has the column {repeated[0]!r} {header.count(repeated[0])} times")
    return header


def _separator(line: str) -> int:
    return min(place for place in (line.find(";"), line.find("\t")) if place >= 0)


def _choose_columns(
    path: Path,
    header: list[str],
    inputs: int,
    input_names: tuple[str, ...],
    target: str | None,
    features: Sequence[str] | None,
    ignore: Collection[str],
) -> list[str]:
    """The column behind each input."""
    asked = {"--target": [target] if target is not None else [], "--features": features or [], "--ignore": ignore}
    for option, names in asked.items():
        unknown = [name for name in names if name not in header]
        if unknown:
            raise DataError(f"{option}: {str(path)!r} has no column {unknown[0]!r}; its columns are {_listed(header)}")
    if features is not None:
        if len(features) != inputs:
            raise DataError(f"--features names {len(features)} columns, but the model has {inputs} inputs")
        if len(set(features)) != len(features) or target in features:
            raise DataError("--features names a column twice, or the target")
        return list(features)
    left = [name for name in header if name != target and name not in ignore]
    if input_names:
        missing = [name for name in input_names if name not in left]
        if missing:
            raise DataError(
                f"{str(path)!r} has no column for the input {_listed(missing)}: rename a column, or name the "
                f"{inputs} columns that feed {_listed(input_names)} with --features"
            )
    extra = [name for name in left if name not in input_names] if input_names else left[inputs:]
    if extra:
        raise DataError(
            f"{str(path)!r} has columns that feed no input: {_listed(extra)}: leave them out with "
            f"--ignore {','.join(extra[:MAX_NAMED])}, or name the target with --target"
        )
    if not input_names and len(left) < inputs:
        raise DataError(
            f"the model has {inputs} inputs, but {str(path)!r} has only the columns {_listed(left)} for them"
        )
    return list(input_names) if input_names else left


def _read_table(path: Path, header: list[str], wanted: list[str]) -> "pd.DataFrame":
    """The wanted columns, in that order."""
    try:
        table = pd.read_csv(
            path,
            usecols=[header.index(name) for name in wanted],
            encoding="utf-8-sig",
            index_col=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"data file {str(path)!r} is not a table with {len(header)} columns: {reason}") from None
    return table[wanted]


def _numbers(path: Path, name: str, column: "pd.Series") -> FloatArray:
    """A column as float64, or the first value that is not a finite number."""
    values: FloatArray
    if column.dtype.kind in "biuf":
        values = column.to_numpy(dtype=np.float64)
    else:
        numbers = pd.to_numeric(column, errors="coerce")
        text = numbers.isna() & column.notna()
        if text.any():
            raise DataError(_about_text(path, name, column, text.to_numpy(dtype=np.bool_)))
        values = numbers.to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        what = "infinite" if np.isinf(values[row]) else "missing"
        more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
        raise DataError(
            f"{str(path)!r}, column {name!r}: the value in data row {row + 1} is {what}{more}: "
            f"fill it in, or drop the row or the column"
        )
    return values


def _about_text(path: Path, name: str, column: "pd.Series", text: BoolArray) -> str:
    """What to do about a column of words: the one-hot columns to write instead."""
    row = int(np.flatnonzero(text)[0])
    message = f"{str(path)!r}, column {name!r}: {column.iloc[row]!r} in data row {row + 1} is not a number"
    values = column.dropna().unique()
    if not text.all() or len(values) > MAX_NAMED:
        return message
    group = [f"{name}_{value}" for value in values]
    listed = ", ".join(f'"{member}"' for member in group)
    return (
        f"{message}: write one 0/1 column per value ({', '.join(group)}), and in the domain file "
        f"[[groups]] features = [{listed}]"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:MAX_NAMED])) + (", …" if len(names) > MAX_NAMED else "")
