"""Maps and graphs in the pixels of an inline SVG: positions, tones and words, which the template writes and escapes.

A *tone* names a colour of the style sheet, so that one drawing serves light and dark backgrounds: o0 … o8 for outputs
below and above a threshold, s0 … s7 for outputs from small to large, k0 … k7 for classes, c1 … c8 for clusters, c0 for
none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np

from relugeom.graph.region_graph import RegionGraph
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.shades import Shading
from relugeom.report.formatting import display, map_text, shortened
from relugeom.report.graph_layout import layout_graph
from relugeom.report.region_map import SHADES, RegionMap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GraphScene", "MapScene", "Shape", "Tick", "class_names", "graph_scene", "map_scene", "output_bands"]

WIDTH, HEIGHT = 760, 520
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 12, 52
MAX_DOTS = 1500
MAX_PATTERN, MAX_OUTPUTS = 400, 3
"""Characters of a pattern, and outputs with their functions, that the title of a region shows."""
CLUSTER_TONES, CLASS_TONES = 8, 8
TONES = {
    Shading.THRESHOLD: [f"o{tone}" for tone in range(SHADES + 1) if tone != SHADES // 2],  # o4 is the threshold itself
    Shading.RANGE: [f"s{tone}" for tone in range(SHADES)],
    Shading.LARGEST: [f"k{tone}" for tone in range(CLASS_TONES)],
}
"""Tones of the parts of a region, by their numbers."""

Band = tuple[str, FloatArray]
"""A tone, and the corners of the part of a region with that tone."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A region of bands (tone, points) within its outline, or a circle (x, y, r); its tone, and the text that it
    shows.
    """

    title: str
    tone: str
    outline: str = ""
    bands: Sequence[tuple[str, str]] = ()
    x: str = ""
    y: str = ""
    r: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A position on an axis, in pixels, and its label."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class MapScene:
    """A map in pixels; legends are pairs (tone, words)."""

    x_name: str
    y_name: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    shapes: Sequence[Shape]
    dots: Sequence[Shape]
    hidden_dots: int
    boundary: str
    by_output: Sequence[tuple[str, str]]
    by_cluster: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class GraphScene:
    """A region graph in pixels; `edges` are (x1, y1, x2, y2, words)."""

    nodes: Sequence[Shape]
    edges: Sequence[tuple[str, str, str, str, str]]
    legend: Sequence[tuple[str, str]]


def map_scene(region_map: RegionMap) -> MapScene:
    """Positions of everything in a map."""
    place = _Placing(region_map.cut.outline.min(axis=0), region_map.cut.outline.max(axis=0))
    bands, legend = output_bands(region_map)
    across, up = (shortened(name, 40) for name in region_map.names)
    shown = _shown_dots(region_map.dots, place.low, place.high)
    return MapScene(
        x_name=across,
        y_name=up,
        x_ticks=[Tick(f"{x:.1f}", label) for x, label in place.ticks(0)],
        y_ticks=[Tick(f"{y:.1f}", label) for y, label in place.ticks(1)],
        shapes=[_region(region_map, row, parts, place) for row, parts in enumerate(bands)],
        dots=_dots(place(shown[["x", "y"]].to_numpy(dtype=np.float64)), shown["samples"], shown["cluster"]),
        hidden_dots=int(region_map.dots["samples"].sum() - shown["samples"].sum()),
        boundary=_lines(place(region_map.boundary)),
        by_output=legend,
        by_cluster=_cluster_legend(np.append(region_map.clusters, shown["cluster"].to_numpy(dtype=np.int64))),
    )


def _region(region_map: RegionMap, row: int, parts: Sequence[Band], place: "_Placing") -> Shape:
    """A region of a map, with the functions of the first outputs in its title."""
    network, cluster = region_map.cut.partition.network, int(region_map.clusters[row])
    names = [shortened(name, 40) for name in region_map.names]
    title = _region_words(row, region_map.patterns[row], cluster)
    for output, name in enumerate(network.target_names[:MAX_OUTPUTS]):
        title += f"\n{shortened(name, 40)} = {map_text(region_map.cut.maps[row, output], names)}"
    outline = _points(place(region_map.cut.polygon(row)))
    return Shape(title, _cluster_tone(cluster), outline, [(tone, _points(place(part))) for tone, part in parts])


def _shown_dots(dots: "pd.DataFrame", low: FloatArray, high: FloatArray) -> "pd.DataFrame":
    """Dots within the frame, small ones on top of large ones; of very many, an even selection."""
    dots = dots.sort_values("samples", ascending=False, kind="stable")
    inside = dots[dots["x"].between(low[0], high[0]) & dots["y"].between(low[1], high[1])]
    return inside.iloc[np.unique(np.linspace(0, len(inside) - 1, min(len(inside), MAX_DOTS)).astype(int))]


def graph_scene(graph: RegionGraph) -> GraphScene:
    """Positions of everything in a region graph."""
    places = layout_graph(graph) * [WIDTH - 80, HEIGHT - 80] + 40
    largest = max(int(graph.samples.max(initial=0)), 1)
    base = max(4.0, min(9.0, 120.0 / np.sqrt(max(len(graph.patterns), 1))))
    degree = np.bincount(graph.edges.ravel(), minlength=len(graph.patterns))
    nodes = [
        Shape(
            title=f"{_region_words(row, pattern, int(graph.clusters[row]))}"
            + (f"\n{display(int(graph.samples[row]))} samples" if graph.samples[row] else "\nno samples")
            + f"\n{display(int(degree[row]))} neighbours",
            tone=_cluster_tone(int(graph.clusters[row])),
            x=f"{places[row, 0]:.1f}",
            y=f"{places[row, 1]:.1f}",
            r=f"{base + 12.0 * np.sqrt(graph.samples[row] / largest):.1f}",
        )
        for row, pattern in enumerate(graph.patterns)
    ]
    edges = [
        (nodes[a].x, nodes[a].y, nodes[b].x, nodes[b].y, f"regions {a + 1} and {b + 1}, across unit {units}")
        for (a, b), units in zip(graph.edges.tolist(), graph.units, strict=True)
    ]
    return GraphScene(nodes, edges, _cluster_legend(graph.clusters))


def output_bands(region_map: RegionMap) -> tuple[list[list[Band]], list[tuple[str, str]]]:
    """The parts of each region with their tones, and a legend of the tones."""
    shades, network = region_map.shades, region_map.cut.partition.network
    tones = TONES[shades.shading]
    bands = [[(tones[number % len(tones)], part) for number, part in parts] for parts in shades.parts]
    if shades.shading is Shading.LARGEST:
        met = {tone for parts in bands for tone, _ in parts}
        named = ((tones[at % len(tones)], shortened(name, 30)) for at, name in enumerate(class_names(region_map)))
        return bands, [(tone, f"{name} is the largest") for tone, name in named if tone in met]
    name, threshold = shortened(network.target_names[0], 30), display(network.rule.upper)
    if shades.shading is Shading.THRESHOLD:
        return bands, [("o1", f"{name} ≤ {threshold}: class 0"), ("o7", f"{name} > {threshold}: class 1")]
    return bands, [(tones[0], f"{name} near {display(shades.low)}"), (tones[-1], f"near {display(shades.high)}")]


def class_names(region_map: RegionMap) -> Sequence[str]:
    """Names of the outputs when the largest decides."""
    network = region_map.cut.partition.network
    names = network.rule.class_names
    return names if len(names) == network.outputs else network.target_names


class _Placing:
    """Map from the values of two features to pixels."""

    def __init__(self, low: FloatArray, high: FloatArray) -> None:
        self.low, self.high = low, high
        self.reach = np.where(high > low, high - low, 1.0)

    def __call__(self, points: FloatArray) -> FloatArray:
        share = (np.asarray(points, dtype=np.float64).reshape(-1, 2) - self.low) / self.reach
        across = LEFT + share[:, 0] * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - share[:, 1] * (HEIGHT - TOP - BOTTOM)
        return np.column_stack([across, down])

    def ticks(self, axis: int) -> list[tuple[float, str]]:
        """Round values along one axis, in pixels."""
        low, high = float(self.low[axis]), float(self.high[axis])
        raw = (high - low) / 6.0
        if not raw > 0:
            return []
        power = 10.0 ** floor(log10(raw))
        step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
        values = [step * at for at in range(int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9)) + 1)]
        points = np.array([[value, value] for value in values]).reshape(-1, 2)
        return [(float(p), f"{value:.6g}") for p, value in zip(self(points)[:, axis], values, strict=True)]


def _points(places: FloatArray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places.tolist())


def _lines(ends: FloatArray) -> str:
    """Path of the segments between the first and the second, the third and the fourth end, and so on."""
    segments = ends.reshape(-1, 2, 2).tolist()
    return " ".join(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" for (x0, y0), (x1, y1) in segments)


def _dots(places: FloatArray, samples: Sequence[int], clusters: Sequence[int]) -> list[Shape]:
    most = max(samples, default=1)
    least = 2.6 if len(places) < 400 else 1.9
    return [
        Shape(
            title=f"{display(int(count))} sample{'' if count == 1 else 's'} of cluster {cluster}, projected",
            tone=_cluster_tone(int(cluster)),
            x=f"{x:.1f}",
            y=f"{y:.1f}",
            r=f"{least + 6.0 * np.sqrt(count / most) * (most > 1):.1f}",
        )
        for (x, y), count, cluster in zip(places.tolist(), samples, clusters, strict=True)
    ]


def _region_words(row: int, pattern: str, cluster: int) -> str:
    observed = f"cluster {cluster}" if cluster else "unobserved"
    return f"Region {row + 1}, pattern {shortened(pattern, MAX_PATTERN)}, {observed}"


def _cluster_tone(cluster: int) -> str:
    return f"c{cluster}" if cluster <= CLUSTER_TONES else "c9"


def _cluster_legend(clusters: IntArray) -> list[tuple[str, str]]:
    """Legend of the clusters that occur; the eight largest have entries of their own."""
    met = set(clusters.tolist())
    legend = [(f"c{number}", f"cluster {number}") for number in range(1, CLUSTER_TONES + 1) if number in met]
    if any(number > CLUSTER_TONES for number in met):
        legend.append(("c9", "smaller clusters"))
    return [*legend, ("c0", "no samples")] if 0 in met else legend
