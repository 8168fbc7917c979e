"""Powers of 2 that bring numbers near 1, so that sums and squares of them neither overflow nor vanish.

Multiplying by a power of 2 rounds nothing, unless the result is subnormal; so a mean or a spread that is computed on
scaled numbers and scaled back is the one that would have been computed without, where that is possible at all.
"""

import numpy as np

from relugeom.linalg.arrays import FloatArray

__all__ = ["safe_factors"]

ORDINARY = 400
"""Binary exponents, up or down, within which squares and sums of numbers are far from the ends of float64."""


def safe_factors(largest: FloatArray) -> FloatArray:
    """For each column a power of 2 to multiply it with, so that it can be squared and added up; 1 where it can be.

    Parameters
    ----------
    largest
        The largest magnitude in each column, finite.
    """
    exponent = np.frexp(largest)[1]
    ordinary = (largest == 0) | (np.abs(exponent) <= ORDINARY)
    return np.ldexp(1.0, np.where(ordinary, 0, np.clip(-exponent - 2, -1074, 1000)))
