"""Which pictures a report shows: a map through two features, the region graph, the largest clusters' subnetworks.

What cannot be drawn is left out, and a sentence says why; a picture never stops a report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from relugeom.errors import DomainError
from relugeom.geometry.domain import Domain
from relugeom.graph.active_subnetwork import active_subnetwork
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.report.content import ReportContent
from relugeom.report.profiles import overall_profile
from relugeom.report.region_graph import MAX_NODES, region_graph
from relugeom.report.region_map import RegionMap, choose_features, draw_map, find_features, sample_dots

__all__ = ["Subject", "with_pictures"]

MAX_SUBNETWORKS, MAX_SUBNETWORK_SIZE = 3, 60
"""How many subnetworks are drawn, and of how many units and inputs at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What pictures are drawn from.

    Attributes
    ----------
    network, domain
        As audited; a run without a domain has None.
    partition
        Its regions, or None where there are none or too many to be loaded for a picture.
    samples, assignment
        The samples, shape (s, n), and the cluster of each from 0, shape (s,); None where they are not at hand.
    """

    network: ReLUNetwork
    domain: Domain | None
    partition: Partition | None = None
    samples: FloatArray | None = field(default=None, repr=False)
    assignment: IntArray | None = field(default=None, repr=False)


def with_pictures(
    content: ReportContent, subject: Subject, *, map_features: Sequence[str] | None = None
) -> ReportContent:
    """The content with every picture that can be drawn of it.

    Parameters
    ----------
    map_features
        Names of the two features of the map; by default those that move the outputs most.

    Raises
    ------
    InputError
        The network has no such features.
    """
    asked = None if map_features is None else find_features(subject.network, map_features)
    notes = list(content.notes)
    maps: list[RegionMap] = []
    chosen = asked
    if subject.domain is not None:
        chosen = asked or choose_features(subject.network, subject.domain, content.importance)
        if chosen is None:
            notes.append("There is no map of regions: fewer than two features are free to move.")
        else:
            try:
                maps.append(_map(content, subject, chosen))
            except DomainError as error:
                notes.append(f"There is no map of regions: {error}.")
    clusters = content.clusters
    graph = None
    if subject.partition is not None and 1 < len(subject.partition) <= MAX_NODES:
        known = zip(clusters["pattern"], clusters["cluster"], clusters["samples"], strict=True)
        graph = region_graph(subject.partition, list(known))
    drawn = clusters.head(MAX_SUBNETWORKS) if _is_small(subject.network) else clusters.head(0)
    subnetworks = {
        int(cluster): active_subnetwork(subject.network, str(pattern))
        for cluster, pattern in zip(drawn["cluster"], drawn["pattern"], strict=True)
    }
    return replace(content, maps=maps, graph=graph, subnetworks=subnetworks, notes=notes)


def _map(content: ReportContent, subject: Subject, features: tuple[int, int]) -> RegionMap:
    assert subject.domain is not None
    dots: pd.DataFrame | None = None
    if subject.samples is not None and subject.assignment is not None:
        dots = sample_dots(subject.samples, subject.assignment, features)
    return draw_map(
        subject.network,
        subject.domain,
        features=features,
        overall=overall_profile(content.clusters, content.profiles) if len(content.profiles) else None,
        clusters=content.clusters,
        dots=dots,
    )


def _is_small(network: ReLUNetwork) -> bool:
    return network.units + network.inputs <= MAX_SUBNETWORK_SIZE
