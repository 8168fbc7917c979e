"""Importance of features over the whole domain, weighted in three ways, and side by side with other measures.

Notation: every activation region r has one effective vector ω_r. A weighting gives each a weight w_r ≥ 0, Σ w_r = 1:
by *samples* (how often the data meet it; the maps are those of the clusters), by *volume* (how much of the domain it
fills) or by *region* (each counts once). The importance is Σ w_r |ω_r|; without the bars, Σ w_r ω_r is the mean slope.

The one idea: these are three answers to three questions, and none is the one true importance. By samples it is the mean
absolute gradient over the data; by volume it is that over the domain; by region it shows how the network is built.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import fsum

import numpy as np

from relugeom.analysis.attributions import Gradients, IntegratedGradients
from relugeom.analysis.importance import ClusterImportance, RegionImportance, as_spread, magnitude_shares
from relugeom.analysis.permutation import PermutationImportance
from relugeom.errors import InputError
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.measures.volumes import VolumeMethod, Volumes
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters

__all__ = [
    "DomainImportance",
    "ImportanceComparison",
    "Measure",
    "Weighting",
    "compare_importance",
    "domain_importance",
]


class Weighting(StrEnum):
    """Weightings of the maps, in the order of the first axis of `DomainImportance`."""

    SAMPLES = "samples"
    VOLUME = "volume"
    REGIONS = "regions"


class Measure(StrEnum):
    """What stands side by side; the first that there is ranks the features. A permutation's name has its score too."""

    BY_SAMPLES = "effective vectors by samples"
    BY_VOLUME = "effective vectors by volume"
    BY_REGIONS = "effective vectors by regions"
    GRADIENTS = "gradients"
    INTEGRATED = "integrated gradients"


WEIGHED = {
    Weighting.SAMPLES: Measure.BY_SAMPLES,
    Weighting.VOLUME: Measure.BY_VOLUME,
    Weighting.REGIONS: Measure.BY_REGIONS,
}
"""The measure that a weighting of effective vectors is."""


@dataclass(frozen=True, slots=True, eq=False)
class DomainImportance:
    """Importance of n features for m outputs under the three weightings; all columns have the shape (3, m, n).

    Attributes
    ----------
    mean
        Σ w ω, the mean slope.
    magnitude
        Σ w |ω|.
    scaled
        Σ w |ω σ|, with the spread that the clusters' and regions' importance was made with.
    weighed
        What the weights were before they were made to sum to 1, shape (3,): the number of samples, the share of the
        domain that the partition's regions fill (an estimate where the volumes are), and the number of regions.
    volume_method
        How the volumes were found. EXACT: the weights are the float64 nearest to the exact shares. MONTE_CARLO:
        `volume_error` tells how far the estimates may be off. UNKNOWN, or an unbounded domain: the rows of VOLUME are
        NaN, and `reason` says why.
    volume_error
        Standard error of the volume-weighted magnitude, shape (m, n); 0 for EXACT.
    """

    network: ReLUNetwork
    mean: FloatArray
    magnitude: FloatArray
    scaled: FloatArray
    weighed: FloatArray
    volume_method: VolumeMethod
    volume_error: FloatArray
    reason: str

    def __post_init__(self) -> None:
        for name in ("mean", "magnitude", "scaled", "weighed", "volume_error"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    @property
    def share(self) -> FloatArray:
        """`scaled` over its sum over the features; rows of zeros where no feature matters."""
        return magnitude_shares(self.scaled)

    def row(self, weighting: Weighting) -> int:
        """Position of a weighting on the first axis."""
        return list(Weighting).index(weighting)


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceComparison:
    """Measures of importance on the same data, as shares that sum to 1 for each output.

    Attributes
    ----------
    measures
        t names, of the rows.
    shares
        Shape (t, m, n); rows of zeros where a measure is 0 for every feature. A score has one vector for all outputs;
        features whose shuffling improves the score count as 0.
    """

    network: ReLUNetwork
    measures: tuple[str, ...]
    shares: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "shares", frozen_array(self.shares))


