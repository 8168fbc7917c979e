"""Runs know the digests of the reports that were written of them, so that an edited one is found out.

Coordinates of interior points are kept as fractions only where they are no float64; earlier ones stay as they are.

Revision 0018, of 2026-12-01.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def say_of_exact_values(comment: str, before: str) -> None:
    """Comments are for servers: SQLite has none."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("interior_points", "exact_value", comment=comment, existing_comment=before)


BEFORE = "coordinate as a fraction if no float64 point was found, else NULL"
AFTER = "coordinate as a fraction if it is no float64, else NULL"


def upgrade() -> None:
    say_of_exact_values(AFTER, BEFORE)
    op.create_table(
        "reports",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("sha256", sa.String(64), nullable=False, comment="SHA-256 of the file"),
        sa.Column("file", sa.Text(), nullable=False, comment="name of the file when it was written"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="its size"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_reports_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "sha256", name=op.f("pk_reports")),
        comment="Reports of runs, as they were written, for relugeom check.",
    )
    op.execute("CREATE VIEW run_reports AS\nSELECT run_id AS run, file, sha256, bytes FROM reports")


def downgrade() -> None:
    say_of_exact_values(BEFORE, AFTER)
    op.execute("DROP VIEW run_reports")
    op.drop_table("reports")
