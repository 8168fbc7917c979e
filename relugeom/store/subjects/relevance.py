"""Relevance of features: how far the samples of a cluster determine each coefficient when features are correlated."""

import numpy as np
from sqlalchemy import Column, Double, ForeignKeyConstraint, Table, Text

from relugeom.store.database.columns import key, metadata, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.records import RelevanceRecord
from relugeom.store.subject import Saver, StoreSubject, rows_of_run

__all__ = ["CLUSTER_RELEVANCE", "SUBJECT", "save_relevance"]

CLUSTER_RELEVANCE = Table(
    "cluster_relevance",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("low", Double, comment="least coefficient among the maps that predict the cluster's samples equally well"),
    Column("high", Double, comment="largest such coefficient; both are NULL if not identifiable or not known"),
    required("relevance", Text, comment="strong, weak, irrelevant, not identifiable or unknown"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    comment="Relevance of features: how far the samples of a cluster determine each coefficient when features are "
    "correlated.",
    sqlite_with_rowid=False,
)


def save_relevance(run: OpenRun, record: RelevanceRecord) -> None:
    """Save intervals of coefficients, and the relevance that follows from them."""
    from relugeom.analysis.relevance import Relevance  # slow to load

    k, m, n = record.found.lower.shape
    columns = {
        "run_id": run.id,
        "cluster": np.repeat(record.clusters[:k] + 1, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "low": record.found.lower.ravel(),
        "high": record.found.upper.ravel(),
        "relevance": [Relevance(value).words for value in record.found.relevance.ravel().tolist()],
    }
    insert_columns(run.connection, CLUSTER_RELEVANCE, columns)


VIEWS = (
    View(
        "relevance_by_cluster",
        "interval of each coefficient that the cluster's samples allow when features are correlated, and its relevance",
        """\
SELECT v.run_id AS run, v.cluster, o.name AS output, f.name AS feature, m.coefficient, v.low, v.high, v.relevance,
       v.output AS output_position, v.feature AS position
FROM cluster_relevance v
JOIN clusters c ON c.run_id = v.run_id AND c.cluster = v.cluster
JOIN runs r ON r.id = v.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = v.output AND m.feature = v.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = v.output
JOIN features f ON f.network_id = r.network_id AND f.position = v.feature""",
    ),
)


SUBJECT = StoreSubject(
    tables=(CLUSTER_RELEVANCE,),
    views=VIEWS,
    savers=(Saver(RelevanceRecord, save_relevance),),
    findings={
        "relevance": """\
SELECT cluster, output, feature, coefficient, low, high, relevance FROM relevance_by_cluster WHERE run = :run
ORDER BY cluster, output_position, position""",
    },
    part=("relevance", rows_of_run(CLUSTER_RELEVANCE)),
)
