"""What the cells of a column mean: a number is the nearest float64, true and false are 1 and 0.

Data rows are counted from 1.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relugeom.decimals import is_plain, parsed_float
from relugeom.errors import DataError

__all__ = ["about_words", "floats", "is_number", "listed", "numbers_of", "parsed_number"]

MAX_NAMED = 8
"""Most columns or values that a message lists; others are left out."""

NO_VALUE = ("", "na", "n/a", "nan", "-nan", "null", "none", "<na>")
WORDS = {"true": 1.0, "false": 0.0} | dict.fromkeys(NO_VALUE, math.nan)
FloatArray = NDArray[np.float64]


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
        values = np.asarray(cells, dtype=np.float64) if isinstance(cells, np.ndarray) else np.array(floats(cells))
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
        return f"it holds {len(words):,} different words: encode them as numbers, or leave out the column"
    group = [f"{name}_{word}" for word in words]
    quoted = ", ".join(json.dumps(member, ensure_ascii=False) for member in group)
    return f"write a 0/1 column per word ({', '.join(group)}), and in the domain file [[groups]] features = [{quoted}]"


def floats(cells: Sequence[Any]) -> list[float]:
    """Cells that are numbers, or texts of numbers.

    Raises
    ------
    ValueError, TypeError
        A cell is something else.
    """
    if not is_plain("".join(cell for cell in cells if isinstance(cell, str))):
        raise ValueError("a cell contains something that is not part of a number")
    try:
        return list(map(float, cells))
    except OverflowError:  # an integer beyond every float64
        return [float(str(cell)) for cell in cells]


def _parsed_words(
    name: str, cells: Sequence[Any], before: int, about: Callable[[str, Sequence[str]], str]
) -> list[float | None]:
    """The cells of a column that holds more than numbers; NaN if there is no value."""
    texts = [_text(cell) for cell in cells]
    values = [parsed_number(text) for text in texts]
    words = [value is None for value in values]
    if any(words):
        numbers = any(map(is_number, values))
        found = list(dict.fromkeys(compress(texts, words)))
        separated = all(is_number(parsed_number(word.replace(",", ""))) for word in found)
        plain = "write plain numbers without separators and units, or drop such rows"
        advice = plain if numbers or separated else about(name, found)
        raise DataError(_about_cells(name, words, before, f"{found[0]!r} is not a number", advice))
    return values


def parsed_number(cell: str) -> float | None:
    """What a text means: a number, NaN for no value, None for a word."""
    word = cell.strip().lower()
    if word in WORDS:
        return WORDS[word]
    return parsed_float(cell)


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


def listed(names: Sequence[str]) -> str:
    """Names in a message; of many only the first."""
    return ", ".join(map(repr, names[:MAX_NAMED])) + (", …" if len(names) > MAX_NAMED else "")
