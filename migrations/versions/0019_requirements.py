"""Runs keep the requirements on the model, the verdicts on them, and the questions that only requirements ask.

Earlier programs know no answers to such questions: a downgrade deletes them.

Revision 0019, of 2026-12-01.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


QUESTION = "what kind of question: range, monotonicity, fairness or simplification"
QUESTIONS = f"{QUESTION.replace(' or ', ', ')}, bound, difference or exclusion"
SECOND = "file of the smaller network that is stated to be the same function"
SECONDS = f"{SECOND}, or of the one to compare with"
COLUMNS = (
    (
        "bound",
        sa.Double(),
        "least or greatest value that an output may have, or the most by which outputs of two networks may differ; "
        "NULL for other questions",
    ),
    ("sets", sa.Text(), "file of the sets of inputs and outputs that are stated to be never met"),
)
ANSWERS = """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.cause, a.short_reason, a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side,
       a.second_network, a.further, a.part, a.whole, a.from_samples, a.output AS output_position,
       a.feature AS position, a.lower, a.upper"""
ANSWER_SUBJECTS = """\
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature"""


NEW_ANSWERS = "SELECT run_id, position FROM answers WHERE question IN ('bound', 'difference', 'exclusion')"
OF_ANSWERS = ("shown_features", "shown_inputs", "answer_shares", "removed_units", "protected_features")
"""Tables with rows about answers, which are not deleted with them while foreign keys are off."""


def rebuilt_answers():
    """Changes of the table of answers, which SQLite builds anew."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    return op.batch_alter_table("answers", recreate="always" if is_sqlite else "never")


def upgrade() -> None:
    op.execute("DROP VIEW answer_list")
    with rebuilt_answers() as batch:
        for name, kind, comment in COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=True, comment=comment))
        batch.alter_column("question", existing_type=sa.Text(), existing_nullable=False, comment=QUESTIONS)
        batch.alter_column("second_network", existing_type=sa.Text(), existing_nullable=True, comment=SECONDS)
    op.execute(f"CREATE VIEW answer_list AS\n{ANSWERS}, a.bound, a.sets\n{ANSWER_SUBJECTS}")
    op.create_table(
        "requirements",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="position of the requirement in its file, from 0",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="what is required: the key of its table in the domain file, as monotone or range",
        ),
        sa.Column("requirement", sa.Text(), nullable=False, comment="what must hold"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="pass, fail or open"),
        sa.Column("finding", sa.Text(), nullable=False, comment="what was found"),
        sa.Column(
            "value",
            sa.Double(),
            comment="number that was measured over samples or counted over inputs; NULL without one",
        ),
        sa.Column(
            "lower",
            sa.Double(),
            comment="lower bound of an output that is proved, rounded outwards; NULL without one",
        ),
        sa.Column(
            "upper",
            sa.Double(),
            comment="upper bound of an output that is proved, rounded outwards; NULL without one",
        ),
        sa.Column("part", sa.BigInteger(), comment="number of things that were counted; NULL if none were"),
        sa.Column("whole", sa.BigInteger(), comment="total that part is counted in"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_requirements_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_requirements")),
        comment="Requirements on the model, and the verdicts on them.",
        sqlite_with_rowid=False,
    )
    op.execute(
        "CREATE VIEW requirement_list AS\n"
        "SELECT run_id AS run, position + 1 AS number, kind, requirement, verdict, finding, value, lower, upper, part, "
        "whole\n"
        "FROM requirements"
    )


def downgrade() -> None:
    op.execute("DROP VIEW requirement_list")
    op.drop_table("requirements")
    for table in (*OF_ANSWERS, "answers"):  # those of the table itself last
        op.execute(f"DELETE FROM {table} WHERE (run_id, position) IN ({NEW_ANSWERS})")
    op.execute("DROP VIEW answer_list")
    with rebuilt_answers() as batch:
        for name, *_ in COLUMNS:
            batch.drop_column(name)
        batch.alter_column("question", existing_type=sa.Text(), existing_nullable=False, comment=QUESTION)
        batch.alter_column("second_network", existing_type=sa.Text(), existing_nullable=True, comment=SECOND)
    op.execute(f"CREATE VIEW answer_list AS\n{ANSWERS}\n{ANSWER_SUBJECTS}")
