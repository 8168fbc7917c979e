"""Importance of features: in each cluster, and over the whole domain and the data under several measures."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Column, Connection, Double, Table, Text

from relugeom.analysis.importance import ClusterImportance
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import of_cluster
from relugeom.store.subject import Saver, StoreSubject, rows_of_run

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.whole_domain import ImportanceComparison

__all__ = [
    "CLUSTER_IMPORTANCE",
    "IMPORTANCE_OF_RUN",
    "IMPORTANCE_SHARES",
    "SUBJECT",
    "save_comparison",
    "save_importance",
]

CLUSTER_IMPORTANCE = of_cluster(
    "cluster_importance",
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("scaled", Double, comment="coefficient times the standard deviation of the feature over all samples"),
    Column("contribution", Double, comment="coefficient times the mean of the feature in the cluster"),
    comment="Importance of features in a cluster, beside the coefficients of its pattern.",
)

IMPORTANCE_SHARES = Table(
    "importance_shares",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "position of the measure within the run, from 0"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("measure", Text, comment="name of the measure of importance"),
    Column(
        "share", Double, comment="share of the feature: the shares of one measure and output sum to 1, or all are 0"
    ),
    comment="Measures of importance over the whole domain and the data, side by side.",
    sqlite_with_rowid=False,
)


def save_importance(connection: Connection, run_id: int, importance: ClusterImportance, *, told: int) -> None:
    """Save the importance of every feature in the first clusters, per output."""
    k, m, n = importance.scaled[:told].shape
    columns = {
        "run_id": run_id,
        "cluster": np.repeat(np.arange(1, k + 1), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "scaled": importance.scaled[:told].ravel(),
        "contribution": importance.contribution[:told].ravel(),
    }
    insert_columns(connection, CLUSTER_IMPORTANCE, columns)


def save_comparison(run: OpenRun, comparison: "ImportanceComparison") -> None:
    """Save measures of importance, side by side."""
    t, m, n = comparison.shares.shape
    columns = {
        "run_id": run.id,
        "position": np.repeat(np.arange(t), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), t),
        "feature": np.tile(np.arange(n), t * m),
        "measure": [measure for measure in comparison.measures for _ in range(m * n)],
        "share": comparison.shares.ravel(),
    }
    insert_columns(run.connection, IMPORTANCE_SHARES, columns)


IMPORTANCE_OF_RUN = """\
SELECT cluster, output, feature, coefficient, sign, scaled, contribution
FROM importance_by_cluster WHERE run = :run AND cluster <= :most ORDER BY cluster, output_position, position"""


VIEWS = (
    View(
        "importance_by_cluster",
        "coefficient of each feature in each cluster, the same scaled by the feature's spread, and the mean "
        "contribution",
        """\
SELECT i.run_id AS run, i.cluster, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       i.scaled, i.contribution, i.output AS output_position, i.feature AS position
FROM cluster_importance i
JOIN clusters c ON c.run_id = i.run_id AND c.cluster = i.cluster
JOIN runs r ON r.id = i.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = i.output AND m.feature = i.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = i.output
JOIN features f ON f.network_id = r.network_id AND f.position = i.feature""",
    ),
    View(
        "importance_measures",
        "importance of features over the whole domain and the data, as shares that sum to 1 under several measures",
        """\
SELECT s.run_id AS run, s.measure, o.name AS output, f.name AS feature, s.share,
       s.position AS measure_position, s.output AS output_position, s.feature AS position
FROM importance_shares s
JOIN runs r ON r.id = s.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = s.output
JOIN features f ON f.network_id = r.network_id AND f.position = s.feature""",
    ),
)


SUBJECT = StoreSubject(
    tables=(CLUSTER_IMPORTANCE, IMPORTANCE_SHARES),
    views=VIEWS,
    savers=(Saver("relugeom.analysis.whole_domain.ImportanceComparison", save_comparison),),
    findings={
        "measures": """\
SELECT measure, output, feature, share FROM importance_measures WHERE run = :run
ORDER BY output_position, measure_position, position""",
    },
    part=("measures of importance", rows_of_run(IMPORTANCE_SHARES)),
)
