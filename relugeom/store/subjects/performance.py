"""Scores: how well the network predicts, and the map of each cluster and region."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import BigInteger, Column, Double, ForeignKeyConstraint, Index, Table

from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import PARTITION_REGION
from relugeom.store.records import PerformanceRecord
from relugeom.store.subject import Saver, StoreSubject, rows_of_run

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.performance import Performance

__all__ = ["CLUSTER_SCORES", "REGION_SCORES", "RUN_SCORES", "SUBJECT", "save_performance"]


def _score_columns() -> list[Column[float]]:
    return [
        Column("local_auc", Double, comment="area under the ROC curve of the map on its own samples"),
        Column("global_auc", Double, comment="area under the ROC curve of the map on all samples"),
        Column("local_r2", Double, comment="R² of the map on its own samples"),
        Column("global_r2", Double, comment="R² of the map on all samples"),
    ]


def _mean_columns() -> list[Column[float]]:
    return [
        Column("response_mean", Double, comment="mean of the target"),
        Column("accuracy", Double, comment="share of samples whose decision equals the target"),
    ]


RUN_SCORES = Table(
    "run_scores",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("samples", BigInteger, comment="number of samples that the scores of the run are computed from"),
    *_mean_columns(),
    Column("auc", Double, comment="area under the ROC curve of the network"),
    Column("r2", Double, comment="R² of the network"),
    comment="Scores of the network on the samples of a run.",
)

CLUSTER_SCORES = Table(
    "cluster_scores",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    *_score_columns(),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    comment="Scores of each cluster's map. NULL if a score does not exist or was not asked for.",
    sqlite_with_rowid=False,
)

REGION_SCORES = Table(
    "region_scores",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("partition_id", "the partition"),
    key("position", "position of the region in tree order, from 0"),
    required("samples", BigInteger, comment="number of samples of the domain in the region"),
    *_mean_columns(),
    *_score_columns(),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    Index(None, "partition_id", "position"),
    comment="Scores of the map of each region that holds samples.",
    sqlite_with_rowid=False,
)


def save_performance(run: OpenRun, record: PerformanceRecord) -> None:
    """Save scores of the network, of clusters and of regions."""
    performance, numbers = record.clusters, record.numbers
    whole = performance.overall
    columns = {
        "run_id": [run.id],
        "samples": [whole.count],
        "response_mean": [whole.response_mean],
        "accuracy": [whole.accuracy],
        "auc": [whole.global_auc],
        "r2": [whole.global_r2],
    }
    insert_columns(run.connection, RUN_SCORES, columns)
    of_clusters = {"run_id": run.id, "cluster": numbers + 1} | _scores(performance, slice(None))
    insert_columns(run.connection, CLUSTER_SCORES, of_clusters)
    if record.regions is None:
        return
    performance = record.regions
    rows = np.flatnonzero(performance.count)
    of_regions = {
        "run_id": run.id,
        "partition_id": run.partition_id,
        "position": rows,
        "samples": performance.count[rows],
        "response_mean": performance.response_mean[rows],
        "accuracy": performance.accuracy[rows],
    }
    insert_columns(run.connection, REGION_SCORES, of_regions | _scores(performance, rows))


def _scores(performance: "Performance", rows: "slice | IntArray") -> dict[str, FloatArray]:
    names = ("local_auc", "global_auc", "local_r2", "global_r2")
    return {name: np.asarray(getattr(performance, name)[rows]) for name in names}


VIEWS = (
    View(
        "cluster_performance",
        "scores of each cluster's map on its own samples and on all samples",
        """\
SELECT s.run_id AS run, s.cluster, p.pattern, c.samples, c.target_mean, c.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM cluster_scores s
JOIN clusters c ON c.run_id = s.run_id AND c.cluster = s.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    View(
        "region_performance",
        "scores of the map of each activation region that holds samples of the domain",
        """\
SELECT s.run_id AS run, s.position + 1 AS region, p.pattern, s.samples, s.response_mean AS target_mean, s.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM region_scores s
JOIN partition_regions g ON g.partition_id = s.partition_id AND g.position = s.position
JOIN patterns p ON p.id = g.pattern_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(RUN_SCORES, CLUSTER_SCORES, REGION_SCORES),
    views=VIEWS,
    savers=(Saver(PerformanceRecord, save_performance),),
    findings={
        "scores": "SELECT samples, response_mean, accuracy, auc, r2 FROM run_scores WHERE run_id = :run",
        "performance": """\
SELECT cluster, samples, target_mean, accuracy, local_auc, global_auc, local_r2, global_r2
FROM cluster_performance WHERE run = :run ORDER BY cluster""",
    },
    part=("scores", rows_of_run(RUN_SCORES)),
)
