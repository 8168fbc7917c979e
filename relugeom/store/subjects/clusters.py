"""Clusters of samples that share a pattern: sizes, profiles and predictions."""

import numpy as np
from sqlalchemy import Column, Connection, Double, Integer, Table, UniqueConstraint, select

from relugeom.errors import StoreError
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import PatternStatus
from relugeom.store.database.columns import key, metadata, owner, reference, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import of_cluster
from relugeom.store.records import ClusterRecord, ClusterStatuses
from relugeom.store.subject import Saver, StoreSubject
from relugeom.store.subjects.assignments import save_assignments
from relugeom.store.subjects.effective_maps import save_maps
from relugeom.store.subjects.importance import save_importance
from relugeom.store.subjects.patterns import PatternRows, save_patterns
from relugeom.store.subjects.statuses import save_statuses

__all__ = [
    "CLUSTERS",
    "CLUSTERS_OF_RUN",
    "CLUSTER_CLASSES",
    "CLUSTER_FEATURES",
    "CLUSTER_OUTPUTS",
    "OUTCOMES_OF_RUN",
    "PROFILES_OF_RUN",
    "SUBJECT",
    "save_cluster_statuses",
    "save_clusters",
]

CLUSTERS = Table(
    "clusters",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("cluster", "number of the cluster, from 1, largest first"),
    reference("pattern_id", "patterns.id", "pattern that its samples share"),
    required("samples", Integer, comment="number of samples"),
    required("share", Double, comment="share of all samples"),
    required("outside", Integer, comment="number of its samples that lie outside the domain"),
    required(
        "representative", Integer, comment="number of one sample of the cluster, inside the domain if there is one"
    ),
    Column("positive_share", Double, comment="share of samples decided for class 1, if there are two classes"),
    Column("target_mean", Double, comment="mean of the target (the target rate of a 0/1 target)"),
    Column("accuracy", Double, comment="share of samples whose decision equals the target"),
    UniqueConstraint("run_id", "pattern_id"),
    comment="Clusters: samples that share an activation pattern.",
)

CLUSTER_FEATURES = of_cluster(
    "cluster_features",
    key("feature", "number of the input, from 0"),
    Column("mean", Double, comment="mean over the samples of the cluster"),
    Column("spread", Double, comment="standard deviation over the samples of the cluster"),
    comment="Features of the samples in each cluster.",
)

CLUSTER_OUTPUTS = of_cluster(
    "cluster_outputs",
    key("output", "number of the output, from 0"),
    Column("prediction", Double, comment="mean of the output after squashing"),
    comment="Predictions for the samples in each cluster.",
)

CLUSTER_CLASSES = of_cluster(
    "cluster_classes",
    key("class", "number of the class, from 0"),
    Column("share", Double, comment="share of samples decided for the class"),
    Column(
        "target_share",
        Double,
        comment="share of samples whose target is the class; NULL without a target, and for runs before revision 0011",
    ),
    comment="Decisions for the samples in each cluster.",
)

SETTLED = (PatternStatus.REGION, PatternStatus.LOWER_DIMENSIONAL, PatternStatus.INFEASIBLE)


def save_clusters(run: OpenRun, record: ClusterRecord) -> None:
    """Save clusters, their importance and effective maps, and the cluster of each sample."""
    clusters, importance = record.clusters, record.importance
    patterns = save_patterns(run.connection, run.network_id, clusters.network, clusters.packed)
    told = len(clusters) if record.told is None else min(record.told, len(clusters))
    first = np.arange(len(clusters)) < told
    save_maps(run.connection, patterns.of(first), importance.maps.of(first[: len(importance)]))
    _insert_clusters(run.connection, run.id, clusters, patterns.ids, told=told)
    save_assignments(run.connection, run.id, clusters)
    save_importance(run.connection, run.id, importance, told=told)
    run.facts |= {"clusters": len(clusters), "samples": len(clusters.assignment)}
    if record.statuses:
        later = ClusterStatuses(record.statuses)
        _check_statuses(run, later)
        save_cluster_statuses(run, later)


def _insert_clusters(
    connection: Connection, run_id: int, clusters: Clusters, pattern_ids: IntArray, *, told: int
) -> None:
    """Insert clusters, whose patterns have these ids, and the features of the first ones."""
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
    insert_columns(connection, CLUSTERS, columns)
    mean, spread = clusters.feature_mean[:told], clusters.feature_spread[:told]
    profile = {"mean": mean.ravel(), "spread": spread.ravel()}
    insert_columns(connection, CLUSTER_FEATURES, _cells(run_id, mean, "feature") | profile)
    prediction = {"prediction": clusters.prediction_mean.ravel()}
    insert_columns(connection, CLUSTER_OUTPUTS, _cells(run_id, clusters.prediction_mean, "output") | prediction)
    known = None if clusters.target_share is None else clusters.target_share.ravel()
    share = {"share": clusters.class_share.ravel(), "target_share": known}
    insert_columns(connection, CLUSTER_CLASSES, _cells(run_id, clusters.class_share, "class") | share)


