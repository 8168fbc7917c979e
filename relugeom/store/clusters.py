"""The clusters of a run as rows: sizes, profiles, importance, and the cluster of each sample."""

import numpy as np
from sqlalchemy import Connection

from relugeom.analysis.importance import ClusterImportance
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.partition.clusters import Clusters
from relugeom.store import schema
from relugeom.store.database.insertion import insert_columns

__all__ = ["save_clusters", "save_importance"]

CHUNK = 1_000_000
"""Samples that are looked at together: there may be more than fit in memory twice."""


def save_clusters(connection: Connection, run_id: int, clusters: Clusters, pattern_ids: IntArray, *, told: int) -> None:
    """Record clusters, whose patterns have these ids, the features of the first so many, and every sample's cluster."""
    decides = clusters.class_share.shape[1] == 2
    columns = {
        "run_id": run_id,
        "cluster": range(1, len(clusters) + 1),
        "pattern_id": pattern_ids,
        "samples": clusters.size,
        "share": clusters.size / len(clusters.assignment),
        "outside": clusters.outside,
        "representative": clusters.representative,
        "positive_share": clusters.class_share[:, 1] if decides else None,
        "target_mean": clusters.target_mean,
        "accuracy": clusters.accuracy,
    }
    insert_columns(connection, schema.clusters, columns)
    mean, spread = clusters.feature_mean[:told], clusters.feature_spread[:told]
    profile = {"mean": mean.ravel(), "spread": spread.ravel()}
    insert_columns(connection, schema.cluster_features, _cells(run_id, mean, "feature") | profile)
    prediction = {"prediction": clusters.prediction_mean.ravel()}
    insert_columns(connection, schema.cluster_outputs, _cells(run_id, clusters.prediction_mean, "output") | prediction)
    known = None if clusters.target_share is None else clusters.target_share.ravel()
    share = {"share": clusters.class_share.ravel(), "target_share": known}
    insert_columns(connection, schema.cluster_classes, _cells(run_id, clusters.class_share, "class") | share)
    for start in range(0, len(clusters.assignment), CHUNK):
        rows = slice(start, start + CHUNK)
        samples = {
            "run_id": run_id,
            "sample": range(len(clusters.assignment))[rows],
            "cluster": clusters.assignment[rows] + 1,
            "inside": clusters.inside[rows],
            "float32_doubtful": clusters.float32_doubtful[rows],
        }
        insert_columns(connection, schema.assignments, samples)


def save_importance(connection: Connection, run_id: int, importance: ClusterImportance, *, told: int) -> None:
    """Record the importance of every feature in the first so many clusters, per output."""
    k, m, n = importance.scaled[:told].shape
    columns = {
        "run_id": run_id,
        "cluster": np.repeat(np.arange(1, k + 1), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "scaled": importance.scaled[:told].ravel(),
        "contribution": importance.contribution[:told].ravel(),
    }
    insert_columns(connection, schema.cluster_importance, columns)


def _cells(run_id: int, table: FloatArray, column: str) -> dict[str, int | IntArray]:
    """Keys of the cells of a table with one row a cluster."""
    k, n = table.shape
    return {"run_id": run_id, "cluster": np.repeat(np.arange(1, k + 1), n), column: np.tile(np.arange(n), k)}
