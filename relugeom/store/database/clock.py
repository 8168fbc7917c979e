"""The time by the clock of the database, which each kind of database has its own words for.

In a view, `SILENT_BEFORE` stands for the moment before which a sign of life is too old.
"""

__all__ = ["SILENT_BEFORE", "SILENT_SECONDS", "moment"]

SILENT_SECONDS = 120
"""A process that has given no sign of life for so long is gone, as far as can be seen from another machine."""
SILENT_BEFORE = ":silent_before:"
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-{} seconds')",
    "postgresql": """to_char((now() - interval '{} seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}


def moment(dialect: str, seconds_ago: int = 0) -> str:
    """SQL for a moment in UTC, like 2026-11-23T10:15:00Z, by the clock of the database."""
    return MOMENTS[dialect].format(seconds_ago)
