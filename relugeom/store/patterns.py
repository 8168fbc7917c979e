"""Patterns, their statuses on a domain and their effective maps: facts that all runs share."""

from collections.abc import Iterator
from itertools import compress
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, func, select

from relugeom.linalg.arrays import BoolArray, ByteArray, IntArray
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts, unpack_patterns
from relugeom.partition.census import AdmissibleVerdict
from relugeom.partition.partition import PatternStatus
from relugeom.store import schema
from relugeom.store.database.insertion import ONCE, ask_many, follow_ids, insert_columns
from relugeom.store.measured_tables import admissible_patterns

__all__ = ["PatternRows", "compute_maps", "save_admissible", "save_maps", "save_patterns", "save_statuses"]

CHUNK = 10_000
SAME_STATUS = (
    "ON CONFLICT (domain_id, pattern_id) DO UPDATE "
    "SET admissible_inputs = coalesce(excluded.admissible_inputs, pattern_statuses.admissible_inputs)"
)
"""A status is proved and never changes; that its admissible inputs are counted may come later."""


class PatternRows(NamedTuple):
    """Patterns in the store.

    Attributes
    ----------
    ids
        Their ids, shape (k,).
    is_new
        Which of them were not there before, shape (k,): about these the store knows nothing else yet.
    """

    ids: IntArray
    is_new: BoolArray

    def of(self, chosen: BoolArray) -> "PatternRows":
        """Those of a mask, shape (k,)."""
        return PatternRows(self.ids[chosen], self.is_new[chosen])


def save_patterns(connection: Connection, network_id: int, network: ReLUNetwork, packed: ByteArray) -> PatternRows:
    """The rows of different patterns, shape (k, ⌈N/8⌉), saved where they are not there yet.

    Only one program writes at a time, so ids can be given here and need not be asked for.
    """
    table = schema.patterns
    few = _few_ids(connection, network_id)
    ids, is_new = np.zeros(len(packed), dtype=np.int64), np.zeros(len(packed), dtype=np.bool_)
    next_id = 1 + (connection.execute(select(func.max(table.c.id))).scalar() or 0)
    for rows in _chunks(len(packed)):
        texts = pattern_texts(packed[rows], network.widths)
        id_of = _known_ids(connection, network_id, texts) if few is None else few
        fresh = [text not in id_of for text in texts]
        if any(fresh):
            new = packed[rows][fresh]
            new_ids = next_id + np.arange(len(new))
            next_id += len(new)
            columns = {
                "id": new_ids,
                "network_id": network_id,
                "pattern": list(compress(texts, fresh)),
                "packed": [row.tobytes() for row in new],
                "active_units": unpack_patterns(new, network.units).sum(axis=1),
            }
            insert_columns(connection, table, columns)
            id_of = id_of | dict(zip(columns["pattern"], new_ids.tolist(), strict=True))
        ids[rows], is_new[rows] = [id_of[text] for text in texts], fresh
    follow_ids(connection, table, next_id - 1)
    return PatternRows(ids, is_new)


def save_statuses(
    connection: Connection,
    domain_id: int,
    patterns: PatternRows,
    status: PatternStatus,
    admissible: IntArray | None = None,
) -> None:
    """Record what patterns are on a domain.

    Parameters
    ----------
    admissible
        How many admissible inputs have each pattern, shape (k,); None where not counted.
    """
    for chosen, conflict in ((patterns.is_new, ""), (~patterns.is_new, SAME_STATUS)):
        columns = {
            "domain_id": domain_id,
            "pattern_id": patterns.ids[chosen],
            "status": status.value,
            "admissible_inputs": None if admissible is None else admissible[chosen],
        }
        insert_columns(connection, schema.pattern_statuses, columns, conflict=conflict)


def save_admissible(connection: Connection, domain_id: int, pattern_ids: IntArray, verdicts: IntArray) -> None:
    """Record which patterns some admissible input has (`AdmissibleVerdict`, shape (k,)); UNKNOWN is no fact."""
    settled = np.flatnonzero(verdicts != AdmissibleVerdict.UNKNOWN)
    columns = {
        "domain_id": domain_id,
        "pattern_id": pattern_ids[settled],
        "met": verdicts[settled] == AdmissibleVerdict.YES,
    }
    insert_columns(connection, admissible_patterns, columns, conflict=ONCE)


def save_maps(connection: Connection, patterns: PatternRows, maps: EffectiveMaps) -> None:
    """Record the effective maps of patterns, unless they are there already."""
    missing = patterns.is_new | ~_have_maps(connection, patterns)
    _insert_maps(connection, patterns.ids[missing], maps.of(missing))


def compute_maps(connection: Connection, network: ReLUNetwork, patterns: PatternRows, packed: ByteArray) -> IntArray:
    """Compute the effective maps of patterns and record those that the store does not hold yet.

    Returns
    -------
    IntArray
        How many patterns give each coefficient a negative sign, none, and a positive one, shape (3, m, n).
    """
    missing = patterns.is_new | ~_have_maps(connection, patterns)
    counts = np.zeros((3, network.outputs, network.inputs), dtype=np.int64)
    for rows in _chunks(len(packed)):
        maps = effective_maps(network, packed[rows])
        _insert_maps(connection, patterns.ids[rows][missing[rows]], maps.of(missing[rows]))
        counts += [(maps.signs[:, :, :-1] == sign).sum(axis=0) for sign in (-1, 0, 1)]
    return counts


def _insert_maps(connection: Connection, pattern_ids: IntArray, maps: EffectiveMaps) -> None:
    k, m, n = maps.weights.shape
    coefficients = {
        "pattern_id": np.repeat(pattern_ids, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "coefficient": maps.weights.ravel(),
        "sign": maps.signs[:, :, :-1].ravel(),
    }
    insert_columns(connection, schema.coefficients, coefficients)
    biases = {
        "pattern_id": np.repeat(pattern_ids, m),
        "output": np.tile(np.arange(m), k),
        "bias": maps.biases.ravel(),
        "sign": maps.signs[:, :, -1].ravel(),
    }
    insert_columns(connection, schema.biases, biases)


def _few_ids(connection: Connection, network_id: int) -> dict[str, int] | None:
    """Ids of all patterns of a network, such as those of samples; None where there are many."""
    table = schema.patterns
    query = select(table.c.pattern, table.c.id).where(table.c.network_id == network_id).limit(CHUNK + 1)
    rows = connection.execute(query).all()
    return None if len(rows) > CHUNK else {row.pattern: row.id for row in rows}


def _known_ids(connection: Connection, network_id: int, texts: list[str]) -> dict[str, int]:
    """Ids of the patterns that are there already."""
    return dict(
        ask_many(connection, "SELECT pattern, id FROM patterns WHERE network_id = {} AND pattern", network_id, texts)
    )


def _have_maps(connection: Connection, patterns: PatternRows) -> BoolArray:
    """Which of the patterns have an effective map, shape (k,); new ones have none."""
    found: list[int] = []
    old = patterns.ids[~patterns.is_new]
    for rows in _chunks(len(old)):
        asked = "SELECT pattern_id FROM biases WHERE output = {} AND pattern_id"
        found += [row[0] for row in ask_many(connection, asked, 0, old[rows].tolist())]
    return np.isin(patterns.ids, found)


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
