"""Distances of samples from the boundaries of their activation regions."""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Double, ForeignKeyConstraint, Index, Integer, Table

from relugeom.store.database.columns import key, metadata, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.subject import Saver, StoreSubject, rows_of_run

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.margins import SampleMargins

__all__ = ["SAMPLE_MARGINS", "SUBJECT", "save_margins"]

SAMPLE_MARGINS = Table(
    "sample_margins",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("layer", Integer, comment="hidden layer of the unit whose hyperplane is nearest, from 0"),
    required("unit", Integer, comment="index of that unit in its layer, from 0"),
    required("distance", Double, comment="Euclidean distance to that hyperplane in input units, rounded"),
    ForeignKeyConstraint(["run_id", "sample"], ["assignments.run_id", "assignments.sample"], ondelete="CASCADE"),
    Index(None, "run_id", "distance"),
    comment="Distance of each sample from the boundary of its activation region.",
    sqlite_with_rowid=False,
)

CHUNK = 1 << 20
"""Samples whose margins are copied at a time."""


def save_margins(run: OpenRun, margins: "SampleMargins") -> None:
    """Save distances of samples from the boundaries of their regions; samples in a region without boundary have no
    row.
    """
    for start in range(0, len(margins.distance), CHUNK):
        rows = start + np.flatnonzero(np.isfinite(margins.distance[start : start + CHUNK]))
        columns = {
            "run_id": run.id,
            "sample": rows,
            "layer": margins.layer[rows],
            "unit": margins.unit[rows],
            "distance": margins.distance[rows],
        }
        insert_columns(run.connection, SAMPLE_MARGINS, columns)


VIEWS = (
    View(
        "samples_near_boundary",
        "distance of each sample from the boundary of its activation region, and the unit that would switch there",
        """\
SELECT n.run_id AS run, n.sample, a.cluster, p.pattern, n.distance, n.layer, n.unit, a.inside
FROM sample_margins n
JOIN assignments a ON a.run_id = n.run_id AND a.sample = n.sample
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(SAMPLE_MARGINS,),
    views=VIEWS,
    savers=(Saver("relugeom.analysis.margins.SampleMargins", save_margins),),
    part=("the samples' margins", rows_of_run(SAMPLE_MARGINS)),
)
