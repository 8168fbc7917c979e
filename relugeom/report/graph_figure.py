"""Drawings of active subnetworks as matplotlib figures, for pictures in pixels."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from relugeom.report.graph_layers import FILLS, LayeredGraph, Layout, layered
from relugeom.report.palette import FRAME
from relugeom.report.plots import plain_text

__all__ = ["draw_graph"]


def draw_graph(graph: LayeredGraph) -> Figure:
    """Draw a subnetwork as `relugeom.report.graph_drawing` does."""
    layout = layered(graph)
    figure = Figure(figsize=(layout.width / 72, layout.height / 72), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_ylim(-1.0, 0.0)
    axes.add_collection(
        LineCollection(
            [(layout.positions[arc.tail], layout.positions[arc.head]) for arc in layout.arcs],
            colors=[arc.colour for arc in layout.arcs],
            linewidths=[arc.width for arc in layout.arcs],
            linestyles=["solid" if arc.weight else "dotted" for arc in layout.arcs],
            alpha=0.8,
            zorder=1,
        )
    )
    for nodes in layout.layers:
        _draw_nodes(axes, nodes, layout)
    figure.suptitle(layout.title(plain_text), fontsize=10)
    figure.supxlabel(layout.legend, fontsize=8)
    return figure


def _draw_nodes(axes: Axes, nodes: Sequence[tuple[str, Mapping[str, Any]]], layout: Layout) -> None:
    """Draw one layer: names beside inputs and outputs, the index inside units."""
    positions, named = layout.positions, layout.is_named(nodes)
    x, y = zip(*(positions[key] for key, _ in nodes), strict=True)
    kind = nodes[0][1]["kind"]
    axes.scatter(x, y, s=170 if named else 12, c=FILLS[kind], edgecolors=FRAME, linewidths=0.8, zorder=2, clip_on=False)
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
