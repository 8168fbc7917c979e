"""Runs say which process they have and when it last gave a sign of life; a run whose process is gone is interrupted.

The way back calls an interrupted run running, as it was called before.

Revision 0010, of 2026-11-30.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATUS = {
    "before": "running (also after the process was killed), complete, truncated or failed",
    "after": "running, complete, truncated, failed, or interrupted: its process is gone",
}
REASON = {"before": "why it is truncated or failed, or empty", "after": "why it is not complete, or empty"}
ALLOWED = {
    "before": "status IN ('running', 'complete', 'truncated', 'failed')",
    "after": "status IN ('running', 'complete', 'truncated', 'failed', 'interrupted')",
}
SILENT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-120 seconds')",
    "postgresql": """to_char((now() - interval '120 seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}
OVERVIEW_AFTER = """\
SELECT r.id AS run, r.command,
       CASE WHEN r.status = 'running' AND (h.run_id IS NULL OR h.heartbeat_at < {silent})
            THEN 'interrupted' ELSE r.status END AS status, r.reason, r.started_at, r.finished_at, r.seconds,
       n.file_name AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       d.name AS domain, d.digest AS domain_digest, s.name AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version,
       h.host, h.process, h.heartbeat_at
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'
LEFT JOIN run_processes h ON h.run_id = r.id"""
OVERVIEW_BEFORE = """\
SELECT r.id AS run, r.command, r.status, r.reason, r.started_at, r.finished_at, r.seconds,
       n.file_name AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       d.name AS domain, d.digest AS domain_digest, s.name AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'"""
PROVENANCE_BEFORE = """\
SELECT run_id AS run, 'software' AS kind, package AS item, version AS value
FROM run_software
UNION ALL
SELECT id, 'options', 'parameters', CAST(parameters AS TEXT)
FROM runs
UNION ALL
SELECT r.id, 'digest', 'network', n.digest
FROM runs r
JOIN networks n ON n.id = r.network_id
UNION ALL
SELECT r.id, 'digest', 'domain', d.digest
FROM runs r
JOIN domains d ON d.id = r.domain_id
UNION ALL
SELECT r.id, 'digest', 'data', s.digest
FROM runs r
JOIN datasets s ON s.id = r.dataset_id"""
PROVENANCE_AFTER = f"""\
{PROVENANCE_BEFORE}
UNION ALL
SELECT run_id, 'process', 'host', host
FROM run_processes
UNION ALL
SELECT run_id, 'process', 'number', CAST(process AS TEXT)
FROM run_processes"""


def replace_views(overview: str, provenance: str) -> None:
    connection = op.get_bind()
    for name, query in (("runs_overview", overview), ("run_provenance", provenance)):
        connection.exec_driver_sql(f"DROP VIEW {name}")
        connection.exec_driver_sql(f"CREATE VIEW {name} AS\n{query}")


def allow(before: str, after: str) -> None:
    """Other statuses; on SQLite a table is built anew, and such rules of its columns are not carried over."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("runs", recreate="always" if sqlite else "never") as batch:
        if not sqlite:
            batch.drop_constraint(op.f("ck_runs_status"), type_="check")
        batch.create_check_constraint(op.f("ck_runs_status"), ALLOWED[after])
        for column, comments in (("status", STATUS), ("reason", REASON)):
            batch.alter_column(
                column,
                existing_type=sa.Text(),
                existing_nullable=False,
                comment=comments[after],
                existing_comment=comments[before],
            )


def upgrade() -> None:
    allow("before", "after")
    op.create_table(
        "run_processes",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column("host", sa.Text(), nullable=False, comment="name of the machine"),
        sa.Column("process", sa.Integer(), nullable=False, comment="number of the process there"),
        sa.Column(
            "birth",
            sa.Text(),
            nullable=False,
            comment="boot of the machine, space and start of the process; empty where they are unknown",
        ),
        sa.Column(
            "heartbeat_at",
            sa.Text(),
            nullable=True,
            comment="UTC, its last sign of life; NULL while a run is stored in an SQLite file",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_processes_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_processes")),
        comment="The processes that run, or ran, each run.",
    )
    replace_views(OVERVIEW_AFTER.format(silent=SILENT[op.get_bind().dialect.name]), PROVENANCE_AFTER)


def downgrade() -> None:
    replace_views(OVERVIEW_BEFORE, PROVENANCE_BEFORE)
    op.drop_table("run_processes")
    op.execute("UPDATE runs SET status = 'running' WHERE status = 'interrupted'")
    allow("after", "before")
