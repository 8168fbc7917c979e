"""A run is one unit of work; what is saved twice is there once; foreign keys hold."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pytest

from relugeom.audit import report_content
from relugeom.budget import StoreWaits
from relugeom.deadline import Deadline
from relugeom.errors import DataError, StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.search.enumeration import known_block
from relugeom.store.database.insertion import insert_columns
from relugeom.store.query.readonly import run_query
from relugeom.store.reading import read_run
from relugeom.store.records import ClusterRecord, PartitionRecord
from relugeom.store.schema import metadata
from relugeom.store.store import open_store

RUN_OWNED = [
    "pattern_census",
    "clusters",
    "cluster_features",
    "cluster_outputs",
    "cluster_classes",
    "cluster_importance",
    "assignments",
    "sample_margins",
    "importance_shares",
    "run_scores",
    "cluster_scores",
    "region_scores",
    "region_departures",
    "sample_distances",
    "counterfactual_features",
    "run_groups",
    "group_coefficients",
    "group_biases",
    "cluster_groups",
    "tradeoff_steps",
    "cluster_relevance",
]
OF_RUNS = (
    *("runs", "answers", "protected_features", "certificates", "run_notes", "run_processes", "run_software"),
    *("shown_inputs", "shown_features", "answer_shares", "removed_units", "reports", "requirements"),
)
SHARED = sorted(set(metadata.tables) - {*RUN_OWNED, *OF_RUNS})


def counts(ask, tables) -> dict[str, int]:
    return {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def test_an_audit_fills_every_table(store, database, ask):
    hand_made.save_audit(store)
    empty = [table for table, rows in counts(ask, metadata.tables).items() if rows == 0]
    assert empty == ["domain_constraints", "domain_coefficients", "search_blocks"]
    database.assert_sound()


def test_saving_twice_is_one_row(store, ask):
    hand_made.save_audit(store)
    before = counts(ask, SHARED)
    hand_made.save_audit(store)
    store.save(hand_made.partition())
    assert counts(ask, SHARED) == before
    assert counts(ask, ["runs", "clusters"]) == {"runs": 3, "clusters": 8}


def test_another_partition_shares_regions_and_maps(store, ask):
    store.save(hand_made.truncated_partition())
    store.save(hand_made.partition())
    sizes = counts(ask, ["partitions", "partition_regions", "patterns", "pattern_statuses", "biases"])
    assert sizes == {"partitions": 2, "partition_regions": 7, "patterns": 5, "pattern_statuses": 5, "biases": 5}


def test_networks_that_differ_in_names_only_are_two(store, ask):
    for names in (("age", "fare"), ("x", "y"), ()):
        store.save(hand_made.partition(network=hand_made.network(names=names)))
    assert counts(ask, ["networks", "domains", "patterns"]) == {"networks": 3, "domains": 1, "patterns": 15}


def test_one_domain_serves_many_networks(store, ask):
    other = ReLUNetwork.from_layers(([[1.0, 1.0]], [0.0]), ([[1.0]], [0.0]))
    columns = {"packed": np.array([[0], [128]], dtype=np.uint8), "points": [[-0.5, 0.0], [0.5, 0.0]], "tree": [2]}
    store.save(hand_made.partition())
    run = store.save(hand_made.partition(network=other, **columns))
    assert counts(ask, ["domains", "pattern_statuses"]) == {"domains": 1, "pattern_statuses": 7}
    assert ask("SELECT pattern FROM region_list WHERE run = ? ORDER BY 1", run) == [("0",), ("1",)]


def renamed(*names: str) -> dict[str, Any]:
    return {"network": hand_made.network(names=names), "domain": replace(hand_made.domain(), feature_names=names)}


def test_domains_that_differ_in_names_only_are_two(store, ask):
    for names in (("age", "fare"), ("fare", "age"), ("age", "fare"), ()):
        store.save(
            hand_made.partition(network=hand_made.network(), domain=replace(hand_made.domain(), feature_names=names))
        )
    assert ask("SELECT count(*), count(DISTINCT digest), count(DISTINCT names_digest) FROM domains") == [(3, 1, 3)]
    assert ask("SELECT count(*), count(DISTINCT digest) FROM partitions") == [(3, 1)]
    listed = [store.load_partition(run).domain.names for run in (1, 2, 3, 4)]
    assert listed == [("age", "fare"), ("fare", "age"), ("age", "fare"), ("x0", "x1")]


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_resumed_has_the_names_of_the_run_that_goes_on(store, killed):
    earlier = hand_made.partition(**renamed("age", "fare"))
    if killed:
        with suppress(KeyboardInterrupt), store.run("enumerate", **renamed("age", "fare")) as run:
            run.save(known_block(hand_made.truncated_partition()))
            raise KeyboardInterrupt
    else:
        store.save(earlier)
    with store.run("enumerate", **renamed("fare", "age")) as run:
        known = run.resume()
    assert known is not None
    assert (known.network.input_names, known.domain.feature_names) == (("fare", "age"), ("fare", "age"))


def test_a_finished_run_leaves_one_file(path):
    with open_store(path) as store:
        hand_made.save_audit(store)
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_truncated_partition_makes_the_run_truncated(store, ask):
    store.save(hand_made.truncated_partition())
    assert ask("SELECT status, reason FROM runs") == [("truncated", "stopped after 2 regions")]


def test_a_run_says_how_it_ends(store, ask):
    with store.run("cluster", network=hand_made.network()) as run:
        run.finish(PartitionStatus.TRUNCATED, "no more\ntime")
    assert ask("SELECT status, reason, seconds > 0, finished_at LIKE '20__-__-__T%Z' FROM runs") == [
        ("truncated", "no more\\ntime", 1, 1)
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("column 'a' is text"), "column 'a' is text"),
        (ZeroDivisionError("oh\nno"), "ZeroDivisionError: oh\\nno"),
        (DataError("postgresql://me:secret@host"), "postgresql://me:***@host"),
    ],
)
def test_a_failed_run_keeps_its_reason_and_whole_steps(store, ask, error, reason):
    with (
        pytest.raises(type(error)),
        store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run,
        run.step(),
    ):
        run.save(hand_made.partition())
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance(), statuses=[PatternStatus.REGION] * 4))
        raise error
    assert ask("SELECT status, reason FROM runs") == [("failed", reason)]
    assert set(counts(ask, [*RUN_OWNED, "patterns", "pattern_statuses", "partitions"]).values()) == {0}
    assert store.unfinished_runs() == []
    with pytest.raises(type(error)), store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance(), statuses=[PatternStatus.REGION] * 4))
        with run.step():
            run.save(hand_made.partition())
            raise error
    assert ask("SELECT status, reason FROM runs") == [("failed", reason)] * 2
    assert ask("SELECT samples, clusters, partition_id FROM runs ORDER BY id") == [(None, None, None), (5, 4, None)]
    assert ask("SELECT run_id, count(*) FROM assignments GROUP BY run_id") == [(2, 5)]
    assert counts(ask, ["partitions"]) == {"partitions": 0}
    assert (read_run(store).run, len(read_run(store).clusters)) == (2, 4)
    assert f"This run failed ({reason}). The report shows" in report_content(store).interruption


def test_a_step_that_is_not_stored_fails_the_run(store, ask):
    """Even where the error is swallowed: no run that lacks a part is called complete."""
    with (
        pytest.raises(StoreError, match="could not be stored"),
        store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run,
    ):
        run.save(hand_made.census())
        with suppress(StoreError):
            run.save(hand_made.census())
    assert ask("SELECT status FROM runs") == [("failed",)]


KILLED = """
import sys
import hand_made
from sqlalchemy import Engine, event
from relugeom.store.records import Notes
from relugeom.store.store import open_store
if "://" not in sys.argv[1]:
    spill = "PRAGMA cache_size = 1"  # pages go to the file before the transaction ends
    event.listen(Engine, "connect", lambda connection, entry: connection.execute(spill))
