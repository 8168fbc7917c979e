"""Samples of a CSV file, matched to the inputs of a model.

Columns are matched by name where the model names its inputs, else in order, after `features` and `ignore` have chosen
among them. A number means the nearest float64, true and false are 1 and 0. Data rows are counted from 1, below the
header; blank lines at the end of the file do not count.
"""

import csv
import io
import json
import math
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, count
from pathlib import Path

import numpy as np

from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray, frozen_array

__all__ = ["Samples", "read_samples"]

MAX_NAMED = 8
"""Columns or values that a message lists; more are left out."""

NO_VALUE = ("", "na", "n/a", "nan", "-nan", "null", "none", "<na>")
WORDS = {"true": 1.0, "false": 0.0} | dict.fromkeys(NO_VALUE, math.nan)


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
        The file cannot be read, columns are missing or left over, or a value is missing, infinite or no number; the
        text names the file, the column and the first data row.
    """
    path = Path(path)
    with _explained(path):
        header, rows = _read_table(path)
        _check_header(header, inputs)
        chosen = _choose_columns(header, inputs, tuple(input_names), target, features, ignore)
        _check_rows(header, rows)
        cells = dict(zip(header, zip(*rows, strict=True), strict=True))
        X = np.column_stack([_numbers(name, cells[name], _about_words) for name in chosen])
        wanted = None if target is None else frozen_array(_numbers(target, cells[target], _about_target))
    return Samples(path.name, frozen_array(X), tuple(chosen), wanted, target)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Errors that name the file."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no data file {str(path)!r}") from None
    except (OSError, UnicodeDecodeError, csv.Error, DataError) as error:
        raise DataError(f"data file {str(path)!r}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "this is not UTF-8 text: save it as CSV in UTF-8"
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror}"
    return f"this is not CSV: {error}" if isinstance(error, csv.Error) else str(error)


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    while lines and not any(lines[-1]):
        lines.pop()
    return (lines[0], lines[1:]) if lines else ([], [])


def _check_header(header: list[str], inputs: int) -> None:
    if not header:
        raise DataError("it is empty: it needs a header with the names of its columns, and rows of numbers")
    separators = [separator for separator in (";", "\t") if separator in header[0]]
    if len(header) == 1 < inputs and separators:
        raise DataError(f"its columns are separated by {separators[0]!r}: save it with commas")
    numbered = [str(number) for number in range(len(header))]  # the names that pandas gives
    if header != numbered and all(_is_number(_parsed(name)) for name in header):
        raise DataError(f"its first line holds numbers ({_listed(header)}): put the names of the columns above them")
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise DataError(f"the column {repeated[0]!r} is there {header.count(repeated[0])} times: rename one of them")


def _check_rows(header: list[str], rows: list[list[str]]) -> None:
    if not rows:
        raise DataError("it has a header, but no rows")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise DataError(f"data row {number} has {len(row)} values, but there are {len(header)} columns")


def _choose_columns(
    header: list[str],
    inputs: int,
    input_names: tuple[str, ...],
    target: str | None,
    features: Sequence[str] | None,
    ignore: Collection[str],
) -> list[str]:
    """The column behind each input."""
    asked = {"--target": [] if target is None else [target], "--features": features or [], "--ignore": ignore}
    for option, names in asked.items():
        unknown = [name for name in names if name not in header]
        if unknown:
            raise DataError(f"{option}: there is no column {unknown[0]!r}; the columns are {_listed(header)}")
    if features is not None:
        return _check_features(features, inputs, target)
    left = [name for name in header if name != target and name not in ignore]
    if input_names:
        missing = [name for name in input_names if name not in left]
        if missing:
            raise DataError(
                f"there is no column for the input {_listed(missing)} (left are {_listed(left)}): rename a column, or "
                f"name with --features the {inputs} columns that feed {_listed(input_names)}"
            )
    elif len(left) < inputs:
        raise DataError(f"the model has {inputs} inputs, but there are only {len(left)} columns: {_listed(left)}")
    extra = [name for name in left if name not in input_names] if input_names else left[inputs:]
    if extra:
        raise DataError(
            f"it has columns that feed no input: {_listed(extra)}: leave them out with --ignore {_as_option(extra)}, "
            f"or name the one that the model should predict with --target"
        )
    return list(input_names) if input_names else left


def _check_features(features: Sequence[str], inputs: int, target: str | None) -> list[str]:
    if len(features) != inputs:
        raise DataError(f"--features names {len(features)} columns, but the model has {inputs} inputs")
    repeated = [name for name in features if features.count(name) > 1 or name == target]
    if repeated:
        raise DataError(f"--features names {repeated[0]!r} twice, or it is the target: each input needs its own column")
    return list(features)


def _numbers(name: str, cells: Sequence[str], about_words: Callable[[str, Sequence[str]], str]) -> FloatArray:
    """A column as float64; refuses the first cell that is not a finite number."""
    try:
        values = np.array(list(map(float, cells)))
    except ValueError:
        values = np.array(_parsed_words(name, cells, about_words), dtype=np.float64)
    missing, infinite = np.isnan(values), np.isinf(values)
    if missing.any():
        raise DataError(_about_cells(name, missing, "the value is missing", "fill it in, or drop such rows"))
    if infinite.any():
        what = f"{next(compress(cells, infinite))!r} is not finite as a float64"
        raise DataError(_about_cells(name, infinite, what, "drop such rows"))
    return values


def _parsed_words(
    name: str, cells: Sequence[str], about_words: Callable[[str, Sequence[str]], str]
) -> list[float | None]:
    """The cells of a column that holds more than numbers; NaN where there is no value."""
    values = [_parsed(cell) for cell in cells]
    words = [value is None for value in values]
    if any(words):
        numbers = any(map(_is_number, values))
        found = list(dict.fromkeys(compress(cells, words)))
        separated = all(_is_number(_parsed(word.replace(",", ""))) for word in found)
        plain = "write plain numbers, without separators and units, or drop such rows"
        advice = plain if numbers or separated else about_words(name, found)
        raise DataError(_about_cells(name, words, f"{found[0]!r} is not a number", advice))
    return values


def _parsed(cell: str) -> float | None:
    """What a cell means: a number, NaN for no value, None for a word."""
    word = cell.strip().lower()
    if word in WORDS:
        return WORDS[word]
    try:
        return float(cell)
    except ValueError:
        return None


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _about_cells(name: str, bad: Iterable[bool], what: str, advice: str) -> str:
    """One line on the first bad cell of a column."""
    rows = list(compress(count(1), bad))
    more = f" (the first of {len(rows):,} such rows)" if len(rows) > 1 else ""
    return f"column {name!r}, data row {rows[0]}: {what}{more}: {advice}"


def _about_words(name: str, words: Sequence[str]) -> str:
    """What to do about a column of words: the one-hot columns to write instead."""
    if len(words) > MAX_NAMED:
        return f"it holds {len(words):,} different words: code them as numbers, or leave the column out"
    group = [f"{name}_{word}" for word in words]
    quoted = ", ".join(json.dumps(member, ensure_ascii=False) for member in group)
    return f"write a 0/1 column per word ({', '.join(group)}), and in the domain file [[groups]] features = [{quoted}]"


def _about_target(_name: str, words: Sequence[str]) -> str:
    """What to do about a target of words."""
    return f"number the classes from 0 ({_listed(words)})"


def _as_option(names: Sequence[str]) -> str:
    """Names as they are typed after an option that takes a list."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(names[:MAX_NAMED])
    return shlex.quote(buffer.getvalue())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:MAX_NAMED])) + (", …" if len(names) > MAX_NAMED else "")
