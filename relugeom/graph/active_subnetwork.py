"""The active subnetwork G_u of a pattern [paper, section 3].

The network is a directed acyclic graph: one node per input, unit and output, one arc per weight. A pattern prunes its
inactive units together with their arcs; the remaining graph computes the pattern's effective map: Ω_{ji} is the sum,
over all paths from input i to output j, of the product of their weights. An arc of weight 0 is an arc of the network
and stays one, so that G_u depends on the pattern alone and u ~ v ⇔ G_u = G_v.
"""

from collections.abc import Sequence

import networkx
import numpy as np

from relugeom.errors import PatternError
from relugeom.linalg.arrays import BoolArray
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["active_subnetwork", "same_subnetwork", "strongest_arcs"]


def active_subnetwork(
    network: ReLUNetwork, pattern: ActivationPattern | str, *, prune_unreached: bool = False
) -> networkx.DiGraph:
    """Graph that remains when the units that a pattern calls inactive are pruned.

    Parameters
    ----------
    pattern
        A pattern of this network, or its text.
    prune_unreached
        Also prune units from which no path of non-zero weights reaches an output. The effective map stays the same,
        but two patterns may then share their graph.

    Returns
    -------
    networkx.DiGraph
        Nodes ``"input:0"``, ``"unit:0:3"`` (layer, index) and ``"output:0"`` with the attributes ``kind`` (``"input"``,
        ``"unit"``, ``"output"``), ``layer`` (inputs: −1; outputs: the number of hidden layers), ``index``, ``name`` and
        ``bias`` (inputs: 0). Arcs carry their ``weight``, the graph its ``network`` (digest) and ``pattern`` (text).

    Raises
    ------
    PatternError
        The pattern belongs to a network of another shape.
    """
    if isinstance(pattern, str):
        pattern = ActivationPattern.from_text(network.widths, pattern)
    if pattern.widths != network.widths:
        raise PatternError(f"a pattern of layers {pattern.widths} does not fit a network of layers {network.widths}")
    kept = [np.ones(network.inputs, np.bool_), *pattern.layers, np.ones(network.outputs, np.bool_)]
    if prune_unreached:
        kept = _reaching(network, kept)

    graph = networkx.DiGraph(network=network.digest, pattern=str(pattern))
    indices = [np.flatnonzero(flags) for flags in kept]
    keys = [[_node_key(network, level, index) for index in chosen.tolist()] for level, chosen in enumerate(indices)]
    for level, chosen in enumerate(indices):
        for key, index in zip(keys[level], chosen.tolist(), strict=True):
            graph.add_node(key, **_node_attributes(network, level, index))
    for level, weight in enumerate(network.weights):
        block = weight[np.ix_(indices[level + 1], indices[level])].tolist()
        for head, row in zip(keys[level + 1], block, strict=True):
            graph.add_weighted_edges_from((tail, head, value) for tail, value in zip(keys[level], row, strict=True))
    return graph


def strongest_arcs(graph: networkx.DiGraph, spread: Sequence[float], *, most: int) -> networkx.DiGraph:
    """The part of a subnetwork that a picture can show: the strongest arcs into each layer.

    Parameters
    ----------
    graph
        An active subnetwork.
    spread
        Standard deviation of each input: an arc from an input is as strong as |weight| · spread, so that the units of
        the inputs do not matter; any other is as strong as |weight|.
    most
        Number of arcs into each layer that are kept.

    Returns
    -------
    networkx.DiGraph
        A graph without the weaker arcs and without inputs that have no other; its attributes ``hidden_arcs`` and
        ``hidden_inputs`` count what was left out.
    """
    layer, index, kind = (dict(graph.nodes(data=name)) for name in ("layer", "index", "kind"))
    into: dict[int, list[tuple[float, str, str]]] = {}
    for tail, head, weight in graph.edges(data="weight"):
        scale = spread[index[tail]] if kind[tail] == "input" else 1.0
        into.setdefault(layer[head], []).append((abs(weight) * scale, tail, head))
    weaker = [arc for arcs in into.values() for arc in sorted(arcs, key=lambda arc: -arc[0])[most:]]
    kept = graph.copy()
    kept.remove_edges_from((tail, head) for _, tail, head in weaker)
    alone = [node for node, degree in kept.degree() if not degree and kind[node] == "input"] if weaker else []
    kept.remove_nodes_from(alone)
    kept.graph |= {"hidden_arcs": len(weaker), "hidden_inputs": len(alone)}
    return kept


def same_subnetwork(first: networkx.DiGraph, second: networkx.DiGraph) -> bool:
    """Whether two subnetworks are equal as labelled graphs: the same nodes and arcs with the same attributes."""
    return dict(first.nodes(data=True)) == dict(second.nodes(data=True)) and bool(first.adj == second.adj)


def _reaching(network: ReLUNetwork, kept: list[BoolArray]) -> list[BoolArray]:
    """Of the kept nodes of each level, those that reach an output; inputs stay."""
    reaching = list(kept)
    for level in range(len(network.widths), 0, -1):
        reaching[level] = kept[level] & (network.weights[level][reaching[level + 1]] != 0).any(axis=0)
    return reaching


def _node_key(network: ReLUNetwork, level: int, index: int) -> str:
    if level == 0:
        return f"input:{index}"
    return f"unit:{level - 1}:{index}" if level <= len(network.widths) else f"output:{index}"


def _node_attributes(network: ReLUNetwork, level: int, index: int) -> dict[str, str | int | float]:
    if level == 0:
        kind, name, bias = "input", network.feature_names[index], 0.0
    else:
        bias = float(network.biases[level - 1][index])
        if level <= len(network.widths):
            kind, name = "unit", f"unit ({level - 1}, {index})"
        else:
            kind, name = "output", network.target_names[index]
    return {"kind": kind, "layer": level - 1, "index": index, "name": name, "bias": bias}
