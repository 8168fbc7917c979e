"""Drawings of subnetworks: any names, any size, the same file each time."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from report_samples import HOSTILE

from relugeom.errors import InputError
from relugeom.graph.active_subnetwork import active_subnetwork
from relugeom.network.network import ReLUNetwork
from relugeom.printing import printable
from relugeom.report.graph_drawing import graph_svg, write_drawing
from relugeom.report.graph_figure import draw_graph


def subnetwork(*sizes, pattern=None, names=()):
    weights = [np.linspace(-1, 1, b * a).reshape(b, a) for a, b in pairwise(sizes)]
    network = ReLUNetwork(tuple(weights), tuple(np.zeros(size) for size in sizes[1:]), input_names=names)
    return active_subnetwork(network, pattern or "/".join("1" * size for size in sizes[1:-1]) or "-")


def arcs(svg):
    """Colour and width of each arc."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}line")
    return [(each.get("stroke"), float(each.get("stroke-width"))) for each in found]


def test_hostile_names_are_words_of_a_valid_picture(tmp_path):
    path = tmp_path / "graph.svg"
    write_drawing(subnetwork(len(HOSTILE), 3, 1, names=HOSTILE), path)
    texts = {element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")}
    assert {printable(name) for name in HOSTILE} <= texts
    write_drawing(subnetwork(len(HOSTILE), 3, 1, names=HOSTILE), tmp_path / "graph.png")


def test_arcs_tell_sign_and_magnitude():
    drawn = arcs(graph_svg(subnetwork(3, 1)))
    assert len({colour for colour, _ in drawn}) == 3
    assert drawn[0][1] < drawn[1][1] == drawn[2][1]


def test_only_the_strongest_of_many_arcs_are_drawn():
    svg, figure = (draw(subnetwork(100, 90, 10)) for draw in (graph_svg, draw_graph))
    assert len(arcs(svg)) == 4000
    assert "5,900 weaker arcs are not drawn" in svg
    assert len(figure.axes[0].collections[0].get_segments()) == 4000
    assert "5,900 weaker arcs are not drawn" in figure.get_supxlabel()


@pytest.mark.parametrize("pattern", ["00/00", "00/11", "11/00"])
def test_layers_may_be_empty(pattern, tmp_path):
    for name in ("graph.png", "graph.svg"):
        write_drawing(subnetwork(2, 2, 2, 1, pattern=pattern), tmp_path / name)


@pytest.mark.parametrize("suffix", [".png", ".SVG"])
def test_equal_graphs_give_equal_files(tmp_path, suffix):
    paths = [tmp_path / (name + suffix) for name in ("first", "second")]
    for path in paths:
        write_drawing(subnetwork(2, 3, 1), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_another_suffix_is_refused_and_the_supported_ones_named(tmp_path):
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        write_drawing(subnetwork(2, 3, 1), tmp_path / "graph.pdf")
    assert not list(tmp_path.iterdir())
