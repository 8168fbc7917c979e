"""The table of the processes that runs have, or had, and how SQL tells which of them are silent.

Each database has its own words for the time; in a view, `SILENT_BEFORE` stands for the moment before which a sign of
life is too old.
"""

from sqlalchemy import Column, Integer, Table, Text

from relugeom.store.columns import metadata, owner, required

__all__ = ["SILENT_BEFORE", "SILENT_SECONDS", "moment", "run_processes"]

SILENT_SECONDS = 120
"""A process that has given no sign of life for so long is gone, as far as can be seen from another machine."""
SILENT_BEFORE = ":silent_before:"
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-{} seconds')",
    "postgresql": """to_char((now() - interval '{} seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}

run_processes = Table(
    "run_processes",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("host", Text, comment="name of the machine"),
    required("process", Integer, comment="number of the process there"),
    required(
        "birth", Text, comment="boot of the machine, space and start of the process; empty where they are unknown"
    ),
    Column(
        "heartbeat_at",
        Text,
        comment="UTC, its last sign of life; NULL while a run is stored in an SQLite file",
    ),
    comment="The processes that run, or ran, each run.",
)


def moment(dialect: str, seconds_ago: int = 0) -> str:
    """SQL for a moment in UTC, like 2026-11-23T10:15:00Z, by the clock of the database."""
    return MOMENTS[dialect].format(seconds_ago)
