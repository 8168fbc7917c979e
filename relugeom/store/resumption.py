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
    runs, blocks = RUNS, SEARCH_BLOCKS
    same = runs.join(NETWORKS, NETWORKS.c.id == runs.c.network_id)
    same = same.join(DOMAINS, DOMAINS.c.id == runs.c.domain_id)
    left = exists().where(blocks.c.run_id == runs.c.id)
    query = (
        select(runs.c.id, runs.c.partition_id)
        .select_from(same)
        .where(NETWORKS.c.digest == network.digest, DOMAINS.c.digest == domain.digest)
        .where(runs.c.partition_id.is_not(None) | left)
        .order_by(runs.c.id.desc())
    )
    found = connection.execute(query).first()
    return None if found is None else Resumable(found.id, found.partition_id)


def close_run(connection: Connection, run_id: int, successor: int) -> None:
    """Say of a run that was interrupted that another one went on with it, and forget its blocks, which that one has."""
    runs = RUNS
    status = connection.execute(select(runs.c.status).where(runs.c.id == run_id)).scalar_one()
    if status in ENDED_EARLY:
        drop_blocks(connection, run_id)
        _say(connection, [run_id], successor)


def drop_superseded(connection: Connection, run_id: int) -> None:
    """Forget what interrupted and failed runs had found of the same command on the same subject before this one."""
    runs, partitions = RUNS, PARTITIONS
    own = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().one()
    query = select(runs.c.id, runs.c.partition_id).where(runs.c.id < run_id, runs.c.status.in_(ENDED_EARLY))
    for column in ("command", "network_id", "domain_id", "dataset_id"):
        query = query.where(runs.c[column].is_not_distinct_from(own[column]))
    earlier = connection.execute(query).all()
    if not earlier:
        return
    numbers = [row.id for row in earlier]
    for table in reversed(metadata.sorted_tables):
        if "run_id" in table.c and table not in PROVENANCE:
            connection.execute(delete(table).where(table.c.run_id.in_(numbers)))
    connection.execute(update(runs).where(runs.c.id.in_(numbers)).values(**NOTHING))
    _say(connection, numbers, run_id)
    left = [row.partition_id for row in earlier if row.partition_id is not None]
    used = exists().where(runs.c.partition_id == partitions.c.id)
    connection.execute(delete(partitions).where(partitions.c.id.in_(left), ~used))


def _say(connection: Connection, numbers: list[int], successor: int) -> None:
    """A run that failed goes on saying why."""
    runs = RUNS
    connection.execute(
        update(runs)
        .where(runs.c.id.in_(numbers), runs.c.status == "interrupted")
        .values(reason=f"run {successor} went on with what it had found")
    )
