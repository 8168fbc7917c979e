"""Array types, and immutable arrays.

Every array that a frozen value holds is a private, C-ordered, read-only copy made by `frozen_array`.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["BoolArray", "ByteArray", "FloatArray", "IntArray", "frozen_array", "frozen_flags"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]


def frozen_array(values: ArrayLike) -> FloatArray:
    """Read-only float64 copy of `values`, with −0 turned into +0."""
    array = np.array(values, dtype=np.float64, order="C")
    array += 0.0  # −0 + 0 = +0: equal values get equal bytes
    array.setflags(write=False)
    return array


def frozen_flags(values: Any) -> BoolArray:
    """Read-only boolean copy of `values`."""
    array = np.array(values, dtype=np.bool_, order="C")
    array.setflags(write=False)
    return array
