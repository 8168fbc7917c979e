"""Drawings of active subnetworks: layers from left to right, arcs coloured by sign and with widths by weight.

A graph is a value here: nodes and arcs with the attributes that `relugeom.graph.active_subnetwork` gives them.
"""

import warnings
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from relugeom.errors import InputError
from relugeom.files import write_whole
from relugeom.linalg.arrays import FloatArray
from relugeom.report.plots import FRAME, NEGATIVE, POSITIVE, plain_text

__all__ = ["PICTURE_SUFFIXES", "LayeredGraph", "draw_graph", "write_drawing"]

PICTURE_SUFFIXES = (".png", ".svg")
"""The kinds of file that `write_drawing` writes."""

MAX_ARCS = 4000
MAX_NAMED = 80
MAX_WIDTH, MAX_HEIGHT = 60.0, 30.0  # inches

_FILLS = {"input": "#e8edf2", "unit": "#ffffff", "output": "#e8edf2"}


class LayeredGraph(Protocol):
    """What a drawing needs of a graph; a `networkx.DiGraph` has it."""

    graph: Mapping[str, Any]

    def nodes(self, *, data: bool) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Keys and attributes of the nodes."""

    def edges(self, *, data: str) -> Iterable[tuple[str, str, float]]:
        """Tail, head and one attribute of each arc."""


def draw_graph(graph: LayeredGraph) -> Figure:
    """Draw a subnetwork.

    Of more than 4,000 arcs only the strongest are drawn, and the picture says so; layers of more than 80 nodes go
    without labels.
    """
    layers: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}
    for key, attributes in graph.nodes(data=True):
        layers.setdefault(attributes["layer"], []).append((key, attributes))
    width = min(4.0 + 1.8 * (max(layers) - min(layers)), MAX_WIDTH)
    height = min(1.5 + 0.32 * max(map(len, layers.values())), MAX_HEIGHT)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_ylim(-1.0, 0.0)
    positions = {
        key: (float(layer), -(rank + 0.5) / len(nodes))
        for layer, nodes in layers.items()
        for rank, (key, _) in enumerate(nodes)
    }
    hidden = _draw_arcs(axes, graph, positions)
    for nodes in layers.values():
        _draw_nodes(axes, nodes, positions, named=len(nodes) <= MAX_NAMED)
    figure.suptitle(f"Active subnetwork of {plain_text(graph.graph['pattern'], max_length=60)}", fontsize=10)
    legend = "Weights: blue positive, orange negative, dotted zero; the wider, the larger."
    figure.supxlabel(legend + (f" {hidden:,} weaker arcs are not drawn." if hidden else ""), fontsize=8)
    return figure


def write_drawing(graph: LayeredGraph, path: str | Path) -> None:
    """Draw a subnetwork into a ``.png`` or ``.svg`` file; equal graphs give equal files.

    Raises
    ------
    InputError
        The suffix is another one, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise InputError(f"{str(path)!r}: a picture is written to a file that ends in {' or '.join(PICTURE_SUFFIXES)}")
    buffer = BytesIO()
    metadata = {"Software": None} if suffix == ".png" else {"Date": None, "Creator": None}
    with matplotlib.rc_context({"svg.hashsalt": "relugeom", "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # boxes in a .png
        draw_graph(graph).savefig(buffer, format=suffix[1:], dpi=150, metadata=metadata)
    write_whole(path, buffer.getvalue())


def _draw_arcs(axes: Axes, graph: LayeredGraph, positions: Mapping[str, tuple[float, float]]) -> int:
    """Draw the strongest arcs, the weakest of them first, and return how many are left out."""
    arcs = list(graph.edges(data="weight"))
    weights = np.array([weight for _, _, weight in arcs], dtype=np.float64)
    drawn = np.argsort(np.abs(weights), kind="stable")[-MAX_ARCS:]
    segments = [(positions[arcs[arc][0]], positions[arcs[arc][1]]) for arc in drawn]
    lines = LineCollection(
        segments,
        colors=np.select([weights[drawn] > 0, weights[drawn] < 0], [POSITIVE, NEGATIVE], FRAME).tolist(),
        linewidths=_widths(weights[drawn]),
        linestyles=["solid" if weight else "dotted" for weight in weights[drawn]],
        alpha=0.8,
        zorder=1,
    )
    axes.add_collection(lines)
    return len(arcs) - len(drawn)


def _widths(weights: FloatArray) -> FloatArray:
    largest = np.abs(weights).max(initial=0.0)
    return 0.4 + 3.0 * np.abs(weights) / (largest or 1.0)


def _draw_nodes(
    axes: Axes, nodes: list[tuple[str, Mapping[str, Any]]], positions: Mapping[str, tuple[float, float]], *, named: bool
) -> None:
    """Draw one layer: names beside inputs and outputs, the index inside units."""
    x, y = zip(*(positions[key] for key, _ in nodes), strict=True)
    kind = nodes[0][1]["kind"]
    axes.scatter(
        x, y, s=170 if named else 12, c=_FILLS[kind], edgecolors=FRAME, linewidths=0.8, zorder=2, clip_on=False
    )
    if not named:
        return
    for key, attributes in nodes:
        if kind == "unit":
            axes.annotate(str(attributes["index"]), positions[key], ha="center", va="center", fontsize=7)
            continue
        side = -1 if kind == "input" else 1
        axes.annotate(
            plain_text(attributes["name"]),
            positions[key],
            xytext=(9 * side, 0),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center",
            fontsize=9,
        )
