"""What the analyses of a run found: importance side by side, scores, ranges, counterfactuals, groups, relevance.

Revision 0007, of 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

VIEWS = {
    "importance_measures": """\
SELECT s.run_id AS run, s.measure, o.name AS output, f.name AS feature, s.share,
       s.position AS measure_position, s.output AS output_position, s.feature AS position
FROM importance_shares s
JOIN runs r ON r.id = s.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = s.output
JOIN features f ON f.network_id = r.network_id AND f.position = s.feature""",
    "cluster_performance": """\
SELECT s.run_id AS run, s.cluster, p.pattern, c.samples, c.target_mean, c.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM cluster_scores s
JOIN clusters c ON c.run_id = s.run_id AND c.cluster = s.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    "region_performance": """\
SELECT s.run_id AS run, s.position + 1 AS region, p.pattern, s.samples, s.response_mean AS target_mean, s.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM region_scores s
JOIN partition_regions g ON g.partition_id = s.partition_id AND g.position = s.position
JOIN patterns p ON p.id = g.pattern_id""",
    "unobserved_regions": """\
SELECT u.run_id AS run, u.position + 1 AS region, p.pattern, v.share AS volume_share, u.departure, u.nearest_cluster,
       CASE WHEN a.met OR w.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR w.admissible_inputs = 0 THEN 'no'
            ELSE 'unknown' END AS admissible
FROM region_departures u
JOIN runs r ON r.id = u.run_id
JOIN partition_regions g ON g.partition_id = u.partition_id AND g.position = u.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN region_volumes v ON v.partition_id = u.partition_id AND v.position = u.position
LEFT JOIN verdicts w ON w.domain_id = r.domain_id AND w.pattern_id = g.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = g.pattern_id""",
    "region_ranges": """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, o.name AS output, e.lowest, e.highest,
       e.output AS output_position
FROM runs r
JOIN region_extremes e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output""",
    "region_range_inputs": """\
SELECT r.id AS run, e.position + 1 AS region, o.name AS output, f.name AS feature, e.lowest_at, e.highest_at,
       e.output AS output_position, e.feature AS position
FROM runs r
CROSS JOIN region_extreme_points e
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature
WHERE e.partition_id = r.partition_id""",
    "nearest_other_decisions": """\
SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.distance, d.verdict, d.file, d.sha256
FROM sample_distances d
JOIN assignments a ON a.run_id = d.run_id AND a.sample = d.sample""",
    "counterfactuals": """\
SELECT d.run_id AS run, d.sample, f.name AS feature, c.value, c.change, c.feature AS position
FROM counterfactual_features c
JOIN sample_distances d ON d.run_id = c.run_id AND d.sample = c.sample
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature""",
    "group_list": """\
SELECT run_id AS run, group_number, samples, clusters, error, rms, bound, conditions
FROM run_groups""",
    "group_members": """\
SELECT g.run_id AS run, g.group_number, g.cluster, p.pattern, c.samples
FROM cluster_groups g
JOIN clusters c ON c.run_id = g.run_id AND c.cluster = g.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    "group_effects": """\
SELECT k.run_id AS run, k.group_number, o.name AS output, f.name AS feature, k.coefficient, b.bias,
       k.output AS output_position, k.feature AS position
FROM group_coefficients k
JOIN group_biases b ON b.run_id = k.run_id AND b.group_number = k.group_number AND b.output = k.output
JOIN runs r ON r.id = k.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = k.output
JOIN features f ON f.network_id = r.network_id AND f.position = k.feature""",
    "group_tradeoff": """\
SELECT run_id AS run, groups, error, rms, entropy, alignment
FROM tradeoff_steps""",
    "relevance_by_cluster": """\
SELECT v.run_id AS run, v.cluster, o.name AS output, f.name AS feature, m.coefficient, v.low, v.high, v.relevance,
       v.output AS output_position, v.feature AS position
