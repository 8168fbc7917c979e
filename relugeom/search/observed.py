"""Regions that hold samples: listed exactly without a search, where there are too many regions to list them all.

The one idea: a sample inside the domain at which no pre-activation is 0 proves that its pattern is a region, so the
clusters already name these regions; only a point in the interior of each is still to be found.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from relugeom.deadline import CLOCK, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus, TreeToken
from relugeom.search.float_points import find_float_points
from relugeom.search.locate import Locator
from relugeom.search.region_points import embed_points

__all__ = ["observed_regions"]

ONLY_OBSERVED = "only the regions that hold samples were looked for"
Found = tuple[bytes, FloatArray, tuple[Fraction, ...] | None]


def observed_regions(
    clusters: Clusters,
    representatives: FloatArray,
    domain: Domain,
    statuses: Sequence[PatternStatus],
    *,
    time_limit: TimeLimit = None,
) -> Partition:
    """List the regions that hold samples, as a TRUNCATED partition whose tree was not searched at all.

    Parameters
    ----------
    representatives
        The representative sample of each cluster, shape (k, n).
    statuses
        Status of each cluster's pattern on the domain.
    time_limit
        Seconds or a deadline; the regions of smaller clusters, and those whose samples lie on hyperplanes, may be
        missing then, and the reason says how many.
    """
    began, deadline, network = CLOCK.now(), Deadline.of(time_limit), clusters.network
    chart = domain_chart(domain)
    clear = np.flatnonzero(clusters.clear)
    packed, inner = clusters.packed[clear], representatives[clear][:, list(chart.free)]
    floats = find_float_points(chart, network, packed, inner, deadline)
    found: list[Found] = [
        (packed[row].tobytes(), floats.points[row], None) for row in np.flatnonzero(floats.proved).tolist()
    ]
    rest = np.flatnonzero(~floats.proved)
    points, rationals = embed_points(chart, network, packed[rest], inner[rest], {}, deadline)
    found += [(packed[rest[row]].tobytes(), point, rationals.get(row)) for row, point in enumerate(points)]
    on_planes = [
        row for row, status in enumerate(statuses) if status is PatternStatus.REGION and not clusters.clear[row]
    ]
    found += _located(clusters, on_planes, domain, deadline)
    found.sort(key=lambda region: region[0])
    left = len(clear) + len(on_planes) - len(found)
    return Partition(
        network=network,
        domain=domain,
        packed=np.frombuffer(b"".join(key for key, _, _ in found), np.uint8).reshape(len(found), packed.shape[1]),
        points=np.array([point for _, point, _ in found]).reshape(len(found), network.inputs),
        exact_points={row: exact for row, (_, _, exact) in enumerate(found) if exact is not None},
        tree=np.array([TreeToken.UNEXPLORED], dtype=np.uint8),
        dimension=chart.dimension,
        status=PartitionStatus.TRUNCATED,
        reason=ONLY_OBSERVED + (f"; time ran out for {left:,} of them" if left else ""),
        seconds=CLOCK.now() - began,
    )


def _located(clusters: Clusters, rows: Sequence[int], domain: Domain, deadline: Deadline) -> list[Found]:
    """Regions of clusters all of whose samples lie on hyperplanes, as far as there is time."""
    locator, found = Locator(clusters.network, domain), list[Found]()
    for row in rows:
        try:
            location = locator.locate(clusters[row].pattern, deadline=deadline)
        except DeadlinePassedError:
            break
        if location.point is not None:
            found.append((clusters.packed[row].tobytes(), location.point, location.exact_point))
    return found
