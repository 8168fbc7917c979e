"""How an audit shares its time: every part gets a share of what is left, and leaves to the next ones what it saves.

Weights (`Shares`) say what comes first where time is short: the list of regions, its proof and the questions get most.
Reading, clustering and writing rows are not parts, since nothing of them can be left out; what is written is bounded by
the regions that are listed (`affordable`).
"""

from dataclasses import asdict
from math import isfinite
from typing import NamedTuple

from relugeom.budget import Shares
from relugeom.deadline import Deadline
from relugeom.network.network import ReLUNetwork

__all__ = ["Affordable", "Schedule", "affordable"]

ROWS_PER_SECOND = 300_000
"""Rows that a store takes."""
STORING = 0.15
"""Part of the whole time for the rows of clusters, and for those of regions."""
LEAST = 10
"""Of so many regions and clusters there are rows in any case."""


class Schedule:
    """The deadline of an audit, and of its parts in turn."""

    def __init__(self, deadline: Deadline, shares: Shares) -> None:
        self.deadline = deadline
        self._left: dict[str, float] = asdict(shares)

    def part(self, name: str) -> Deadline:
        """When a part must end that begins now; parts before it that have not begun are left out."""
        while next(iter(self._left)) != name:
            del self._left[next(iter(self._left))]
        share = self._left[name] / sum(self._left.values())
        del self._left[name]
        return self.deadline.share(share)


class Affordable(NamedTuple):
    """How many regions are listed at most, and of how many clusters, the largest, features are told; None for all."""

    regions: int | None
    clusters: int | None


def affordable(network: ReLUNetwork, deadline: Deadline) -> Affordable:
    """What a store takes in good time: each region and each cluster is several rows per input.

    A region is a row per input and one per coefficient; a cluster is one per feature, coefficient and effect.
    """
    if not isfinite(deadline.end):
        return Affordable(None, None)
    rows = STORING / 2 * deadline.seconds_left * ROWS_PER_SECOND
    n, m = network.inputs, network.outputs
    return Affordable(*(max(int(rows / each), LEAST) for each in (1 + n + m * (n + 1), 1 + n + m * (2 * n + 1))))
