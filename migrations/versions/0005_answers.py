"""Verdicts on statements about the network.

Revision 0005, of 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ANSWER_LIST = """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.file, a.sha256
FROM answers a"""


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="its place among those of the run, from 0",
        ),
        sa.Column("question", sa.Text(), nullable=False, comment="what kind of question: range, monotonicity, …"),
        sa.Column("statement", sa.Text(), nullable=False, comment="what is claimed of the network on the domain"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="holds, fails or unknown"),
        sa.Column(
            "value", sa.Double(), comment="the number that was asked for, to the nearest float; NULL without one"
        ),
        sa.Column(
            "witness",
            sa.Text(),
            nullable=False,
            comment="an input that reaches the value or shows that the statement fails, or empty",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="why the verdict is not known, or empty"),
        sa.Column("file", sa.Text(), comment="the certificate of a statement that holds"),
        sa.Column("sha256", sa.String(64), comment="SHA-256 of the certificate"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_answers_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_answers")),
        comment="Verdicts on statements about the network on the domain; those that hold have a certificate.",
        sqlite_with_rowid=False,
    )

    op.execute(f"CREATE VIEW answer_list AS\n{ANSWER_LIST}")


def downgrade() -> None:
    op.execute("DROP VIEW answer_list")
    op.drop_table("answers")