def domain_importance(
    clusters: Clusters, by_cluster: ClusterImportance, by_region: RegionImportance, volumes: Volumes
) -> DomainImportance:
    """Weight the maps of clusters by samples, and those of regions by volume and one by one.

    Samples outside the domain count, as they do in their clusters. A TRUNCATED partition is weighed as far as it was
    found; `weighed` says how much that is.

    Raises
    ------
    InputError
        The parts are about different networks, or the volumes about another partition.
    """
    network = clusters.network
    if by_cluster.network != network or by_region.network != network:
        raise InputError(
            "the importance of clusters and of regions is about different networks: use one model for both"
        )
    if len(by_cluster) != len(clusters) or len(by_region) != len(volumes.shares):
        raise InputError("the importance has another number of rows than the clusters, or than the volumes")
    tables = ((by_cluster, clusters.size / clusters.size.sum()), (by_region, _normalised(volumes.shares)))
    counted = np.full(len(by_region), 1.0 / max(len(by_region), 1))
    rows = [_weighed(importance, weights) for importance, weights in (*tables, (by_region, counted))]
    mean, magnitude, scaled = (np.stack(columns) for columns in zip(*rows, strict=True))
    return DomainImportance(
        network=network,
        mean=mean,
        magnitude=magnitude,
        scaled=scaled,
        weighed=np.array([clusters.size.sum(), fsum(volumes.shares), len(by_region)]),
        volume_method=volumes.method,
        volume_error=_standard_error(by_region, volumes, magnitude[list(Weighting).index(Weighting.VOLUME)]),
        reason=volumes.reason,
    )


def compare_importance(
    whole: DomainImportance,
    gradients: Gradients,
    integrated: IntegratedGradients,
    permutation: PermutationImportance,
    spread: FloatArray,
) -> ImportanceComparison:
    """Put effective vectors, gradients, integrated gradients and permutation importance side by side.

    Parameters
    ----------
    spread
        Standard deviation of each feature, shape (n,), which puts gradients of different units side by side.

    Raises
    ------
    InputError
        The measures are about different networks.
    DataError
        The spread does not fit.
    """
    network = whole.network
    if not gradients.network == integrated.network == permutation.network == network:
        raise InputError("measures of different networks cannot be compared: use one model for all")
    rows: dict[str, FloatArray] = {WEIGHED[kind].value: whole.share[whole.row(kind)] for kind in Weighting}
    rows[Measure.GRADIENTS.value] = magnitude_shares(gradients.mean_magnitude * as_spread(network, spread))
    rows[Measure.INTEGRATED.value] = magnitude_shares(integrated.mean_magnitude)
    shuffled = magnitude_shares(np.maximum(permutation.mean, 0.0))
    rows[f"permutation ({permutation.score})"] = np.broadcast_to(shuffled, (network.outputs, network.inputs))
    return ImportanceComparison(network, tuple(rows), np.stack(list(rows.values())))


def _normalised(shares: FloatArray) -> FloatArray:
    """Weights that sum to 1; NaN if there is nothing to weigh by."""
    total = fsum(shares)
    return shares / total if total > 0 else np.full(len(shares), np.nan)


def _weighed(
    importance: ClusterImportance | RegionImportance, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Σ w ω, Σ w |ω| and Σ w |ω σ|, shape (m, n) each; NaN if there is no map."""
    if len(importance) == 0:
        nothing = np.full(importance.scaled.shape[1:], np.nan)
        return nothing, nothing, nothing
    mean, magnitude, scaled = (
        np.tensordot(weights, values, axes=1)
        for values in (importance.coefficients, np.abs(importance.coefficients), np.abs(importance.scaled))
    )
    return mean, magnitude, scaled


def _standard_error(by_region: RegionImportance, volumes: Volumes, mean: FloatArray) -> FloatArray:
    """Of a mean of |ω| over the points that hit a region."""
    if volumes.method is not VolumeMethod.MONTE_CARLO or len(by_region) == 0:
        return mean * 0.0  # NaN where there is no mean
    squares = (np.abs(by_region.coefficients) - mean) ** 2
    variance = np.tensordot(_normalised(volumes.shares), squares, axes=1)
    return np.asarray(np.sqrt(variance / max(volumes.samples - volumes.elsewhere, 1)))
