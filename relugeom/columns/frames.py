"""Tables in memory, as arrays in the order of a model's inputs.

The one idea: tables with names (the columns of a DataFrame, the labels of one of its rows) are matched by name, as
files are. Tables without names (an array, a list, columns that are only numbered) are taken in order.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relugeom.columns.cells import about_words, listed, numbers_of
from relugeom.columns.choice import RowCounter, choose_columns
from relugeom.errors import DataError
from relugeom.remarks import OnRemark, warn

__all__ = ["labels_of", "table_in_order", "vector_in_order"]

FloatArray = NDArray[np.float64]
NUMERIC = "biuf"


def table_in_order(
    X: ArrayLike, *, inputs: int, input_names: Sequence[str] = (), on_remark: OnRemark = warn
) -> FloatArray:
    """Samples as float64, one column per input.

    Parameters
    ----------
    X
        A DataFrame, a row of one, or anything that NumPy makes an array of: two axes, or one for a single sample.
    inputs, input_names
        The number n of inputs of the model, and their names, or empty.
    on_remark
        Called where a column was left out because it only counts the rows; by default it is a warning.

    Raises
    ------
    DataError
        A column is missing, left over, there twice, or holds something that is not a number.
    """
    names = _names_of(X)
    if names is None:
        return np.atleast_2d(_numbers(X, "the samples"))
    frame: Any = X
    is_row = getattr(frame, "ndim", 2) == 1
    labels = dict(zip(map(str, names), names, strict=False))
    chosen = choose_columns(
        [str(name) for name in names],
        inputs,
        input_names=input_names,
        how_to_choose="put the columns in the order of the inputs",
        how_to_leave_out=_drop,
    )

    def cells_of(name: str) -> Any:
        cells = np.asarray([frame[labels[name]]] if is_row else frame[labels[name]])
        return cells if cells.dtype.kind in NUMERIC else _plain(name, cells)

    if chosen.counter is not None:
        counter = RowCounter(chosen.counter, _drop)
        counter.append(cells_of(chosen.counter), before=0)
        on_remark(counter.remark)
    columns = [numbers_of(name, cells_of(name), before=0, about=about_words) for name in chosen.inputs]
    return np.column_stack(columns)


def vector_in_order(values: ArrayLike, *, names: Sequence[str], what: str) -> FloatArray:
    """One number per input as float64: labels of a Series are matched with the names, where there are any.

    Parameters
    ----------
    what
        What the numbers are, for messages.

    Raises
    ------
    DataError
        A label is missing, left over or there twice, or a value is not a number.
    """
    labels = _names_of(values)
    if labels is None or not names:
        return _numbers(values, what)
    series: Any = values
    if sorted(map(str, labels)) != sorted(names):
        raise DataError(f"{what} has the labels {listed(list(map(str, labels)))}, but the inputs are {listed(names)}")
    numbers = dict(zip(map(str, labels), _numbers(series, what).tolist(), strict=True))
    return np.array([numbers[name] for name in names])


def labels_of(values: Any) -> tuple[str, ...]:
    """The labels of a Series, or nothing if it has none or where they only number."""
    return tuple(map(str, _names_of(values) or ()))


def _names_of(X: Any) -> list[Any] | None:
    """The names of columns, or the labels of a row; None if there are none, or where they only number."""
    names = getattr(X, "columns", None)
    if names is None and getattr(X, "ndim", 0) == 1:
        names = getattr(X, "index", None)  # a row of a DataFrame; a list has a method of this name
    if names is None or callable(names) or not hasattr(X, "__getitem__"):
        return None
    found = list(names)
    return found if any(isinstance(name, str) for name in found) else None


def _numbers(values: Any, what: str) -> FloatArray:
    """Anything without names as float64."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "cmM":
            raise TypeError(f"{array.dtype} is not real")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} cannot be read as a table of numbers: {' '.join(str(error).split())}") from None


def _plain(name: str, cells: Any) -> list[Any]:
    """Cells that are not plain numbers: texts are read as those of a file are."""
    if cells.dtype.kind in "mM":
        raise DataError(
            f"column {name!r} holds dates or times ({cells.dtype}): write them as numbers, or leave out the column"
        )
    if cells.dtype.kind == "c":
        raise DataError(f"column {name!r} holds complex numbers: write their real and imaginary parts as columns")
    listed_cells: list[Any] = cells.tolist()
    return listed_cells


def _drop(names: Sequence[str]) -> str:
    return f"drop {'it' if len(names) == 1 else 'them'} (columns={list(names[:8])!r})"
