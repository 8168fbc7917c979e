"""Choice of the columns of a table that feed the inputs of a model.

The one idea: wherever a table comes from, its columns are matched by name if the model names its inputs, else taken in
order. A column that only numbers the rows, as pandas writes one, feeds nothing.
"""

import csv
import io
import math
import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from relugeom.columns.cells import MAX_NAMED, floats, listed
from relugeom.errors import DataError

__all__ = ["Chosen", "ColumnOptions", "RowCounter", "choose_columns", "option_for"]

NO_NAME = re.compile(r"\s*|Unnamed: \d+")
"""Name of a column without a name: empty in a file, and this once pandas has read it."""
STORED_INDEX = re.compile(r"__index_level_\d+__")
"""Name that pandas gives to an unnamed index in a Parquet file; in a database it is ``index``."""


class ColumnOptions(TypedDict, total=False):
    """What may be said of the columns of a table: options of `choose_columns`."""

    input_names: Sequence[str]
    target: str | None
    features: Sequence[str] | None
    ignore: Collection[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which columns of a table are read.

    Attributes
    ----------
    inputs
        The column behind each input.
    counter
        A column that is left out on condition that it counts the rows, or None.
    """

    inputs: tuple[str, ...]
    counter: str | None = None


def choose_columns(
    header: Sequence[str],
    inputs: int,
    *,
    input_names: Sequence[str] = (),
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
    how_to_choose: str = "use --features to name the columns that feed the inputs",
    how_to_leave_out: Callable[[Sequence[str]], str] | None = None,
) -> Chosen:
    """The column behind each input.

    Parameters
    ----------
    header
        Names of all columns.
    inputs
        Number n of inputs of the model.
    input_names
        Their names, or empty if the model names none.
    target
        The column that the model should predict, left out of the inputs.
    features
        The columns that feed the inputs, in the order of the inputs.
    ignore
        Columns to leave out.
    how_to_choose, how_to_leave_out
        What to do if columns are missing or left over, in the caller's words.

    Raises
    ------
    DataError
        A name is there twice, columns are missing or left over, or an option names a column that is not there.
    """
    leave_out = how_to_leave_out or option_for
    asked = {"--target": [] if target is None else [target], "--features": features or [], "--ignore": ignore}
    _check_header(header, asked)
    if features is not None:
        return Chosen(tuple(_check_features(features, inputs, target)))
    named, without = set(input_names), {target, *ignore}
    left = [name for name in header if name not in without]
    counter = _find_counter(left, header, inputs, named)
    left = [name for name in left if name != counter]
    nameless = [name for name in left if NO_NAME.fullmatch(name) and name not in named]
    if nameless:
        place = header.index(nameless[0])
        raise DataError(f"column {place + 1} has no name ({nameless[0]!r}): name it, or {leave_out(nameless[:1])}")
    _check_complete(left, inputs, input_names, counter, how_to_choose)
    extra = [name for name in left if name not in named] if named else left[inputs:]
    if extra:
        raise DataError(f"it has columns that feed no input: {listed(extra)}: {leave_out(extra)}")
    return Chosen(tuple(input_names) or tuple(left), counter)


def _check_header(header: Sequence[str], asked: Mapping[str, Collection[str]]) -> None:
    """No name is there twice, and all are there that options ask for."""
    places = {name: place for place, name in enumerate(header)}
    if len(places) < len(header):
        repeated = next(name for place, name in enumerate(header) if places[name] != place)
        raise DataError(f"the column {repeated!r} occurs {header.count(repeated)} times: rename one of them")
    for option, names in asked.items():
        unknown = [name for name in names if name not in places]
        if unknown:
            raise DataError(f"{option}: there is no column {unknown[0]!r}; the columns are {listed(header)}")


def _check_complete(
    left: Sequence[str], inputs: int, input_names: Sequence[str], counter: str | None, how_to_choose: str
) -> None:
    """No input is without a column."""
    there = set(left)
    if missing := [name for name in input_names if name not in there]:
        raise DataError(
            f"there is no column for the input {listed(missing)} (unused columns: {listed(left)}): rename a column, "
            f"or {how_to_choose} {listed(input_names)}"
        )
    if len(left) < inputs:
        counted = "" if counter is None else f" ({counter!r} only numbers the rows)"
        raise DataError(
            f"the model has {inputs} inputs, but there are only {len(left)} columns: {listed(left)}{counted}"
        )


def _find_counter(left: Sequence[str], header: Sequence[str], inputs: int, named: Collection[str]) -> str | None:
    """A column that is not an input if it counts the rows: one without a name in front, or an index as pandas stores
    it.

    A column ``index`` in front is meant only where it would be too much.
    """
    for name in left:
        in_front = name == header[0]
        if name not in named and (STORED_INDEX.fullmatch(name) or (in_front and NO_NAME.fullmatch(name))):
            return name
    is_too_much = bool(named) or len(left) == inputs + 1
    return "index" if left[:1] == ["index"] == list(header[:1]) and "index" not in named and is_too_much else None


class RowCounter:
    """A column that is left out because it counts the rows; this is found out piece by piece.

    Parameters
    ----------
    how_to_leave_out
        What to do where it does not count them.
    """

    def __init__(self, name: str, how_to_leave_out: Callable[[Sequence[str]], str] | None = None) -> None:
        self._name, self._leave_out, self._next = name, how_to_leave_out or option_for, math.nan

    def append(self, cells: Sequence[Any], *, before: int) -> None:
        """Take in the next cells, which follow this many rows.

        Raises
        ------
        DataError
            The cells do not count up by one from 0 or 1.
        """
        try:
            values = np.array(floats(cells))
        except (ValueError, TypeError):
            values = np.full(len(cells), math.nan)
        if len(values) == 0:
            return
        first = (values[0] if values[0] in (0.0, 1.0) else 0.0) if before == 0 else self._next
        wrong = np.flatnonzero(values != first + np.arange(len(values)))
        if wrong.size:
            what = "has no name" if self._name != "index" else "feeds no input"
            raise DataError(
                f"column {self._name!r} {what}, and it does not number the rows (data row {before + wrong[0] + 1} has "
                f"{str(cells[wrong[0]])!r}): name it if it is an input, or {self._leave_out([self._name])}"
            )
        self._next = first + len(values)

    @property
    def remark(self) -> str:
        """That it is left out."""
        return f"the column {self._name!r} only numbers the rows and is left out"


def _check_features(features: Sequence[str], inputs: int, target: str | None) -> list[str]:
    if len(features) != inputs:
        raise DataError(f"--features names {len(features)} columns, but the model has {inputs} inputs")
    times = Counter(features)
    repeated = [name for name in features if times[name] > 1 or name == target]
    if repeated:
        raise DataError(f"--features names {repeated[0]!r} twice, or it is the target: each input needs its own column")
    return list(features)


def option_for(names: Sequence[str]) -> str:
    """How to leave columns out on the command line."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(names[:MAX_NAMED])
    typed = buffer.getvalue() if any(names) else ""
    it = "it" if len(names) == 1 else "them"
    ignore = f"leave {it} out with --ignore {shlex.quote(typed)}"
    return f"{ignore}, or name the one that the model should predict with --target"
