"""The first schema.

Revision 0001, of 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

VIEWS = {
    "runs_overview": """\
SELECT r.id AS run, r.command, r.status, r.reason, r.started_at, r.finished_at, r.seconds,
       n.file_name AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       d.name AS domain, d.digest AS domain_digest, s.name AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'""",
    "pattern_counts": """\
SELECT run_id AS run, position, patterns, count, count_text
FROM pattern_census
UNION ALL
SELECT run_id, 100, 'holding samples of the domain', count(*), CAST(count(*) AS TEXT)
FROM clusters
WHERE samples > outside
GROUP BY run_id""",
    "pattern_verdicts": """\
SELECT r.id AS run, p.pattern, p.active_units, v.verdict, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples
FROM runs r
JOIN verdicts v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated')
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    "region_list": """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples
FROM pattern_verdicts
WHERE verdict = 'region'""",
    "regions_without_data": """\
SELECT run, pattern, active_units, admissible_inputs
FROM region_list
WHERE samples = 0""",
    "region_points": """\
SELECT r.id AS run, i.position + 1 AS region, p.pattern, f.name AS feature, i.value, i.exact_value
FROM runs r
JOIN partition_regions g ON g.partition_id = r.partition_id
JOIN patterns p ON p.id = g.pattern_id
JOIN interior_points i ON i.partition_id = g.partition_id AND i.position = g.position
JOIN features f ON f.network_id = r.network_id AND f.position = i.feature""",
    "effective_coefficients": """\
SELECT p.network_id AS network, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign, b.bias
FROM patterns p
JOIN coefficients m ON m.pattern_id = p.id
JOIN biases b ON b.pattern_id = p.id AND b.output = m.output
JOIN outputs o ON o.network_id = p.network_id AND o.position = m.output
JOIN features f ON f.network_id = p.network_id AND f.position = m.feature""",
    "cluster_list": """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.verdict, 'unknown') END AS verdict,
       o.prediction, c.positive_share, c.target_mean, c.accuracy
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id""",
    "cluster_profile": """\
SELECT c.run_id AS run, c.cluster, f.name AS feature, c.mean, c.spread,
       d.mean AS mean_of_all, d.spread AS spread_of_all, c.feature AS position
FROM cluster_features c
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature
LEFT JOIN dataset_features d ON d.dataset_id = r.dataset_id AND d.position = c.feature""",
    "importance_by_cluster": """\
SELECT i.run_id AS run, i.cluster, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       i.scaled, i.contribution, i.output AS output_position, i.feature AS position
FROM cluster_importance i
JOIN clusters c ON c.run_id = i.run_id AND c.cluster = i.cluster
JOIN runs r ON r.id = i.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = i.output AND m.feature = i.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = i.output
JOIN features f ON f.network_id = r.network_id AND f.position = i.feature""",
    "cluster_active_units": """\
SELECT c.run_id AS run, c.cluster, u.layer, u.unit
FROM clusters c
JOIN patterns p ON p.id = c.pattern_id
JOIN units u ON u.network_id = p.network_id AND substr(p.pattern, u.text_position, 1) = '1'""",
    "sample_clusters": """\
SELECT a.run_id AS run, a.sample, a.cluster, p.pattern, a.inside, a.float32_doubtful
FROM assignments a
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
}

TABLES = (
    "datasets",
    "domains",
    "networks",
    "classes",
    "dataset_features",
    "domain_constraints",
    "domain_features",
    "features",
    "layers",
    "outputs",
    "partitions",
    "patterns",
    "units",
    "biases",
    "coefficients",
    "domain_coefficients",
    "partition_regions",
    "runs",
    "verdicts",
    "clusters",
    "interior_points",
    "pattern_census",
    "run_notes",
    "run_software",
    "assignments",
    "cluster_classes",
    "cluster_features",
    "cluster_importance",
    "cluster_outputs",
)


def upgrade() -> None:
    create_tables()
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
    for name in reversed(TABLES):
        op.drop_table(name)


