"""Writing a certificate line by line, into its place only once it is whole."""

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

from relugeom.certificate.header import WIDTH
from relugeom.errors import InputError
from relugeom.files import place_to_write

__all__ = ["CertificateFile"]

BLOCK = 1 << 20
"""Bytes that are moved together."""


class CertificateFile:
    """A certificate that is being written; leaving the block without an exception puts it in its place.

    Attributes
    ----------
    regions, unexplored, proofs, closed
        What its tree holds so far, for the last line.
    """

    def __init__(self, path: str | Path, header: bytes) -> None:
        self.path = place_to_write(path)
        self._part = self.path.with_name(f".{token_hex(8)}.part")
        try:
            self._file = self._part.open("w+b")
        except OSError as error:
            raise InputError(f"{str(path)!r} cannot be written: {error.strerror}") from error
        self._header = header
        self.regions = self.unexplored = self.proofs = self.closed = 0
        self._marks: list[tuple[int, int]] = []
        self.multiplier_bits = self.point_bits = 1

    def __enter__(self) -> Self:
        try:
            self.write(self._header)
        except InputError:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
                self._file.close()
                self._part.replace(self.path)
        except OSError as failure:
            raise InputError(f"{str(self.path)!r} cannot be written: {failure.strerror}") from failure
        finally:
            self._discard()

    def write(self, content: bytes) -> None:
        """Append lines of the tree."""
        try:
            self._file.write(content)
        except OSError as error:
            raise InputError(f"{str(self.path)!r} cannot be written: {error.strerror}") from error

    def count_bits(self, *multipliers: int) -> None:
        """Note how long multipliers are, for the header."""
        self.multiplier_bits = max(self.multiplier_bits, *(abs(value).bit_length() for value in multipliers))

    def tell(self) -> int:
        """Where the next line begins."""
        return self._file.tell()

    def mark(self, begin: int, end: int) -> None:
        """Name a subtree in the index: from its mark to where it ends."""
        self._marks.append((begin, end))

    def begin_again(self, header: bytes, size: int) -> None:
        """Replace the header, and keep this many bytes of what follows it."""
        shift, begin = len(header) - len(self._header), len(self._header)
        moved = range(0, size, BLOCK)
        for offset in reversed(moved) if shift > 0 else moved:  # no block is written over before it was read
            self._file.seek(begin + offset)
            content = self._file.read(min(BLOCK, size - offset))
            self._file.seek(begin + offset + shift)
            self.write(content)
        self._file.seek(0)
        self.write(header)
        self._header = header
        self._file.seek(len(header) + size)
        self._file.truncate()

    def _discard(self) -> None:
        """Take away what was not put in its place; a disk that is full refuses even the last bytes of it."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink()

    def _finish(self) -> None:
        index = self._file.tell()
        for begin, end in self._marks:
            self._file.write(b"%x %x\n" % (begin, end))
        counts = (self.regions, self.unexplored, self.proofs, self.closed, index)
        self._file.write(b"end " + b" ".join(b"%x" % count for count in counts) + b"\n")
        for name, bits in (("multiplier_bits", self.multiplier_bits), ("point_bits", self.point_bits)):
            key = f'"{name}": "'.encode()
            self._file.seek(self._header.index(key) + len(key))
            self._file.write(f"{bits:0{WIDTH}x}".encode())
