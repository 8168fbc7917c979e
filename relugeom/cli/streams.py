"""Standard streams that may be closed, full or without a reader; a verb writes to them and never notices.

A reader who stops reading (``| head -1``) has what they wanted: the rest is dropped, and the exit code stays the verb's
own. If the standard output is closed or full, the answer is lost: one line on the error stream says so, and the exit
code is that of bad usage. Text that the error stream does not accept is dropped, since there is nowhere left to report
it.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from typing import Any, TextIO

__all__ = ["StandardOutput", "standard_streams"]

CLOSED = "it is closed"
ERRORS = "backslashreplace"
"""How characters are written that the terminal's encoding lacks."""


class StandardOutput(io.RawIOBase):
    """The lowest layer of a stream, on a file descriptor that it does not own.

    Attributes
    ----------
    failure
        Why something that was written is lost; empty if nothing is.
    is_lost
        Whether everything that is written from now on is dropped.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self.failure = ""
        self.is_lost = False

    def writable(self) -> bool:
        """Always true."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._descriptor is not None and os.isatty(self._descriptor)

    def fileno(self) -> int:
        """Its file descriptor."""
        if self._descriptor is None:
            raise io.UnsupportedOperation(CLOSED)
        return self._descriptor

    def write(self, content: Any, /) -> int:
        """Write all of it, or drop it and remember why."""
        if self._descriptor is None:
            self.failure = CLOSED
        rest = memoryview(content)
        while rest and self._descriptor is not None and not self.is_lost:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select([], [self._descriptor], [])
            except BrokenPipeError:
                self.is_lost = True
            except OSError as error:
                self.is_lost, self.failure = True, error.strerror or str(error)
        return len(content)


@contextmanager
def standard_streams() -> Iterator[StandardOutput]:
    """Install standard streams that never fail while the context lasts; yields what became of the output.

    Streams that were replaced already, as tests do, are left alone.
    """
    _fill_closed_descriptors()
    before = sys.stdout, sys.stderr
    output = StandardOutput(_descriptor(sys.stdout))
    ends = (output, StandardOutput(_descriptor(sys.stderr)))
    sys.stdout, sys.stderr = (_stream(old, end) for old, end in zip(before, ends, strict=True))
    try:
        yield output
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _fill_closed_descriptors() -> None:
    """Open something in place of closed standard streams; else the next file opened would be taken for one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free


def _is_real(stream: TextIO | None) -> bool:
    return isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, io.BufferedWriter | io.FileIO)


def _descriptor(stream: TextIO | None) -> int | None:
    return stream.fileno() if stream is not None and _is_real(stream) else None


def _stream(old: TextIO | None, end: StandardOutput) -> TextIO:
    """A stream like the old one on another lowest layer; characters that its encoding lacks are escaped."""
    if old is None:
        return io.TextIOWrapper(io.BufferedWriter(end), encoding="utf-8", errors=ERRORS)
    if not isinstance(old, io.TextIOWrapper):
        return old
    if not _is_real(old):
        old.reconfigure(errors=ERRORS)
        return old
    old.flush()
    new = io.TextIOWrapper(io.BufferedWriter(end), encoding=old.encoding, errors=ERRORS)
    new.reconfigure(line_buffering=old.line_buffering)
    return new
