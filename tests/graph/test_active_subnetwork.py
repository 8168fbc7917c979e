"""G_u against the network it comes from: which nodes stay, and what the paths through them compute."""

from fractions import Fraction
from itertools import pairwise, product

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relugeom.errors import PatternError
from relugeom.graph.active_subnetwork import active_subnetwork, same_subnetwork, strongest_arcs
from relugeom.network.activation import activation_pattern
from relugeom.network.effective import effective_map
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

SMALL = st.integers(-3, 3).map(float)


@st.composite
def networks(draw, max_layers=3):
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=max_layers + 1))
    weights, biases = [], []
    for inputs, width in pairwise(sizes):
        entries = draw(st.lists(SMALL, min_size=width * (inputs + 1), max_size=width * (inputs + 1)))
        table = np.array(entries).reshape(width, inputs + 1)
        weights.append(table[:, 1:])
        biases.append(table[:, 0])
    return ReLUNetwork(tuple(weights), tuple(biases))


@st.composite
def patterned_networks(draw):
    network = draw(networks())
    bits = draw(st.lists(st.booleans(), min_size=network.units, max_size=network.units))
    return network, ActivationPattern.from_bits(network.widths, bits)


def summed_paths(graph, tail, head):
    """The sum over all paths of the product of their weights, in rationals."""
    if tail == head:
        return Fraction(1)
    return sum(
        (Fraction(graph[tail][after]["weight"]) * summed_paths(graph, after, head) for after in graph[tail]),
        Fraction(0),
    )


def read_effective_map(graph, network):
    outputs = [f"output:{index}" for index in range(network.outputs)]
    omega = [[float(summed_paths(graph, f"input:{i}", head)) for i in range(network.inputs)] for head in outputs]
    bias = [
        float(sum(Fraction(value) * summed_paths(graph, key, head) for key, value in graph.nodes(data="bias")))
        for head in outputs
    ]
    return omega, bias


@given(patterned_networks())
def test_paths_sum_to_the_effective_map(case):
    network, pattern = case
    omega, bias = effective_map(network, pattern)
    for prune in (False, True):
        found = read_effective_map(active_subnetwork(network, pattern, prune_unreached=prune), network)
        assert found == (omega.tolist(), bias.tolist())


@given(networks(), st.data())
def test_inputs_are_equivalent_iff_their_subnetworks_are_equal(network, data):
    u, v = (data.draw(st.lists(SMALL, min_size=network.inputs, max_size=network.inputs)) for _ in range(2))
    patterns = [activation_pattern(network, x) for x in (u, v)]
    first, second = (active_subnetwork(network, pattern) for pattern in patterns)
    assert same_subnetwork(first, second) == (patterns[0] == patterns[1])


def test_every_pattern_has_a_graph_of_its_own():
    network = ReLUNetwork.from_layers((np.zeros((2, 2)), np.zeros(2)), (np.zeros((2, 2)), np.zeros(2)), ([[0, 0]], [0]))
    graphs = [active_subnetwork(network, f"{a}{b}/{c}{d}") for a, b, c, d in product("01", repeat=4)]
    for (i, first), (j, second) in product(enumerate(graphs), repeat=2):
        assert same_subnetwork(first, second) == (i == j)


def test_equality_is_of_labelled_graphs_not_isomorphism():
    network = ReLUNetwork.from_layers(([[1.0], [1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    first, second = active_subnetwork(network, "10"), active_subnetwork(network, "01")
    assert networkx.is_isomorphic(first, second)
    assert not same_subnetwork(first, second)


def test_hand_made_example():
    network = ReLUNetwork(
        weights=(np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([[0.5, -3.0]])),
        biases=(np.array([0.25, -1.0]), np.array([4.0])),
        input_names=("Age", "Fare"),
        output_names=("Survived",),
    )
    graph = active_subnetwork(network, "10")
    assert graph.graph == {"network": network.digest, "pattern": "10"}
    assert dict(graph.nodes(data=True)) == {
        "input:0": {"kind": "input", "layer": -1, "index": 0, "name": "Age", "bias": 0.0},
        "input:1": {"kind": "input", "layer": -1, "index": 1, "name": "Fare", "bias": 0.0},
        "unit:0:0": {"kind": "unit", "layer": 0, "index": 0, "name": "unit (0, 0)", "bias": 0.25},
        "output:0": {"kind": "output", "layer": 1, "index": 0, "name": "Survived", "bias": 4.0},
    }
    assert set(graph.edges(data="weight")) == {
        ("input:0", "unit:0:0", 1.0),
        ("input:1", "unit:0:0", 0.0),
        ("unit:0:0", "output:0", 0.5),
    }


def test_units_without_a_path_to_an_output_can_be_pruned():
    network = ReLUNetwork.from_layers(
        ([[1.0], [1.0], [1.0]], [0, 0, 0]),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0, 0]),
        ([[0.0, 1.0]], [0.0]),
    )
    graph = active_subnetwork(network, "111/11", prune_unreached=True)
    assert set(graph) == {"input:0", "unit:0:1", "unit:1:1", "output:0"}
    assert set(active_subnetwork(network, "101/11", prune_unreached=True)) == {"input:0", "unit:1:1", "output:0"}


def test_a_network_without_hidden_layers_is_its_own_subnetwork():
    network = ReLUNetwork.from_layers(([[1.0, 2.0]], [3.0]))
    assert set(active_subnetwork(network, "-").edges) == {("input:0", "output:0"), ("input:1", "output:0")}


@pytest.mark.parametrize("pattern", ["1/1", "101", ActivationPattern.from_text((3,), "101")])
def test_a_pattern_of_another_shape_is_refused(pattern):
    network = ReLUNetwork.from_layers(([[1.0], [1.0]], [0, 0]), ([[1.0, 1.0]], [0]))
    with pytest.raises(PatternError):
        active_subnetwork(network, pattern)


def test_the_strongest_arcs_are_those_that_move_the_outputs_by_a_typical_step_of_an_input():
    """An input in small units has small weights; its spread makes up for that."""
    network = ReLUNetwork.from_layers(([[1.0, 0.01, 0.5]], [0.0]), ([[2.0]], [0.0]))
    graph = active_subnetwork(network, "1")
    kept = strongest_arcs(graph, [1.0, 1000.0, 1.0], most=1)
    assert set(kept.edges) == {("input:1", "unit:0:0"), ("unit:0:0", "output:0")}
    assert (kept.graph["hidden_arcs"], kept.graph["hidden_inputs"]) == (2, 2)
    assert same_subnetwork(strongest_arcs(graph, [1.0, 1000.0, 1.0], most=3), graph)
    assert len(graph.edges) == 4, "the graph itself stays as it is"
