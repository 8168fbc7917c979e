"""Partitions: all activation regions of a network over a domain, saved and loaded without loss."""

from fractions import Fraction

import numpy as np
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from relugeom.linalg.arrays import ByteArray, FloatArray
from relugeom.linalg.digest import content_digest
from relugeom.network.pattern import packed_width
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.store.database.columns import Digest, key, metadata, owner, reference, required
from relugeom.store.database.insertion import find_id, fraction_text, insert_columns, insert_value, stored_text
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.records import PartitionRecord
from relugeom.store.subject import Saver, StoreSubject
from relugeom.store.subjects.blocks import drop_blocks
from relugeom.store.subjects.domains import load_domain
from relugeom.store.subjects.effective_maps import compute_maps, has_effects, insert_effects
from relugeom.store.subjects.networks import load_network
from relugeom.store.subjects.patterns import PATTERNS, save_patterns
from relugeom.store.subjects.statuses import save_statuses

__all__ = [
    "INTERIOR_POINTS",
    "PARTITIONS",
    "PARTITION_REGIONS",
    "SUBJECT",
    "insert_partition",
    "load_partition",
    "partition_digest",
    "save_partition",
]

PARTITIONS = Table(
    "partitions",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of network, domain, regions, interior points, split tree and status"),
    reference("network_id", "networks.id", "the network"),
    reference("domain_id", "domains.id", "the domain"),
    required("status", Text, comment="complete or truncated"),
    required("reason", Text, comment="why it is truncated, or empty"),
    required("regions", BigInteger, comment="number of activation regions found"),
    required("dimension", Integer, comment="dimension of the affine hull of the domain"),
    required(
        "tree", LargeBinary, comment="split tree in preorder, one byte per node: 0 and 1 stable, 2 split, 3 unexplored"
    ),
    CheckConstraint("status IN ('complete', 'truncated')", name="status"),
    UniqueConstraint("network_id", "domain_id", "digest"),
    comment="Partitions: all activation regions of a network over a domain.",
)

PARTITION_REGIONS = Table(
    "partition_regions",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    key("position", "position of the region in tree order, from 0"),
    reference("pattern_id", "patterns.id", "its pattern"),
    comment="Regions of a partition.",
    sqlite_with_rowid=False,
)

