"""Inputs drawn uniformly from a domain."""

import numpy as np

from relugeom.geometry.domain import Domain, contains_admissible
from relugeom.linalg.arrays import FloatArray

__all__ = ["draw_admissible"]

BLOCK, DRAWS_PER_INPUT = 4096, 100


def draw_admissible(domain: Domain, count: int, *, seed: int = 0) -> FloatArray:
    """Admissible inputs, drawn independently and uniformly; the same for every call with the same seed.

    Integers and members of one-hot groups have equal probabilities, continuous features a uniform density. Inputs are
    drawn from the box and kept if they are admissible.

    Returns
    -------
    FloatArray
        Shape (k, n), k ≤ `count`: fewer if too few draws were admissible, none if a side is open.
    """
    random, whole = np.random.default_rng(seed), domain.integral
    found = [np.zeros((0, domain.inputs))]
    size = 0
    left = DRAWS_PER_INPUT * count if np.isfinite([domain.lower, domain.upper]).all() else 0
    low = np.where(whole, np.ceil(domain.lower), domain.lower)
    high = np.where(whole, np.floor(domain.upper) + 1.0, domain.upper)
    while size < count and left > 0:
        share = random.random((BLOCK, domain.inputs))
        points = np.clip(low * (1 - share) + high * share, domain.lower, domain.upper)
        points[:, whole] = np.floor(points[:, whole])
        for group in domain.groups:
            points[:, list(group)] = np.eye(len(group))[random.integers(len(group), size=BLOCK)]
        kept = points[contains_admissible(domain, points)][: count - size]
        found, size, left = [*found, kept], size + len(kept), left - BLOCK
    return np.vstack(found)
