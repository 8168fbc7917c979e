"""What shows that an answer is right is kept in numbers: inputs, shares that were measured, units that can go.

The sentences of earlier answers stay; what they tell is not read out of them.

Revision 0015, of 2026-11-30.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

VIEWS = {
    "answer_inputs": """\
SELECT s.run_id AS run, s.position + 1 AS number, s.place + 1 AS input, f.name AS feature, x.value, x.exact_value,
       s.value AS output_value, s.exact_value AS exact_output_value, s.class, k.name AS class_name,
       x.feature AS position
FROM shown_inputs s
JOIN shown_features x ON x.run_id = s.run_id AND x.position = s.position AND x.place = s.place
JOIN runs r ON r.id = s.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = x.feature
LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = s.class""",
    "answer_populations": """\
SELECT run_id AS run, position + 1 AS number, population, inputs, unequal, exhaustive, low, high, confidence
FROM answer_shares""",
    "answer_units": """\
SELECT run_id AS run, position + 1 AS number, layer, unit, reason
FROM removed_units""",
}


def upgrade() -> None:
    op.create_table(
        "shown_inputs",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the answer among those of the run, from 0",
        ),
        sa.Column(
            "place", sa.Integer(), autoincrement=False, nullable=False, comment="0, or 1 for the second input of a pair"
        ),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="what the output that is asked about is there; NULL where none is",
        ),
        sa.Column(
            "exact_value",
            sa.Text(),
            nullable=True,
            comment="that value as a fraction where it is no float64, else NULL",
        ),
        sa.Column(
            "class",
            sa.Integer(),
            nullable=True,
            comment="class decided there, where decisions are asked about; NULL where none is clear",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "position"],
            ["answers.run_id", "answers.position"],
            name=op.f("fk_shown_inputs_run_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", "place", name=op.f("pk_shown_inputs")),
        comment="Inputs that reach the value of an answer, or show that its statement fails.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shown_features",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the answer among those of the run, from 0",
        ),
        sa.Column(
            "place", sa.Integer(), autoincrement=False, nullable=False, comment="0, or 1 for the second input of a pair"
        ),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.Column("value", sa.Double(), nullable=False, comment="its value, to the nearest float"),
        sa.Column(
            "exact_value", sa.Text(), nullable=True, comment="its value as a fraction where it is no float64, else NULL"
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "position", "place"],
            ["shown_inputs.run_id", "shown_inputs.position", "shown_inputs.place"],
            name=op.f("fk_shown_features_run_id_position_place"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", "place", "feature", name=op.f("pk_shown_features")),
        comment="The features of these inputs.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answer_shares",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the answer among those of the run, from 0",
        ),
        sa.Column("population", sa.Text(), nullable=False, comment="of what: domain (inputs were drawn) or samples"),
        sa.Column("inputs", sa.BigInteger(), nullable=False, comment="how many were looked at"),
        sa.Column(
            "unequal",
            sa.BigInteger(),
            nullable=False,
            comment="how many of them have a counterpart that gets another decision",
        ),
        sa.Column(
            "exhaustive",
            sa.Boolean(),
            nullable=False,
            comment="whether all counterparts of each were looked at; if not, it may be more",
        ),
        sa.Column(
            "low",
            sa.Double(),
            nullable=True,
            comment="lower end of an interval for the share of the domain; NULL for samples",
        ),
        sa.Column("high", sa.Double(), nullable=True, comment="upper end of that interval"),
        sa.Column("confidence", sa.Double(), nullable=True, comment="with which probability it holds the share"),
        sa.ForeignKeyConstraint(
            ["run_id", "position"],
            ["answers.run_id", "answers.position"],
            name=op.f("fk_answer_shares_run_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", "population", name=op.f("pk_answer_shares")),
        comment="Shares of inputs whose decision protected features alone change, as they were measured.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "removed_units",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the answer among those of the run, from 0",
        ),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="its hidden layer in the network, from 0",
        ),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False, comment="its number in the layer, from 0"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why the function does not need it"),
        sa.ForeignKeyConstraint(
            ["run_id", "position"],
            ["answers.run_id", "answers.position"],
            name=op.f("fk_removed_units_run_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", "layer", "unit", name=op.f("pk_removed_units")),
        comment="Units that a smaller network with the same function does without.",
        sqlite_with_rowid=False,
    )
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{query}")


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
    for table in ("removed_units", "answer_shares", "shown_features", "shown_inputs"):
        op.drop_table(table)
