"""Answers have the cause of their reason, and the reason in short; distances say among which inputs they are least.

Earlier answers keep their reason as it is; nothing is read out of its words.

Revision 0016, of 2026-11-30.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = {
    "answers": (
        (
            "cause",
            "kind of the reason: time, limit, method, class, no input, unlimited, input or other; NULL without a "
            "reason, or before revision 0016",
        ),
        ("short_reason", "the reason without details; NULL without one, or before revision 0016"),
    ),
    "sample_distances": (
        ("scope", "inputs among which the nearest is sought: relaxation or admissible; NULL before revision 0016"),
    ),
}
ANSWER_SUBJECTS = """\
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature"""
DISTANCES = """\
FROM sample_distances d
JOIN assignments a ON a.run_id = d.run_id AND a.sample = d.sample"""
BEFORE = {
    "answer_list": f"""\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side, a.second_network,
       a.further, a.part, a.whole, a.from_samples, a.output AS output_position, a.feature AS position
{ANSWER_SUBJECTS}""",
    "nearest_other_decisions": f"""\
SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.distance, d.verdict, d.file, d.sha256
{DISTANCES}""",
}
AFTER = {
    "answer_list": f"""\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.cause, a.short_reason, a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side,
       a.second_network, a.further, a.part, a.whole, a.from_samples, a.output AS output_position,
       a.feature AS position
{ANSWER_SUBJECTS}""",
    "nearest_other_decisions": f"""\
SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.scope, d.distance, d.verdict, d.file, d.sha256
{DISTANCES}""",
}


def rebuilt(table: str):
    """Changes of a table, which SQLite builds anew."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    return op.batch_alter_table(table, recreate="always" if is_sqlite else "never")


def upgrade() -> None:
    for name in AFTER:
        op.execute(f"DROP VIEW {name}")
    for table, columns in COLUMNS.items():
        with rebuilt(table) as batch:
            for name, comment in columns:
                batch.add_column(sa.Column(name, sa.Text(), nullable=True, comment=comment))
    for name, query in AFTER.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def downgrade() -> None:
    for name in AFTER:
        op.execute(f"DROP VIEW {name}")
    for table, columns in COLUMNS.items():
        with rebuilt(table) as batch:
            for name, _ in columns:
                batch.drop_column(name)
    for name, query in BEFORE.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")
