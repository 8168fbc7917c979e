"""Views compare two runs on the same data by their samples: decisions that changed, and clusters that overlap.

Revision 0014, of 2026-11-30.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

VIEWS = {
    "decision_changes": """\
SELECT a.id AS run_before, b.id AS run_after, s.sample, s.cluster AS cluster_before, t.cluster AS cluster_after,
       k.class AS class_before, l.class AS class_after, m.name AS decision_before, n.name AS decision_after,
       CASE WHEN a.network_id = b.network_id THEN 'no'
            WHEN k.class IS NULL OR l.class IS NULL THEN 'unknown'
            WHEN coalesce(m.name = n.name, k.class = l.class) THEN 'no' ELSE 'yes' END AS changed
FROM runs a
CROSS JOIN runs b
CROSS JOIN assignments s
CROSS JOIN assignments t
LEFT JOIN cluster_classes k ON k.run_id = a.id AND k.cluster = s.cluster AND k.share = 1
LEFT JOIN cluster_classes l ON l.run_id = b.id AND l.cluster = t.cluster AND l.share = 1
LEFT JOIN classes m ON m.network_id = a.network_id AND m.position = k.class
LEFT JOIN classes n ON n.network_id = b.network_id AND n.position = l.class
WHERE a.dataset_id IS NOT NULL AND b.dataset_id = a.dataset_id AND b.id <> a.id
      AND s.run_id = a.id AND t.run_id = b.id AND t.sample = s.sample""",
    "cluster_overlaps": """\
SELECT run_before, run_after, cluster_before, cluster_after, count(*) AS samples, changed
FROM decision_changes
GROUP BY run_before, run_after, cluster_before, cluster_after, changed""",
}


def upgrade() -> None:
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
