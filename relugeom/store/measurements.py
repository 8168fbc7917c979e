"""What is measured on a partition or a run, as rows: shares, facets, decisions, margins.

The same partition measured twice is one set of rows; only an exact measurement replaces an estimate.
"""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, delete, select

from relugeom.linalg.arrays import IntArray
from relugeom.network.decision import TIED
from relugeom.store.database.insertion import ONCE, insert_columns
from relugeom.store.measured_tables import (
    region_decisions,
    region_facets,
    region_volumes,
    sample_margins,
    volume_measurements,
)

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.margins import SampleMargins
    from relugeom.measures.adjacency import Adjacency
    from relugeom.measures.volumes import Volumes

__all__ = ["save_adjacency", "save_decisions", "save_margins", "save_volumes"]

EXACT = "exact"
CHUNK = 1 << 20
"""Samples whose margins are copied at a time."""


def save_volumes(connection: Connection, partition_id: int, volumes: "Volumes") -> None:
    """Record volumes and shares, unless exact ones are there already."""
    table = volume_measurements
    known = connection.execute(select(table.c.method).where(table.c.partition_id == partition_id)).scalar()
    if known == EXACT:
        return
    for old in (region_volumes, table):
        connection.execute(delete(old).where(old.c.partition_id == partition_id))
    measurement = {
        "partition_id": [partition_id],
        "method": [volumes.method.value],
        "confidence": np.array([volumes.confidence]),
        "domain_volume": np.array([volumes.domain_volume]),
        "samples": [volumes.samples],
        "reason": [volumes.reason],
    }
    insert_columns(connection, table, measurement)
    columns = {
        "partition_id": partition_id,
        "position": range(len(volumes.volumes)),
        "volume": volumes.volumes,
        "share": volumes.shares,
        "low": volumes.low,
        "high": volumes.high,
    }
    insert_columns(connection, region_volumes, columns)


def save_adjacency(connection: Connection, partition_id: int, adjacency: "Adjacency") -> None:
    """Record pairs of adjacent regions, one row a unit whose hyperplane holds the shared facet."""
    repeats = np.diff(adjacency.starts)
    ends = np.cumsum(adjacency.widths)
    layers = np.searchsorted(ends, adjacency.units, side="right")
    columns = {
        "partition_id": partition_id,
        "position": np.repeat(adjacency.first, repeats),
        "neighbour": np.repeat(adjacency.second, repeats),
        "layer": layers,
        "unit": adjacency.units - (ends - np.array(adjacency.widths, dtype=np.int64))[layers],
        "on_first": adjacency.on_first,
        "on_second": adjacency.on_second,
    }
    insert_columns(connection, region_facets, columns, conflict=ONCE)


def save_decisions(connection: Connection, partition_id: int, classes: IntArray) -> None:
    """Record the class at the interior point of each region; where there is none it is NULL."""
    columns = {
        "partition_id": partition_id,
        "position": range(len(classes)),
        "class": [int(value) if value >= 0 else None for value in classes],
        "tied": classes == TIED,
    }
    insert_columns(connection, region_decisions, columns, conflict=ONCE)


def save_margins(connection: Connection, run_id: int, margins: "SampleMargins") -> None:
    """Record how far samples are from the boundary of their regions; those that nothing bounds have no row."""
    for start in range(0, len(margins.distance), CHUNK):
        rows = start + np.flatnonzero(np.isfinite(margins.distance[start : start + CHUNK]))
        columns = {
            "run_id": run_id,
            "sample": rows,
            "layer": margins.layer[rows],
            "unit": margins.unit[rows],
            "distance": margins.distance[rows],
        }
        insert_columns(connection, sample_margins, columns)
