"""What is measured beyond the list of regions (shares, facets, decisions, margins), and views for questions about it.

Revision 0004, of 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHANGED = {
    "pattern_verdicts": """\
SELECT r.id AS run, p.pattern, p.active_units, v.verdict, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples,
       CASE WHEN a.met OR v.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR v.admissible_inputs = 0 OR v.verdict = 'infeasible' THEN 'no'
            ELSE 'unknown' END AS admissible
FROM runs r
JOIN verdicts v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = v.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated')
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    "region_list": """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples, admissible
FROM pattern_verdicts
WHERE verdict = 'region'""",
    "regions_without_data": """\
SELECT run, pattern, active_units, admissible_inputs, admissible
FROM region_list
WHERE samples = 0""",
}

BEFORE = {
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
}

ADDED = {
    "regions_by_share": """\
SELECT r.id AS run, v.position + 1 AS region, p.pattern, v.share AS volume_share, v.low AS share_low,
       v.high AS share_high, m.method,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples
FROM runs r
JOIN volume_measurements m ON m.partition_id = r.partition_id
JOIN region_volumes v ON v.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = v.partition_id AND g.position = v.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = g.pattern_id""",
    "neighbours": """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
UNION ALL
SELECT r.id, e.neighbour + 1, q.pattern, e.position + 1, p.pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id""",
    "region_classes": """\
SELECT r.id AS run, d.position + 1 AS region, p.pattern, d.class, k.name AS class_name, d.tied
FROM runs r
JOIN region_decisions d ON d.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = d.partition_id AND g.position = d.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = d.class""",
    "decision_flips": """\
SELECT DISTINCT r.id AS run, e.position + 1 AS region, p.pattern, d.class, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, o.class AS neighbour_class
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN region_decisions d ON d.partition_id = e.partition_id AND d.position = e.position
JOIN region_decisions o ON o.partition_id = e.partition_id AND o.position = e.neighbour AND o.class <> d.class
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id""",
    "effect_signs": """\
SELECT r.id AS run, o.name AS output, f.name AS feature,
       sum(CASE WHEN m.sign = 1 THEN 1 ELSE 0 END) AS rising,
       sum(CASE WHEN m.sign = -1 THEN 1 ELSE 0 END) AS falling,
       sum(CASE WHEN m.sign = 0 THEN 1 ELSE 0 END) AS flat,
       CASE WHEN max(m.sign) = 1 AND min(m.sign) = -1 THEN 1 ELSE 0 END AS changes_sign,
       m.output AS output_position, m.feature AS position
FROM runs r
JOIN partition_regions g ON g.partition_id = r.partition_id
JOIN coefficients m ON m.pattern_id = g.pattern_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = m.output
JOIN features f ON f.network_id = r.network_id AND f.position = m.feature
GROUP BY r.id, o.name, f.name, m.output, m.feature""",
    "samples_near_boundary": """\
SELECT n.run_id AS run, n.sample, a.cluster, p.pattern, n.distance, n.layer, n.unit, a.inside
FROM sample_margins n
JOIN assignments a ON a.run_id = n.run_id AND a.sample = n.sample
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    "pattern_units": """\
SELECT p.network_id AS network, p.pattern, u.layer, u.unit,
       CASE WHEN substr(p.pattern, u.text_position, 1) = '1' THEN 1 ELSE 0 END AS active
FROM patterns p
JOIN units u ON u.network_id = p.network_id""",
    "run_certificates": """\
SELECT c.run_id AS run, c.file, c.sha256, c.bytes, c.regions, c.proofs, r.status
FROM certificates c
JOIN runs r ON r.id = c.run_id""",
    "run_provenance": """\
SELECT run_id AS run, 'software' AS kind, package AS item, version AS value
FROM run_software
UNION ALL
SELECT id, 'options', 'parameters', CAST(parameters AS TEXT)
FROM runs
UNION ALL
SELECT r.id, 'digest', 'network', n.digest
FROM runs r
JOIN networks n ON n.id = r.network_id
UNION ALL
SELECT r.id, 'digest', 'domain', d.digest
FROM runs r
JOIN domains d ON d.id = r.domain_id
UNION ALL
SELECT r.id, 'digest', 'data', s.digest
FROM runs r
JOIN datasets s ON s.id = r.dataset_id""",
    "cluster_changes": """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern,
       CASE WHEN d.cluster IS NULL THEN 'vanished' ELSE 'stayed' END AS change,
       c.cluster AS cluster_before, d.cluster AS cluster_after, c.samples AS samples_before, d.samples AS samples_after
FROM runs a
JOIN networks m ON m.id = a.network_id
JOIN networks n ON n.hidden_layers = m.hidden_layers
JOIN runs b ON b.network_id = n.id AND b.id <> a.id AND b.clusters IS NOT NULL
JOIN clusters c ON c.run_id = a.id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN patterns q ON q.network_id = n.id AND q.pattern = p.pattern
LEFT JOIN clusters d ON d.run_id = b.id AND d.pattern_id = q.id
UNION ALL
SELECT a.id, b.id, q.pattern, 'appeared', NULL, d.cluster, NULL, d.samples
FROM runs b
JOIN networks n ON n.id = b.network_id
JOIN networks m ON m.hidden_layers = n.hidden_layers
JOIN runs a ON a.network_id = m.id AND a.id <> b.id AND a.clusters IS NOT NULL
JOIN clusters d ON d.run_id = b.id
JOIN patterns q ON q.id = d.pattern_id
LEFT JOIN patterns p ON p.network_id = m.id AND p.pattern = q.pattern
LEFT JOIN clusters c ON c.run_id = a.id AND c.pattern_id = p.id
WHERE c.cluster IS NULL""",
    "effect_changes": """\
SELECT x.run_before, x.run_after, x.pattern, o.name AS output, f.name AS feature,
       s.coefficient AS coefficient_before, t.coefficient AS coefficient_after,
       s.sign AS sign_before, t.sign AS sign_after,
       CASE WHEN s.sign <> t.sign THEN 1 ELSE 0 END AS changed_sign
FROM cluster_changes x
JOIN runs a ON a.id = x.run_before
JOIN runs b ON b.id = x.run_after
JOIN clusters c ON c.run_id = a.id AND c.cluster = x.cluster_before
JOIN clusters d ON d.run_id = b.id AND d.cluster = x.cluster_after
JOIN coefficients s ON s.pattern_id = c.pattern_id
JOIN outputs o ON o.network_id = a.network_id AND o.position = s.output
JOIN features f ON f.network_id = a.network_id AND f.position = s.feature
JOIN outputs v ON v.network_id = b.network_id AND v.name = o.name
JOIN features w ON w.network_id = b.network_id AND w.name = f.name
JOIN coefficients t ON t.pattern_id = d.pattern_id AND t.output = v.position AND t.feature = w.position""",
}

TABLES = (
    "admissible_patterns",
    "volume_measurements",
    "region_decisions",
    "region_facets",
    "region_volumes",
    "sample_margins",
)


def upgrade() -> None:
    create_tables()
    drop_views(BEFORE)
    create_views(CHANGED)
    create_views(ADDED)


def downgrade() -> None:
    drop_views(ADDED)
    drop_views(CHANGED)
    create_views(BEFORE)
    for name in reversed(TABLES):
        op.drop_table(name)


def create_views(views: dict[str, str]) -> None:
    for name, query in views.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def drop_views(views: dict[str, str]) -> None:
    for name in reversed(views):
        op.execute(f"DROP VIEW {name}")


def create_tables() -> None:
    op.create_table(
        "admissible_patterns",
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("pattern_id", sa.Integer(), autoincrement=False, nullable=False, comment="the pattern"),
        sa.Column(
            "met",
            sa.Boolean(),
            nullable=False,
            comment="whether some admissible input has the pattern: proved, either way",
        ),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domains.id"], name=op.f("fk_admissible_patterns_domain_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["patterns.id"], name=op.f("fk_admissible_patterns_pattern_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain_id", "pattern_id", name=op.f("pk_admissible_patterns")),
        comment="Which patterns admissible inputs have. Patterns without a row are not settled.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_admissible_patterns_pattern_id"), "admissible_patterns", ["pattern_id"], unique=False)

    op.create_table(
        "volume_measurements",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column("method", sa.Text(), nullable=False, comment="exact, Monte Carlo or unknown"),
        sa.Column(
            "confidence",
            sa.Double(),
            nullable=False,
            comment="probability that an interval of region_volumes holds; 1 where proved",
        ),
        sa.Column(
            "domain_volume",
            sa.Double(),
            nullable=True,
            comment="volume of the domain within its affine hull; NULL where infinite",
        ),
        sa.Column("samples", sa.BigInteger(), nullable=False, comment="number of random points; 0 for exact volumes"),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="why something is missing or weaker than asked for, or empty"
        ),
        sa.ForeignKeyConstraint(
            ["partition_id"], ["partitions.id"], name=op.f("fk_volume_measurements_partition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("partition_id", name=op.f("pk_volume_measurements")),
        comment="How the volumes of a partition were found.",
    )
    op.create_table(
        "region_decisions",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column(
            "class",
            sa.Integer(),
            nullable=True,
            comment="class decided at the interior point; NULL where tied or between two bounds",
        ),
        sa.Column("tied", sa.Boolean(), nullable=False, comment="whether the largest output is reached twice there"),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_decisions_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partition_id", "position", name=op.f("pk_region_decisions")),
        comment="What the network decides at the interior point of each region, exactly.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "region_facets",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the first region's place in tree order, from 0",
        ),
        sa.Column(
            "neighbour",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the second region's place, greater than the first one's",
        ),
        sa.Column(
            "layer", sa.Integer(), autoincrement=False, nullable=False, comment="hidden layer of the unit, from 0"
        ),
        sa.Column(
            "unit", sa.Integer(), autoincrement=False, nullable=False, comment="index of the unit in its layer, from 0"
        ),
        sa.Column(
            "on_first",
            sa.Boolean(),
            nullable=False,
            comment="whether the facet lies on the unit's hyperplane as it runs in the first",
        ),
        sa.Column(
            "on_second",
            sa.Boolean(),
            nullable=False,
            comment="whether it lies on the unit's hyperplane as it runs in the second",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "neighbour"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_facets_partition_id_neighbour"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_facets_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "partition_id", "position", "neighbour", "layer", "unit", name=op.f("pk_region_facets")
        ),
        comment="Pairs of regions that share a facet, and the units whose hyperplanes hold it.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_region_facets_partition_id_neighbour"), "region_facets", ["partition_id", "neighbour"], unique=False
    )

    op.create_table(
        "region_volumes",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the region's place in tree order, from 0",
        ),
        sa.Column(
            "volume",
            sa.Double(),
            nullable=True,
            comment="volume within the domain's affine hull; NULL where infinite or unknown",
        ),
        sa.Column(
            "share",
            sa.Double(),
            nullable=True,
            comment="share of the domain's volume; NULL where the domain is unbounded",
        ),
        sa.Column("low", sa.Double(), nullable=True, comment="lower bound of the share"),
        sa.Column("high", sa.Double(), nullable=True, comment="upper bound of the share"),
        sa.ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            name=op.f("fk_region_volumes_partition_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partition_id", "position", name=op.f("pk_region_volumes")),
        comment="Volumes of the regions of a partition.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_region_volumes_partition_id_share"), "region_volumes", ["partition_id", "share"], unique=False
    )

    op.create_table(
        "sample_margins",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "sample",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the sample, from 0, in the order of the data",
        ),
        sa.Column(
            "layer",
            sa.Integer(),
            nullable=False,
            comment="hidden layer of the unit whose hyperplane is nearest, from 0",
        ),
        sa.Column("unit", sa.Integer(), nullable=False, comment="index of that unit in its layer, from 0"),
        sa.Column(
            "distance",
            sa.Double(),
            nullable=False,
            comment="Euclidean distance to that hyperplane in input units, rounded",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "sample"],
            ["assignments.run_id", "assignments.sample"],
            name=op.f("fk_sample_margins_run_id_sample"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "sample", name=op.f("pk_sample_margins")),
        comment="How far each sample is from the boundary of its activation region.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sample_margins_run_id_distance"), "sample_margins", ["run_id", "distance"], unique=False)

    # ### end Alembic commands ###
