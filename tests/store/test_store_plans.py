"""The documented questions are answered through indexes: no plan reads a table that may be large to its end."""

import hand_made
import pytest

from relugeom.store.query.readonly import run_query
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
    "SELECT * FROM region_effects WHERE run = 1 AND region = 2",
    "SELECT * FROM weights_by_unit WHERE network = 1 AND layer = 0",
    "SELECT * FROM cluster_changes WHERE run_before = 1 AND run_after = 2",
    "SELECT * FROM effect_changes WHERE run_before = 1 AND run_after = 2",
    "SELECT * FROM decision_changes WHERE run_before = 1 AND run_after = 2 AND changed = 'yes'",
    "SELECT * FROM cluster_overlaps WHERE run_before = 1 AND run_after = 2",
    "SELECT * FROM pattern_list WHERE run = 1 AND pattern = '110'",
]

RUNS = {"r", "CONSTANT"}
"""What the views call tables of which a store has few rows; results of views are read to their end too."""
RUNS_AND_NETWORKS = {"a", "b", "m", "n", "o", "v"}


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_question_is_answered_through_indexes(path, sql):
    with open_store(path) as store:
        hand_made.save_audit(store)
        hand_made.save_audit(store)
    steps = [str(row[-1]) for row in run_query(path, f"EXPLAIN QUERY PLAN {sql}").rows]
    assert any("USING" in step for step in steps)
    scans = [step.split()[1] for step in steps if step.startswith("SCAN") and "INDEX" not in step]
    small = RUNS_AND_NETWORKS if "_changes" in sql else RUNS
    assert set(scans) <= small | set(list_views())


FEW_ROWS = {"runs", "networks", "outputs", "features", "classes", "datasets", "volume_measurements", "partitions"}
"""Tables that PostgreSQL may read to their end: a store has few of what they list."""


@pytest.mark.parametrize("sql", QUESTIONS)
def test_postgresql_has_an_index_for_every_large_table_of_a_question(sql, postgres):
    """Where it is told to avoid reading tables to their end, it can."""
    with open_store(postgres.url) as store:
        hand_made.save_audit(store)
        hand_made.save_audit(store)
    with postgres.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        steps = [row[0] for row in connection.execute(f"EXPLAIN {sql}").fetchall()]
    assert any("Index" in step for step in steps)
    scanned = {step.split("Seq Scan on ")[1].split()[0] for step in steps if "Seq Scan on " in step}
    assert scanned <= FEW_ROWS
