"""The paper's analysis of a data set as report content: clusters, without a domain or a store."""

import numpy as np
import pandas as pd

from relugeom.analysis.importance import ClusterImportance
from relugeom.linalg.arrays import FloatArray
from relugeom.network.pattern import pattern_texts
from relugeom.partition.clusters import Clusters
from relugeom.report.content import ReportContent
from relugeom.report.excerpt import rank_features
from relugeom.report.formatting import estimated_share
from relugeom.report.outcomes import cluster_outcomes

__all__ = ["cluster_content"]


def cluster_content(name: str, clusters: Clusters, importance: ClusterImportance) -> ReportContent:
    """Content about clusters, their profiles and their importance; `name` is that of the data."""
    network = clusters.network
    k, n, m = len(clusters), network.inputs, network.outputs
    numbers = np.arange(1, k + 1)
    decides = clusters.class_share.shape[1] == 2
    table = pd.DataFrame(
        {
            "cluster": numbers,
            "pattern": pattern_texts(clusters.packed, network.widths),
            "samples": clusters.size,
            "share": clusters.size / len(clusters.assignment),
            "outside": clusters.outside,
            "status": None,
            "prediction": clusters.prediction_mean[:, 0] if m == 1 else None,
            "positive_share": clusters.class_share[:, 1] if decides else None,
            "target_mean": clusters.target_mean,
            "accuracy": clusters.accuracy,
        }
    )
    profiles = pd.DataFrame(
        {
            "cluster": np.repeat(numbers, n),
            "feature": list(network.feature_names) * k,
            "mean": clusters.feature_mean.ravel(),
            "spread": clusters.feature_spread.ravel(),
        }
    )
    weights = pd.DataFrame(
        {
            "cluster": np.repeat(numbers, m * n),
            "output": list(np.repeat(np.array(network.target_names, dtype=object), n)) * k,
            "feature": list(network.feature_names) * (k * m),
            "coefficient": importance.coefficients.ravel(),
            "sign": importance.maps.signs[:, :, :-1].ravel(),
            "scaled": importance.scaled.ravel(),
            "contribution": importance.contribution.ravel(),
        }
    )
    return ReportContent(
        title=f"Clusters of {name}",
        summary=_summary(clusters, importance.maps.biases),
        network={},
        domain=pd.DataFrame(columns=["feature", "kind", "lower", "upper", "group"]),
        census=pd.DataFrame(columns=["patterns", "count"]),
        clusters=table,
        profiles=profiles,
        importance=rank_features(weights, table),
        patterns=pd.DataFrame(columns=["pattern", "status", "samples", "admissible"]),
        provenance={},
        outcomes=cluster_outcomes(clusters),
    )


def _summary(clusters: Clusters, biases: FloatArray) -> dict[str, str]:
    samples = len(clusters.assignment)
    summary = {"Samples": f"{samples:,}", "Clusters": f"{len(clusters):,}"}
    if clusters.accuracy is not None:
        summary["Accuracy"] = estimated_share(round(float(clusters.accuracy @ clusters.size)), samples)
    if clusters.samples_outside:
        summary["Outside the domain"] = f"{clusters.samples_outside:,} samples"
    if biases.shape[1] == 1 and len(clusters) <= 8:
        summary["Biases of the maps"] = ", ".join(f"{value:.4g}" for value in biases[:, 0])
    return summary
