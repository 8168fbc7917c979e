"""The target of a model: numbers for a regression, and for a classifier the numbers of its classes.

Labels need not be 0 … K − 1: names of classes are recognised if the model has them, 1 … K and −1, 1 are common, and K
other labels are numbered in order. A remark names the coding of labels that are not numbered from 0; labels that cannot
be classes of the model are refused with their row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from relugeom.columns.cells import is_number, listed, numbers_of, parsed_number
from relugeom.data.source import PieceSizes
from relugeom.data.table import TableWriter
from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray
from relugeom.remarks import OnRemark, warn

__all__ = ["CodedTarget", "TargetReader", "find_coding", "read_target"]

MAX_SHOWN = 8
Label = float | str


@dataclass(frozen=True, slots=True, eq=False)
class CodedTarget:
    """A target that was read already: its labels are class numbers, or it is that of a regression.

    Attributes
    ----------
    numbers
        Shape (s,).
    """

    numbers: FloatArray


def find_coding(labels: Sequence[Label], classes: int, class_names: Sequence[str] = ()) -> Mapping[Label, int] | None:
    """Class of each label, or None if these cannot be labels of this many classes.

    Parameters
    ----------
    labels
        Different numbers, or different words.
    classes
        K.
    class_names
        One name per class, or empty.
    """
    named = {_key(name): number for number, name in enumerate(class_names)}
    if all(_key(label) in named for label in labels):
        return {label: named[_key(label)] for label in labels}
    numbers = [label for label in labels if isinstance(label, float)]
    if len(numbers) == len(labels) and (coding := _coding_of_numbers(numbers, classes)) is not None:
        return coding
    takes_words = not numbers and not class_names
    if len(labels) == classes and (takes_words or (numbers and all(label.is_integer() for label in numbers))):
        return {label: number for number, label in enumerate(sorted(labels))}
    return None


def _coding_of_numbers(numbers: Sequence[float], classes: int) -> Mapping[Label, int] | None:
    """Class of each number, if the numbers count from 0 or from 1, or are −1 and 1 of two classes."""
    met = set(numbers)
    if met <= set(range(classes)):
        return {label: int(label) for label in numbers}
    if met <= set(range(1, classes + 1)):
        return {label: int(label) - 1 for label in numbers}
    if classes == 2 and met <= {-1, 1}:
        return {label: int(label > 0) for label in numbers}
    return None


class TargetReader:
    """Reads a target piece by piece.

    Parameters
    ----------
    name
        Of the column.
    classes
        Among how many classes the model decides; 0 for a regression.
    class_names
        Their names, or empty.
    sizes
        From how many bytes on it goes to disk.
    """

    def __init__(
        self, name: str, *, classes: int, class_names: Sequence[str] = (), sizes: PieceSizes = PieceSizes()
    ) -> None:
        self._name, self._classes, self._class_names = name, classes, tuple(class_names)
        self._table = TableWriter(1, sizes=sizes)
        self._words: dict[str, int] = {}

    def append(self, cells: Sequence[Any]) -> None:
        """Take in the next cells: numbers, texts, or None for no value.

        Raises
        ------
        DataError
            A cell is missing, not finite, or neither a number nor a label; the text names the first.
        """
        if self._words or (self._classes and len(self._table) == 0 and _has_words(cells)):
            self._table.append(np.array([self._word(cell, place) for place, cell in enumerate(cells)])[:, None])
            return
        about = self._about_words
        self._table.append(numbers_of(self._name, cells, before=len(self._table), about=about)[:, None])

    def close(self) -> tuple[FloatArray, str]:
        """The target, shape (s,), and what to say about its coding, or an empty text.

        Raises
        ------
        DataError
            A label is not a class.
        """
        target = self._table.close().whole().ravel()
        if not self._classes:
            return target, ""
        found = np.unique(target)
        labels: list[Label] = list(self._words) or [float(value) for value in found]
        coding = find_coding(labels, self._classes, self._class_names)
        if coding is None:
            raise DataError(self._refusal(target))
        codes = np.array([coding[label] for label in labels], dtype=np.float64)
        if not self._words and np.array_equal(codes, found):
            return target, ""
        coded = codes[target.astype(np.int64) if self._words else np.searchsorted(found, target)]
        coded.setflags(write=False)
        return coded, self._remark(coding)

    def _word(self, cell: Any, place: int) -> float:
        """The number of a word, in the order in which words are met."""
        word, row = str("" if cell is None else cell).strip(), len(self._table) + place + 1
        value = parsed_number(word)
        if value is not None and not is_number(value):
            raise DataError(
                f"column {self._name!r}, data row {row}: the value is missing: fill it in, or drop such rows"
            )
        if value is not None:
            raise DataError(f"column {self._name!r}, data row {row}: {word!r} is a number among words: {self._cure()}")
        number = self._words.setdefault(word, len(self._words))
        if number >= self._classes:
            raise DataError(
                f"column {self._name!r}, data row {row}: {word!r} is one label too many, besides "
                f"{listed([known for known in self._words if known != word])}: {self._cure()}"
            )
        return float(number)

    def _about_words(self, _name: str, words: Sequence[str]) -> str:
        if self._classes:
            return self._cure()
        return (
            f"the model predicts a number; if it should decide, number the classes from 0 ({listed(words)}), and give "
            f"the output above which it is class 1 (--threshold)"
        )

    def _refusal(self, target: FloatArray) -> str:
        """What is wrong with labels that are not classes, beginning with the first row that has such a one."""
        if self._words:
            known = set(self._class_names)
            place, label = next(
                (number, word) for number, word in enumerate(self._words) if word not in known or not known
            )
            row, shown = int(np.flatnonzero(target == place)[0]), repr(label)
        else:
            row = int(np.flatnonzero(~np.isin(target, np.arange(self._classes)))[0])
            shown = _shown(float(target[row]))
        return f"column {self._name!r}, data row {row + 1}: {shown} is not a class: {self._cure()}"

    def _cure(self) -> str:
        names = f" ({listed(self._class_names)})" if self._class_names else ""
        return f"the model decides among {self._classes} classes, numbered from 0{names}: encode the target like this"

    def _remark(self, coding: Mapping[Label, int]) -> str:
        pairs = sorted(coding.items(), key=lambda pair: pair[1])
        shown = [
            f"{label if isinstance(label, str) else _shown(label)} → class {number}"
            + (f" ({self._class_names[number]})" if self._class_names else "")
            for label, number in pairs[:MAX_SHOWN]
        ]
        return f"target {self._name!r}: {', '.join(shown)}{', …' if len(pairs) > MAX_SHOWN else ''}"


def read_target(
    target: ArrayLike | CodedTarget,
    samples: int,
    *,
    classes: int,
    class_names: Sequence[str] = (),
    on_remark: OnRemark = warn,
) -> FloatArray:
    """Read a target as numbers, shape (s,).

    Parameters
    ----------
    target
        Numbers, truth values or labels: an array, a list, a column of a DataFrame.
    samples
        s.
    classes, class_names
        Among how many classes the model decides (0 for a regression), and their names, or empty.
    on_remark
        Called with the coding of labels that are not numbered from 0; issues a warning by default.

    Raises
    ------
    DataError
        The target has another length, or contains something that cannot be a target of the model; the text names the
        first row.
    """
    cells: Any = target.numbers if isinstance(target, CodedTarget) else np.asarray(target)
    if cells.shape != (samples,):
        raise DataError(f"the target has shape {cells.shape}, but there are {samples} samples")
    if isinstance(target, CodedTarget):
        return target.numbers
    reader = TargetReader(str(getattr(target, "name", None) or "target"), classes=classes, class_names=class_names)
    reader.append(cells if cells.dtype.kind in "biuf" else cells.tolist())
    found, remark = reader.close()
    if remark:
        on_remark(remark)
    return found


def _has_words(cells: Sequence[Any]) -> bool:
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        return False
    return any(isinstance(cell, str) and parsed_number(cell) is None for cell in cells)


def _key(label: Label) -> Label:
    """Labels and names that are written differently but mean the same number are the same."""
    value = parsed_number(label) if isinstance(label, str) else label
    return float(value) if value is not None and is_number(value) else label


def _shown(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
