"""Clusters merged into a few groups with one affine map each, and the error of even fewer groups."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import BigInteger, Column, Double, ForeignKeyConstraint, Index, Integer, Table, Text

from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import of_group
from relugeom.store.records import GroupRecord
from relugeom.store.subject import Saver, StoreSubject, rows_of_run

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.parsimony import ClusterGroups

__all__ = [
    "CLUSTER_GROUPS",
    "GROUP_BIASES",
    "GROUP_COEFFICIENTS",
    "RUN_GROUPS",
    "SUBJECT",
    "TRADEOFF_STEPS",
    "conditions_in_words",
    "save_groups",
]

RUN_GROUPS = Table(
    "run_groups",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("group_number", "number of the group, from 1, largest first"),
    required("samples", BigInteger, comment="number of samples in it"),
    required("clusters", Integer, comment="number of clusters in it"),
    required("error", Double, comment="largest change of an output by the group's map, measured on its samples"),
    required("rms", Double, comment="root mean square of that change"),
    Column("bound", Double, comment="proved bound on the change over all its regions; NULL if not known"),
    required("conditions", Text, comment="units that define the group, and whether each is active"),
    comment="Clusters merged into a few groups with one affine map each.",
    sqlite_with_rowid=False,
)


GROUP_COEFFICIENTS = of_group(
    "group_coefficients",
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("coefficient", Double, comment="coefficient of the group's map"),
    comment="Maps of groups: output ≈ bias + sum of coefficient * feature, before squashing.",
)

GROUP_BIASES = of_group(
    "group_biases",
    key("output", "number of the output, from 0"),
    required("bias", Double, comment="constant term of the group's map"),
    comment="Constant terms of the maps of groups.",
)

CLUSTER_GROUPS = Table(
    "cluster_groups",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    required("group_number", Integer, comment="number of its group, from 1"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["run_id", "group_number"], ["run_groups.run_id", "run_groups.group_number"], ondelete="CASCADE"
    ),
    Index(None, "run_id", "group_number"),
    comment="Group of each cluster.",
    sqlite_with_rowid=False,
)

TRADEOFF_STEPS = Table(
    "tradeoff_steps",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("groups", "number of groups"),
    required("error", Double, comment="largest change of an output with this number of maps, measured on the samples"),
    required("rms", Double, comment="root mean square of that change"),
    required("entropy", Double, comment="entropy of the groups' sizes in bits"),
    required("alignment", Double, comment="mean |cosine| between separating hyperplanes: 0 if all are orthogonal"),
    comment="Error for each possible number of groups.",
    sqlite_with_rowid=False,
)


def save_groups(run: OpenRun, record: GroupRecord) -> None:
    """Save clusters merged into groups, and the curve of errors for fewer groups."""
    groups, bounds = record.groups, record.bounds
    g, m, n = groups.weights.shape
    numbers = np.arange(1, g + 1)
    bound = np.full(g, np.nan) if bounds is None else bounds.group_bound
    columns = {
        "run_id": run.id,
        "group_number": numbers,
        "samples": groups.size,
        "clusters": groups.clusters,
        "error": groups.error,
        "rms": groups.rms,
        "bound": np.where(np.isfinite(bound), bound, np.nan),
        "conditions": [conditions_in_words(groups, row) for row in range(g)],
    }
    insert_columns(run.connection, RUN_GROUPS, columns)
    weights = {
        "run_id": run.id,
        "group_number": np.repeat(numbers, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), g),
        "feature": np.tile(np.arange(n), g * m),
        "coefficient": groups.weights.ravel(),
    }
    insert_columns(run.connection, GROUP_COEFFICIENTS, weights)
    biases = {
        "run_id": run.id,
        "group_number": np.repeat(numbers, m),
        "output": np.tile(np.arange(m), g),
        "bias": groups.biases.ravel(),
    }
    insert_columns(run.connection, GROUP_BIASES, biases)
    members = {"run_id": run.id, "cluster": record.clusters + 1, "group_number": groups.group + 1}
    insert_columns(run.connection, CLUSTER_GROUPS, members)
    curve = groups.curve
    steps = {
        "run_id": run.id,
        "groups": np.arange(1, len(curve) + 1),
        "error": curve.error,
        "rms": curve.rms,
        "entropy": curve.entropy,
        "alignment": curve.alignment,
    }
    insert_columns(run.connection, TRADEOFF_STEPS, steps)


def conditions_in_words(groups: "ClusterGroups", row: int) -> str:
    """Definition of a group, like ``unit 0.3 active, unit 1.0 inactive``: hidden layer and index, from 0."""
    parts = groups.conditions(row)
    words = [f"unit {layer}.{unit} {'active' if active else 'inactive'}" for layer, unit, active in parts]
    return ", ".join(words) or "all samples"


VIEWS = (
    View(
        "group_list",
        "clusters merged into a few groups with one map each: size, definition, and how much the outputs change",
        """\
SELECT run_id AS run, group_number, samples, clusters, error, rms, bound, conditions
FROM run_groups""",
    ),
    View(
        "group_members",
        "group of each cluster",
        """\
SELECT g.run_id AS run, g.group_number, g.cluster, p.pattern, c.samples
FROM cluster_groups g
JOIN clusters c ON c.run_id = g.run_id AND c.cluster = g.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    View(
        "group_effects",
        "map of each group: coefficient of each feature, and bias",
        """\
SELECT k.run_id AS run, k.group_number, o.name AS output, f.name AS feature, k.coefficient, b.bias,
       k.output AS output_position, k.feature AS position
FROM group_coefficients k
JOIN group_biases b ON b.run_id = k.run_id AND b.group_number = k.group_number AND b.output = k.output
JOIN runs r ON r.id = k.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = k.output
JOIN features f ON f.network_id = r.network_id AND f.position = k.feature""",
    ),
    View(
        "group_tradeoff",
        "trade-off between number of groups and error: the error with one, two, three … groups",
        """\
SELECT run_id AS run, groups, error, rms, entropy, alignment
FROM tradeoff_steps""",
    ),
)


SUBJECT = StoreSubject(
    tables=(RUN_GROUPS, GROUP_COEFFICIENTS, GROUP_BIASES, CLUSTER_GROUPS, TRADEOFF_STEPS),
    views=VIEWS,
    savers=(Saver(GroupRecord, save_groups),),
    findings={
        "groups": """\
SELECT group_number AS "group", samples, clusters, error, rms, bound, conditions FROM group_list WHERE run = :run
ORDER BY group_number""",
        "effects": """\
SELECT group_number AS "group", output, feature, coefficient, bias FROM group_effects WHERE run = :run
ORDER BY group_number, output_position, position""",
        "tradeoff": """\
SELECT groups, error, rms, entropy, alignment FROM group_tradeoff WHERE run = :run ORDER BY groups""",
    },
    part=("groups", rows_of_run(RUN_GROUPS)),
)
