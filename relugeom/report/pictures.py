"""Pictures of a report: a map through two features, the region graph, and the largest clusters' subnetworks.

A picture that cannot be drawn is left out, and a sentence says why; it never stops the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DomainError
from relugeom.geometry.domain import Domain
from relugeom.graph.active_subnetwork import active_subnetwork
from relugeom.graph.region_graph import region_graph
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.report.content import ReportContent
from relugeom.report.graph_layout import MAX_NODES
from relugeom.report.profiles import overall_of
from relugeom.report.region_map import RegionMap, choose_features, draw_map, find_features, sample_dots

__all__ = ["Depicted", "with_pictures"]

MAX_SUBNETWORKS, MAX_SUBNETWORK_SIZE = 3, 60
"""Number of subnetworks that are drawn, and their largest numbers of units and inputs."""
MAX_POINTS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Depicted:
    """Values from which pictures are drawn.

    Attributes
    ----------
    network, domain
        Network and domain of the run; None for a run without a domain.
    partition
        Regions of the run, or None if there are none or too many to load for a picture.
    samples, assignment
        The samples, shape (s, n), and the cluster of each from 0, shape (s,); None if they are not available.
    """

    network: ReLUNetwork
    domain: Domain | None
    partition: Partition | None = None
    samples: FloatArray | None = field(default=None, repr=False)
    assignment: IntArray | None = field(default=None, repr=False)


def with_pictures(
    content: ReportContent,
    depicted: Depicted,
    *,
    map_features: Sequence[str] | None = None,
    time_limit: TimeLimit = None,
) -> ReportContent:
    """The content, with every picture that can be drawn.

    Parameters
    ----------
    map_features
        Names of the two features of the map; by default, the two that move the outputs most.
    time_limit
        Seconds or a deadline; pictures that are not drawn by then are left out.

    Raises
    ------
    InputError
        The network has no such features.
    """
    deadline = Deadline.of(time_limit)
    asked = None if map_features is None else find_features(depicted.network, map_features)
    notes = list(content.notes)
    maps: list[RegionMap] = []
    if depicted.domain is not None:
        pairs = choose_features(depicted.network, depicted.domain, content.importance) if asked is None else [asked]
        try:
            maps = [_map(content, depicted, depicted.domain, pairs, deadline)] if pairs else []
        except DomainError as error:
            notes.append(f"There is no map of regions: {error}.")
        if not pairs:
            notes.append("There is no map of regions, because fewer than two features can vary.")
    clusters = content.clusters
    graph = None
    if depicted.partition is not None and 1 < len(depicted.partition) <= MAX_NODES:
        known = zip(clusters["pattern"], clusters["cluster"], clusters["samples"], strict=True)
        graph = region_graph(depicted.partition, list(known), time_limit=deadline)
    drawn = clusters.head(MAX_SUBNETWORKS) if _is_small(depicted.network) else clusters.head(0)
    subnetworks = {
        int(cluster): active_subnetwork(depicted.network, str(pattern))
        for cluster, pattern in zip(drawn["cluster"], drawn["pattern"], strict=True)
    }
    return replace(content, maps=maps, graph=graph, subnetworks=subnetworks, notes=notes)


def _map(
    content: ReportContent,
    depicted: Depicted,
    domain: Domain,
    pairs: Sequence[tuple[int, int]],
    deadline: Deadline,
) -> RegionMap:
    """Draw the map, with the samples on top if they are available."""
    drawn = draw_map(
        depicted.network,
        domain,
        features=pairs,
        overall=overall_of(content),
        clusters=content.clusters,
        others=_inside_regions(depicted.partition) if len(pairs) > 1 else (),
        time_limit=deadline,
    )
    if depicted.samples is None or depicted.assignment is None:
        return drawn
    return replace(drawn, dots=sample_dots(depicted.samples, depicted.assignment, drawn.cut.features))


def _inside_regions(partition: Partition | None) -> list[tuple[str, FloatArray]]:
    """Interior points of the first regions, through which maps may run."""
    if partition is None:
        return []
    return [
        (f"a point inside region {row + 1}", partition.points[row]) for row in range(min(len(partition), MAX_POINTS))
    ]


def _is_small(network: ReLUNetwork) -> bool:
    return network.units + network.inputs <= MAX_SUBNETWORK_SIZE
