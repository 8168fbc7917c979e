"""Volumes of the regions of a partition, and their shares of the domain.

The same partition measured twice is one set of rows; only an exact measurement replaces an estimate."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import BigInteger, Column, Double, Index, Table, Text, delete, select

from relugeom.store.database.columns import metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.owned import of_region
from relugeom.store.subject import Saver, StoreSubject, rows_of_partition

if TYPE_CHECKING:  # slow to load
    from relugeom.measures.volumes import Volumes

__all__ = ["REGION_VOLUMES", "SUBJECT", "VOLUME_MEASUREMENTS", "save_volumes"]

VOLUME_MEASUREMENTS = Table(
    "volume_measurements",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    required("method", Text, comment="exact, Monte Carlo or unknown"),
    required("confidence", Double, comment="probability that an interval of region_volumes holds; 1 if proved"),
    Column("domain_volume", Double, comment="volume of the domain within its affine hull; NULL if infinite"),
    required("samples", BigInteger, comment="number of random points; 0 for exact volumes"),
    required("reason", Text, comment="why something is missing or weaker than asked for, or empty"),
    comment="How the volumes of a partition were found.",
)

REGION_VOLUMES = of_region(
    "region_volumes",
    Column("volume", Double, comment="volume within the domain's affine hull; NULL if infinite or unknown"),
    Column("share", Double, comment="share of the domain's volume; NULL if the domain is unbounded"),
    Column("low", Double, comment="lower bound of the share"),
    Column("high", Double, comment="upper bound of the share"),
    Index(None, "partition_id", "share"),
    comment="Volumes of the regions of a partition.",
)

EXACT = "exact"


def save_volumes(run: OpenRun, volumes: "Volumes") -> None:
    """Save volumes and shares, unless exact ones are stored already."""
    partition_id = run.partition_id
    known = run.connection.execute(
        select(VOLUME_MEASUREMENTS.c.method).where(VOLUME_MEASUREMENTS.c.partition_id == partition_id)
    ).scalar()
    if known == EXACT:
        return
    for old in (REGION_VOLUMES, VOLUME_MEASUREMENTS):
        run.connection.execute(delete(old).where(old.c.partition_id == partition_id))
    measurement = {
        "partition_id": [partition_id],
        "method": [volumes.method.value],
        "confidence": np.array([volumes.confidence]),
        "domain_volume": np.array([volumes.domain_volume]),
        "samples": [volumes.samples],
        "reason": [volumes.reason],
    }
    insert_columns(run.connection, VOLUME_MEASUREMENTS, measurement)
    columns = {
        "partition_id": partition_id,
        "position": range(len(volumes.volumes)),
        "volume": volumes.volumes,
        "share": volumes.shares,
        "low": volumes.low,
        "high": volumes.high,
    }
    insert_columns(run.connection, REGION_VOLUMES, columns)


VIEWS = (
    View(
        "regions_by_share",
        "share of the domain's volume that each activation region takes, with bounds, and the samples in it",
        """\
SELECT r.id AS run, v.position + 1 AS region,
       (SELECT p.pattern
        FROM partition_regions g
        JOIN patterns p ON p.id = g.pattern_id
        WHERE g.partition_id = v.partition_id AND g.position = v.position) AS pattern,
       v.share AS volume_share, v.low AS share_low, v.high AS share_high, m.method,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(
         (SELECT c.samples - c.outside
          FROM partition_regions g
          JOIN clusters c ON c.run_id = r.id AND c.pattern_id = g.pattern_id
          WHERE g.partition_id = v.partition_id AND g.position = v.position), 0) END AS samples
FROM runs r
JOIN volume_measurements m ON m.partition_id = r.partition_id
JOIN region_volumes v ON v.partition_id = r.partition_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(VOLUME_MEASUREMENTS, REGION_VOLUMES),
    views=VIEWS,
    savers=(Saver("relugeom.measures.volumes.Volumes", save_volumes),),
    part=("shares of the domain", rows_of_partition(VOLUME_MEASUREMENTS)),
)
