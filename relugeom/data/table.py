"""Tables of samples that need not fit in memory.

Notation: s rows of n numbers. The one idea: a table is filled once and then read in chunks of a number of rows that
depends on n alone, so that sums over chunks are the same, bit by bit, from memory and from disk. Large tables are in a
temporary file without a name, which disappears with the table.
"""

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import numpy as np

from relugeom.data.source import PieceSizes
from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.linalg.scaling import safe_factors

__all__ = ["SampleTable", "TableWriter"]


class SampleTable:
    """Rows of numbers, shape (s, n); made by `SampleTable.of` or a `TableWriter`, and never changed.

    Attributes
    ----------
    shape
        s and n.
    """

    def __init__(self, place: "FloatArray | BinaryIO", shape: tuple[int, int], sizes: PieceSizes) -> None:
        self.shape = shape
        self._place, self._step = place, max(1, sizes.values // max(shape[1], 1))
        if not isinstance(place, np.ndarray):
            weakref.finalize(self, place.close)

    @classmethod
    def of(cls, X: FloatArray, *, sizes: PieceSizes = PieceSizes()) -> "SampleTable":
        """A table in memory; X, shape (s, n), is not copied."""
        return cls(X, (X.shape[0], X.shape[1]), sizes)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"SampleTable({self.shape[0]} rows, {self.shape[1]} columns)"

    @property
    def in_memory(self) -> bool:
        """Whether it is held in memory rather than on disk."""
        return isinstance(self._place, np.ndarray)

    def chunks(self) -> Iterator[tuple[slice, FloatArray]]:
        """The table in pieces: which rows, and their numbers."""
        for start in range(0, len(self), self._step):
            rows = slice(start, min(start + self._step, len(self)))
            yield rows, self._read(rows)

    def take(self, rows: IntArray) -> FloatArray:
        """Copies of some rows, in the order asked for, shape (len(rows), n)."""
        if isinstance(self._place, np.ndarray):
            return np.asarray(self._place[rows])
        taken = np.empty((len(rows), self.shape[1]))
        for part, chunk in self.chunks():
            here = np.flatnonzero((rows >= part.start) & (rows < part.stop))
            taken[here] = chunk[rows[here] - part.start]
        return taken

    def whole(self) -> FloatArray:
        """All rows in memory."""
        return self._read(slice(0, len(self)))

    def range(self) -> FloatArray:
        """The smallest and the largest number of each column, shape (2, n)."""
        ends = [np.vstack([chunk.min(axis=0), chunk.max(axis=0)]) for _, chunk in self.chunks()]
        return np.vstack([np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)])

    def mean_and_spread(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of each column, shapes (n,)."""
        factor = safe_factors(np.abs(self.range()).max(axis=0))
        mean = np.sum([(chunk * factor).sum(axis=0) for _, chunk in self.chunks()], axis=0) / len(self)
        squares = np.sum([((chunk * factor - mean) ** 2).sum(axis=0) for _, chunk in self.chunks()], axis=0)
        return mean / factor, np.sqrt(squares / len(self)) / factor

    def _read(self, rows: slice) -> FloatArray:
        if isinstance(self._place, np.ndarray):
            return self._place[rows]
        width = 8 * self.shape[1]
        self._place.seek(rows.start * width)
        content = self._place.read((rows.stop - rows.start) * width)
        return np.frombuffer(content).reshape(rows.stop - rows.start, self.shape[1])


class TableWriter:
    """Fills a table piece by piece.

    Parameters
    ----------
    columns
        The number n.
    sizes
        From how many bytes on the rows go to disk, and how long the chunks of the table are.
    """

    def __init__(self, columns: int, *, sizes: PieceSizes = PieceSizes()) -> None:
        self._columns, self._sizes = columns, sizes
        self._rows, self._held = 0, 0
        self._pieces: list[FloatArray] = []
        self._file: BinaryIO | None = None
        self._release: weakref.finalize[[], TableWriter] | None = None

    def __len__(self) -> int:
        return self._rows

    def append(self, piece: FloatArray) -> None:
        """Add rows, shape (k, n).

        Raises
        ------
        DataError
            The temporary folder is full.
        """
        self._rows += len(piece)
        self._held += piece.nbytes
        self._pieces.append(frozen_array(piece))
        if self._file is not None or self._held > self._sizes.memory:
            self._flush()

    def close(self) -> SampleTable:
        """The table; nothing more can be added."""
        shape = (self._rows, self._columns)
        if self._file is not None and self._release is not None:
            self._release.detach()
            return SampleTable(self._file, shape, self._sizes)
        whole = frozen_array(np.vstack([np.empty((0, self._columns)), *self._pieces]))
        return SampleTable(whole, shape, self._sizes)

    def _flush(self) -> None:
        """Move what is held to disk."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="relugeom-")  # noqa: SIM115 (the table closes it)
                self._release = weakref.finalize(self, self._file.close)  # or nobody ever has the table
            for piece in self._pieces:
                self._file.write(piece.tobytes())
            self._file.flush()
        except OSError as error:
            if self._file is not None:
                with suppress(OSError):  # the rest does not fit either
                    self._file.close()
            where = "" if tempfile.tempdir is None else f" {tempfile.tempdir!r}"
            raise DataError(
                f"the data do not fit in memory, and the temporary folder{where} cannot hold them ({error.strerror}): "
                f"name a folder with more room in the environment variable TMPDIR"
            ) from None
        self._pieces.clear()
