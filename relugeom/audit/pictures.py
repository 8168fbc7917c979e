"""Pictures of a report: a map through two features, the region graph, and the largest clusters' subnetworks.

A picture that cannot be drawn is left out, and a sentence says why; it never stops the report. Planes, polygons and
graphs are computed here, for the report to lay out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from relugeom.audit.inputs import find_features
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DomainError
from relugeom.geometry.domain import Domain
from relugeom.graph.active_subnetwork import active_subnetwork, strongest_arcs
from relugeom.graph.region_graph import RegionGraph, region_graph
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.planes import find_plane, rank_pairs
from relugeom.measures.shades import decision_lines, shade_regions
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.report.content import ReportContent
from relugeom.report.graph_layout import MAX_NODES
from relugeom.report.profiles import overall_of
from relugeom.report.region_map import SHADES, RegionMap, label_map, sample_dots

if TYPE_CHECKING:
    from relugeom.report.graph_layers import LayeredGraph

__all__ = ["Depicted", "choose_features", "draw_map", "with_pictures"]

MAX_SUBNETWORKS, MAX_SUBNETWORK_SIZE = 3, 60
"""Number of subnetworks that are drawn, and their largest numbers of units and inputs."""
MAX_ARCS = 40
"""Arcs into each layer of a drawn subnetwork: more cannot be told apart."""
MAX_POINTS = 6

Pair = tuple[int, int]
"""Two inputs, from 0, along which a map runs."""
Around = tuple[FloatArray, FloatArray]
"""Mean and spread of the samples, shape (n,) each."""


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
    maps, notes = _draw_maps(content, depicted, asked, deadline)
    return replace(
        content,
        maps=maps,
        graph=_draw_graph(content, depicted.partition, deadline),
        subnetworks=_draw_subnetworks(content, depicted.network),
        notes=[*content.notes, *notes],
    )


def draw_map(
    network: ReLUNetwork,
    domain: Domain,
    *,
    features: Sequence[Pair],
    around: Around | None = None,
    clusters: Mapping[str, int] | None = None,
    others: Sequence[tuple[str, FloatArray]] = (),
    time_limit: TimeLimit = None,
) -> RegionMap:
    """Draw the map along two features through the mean of the samples or, without samples, the middle of the domain.

    Parameters
    ----------
    features
        Pairs of inputs, from 0; the pair whose map shows most regions is taken (the first among equals).
    around
        Mean and spread of the samples, or None.
    clusters
        Numbers of the clusters, by pattern.
    others
        Further points, shape (n,), with words for them: they are tried if the map through the mean shows fewer than
        three regions.
    time_limit
        Seconds or a deadline for all planes that are tried.

    Raises
    ------
    DomainError
        No pair has a plane with an area in the domain.
    """
    names, points = zip(*others, strict=True) if others else ((), ())
    cut, number = find_plane(network, domain, features=features, around=around, others=points, time_limit=time_limit)
    typical = "the middle of the domain" if around is None else "the mean of the samples"
    through = (typical, "a point of the domain", *names)[number]
    shades = shade_regions(cut, bands=SHADES)
    return label_map(cut, shades, decision_lines(cut), clusters=clusters or {}, through=through)


def choose_features(network: ReLUNetwork, domain: Domain, content: ReportContent) -> list[Pair]:
    """Pairs of the features that move the outputs most and can vary, the strongest pair first.

    Without a table of importance, the first features are taken.
    """
    importance = content.importance
    total = importance["scaled"].abs().groupby(importance["feature"]).sum() if len(importance) else {}
    return rank_pairs(domain, np.array([float(total.get(name, 0.0)) for name in network.feature_names]))


def _draw_maps(
    content: ReportContent, depicted: Depicted, asked: Pair | None, deadline: Deadline
) -> tuple[list[RegionMap], list[str]]:
    """The map, or a sentence that says why there is none; neither without a domain."""
    if depicted.domain is None:
        return [], []
    pairs = choose_features(depicted.network, depicted.domain, content) if asked is None else [asked]
    if not pairs:
        return [], ["There is no map of regions, because fewer than two features can vary."]
    try:
        return [_with_samples(_map(content, depicted, depicted.domain, pairs, deadline), depicted)], []
    except DomainError as error:
        return [], [f"There is no map of regions: {error}."]


def _map(
    content: ReportContent, depicted: Depicted, domain: Domain, pairs: Sequence[Pair], deadline: Deadline
) -> RegionMap:
    """Draw the map around the samples that the content tells of."""
    return draw_map(
        depicted.network,
        domain,
        features=pairs,
        around=_mean_and_spread(content),
        clusters=dict(zip(content.clusters["pattern"], content.clusters["cluster"], strict=True)),
        others=_inside_regions(depicted.partition) if len(pairs) > 1 else (),
        time_limit=deadline,
    )


def _with_samples(drawn: RegionMap, depicted: Depicted) -> RegionMap:
    """The map with the samples on top, if they are available."""
    if depicted.samples is None or depicted.assignment is None:
        return drawn
    return replace(drawn, dots=sample_dots(depicted.samples, depicted.assignment, drawn.cut.features))


def _mean_and_spread(content: ReportContent) -> Around | None:
    """Mean and spread of the samples, if there are any."""
    overall = overall_of(content)
    if overall is None or overall.empty:
        return None
    return overall["mean"].to_numpy(dtype=np.float64), overall["spread"].to_numpy(dtype=np.float64)


def _inside_regions(partition: Partition | None) -> list[tuple[str, FloatArray]]:
    """Interior points of the first regions, through which maps may run."""
    points = () if partition is None else partition.points[:MAX_POINTS]
    return [(f"a point inside region {row}", point) for row, point in enumerate(points, start=1)]


def _draw_graph(content: ReportContent, partition: Partition | None, deadline: Deadline) -> RegionGraph | None:
    """The graph of regions that share a facet, if there are several but not too many."""
    if partition is None or not 1 < len(partition) <= MAX_NODES:
        return None
    clusters = content.clusters
    known = zip(clusters["pattern"], clusters["cluster"], clusters["samples"], strict=True)
    return region_graph(partition, list(known), time_limit=deadline)


def _draw_subnetworks(content: ReportContent, network: ReLUNetwork) -> "dict[int, LayeredGraph]":
    """Active subnetworks of the largest clusters, if the network is small."""
    if network.units + network.inputs > MAX_SUBNETWORK_SIZE:
        return {}
    largest = content.clusters.head(MAX_SUBNETWORKS)
    around = _mean_and_spread(content)
    spread = np.ones(network.inputs) if around is None else around[1]
    numbered = zip(largest["cluster"], largest["pattern"], strict=True)
    return {
        int(cluster): strongest_arcs(active_subnetwork(network, str(pattern)), spread.tolist(), most=MAX_ARCS)
        for cluster, pattern in numbered
    }
