"""Blocks of a search that goes on, so that it can be resumed.

Revision 0002, of 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_blocks",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the block, from 0"),
        sa.Column("regions", sa.BigInteger(), nullable=False, comment="number of activation regions in it"),
        sa.Column("seconds", sa.Double(), nullable=False, comment="time of the search until then"),
        sa.Column(
            "packed",
            sa.LargeBinary(),
            nullable=False,
            comment="their patterns, eight units a byte, one region after the other",
        ),
        sa.Column("points", sa.LargeBinary(), nullable=False, comment="their interior points, little-endian float64"),
        sa.Column(
            "exact_points",
            sa.JSON(),
            nullable=False,
            comment="row of the block: coordinates as fractions, where no float64 point was found",
        ),
        sa.Column(
            "tree", sa.LargeBinary(), nullable=False, comment="the split tree since the block before, a byte a node"
        ),
        sa.Column(
            "empty_leaves",
            sa.JSON(),
            nullable=False,
            comment="leaves of the block that turned out to be empty, by number",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_search_blocks_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_search_blocks")),
        comment="What a search has found so far; gone when its run is finished.",
    )


def downgrade() -> None:
    op.drop_table("search_blocks")
