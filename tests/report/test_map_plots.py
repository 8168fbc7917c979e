"""Figures as plain functions: each draws on the axes that it is given, or on its own, whatever the names."""

from io import StringIO

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from report_samples import HOSTILE, made_up_content, pictured_content

from relugeom.errors import InputError
from relugeom.report.plots import cluster_map_axes, importance_axes, output_map_axes, region_graph_axes


@pytest.fixture(scope="module")
def content():
    return pictured_content()


@pytest.mark.parametrize("draw", [output_map_axes, cluster_map_axes])
def test_a_map_fills_the_slice(content, draw):
    region_map = content.maps[0]
    axes = draw(region_map)
    assert (axes.get_xlabel(), axes.get_ylabel()) == region_map.names
    assert axes.get_xlim() == (-2.0, 2.0)
    filled = [patch.get_path().vertices[:-1] for patch in axes.patches]
    areas = [abs(np.dot(c[:, 0], np.roll(c[:, 1], -1)) - np.dot(c[:, 1], np.roll(c[:, 0], -1))) / 2 for c in filled]
    assert sum(areas) == pytest.approx(16.0, rel=1e-9)


def test_a_map_of_clusters_has_one_polygon_for_each_region(content):
    assert len(cluster_map_axes(content.maps[0]).patches) == len(content.maps[0].patterns)


def test_a_graph_has_every_region_and_facet(content):
    axes = region_graph_axes(content.graph)
    assert sorted(len(collection.get_paths()) for collection in axes.collections)[-1] >= len(content.graph.edges)
    assert any(len(collection.get_offsets()) == len(content.graph.patterns) for collection in axes.collections)


def test_a_cluster_has_its_bars():
    importance = made_up_content().importance
    axes = importance_axes(importance, "Survived", 2)
    expected = importance.loc[importance["cluster"] == 2, "coefficient"].tolist()
    assert [bar.get_width() for bar in axes.patches] == expected
    for asked in (("Survived", 99), ("nothing", 1)):
        with pytest.raises(InputError, match=f"cluster {asked[1]} for the output '{asked[0]}'"):
            importance_axes(importance, *asked)


def test_figures_are_drawn_where_one_asks():
    content = pictured_content(HOSTILE[:3], output=HOSTILE[0])
    figure = Figure(layout="constrained")
    places = figure.subplots(2, 2).ravel()
    drawn = [
        output_map_axes(content.maps[0], axes=places[0]),
        cluster_map_axes(content.maps[0], axes=places[1]),
        region_graph_axes(content.graph, axes=places[2]),
        importance_axes(content.importance, HOSTILE[0], 1, axes=places[3]),
    ]
    assert drawn == list(places)
    buffer = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg")
    assert "&lt;script&gt;" in buffer.getvalue()
