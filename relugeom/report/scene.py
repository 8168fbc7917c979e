"""Maps and graphs in the pixels of an inline SVG: positions, tones and words, which the template writes and escapes.

A *tone* names a colour of the style sheet, so that one drawing serves light and dark paper: o0 … o8 for outputs below
and above a threshold, s0 … s7 for outputs from small to large, k0 … k7 for classes, c1 … c8 for clusters, c0 for none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np

from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.decision import DecisionRule
from relugeom.report.formatting import display, shortened
from relugeom.report.region_graph import RegionGraph, layout_graph
from relugeom.report.region_map import RegionMap, affine_text, decision_lines

__all__ = ["GraphScene", "MapScene", "Shape", "Tick", "class_names", "graph_scene", "map_scene", "output_tones"]

WIDTH, HEIGHT = 760, 520
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 12, 52
MAX_DOTS = 1500
MAX_PATTERN = 400
CLUSTER_TONES, CLASS_TONES, STEPS = 8, 8, 8


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon (`points`) or a circle (x, y, r), its tones by output and by cluster, and what it tells."""

    title: str
    tones: str
    points: str = ""
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
    """Where everything of a map stands."""
    outline = region_map.cut.outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    place = _Placing(low, high)
    tones, legend = output_tones(region_map)
    names = [shortened(name, 40) for name in region_map.names]
    outputs = region_map.cut.partition.network.target_names
    shapes = []
    for row, pattern in enumerate(region_map.patterns):
        title = _region_words(row, pattern, int(region_map.clusters[row]))
        for output, name in enumerate(outputs[:3]):
            title += f"\n{shortened(name, 40)} = {affine_text(region_map.cut.maps[row, output], names)}"
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(region_map.cut.polygon(row)).tolist())
        shapes.append(Shape(title, f"{tones[row]} {_cluster_tone(int(region_map.clusters[row]))}", points=points))
    dots = region_map.dots.sort_values("samples", ascending=False, kind="stable")
    shown = dots[dots["x"].between(low[0], high[0]) & dots["y"].between(low[1], high[1])].head(MAX_DOTS)
    return MapScene(
        x_name=names[0],
        y_name=names[1],
        x_ticks=[Tick(f"{x:.1f}", label) for x, label in place.ticks(0)],
        y_ticks=[Tick(f"{y:.1f}", label) for y, label in place.ticks(1)],
        shapes=shapes,
        dots=_dots(place(shown[["x", "y"]].to_numpy(dtype=np.float64)), shown["samples"], shown["cluster"]),
        hidden_dots=int(dots["samples"].sum() - shown["samples"].sum()),
        boundary=" ".join(
            f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"
            for (x0, y0), (x1, y1) in place(decision_lines(region_map).reshape(-1, 2)).reshape(-1, 2, 2).tolist()
        ),
        by_output=legend,
        by_cluster=_cluster_legend(region_map.clusters),
    )


def graph_scene(graph: RegionGraph) -> GraphScene:
    """Where everything of a region graph stands."""
    places = layout_graph(graph) * [WIDTH - 80, HEIGHT - 80] + 40
    largest = max(int(graph.samples.max(initial=0)), 1)
    base = max(4.0, min(9.0, 120.0 / np.sqrt(len(graph.patterns))))
    degree = np.bincount(graph.edges.ravel(), minlength=len(graph.patterns))
    nodes = [
        Shape(
            title=f"{_region_words(row, pattern, int(graph.clusters[row]))}"
            + (f"\n{display(int(graph.samples[row]))} samples" if graph.samples[row] else "\nno samples")
            + f"\n{display(int(degree[row]))} neighbours",
            tones=_cluster_tone(int(graph.clusters[row])),
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


def output_tones(region_map: RegionMap) -> tuple[list[str], list[tuple[str, str]]]:
    """The tone of each region by its output in the middle, and what the tones mean."""
    network = region_map.cut.partition.network
    values = region_map.values
    if network.outputs > 1:
        names, largest = class_names(region_map), values.argmax(axis=1)
        met = sorted(set(largest.tolist()))
        legend = [(f"k{at % CLASS_TONES}", f"{shortened(names[at], 30)} is the largest") for at in met]
        return [f"k{at % CLASS_TONES}" for at in largest.tolist()], legend
    name, first = shortened(network.target_names[0], 30), values[:, 0]
    if network.rule.rule is DecisionRule.THRESHOLD:
        above = first - network.rule.upper
        reach = float(np.abs(above).max(initial=0.0)) or 1.0
        steps = np.sign(above) * np.minimum(np.ceil(np.abs(above) / reach * 4.0), 4.0)
        threshold = display(network.rule.upper)
        legend = [("o1", f"{name} ≤ {threshold}: class 0"), ("o7", f"{name} > {threshold}: class 1")]
        return [f"o{int(step) + 4}" for step in steps], legend
    low, reach = float(first.min(initial=0.0)), float(np.ptp(first)) if len(first) else 0.0
    levels = np.minimum((first - low) / (reach or 1.0) * STEPS, STEPS - 1).astype(int)
    legend = [("s0", f"{name} near {display(low)}"), (f"s{STEPS - 1}", f"near {display(low + reach)}")]
    return [f"s{level}" for level in levels.tolist()], legend


def class_names(region_map: RegionMap) -> Sequence[str]:
    """What the outputs are called when the largest decides."""
    network = region_map.cut.partition.network
    names = network.rule.class_names
    return names if len(names) == network.outputs else network.target_names


class _Placing:
    """From values of two features to pixels."""

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


def _dots(places: FloatArray, samples: Sequence[int], clusters: Sequence[int]) -> list[Shape]:
    most = max(samples, default=1)
    return [
        Shape(
            title=f"{display(int(count))} sample{'' if count == 1 else 's'} of cluster {cluster}, projected",
            tones=_cluster_tone(int(cluster)),
            x=f"{x:.1f}",
            y=f"{y:.1f}",
            r=f"{2.4 + 6.0 * np.sqrt(count / most) * (most > 1):.1f}",
        )
        for (x, y), count, cluster in zip(places.tolist(), samples, clusters, strict=True)
    ]


def _region_words(row: int, pattern: str, cluster: int) -> str:
    observed = f"cluster {cluster}" if cluster else "unobserved"
    return f"Region {row + 1}, pattern {shortened(pattern, MAX_PATTERN)}, {observed}"


def _cluster_tone(cluster: int) -> str:
    return f"c{cluster}" if cluster <= CLUSTER_TONES else "c9"


def _cluster_legend(clusters: IntArray) -> list[tuple[str, str]]:
    """The clusters that are met, the eight largest each for itself."""
    met = set(clusters.tolist())
    legend = [(f"c{number}", f"cluster {number}") for number in range(1, CLUSTER_TONES + 1) if number in met]
    if any(number > CLUSTER_TONES for number in met):
        legend.append(("c9", "smaller clusters"))
    return [*legend, ("c0", "no samples")] if 0 in met else legend
