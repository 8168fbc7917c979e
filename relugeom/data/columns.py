"""Columns of data: which of them feed the inputs of a model, and what their cells mean.

A number means the nearest float64, true and false are 1 and 0. Data rows are counted from 1.
"""

import csv
import io
import json
import math
import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress, count
from typing import Any

import numpy as np

from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray

__all__ = ["about_target", "about_words", "choose_columns", "is_number", "listed", "numbers_of", "parsed_number"]

MAX_NAMED = 8
"""Columns or values that a message lists; more are left out."""

NO_VALUE = ("", "na", "n/a", "nan", "-nan", "null", "none", "<na>")
WORDS = {"true": 1.0, "false": 0.0} | dict.fromkeys(NO_VALUE, math.nan)


def choose_columns(
    header: Sequence[str],
    inputs: int,
    *,
    input_names: Sequence[str] = (),
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> list[str]:
    """The column behind each input.

    Raises
    ------
    DataError
        A name is there twice, columns are missing or left over, or an option names a column that is not there.
    """
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise DataError(f"the column {repeated[0]!r} is there {header.count(repeated[0])} times: rename one of them")
    asked = {"--target": [] if target is None else [target], "--features": features or [], "--ignore": ignore}
    for option, names in asked.items():
        unknown = [name for name in names if name not in header]
        if unknown:
            raise DataError(f"{option}: there is no column {unknown[0]!r}; the columns are {listed(header)}")
    if features is not None:
        return _check_features(features, inputs, target)
    left = [name for name in header if name != target and name not in ignore]
    if input_names:
        missing = [name for name in input_names if name not in left]
        if missing:
            raise DataError(
                f"there is no column for the input {listed(missing)} (left are {listed(left)}): rename a column, or "
                f"name with --features the {inputs} columns that feed {listed(input_names)}"
            )
    elif len(left) < inputs:
        raise DataError(f"the model has {inputs} inputs, but there are only {len(left)} columns: {listed(left)}")
    extra = [name for name in left if name not in input_names] if input_names else left[inputs:]
    if extra:
        raise DataError(
            f"it has columns that feed no input: {listed(extra)}: leave them out with --ignore {_as_option(extra)}, "
            f"or name the one that the model should predict with --target"
        )
    return list(input_names) if input_names else left


def numbers_of(
    name: str, cells: Sequence[Any], *, before: int, about: Callable[[str, Sequence[str]], str]
) -> FloatArray:
    """A piece of a column as float64.

    Parameters
    ----------
    cells
        Numbers, texts, or None for no value.
    before
        Number of data rows before this piece.
    about
        What to do about a column of words.

    Raises
    ------
    DataError
        A cell is missing, not finite or no number; the text names the first.
    """
    try:
        values = np.asarray(cells, dtype=np.float64) if isinstance(cells, np.ndarray) else np.array(_floats(cells))
    except (ValueError, TypeError):
        values = np.array(_parsed_words(name, cells, before, about), dtype=np.float64)
    missing, infinite = np.isnan(values), np.isinf(values)
    if missing.any():
        raise DataError(_about_cells(name, missing, before, "the value is missing", "fill it in, or drop such rows"))
    if infinite.any():
        shown = _text(next(compress(cells, infinite)))
        what = f"{shown!r} is not finite as a float64"
        raise DataError(_about_cells(name, infinite, before, what, "drop such rows"))
    return values


def about_words(name: str, words: Sequence[str]) -> str:
    """What to do about a column of words: the one-hot columns to write instead."""
    if len(words) > MAX_NAMED:
        return f"it holds {len(words):,} different words: code them as numbers, or leave the column out"
    group = [f"{name}_{word}" for word in words]
    quoted = ", ".join(json.dumps(member, ensure_ascii=False) for member in group)
    return f"write a 0/1 column per word ({', '.join(group)}), and in the domain file [[groups]] features = [{quoted}]"


def about_target(_name: str, words: Sequence[str]) -> str:
    """What to do about a target of words."""
    return f"number the classes from 0 ({listed(words)})"


def _check_features(features: Sequence[str], inputs: int, target: str | None) -> list[str]:
    if len(features) != inputs:
        raise DataError(f"--features names {len(features)} columns, but the model has {inputs} inputs")
    repeated = [name for name in features if features.count(name) > 1 or name == target]
    if repeated:
        raise DataError(f"--features names {repeated[0]!r} twice, or it is the target: each input needs its own column")
    return list(features)


def _floats(cells: Sequence[Any]) -> list[float]:
    try:
        return list(map(float, cells))
    except OverflowError:  # an integer beyond every float64
        return [float(str(cell)) for cell in cells]


def _parsed_words(
    name: str, cells: Sequence[Any], before: int, about: Callable[[str, Sequence[str]], str]
) -> list[float | None]:
    """The cells of a column that holds more than numbers; NaN where there is no value."""
    texts = [_text(cell) for cell in cells]
    values = [parsed_number(text) for text in texts]
    words = [value is None for value in values]
    if any(words):
        numbers = any(map(is_number, values))
        found = list(dict.fromkeys(compress(texts, words)))
        separated = all(is_number(parsed_number(word.replace(",", ""))) for word in found)
        plain = "write plain numbers, without separators and units, or drop such rows"
        advice = plain if numbers or separated else about(name, found)
        raise DataError(_about_cells(name, words, before, f"{found[0]!r} is not a number", advice))
    return values


def parsed_number(cell: str) -> float | None:
    """What a text means: a number, NaN for no value, None for a word."""
    word = cell.strip().lower()
    if word in WORDS:
        return WORDS[word]
    try:
        return float(cell)
    except ValueError:
        return None


def is_number(value: float | None) -> bool:
    """Whether a cell holds a number."""
    return value is not None and not math.isnan(value)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _about_cells(name: str, bad: Iterable[bool], before: int, what: str, advice: str) -> str:
    """One line on the first bad cell of a column."""
    rows = list(compress(count(before + 1), bad))
    more = f" (the first of {len(rows):,} such rows)" if len(rows) > 1 else ""
    return f"column {name!r}, data row {rows[0]}: {what}{more}: {advice}"


def _as_option(names: Sequence[str]) -> str:
    """Names as they are typed after an option that takes a list."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(names[:MAX_NAMED])
    return shlex.quote(buffer.getvalue())


def listed(names: Sequence[str]) -> str:
    """Names in a message; of many only the first."""
    return ", ".join(map(repr, names[:MAX_NAMED])) + (", …" if len(names) > MAX_NAMED else "")
