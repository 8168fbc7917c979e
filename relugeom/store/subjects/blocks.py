"""Findings of a search so far, block by block, so that it can be continued after its process was killed.

A block is committed when it is written. All blocks of a run are deleted when its partition is stored.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from sqlalchemy import JSON, BigInteger, Connection, Double, LargeBinary, Table, delete, insert, select

from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import packed_width
from relugeom.partition.found import RegionBlock
from relugeom.partition.partition import Partition
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.open_run import OpenRun
from relugeom.store.subject import Saver, StoreSubject
from relugeom.store.subjects.domains import load_domain
from relugeom.store.subjects.networks import load_network
from relugeom.store.subjects.runs import RUNS

__all__ = ["SEARCH_BLOCKS", "SUBJECT", "drop_blocks", "insert_block", "load_blocks", "load_found", "save_block"]

SEARCH_BLOCKS = Table(
    "search_blocks",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("number", "number of the block, from 0"),
    required("regions", BigInteger, comment="number of activation regions in it"),
    required("seconds", Double, comment="seconds that the search had taken by then"),
    required(
        "packed", LargeBinary, comment="patterns of the regions, eight units per byte, one region after the other"
    ),
    required("points", LargeBinary, comment="interior points of the regions, little-endian float64"),
    required(
        "exact_points",
        JSON,
        comment="lines with a row of the block and its coordinates as fractions, where no float64 point was found",
    ),
    required("tree", LargeBinary, comment="split tree since the previous block, one byte per node"),
    required("empty_leaves", JSON, comment="numbers of the leaves of the block that turned out to be empty"),
    comment="Findings of a search so far, deleted when its run is finished.",
)


def insert_block(connection: Connection, run_id: int, number: int, block: RegionBlock, seconds: float) -> None:
    """Save a block of a run's search; `seconds` is the time of the search until then."""
    exact = {str(row): [str(value) for value in point] for row, point in block.exact_points.items()}
    values = {
        "run_id": run_id,
        "number": number,
        "regions": len(block.packed),
        "seconds": seconds,
        "packed": block.packed.tobytes(),
        "points": block.points.astype("<f8").tobytes(),
        "exact_points": exact,
        "tree": block.tokens.tobytes(),
        "empty_leaves": list(block.empty_leaves),
    }
    connection.execute(insert(SEARCH_BLOCKS).values(**values))


def save_block(run: OpenRun, block: RegionBlock) -> None:
    """Save what a search has just found, so that a later run can continue from there."""
    insert_block(run.connection, run.id, run.blocks, block, run.earlier + run.seconds)
    run.blocks += 1


def load_blocks(connection: Connection, run_id: int, network: ReLUNetwork) -> tuple[list[RegionBlock], float]:
    """Load the blocks of a run in order, and the time that their search took."""
    blocks, seconds = [], 0.0
    rows = connection.execute(
        select(SEARCH_BLOCKS).where(SEARCH_BLOCKS.c.run_id == run_id).order_by(SEARCH_BLOCKS.c.number)
    ).mappings()
    for row in rows:
        count, seconds = row["regions"], row["seconds"]
        blocks.append(
            RegionBlock(
                np.frombuffer(row["packed"], dtype=np.uint8).reshape(count, packed_width(network.units)),
                np.frombuffer(row["points"], dtype="<f8").astype(np.float64).reshape(count, network.inputs),
                _points(row["exact_points"]),
                np.frombuffer(row["tree"], dtype=np.uint8),
                tuple(row["empty_leaves"]),
            )
        )
    return blocks, seconds


def load_found(connection: Connection, run_id: int) -> Partition | None:
    """Load what the search of a run has found so far, as a truncated partition; None if it left no block."""
    from relugeom.search.enumeration import partition_from_blocks  # slow to load, and queries do not need it

    query = select(RUNS.c.network_id, RUNS.c.domain_id).where(RUNS.c.id == run_id)
    row = connection.execute(query).one()
    if row.domain_id is None:
        return None
    network, domain = load_network(connection, row.network_id), load_domain(connection, row.domain_id)
    blocks, seconds = load_blocks(connection, run_id, network)
    return partition_from_blocks(network, domain, blocks, reason="interrupted", seconds=seconds) if blocks else None


def drop_blocks(connection: Connection, run_id: int) -> None:
    """Delete the blocks of a run."""
    connection.execute(delete(SEARCH_BLOCKS).where(SEARCH_BLOCKS.c.run_id == run_id))


def _points(texts: Mapping[str, Sequence[str]]) -> dict[int, tuple[Fraction, ...]]:
    return {int(row): tuple(map(Fraction, point)) for row, point in texts.items()}


SUBJECT = StoreSubject(
    tables=(SEARCH_BLOCKS,),
    savers=(Saver(RegionBlock, save_block),),
)
