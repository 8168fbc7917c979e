"""Distances of samples from another decision, and the nearest inputs that get one: counterfactuals."""

import numpy as np
from sqlalchemy import Column, Double, ForeignKeyConstraint, Index, Table, Text

from relugeom.store.database.columns import Digest, key, metadata, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.records import RobustnessRecord
from relugeom.store.subject import Saver, StoreSubject, rows_of_run
from relugeom.store.subjects.answers import proof_file

__all__ = ["COUNTERFACTUAL_FEATURES", "SAMPLE_DISTANCES", "SUBJECT", "save_robustness"]

SAMPLE_DISTANCES = Table(
    "sample_distances",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("norm", Text, comment="norm of the distance, in input units: l1, l2 or linf"),
    required("verdict", Text, comment="holds: the distance is proved; fails: no other decision exists; or unknown"),
    Column(
        "distance", Double, comment="distance of the nearest input found that gets another decision; NULL without one"
    ),
    Column("file", Text, comment="file of the certificate of a proved distance"),
    Column("sha256", Digest, comment="SHA-256 of the certificate"),
    Column(
        "scope",
        Text,
        comment="inputs among which the nearest is sought: relaxation or admissible; NULL before revision 0016",
    ),
    Column(
        "lower",
        Double,
        comment="proved: no input with another decision is nearer than this, rounded down; NULL before revision 0017",
    ),
    Column(
        "upper",
        Double,
        comment="distance of the nearest input found, rounded up; NULL without one, or before revision 0017",
    ),
    ForeignKeyConstraint(["run_id", "sample"], ["assignments.run_id", "assignments.sample"], ondelete="CASCADE"),
    Index(None, "run_id", "distance"),
    comment="Distances of samples from another decision.",
    sqlite_with_rowid=False,
)

COUNTERFACTUAL_FEATURES = Table(
    "counterfactual_features",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0"),
    key("feature", "number of the input, from 0"),
    required("value", Double, comment="value of the feature in the nearest input with another decision"),
    required("change", Double, comment="that value minus the value of the sample"),
    ForeignKeyConstraint(
        ["run_id", "sample"], ["sample_distances.run_id", "sample_distances.sample"], ondelete="CASCADE"
    ),
    comment="Counterfactuals: the nearest inputs that get another decision.",
    sqlite_with_rowid=False,
)


def save_robustness(run: OpenRun, record: RobustnessRecord) -> None:
    """Save distances of samples from another decision and, if wanted, counterfactuals."""
    found = record.found
    numbers = record.samples[found.rows]
    columns = {
        "run_id": run.id,
        "sample": numbers,
        "norm": found.norm.value,
        "scope": found.scope.value,
        "verdict": [verdict.value for verdict in found.verdicts],
        "distance": found.distance,
        "lower": found.lower,
        "upper": found.upper,
        "file": [None if proof is None else proof_file(proof) for proof in found.proofs],
        "sha256": [None if proof is None else proof.digest or None for proof in found.proofs],
    }
    insert_columns(run.connection, SAMPLE_DISTANCES, columns)
    has_one = ~np.isnan(found.counterfactual).any(axis=1)
    if not record.with_inputs or not has_one.any():
        return
    n = found.counterfactual.shape[1]
    features = {
        "run_id": run.id,
        "sample": np.repeat(numbers[has_one], n),
        "feature": np.tile(np.arange(n), int(has_one.sum())),
        "value": found.counterfactual[has_one].ravel(),
        "change": found.change[has_one].ravel(),
    }
    insert_columns(run.connection, COUNTERFACTUAL_FEATURES, features)


VIEWS = (
    View(
        "nearest_other_decisions",
        "distances of samples from another decision in the given norm, and whether they are proved",
        """\
SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.scope, d.distance, d.verdict, d.file, d.sha256, d.lower, d.upper
FROM sample_distances d
JOIN assignments a ON a.run_id = d.run_id AND a.sample = d.sample""",
    ),
    View(
        "counterfactuals",
        "nearest input with another decision for those samples, one row per feature: its value, and the change from "
        "the sample",
        """\
SELECT d.run_id AS run, d.sample, f.name AS feature, c.value, c.change, c.feature AS position
FROM counterfactual_features c
JOIN sample_distances d ON d.run_id = c.run_id AND d.sample = c.sample
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature""",
    ),
)


SUBJECT = StoreSubject(
    tables=(SAMPLE_DISTANCES, COUNTERFACTUAL_FEATURES),
    views=VIEWS,
    savers=(Saver(RobustnessRecord, save_robustness),),
    findings={
        "distances": """\
SELECT sample, cluster, norm, distance, lower, upper, verdict, file, sha256
FROM nearest_other_decisions WHERE run = :run
ORDER BY distance NULLS LAST, sample""",
        "counterfactuals": """\
SELECT sample, feature, value, change FROM counterfactuals WHERE run = :run AND change <> 0
ORDER BY sample, position""",
    },
    part=("distances to other decisions", rows_of_run(SAMPLE_DISTANCES)),
)
