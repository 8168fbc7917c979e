"""Layout of a region graph: the positions of its nodes in the picture.

Classical multidimensional scaling of the graph's distances [W. S. Torgerson, *Multidimensional scaling: I. Theory and
method*, Psychometrika 17, 1952]: regions that are few steps apart are drawn close together. Equal graphs give equal
drawings.
"""

import numpy as np

from relugeom.graph.region_graph import RegionGraph
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["MAX_NODES", "layout_graph"]

MAX_NODES = 300
"""Most nodes that a picture can show."""
SETTLING = 60
"""Rounds in which nodes that would cover each other are moved apart."""


def layout_graph(graph: RegionGraph) -> FloatArray:
    """Positions of the nodes, shape (k, 2), within [0, 1] in both directions."""
    k = len(graph.patterns)
    if k < 3:
        return np.column_stack([(np.arange(k) + 0.5) / max(k, 1), np.full(k, 0.5)])
    squared = _distances(k, graph.edges) ** 2
    centring = np.eye(k) - 1.0 / k
    values, vectors = np.linalg.eigh(-0.5 * centring @ squared @ centring)
    places = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0.0))
    places *= np.where(places[np.abs(places).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # an eigenvector has no sign
    return _apart(_to_unit(places), graph.edges)


def _distances(k: int, edges: IntArray) -> FloatArray:
    """Number of steps between any two nodes; at most k for parts that are not connected."""
    steps = np.full((k, k), float(k))
    near = np.zeros((k, k), dtype=np.bool_)
    near[edges[:, 0], edges[:, 1]] = near[edges[:, 1], edges[:, 0]] = True
    reached = np.eye(k, dtype=np.bool_)
    steps[reached] = 0.0
    frontier, distance = reached.copy(), 0
    while frontier.any():
        distance += 1
        frontier = ((frontier.astype(np.float32) @ near.astype(np.float32)) > 0) & ~reached
        steps[frontier] = float(distance)
        reached |= frontier
    bounded: FloatArray = np.minimum(steps, 2.0 * distance)
    return bounded


def _to_unit(places: FloatArray) -> FloatArray:
    low, reach = places.min(axis=0), np.ptp(places, axis=0)
    scaled: FloatArray = np.where(reach > 1e-9, (places - low) / np.where(reach > 1e-9, reach, 1.0), 0.5)
    return scaled


def _apart(places: FloatArray, edges: IntArray) -> FloatArray:
    """Positions with nodes pushed apart, and neighbours pulled together a little."""
    k = len(places)
    turn = 2.399963 * np.arange(k)  # a fixed small shift, so that nodes on one spot know where to go
    moved = places + 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)])
    ideal = 0.9 / np.sqrt(k)
    for turn_number in range(SETTLING):
        apart = moved[:, None, :] - moved[None, :, :]
        length = np.sqrt((apart**2).sum(axis=2)) + 1e-9
        push = (apart / length[:, :, None] * np.maximum(ideal - length, 0.0)[:, :, None]).sum(axis=1)
        pull = np.zeros_like(moved)
        if len(edges):
            along = moved[edges[:, 1]] - moved[edges[:, 0]]
            long = np.sqrt((along**2).sum(axis=1))[:, None]
            step = 0.15 * along * np.maximum(1.0 - 2.0 * ideal / (long + 1e-9), 0.0)
            np.add.at(pull, edges[:, 0], step)
            np.add.at(pull, edges[:, 1], -step)
        degree = np.bincount(edges.ravel(), minlength=k)[:, None] + 1.0
        moved = moved + (0.5 * push + pull / degree) * (1.0 - turn_number / SETTLING)
    return _to_unit(moved)
