"""Samples: the cluster of each, and whether it lies in the domain."""

from sqlalchemy import Boolean, Connection, ForeignKeyConstraint, Index, Integer, Table

from relugeom.partition.clusters import Clusters
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = ["ASSIGNMENTS", "SUBJECT", "save_assignments"]

ASSIGNMENTS = Table(
    "assignments",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("cluster", Integer, comment="number of its cluster, from 1"),
    required("inside", Boolean, comment="whether it lies in the domain"),
    required("float32_doubtful", Boolean, comment="whether a float32 evaluation could give another pattern"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    Index(None, "run_id", "cluster"),
    comment="The cluster of each sample.",
    sqlite_with_rowid=False,
)

CHUNK = 1_000_000
"""Samples that are looked at together: there may be more than fit in memory twice."""


def save_assignments(connection: Connection, run_id: int, clusters: Clusters) -> None:
    """Save the cluster of each sample."""
    for start in range(0, len(clusters.assignment), CHUNK):
        rows = slice(start, start + CHUNK)
        samples = {
            "run_id": run_id,
            "sample": range(len(clusters.assignment))[rows],
            "cluster": clusters.assignment[rows] + 1,
            "inside": clusters.inside[rows],
            "float32_doubtful": clusters.float32_doubtful[rows],
        }
        insert_columns(connection, ASSIGNMENTS, samples)


VIEWS = (
    View(
        "sample_clusters",
        "the cluster and pattern of each sample, and whether it lies in the domain",
        """\
SELECT a.run_id AS run, a.sample, a.cluster, p.pattern, a.inside, a.float32_doubtful
FROM assignments a
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(ASSIGNMENTS,),
    views=VIEWS,
)
