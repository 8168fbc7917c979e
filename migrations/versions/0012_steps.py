"""Runs are stored step by step: what patterns are is also told of runs that go on or were interrupted.

Revision 0012, of 2026-11-30.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

VERDICTS = """\
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
WHERE r.status IN ('complete', 'truncated'){also}
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL"""
ALSO = " OR r.partition_id IS NOT NULL OR r.clusters IS NOT NULL"


def replace_verdicts(also: str) -> None:
    """Other views read this one: PostgreSQL replaces it under them, SQLite looks for it when they are read."""
    replace = "CREATE OR REPLACE VIEW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP VIEW pattern_verdicts")
        replace = "CREATE VIEW"
    op.execute(f"{replace} pattern_verdicts AS\n{VERDICTS.format(also=also)}")


def upgrade() -> None:
    replace_verdicts(ALSO)


def downgrade() -> None:
    replace_verdicts("")