INTERIOR_POINTS = Table(
    "interior_points",
    metadata,
    key("partition_id", "the partition"),
    key("position", "position of the region in tree order, from 0"),
    key("feature", "number of the input, from 0"),
    required("value", Double, comment="coordinate of an interior point, or the float64 nearest to it"),
    Column("exact_value", Text, comment="coordinate as a fraction if it is no float64, else NULL"),
    ForeignKeyConstraint(
        ["partition_id", "position"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    comment="Interior points: one point inside each region of a partition.",
    sqlite_with_rowid=False,
)


def save_partition(run: OpenRun, found: Partition | PartitionRecord) -> None:
    """Save a partition, the statuses of its regions and, if wanted, their effective maps.

    A truncated partition makes the run truncated, for the same reason.
    """
    record = _record_of(found)
    partition = record.partition
    partition_id = insert_partition(run.connection, partition, run.network_id, run.domain_id, maps=record.maps)
    drop_blocks(run.connection, run.id)
    run.blocks = 0
    run.facts |= {"partition_id": partition_id, "search_seconds": partition.seconds}
    if partition.status is PartitionStatus.TRUNCATED:
        run.finish(partition.status, stored_text(partition.reason))


def _record_of(found: Partition | PartitionRecord) -> PartitionRecord:
    return found if isinstance(found, PartitionRecord) else PartitionRecord(found)


def _regions(found: Partition | PartitionRecord) -> int:
    return len(_record_of(found).partition)


def _check(run: OpenRun, found: Partition | PartitionRecord) -> None:
    """Raise unless a partition is of the run's network and domain."""
    partition = _record_of(found).partition
    run.check(partition.network, partition.domain)


def insert_partition(
    connection: Connection, partition: Partition, network_id: int, domain_id: int, *, maps: bool
) -> int:
    """Id of a partition, which is saved with the statuses (and effective maps) of its regions if it is new."""
    digest = partition_digest(partition)
    subject = {"network_id": network_id, "domain_id": domain_id, "digest": digest}
    partition_id = find_id(connection, PARTITIONS, subject)
    patterns = save_patterns(connection, network_id, partition.network, partition.packed)
    if partition_id is None:
        facts = {
            "status": partition.status.value,
            "reason": partition.reason,
            "regions": len(partition),
            "dimension": partition.dimension,
            "tree": partition.tree.tobytes(),
        }
        partition_id = insert_value(connection, PARTITIONS, subject | facts)
        regions = {"partition_id": partition_id, "position": range(len(partition)), "pattern_id": patterns.ids}
        insert_columns(connection, PARTITION_REGIONS, regions)
        _insert_points(connection, partition_id, partition)
        save_statuses(connection, domain_id, patterns, PatternStatus.REGION)
    if maps and not has_effects(connection, partition_id):
        signs = compute_maps(connection, partition.network, patterns, partition.packed)
        insert_effects(connection, partition_id, signs)
    return partition_id


def load_partition(connection: Connection, partition_id: int, seconds: float) -> Partition:
    """Load the partition with that id, equal bit by bit; `seconds` is the time that its search took."""
    row = connection.execute(select(PARTITIONS).where(PARTITIONS.c.id == partition_id)).mappings().one()
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
    """SHA-256 of everything but the time that the search took."""
    exact = [f"{row}: {', '.join(map(fraction_text, point))}" for row, point in sorted(partition.exact_points.items())]
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


def _insert_points(connection: Connection, partition_id: int, partition: Partition) -> None:
    n = partition.network.inputs
    exact = np.isin(np.arange(len(partition)), list(partition.exact_points))
    for rows in (np.flatnonzero(~exact), np.flatnonzero(exact)):
        texts = [text for row in rows[exact[rows]] for text in _exact_texts(partition, row)]
        columns = {
            "partition_id": partition_id,
            "position": np.repeat(rows, n),
            "feature": np.tile(np.arange(n), len(rows)),
            "value": partition.points[rows].ravel(),
            "exact_value": texts or None,
        }
        insert_columns(connection, INTERIOR_POINTS, columns)


def _exact_texts(partition: Partition, row: int) -> list[str | None]:
    """Coordinates of an exact point as fractions, where they are no float64; at least one is, so that it is known."""
    point, floats = partition.exact_points[row], partition.points[row].tolist()
    texts = [None if value == near else fraction_text(value) for value, near in zip(point, floats, strict=True)]
    return texts if any(texts) else [fraction_text(point[0]), *texts[1:]]


def _load_patterns(connection: Connection, partition_id: int) -> ByteArray:
    joined = PARTITION_REGIONS.join(PATTERNS, PATTERNS.c.id == PARTITION_REGIONS.c.pattern_id)
    query = select(PATTERNS.c.packed).select_from(joined).where(PARTITION_REGIONS.c.partition_id == partition_id)
    rows = connection.execute(query.order_by(PARTITION_REGIONS.c.position)).scalars()
    return np.frombuffer(b"".join(rows), dtype=np.uint8)


def _load_points(connection: Connection, partition_id: int) -> FloatArray:
    query = select(INTERIOR_POINTS.c.value).where(INTERIOR_POINTS.c.partition_id == partition_id)
    rows = connection.execute(query.order_by(INTERIOR_POINTS.c.position, INTERIOR_POINTS.c.feature)).scalars()
    return np.fromiter(rows, dtype=np.float64)


def _load_exact_points(connection: Connection, partition_id: int) -> dict[int, tuple[Fraction, ...]]:
    table = INTERIOR_POINTS.c
    exact = select(table.position).where(table.partition_id == partition_id, table.exact_value.is_not(None))
    query = select(table.position, table.value, table.exact_value).where(
        table.partition_id == partition_id, table.position.in_(exact)
    )
    points: dict[int, list[Fraction]] = {}
    for position, value, text in connection.execute(query.order_by(table.position, table.feature)):
        points.setdefault(position, []).append(Fraction(value) if text is None else _fraction(text))
    return {position: tuple(point) for position, point in points.items()}


def _fraction(text: str) -> Fraction:
    numerator, denominator = (int(part, 0) for part in text.split("/"))
    return Fraction(numerator, denominator)


VIEWS = (
    View(
        "region_points",
        "interior point of each activation region, one row per feature",
        """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, f.name AS feature, i.value, i.exact_value
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN interior_points i
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND i.partition_id = g.partition_id
      AND i.position = g.position AND f.network_id = r.network_id AND f.position = i.feature""",
    ),
)


SUBJECT = StoreSubject(
    tables=(PARTITIONS, PARTITION_REGIONS, INTERIOR_POINTS),
    views=VIEWS,
    savers=(
        Saver(Partition, save_partition, rows=_regions, check=_check),
        Saver(PartitionRecord, save_partition, rows=_regions, check=_check),
    ),
)
