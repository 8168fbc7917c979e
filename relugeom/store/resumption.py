"""Runs that go on with what an earlier one had found, and what becomes of that one.

Nothing that is there is taken away before there is something better: what an interrupted run had found goes when a run
that went on from it is finished.
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
    """A run whose search can go on.

    Attributes
    ----------
    run
        Its number.
    partition_id
        The partition that it saved, or None where it left blocks only.
    """

    run: int
    partition_id: int | None


def find_resumable(connection: Connection, network: ReLUNetwork, domain: Domain) -> Resumable | None:
    """The latest run that searched this network on this domain and left a partition or blocks, or None."""
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
    """Say of a run that was interrupted that another one went on with it, and forget its blocks, which that one has."""
    status = connection.execute(select(RUNS.c.status).where(RUNS.c.id == run_id)).scalar_one()
    if status in ENDED_EARLY:
        drop_blocks(connection, run_id)
        _say(connection, [run_id], successor)


def drop_superseded(connection: Connection, run_id: int) -> None:
    """Forget what interrupted and failed runs had found of the same command on the same subject before this one."""
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
    """A run that failed goes on saying why."""
    connection.execute(
        update(RUNS)
        .where(RUNS.c.id.in_(numbers), RUNS.c.status == "interrupted")
        .values(reason=f"run {successor} went on with what it had found")
    )
