"""Patterns, their verdicts on a domain and their effective maps: facts that all runs share."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection, select

from relugeom.linalg.arrays import ByteArray, IntArray
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts, unpack_patterns
from relugeom.partition.census import AdmissibleVerdict
from relugeom.partition.partition import PatternStatus
from relugeom.store import schema
from relugeom.store.insertion import ONCE, insert_columns
from relugeom.store.measured_tables import admissible_patterns

__all__ = ["compute_maps", "save_admissible", "save_maps", "save_patterns", "save_verdicts"]

CHUNK = 10_000
SAME_VERDICT = (
    "ON CONFLICT (domain_id, pattern_id) DO UPDATE "
    "SET admissible_inputs = coalesce(excluded.admissible_inputs, verdicts.admissible_inputs)"
)
"""A verdict is proved and never changes; that its admissible inputs are counted may come later."""


def save_patterns(connection: Connection, network_id: int, network: ReLUNetwork, packed: ByteArray) -> IntArray:
    """Ids of patterns, shape (k,), saved where they are not there yet."""
    ids = np.zeros(len(packed), dtype=np.int64)
    table = schema.patterns
    for rows in _chunks(len(packed)):
        texts = pattern_texts(packed[rows], network.widths)
        columns = {
            "network_id": network_id,
            "pattern": texts,
            "packed": [row.tobytes() for row in packed[rows]],
            "active_units": unpack_patterns(packed[rows], network.units).sum(axis=1),
        }
        insert_columns(connection, table, columns, conflict=ONCE)
        query = select(table.c.pattern, table.c.id).where(table.c.network_id == network_id, table.c.pattern.in_(texts))
        id_of = dict(connection.execute(query).all())
        ids[rows] = [id_of[text] for text in texts]
    return ids


def save_verdicts(
    connection: Connection,
    domain_id: int,
    pattern_ids: IntArray,
    verdict: PatternStatus,
    admissible: IntArray | int | None = None,
) -> None:
    """Record what patterns are on a domain.

    Parameters
    ----------
    admissible
        How many admissible inputs have each pattern, shape (k,), or one number for all; None where not counted.
    """
    columns = {
        "domain_id": domain_id,
        "pattern_id": pattern_ids,
        "verdict": verdict.value,
        "admissible_inputs": admissible,
    }
    insert_columns(connection, schema.verdicts, columns, conflict=SAME_VERDICT)


def save_admissible(connection: Connection, domain_id: int, pattern_ids: IntArray, verdicts: IntArray) -> None:
    """Record which patterns some admissible input has (`AdmissibleVerdict`, shape (k,)); UNKNOWN is no fact."""
    settled = np.flatnonzero(verdicts != AdmissibleVerdict.UNKNOWN)
    columns = {
        "domain_id": domain_id,
        "pattern_id": pattern_ids[settled],
        "met": verdicts[settled] == AdmissibleVerdict.YES,
    }
    insert_columns(connection, admissible_patterns, columns, conflict=ONCE)


def save_maps(connection: Connection, pattern_ids: IntArray, maps: EffectiveMaps) -> None:
    """Record the effective maps of patterns, unless they are there already."""
    k, m, n = maps.weights.shape
    coefficients = {
        "pattern_id": np.repeat(pattern_ids, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "coefficient": maps.weights.ravel(),
        "sign": maps.signs[:, :, :-1].ravel(),
    }
    insert_columns(connection, schema.coefficients, coefficients, conflict=ONCE)
    biases = {
        "pattern_id": np.repeat(pattern_ids, m),
        "output": np.tile(np.arange(m), k),
        "bias": maps.biases.ravel(),
        "sign": maps.signs[:, :, -1].ravel(),
    }
    insert_columns(connection, schema.biases, biases, conflict=ONCE)


def compute_maps(connection: Connection, network: ReLUNetwork, pattern_ids: IntArray, packed: ByteArray) -> None:
    """Compute and record the effective maps that the store does not hold yet."""
    table = schema.biases
    for rows in _chunks(len(packed)):
        ids = pattern_ids[rows]
        query = select(table.c.pattern_id).where(table.c.output == 0, table.c.pattern_id.in_(ids.tolist()))
        missing = ~np.isin(ids, connection.execute(query).scalars().all())
        save_maps(connection, ids[missing], effective_maps(network, packed[rows][missing]))


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
