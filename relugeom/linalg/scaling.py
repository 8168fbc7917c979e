"""Powers of 2 that bring numbers near 1, so that sums and squares of them neither overflow nor vanish.

Multiplying by a power of 2 rounds nothing, unless the result is subnormal; so a mean or a spread that is computed on
scaled numbers and scaled back equals the one computed without scaling, if that is possible at all.
"""

import numpy as np

from relugeom.linalg.arrays import FloatArray

__all__ = ["safe_factors"]

ORDINARY = 400
"""Binary exponents, up or down, within which squares and sums of numbers are far from the ends of float64."""


def safe_factors(largest: FloatArray) -> FloatArray:
    """Power of 2 by which to multiply each column so that it can be squared and added up; 1 if no scaling is needed.

    Parameters
    ----------
    largest
        The largest magnitude in each column, finite.
    """
    exponent = np.frexp(largest)[1]
    ordinary = (largest == 0) | (np.abs(exponent) <= ORDINARY)
    return np.ldexp(1.0, np.where(ordinary, 0, np.clip(-exponent - 2, -1074, 1000)))
