"""Confidence intervals for shares that were estimated by sampling."""

import numpy as np

from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["confidence_interval"]


def confidence_interval(hits: IntArray, size: int, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Clopper and Pearson's interval for the share behind each count of hits among `size` draws.

    Parameters
    ----------
    hits
        Counts from 0 to `size`, any shape.
    confidence
        The least probability with which an interval holds its share, between 0 and 1.

    References
    ----------
    Clopper & Pearson, *The use of confidence or fiducial limits*, Biometrika 26 (1934).
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = betaincinv(np.maximum(hits, 1), size - hits + 1, tail)
    high = betaincinv(hits + 1, np.maximum(size - hits, 1), 1 - tail)
    return np.where(hits == 0, 0.0, low), np.where(hits == size, 1.0, high)