with open_store(sys.argv[1]) as store:
    hand_made.save_audit(store)
    with store.run("audit", network=hand_made.network(names=("a", "b")), domain=hand_made.domain()) as run:
        run.save(Notes(["A step that is done."]))
        with run.step():
            run.save(hand_made.partition(network=hand_made.network(names=("a", "b"))))
            print("saved", flush=True)
            sys.stdin.read()
"""


def test_a_killed_run_stays_unfinished_and_leaves_whole_steps(database, path):
    command = [sys.executable, "-c", KILLED, database.url]
    paths = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(command, env=paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "saved\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    if database.kind == "sqlite":
        assert path.with_name(path.name + "-wal").stat().st_size > 0
    rows = run_query(database.url, "SELECT run, status FROM runs_overview ORDER BY run").rows
    assert list(rows) == [(1, "complete"), (2, "interrupted")]
    with open_store(database.url) as store:
        assert [(run.id, run.command) for run in store.unfinished_runs()] == [(2, "audit")]
        assert read_run(store).run == 1
        assert database.ask("SELECT count(*) FROM partitions") == [(1,)]
        assert database.ask("SELECT note FROM run_notes WHERE run_id = 2") == [("A step that is done.",)]
        database.assert_sound()
        assert hand_made.save_audit(store) == 3


@pytest.mark.parametrize(
    ("error", "reason"), [(KeyboardInterrupt(), "it was stopped by hand"), (SystemExit("the end"), "the end")]
)
def test_a_run_that_is_stopped_is_interrupted_at_once(store, ask, error, reason):
    with pytest.raises(type(error)), store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(hand_made.partition())
        raise error
    overview = "SELECT status, reason, regions, partition_status FROM runs_overview"
    assert ask(overview) == [("interrupted", reason, 5, "complete")]
    assert set(counts(ask, RUN_OWNED).values()) == {0}


# --- processes -------------------------------------------------------------------------------------------------------


def record(database, **changes) -> None:
    """Say something else about the process of every run that goes on."""
    values = ", ".join(f"{name} = {'NULL' if value is None else repr(value)}" for name, value in changes.items())
    database.change(f"UPDATE run_processes SET {values}")


ELSEWHERE = {"host": "elsewhere", "birth": "another-boot pid:[1] 77"}
OF_THIS_NUMBER = f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"


@pytest.mark.parametrize(
    ("changes", "at_once", "in_sql"),
    [
        ({}, "running", "running"),  # this process
        ({"birth": f"{OF_THIS_NUMBER} 1"}, "interrupted", "running"),  # an earlier one with the same number
        ({"process": 2**22 + 1}, "interrupted", "running"),  # beyond the largest number
        ({"heartbeat_at": "2026-01-01T00:00:00Z"}, "interrupted", "interrupted"),
        (ELSEWHERE, "running", "running"),
        (ELSEWHERE | {"heartbeat_at": "2026-01-01T00:00:00Z"}, "interrupted", "interrupted"),
        (ELSEWHERE | {"heartbeat_at": None}, "interrupted", "running"),  # nobody is storing, since the lock is free
        ({"birth": ""}, "running", "running"),  # a system that does not tell
    ],
)
def test_which_runs_go_on(store, database, ask, changes, at_once, in_sql):
    """Opening the store looks for the process; a mere reader goes by its last heartbeat."""
    with store.run("enumerate", network=hand_made.network(), domain=hand_made.domain()) as run:
        assert ask("SELECT status FROM runs_overview") == [("running",)]
        if changes:
            record(database, **changes)
        assert ask("SELECT status FROM runs_overview") == [(in_sql,)]
        open_store(database.url).close()
        assert ask("SELECT status FROM runs_overview") == ask("SELECT status FROM runs") == [(at_once,)]
        assert [record.id for record in store.unfinished_runs()] == [run.id]
        run.save(hand_made.partition())
    assert ask("SELECT status FROM runs_overview") == [("complete",)]


def await_sign(database) -> None:
    """Wait until a silent run gives the next one."""
    record(database, heartbeat_at="2026-01-01T00:00:00Z")
    patience = Deadline.of(30.0)
    while database.ask("SELECT status FROM runs_overview") != [("running",)]:
        assert not patience.passed
        time.sleep(0.01)


def test_a_run_gives_signs_of_life(database, ask):
    """While it works, and with each step; on PostgreSQL also while a step is stored."""
    with (
        open_store(database.url, waits=StoreWaits(sign=0.02)) as store,
        store.run("enumerate", network=hand_made.network(), domain=hand_made.domain()) as run,
    ):
        await_sign(database)
        with run.step(long=True):
            run.save(hand_made.partition())
            if database.kind == "sqlite":
                assert ask("SELECT heartbeat_at FROM run_processes") == [(None,)]
            else:
                await_sign(database)
        assert ask("SELECT heartbeat_at IS NULL FROM run_processes") == [(False,)]
        await_sign(database)
    assert not any("pulse" in thread.name for thread in threading.enumerate())


def test_what_an_interrupted_search_found_can_be_read(store, database):
    """The latest finished run is that of a report; without one, the interrupted one."""
    about = {"network": hand_made.network(), "domain": hand_made.domain()}
    with pytest.raises(SystemExit), store.run("enumerate", **about) as run:
        run.save(known_block(hand_made.truncated_partition()))
        raise SystemExit("the end")
    tables, content = read_run(store), report_content(store)
    assert tables.about.status == "interrupted"
    assert tables.patterns.to_dict("list") == {
        "pattern": ["000", "010"],
        "status": ["region"] * 2,
        "samples": [None] * 2,
        "admissible": [None] * 2,
    }
    assert content.title == "Regions of a network (interrupted)"
    assert dict(content.summary)["Status"] == "interrupted: the end"
    assert "(the end)" in content.interruption and "2 activation regions of a search" in content.interruption
    assert store.load_partition(run.id).exact_points == hand_made.truncated_partition().exact_points
    with store.run("enumerate", **about) as later:
        assert len(later.resume()) == 2
    assert database.ask("SELECT status, reason FROM runs_overview WHERE run = ?", run.id) == [
        ("interrupted", f"run {later.id} continued with what it had found")
    ]
    assert "nothing but its subject" in report_content(store, run.id).interruption
    finished = hand_made.save_audit(store)
    assert (read_run(store).run, read_run(store, run.id).run) == (finished, run.id)


def test_a_store_that_may_not_be_written_is_told_by_its_view(path):
    with open_store(path) as store, pytest.raises(SystemExit), store.run("save", network=hand_made.network()):
        raise SystemExit
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET status = 'running'")
        connection.execute("UPDATE run_processes SET process = 99999999, heartbeat_at = '2026-01-01T00:00:00Z'")
        connection.execute("BEGIN IMMEDIATE")  # nobody else may write now
        assert list(run_query(path, "SELECT status FROM runs_overview").rows) == [("interrupted",)]
        assert list(run_query(path, "SELECT status FROM runs").rows) == [("running",)]
        connection.execute("ROLLBACK")
    assert list(run_query(path, "SELECT status FROM runs").rows) == [("interrupted",)]


def test_a_refused_write_marks_the_run(store, database, ask):
    """The second census has the same key as the first."""
    with pytest.raises(StoreError), store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(hand_made.census())
        run.save(hand_made.census())
    assert ask("SELECT status FROM runs") == [("failed",)]
    database.assert_sound()


def test_a_run_is_about_one_network_and_one_domain(store):
    with pytest.raises(StoreError, match="is about"), store.run("save", network=hand_made.network()) as run:
        run.save(hand_made.partition())
    other = Domain.box([0, 0], [1, 1])
    with (
        pytest.raises(StoreError, match="is about"),
        store.run("save", network=hand_made.network(), domain=other) as run,
    ):
        run.save(hand_made.partition())
    with pytest.raises(StoreError, match="has no domain"), store.run("audit", network=hand_made.network()) as run:
        run.save(hand_made.census())
    with pytest.raises(StoreError, match="3 statuses for 4"), store.run("audit", network=hand_made.network()) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance(), statuses=[PatternStatus.REGION] * 3))


def test_clusters_need_no_domain(store, ask):
    with store.run("cluster", network=hand_made.network()) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance()))
    assert ask("SELECT count(*), count(status) FROM cluster_list") == [(4, 0)]
    assert ask("SELECT count(*) FROM pattern_statuses") == [(0,)]


def test_an_unknown_verdict_is_no_fact(store, ask):
    statuses = [PatternStatus.REGION, PatternStatus.UNKNOWN, PatternStatus.INFEASIBLE, PatternStatus.LOWER_DIMENSIONAL]
    with store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance(), statuses=statuses))
    assert ask("SELECT status FROM cluster_list ORDER BY cluster") == [(str(status),) for status in statuses]
    assert ask("SELECT count(*) FROM pattern_statuses") == [(3,)]


def test_a_later_count_of_admissible_inputs_is_added(store, ask):
    store.save(hand_made.partition())
    assert ask("SELECT count(admissible_inputs) FROM pattern_statuses") == [(0,)]
    hand_made.save_audit(store)
    store.save(hand_made.partition())
    assert ask("SELECT sum(admissible_inputs) FROM pattern_statuses") == [(9,)]


def test_effective_maps_can_be_left_out(store, ask):
    with store.run("enumerate", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(PartitionRecord(hand_made.partition(), maps=False))
    assert counts(ask, ["patterns", "coefficients", "biases"]) == {"patterns": 5, "coefficients": 0, "biases": 0}
    store.save(hand_made.partition())
    assert counts(ask, ["coefficients", "biases"]) == {"coefficients": 10, "biases": 5}


def test_options_are_kept_without_passwords(store, ask):
    options = {
        "store": "postgresql://me:secret@host/db",
        "limit": None,
        "seconds": float("inf"),
        "path": store.location,
    }
    with store.run("audit", network=hand_made.network(), parameters=options | {"list": [1, "x:y://a:b@c"]}) as run:
        run.finish(PartitionStatus.COMPLETE)
    ((text,),) = ask("SELECT CAST(parameters AS TEXT) FROM runs")
    assert "secret" not in text
    assert '"limit": null' in text
    assert '"seconds": "inf"' in text
    packages = {package for (package,) in ask("SELECT package FROM run_software")}
    assert {"relugeom", "python", "numpy", "platform"} <= packages


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO assignments VALUES (1, 99, 7, true, false)",
        "INSERT INTO pattern_statuses VALUES (1, 99, 'region', NULL)",
        "INSERT INTO coefficients VALUES (99, 0, 0, 1.0, 1)",
        "DELETE FROM networks",
        "DELETE FROM patterns",
        "DELETE FROM domains",
        "UPDATE runs SET status = 'done'",
        "UPDATE pattern_statuses SET status = 'maybe'",
        "UPDATE coefficients SET sign = 2",
    ],
)
def test_broken_rules_are_refused(store, database, sql):
    hand_made.save_audit(store)
    with pytest.raises(Exception, match=r"constraint"):
        database.change(sql)


def test_a_deleted_run_takes_what_it_owns(store, database, ask):
    hand_made.save_audit(store)
    database.change("DELETE FROM runs")
    assert set(counts(ask, RUN_OWNED).values()) == {0}
    assert counts(ask, ["partitions", "patterns"]) == {"partitions": 1, "patterns": 8}


def test_columns_of_different_lengths_are_refused(store):
    with store.reading() as connection, pytest.raises(ValueError, match="lengths"):
        insert_columns(connection, metadata.tables["features"], {"network_id": 1, "position": [0], "name": []})


def test_a_name_that_no_database_can_keep_is_refused(store):
    with pytest.raises(StoreError, match="udcff") as caught:
        store.save(hand_made.partition(network=hand_made.network(names=("age", "b\udcff"))))
    assert "\n" not in str(caught.value)


def test_what_is_read_for_a_report_does_not_grow_with_the_run(store):
    """Of many clusters and patterns the largest are read, and how many there are more; nothing else changes."""
    hand_made.save_audit(store)
    whole = read_run(store)
    part = read_run(store, most_clusters=2, most_patterns=3)
    assert part.clusters.equals(whole.clusters)
    for name in ("profiles", "importance"):
        table = getattr(whole, name)
        assert getattr(part, name).equals(table[table["cluster"] <= 2])
    assert part.patterns.equals(whole.patterns.head(3))
    assert (whole.hidden_patterns, part.hidden_patterns) == (0, len(whole.patterns) - 3)
    mean, spread = hand_made.SAMPLES.mean(axis=0), hand_made.SAMPLES.std(axis=0)
    assert list(part.overall.index) == list(hand_made.NAMES)
    assert np.allclose(part.overall, np.column_stack([mean, spread]), rtol=1e-15)


def test_a_run_that_was_taken_over_adds_nothing_more(store, database, ask):
    """It slept so long that it was taken for dead; until another run is finished it wakes up as it was."""
    about = {"network": hand_made.network(), "domain": hand_made.domain()}
    record_death = "UPDATE runs SET status = 'interrupted', reason = 'it slept' WHERE id = 1"
    with (
        pytest.raises(StoreError, match="another program has taken over the findings of run 1"),
        store.run("audit", **about) as sleeper,
    ):
        sleeper.save(ClusterRecord(hand_made.clusters(), hand_made.importance()))
        database.change(record_death)
        sleeper.save(hand_made.truncated_partition())
        assert ask("SELECT status, reason FROM runs") == [("running", "")]
        database.change(record_death)
        with open_store(database.url) as other:
            with other.run("enumerate", **about) as elsewhere:  # another command: what it finds replaces nothing
                elsewhere.resume()
                elsewhere.save(hand_made.partition())
            assert ask("SELECT clusters FROM runs WHERE id = 1") == [(4,)]
            with other.run("audit", **about) as successor:
                assert len(successor.resume()) == 5
                successor.save(hand_made.partition())
                assert ask("SELECT clusters FROM runs WHERE id = 1") == [(4,)]
        sleeper.save(hand_made.census())
    assert ask("SELECT id, status, clusters, partition_id FROM runs ORDER BY id") == [
        (1, "failed", None, None),
        (2, "complete", None, 2),
        (3, "complete", None, 2),
    ]
    assert counts(ask, [*RUN_OWNED, "partitions"]) == dict.fromkeys(RUN_OWNED, 0) | {"partitions": 1}
    database.assert_sound()
