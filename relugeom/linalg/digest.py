"""Digests of content: two values are the same when their digests are.

Every part is preceded by its type and its length, so that no two different lists of parts give the same
bytes.
"""

import hashlib

import numpy as np

from relugeom.linalg.arrays import FloatArray

__all__ = ["content_digest"]


def content_digest(kind: str, *parts: "str | int | bytes | FloatArray") -> str:
    """SHA-256 (hexadecimal) of a list of parts.

    Arrays count with their shape and their little-endian float64 values, −0 as +0.
    """
    state = hashlib.sha256()
    for part in (kind, *parts):
        if isinstance(part, str):
            tag, content = b"s", part.encode("utf-8", "surrogatepass")
        elif isinstance(part, int):
            tag, content = b"i", str(part).encode()
        elif isinstance(part, bytes):
            tag, content = b"b", part
        else:
            tag = b"a" + repr(tuple(int(size) for size in part.shape)).encode()
            content = (np.ascontiguousarray(part, dtype="<f8") + 0.0).tobytes()
        state.update(b"%s:%d:" % (tag, len(content)))
        state.update(content)
    return state.hexdigest()
