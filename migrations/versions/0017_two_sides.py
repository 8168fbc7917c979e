"""Answers and distances have two sides: a lower and an upper bound that are proved.

Earlier answers have none: their numbers were rounded to the nearest float, and nothing tells how.

Revision 0017, of 2026-11-30.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BOUND = (
    "bound that is proved: of the end of a range, of all values (for a range without a side), or of the most by which "
    "inputs break the statement, rounded outwards; NULL if none is known, or before revision 0017"
)
COLUMNS = {
    "answers": (("lower", f"lower {BOUND}"), ("upper", f"upper {BOUND}")),
    "sample_distances": (
        (
            "lower",
            "proved: no input with another decision is nearer than this, rounded down; NULL before revision 0017",
        ),
        ("upper", "distance of the nearest input found, rounded up; NULL without one, or before revision 0017"),
    ),
}
ANSWERS = """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.cause, a.short_reason, a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side,
       a.second_network, a.further, a.part, a.whole, a.from_samples, a.output AS output_position,
       a.feature AS position"""
ANSWER_SUBJECTS = """\
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature"""
DISTANCES = "SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.scope, d.distance, d.verdict, d.file, d.sha256"
SAMPLES = """\
FROM sample_distances d
JOIN assignments a ON a.run_id = d.run_id AND a.sample = d.sample"""
BEFORE = {
    "answer_list": f"{ANSWERS}\n{ANSWER_SUBJECTS}",
    "nearest_other_decisions": f"{DISTANCES}\n{SAMPLES}",
}
AFTER = {
    "answer_list": f"{ANSWERS}, a.lower, a.upper\n{ANSWER_SUBJECTS}",
    "nearest_other_decisions": f"{DISTANCES}, d.lower, d.upper\n{SAMPLES}",
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
                batch.add_column(sa.Column(name, sa.Double(), nullable=True, comment=comment))
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
