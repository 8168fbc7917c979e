"""Weights as rows, effective maps by region, and a comparison of runs that starts from the two runs.

Revision 0008, of 2026-11-29.
"""

import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

VIEWS = {
    "region_effects": """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       b.bias
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN coefficients m
CROSS JOIN biases b
CROSS JOIN outputs o
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND m.pattern_id = g.pattern_id
      AND b.pattern_id = m.pattern_id AND b.output = m.output AND o.network_id = r.network_id AND o.position = m.output
      AND f.network_id = r.network_id AND f.position = m.feature""",
    "weights_by_unit": """\
SELECT b.network_id AS network, b.layer, b.unit, o.name AS output, w.input, f.name AS feature, w.weight, b.bias
FROM unit_biases b
LEFT JOIN weights w ON w.network_id = b.network_id AND w.layer = b.layer AND w.unit = b.unit
LEFT JOIN features f ON f.network_id = w.network_id AND f.position = w.input AND w.layer = 0
LEFT JOIN outputs o ON o.network_id = b.network_id AND o.position = b.unit
     AND NOT EXISTS (SELECT 1 FROM units u WHERE u.network_id = b.network_id AND u.layer = b.layer)""",
}

CHANGED = {
    "cluster_changes": """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern,
       CASE WHEN d.cluster IS NULL THEN 'vanished' ELSE 'stayed' END AS change,
       c.cluster AS cluster_before, d.cluster AS cluster_after, c.samples AS samples_before, d.samples AS samples_after
FROM runs a
CROSS JOIN networks m
CROSS JOIN runs b
CROSS JOIN networks n
CROSS JOIN clusters c
CROSS JOIN patterns p
LEFT JOIN patterns q ON q.network_id = n.id AND q.pattern = p.pattern
LEFT JOIN clusters d ON d.run_id = b.id AND d.pattern_id = q.id
WHERE a.clusters IS NOT NULL AND m.id = a.network_id AND b.clusters IS NOT NULL AND b.id <> a.id
      AND n.id = b.network_id AND n.hidden_layers = m.hidden_layers AND c.run_id = a.id AND p.id = c.pattern_id
UNION ALL
SELECT a.id, b.id, q.pattern, 'appeared', NULL, d.cluster, NULL, d.samples
FROM runs a
CROSS JOIN networks m
CROSS JOIN runs b
CROSS JOIN networks n
CROSS JOIN clusters d
CROSS JOIN patterns q
LEFT JOIN patterns p ON p.network_id = m.id AND p.pattern = q.pattern
LEFT JOIN clusters c ON c.run_id = a.id AND c.pattern_id = p.id
WHERE a.clusters IS NOT NULL AND m.id = a.network_id AND b.clusters IS NOT NULL AND b.id <> a.id
      AND n.id = b.network_id AND n.hidden_layers = m.hidden_layers AND d.run_id = b.id AND q.id = d.pattern_id
      AND c.cluster IS NULL""",
}

BEFORE = {
    "cluster_changes": """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern,
       CASE WHEN d.cluster IS NULL THEN 'vanished' ELSE 'stayed' END AS change,
       c.cluster AS cluster_before, d.cluster AS cluster_after, c.samples AS samples_before, d.samples AS samples_after
FROM runs a
JOIN networks m ON m.id = a.network_id
JOIN networks n ON n.hidden_layers = m.hidden_layers
JOIN runs b ON b.network_id = n.id AND b.id <> a.id AND b.clusters IS NOT NULL
JOIN clusters c ON c.run_id = a.id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN patterns q ON q.network_id = n.id AND q.pattern = p.pattern
LEFT JOIN clusters d ON d.run_id = b.id AND d.pattern_id = q.id
UNION ALL
SELECT a.id, b.id, q.pattern, 'appeared', NULL, d.cluster, NULL, d.samples
FROM runs b
JOIN networks n ON n.id = b.network_id
JOIN networks m ON m.hidden_layers = n.hidden_layers
JOIN runs a ON a.network_id = m.id AND a.id <> b.id AND a.clusters IS NOT NULL
JOIN clusters d ON d.run_id = b.id
JOIN patterns q ON q.id = d.pattern_id
LEFT JOIN patterns p ON p.network_id = m.id AND p.pattern = q.pattern
LEFT JOIN clusters c ON c.run_id = a.id AND c.pattern_id = p.id
WHERE c.cluster IS NULL""",
}


def replace_views(statements: dict[str, str]) -> None:
    for name, statement in statements.items():
        op.execute(f"DROP VIEW {name}")
        op.execute(f"CREATE VIEW {name} AS\n{statement}")


def place() -> list[sa.Column[int]]:
    return [
        sa.Column("network_id", sa.Integer(), autoincrement=False, nullable=False, comment="the network"),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the layer, from 0; the last one is the output layer",
        ),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False, comment="its unit, or the output, from 0"),
    ]


def owned_by_a_network(table: str, *key: str) -> tuple[sa.ForeignKeyConstraint, sa.PrimaryKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f(f"fk_{table}_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "layer", "unit", *key, name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    weights = op.create_table(
        "weights",
        *place(),
        sa.Column(
            "input",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="unit of the layer before, or the feature, from 0",
        ),
        sa.Column("weight", sa.Double(), nullable=False, comment="entry of W, never 0"),
        *owned_by_a_network("weights", "input"),
        comment="Weights as rows, for questions; layers has the same numbers as they are loaded.",
        sqlite_with_rowid=False,
    )
    biases = op.create_table(
        "unit_biases",
        *place(),
        sa.Column("bias", sa.Double(), nullable=False, comment="entry of b"),
        *owned_by_a_network("unit_biases"),
        comment="Biases as rows, for questions.",
        sqlite_with_rowid=False,
    )
    layers = sa.table("layers", *map(sa.column, ("network_id", "layer", "inputs", "outputs", "weights", "biases")))
    for layer in op.get_bind().execute(sa.select(layers)).mappings().all():
        W = np.frombuffer(layer["weights"], dtype="<f8").reshape(layer["outputs"], layer["inputs"])
        b = np.frombuffer(layer["biases"], dtype="<f8") + 0.0  # -0 becomes 0
        of = {"network_id": layer["network_id"], "layer": layer["layer"]}
        op.bulk_insert(
            weights, [of | {"unit": i, "input": j, "weight": float(W[i, j])} for i, j in np.argwhere(W).tolist()]
        )
        op.bulk_insert(biases, [of | {"unit": i, "bias": bias} for i, bias in enumerate(b.tolist())])
    for name, statement in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{statement}")
    replace_views(CHANGED)


def downgrade() -> None:
    replace_views(BEFORE)
    for name in VIEWS:
        op.execute(f"DROP VIEW {name}")
    op.drop_table("unit_biases")
    op.drop_table("weights")
