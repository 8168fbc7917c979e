"""Frames: the messages between a program and the process that runs its query.

A frame is a length and a pair of a word and a value, written by `marshal`.
"""

import marshal
import struct
from typing import IO, Any

from relugeom.errors import RelugeomError

__all__ = ["RefusedError", "receive", "send"]

LENGTH = struct.Struct("<Q")


class RefusedError(RelugeomError):
    """The database refused the query; holds the name and the text of its error."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name, self.message = name, message


def send(stream: IO[bytes], word: str, value: Any) -> None:
    """Write one frame."""
    frame = marshal.dumps((word, value))
    stream.write(LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[str, Any] | None:
    """Read one frame; None if the other side has ended."""
    start = stream.read(LENGTH.size)
    if len(start) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(start)
    frame = stream.read(length)
    if len(frame) < length:
        return None
    word, value = marshal.loads(frame)
    return word, value
