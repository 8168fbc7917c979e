"""Rigorous bounds on the rounding errors of float64 sums of products, and signs that follow from them.

Notation: u = 2⁻⁵³. A sum of k products and terms evaluated in any order, with or without fused operations, errs by
at most γ_k Σ|terms| with γ_k = k u / (1 − k u) [Higham, *Accuracy and Stability of Numerical Algorithms*, 2002,
section 3.1], plus at most 2⁻¹⁰⁷⁴ for each product that underflows. For float32 these are u = 2⁻²⁴ and 2⁻¹⁴⁹.
"""

from typing import NamedTuple

import numpy as np

from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import scaled_integers

__all__ = ["FLOAT32", "FLOAT64", "Precision", "SignArray", "row_signs", "sum_error"]

SignArray = np.ndarray[tuple[int, int], np.dtype[np.int8]]


class Precision(NamedTuple):
    """A float format: u, its smallest positive number, and its largest number."""

    roundoff: float
    smallest: float
    largest: float


FLOAT64 = Precision(2.0**-53, 2.0**-1074, float(np.finfo(np.float64).max))
FLOAT32 = Precision(2.0**-24, 2.0**-149, float(np.finfo(np.float32).max))


def sum_error(magnitude: FloatArray, terms: int, precision: Precision = FLOAT64) -> FloatArray:
    """Bound of the error of a float sum.

    Parameters
    ----------
    magnitude
        Σ|terms|, itself evaluated in float64 (any shape).
    terms
        Number of products and addends of the sum.
    precision
        The format in which the sum is evaluated.
    """
    # The magnitude was rounded too, and so is this product: 2 (k + 2) u covers both for every k below 2⁵⁰.
    return magnitude * (2.0 * (terms + 2) * precision.roundoff) + 2.0 * terms * precision.smallest


def row_signs(A: FloatArray, b: FloatArray, x: FloatArray) -> SignArray:
    """Sign of A x − b at each point, exactly.

    Parameters
    ----------
    A, b
        Rows, shapes (k, n) and (k,).
    x
        Points, shape (s, n).

    Returns
    -------
    SignArray
        −1, 0 or 1, shape (s, k).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        value = x @ A.T - b
        magnitude = np.abs(x) @ np.abs(A).T + np.abs(b)
        settled = np.abs(value) > sum_error(magnitude, A.shape[1] + 1)  # False too where a sum overflowed
        # Sums of integers below 2⁵³ have no error, in whichever order: one-hot groups lie exactly on their rows.
        whole_rows = (np.floor(A) == A).all(axis=1) & (b == np.floor(b))
        touched = (x != np.floor(x)).astype(np.float64) @ (A != 0).T.astype(np.float64)
        settled |= whole_rows & (touched == 0) & (magnitude <= 2.0**52)
    signs = np.sign(np.where(settled, value, 0.0)).astype(np.int8)
    for sample, row in np.argwhere(~settled):
        signs[sample, row] = _exact_sign(A[row], float(b[row]), x[sample])
    return signs


def _exact_sign(row: FloatArray, value: float, point: FloatArray) -> int:
    coefficients, _ = scaled_integers(np.append(row, value))
    coordinates, j = scaled_integers(point)
    products = (a * c for a, c in zip(coefficients[:-1], coordinates, strict=True))
    total = sum(products) - (coefficients[-1] << j)
    return (total > 0) - (total < 0)
