"""Certificates that runs have written.

Revision 0003, of 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("file", sa.Text(), nullable=False, comment="the file when it was written"),
        sa.Column("sha256", sa.String(64), nullable=False, comment="SHA-256 of the file"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="its size"),
        sa.Column("regions", sa.BigInteger(), nullable=False, comment="activation regions in it, each with a point"),
        sa.Column("proofs", sa.BigInteger(), nullable=False, comment="proofs of stable units in it"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_certificates_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_certificates")),
        comment="Proofs of the list of regions of a run, for relugeom check and checker.py.",
    )


def downgrade() -> None:
    op.drop_table("certificates")
