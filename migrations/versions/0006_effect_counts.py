"""Signs of effects counted once, and views that answer at once however many regions there are.

Revision 0006, of 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHANGED = {
    "effect_signs": """\
SELECT r.id AS run, o.name AS output, f.name AS feature, e.rising, e.falling, e.flat,
       CASE WHEN e.rising > 0 AND e.falling > 0 THEN 1 ELSE 0 END AS changes_sign,
       e.output AS output_position, e.feature AS position
FROM runs r
JOIN effect_counts e ON e.partition_id = r.partition_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature""",
    "decision_flips": """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, d.class, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, o.class AS neighbour_class
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN region_decisions d ON d.partition_id = e.partition_id AND d.position = e.position
JOIN region_decisions o ON o.partition_id = e.partition_id AND o.position = e.neighbour AND o.class <> d.class
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
WHERE NOT EXISTS (
  SELECT 1
  FROM region_facets z
  WHERE z.partition_id = e.partition_id AND z.position = e.position AND z.neighbour = e.neighbour
        AND (z.layer < e.layer OR (z.layer = e.layer AND z.unit < e.unit))
)""",
    "region_points": """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, f.name AS feature, i.value, i.exact_value
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN interior_points i
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND i.partition_id = g.partition_id
      AND i.position = g.position AND f.network_id = r.network_id AND f.position = i.feature""",
    "effect_changes": """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern, o.name AS output, f.name AS feature,
       s.coefficient AS coefficient_before, t.coefficient AS coefficient_after,
       s.sign AS sign_before, t.sign AS sign_after,
       CASE WHEN s.sign <> t.sign THEN 1 ELSE 0 END AS changed_sign
FROM runs a
CROSS JOIN runs b
CROSS JOIN clusters c
CROSS JOIN patterns p
CROSS JOIN patterns q
CROSS JOIN clusters d
CROSS JOIN coefficients s
CROSS JOIN coefficients t
JOIN networks m ON m.id = a.network_id
JOIN networks n ON n.id = b.network_id AND n.hidden_layers = m.hidden_layers
JOIN outputs o ON o.network_id = m.id AND o.position = s.output
JOIN features f ON f.network_id = m.id AND f.position = s.feature
JOIN outputs v ON v.network_id = n.id AND v.name = o.name
JOIN features w ON w.network_id = n.id AND w.name = f.name
WHERE b.id <> a.id AND b.clusters IS NOT NULL AND c.run_id = a.id AND p.id = c.pattern_id
      AND q.network_id = n.id AND q.pattern = p.pattern AND d.run_id = b.id AND d.pattern_id = q.id
      AND s.pattern_id = p.id AND t.pattern_id = q.id AND t.output = v.position AND t.feature = w.position""",
    "regions_by_share": """\
SELECT r.id AS run, v.position + 1 AS region,
       (SELECT p.pattern
        FROM partition_regions g
        JOIN patterns p ON p.id = g.pattern_id
        WHERE g.partition_id = v.partition_id AND g.position = v.position) AS pattern,
       v.share AS volume_share, v.low AS share_low, v.high AS share_high, m.method,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(
         (SELECT c.samples - c.outside
          FROM partition_regions g
          JOIN clusters c ON c.run_id = r.id AND c.pattern_id = g.pattern_id
          WHERE g.partition_id = v.partition_id AND g.position = v.position), 0) END AS samples
FROM runs r
JOIN volume_measurements m ON m.partition_id = r.partition_id
JOIN region_volumes v ON v.partition_id = r.partition_id""",
}

BEFORE = {
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
    "region_points": """\
SELECT r.id AS run, i.position + 1 AS region, p.pattern, f.name AS feature, i.value, i.exact_value
FROM runs r
JOIN partition_regions g ON g.partition_id = r.partition_id
JOIN patterns p ON p.id = g.pattern_id
JOIN interior_points i ON i.partition_id = g.partition_id AND i.position = g.position
JOIN features f ON f.network_id = r.network_id AND f.position = i.feature""",
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
}

COUNT = """\
INSERT INTO effect_counts (partition_id, output, feature, rising, falling, flat)
SELECT g.partition_id, m.output, m.feature,
       sum(CASE WHEN m.sign = 1 THEN 1 ELSE 0 END),
       sum(CASE WHEN m.sign = -1 THEN 1 ELSE 0 END),
       sum(CASE WHEN m.sign = 0 THEN 1 ELSE 0 END)
FROM partition_regions g
JOIN coefficients m ON m.pattern_id = g.pattern_id
GROUP BY g.partition_id, m.output, m.feature
HAVING count(*) = (SELECT p.regions FROM partitions p WHERE p.id = g.partition_id)"""
"""Only where the maps of all regions are known."""


def replace_views(statements: dict[str, str]) -> None:
    for name, statement in statements.items():
        op.execute(f"DROP VIEW {name}")
        op.execute(f"CREATE VIEW {name} AS\n{statement}")


def upgrade() -> None:
    op.create_table(
        "effect_counts",
        sa.Column("partition_id", sa.Integer(), autoincrement=False, nullable=False, comment="the partition"),
        sa.Column("output", sa.Integer(), autoincrement=False, nullable=False, comment="number of the output, from 0"),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column(
            "rising",
            sa.BigInteger(),
            nullable=False,
            comment="number of regions in which the output rises with the feature: exact signs",
        ),
        sa.Column("falling", sa.BigInteger(), nullable=False, comment="number of regions in which it falls"),
        sa.Column(
            "flat", sa.BigInteger(), nullable=False, comment="number of regions in which the feature has no effect"
        ),
        sa.ForeignKeyConstraint(
            ["partition_id"], ["partitions.id"], name=op.f("fk_effect_counts_partition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("partition_id", "output", "feature", name=op.f("pk_effect_counts")),
        comment="Signs of the effective maps of all regions of a partition, counted.",
        sqlite_with_rowid=False,
    )
    op.execute(COUNT)
    replace_views(CHANGED)


def downgrade() -> None:
    replace_views(BEFORE)
    op.drop_table("effect_counts")
