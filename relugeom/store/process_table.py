"""The table of the processes that runs have, or had."""

from sqlalchemy import Column, Integer, Table, Text

from relugeom.store.database.columns import metadata, owner, required

__all__ = ["run_processes"]

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
