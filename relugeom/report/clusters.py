"""The paper's analysis of a data set as report content: clusters, without a domain or a store."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from relugeom.analysis.importance import ClusterImportance
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.pattern import pattern_texts
from relugeom.partition.clusters import Clusters
from relugeom.report.content import ReportContent
from relugeom.report.excerpt import rank_features
from relugeom.report.formatting import estimated_share
from relugeom.report.outcomes import cluster_outcomes

__all__ = ["cluster_content"]


def cluster_content(name: str, clusters: Clusters, importance: ClusterImportance) -> ReportContent:
    """Content about clusters, their profiles and their importance; `name` is that of the data."""
    table = _cluster_table(clusters)
    return ReportContent(
        title=f"Clusters of {name}",
        summary=tuple(_summary(clusters, importance.maps.biases)),
        network=(),
        domain=pd.DataFrame(columns=["feature", "kind", "lower", "upper", "group"]),
        census=pd.DataFrame(columns=["patterns", "count"]),
        clusters=table,
        profiles=_profile_table(clusters),
        importance=rank_features(_importance_table(clusters, importance), table),
        patterns=pd.DataFrame(columns=["pattern", "status", "samples", "admissible"]),
        provenance=(),
        outcomes=cluster_outcomes(clusters),
    )


def _cluster_table(clusters: Clusters) -> pd.DataFrame:
    """One row per cluster."""
    network = clusters.network
    decides = clusters.class_share.shape[1] == 2
    return pd.DataFrame(
        {
            "cluster": _numbers(clusters),
            "pattern": pattern_texts(clusters.packed, network.widths),
            "samples": clusters.size,
            "share": clusters.size / len(clusters.assignment),
            "outside": clusters.outside,
            "status": None,
            "prediction": clusters.prediction_mean[:, 0] if network.outputs == 1 else None,
            "positive_share": clusters.class_share[:, 1] if decides else None,
            "target_mean": clusters.target_mean,
            "accuracy": clusters.accuracy,
        }
    )


def _profile_table(clusters: Clusters) -> pd.DataFrame:
    """One row per cluster and feature."""
    network = clusters.network
    return pd.DataFrame(
        {
            "cluster": np.repeat(_numbers(clusters), network.inputs),
            "feature": list(network.feature_names) * len(clusters),
            "mean": clusters.feature_mean.ravel(),
            "spread": clusters.feature_spread.ravel(),
        }
    )


def _importance_table(clusters: Clusters, importance: ClusterImportance) -> pd.DataFrame:
    """One row per cluster, output and feature."""
    network = clusters.network
    outputs = np.repeat(np.array(network.target_names, dtype=object), network.inputs)
    return pd.DataFrame(
        {
            "cluster": np.repeat(_numbers(clusters), len(outputs)),
            "output": list(outputs) * len(clusters),
            "feature": list(network.feature_names) * (len(clusters) * network.outputs),
            "coefficient": importance.coefficients.ravel(),
            "sign": importance.maps.signs[:, :, :-1].ravel(),
            "scaled": importance.scaled.ravel(),
            "contribution": importance.contribution.ravel(),
        }
    )


def _numbers(clusters: Clusters) -> IntArray:
    """Numbers of the clusters, from 1."""
    return np.arange(1, len(clusters) + 1)


def _summary(clusters: Clusters, biases: FloatArray) -> Iterator[tuple[str, str]]:
    samples = len(clusters.assignment)
    yield "Samples", f"{samples:,}"
    yield "Clusters", f"{len(clusters):,}"
    if clusters.accuracy is not None:
        yield "Accuracy", estimated_share(round(float(clusters.accuracy @ clusters.size)), samples)
    if clusters.samples_outside:
        yield "Outside the domain", f"{clusters.samples_outside:,} samples"
    if biases.shape[1] == 1 and len(clusters) <= 8:
        yield "Biases of the maps", ", ".join(f"{value:.4g}" for value in biases[:, 0])
