"""Targets are told by class: shares beside those of decisions, and no mean of the numbers of classes.

Such means of earlier runs are taken away; the way back does not bring them again.

Revision 0011, of 2026-11-30.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TARGET_SHARE = "share of samples whose target is the class; NULL without a target, and for runs before revision 0011"
SEVERAL = """\
SELECT r.id FROM runs r JOIN networks n ON n.id = r.network_id
WHERE n.decision_rule = 'argmax' AND n.outputs > 2"""
LIST = """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.verdict, 'unknown') END AS verdict,
       {prediction}, c.positive_share, c.target_mean, c.accuracy
FROM clusters c
JOIN runs r ON r.id = c.run_id
{network}JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id"""
BEFORE = LIST.format(prediction="o.prediction", network="")
AFTER = LIST.format(
    prediction="CASE WHEN n.outputs = 1 THEN o.prediction END AS prediction",
    network="JOIN networks n ON n.id = r.network_id\n",
)


def replace_list(query: str) -> None:
    op.execute("DROP VIEW cluster_list")
    op.execute(f"CREATE VIEW cluster_list AS\n{query}")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("cluster_classes", recreate="always" if sqlite else "never") as batch:
        batch.add_column(sa.Column("target_share", sa.Double(), nullable=True, comment=TARGET_SHARE))
    op.execute(f"UPDATE clusters SET target_mean = NULL WHERE run_id IN ({SEVERAL})")
    for table in ("run_scores", "region_scores"):
        op.execute(f"UPDATE {table} SET response_mean = NULL WHERE run_id IN ({SEVERAL})")
    replace_list(AFTER)


def downgrade() -> None:
    replace_list(BEFORE)
    with op.batch_alter_table("cluster_classes") as batch:
        batch.drop_column("target_share")
