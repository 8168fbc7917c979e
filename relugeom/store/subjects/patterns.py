"""Activation patterns, each stored once for its network."""

from collections.abc import Iterator
from itertools import compress
from typing import NamedTuple

import numpy as np
from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, UniqueConstraint, func, select

from relugeom.linalg.arrays import BoolArray, ByteArray, IntArray
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts, unpack_patterns
from relugeom.store.database.columns import PatternText, metadata, reference, required
from relugeom.store.database.insertion import ask_many, follow_ids, insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = ["PATTERNS", "SUBJECT", "PatternRows", "chunks", "save_patterns"]

PATTERNS = Table(
    "patterns",
    metadata,
    Column("id", Integer, primary_key=True),
    reference("network_id", "networks.id", "the network"),
    required("pattern", PatternText, comment="one character per unit, layer by layer: 0110/10; - without hidden units"),
    required("packed", LargeBinary, comment="the same bits, eight units per byte, first unit first"),
    required("active_units", Integer, comment="number of active units"),
    UniqueConstraint("network_id", "pattern"),
    comment="Activation patterns.",
)

CHUNK = 10_000


class PatternRows(NamedTuple):
    """Patterns in the store.

    Attributes
    ----------
    ids
        Ids of the patterns, shape (k,).
    is_new
        Whether each pattern is new, shape (k,): the store knows nothing else yet about new ones.
    """

    ids: IntArray
    is_new: BoolArray

    def of(self, chosen: BoolArray) -> "PatternRows":
        """Rows that a mask of shape (k,) selects."""
        return PatternRows(self.ids[chosen], self.is_new[chosen])


def save_patterns(connection: Connection, network_id: int, network: ReLUNetwork, packed: ByteArray) -> PatternRows:
    """Rows of distinct patterns, shape (k, ⌈N/8⌉), which are saved if they are new.

    Only one program writes at a time, so ids can be given here and need not be asked for.
    """
    few = _few_ids(connection, network_id)
    ids, is_new = np.zeros(len(packed), dtype=np.int64), np.zeros(len(packed), dtype=np.bool_)
    next_id = 1 + (connection.execute(select(func.max(PATTERNS.c.id))).scalar() or 0)
    for rows in chunks(len(packed)):
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
            insert_columns(connection, PATTERNS, columns)
            id_of = id_of | dict(zip(columns["pattern"], new_ids.tolist(), strict=True))
        ids[rows], is_new[rows] = [id_of[text] for text in texts], fresh
    follow_ids(connection, PATTERNS, next_id - 1)
    return PatternRows(ids, is_new)


def _few_ids(connection: Connection, network_id: int) -> dict[str, int] | None:
    """Ids of all patterns of a network, such as those of samples; None if there are many."""
    query = select(PATTERNS.c.pattern, PATTERNS.c.id).where(PATTERNS.c.network_id == network_id).limit(CHUNK + 1)
    rows = connection.execute(query).all()
    return None if len(rows) > CHUNK else {row.pattern: row.id for row in rows}


def _known_ids(connection: Connection, network_id: int, texts: list[str]) -> dict[str, int]:
    """Ids of the patterns that are stored already."""
    return dict(
        ask_many(connection, "SELECT pattern, id FROM patterns WHERE network_id = {} AND pattern", network_id, texts)
    )


def chunks(count: int) -> Iterator[slice]:
    """Slices that cover this many patterns, a few thousand at a time."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


VIEWS = (
    View(
        "pattern_units",
        "units of each pattern of a network, one row per unit, active or not",
        """\
SELECT p.network_id AS network, p.pattern, u.layer, u.unit,
       CASE WHEN substr(p.pattern, u.text_position, 1) = '1' THEN 1 ELSE 0 END AS active
FROM patterns p
JOIN units u ON u.network_id = p.network_id""",
        columns={
            "active": "1 if the unit is active, 0 if it is inactive",
        },
    ),
)


SUBJECT = StoreSubject(
    tables=(PATTERNS,),
    views=VIEWS,
)
