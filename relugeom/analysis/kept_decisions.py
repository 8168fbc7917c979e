"""Numbers of samples that keep their decision within a radius, from the distances that were found, proved or not."""

from collections.abc import Sequence
from dataclasses import dataclass

from relugeom.linalg.arrays import BoolArray, FloatArray

__all__ = ["KeptDecisions", "kept_decisions"]


@dataclass(frozen=True, slots=True)
class KeptDecisions:
    """Least (proved) and largest number of samples that keep their decision within a radius."""

    radius: float
    least: int
    most: int


def kept_decisions(distance: FloatArray, settled: BoolArray, radii: Sequence[float]) -> list[KeptDecisions]:
    """Count the samples that keep their decision within each radius.

    Parameters
    ----------
    distance
        Of the nearest input found with another decision, shape (s,); NaN without one.
    settled
        Whether it is known that no nearer one exists, shape (s,).
    """
    beyond = [~(distance <= radius) for radius in radii]
    return [
        KeptDecisions(radius, int((far & settled).sum()), int(far.sum()))
        for radius, far in zip(radii, beyond, strict=True)
    ]