def save_cluster_statuses(run: OpenRun, record: ClusterStatuses) -> None:
    """Save the statuses of the patterns of the run's clusters on its domain."""
    query = select(CLUSTERS.c.pattern_id).where(CLUSTERS.c.run_id == run.id).order_by(CLUSTERS.c.cluster)
    ids = np.array(run.connection.execute(query).scalars().all(), dtype=np.int64)
    patterns = PatternRows(ids, np.zeros(len(ids), dtype=np.bool_))
    for status in SETTLED:
        having = np.array([found is status for found in record.statuses], dtype=np.bool_)
        if having.any():
            save_statuses(run.connection, run.domain_id, patterns.of(having), status)


def _samples(record: ClusterRecord) -> int:
    return len(record.clusters.assignment)


def _check_clusters(run: OpenRun, record: ClusterRecord) -> None:
    """Raise unless the clusters are of the run's network."""
    run.check(record.clusters.network, run.domain)


def _check_statuses(run: OpenRun, record: ClusterStatuses) -> None:
    """Raise unless there is one status for each cluster of the run."""
    there = run.facts.get("clusters", 0)
    if len(record.statuses) != there:
        raise StoreError(f"run {run.id}: {len(record.statuses)} statuses for {there} clusters")


def _cells(run_id: int, table: FloatArray, column: str) -> dict[str, int | IntArray]:
    """Keys for the cells of a table with one row per cluster."""
    k, n = table.shape
    return {"run_id": run_id, "cluster": np.repeat(np.arange(1, k + 1), n), column: np.tile(np.arange(n), k)}


CLUSTERS_OF_RUN = """\
SELECT cluster, pattern, samples, share, outside, status, prediction, positive_share, target_mean, accuracy
FROM cluster_list WHERE run = :run ORDER BY cluster"""

OUTCOMES_OF_RUN = """\
SELECT m.cluster, m.kind, m.name, m.value FROM (
    SELECT c.run_id, c.cluster, 'mean' AS kind, o.name, c.prediction AS value, c.output AS position
    FROM cluster_outputs c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.output
    UNION ALL
    SELECT c.run_id, c.cluster, 'decided' AS kind, coalesce(k.name, o.name) AS name, c.share AS value, c.class
    FROM cluster_classes c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.class
    LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = c.class
    UNION ALL
    SELECT c.run_id, c.cluster, 'target' AS kind, coalesce(k.name, o.name) AS name, c.target_share AS value, c.class
    FROM cluster_classes c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.class
    LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = c.class
    WHERE c.target_share IS NOT NULL
) m
JOIN runs r ON r.id = m.run_id
WHERE m.run_id = :run AND m.cluster <= :most
      AND (SELECT count(*) FROM outputs o WHERE o.network_id = r.network_id) > 1
ORDER BY m.kind, m.position, m.cluster"""

PROFILES_OF_RUN = """\
SELECT cluster, feature, mean, spread FROM cluster_profile WHERE run = :run AND cluster <= :most
ORDER BY cluster, position"""


VIEWS = (
    View(
        "cluster_list",
        "clusters of each run: pattern, size, status, decisions, target rate, accuracy",
        """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS verdict,
       CASE WHEN n.outputs = 1 THEN o.prediction END AS prediction, c.positive_share, c.target_mean, c.accuracy,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS status
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN networks n ON n.id = r.network_id
JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id""",
        columns={
            "prediction": "mean of the output after squashing; NULL with several outputs",
            "verdict": "the status under its former name, for one version",
        },
    ),
    View(
        "cluster_profile",
        "mean and spread of each feature in each cluster, beside those of all samples",
        """\
SELECT c.run_id AS run, c.cluster, f.name AS feature, c.mean, c.spread,
       d.mean AS mean_of_all, d.spread AS spread_of_all, c.feature AS position
FROM cluster_features c
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature
LEFT JOIN dataset_features d ON d.dataset_id = r.dataset_id AND d.position = c.feature""",
    ),
    View(
        "cluster_active_units",
        "active units of each cluster, by layer",
        """\
SELECT c.run_id AS run, c.cluster, u.layer, u.unit
FROM clusters c
JOIN patterns p ON p.id = c.pattern_id
JOIN units u ON u.network_id = p.network_id AND substr(p.pattern, u.text_position, 1) = '1'""",
    ),
)


SUBJECT = StoreSubject(
    tables=(CLUSTERS, CLUSTER_FEATURES, CLUSTER_OUTPUTS, CLUSTER_CLASSES),
    views=VIEWS,
    savers=(
        Saver(ClusterRecord, save_clusters, rows=_samples, check=_check_clusters),
        Saver(ClusterStatuses, save_cluster_statuses, check=_check_statuses),
    ),
)
