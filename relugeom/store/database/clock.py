"""The time by the clock of the database, in the SQL of each kind of database.

In a view, `SILENT_BEFORE` stands for the moment before which a heartbeat is too old.
"""

__all__ = ["SILENT_BEFORE", "SILENT_SECONDS", "moment"]

SILENT_SECONDS = 120
"""Seconds without a heartbeat after which a process on another machine is taken to be gone."""
SILENT_BEFORE = ":silent_before:"
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-{} seconds')",
    "postgresql": """to_char((now() - interval '{} seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}


def moment(dialect: str, seconds_ago: int = 0) -> str:
    """SQL for a moment in UTC by the clock of the database, like 2026-11-23T10:15:00Z."""
    return MOMENTS[dialect].format(seconds_ago)
