"""Trees of groups: groups of clusters are split by whether one unit is active.

Notation: node 0 holds every sample; split j cuts a node in two, the samples for which a unit is inactive (node 2 j + 1)
and those for which it is active (node 2 j + 2). The one idea: a split by a unit's own hyperplane never cuts a cluster,
and a group is then what a few units say, which holds for inputs that nobody has seen as well. (To give each sample the
map of a hundred that suits it best would fit any data, and say nothing about the next sample.)

Which unit splits a node is scored for all units at once: the sums of products of features and outputs over the samples
of either side are one product of arrays, and the least squares that an affine map leaves on each side follow from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.network.network import ReLUNetwork

__all__ = ["Criterion", "SplitScorer", "unit_normals"]

BLOCK = 1 << 20
"""Products of features that are summed at once."""
DIRECTIONS = 24
"""Directions of the features that a score looks at: the widest ones of the node, where there are more features."""
PROBES = 256
"""Samples of a node over which the normals of deeper units are averaged."""


class Criterion(StrEnum):
    """Criterion by which the unit that splits a node is chosen.

    ERROR: the fall of the sum of squared residuals. ENTROPY: that fall per bit of entropy that the split adds to the
    sizes of the groups (minimum entropy). ORTHOGONALITY: that fall times 1 − c², where c is the largest cosine between
    the unit's hyperplane and one that has made the node.
    """

    ERROR = "error"
    ENTROPY = "entropy"
    ORTHOGONALITY = "orthogonality"


@dataclass(frozen=True, slots=True, eq=False)
class SplitScorer:
    """Scores every unit as a split of a set of samples.

    Attributes
    ----------
    X, Y
        Samples and outputs, shapes (s, n) and (s, m); outputs in units of their spread.
    bits
        Whether each unit is active, shape (s, N).
    cluster
        The cluster of each sample, shape (s,).
    least
        Samples that a side needs, unless they are all of one cluster, whose map is known.
    """

    network: ReLUNetwork
    X: FloatArray
    Y: FloatArray
    bits: BoolArray
    cluster: IntArray
    least: int
    criterion: Criterion

    def best_unit(self, rows: IntArray, ancestors: Sequence[FloatArray]) -> int | None:
        """Unit by which to split these samples, the first among equals; None if none can.

        Parameters
        ----------
        ancestors
            Unit vectors of the hyperplanes that have made the node, shape (n,) each.
        """
        active = self.bits[rows]
        counts = active.sum(axis=0)
        allowed = (counts > 0) & (counts < len(rows))
        thin = np.minimum(counts, len(rows) - counts) < self.least
        for unit in np.flatnonzero(allowed & thin).tolist():
            side = bool(2 * counts[unit] < len(rows))
            allowed[unit] = len(np.unique(self.cluster[rows[active[:, unit] == side]])) == 1
        if not allowed.any():
            return None
        gain = self._gain(rows, active)
        if self.criterion is Criterion.ENTROPY:
            share = np.clip(counts / len(rows), 1e-12, 1 - 1e-12)
            gain = gain / -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
        if self.criterion is Criterion.ORTHOGONALITY and ancestors:
            normals = unit_normals(self.network, active, self.X.std(axis=0))
            gain = gain * (1 - np.minimum(np.abs(normals @ np.array(ancestors).T).max(axis=1), 1.0) ** 2)
        return int(np.where(allowed, gain, -np.inf).argmax())

    def _gain(self, rows: IntArray, active: BoolArray) -> FloatArray:
        """The fall of the sum of squares for every unit, shape (N,)."""
        X, Y = self.X[rows], self.Y[rows]
        spread = X.std(axis=0)
        Z = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        if X.shape[1] > DIRECTIONS:
            Z = Z @ np.linalg.eigh(Z.T @ Z)[1][:, -DIRECTIONS:]
        table = np.column_stack([Z, np.ones(len(rows)), Y - Y.mean(axis=0)])
        first, second = np.triu_indices(table.shape[1])
        sums = np.zeros((active.shape[1], len(first)))
        step = max(1, BLOCK // len(first))
        for start in range(0, len(rows), step):
            part = table[start : start + step]
            sums += active[start : start + step].T.astype(np.float64) @ (part[:, first] * part[:, second])
        moments = np.zeros((active.shape[1], table.shape[1], table.shape[1]))
        moments[:, first, second], moments[:, second, first] = sums, sums
        whole = table.T @ table
        n = Z.shape[1] + 1
        before = _remaining(whole[None], n)
        return np.asarray(before - _remaining(moments, n) - _remaining(whole - moments, n))


def _remaining(moments: FloatArray, n: int) -> FloatArray:
    """The sum of squares that an affine map leaves, from sums of products of n features (the 1 too) and the outputs."""
    # Samples may leave directions open; a little weight on the slopes decides them, and moves the others by 1e-9.
    size = np.maximum(np.trace(moments[:, :n, :n], axis1=1, axis2=2), 1.0)
    features = moments[:, :n, :n] + 1e-9 * size[:, None, None] * np.eye(n)
    mixed = moments[:, :n, n:]
    explained = (mixed * np.linalg.solve(features, mixed)).sum(axis=(1, 2))
    return np.asarray(np.trace(moments[:, n:, n:], axis1=1, axis2=2) - explained)


def unit_normals(network: ReLUNetwork, active: BoolArray, spread: FloatArray) -> FloatArray:
    """The normal of each unit's hyperplane, of length 1, in units of the features' spread, shape (N, n).

    Units of the first layer have one hyperplane; those of later layers have one in each region, and their normals are
    averaged over some of the samples. A unit that does not depend on the input gets zeros.

    Parameters
    ----------
    active
        Whether each unit is active at each sample, shape (s, N).
    """
    rows = np.unique(np.linspace(0, len(active) - 1, min(len(active), PROBES)).astype(np.int64))
    normals, start = list[FloatArray](), 0
    forms = np.broadcast_to(network.weights[0] * spread, (len(rows), *network.weights[0].shape))
    for layer, width in enumerate(network.widths):
        if layer:
            forms = np.matmul(network.weights[layer], forms)
        normals.append(forms.mean(axis=0))
        forms = forms * active[rows, start : start + width, None]
        start += width
    table = np.concatenate(normals) if normals else np.zeros((0, network.inputs))
    length = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.where(length > 0, length, 1.0))
