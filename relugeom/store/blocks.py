"""What a search has found so far, block by block, so that it can go on after its process was killed.

A block is committed when it is written, and all blocks of a run go when its partition is there.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import packed_width
from relugeom.partition.found import RegionBlock
from relugeom.partition.partition import Partition
from relugeom.search.enumeration import partition_from_blocks
from relugeom.store import schema
from relugeom.store.domains import load_domain
from relugeom.store.networks import load_network

__all__ = ["drop_blocks", "load_blocks", "load_found", "save_block"]


def save_block(connection: Connection, run_id: int, number: int, block: RegionBlock, seconds: float) -> None:
    """Record a block of a run's search; `seconds` is the time of the search until then."""
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
    connection.execute(insert(schema.search_blocks).values(**values))


def load_blocks(connection: Connection, run_id: int, network: ReLUNetwork) -> tuple[list[RegionBlock], float]:
    """The blocks of a run in their order, and the time that their search took."""
    table = schema.search_blocks
    blocks, seconds = [], 0.0
    rows = connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.number)).mappings()
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
    """What the search of a run has found so far, as a truncated partition; None where it left no block."""
    query = select(schema.runs.c.network_id, schema.runs.c.domain_id).where(schema.runs.c.id == run_id)
    row = connection.execute(query).one()
    if row.domain_id is None:
        return None
    network, domain = load_network(connection, row.network_id), load_domain(connection, row.domain_id)
    blocks, seconds = load_blocks(connection, run_id, network)
    return partition_from_blocks(network, domain, blocks, reason="interrupted", seconds=seconds) if blocks else None


def drop_blocks(connection: Connection, run_id: int) -> None:
    """Forget the blocks of a run."""
    connection.execute(delete(schema.search_blocks).where(schema.search_blocks.c.run_id == run_id))


def _points(texts: Mapping[str, Sequence[str]]) -> dict[int, tuple[Fraction, ...]]:
    return {int(row): tuple(map(Fraction, point)) for row, point in texts.items()}
