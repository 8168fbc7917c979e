"""The region graph: its edges against flipped bits, its drawing without overlaps."""

import numpy as np
import pytest
from networks import arrangement, he_network

from relugeom.geometry.domain import Domain
from relugeom.graph.region_graph import RegionGraph, region_graph
from relugeom.report.graph_layout import layout_graph
from relugeom.report.scene import graph_scene
from relugeom.search.enumeration import enumerate_regions


def test_two_lines_make_a_ring_of_four():
    partition = enumerate_regions(arrangement([[1, 0], [0, 1]]), Domain.box([-1, -1], [1, 1]))
    graph = region_graph(partition, [("10", 3, 40)])
    assert list(graph.patterns) == ["00", "01", "10", "11"]
    assert {tuple(edge) for edge in graph.edges.tolist()} == {(0, 1), (0, 2), (1, 3), (2, 3)}
    assert dict(zip(map(tuple, graph.edges.tolist()), graph.units, strict=True))[0, 1] == "0.1"
    assert graph.clusters.tolist() == [0, 0, 3, 0]
    assert graph.samples.tolist() == [0, 0, 40, 0]
    assert graph.complete


def test_the_drawing_is_the_same_each_time_and_keeps_nodes_apart():
    partition = enumerate_regions(he_network(2, 2, 10, 1), Domain.box([-2, -2], [2, 2]))
    graph = region_graph(partition)
    places = layout_graph(graph)
    assert np.array_equal(places, layout_graph(graph))
    assert places.min() >= 0
    assert places.max() <= 1
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(places))
    assert apart.min() > 0.2 / np.sqrt(len(places))


def test_neighbours_stand_closer_than_others():
    partition = enumerate_regions(he_network(3, 2, 9, 1), Domain.box([-2, -2], [2, 2]))
    graph = region_graph(partition)
    places = layout_graph(graph)
    joined = np.linalg.norm(places[graph.edges[:, 0]] - places[graph.edges[:, 1]], axis=1).mean()
    assert joined < 0.5 * np.linalg.norm(places[:, None] - places[None], axis=2).mean()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_graphs_without_edges_can_be_drawn(count):
    none = np.zeros(count, dtype=np.int64)
    graph = RegionGraph(["0"] * count, np.zeros((0, 2), dtype=np.int64), [], none, none, True)
    assert np.isfinite(layout_graph(graph)).all()
    assert len(graph_scene(graph).nodes) == count
