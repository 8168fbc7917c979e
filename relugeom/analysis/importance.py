"""Feature importance of clusters and regions [paper, section 3, "Feature Importance Explanation"].

Notation: ω is a row of an effective map (one output), x̄ the cluster's mean of each feature (for a region: its interior
point) and σ a spread of each feature, most often its standard deviation over all samples. The paper's importance is ω
itself; ω σ puts features of different units side by side; ω x̄ is what each feature adds, on top of the bias, to the
output at x̄, which is the mean output of the cluster.

The one idea: all of them are read off the effective map, so they are as exact as it is, and they say nothing about
inputs with another pattern. Coefficients are those of the map on R^n; where a domain has no interior, only their
projection on its hull has a meaning.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.columns.frames import vector_in_order
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition

__all__ = [
    "ClusterImportance",
    "MapImportance",
    "RegionImportance",
    "as_spread",
    "cluster_importance",
    "magnitude_shares",
    "region_importance",
]

LATE = "time ran out: only the first regions are included"


@dataclass(frozen=True, slots=True, eq=False)
class MapImportance:
    """Importance of n features for m outputs under k patterns; features are named by the network.

    Attributes
    ----------
    network
        Its `feature_names` and `target_names` name the last two axes.
    maps
        The effective maps (Ω, b), with exact signs.
    scaled
        ω times the spread of each feature, shape (k, m, n).
    contribution
        ω times x̄, shape (k, m, n); with the bias they sum to the output at x̄.
    """

    network: ReLUNetwork
    maps: EffectiveMaps
    scaled: FloatArray
    contribution: FloatArray

    def __post_init__(self) -> None:
        for name in ("scaled", "contribution"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.scaled)

    @property
    def coefficients(self) -> FloatArray:
        """The effective vectors, shape (k, m, n)."""
        return self.maps.weights

    @property
    def scaled_share(self) -> FloatArray:
        """|ω σ| / Σ |ω σ|, shape (k, m, n); rows of zeros where no feature matters."""
        return magnitude_shares(self.scaled)

    @property
    def contribution_share(self) -> FloatArray:
        """|ω x̄| / Σ |ω x̄|, shape (k, m, n); rows of zeros where nothing is contributed. Depends on the origin of x."""
        return magnitude_shares(self.contribution)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterImportance(MapImportance):
    """Importance in k clusters; x̄ is the cluster's mean."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionImportance(MapImportance):
    """Importance in k activation regions; x̄ is the interior point that the partition holds, one of many.

    Attributes
    ----------
    reason
        Why these are only the first regions of the partition, or empty.
    """

    reason: str = ""


def cluster_importance(clusters: Clusters, spread: ArrayLike, *, most: int | None = None) -> ClusterImportance:
    """Importance of every feature in every cluster, per output.

    Parameters
    ----------
    spread
        Standard deviation of each feature over all samples, shape (n,).
    most
        Number of clusters, the largest first; None for all of them.

    Raises
    ------
    DataError
        The spread has another shape, or holds a number that is negative or not finite.
    """
    network, scale = clusters.network, as_spread(clusters.network, spread)
    maps = effective_maps(network, clusters.packed[:most])
    means = clusters.feature_mean[:most, None, :]
    return ClusterImportance(network, maps, maps.weights * scale, maps.weights * means)


def region_importance(partition: Partition, spread: ArrayLike, *, time_limit: TimeLimit = None) -> RegionImportance:
    """Importance of every feature in every activation region, per output.

    Parameters
    ----------
    spread
        A spread of each feature, shape (n,): the standard deviation over the samples, or the width of the domain.
    time_limit
        Seconds, or a deadline; then the answer has the first regions, as many as were done.

    Raises
    ------
    DataError
        The spread has another shape, or holds a number that is negative or not finite.
    """
    deadline = Deadline.of(time_limit)
    network, scale = partition.network, as_spread(partition.network, spread)
    maps = effective_maps(network, partition.packed, deadline=deadline)
    points = partition.points[: len(maps.weights), None, :]
    reason = LATE if len(points) < len(partition) else ""
    return RegionImportance(network, maps, maps.weights * scale, maps.weights * points, reason)


def magnitude_shares(values: FloatArray) -> FloatArray:
    """|v| / Σ |v| along the last axis; zeros where all are 0, NaN if one is NaN."""
    # Scaled by the largest first: sums of huge numbers would overflow, and tiny ones would lose their digits.
    largest = np.abs(values).max(axis=-1, keepdims=True, initial=0.0)
    relative = np.abs(values) / np.where(largest == 0.0, 1.0, largest)
    total = relative.sum(axis=-1, keepdims=True)
    return np.asarray(relative / np.where(total == 0.0, 1.0, total), dtype=np.float64)


def as_spread(network: ReLUNetwork, spread: ArrayLike) -> FloatArray:
    """A spread per feature as a float64 row, shape (n,); labels of a Series are matched by name.

    Raises
    ------
    DataError
        It has another shape, or holds a number that is negative or not finite.
    """
    scale = vector_in_order(spread, names=network.input_names, what="the spread")
    if scale.shape != (network.inputs,):
        raise DataError(
            f"the spread has shape {scale.shape}, but the network has {network.inputs} inputs: give one each"
        )
    bad = np.flatnonzero(~(np.isfinite(scale) & (scale >= 0)))
    if bad.size:
        name = network.feature_names[bad[0]]
        raise DataError(f"the spread of {name!r} is {scale[bad[0]]:g}: give a finite number that is not negative")
    return scale
