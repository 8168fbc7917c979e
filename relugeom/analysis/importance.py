"""Feature importance of clusters [paper, section 3, "Feature Importance Explanation"].

Notation: ω is a row of a cluster's effective map (one output), x̄ the cluster's mean of each feature and σ the standard
deviation of each feature over all samples. The paper's importance is ω itself; ω σ puts features of different units
side by side; ω x̄ is what each feature contributes to the mean output of the cluster, on top of the bias.
"""

from dataclasses import dataclass

from relugeom.linalg.arrays import FloatArray
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.partition.clusters import Clusters

__all__ = ["ClusterImportance", "cluster_importance"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterImportance:
    """Importance of n features for m outputs in k clusters.

    Attributes
    ----------
    maps
        The effective maps (Ω, b), with exact signs.
    scaled
        ω times the standard deviation of each feature over all samples, shape (k, m, n).
    contribution
        ω times the cluster's mean of each feature, shape (k, m, n); with the bias they sum to the mean output.
    """

    maps: EffectiveMaps
    scaled: FloatArray
    contribution: FloatArray

    @property
    def coefficients(self) -> FloatArray:
        """The effective vectors, shape (k, m, n)."""
        return self.maps.weights


def cluster_importance(clusters: Clusters, spread: FloatArray) -> ClusterImportance:
    """Importance of every feature in every cluster, per output.

    Parameters
    ----------
    spread
        Standard deviation of each feature over all samples, shape (n,).
    """
    maps = effective_maps(clusters.network, clusters.packed)
    return ClusterImportance(
        maps=maps,
        scaled=maps.weights * spread,
        contribution=maps.weights * clusters.feature_mean[:, None, :],
    )
