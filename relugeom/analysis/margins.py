"""How far samples are from the boundary of their activation regions.

Under a sample's pattern every pre-activation is an affine form z = w·u + c, and the region is where all of them keep
their signs; so the Euclidean distance to its boundary in R^n is the least |z| / ‖w‖₂ over the units with w ≠ 0. The
domain's own boundary does not count. Patterns are exact; distances are float64 values, for reading, and prove nothing.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns
from relugeom.partition.clusters import Clusters

__all__ = ["SampleMargins", "sample_margins"]

CHUNK = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class SampleMargins:
    """The nearest hyperplane of each of s samples.

    Attributes
    ----------
    distance
        To the boundary of the sample's activation region, in input units, shape (s,); inf where nothing bounds it.
    layer, unit
        The unit that would switch there, shape (s,); 0 where the distance is infinite.
    """

    distance: FloatArray
    layer: IntArray
    unit: IntArray


def sample_margins(clusters: Clusters, X: FloatArray) -> SampleMargins:
    """Distance of each row of X, shape (s, n), to the boundary of its region; `clusters` are those of X."""
    network = clusters.network
    bits = unpack_patterns(clusters.packed, network.units)
    distance, nearest = np.full(len(X), np.inf), np.zeros(len(X), dtype=np.int64)
    for cluster in range(len(clusters)):
        W, c = _unit_forms(network, bits[cluster])
        norm = np.linalg.norm(W, axis=1)
        bounding = np.flatnonzero(norm > 0)
        rows = np.flatnonzero(clusters.assignment == cluster)
        for start in range(0, len(rows) if len(bounding) else 0, CHUNK):
            part = rows[start : start + CHUNK]
            gaps = np.abs(X[part] @ W[bounding].T + c[bounding]) / norm[bounding]
            closest = gaps.argmin(axis=1)
            distance[part], nearest[part] = gaps[np.arange(len(part)), closest], bounding[closest]
    places = [(layer, unit) for layer, width in enumerate(network.widths) for unit in range(width)] or [(0, 0)]
    layer, unit = np.array(places, dtype=np.int64)[nearest].T
    return SampleMargins(frozen_array(distance), layer, unit)


def _unit_forms(
    network: ReLUNetwork, bits: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> tuple[FloatArray, FloatArray]:
    """Rows w and offsets c of all units under a pattern, in float64: shapes (N, n) and (N,)."""
    weights, offsets = [np.zeros((0, network.inputs))], [np.zeros(0)]
    W, c, start = np.eye(network.inputs), np.zeros(network.inputs), 0
    for weight, bias, width in zip(network.weights, network.biases, network.widths, strict=False):
        W, c = weight @ W, weight @ c + bias
        weights.append(W)
        offsets.append(c)
        active = bits[start : start + width].astype(np.float64)
        W, c, start = active[:, None] * W, active * c, start + width
    return np.vstack(weights), np.concatenate(offsets)
