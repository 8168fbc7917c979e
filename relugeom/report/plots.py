"""Pictures as matplotlib figures, without pyplot and its global state."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from relugeom.errors import InputError
from relugeom.graph.region_graph import RegionGraph
from relugeom.report.graph_layout import layout_graph
from relugeom.report.palette import FRAME, LARGEST_DRAWN, NEGATIVE, PALETTE, POSITIVE, fitting
from relugeom.report.region_map import RegionMap
from relugeom.report.scene import output_bands

__all__ = [
    "cluster_map_axes",
    "importance_axes",
    "output_map_axes",
    "plain_text",
    "region_graph_axes",
]

_BELOW, _ABOVE = ("#c25a12", "#cf8049", "#daa078", "#e4c4ab"), ("#b3cadd", "#84aed0", "#538fc1", "#1f6fb2")
_SHADES = ("#e1e8ed", "#c6d7e5", "#abc6dc", "#8fb5d4", "#74a4cb", "#5993c3", "#3d82bb", "#2271b3")
TONES = (
    dict(zip(("o0", "o1", "o2", "o3", "o5", "o6", "o7", "o8"), (*_BELOW, *_ABOVE), strict=True))
    | {f"s{step}": colour for step, colour in enumerate(_SHADES)}
    | {f"k{at}": colour for at, colour in enumerate(PALETTE)}
)
"""The tones of `relugeom.report.scene` on a light background."""


def plain_text(text: str, *, max_length: int = 40) -> str:
    """A name as matplotlib draws it: shortened, and safe from its mathematics between dollar signs."""
    return fitting(text, max_length=max_length).replace("$", r"\$")


def importance_axes(importance: pd.DataFrame, output: str, cluster: int, *, axes: Axes | None = None) -> Axes:
    """Draw the effective vector of one cluster as bars [paper, Fig. 1], on `axes` or on a new figure.

    Raises
    ------
    InputError
        There is no such cluster or output.
    """
    own = importance[(importance["output"] == output) & (importance["cluster"] == cluster)]
    if own.empty:
        raise InputError(f"there is no importance of cluster {cluster} for the output {output!r}")
    coefficients = own.set_index("feature")["coefficient"].clip(-LARGEST_DRAWN, LARGEST_DRAWN)
    return _bars(_new_axes() if axes is None else axes, coefficients, f"Cluster {cluster}: {plain_text(output)}")


def output_map_axes(region_map: RegionMap, *, axes: Axes | None = None) -> Axes:
    """Draw a map of regions in bands of the output (or by the largest output), with the samples and the decision."""
    drawn, (bands, legend) = _new_axes() if axes is None else axes, output_bands(region_map)
    for parts in bands:
        for tone, corners in parts:
            drawn.fill(corners[:, 0], corners[:, 1], color=TONES[tone], linewidth=0.0)
    segments = [list(segment) for segment in region_map.boundary]
    drawn.add_collection(LineCollection(segments, colors="black", linewidths=1.6, zorder=4))
    return _finished_map(drawn, region_map, [(TONES[tone], words) for tone, words in legend])


def cluster_map_axes(region_map: RegionMap, *, axes: Axes | None = None) -> Axes:
    """Draw a map of regions coloured by the cluster with their pattern, with the samples on top."""
    drawn = _new_axes() if axes is None else axes
    for row, cluster in enumerate(region_map.clusters.tolist()):
        corners = region_map.cut.polygon(row)
        drawn.fill(corners[:, 0], corners[:, 1], color=_cluster_colour(cluster), linewidth=0.0)
    met = sorted(set(region_map.clusters.tolist()))
    legend = [(_cluster_colour(cluster), f"cluster {cluster}" if cluster else "no samples") for cluster in met[:10]]
    return _finished_map(drawn, region_map, legend)


def region_graph_axes(graph: RegionGraph, *, axes: Axes | None = None) -> Axes:
    """Draw the region graph: discs sized by their samples, joined if regions share a facet."""
    drawn, places = _new_axes() if axes is None else axes, layout_graph(graph)
    drawn.add_collection(LineCollection(list(places[graph.edges]), colors=FRAME, linewidths=0.8, zorder=1))
    largest = max(int(graph.samples.max(initial=0)), 1)
    drawn.scatter(
        places[:, 0],
        places[:, 1],
        s=25.0 + 250.0 * graph.samples / largest,
        c=[_cluster_colour(cluster) for cluster in graph.clusters.tolist()],
        edgecolors=FRAME,
        linewidths=0.8,
        zorder=2,
    )
    drawn.set_axis_off()
    return drawn


def _bars(axes: Axes, coefficients: pd.Series, title: str) -> Axes:
    """Draw one panel of bars, with the first feature on top."""
    positions = np.arange(len(coefficients))
    axes.patch.set_alpha(0.0)
    axes.barh(positions, coefficients, color=np.where(coefficients > 0, POSITIVE, NEGATIVE), height=0.7)
    axes.axvline(0.0, color=FRAME, linewidth=0.8)
    axes.set_title(title, fontsize=10)
    axes.set_yticks(positions, [plain_text(str(name)) for name in coefficients.index])
    axes.invert_yaxis()
    axes.tick_params(length=0, labelsize=9)
    axes.grid(axis="x", color=FRAME, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return axes


def _finished_map(axes: Axes, region_map: RegionMap, legend: Sequence[tuple[str, str]]) -> Axes:
    """Add borders, samples, names and a legend to a map."""
    rows = range(len(region_map.cut))
    edges = [np.vstack([region_map.cut.polygon(row), region_map.cut.polygon(row)[:1]]) for row in rows]
    axes.add_collection(LineCollection(edges, colors="white", linewidths=0.6, zorder=3))
    dots = region_map.dots
    if len(dots):
        colours = [_cluster_colour(cluster) for cluster in dots["cluster"]]
        sizes = 8.0 + 60.0 * dots["samples"] / dots["samples"].max() * (dots["samples"].max() > 1)
        axes.scatter(dots["x"], dots["y"], s=sizes, c=colours, edgecolors="black", linewidths=0.5, zorder=5)
    (left, low), (right, high) = region_map.cut.outline.min(axis=0), region_map.cut.outline.max(axis=0)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    axes.set_xlabel(plain_text(region_map.names[0]))
    axes.set_ylabel(plain_text(region_map.names[1]))
    handles = [Patch(color=colour, label=plain_text(words, max_length=60)) for colour, words in legend]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return axes


def _new_axes() -> Axes:
    return Figure(figsize=(7.0, 4.6), layout="constrained").add_subplot()


def _cluster_colour(cluster: int) -> str:
    return PALETTE[cluster - 1] if 1 <= cluster <= len(PALETTE) else (FRAME if cluster else "#e3e7eb")
