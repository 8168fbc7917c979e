"""The documented questions are answered through indexes: no plan reads a table that may be large to its end."""

import hand_made
import pytest

from relugeom.store.readonly import run_query
from relugeom.store.store import open_store
from relugeom.store.views import list_views

QUESTIONS = [
    "SELECT * FROM regions_by_share WHERE run = 1 ORDER BY volume_share DESC LIMIT 10",
    "SELECT * FROM neighbours WHERE run = 1 AND region = 3",
    "SELECT * FROM decision_flips WHERE run = 1",
    "SELECT * FROM samples_near_boundary WHERE run = 1 ORDER BY distance LIMIT 10",
    "SELECT * FROM regions_without_data WHERE run = 1",
    "SELECT * FROM importance_by_cluster WHERE run = 1 AND cluster = 1",
    "SELECT * FROM cluster_profile WHERE run = 1 AND cluster = 1",
    "SELECT * FROM region_points WHERE run = 1 AND region = 2",
    "SELECT * FROM effect_signs WHERE run = 1",
    "SELECT * FROM cluster_changes WHERE run_before = 1 AND run_after = 2",
    "SELECT * FROM pattern_verdicts WHERE run = 1 AND pattern = '110'",
]

RUNS = {"r", "CONSTANT"}
"""What the views call tables of which a store has few rows; results of views are read to their end too."""
RUNS_AND_NETWORKS = {"a", "b", "m", "n"}


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_question_is_answered_through_indexes(path, sql):
    with open_store(path) as store:
        hand_made.save_audit(store)
        hand_made.save_audit(store)
    steps = [str(row[-1]) for row in run_query(path, f"EXPLAIN QUERY PLAN {sql}").rows]
    assert any("USING" in step for step in steps)
    scans = [step.split()[1] for step in steps if step.startswith("SCAN") and "INDEX" not in step]
    small = RUNS_AND_NETWORKS if "cluster_changes" in sql else RUNS
    assert set(scans) <= small | set(list_views())
