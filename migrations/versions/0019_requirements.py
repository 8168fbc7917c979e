"""Runs keep the requirements on the model, and the verdicts on them.

Revision 0019, of 2026-12-01.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
            comment="what is required: monotone, range, same_decision, accuracy, auc or r2",
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
