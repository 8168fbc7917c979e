"""Digests of content: two values are the same when their digests are.

Every part is preceded by its type and its length, so that no two different lists of parts give the same
bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from relugeom.linalg.arrays import FloatArray

__all__ = ["Chunked", "content_digest", "names_digest"]


class Chunked(Protocol):
    """An array that comes in pieces: which rows, and their values."""

    shape: tuple[int, int]

    def chunks(self) -> Iterator[tuple[slice, FloatArray]]:
        """All rows in order."""


def content_digest(kind: str, *parts: "str | int | bytes | FloatArray | Chunked") -> str:
    """SHA-256 (hexadecimal) of a list of parts.

    Arrays count with their shape and their little-endian float64 values, −0 as +0; in pieces or not.
    """
    state = hashlib.sha256()
    for part in (kind, *parts):
        if isinstance(part, str):
            _add(state, b"s", part.encode("utf-8", "surrogatepass"))
        elif isinstance(part, int):
            _add(state, b"i", str(part).encode())
        elif isinstance(part, bytes):
            _add(state, b"b", part)
        elif isinstance(part, np.ndarray):
            _add(state, _array_tag(part.shape), _array_bytes(part))
        else:
            state.update(b"%s:%d:" % (_array_tag(part.shape), 8 * part.shape[0] * part.shape[1]))
            for _, values in part.chunks():
                state.update(_array_bytes(values))
    return state.hexdigest()


def names_digest(inputs: Sequence[str], outputs: Sequence[str] = (), classes: Sequence[str] = ()) -> str:
    """SHA-256 (hexadecimal) of the names of inputs, outputs and classes, each list preceded by its length."""
    return content_digest(
        "names", *(text for names in (inputs, outputs, classes) for text in (str(len(names)), *names))
    )


def _add(state: "hashlib._Hash", tag: bytes, content: bytes) -> None:
    state.update(b"%s:%d:" % (tag, len(content)))
    state.update(content)


def _array_tag(shape: tuple[int, ...]) -> bytes:
    return b"a" + repr(tuple(int(size) for size in shape)).encode()


def _array_bytes(values: FloatArray) -> bytes:
    return (np.ascontiguousarray(values, dtype="<f8") + 0.0).tobytes()
