"""A digest of all that a store says about a run, so that a page can name it and a check can compare it.

The one idea: a table belongs to a run by the names of its columns. Rows with `run_id` are the run's own; the others are
those of its partition, domain, network and data, and of the patterns of its network. What changes after a run is not
covered: the heartbeats of its process, and the reports that were written of it.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from relugeom.store.schema import metadata
from relugeom.store.subjects.datasets import DATASETS
from relugeom.store.subjects.domains import DOMAINS
from relugeom.store.subjects.networks import NETWORKS
from relugeom.store.subjects.partitions import PARTITIONS
from relugeom.store.subjects.patterns import PATTERNS
from relugeom.store.subjects.processes import RUN_PROCESSES
from relugeom.store.subjects.reports import REPORTS
from relugeom.store.subjects.runs import RUNS

__all__ = ["digest_content"]

LATER = (RUN_PROCESSES, REPORTS)
NAMED = {PARTITIONS: "partition_id", DOMAINS: "domain_id", NETWORKS: "network_id", DATASETS: "dataset_id"}
"""What a run refers to, and the columns in which it does."""
OWNERS = ("run_id", "partition_id", "domain_id", "network_id", "dataset_id")
"""Columns that say whose a row is, the nearest owner first."""
ROWS_AT_ONCE = 1_000


def digest_content(connection: Connection, run_id: int) -> str:
    """SHA-256 of everything that a store has about a run; any other number or text in a row changes it."""
    run = connection.execute(select(RUNS, RUNS.c.id.label("run_id")).where(RUNS.c.id == run_id)).one()._mapping
    content = hashlib.sha256()
    for table in sorted(set(metadata.tables.values()) - set(LATER), key=lambda each: each.name):
        content.update(f"\n{table.name} {table.columns.keys()}\n".encode())
        asked = _rows_of(table, dict(run)).compile(connection, compile_kwargs={"literal_binds": True})
        cursor = connection.exec_driver_sql(str(asked)).cursor  # the driver's own tuples: there may be millions
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            content.update(repr(rows).encode())
    return content.hexdigest()


def _rows_of(table: Table, run: dict[str, Any]) -> Select[Any]:
    """Query for the rows of a table that belong to a run, in the order of their keys."""
    rows = select(table).order_by(*table.primary_key)
    if table is RUNS or table in NAMED:
        return rows.where(table.c.id == run["id" if table is RUNS else NAMED[table]])
    if "pattern_id" in table.c and not {"run_id", "partition_id"} & set(table.c.keys()):
        of_network = select(PATTERNS.c.id).where(PATTERNS.c.network_id == run["network_id"])
        rows = rows.where(table.c.pattern_id.in_(of_network))
        return rows.where(table.c.domain_id == run["domain_id"]) if "domain_id" in table.c else rows
    owner = next(name for name in OWNERS if name in table.c)
    return rows.where(table.c[owner] == run[owner])
