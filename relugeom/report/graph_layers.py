"""How an active subnetwork is laid out: layers from left to right, arcs coloured by sign and with widths by weight.

A graph is a value here: nodes and arcs with the attributes that `relugeom.graph.active_subnetwork` gives them, and
the numbers of arcs and inputs that were left out before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from relugeom.printing import counted
from relugeom.report.palette import FRAME, NEGATIVE, POSITIVE, fitting

__all__ = ["FILLS", "LayeredGraph", "Layout", "Node", "layered"]

MAX_ARCS = 4000
MAX_NAMED = 80
MAX_WIDTH, MAX_HEIGHT = 60.0 * 72, 30.0 * 72  # points

FILLS = {"input": "#e8edf2", "unit": "#ffffff", "output": "#e8edf2"}

Node = tuple[str, Mapping[str, Any]]


class LayeredGraph(Protocol):
    """What a drawing needs of a graph; a `networkx.DiGraph` has it."""

    graph: Mapping[str, Any]

    def nodes(self, *, data: bool) -> Iterable[Node]:
        """Keys and attributes of the nodes."""

    def edges(self, *, data: str) -> Iterable[tuple[str, str, float]]:
        """Tail, head and one attribute of each arc."""


class Arc(NamedTuple):
    """An arc with its colour, and its width in points."""

    tail: str
    head: str
    weight: float
    colour: str
    width: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of a drawing stands.

    Attributes
    ----------
    layers
        Nodes of each layer.
    positions
        Place of each node: its layer, and from 0 (top) to −1 (bottom).
    arcs
        Those that are drawn, the weakest first.
    hidden, hidden_inputs
        Number of weaker arcs that are not, and of inputs without others.
    width, height
        In points.
    pattern
        The subnetwork's.
    """

    layers: tuple[Sequence[Node], ...]
    positions: Mapping[str, tuple[float, float]]
    arcs: tuple[Arc, ...]
    hidden: int
    hidden_inputs: int
    width: float
    height: float
    pattern: str

    def title(self, shortened: Callable[..., str] = fitting) -> str:
        """What stands above."""
        return f"Active subnetwork of {shortened(self.pattern, max_length=60)}"

    @property
    def legend(self) -> str:
        """What stands below."""
        legend = "Weights: blue positive, orange negative, dotted zero; the wider, the larger."
        if not self.hidden:
            return legend
        inputs = f", nor {counted(self.hidden_inputs, 'input')} without others" if self.hidden_inputs else ""
        return f"{legend} {self.hidden:,} weaker arcs are not drawn{inputs}."

    @staticmethod
    def is_named(nodes: Sequence[Node]) -> bool:
        """Whether the nodes of a layer have labels."""
        return len(nodes) <= MAX_NAMED


def layered(graph: LayeredGraph) -> Layout:
    """Lay a subnetwork out.

    Of more than 4,000 arcs only the strongest are drawn, and the picture says so; layers of more than 80 nodes go
    without labels.
    """
    layers: dict[int, list[Node]] = {}
    for key, attributes in graph.nodes(data=True):
        layers.setdefault(attributes["layer"], []).append((key, attributes))
    positions = {
        key: (float(layer), -(rank + 0.5) / len(nodes))
        for layer, nodes in layers.items()
        for rank, (key, _) in enumerate(nodes)
    }
    arcs = list(graph.edges(data="weight"))
    weights = np.array([weight for _, _, weight in arcs], dtype=np.float64)
    drawn = np.argsort(np.abs(weights), kind="stable")[-MAX_ARCS:]
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    return Layout(
        tuple(layers.values()),
        positions,
        tuple(
            Arc(tail, head, weight, _colour(weight), 0.4 + 3.0 * (abs(weight) / largest))
            for tail, head, weight in (arcs[arc] for arc in drawn.tolist())
        ),
        len(arcs) - len(drawn) + graph.graph.get("hidden_arcs", 0),
        graph.graph.get("hidden_inputs", 0),
        min(72 * (4.0 + 1.8 * (max(layers) - min(layers))), MAX_WIDTH),
        min(72 * (1.5 + 0.32 * max(map(len, layers.values()))), MAX_HEIGHT),
        graph.graph["pattern"],
    )


def _colour(weight: float) -> str:
    return POSITIVE if weight > 0 else NEGATIVE if weight < 0 else FRAME
