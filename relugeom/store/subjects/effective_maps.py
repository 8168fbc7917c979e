"""Effective maps: the affine map of each pattern, and counts of its signs over a partition."""

import numpy as np
from sqlalchemy import BigInteger, CheckConstraint, Column, Connection, Double, Integer, Table, select

from relugeom.linalg.arrays import BoolArray, ByteArray, IntArray
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.network import ReLUNetwork
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import ask_many, insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject
from relugeom.store.subjects.patterns import PatternRows, chunks

__all__ = [
    "BIASES",
    "COEFFICIENTS",
    "EFFECT_COUNTS",
    "SUBJECT",
    "compute_maps",
    "has_effects",
    "insert_effects",
    "save_maps",
]

COEFFICIENTS = Table(
    "coefficients",
    metadata,
    owner("pattern_id", "patterns.id", "the pattern"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("coefficient", Double, comment="float64 nearest to the exact coefficient"),
    required("sign", Integer, comment="exact sign: -1, 0 or 1"),
    CheckConstraint("sign IN (-1, 0, 1)", name="sign"),
    comment="Effective maps: output = bias + sum of coefficient * feature, before squashing.",
    sqlite_with_rowid=False,
)

BIASES = Table(
    "biases",
    metadata,
    owner("pattern_id", "patterns.id", "the pattern"),
    key("output", "number of the output, from 0"),
    Column("bias", Double, comment="float64 nearest to the exact bias"),
    required("sign", Integer, comment="exact sign: -1, 0 or 1"),
    CheckConstraint("sign IN (-1, 0, 1)", name="sign"),
    comment="Constant terms of the effective maps.",
    sqlite_with_rowid=False,
)

EFFECT_COUNTS = Table(
    "effect_counts",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("rising", BigInteger, comment="number of regions in which the output rises with the feature: exact signs"),
    required("falling", BigInteger, comment="number of regions in which the output falls with the feature"),
    required("flat", BigInteger, comment="number of regions in which the feature has no effect"),
    comment="Counts of the signs of the effective maps over all regions of a partition.",
    sqlite_with_rowid=False,
)


def save_maps(connection: Connection, patterns: PatternRows, maps: EffectiveMaps) -> None:
    """Save the effective maps of patterns, unless they are stored already."""
    missing = patterns.is_new | ~_have_maps(connection, patterns)
    _insert_maps(connection, patterns.ids[missing], maps.of(missing))


def compute_maps(connection: Connection, network: ReLUNetwork, patterns: PatternRows, packed: ByteArray) -> IntArray:
    """Compute the effective maps of patterns, and save those that the store does not hold yet.

    Returns
    -------
    IntArray
        Number of patterns that give each coefficient a negative sign, zero, and a positive sign, shape (3, m, n).
    """
    missing = patterns.is_new | ~_have_maps(connection, patterns)
    counts = np.zeros((3, network.outputs, network.inputs), dtype=np.int64)
    for rows in chunks(len(packed)):
        maps = effective_maps(network, packed[rows])
        _insert_maps(connection, patterns.ids[rows][missing[rows]], maps.of(missing[rows]))
        counts += [(maps.signs[:, :, :-1] == sign).sum(axis=0) for sign in (-1, 0, 1)]
    return counts


def has_effects(connection: Connection, partition_id: int) -> bool:
    """Whether the effective maps of the regions, and the counts of their signs, are stored already."""
    query = select(EFFECT_COUNTS.c.partition_id).where(EFFECT_COUNTS.c.partition_id == partition_id)
    return connection.execute(query.limit(1)).first() is not None


def insert_effects(connection: Connection, partition_id: int, signs: IntArray) -> None:
    """Save how many regions give each coefficient a negative sign, zero, and a positive sign."""
    falling, flat, rising = signs
    m, n = flat.shape
    columns = {
        "partition_id": partition_id,
        "output": np.repeat(np.arange(m), n),
        "feature": np.tile(np.arange(n), m),
        "rising": rising.ravel(),
        "falling": falling.ravel(),
        "flat": flat.ravel(),
    }
    insert_columns(connection, EFFECT_COUNTS, columns)


def _insert_maps(connection: Connection, pattern_ids: IntArray, maps: EffectiveMaps) -> None:
    k, m, n = maps.weights.shape
    coefficients = {
        "pattern_id": np.repeat(pattern_ids, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "coefficient": maps.weights.ravel(),
        "sign": maps.signs[:, :, :-1].ravel(),
    }
    insert_columns(connection, COEFFICIENTS, coefficients)
    biases = {
        "pattern_id": np.repeat(pattern_ids, m),
        "output": np.tile(np.arange(m), k),
        "bias": maps.biases.ravel(),
        "sign": maps.signs[:, :, -1].ravel(),
    }
    insert_columns(connection, BIASES, biases)


def _have_maps(connection: Connection, patterns: PatternRows) -> BoolArray:
    """Whether each pattern has a stored effective map, shape (k,); new ones have none."""
    found: list[int] = []
    old = patterns.ids[~patterns.is_new]
    for rows in chunks(len(old)):
        asked = "SELECT pattern_id FROM biases WHERE output = {} AND pattern_id"
        found += [row[0] for row in ask_many(connection, asked, 0, old[rows].tolist())]
    return np.isin(patterns.ids, found)


VIEWS = (
    View(
        "effective_coefficients",
        "effective map of each pattern of a network, one row per output and feature",
        """\
SELECT p.network_id AS network, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign, b.bias
FROM patterns p
JOIN coefficients m ON m.pattern_id = p.id
JOIN biases b ON b.pattern_id = p.id AND b.output = m.output
JOIN outputs o ON o.network_id = p.network_id AND o.position = m.output
JOIN features f ON f.network_id = p.network_id AND f.position = m.feature""",
    ),
    View(
        "region_effects",
        "effective map of each activation region, one row per output and feature",
        """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       b.bias
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN coefficients m
CROSS JOIN biases b
CROSS JOIN outputs o
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND m.pattern_id = g.pattern_id
      AND b.pattern_id = m.pattern_id AND b.output = m.output AND o.network_id = r.network_id AND o.position = m.output
      AND f.network_id = r.network_id AND f.position = m.feature""",
    ),
    View(
        "effect_signs",
        "number of regions in which each output rises, falls or stays flat with each feature, and whether the sign "
        "changes",
        """\
SELECT r.id AS run, o.name AS output, f.name AS feature, e.rising, e.falling, e.flat,
       CASE WHEN e.rising > 0 AND e.falling > 0 THEN 1 ELSE 0 END AS changes_sign,
       e.output AS output_position, e.feature AS position
FROM runs r
JOIN effect_counts e ON e.partition_id = r.partition_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature""",
        columns={
            "changes_sign": "1 if the feature raises the output in some regions and lowers it in others",
        },
    ),
)


SUBJECT = StoreSubject(
    tables=(COEFFICIENTS, BIASES, EFFECT_COUNTS),
    views=VIEWS,
)
