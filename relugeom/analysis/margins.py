"""Margins: distances of samples from the boundaries of their activation regions.

Under a sample's pattern every pre-activation is an affine form z = w·u + c, and the region is where all of them keep
their signs; so the Euclidean distance to its boundary in R^n is the least |z| / ‖w‖₂ over the units with w ≠ 0. The
domain's own boundary does not count. Patterns are exact; distances are float64 values, for reading, and prove nothing.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relugeom.data.table import SampleTable
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DataError
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import nearest_quotient
from relugeom.linalg.scaling import safe_factors
from relugeom.network.exact import exact_network, pattern_forms
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, unpack_patterns
from relugeom.partition.clusters import Clusters

__all__ = ["SampleMargins", "sample_margins"]

ROWS = 1_000
KEPT = 1 << 26
"""Bytes of forms of clusters that are kept for the next chunk of samples."""


@dataclass(frozen=True, slots=True, eq=False)
class SampleMargins:
    """The nearest hyperplane of each of s samples.

    Attributes
    ----------
    distance
        Distance to the boundary of the sample's activation region, in input units, shape (s,); inf if it has none, NaN
        if time ran out.
    layer, unit
        Unit that would switch there, shape (s,); 0 if the distance is infinite.
    """

    distance: FloatArray
    layer: NDArray[np.unsignedinteger]
    unit: NDArray[np.unsignedinteger]


def sample_margins(clusters: Clusters, X: ArrayLike | SampleTable, *, time_limit: TimeLimit = None) -> SampleMargins:
    """Distance of each row of X, shape (s, n), to the boundary of its region; `clusters` are those of X."""
    deadline = Deadline.of(time_limit)
    network = clusters.network
    table = X if isinstance(X, SampleTable) else SampleTable.of(as_samples(network, X))
    if len(table) != len(clusters.assignment):
        expected = len(clusters.assignment)
        raise DataError(f"there are {len(table)} samples, but {expected} were clustered: give the same table")
    bits = unpack_patterns(clusters.packed, network.units)
    forms = lru_cache(max(1, KEPT // (8 * (network.units + 1) * (network.inputs + 1))))(
        lambda cluster: _bounding_forms(network, bits[cluster])
    )
    distance, nearest = np.full(len(table), np.inf), np.zeros(len(table), dtype=np.min_scalar_type(network.units))
    for rows, chunk in table.chunks():
        order = np.argsort(clusters.assignment[rows], kind="stable")
        starts = np.flatnonzero(np.diff(clusters.assignment[rows][order], prepend=-1))
        for same in np.split(order, starts[1:]):
            if deadline.passed:
                distance[rows.start + same] = np.nan
                continue
            W, c, units = forms(int(clusters.assignment[rows.start + same[0]]))
            for start in range(0, len(same) if len(units) else 0, ROWS):
                part = same[start : start + ROWS]
                gaps = np.abs(chunk[part] @ W.T + c)
                closest = gaps.argmin(axis=1)
                distance[rows.start + part] = gaps[np.arange(len(part)), closest]
                nearest[rows.start + part] = units[closest]
    places = [(layer, unit) for layer, width in enumerate(network.widths) for unit in range(width)] or [(0, 0)]
    layers, units_in_layers = np.array(places, dtype=np.min_scalar_type(network.units)).T
    distance.setflags(write=False)
    return SampleMargins(distance, layers[nearest], units_in_layers[nearest])


def _bounding_forms(network: ReLUNetwork, bits: BoolArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """The unit forms under a pattern that depend on the input, divided by ‖w‖₂, and which units they are."""
    with np.errstate(over="ignore", invalid="ignore"):
        W, c = _unit_forms(network, bits)
    if not (np.isfinite(W).all() and np.isfinite(c).all()):
        W, c = _exact_unit_forms(network, bits)
    factor = safe_factors(np.abs(W).max(axis=1, initial=0.0))
    with np.errstate(over="ignore"):  # of an offset: then every sample is far away
        W, c = W * factor[:, None], c * factor
    norm = np.linalg.norm(W, axis=1)
    units = np.flatnonzero(norm > 0)
    return W[units] / norm[units, None], c[units] / norm[units], units


def _exact_unit_forms(network: ReLUNetwork, bits: BoolArray) -> tuple[FloatArray, FloatArray]:
    """The same up to a positive factor for each row, where floats overflow on the way."""
    forms = pattern_forms(exact_network(network), ActivationPattern.from_bits(network.widths, bits))
    rows = [row for layer in forms[:-1] for row in layer.rows()]
    largest = [max(map(abs, row[:-1])) or 1 for row in rows]
    scaled = [[nearest_quotient(entry, size) for entry in row] for row, size in zip(rows, largest, strict=True)]
    table = np.array(scaled).reshape(-1, network.inputs + 1)
    return table[:, :-1], table[:, -1]


def _unit_forms(network: ReLUNetwork, bits: BoolArray) -> tuple[FloatArray, FloatArray]:
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