FROM cluster_relevance v
JOIN clusters c ON c.run_id = v.run_id AND c.cluster = v.cluster
JOIN runs r ON r.id = v.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = v.output AND m.feature = v.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = v.output
JOIN features f ON f.network_id = r.network_id AND f.position = v.feature""",
}


def upgrade() -> None:
    op.create_table(
        "importance_shares",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the measure among those of the run, from 0",
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("measure", sa.Text(), nullable=False, comment="how importance is measured"),
        sa.Column(
            "share",
            sa.Double(),
            nullable=True,
            comment="share of the feature: those of one measure and output sum to 1, or all are 0",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_importance_shares_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position", "output", "feature", name=op.f("pk_importance_shares")),
        comment="Measures of importance over the whole domain and the data, side by side.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "region_departures",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column(
            "departure",
            sa.Double(),
            nullable=True,
            comment="from the map of the nearest cluster, in units of the output",
        ),
        sa.Column(
            "nearest_cluster",
            sa.Integer(),
            nullable=True,
            comment="that cluster, from 1; NULL where no cluster is inside the domain",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_departures_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_region_departures_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "partition_id", "position", name=op.f("pk_region_departures")),
        comment="Regions without a sample, and how far their maps depart from those of observed clusters.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_region_departures_partition_id_position"),
        "region_departures",
        ["partition_id", "position"],
        unique=False,
    )
    op.create_index(
        op.f("ix_region_departures_run_id_departure"), "region_departures", ["run_id", "departure"], unique=False
    )
    op.create_table(
        "region_extremes",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column(
            "lowest",
            sa.Double(),
            nullable=True,
            comment="the float64 nearest to the exact minimum on the closed region; NULL without one",
        ),
        sa.Column(
            "highest",
            sa.Double(),
            nullable=True,
            comment="the float64 nearest to the exact maximum on it; NULL without one",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_extremes_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partition_id", "position", "output", name=op.f("pk_region_extremes")),
        comment="The range of each output over each region, before squashing.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "region_scores",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column("samples", sa.BigInteger(), nullable=False, comment="number of samples of the domain in the region"),
        sa.Column("response_mean", sa.Double(), nullable=True, comment="mean of the target"),
        sa.Column("accuracy", sa.Double(), nullable=True, comment="share of samples whose decision is the target"),
        sa.Column(
            "local_auc", sa.Double(), nullable=True, comment="area under the ROC curve of the map on its own samples"
        ),
        sa.Column(
            "global_auc", sa.Double(), nullable=True, comment="area under the ROC curve of the map on all samples"
        ),
        sa.Column("local_r2", sa.Double(), nullable=True, comment="R² of the map on its own samples"),
        sa.Column("global_r2", sa.Double(), nullable=True, comment="R² of the map on all samples"),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_scores_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_region_scores_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "partition_id", "position", name=op.f("pk_region_scores")),
        comment="How well the map of each region that holds samples predicts.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_region_scores_partition_id_position"), "region_scores", ["partition_id", "position"], unique=False
    )
    op.create_table(
        "run_groups",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "group_number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the group, from 1, largest first",
        ),
        sa.Column("samples", sa.BigInteger(), nullable=False, comment="number of samples in it"),
        sa.Column("clusters", sa.Integer(), nullable=False, comment="number of clusters in it"),
        sa.Column(
            "error",
            sa.Double(),
            nullable=False,
            comment="largest change of an output by the group's map, measured on its samples",
        ),
        sa.Column("rms", sa.Double(), nullable=False, comment="root of the mean of its squares"),
        sa.Column(
            "bound",
            sa.Double(),
            nullable=True,
            comment="the change on all its regions is at most this; NULL where not known",
        ),
        sa.Column(
            "conditions",
            sa.Text(),
            nullable=False,
            comment="the units that say what belongs to it, and whether each is active",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_groups_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "group_number", name=op.f("pk_run_groups")),
        comment="Clusters merged into few groups with one affine map each.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_scores",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "samples", sa.BigInteger(), nullable=False, comment="number of samples that the scores of the run are of"
        ),
        sa.Column("response_mean", sa.Double(), nullable=True, comment="mean of the target"),
        sa.Column("accuracy", sa.Double(), nullable=True, comment="share of samples whose decision is the target"),
        sa.Column("auc", sa.Double(), nullable=True, comment="area under the ROC curve of the network"),
        sa.Column("r2", sa.Double(), nullable=True, comment="R² of the network"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_scores_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_scores")),
        comment="How well the network predicts the samples of a run.",
    )
    op.create_table(
        "tradeoff_steps",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("groups", sa.Integer(), autoincrement=False, nullable=False, comment="number of groups"),
        sa.Column(
            "error",
            sa.Double(),
            nullable=False,
            comment="largest change of an output that so few maps make, measured on the samples",
        ),
        sa.Column("rms", sa.Double(), nullable=False, comment="root of the mean of its squares"),
        sa.Column("entropy", sa.Double(), nullable=False, comment="entropy of the groups' sizes in bits"),
        sa.Column(
            "alignment",
            sa.Double(),
            nullable=False,
            comment="mean |cosine| between separating hyperplanes: 0 where all are orthogonal",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_tradeoff_steps_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "groups", name=op.f("pk_tradeoff_steps")),
        comment="What fewer groups would cost.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster_groups",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("group_number", sa.Integer(), nullable=False, comment="number of its group, from 1"),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_groups_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "group_number"],
            ["run_groups.run_id", "run_groups.group_number"],
            name=op.f("fk_cluster_groups_run_id_group_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", name=op.f("pk_cluster_groups")),
        comment="The group of each cluster.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_cluster_groups_run_id_group_number"), "cluster_groups", ["run_id", "group_number"], unique=False
    )
    op.create_table(
        "cluster_relevance",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column(
            "low",
            sa.Double(),
            nullable=True,
            comment="least coefficient among the maps that predict the cluster's samples as well",
        ),
        sa.Column(
            "high", sa.Double(), nullable=True, comment="largest one; both NULL where not identifiable or not known"
        ),
        sa.Column(
            "relevance", sa.Text(), nullable=False, comment="strong, weak, irrelevant, not identifiable or unknown"
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_relevance_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", "output", "feature", name=op.f("pk_cluster_relevance")),
        comment="What the samples of a cluster say of each coefficient when features are correlated.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster_scores",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column(
            "local_auc", sa.Double(), nullable=True, comment="area under the ROC curve of the map on its own samples"
        ),
        sa.Column(
            "global_auc", sa.Double(), nullable=True, comment="area under the ROC curve of the map on all samples"
        ),
        sa.Column("local_r2", sa.Double(), nullable=True, comment="R² of the map on its own samples"),
        sa.Column("global_r2", sa.Double(), nullable=True, comment="R² of the map on all samples"),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_scores_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", name=op.f("pk_cluster_scores")),
        comment="How well the map of each cluster predicts. NULL where a score does not exist or was not asked for.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "group_biases",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "group_number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the group, from 1"
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("bias", sa.Double(), nullable=False, comment="constant term of the group's map"),
        sa.ForeignKeyConstraint(
            ["run_id", "group_number"],
            ["run_groups.run_id", "run_groups.group_number"],
            name=op.f("fk_group_biases_run_id_group_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "group_number", "output", name=op.f("pk_group_biases")),
        comment="Constant terms of the maps of groups.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "group_coefficients",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "group_number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the group, from 1"
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("coefficient", sa.Double(), nullable=False, comment="coefficient of the group's map"),
        sa.ForeignKeyConstraint(
            ["run_id", "group_number"],
            ["run_groups.run_id", "run_groups.group_number"],
            name=op.f("fk_group_coefficients_run_id_group_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "group_number", "output", "feature", name=op.f("pk_group_coefficients")),
        comment="Maps of groups: output ≈ bias + sum of coefficient * feature, before squashing.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "region_extreme_points",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column(
            "lowest_at",
            sa.Double(),
            nullable=True,
            comment="coordinate of an input that reaches the minimum, to the nearest float64",
        ),
        sa.Column(
            "highest_at",
            sa.Double(),
            nullable=True,
            comment="coordinate of an input that reaches the maximum, to the nearest float64",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "position", "output"],
            ["region_extremes.partition_id", "region_extremes.position", "region_extremes.output"],
            name=op.f("fk_region_extreme_points_partition_id_position_output"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partition_id", "position", "output", "feature", name=op.f("pk_region_extreme_points")),
        comment="Inputs that reach the ends of the ranges.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sample_distances",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "sample",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the sample, from 0, in the order of the data",
        ),
        sa.Column("norm", sa.Text(), nullable=False, comment="l1, l2 or linf, in input units"),
        sa.Column(
            "verdict",
            sa.Text(),
            nullable=False,
            comment="holds: the distance is proved; fails: no other decision exists; or unknown",
        ),
        sa.Column(
            "distance",
            sa.Double(),
            nullable=True,
            comment="of the nearest input found that gets another decision; NULL without one",
        ),
        sa.Column("file", sa.Text(), nullable=True, comment="the certificate of a distance that is proved"),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="SHA-256 of the certificate"),
        sa.ForeignKeyConstraint(
            ["run_id", "sample"],
            ["assignments.run_id", "assignments.sample"],
            name=op.f("fk_sample_distances_run_id_sample"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "sample", name=op.f("pk_sample_distances")),
        comment="How far samples are from another decision.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_sample_distances_run_id_distance"), "sample_distances", ["run_id", "distance"], unique=False
    )
    op.create_table(
        "counterfactual_features",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("sample", sa.Integer(), autoincrement=False, nullable=False, comment="number of the sample, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("value", sa.Double(), nullable=False, comment="its value in the nearest input with another decision"),
        sa.Column("change", sa.Double(), nullable=False, comment="that value minus the sample's"),
        sa.ForeignKeyConstraint(
            ["run_id", "sample"],
            ["sample_distances.run_id", "sample_distances.sample"],
            name=op.f("fk_counterfactual_features_run_id_sample"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "sample", "feature", name=op.f("pk_counterfactual_features")),
        comment="The nearest inputs that get another decision: counterfactuals.",
        sqlite_with_rowid=False,
    )
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
    op.drop_table("counterfactual_features")
    op.drop_index(op.f("ix_sample_distances_run_id_distance"), table_name="sample_distances")
    op.drop_table("sample_distances")
    op.drop_table("region_extreme_points")
    op.drop_table("group_coefficients")
    op.drop_table("group_biases")
    op.drop_table("cluster_scores")
    op.drop_table("cluster_relevance")
    op.drop_index(op.f("ix_cluster_groups_run_id_group_number"), table_name="cluster_groups")
    op.drop_table("cluster_groups")
    op.drop_table("tradeoff_steps")
    op.drop_table("run_scores")
    op.drop_table("run_groups")
    op.drop_index(op.f("ix_region_scores_partition_id_position"), table_name="region_scores")
    op.drop_table("region_scores")
    op.drop_table("region_extremes")
    op.drop_index(op.f("ix_region_departures_run_id_departure"), table_name="region_departures")
    op.drop_index(op.f("ix_region_departures_partition_id_position"), table_name="region_departures")
    op.drop_table("region_departures")
    op.drop_table("importance_shares")
