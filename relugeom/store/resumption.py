"""Runs that continue an earlier one, and what becomes of that earlier run.

Nothing is deleted before there is something better: the findings of an interrupted run are deleted when a run that
continued it is finished.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, select, update

from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.store.schema import metadata
from relugeom.store.subjects.blocks import SEARCH_BLOCKS, drop_blocks
from relugeom.store.subjects.domains import DOMAINS
from relugeom.store.subjects.networks import NETWORKS
from relugeom.store.subjects.partitions import PARTITIONS
from relugeom.store.subjects.processes import RUN_PROCESSES
from relugeom.store.subjects.runs import RUN_SOFTWARE, RUNS

__all__ = ["Resumable", "close_run", "drop_superseded", "find_resumable"]

ENDED_EARLY = ("interrupted", "failed")
PROVENANCE = {RUN_SOFTWARE, RUN_PROCESSES}
"""What is kept of every run."""
NOTHING: dict[str, Any] = dict.fromkeys(("partition_id", "search_seconds", "samples", "clusters"))


@dataclass(frozen=True, slots=True)
class Resumable:
    """A run whose search can be continued.

    Attributes
    ----------
    run
        Its number.
    partition_id
        Id of the partition that it saved, or None if it left only blocks.
    """

    run: int
    partition_id: int | None


def find_resumable(connection: Connection, network: ReLUNetwork, domain: Domain) -> Resumable | None:
    """Latest run that searched this network on this domain and left a partition or blocks, or None."""
    same = RUNS.join(NETWORKS, NETWORKS.c.id == RUNS.c.network_id)
    same = same.join(DOMAINS, DOMAINS.c.id == RUNS.c.domain_id)
    left = exists().where(SEARCH_BLOCKS.c.run_id == RUNS.c.id)
    query = (
        select(RUNS.c.id, RUNS.c.partition_id)
        .select_from(same)
        .where(NETWORKS.c.digest == network.digest, DOMAINS.c.digest == domain.digest)
        .where(RUNS.c.partition_id.is_not(None) | left)
        .order_by(RUNS.c.id.desc())
    )
    found = connection.execute(query).first()
    return None if found is None else Resumable(found.id, found.partition_id)


def close_run(connection: Connection, run_id: int, successor: int) -> None:
    """Record that another run continued an interrupted one, and delete its blocks, which the other run has."""
    status = connection.execute(select(RUNS.c.status).where(RUNS.c.id == run_id)).scalar_one()
    if status in ENDED_EARLY:
        drop_blocks(connection, run_id)
        _say(connection, [run_id], successor)


def drop_superseded(connection: Connection, run_id: int) -> None:
    """Delete the findings of earlier interrupted and failed runs of the same command on the same subject."""
    own = connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().one()
    query = select(RUNS.c.id, RUNS.c.partition_id).where(RUNS.c.id < run_id, RUNS.c.status.in_(ENDED_EARLY))
    for column in ("command", "network_id", "domain_id", "dataset_id"):
        query = query.where(RUNS.c[column].is_not_distinct_from(own[column]))
    earlier = connection.execute(query).all()
    if not earlier:
        return
    numbers = [row.id for row in earlier]
    for table in reversed(metadata.sorted_tables):
        if "run_id" in table.c and table not in PROVENANCE:
            connection.execute(delete(table).where(table.c.run_id.in_(numbers)))
    connection.execute(update(RUNS).where(RUNS.c.id.in_(numbers)).values(**NOTHING))
    _say(connection, numbers, run_id)
    left = [row.partition_id for row in earlier if row.partition_id is not None]
    used = exists().where(RUNS.c.partition_id == PARTITIONS.c.id)
    connection.execute(delete(PARTITIONS).where(PARTITIONS.c.id.in_(left), ~used))


def _say(connection: Connection, numbers: list[int], successor: int) -> None:
    """Add to the reason of a run; a failed run keeps saying why it failed."""
    connection.execute(
        update(RUNS)
        .where(RUNS.c.id.in_(numbers), RUNS.c.status == "interrupted")
        .values(reason=f"run {successor} continued with what it had found")
    )