def create_tables() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 of the samples, the target and their names"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the file when the data were first saved"),
        sa.Column("samples", sa.Integer(), nullable=False, comment="number of samples"),
        sa.Column("target", sa.Text(), nullable=True, comment="name of the target column, or NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("digest", name=op.f("uq_datasets_digest")),
        comment="Tables of samples.",
    )
    op.create_table(
        "domains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 of the box, the linear rows and the rules"
        ),
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="how it was specified when it was first saved: box:LO,HI, data, all or a file",
        ),
        sa.Column("inputs", sa.Integer(), nullable=False, comment="number of inputs"),
        sa.Column("features_named", sa.Boolean(), nullable=False, comment="whether the domain names its features"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("digest", name=op.f("uq_domains_digest")),
        comment="Sets of inputs that networks are used on.",
    )
    op.create_table(
        "networks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of layer shapes and weights"),
        sa.Column(
            "meaning_digest", sa.String(length=64), nullable=False, comment="SHA-256 of names, squashing and decision"
        ),
        sa.Column(
            "file_name",
            sa.Text(),
            nullable=False,
            comment="name of the model file when the network was first saved, or empty",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="what was read: a file format, or memory"),
        sa.Column(
            "precision", sa.Text(), nullable=False, comment="what the deployed model computes in: float32 or float64"
        ),
        sa.Column(
            "rounded_numbers",
            sa.Integer(),
            nullable=False,
            comment="how many weights and biases the importer had to round",
        ),
        sa.Column("inputs", sa.Integer(), nullable=False, comment="number of inputs"),
        sa.Column("outputs", sa.Integer(), nullable=False, comment="number of outputs"),
        sa.Column("units", sa.Integer(), nullable=False, comment="number of hidden ReLU units"),
        sa.Column(
            "hidden_layers",
            sa.Text(),
            nullable=False,
            comment="units in each hidden layer, like 4/2; - where there is none",
        ),
        sa.Column(
            "squashing", sa.Text(), nullable=False, comment="what follows the last layer: none, sigmoid or softmax"
        ),
        sa.Column(
            "decision_rule",
            sa.Text(),
            nullable=False,
            comment="how a class follows from the outputs: none, threshold or argmax",
        ),
        sa.Column(
            "threshold_lower",
            sa.Double(),
            nullable=False,
            comment="class 0 where the output before squashing is at most this",
        ),
        sa.Column(
            "threshold_upper",
            sa.Double(),
            nullable=False,
            comment="class 1 where the output before squashing is greater than this",
        ),
        sa.Column("inputs_named", sa.Boolean(), nullable=False, comment="whether the model names its inputs"),
        sa.Column("outputs_named", sa.Boolean(), nullable=False, comment="whether the model names its outputs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_networks")),
        sa.UniqueConstraint("digest", "meaning_digest", name=op.f("uq_networks_digest_meaning_digest")),
        comment="Trained networks; two are one where weights, names, squashing and decision agree.",
    )
    op.create_table(
        "classes",
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the class, from 0"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the class"),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_classes_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "position", name=op.f("pk_classes")),
        comment="What each class of a network is called.",
    )
    op.create_table(
        "dataset_features",
        sa.Column("dataset_id", sa.Integer(), autoincrement=False, nullable=False, comment="the dataset"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the column"),
        sa.Column("mean", sa.Double(), nullable=True, comment="mean over all samples"),
        sa.Column("spread", sa.Double(), nullable=True, comment="standard deviation over all samples"),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_features_dataset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "position", name=op.f("pk_dataset_features")),
        comment="Columns of a dataset.",
    )
    op.create_table(
        "domain_constraints",
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the row, from 0"),
        sa.Column("relation", sa.String(length=2), nullable=False, comment="<= or =="),
        sa.Column("value", sa.Double(), nullable=False, comment="right-hand side"),
        sa.CheckConstraint("relation IN ('<=', '==')", name=op.f("ck_domain_constraints_relation")),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domains.id"], name=op.f("fk_domain_constraints_domain_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", "number", name=op.f("pk_domain_constraints")),
        comment="Linear rows of a domain; one-hot groups are not repeated here.",
    )
    op.create_table(
        "domain_features",
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the feature when the domain was first saved"),
        sa.Column("kind", sa.Text(), nullable=False, comment="continuous, integer or binary"),
        sa.Column("lower", sa.Double(), nullable=True, comment="lower bound; NULL where the side is open"),
        sa.Column("upper", sa.Double(), nullable=True, comment="upper bound; NULL where the side is open"),
        sa.Column(
            "one_hot_group",
            sa.Integer(),
            nullable=True,
            comment="number of its one-hot group (exactly one member is 1), or NULL",
        ),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domains.id"], name=op.f("fk_domain_features_domain_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", "position", name=op.f("pk_domain_features")),
        comment="The box of a domain and the rules of its features.",
    )
    op.create_table(
        "features",
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the input"),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_features_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "position", name=op.f("pk_features")),
        comment="What each input of a network is called.",
    )
    op.create_table(
        "layers",
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the layer, from 0; the last one is the output layer",
        ),
        sa.Column("inputs", sa.Integer(), nullable=False, comment="values that the layer takes"),
        sa.Column("outputs", sa.Integer(), nullable=False, comment="values that the layer gives"),
        sa.Column("weights", sa.LargeBinary(), nullable=False, comment="W row by row, little-endian float64"),
        sa.Column("biases", sa.LargeBinary(), nullable=False, comment="b, little-endian float64"),
        sa.Column(
            "rounded_weights",
            sa.LargeBinary(),
            nullable=True,
            comment="one bit per weight, 1 where it was rounded; NULL where none was",
        ),
        sa.Column(
            "rounded_biases",
            sa.LargeBinary(),
            nullable=True,
            comment="one bit per bias, 1 where it was rounded; NULL where none was",
        ),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_layers_network_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("network_id", "layer", name=op.f("pk_layers")),
        comment="Weights of a network, exactly.",
    )
    op.create_table(
        "outputs",
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column(
            "position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the output"),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_outputs_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "position", name=op.f("pk_outputs")),
        comment="What each output of a network is called.",
    )
    op.create_table(
        "partitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of network, domain, regions, interior points, split tree and status",
        ),
        sa.Column("network_id", sa.Integer(), nullable=False, comment="the network"),
        sa.Column("domain_id", sa.Integer(), nullable=False, comment="the domain"),
        sa.Column("status", sa.Text(), nullable=False, comment="complete or truncated"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it is truncated, or empty"),
        sa.Column("regions", sa.BigInteger(), nullable=False, comment="number of activation regions found"),
        sa.Column("dimension", sa.Integer(), nullable=False, comment="dimension of the affine hull of the domain"),
        sa.Column(
            "tree",
            sa.LargeBinary(),
            nullable=False,
            comment="split tree in preorder, a byte a node: 0, 1 stable, 2 split, 3 unexplored",
        ),
        sa.CheckConstraint("status IN ('complete', 'truncated')", name=op.f("ck_partitions_status")),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f("fk_partitions_domain_id")),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_partitions_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partitions")),
        sa.UniqueConstraint("network_id", "digest", name=op.f("uq_partitions_network_id_digest")),
        comment="All activation regions of a network over a domain.",
    )
    op.create_table(
        "patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.Integer(), nullable=False, comment="the network"),
        sa.Column(
            "pattern",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="one character per unit, layer by layer: 0110/10; - without hidden units",
        ),
        sa.Column(
            "packed", sa.LargeBinary(), nullable=False, comment="the same bits, eight units a byte, first unit first"
        ),
        sa.Column("active_units", sa.Integer(), nullable=False, comment="number of active units"),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_patterns_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patterns")),
        sa.UniqueConstraint("network_id", "pattern", name=op.f("uq_patterns_network_id_pattern")),
        comment="Activation patterns.",
    )
    op.create_table(
        "units",
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column("layer", sa.Integer(), autoincrement=False, nullable=False, comment="hidden layer, from 0"),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False, comment="index in the layer, from 0"),
        sa.Column(
            "text_position",
            sa.Integer(),
            nullable=False,
            comment="its character in the text of a pattern, from 1: substr(pattern, …, 1)",
        ),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_units_network_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("network_id", "layer", "unit", name=op.f("pk_units")),
        comment="Hidden ReLU units.",
    )
    op.create_table(
        "biases",
        sa.Column("pattern_id", sa.Integer(), autoincrement=False, nullable=False, comment="the pattern"),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("bias", sa.Double(), nullable=True, comment="the float64 nearest to the exact bias"),
        sa.Column("sign", sa.Integer(), nullable=False, comment="its exact sign: -1, 0 or 1"),
        sa.CheckConstraint("sign IN (-1, 0, 1)", name=op.f("ck_biases_sign")),
        sa.ForeignKeyConstraint(["pattern_id"], ["patterns.id"], name=op.f("fk_biases_pattern_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pattern_id", "output", name=op.f("pk_biases")),
        comment="Constant terms of the effective maps.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coefficients",
        sa.Column("pattern_id", sa.Integer(), autoincrement=False, nullable=False, comment="the pattern"),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("coefficient", sa.Double(), nullable=True, comment="the float64 nearest to the exact coefficient"),
        sa.Column("sign", sa.Integer(), nullable=False, comment="its exact sign: -1, 0 or 1"),
        sa.CheckConstraint("sign IN (-1, 0, 1)", name=op.f("ck_coefficients_sign")),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["patterns.id"], name=op.f("fk_coefficients_pattern_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pattern_id", "output", "feature", name=op.f("pk_coefficients")),
        comment="Effective maps: output = bias + sum of coefficient * feature, before squashing.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "domain_coefficients",
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="the row of domain_constraints"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("coefficient", sa.Double(), nullable=False, comment="its coefficient, never 0"),
        sa.ForeignKeyConstraint(
            ["domain_id", "number"],
            ["domain_constraints.domain_id", "domain_constraints.number"],
            name=op.f("fk_domain_coefficients_domain_id_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("domain_id", "number", "position", name=op.f("pk_domain_coefficients")),
        comment="Left-hand sides of the linear rows of a domain.",
    )
    op.create_table(
        "partition_regions",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position", sa.Integer(), autoincrement=False, nullable=False, comment="its place in tree order, from 0"
        ),
        sa.Column("pattern_id", sa.Integer(), nullable=False, comment="its pattern"),
        sa.ForeignKeyConstraint(
            ["partition_id"], ["partitions.id"], name=op.f("fk_partition_regions_partition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pattern_id"], ["patterns.id"], name=op.f("fk_partition_regions_pattern_id")),
        sa.PrimaryKeyConstraint("partition_id", "position", name=op.f("pk_partition_regions")),
        comment="The regions of a partition.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False, comment="what was asked for: audit, cluster, enumerate, save"),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="running (also after the process was killed), complete, truncated or failed",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it is truncated or failed, or empty"),
        sa.Column("started_at", sa.Text(), nullable=False, comment="UTC, like 2026-11-23T10:15:00Z"),
        sa.Column("finished_at", sa.Text(), nullable=True, comment="UTC; NULL while it runs"),
        sa.Column("seconds", sa.Double(), nullable=True, comment="time from start to finish"),
        sa.Column(
            "search_seconds", sa.Double(), nullable=True, comment="time of the search for regions; NULL without one"
        ),
        sa.Column("network_id", sa.Integer(), nullable=False, comment="the network"),
        sa.Column("domain_id", sa.Integer(), nullable=True, comment="the domain, if any"),
        sa.Column("dataset_id", sa.Integer(), nullable=True, comment="the data, if any"),
        sa.Column("partition_id", sa.Integer(), nullable=True, comment="the partition, if any"),
        sa.Column(
            "samples",
            sa.Integer(),
            nullable=True,
            comment="number of samples assigned to clusters; NULL where none were",
        ),
        sa.Column(
            "clusters", sa.Integer(), nullable=True, comment="number of clusters; NULL where no samples were clustered"
        ),
        sa.Column("parameters", sa.JSON(), nullable=False, comment="the options of the run, passwords hidden"),
        sa.CheckConstraint("status IN ('running', 'complete', 'truncated', 'failed')", name=op.f("ck_runs_status")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_runs_dataset_id")),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f("fk_runs_domain_id")),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_runs_network_id")),
        sa.ForeignKeyConstraint(["partition_id"], ["partitions.id"], name=op.f("fk_runs_partition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        comment="What was run, when and on what.",
    )
    op.create_index(op.f("ix_runs_network_id"), "runs", ["network_id"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("pattern_id", sa.Integer(), autoincrement=False, nullable=False, comment="the pattern"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="region, lower-dimensional or infeasible"),
        sa.Column(
            "admissible_inputs",
            sa.BigInteger(),
            nullable=True,
            comment="how many admissible inputs have it; NULL where not counted",
        ),
        sa.CheckConstraint(
            "verdict IN ('region', 'lower-dimensional', 'infeasible')", name=op.f("ck_verdicts_verdict")
        ),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f("fk_verdicts_domain_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["patterns.id"], name=op.f("fk_verdicts_pattern_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", "pattern_id", name=op.f("pk_verdicts")),
        comment="What a pattern is on a domain. Patterns without a row are not settled.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_verdicts_pattern_id"), "verdicts", ["pattern_id"], unique=False)
    op.create_table(
        "clusters",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the cluster, from 1, largest first",
        ),
        sa.Column("pattern_id", sa.Integer(), nullable=False, comment="the pattern that its samples share"),
        sa.Column("samples", sa.Integer(), nullable=False, comment="number of samples"),
        sa.Column("share", sa.Double(), nullable=False, comment="share of all samples"),
        sa.Column("outside", sa.Integer(), nullable=False, comment="how many of its samples lie outside the domain"),
        sa.Column(
            "representative",
            sa.Integer(),
            nullable=False,
            comment="number of a sample of the cluster, in the domain where one is",
        ),
        sa.Column(
            "positive_share",
            sa.Double(),
            nullable=True,
            comment="share of samples decided for class 1, where there are two classes",
        ),
        sa.Column(
            "target_mean", sa.Double(), nullable=True, comment="mean of the target (the target rate of a 0/1 target)"
        ),
        sa.Column("accuracy", sa.Double(), nullable=True, comment="share of samples whose decision is the target"),
        sa.ForeignKeyConstraint(["pattern_id"], ["patterns.id"], name=op.f("fk_clusters_pattern_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_clusters_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "cluster", name=op.f("pk_clusters")),
        sa.UniqueConstraint("run_id", "pattern_id", name=op.f("uq_clusters_run_id_pattern_id")),
        comment="Samples that share an activation pattern.",
    )
    op.create_table(
        "interior_points",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column(
            "value",
            sa.Double(),
            nullable=False,
            comment="coordinate of an interior point, or the float64 nearest to it",
        ),
        sa.Column(
            "exact_value",
            sa.Text(),
            nullable=True,
            comment="the coordinate as a fraction where no float64 point was found, else NULL",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_interior_points_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partition_id", "position", "feature", name=op.f("pk_interior_points")),
        comment="A point inside each region of a partition.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pattern_census",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="order of reading"),
        sa.Column("patterns", sa.Text(), nullable=False, comment="which patterns are counted"),
        sa.Column(
            "count", sa.BigInteger(), nullable=True, comment="how many; NULL where that is not known, or is beyond 2^63"
        ),
        sa.Column(
            "count_text", sa.Text(), nullable=False, comment="the same in words: a number, 2^80, at least 7, not known"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_pattern_census_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_pattern_census")),
        comment="How all 2^N patterns of the network divide on the domain of a run.",
    )
    op.create_table(
        "run_notes",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="order of reading"),
        sa.Column("note", sa.Text(), nullable=False, comment="one sentence"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_notes_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_run_notes")),
        comment="Limits and remarks that a run's report repeats.",
    )
    op.create_table(
        "run_software",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("package", sa.Text(), nullable=False, comment="name of the package, or python, or platform"),
        sa.Column("version", sa.Text(), nullable=False, comment="its version"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_software_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "package", name=op.f("pk_run_software")),
        comment="Software that a run used.",
    )
    op.create_table(
        "assignments",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "sample",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the sample, from 0, in the order of the data",
        ),
        sa.Column("cluster", sa.Integer(), nullable=False, comment="number of its cluster, from 1"),
        sa.Column("inside", sa.Boolean(), nullable=False, comment="whether it lies in the domain"),
        sa.Column(
            "float32_doubtful",
            sa.Boolean(),
            nullable=False,
            comment="whether a float32 evaluation could give another pattern",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_assignments_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_assignments_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "sample", name=op.f("pk_assignments")),
        comment="The cluster of each sample.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_assignments_run_id_cluster"), "assignments", ["run_id", "cluster"], unique=False)
    op.create_table(
        "cluster_classes",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("class", sa.Integer(), autoincrement=False, nullable=False, comment="number of the class, from 0"),
        sa.Column("share", sa.Double(), nullable=True, comment="share of samples decided for the class"),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_classes_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", "class", name=op.f("pk_cluster_classes")),
        comment="Decisions for the samples of a cluster.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster_features",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("mean", sa.Double(), nullable=True, comment="mean over the samples of the cluster"),
        sa.Column("spread", sa.Double(), nullable=True, comment="standard deviation over the samples of the cluster"),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_features_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", "feature", name=op.f("pk_cluster_features")),
        comment="Features of the samples of a cluster.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster_importance",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column(
            "scaled",
            sa.Double(),
            nullable=True,
            comment="coefficient times the standard deviation of the feature over all samples",
        ),
        sa.Column(
            "contribution",
            sa.Double(),
            nullable=True,
            comment="coefficient times the mean of the feature in the cluster",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_importance_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", "output", "feature", name=op.f("pk_cluster_importance")),
        comment="Importance of features in a cluster, beside the coefficients of its pattern.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster_outputs",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "cluster", sa.Integer(), autoincrement=False, nullable=False, comment="number of the cluster, from 1"
        ),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("prediction", sa.Double(), nullable=True, comment="mean of the output after squashing"),
        sa.ForeignKeyConstraint(
            ["run_id", "cluster"],
            ["clusters.run_id", "clusters.cluster"],
            name=op.f("fk_cluster_outputs_run_id_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "cluster", "output", name=op.f("pk_cluster_outputs")),
        comment="Predictions for the samples of a cluster.",
        sqlite_with_rowid=False,
    )
