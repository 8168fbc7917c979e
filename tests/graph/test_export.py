"""Graph files read back as the graph that was written, whatever the names."""

import json
from xml.etree import ElementTree

import networkx
import numpy as np
import pytest

from relugeom.errors import InputError
from relugeom.graph.active_subnetwork import active_subnetwork, same_subnetwork
from relugeom.graph.export import write_graph
from relugeom.network.network import ReLUNetwork

PLAIN_NAMES = (r"$\bad{$", "[bold]", "<script>alert('&')</script>", '"quotes"', "=1+1", "Größe 漢字", "tab\tand\nline")
CONTROL_NAMES = ("\x1b[31mred", "nul\x00", "bell\x07", "\ud800", "\uffff", "carriage\rreturn", "\x85")


def named_graph(names):
    weights = np.linspace(-1 / 3, 1e-300, 2 * len(names)).reshape(2, len(names))
    network = ReLUNetwork((weights, np.array([[0.1, 0.0]])), (np.array([1e17, 0.0]), np.zeros(1)), input_names=names)
    return active_subnetwork(network, "11")


@pytest.mark.parametrize("names", [PLAIN_NAMES, CONTROL_NAMES])
def test_json_reads_back_as_the_same_graph(tmp_path, names):
    graph = named_graph(names)
    write_graph(graph, tmp_path / "graph.json")
    content = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    read = networkx.node_link_graph(content, edges="edges")
    assert networkx.utils.graphs_equal(read, graph)


def test_graphml_reads_back_as_the_same_graph(tmp_path):
    graph = named_graph(PLAIN_NAMES)
    write_graph(graph, tmp_path / "graph.graphml")
    read = networkx.read_graphml(tmp_path / "graph.graphml")
    assert same_subnetwork(read, graph)
    assert read.graph.items() >= graph.graph.items()


def test_graphml_stays_xml_with_control_characters(tmp_path):
    path = tmp_path / "graph.GraphML"
    graph = named_graph(CONTROL_NAMES)
    write_graph(graph, path)
    ElementTree.parse(path)
    names = [name for key, name in networkx.read_graphml(path).nodes(data="name") if key.startswith("input")]
    assert names == [r"\x1b[31mred", r"nul\x00", r"bell\x07", r"\ud800", r"\uffff", r"carriage\rreturn", "\x85"]
    assert graph.nodes["input:0"]["name"] == "\x1b[31mred"


def test_equal_graphs_give_equal_files(tmp_path):
    for suffix in (".graphml", ".json"):
        for name in ("first", "second"):
            write_graph(named_graph(PLAIN_NAMES), tmp_path / (name + suffix))
        assert (tmp_path / f"first{suffix}").read_bytes() == (tmp_path / f"second{suffix}").read_bytes()


def test_another_suffix_is_refused_and_the_supported_ones_named(tmp_path):
    with pytest.raises(InputError, match=r"\.graphml or \.json"):
        write_graph(named_graph(PLAIN_NAMES), tmp_path / "graph.dot")
    assert not list(tmp_path.iterdir())
