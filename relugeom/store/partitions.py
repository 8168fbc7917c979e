"""Partitions as rows, and back without loss."""

from fractions import Fraction

import numpy as np
from sqlalchemy import Connection, select

from relugeom.linalg.arrays import ByteArray, FloatArray, IntArray
from relugeom.linalg.digest import content_digest
from relugeom.network.pattern import packed_width
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.store import schema
from relugeom.store.database.insertion import find_id, insert_columns, insert_value
from relugeom.store.domains import load_domain
from relugeom.store.measured_tables import effect_counts
from relugeom.store.networks import load_network
from relugeom.store.patterns import compute_maps, save_patterns, save_statuses

__all__ = ["load_partition", "save_partition"]

DECIMAL_BITS = 10_000
"""Integers up to here are written in decimal; Python reads no decimal text beyond 4,300 digits."""


def save_partition(connection: Connection, partition: Partition, network_id: int, domain_id: int, *, maps: bool) -> int:
    """Id of a partition, saved with the statuses (and effective maps) of its regions where it is not there yet."""
    digest = partition_digest(partition)
    subject = {"network_id": network_id, "domain_id": domain_id, "digest": digest}
    partition_id = find_id(connection, schema.partitions, **subject)
    patterns = save_patterns(connection, network_id, partition.network, partition.packed)
    if partition_id is None:
        facts = {
            "status": partition.status.value,
            "reason": partition.reason,
            "regions": len(partition),
            "dimension": partition.dimension,
            "tree": partition.tree.tobytes(),
        }
        partition_id = insert_value(connection, schema.partitions, subject | facts)
        regions = {"partition_id": partition_id, "position": range(len(partition)), "pattern_id": patterns.ids}
        insert_columns(connection, schema.partition_regions, regions)
        _insert_points(connection, partition_id, partition)
        save_statuses(connection, domain_id, patterns, PatternStatus.REGION)
    if maps and not _has_effects(connection, partition_id):
        signs = compute_maps(connection, partition.network, patterns, partition.packed)
        _insert_effects(connection, partition_id, signs)
    return partition_id


def load_partition(connection: Connection, partition_id: int, seconds: float) -> Partition:
    """The partition with that id, bit by bit; `seconds` is the time that its search took."""
    table = schema.partitions
    row = connection.execute(select(table).where(table.c.id == partition_id)).mappings().one()
    network = load_network(connection, row["network_id"])
    domain = load_domain(connection, row["domain_id"])
    return Partition(
        network=network,
        domain=domain,
        packed=_load_patterns(connection, partition_id).reshape(row["regions"], packed_width(network.units)),
        points=_load_points(connection, partition_id).reshape(row["regions"], network.inputs),
        tree=np.frombuffer(row["tree"], dtype=np.uint8),
        dimension=row["dimension"],
        exact_points=_load_exact_points(connection, partition_id),
        status=PartitionStatus(row["status"]),
        reason=row["reason"],
        seconds=seconds,
    )


def partition_digest(partition: Partition) -> str:
    """SHA-256 of everything but the time that it took."""
    exact = [f"{row}: {', '.join(map(_fraction_text, point))}" for row, point in sorted(partition.exact_points.items())]
    return content_digest(
        "partition",
        partition.network.digest,
        partition.domain.digest,
        partition.packed.tobytes(),
        partition.points,
        partition.tree.tobytes(),
        partition.dimension,
        partition.status.value,
        partition.reason,
        *exact,
    )


def _has_effects(connection: Connection, partition_id: int) -> bool:
    """Whether the effective maps of the regions, and the counts of their signs, are there already."""
    query = select(effect_counts.c.partition_id).where(effect_counts.c.partition_id == partition_id)
    return connection.execute(query.limit(1)).first() is not None


def _insert_effects(connection: Connection, partition_id: int, signs: IntArray) -> None:
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
    insert_columns(connection, effect_counts, columns)


def _insert_points(connection: Connection, partition_id: int, partition: Partition) -> None:
    n = partition.network.inputs
    exact = np.isin(np.arange(len(partition)), list(partition.exact_points))
    for rows in (np.flatnonzero(~exact), np.flatnonzero(exact)):
        texts = [_fraction_text(value) for row in rows[exact[rows]] for value in partition.exact_points[row]]
        columns = {
            "partition_id": partition_id,
            "position": np.repeat(rows, n),
            "feature": np.tile(np.arange(n), len(rows)),
            "value": partition.points[rows].ravel(),
            "exact_value": texts or None,
        }
        insert_columns(connection, schema.interior_points, columns)


def _load_patterns(connection: Connection, partition_id: int) -> ByteArray:
    regions, patterns = schema.partition_regions, schema.patterns
    joined = regions.join(patterns, patterns.c.id == regions.c.pattern_id)
    query = select(patterns.c.packed).select_from(joined).where(regions.c.partition_id == partition_id)
    rows = connection.execute(query.order_by(regions.c.position)).scalars()
    return np.frombuffer(b"".join(rows), dtype=np.uint8)


def _load_points(connection: Connection, partition_id: int) -> FloatArray:
    table = schema.interior_points
    query = select(table.c.value).where(table.c.partition_id == partition_id)
    rows = connection.execute(query.order_by(table.c.position, table.c.feature)).scalars()
    return np.fromiter(rows, dtype=np.float64)


def _load_exact_points(connection: Connection, partition_id: int) -> dict[int, tuple[Fraction, ...]]:
    table = schema.interior_points
    query = select(table.c.position, table.c.exact_value).where(
        table.c.partition_id == partition_id, table.c.exact_value.is_not(None)
    )
    points: dict[int, tuple[Fraction, ...]] = {}
    for position, text in connection.execute(query.order_by(table.c.position, table.c.feature)):
        points[position] = (*points.get(position, ()), _fraction(text))
    return points


def _fraction_text(value: Fraction) -> str:
    """``p/q``, in hexadecimal (0x…) where a part is long."""
    parts = (value.numerator, value.denominator)
    return "/".join(str(part) if part.bit_length() <= DECIMAL_BITS else hex(part) for part in parts)


def _fraction(text: str) -> Fraction:
    numerator, denominator = (int(part, 0) for part in text.split("/"))
    return Fraction(numerator, denominator)
