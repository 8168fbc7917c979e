"""The schedule of an audit: every part gets a share of the remaining time, and leaves what it saves to the next ones.

Weights (`Shares`) say what matters most when time is short: the list of regions, its proof and the questions get most.
Reading, clustering and writing rows are not parts, since nothing in them can be left out; the rows to write are bounded
by limiting the regions that are listed (`affordable`), and time for the report is kept by its rows (`report_seconds`).
"""

from dataclasses import asdict
from math import isfinite
from typing import NamedTuple

from relugeom.budget import Shares
from relugeom.deadline import Deadline
from relugeom.network.network import ReLUNetwork

__all__ = ["Affordable", "Schedule", "affordable", "report_seconds", "share_time", "work_ends"]

ROWS_PER_SECOND = 300_000
"""Rows that a store takes per second."""
STORING = 0.15
"""Part of the whole time for writing the rows of clusters, and those of regions."""
LEAST, MOST_CLUSTERS = 10, 1_000
"""Regions and clusters whose rows are written in any case, and most clusters whose features are recorded."""

REPORT_SECONDS, REPORT_ROWS_PER_SECOND = 1.2, 125_000
"""Time that every report takes without its pictures, the end of the run included, and its rows per second."""
MOST_KEPT = 0.5
"""Part of the time that is kept for the report at most."""

PREFIX_BYTES, BYTES_PER_POINT = 10_000_000, 60
"""Room for the regions of a list that cannot be finished, and what each takes per input."""
STORE_BYTES, TIMES_DATA = 20_000_000, 10
"""Size of the artefacts of an audit: the larger one of this, and of so many times the data in float64."""
BYTES_PER_REGION, BYTES_PER_NUMBER = 200, 25
"""What a complete list takes for each region, and for each of its coordinates and coefficients."""


class Schedule:
    """Deadlines of an audit and, in turn, of its parts."""

    def __init__(self, deadline: Deadline, shares: Shares) -> None:
        self.deadline = deadline
        self._left: dict[str, float] = asdict(shares)

    def part(self, name: str) -> Deadline:
        """Deadline for a part that begins now; parts before it that have not begun are left out."""
        while next(iter(self._left)) != name:
            del self._left[next(iter(self._left))]
        share = self._left[name] / sum(self._left.values())
        del self._left[name]
        return self.deadline.share(share)


class Affordable(NamedTuple):
    """Most regions that are listed (None for all), clusters (the largest) whose features are recorded, regions of a
    list that cannot be finished, and regions for which a store has room.
    """

    regions: int | None
    clusters: int
    prefix: int
    room: int


def affordable(network: ReLUNetwork, samples: int, deadline: Deadline) -> Affordable:
    """What can be stored in reasonable time: each region and each cluster has several rows per input.

    A region has one row per input and one per coefficient; a cluster has one per feature, coefficient and effect.
    """
    prefix = max(PREFIX_BYTES // (BYTES_PER_POINT * (network.inputs + 1)), LEAST)
    n, m = network.inputs, network.outputs
    size = max(STORE_BYTES, TIMES_DATA * 8 * n * samples)
    room = size // (BYTES_PER_REGION + BYTES_PER_NUMBER * (n + m * (n + 1)))
    if not isfinite(deadline.end):
        return Affordable(None, MOST_CLUSTERS, prefix, room)
    rows = STORING / 2 * deadline.seconds_left * ROWS_PER_SECOND
    regions, clusters = (max(int(rows / each), LEAST) for each in (1 + n + m * (n + 1), _rows_per_cluster(network)))
    return Affordable(regions, min(clusters, MOST_CLUSTERS), prefix, room)


def report_seconds(network: ReLUNetwork, clusters: int) -> float:
    """Seconds in which the report of so many clusters is read and written, without pictures."""
    return REPORT_SECONDS + clusters * _rows_per_cluster(network) / REPORT_ROWS_PER_SECOND


def work_ends(deadline: Deadline, report: float) -> Deadline:
    """End of the work, such that so many seconds are left for the report; of a short time, half is left."""
    return deadline.later(-min(report, MOST_KEPT * deadline.seconds_left))


def share_time(network: ReLUNetwork, samples: int, deadline: Deadline, shares: Shares) -> tuple[Affordable, Schedule]:
    """What can be stored in the time that is left after reading, and the schedule of the work before the report."""
    most = affordable(network, samples, deadline)
    return most, Schedule(work_ends(deadline, report_seconds(network, min(most.clusters, samples))), shares)


def _rows_per_cluster(network: ReLUNetwork) -> int:
    return 1 + network.inputs + network.outputs * (2 * network.inputs + 1)
