"""The migrated schema is the declared one, and migrations lose nothing: on either backend, with data in the store."""

import json
import re
import shlex
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hand_made
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from databases import Database, copy_database, new_database
from sqlalchemy import JSON, Boolean, Connection, column, event, insert
from sqlalchemy import table as lightweight_table

from relugeom.audit.verdicts import headlines
from relugeom.errors import SchemaVersionError, StoreError
from relugeom.linalg.digest import names_digest
from relugeom.store.database import migration
from relugeom.store.database.connection import connect_engine, reading, writing
from relugeom.store.database.location import parse_location
from relugeom.store.reading import read_run
from relugeom.store.schema import SCHEMA_TABLE, metadata
from relugeom.store.store import open_store
from relugeom.store.views import VIEWS

pytestmark = pytest.mark.without_tables
GOLDEN = Path(__file__).parent / "golden"
RELEASED = tuple(sorted(path.stem.removeprefix("schema_") for path in GOLDEN.glob("schema_*.db")))
HEAD = RELEASED[-1]
NEXT = f'''
"""A later revision, for this test alone."""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("remark", sa.Text(), nullable=False, server_default="none"))
        batch.alter_column("search_seconds", type_=sa.Text())
    with op.batch_alter_table("networks") as batch:
        batch.drop_column("precision")


def downgrade() -> None:
    with op.batch_alter_table("networks") as batch:
        batch.add_column(sa.Column("precision", sa.Text(), nullable=False, server_default="float64"))
    with op.batch_alter_table("runs") as batch:
        batch.drop_column("remark")
        batch.alter_column("search_seconds", type_=sa.Double(), postgresql_using="search_seconds::double precision")
'''


@pytest.fixture
def migrations(tmp_path, monkeypatch) -> Path:
    """A copy of the migrations, in a folder with a percent sign, that relugeom takes for its own."""
    folder = tmp_path / "100% migrations"
    shutil.copytree(migration.script_location(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migration, "script_location", lambda: folder)
    return folder


@pytest.fixture
def old_store(database, migrations) -> Database:
    """A store with data whose schema is one behind."""
    with open_store(database.url) as store:
        hand_made.save_audit(store)
        store.save(hand_made.truncated_partition())
        hand_made.save_audit(store)
    (migrations / "versions" / "later.py").write_text(NEXT)
    return database


@contextmanager
def alembic(database: Database) -> Iterator[Config]:
    config = migration.migration_config()
    engine = connect_engine(parse_location(database.url), pragmas=migration.REBUILDING)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        yield config


def migrate_from_nothing(database: Database) -> None:
    """Go through all revisions; a new store has what they lead to at once."""
    with alembic(database) as config:
        command.upgrade(config, "head")


def counts(contents: dict[str, list[Any]]) -> dict[str, int]:
    return {table: len(rows) for table, rows in contents.items()}


def test_the_declared_schema_is_the_migrated_one(database, other_database):
    migrate_from_nothing(database)
    open_store(other_database.url).close()
    assert database.definitions() == other_database.definitions()
    version = f"SELECT * FROM {SCHEMA_TABLE}"
    assert database.ask(version) == other_database.ask(version) == [(HEAD,)]
    assert {view.name for view in VIEWS} | set(metadata.tables) == database.tables() - {SCHEMA_TABLE}


def test_every_schema_has_a_store_that_its_version_wrote():
    revisions = Path(__file__).parents[2] / "migrations" / "versions"
    assert sorted(path.name.partition("_")[0] for path in revisions.glob("[0-9]*.py")) == list(RELEASED)


def test_alembic_sees_no_difference(database):
    migrate_from_nothing(database)
    with reading(connect_engine(parse_location(database.url))) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": SCHEMA_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_every_table_and_column_is_documented():
    for table in metadata.tables.values():
        assert table.comment
        assert all(column.comment or column.name == "id" for column in table.columns), table.name


def test_every_constraint_has_a_name():
    for table in metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints)


def test_down_and_up_again(database):
    open_store(database.url).close()
    before = database.definitions()
    with alembic(database) as config:
        command.downgrade(config, "base")
    assert database.definitions() == {}
    assert migration.schema_version(database.url).current is None
    migrate_from_nothing(database)
    assert database.definitions() == before


# --- stores that earlier versions wrote ------------------------------------------------------------------------------


GoldenStore = Callable[[Database, str], dict[str, list[tuple[Any, ...]]]]


@pytest.fixture(scope="module")
def golden_store(request: pytest.FixtureRequest) -> Iterator[GoldenStore]:
    """Makes a store as the version with a schema wrote it, and tells what it holds; on a server, one is copied."""
    with ExitStack() as originals:

        @cache
        def on_server(revision: str) -> Database:
            made = originals.enter_context(new_database(request.getfixturevalue("postgres_server")))
            with alembic(made) as config:
                command.upgrade(config, revision)
            copy_rows(GOLDEN / f"schema_{revision}.db", made)
            return made

        def make(database: Database, revision: str) -> dict[str, list[tuple[Any, ...]]]:
            if database.kind == "sqlite":
                shutil.copy(GOLDEN / f"schema_{revision}.db", database.url)
                Path(database.url).chmod(0o644)
            else:
                copy_database(request.getfixturevalue("postgres_server"), database, on_server(revision))
            return database.contents()

        yield make


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Any]:
    """What a new store looks like, and those of earlier schemas: the same in all tests, so it is looked at once."""
    return {}


@pytest.fixture
def new_definitions(known: dict[tuple[str, str], Any], database: Database, request: pytest.FixtureRequest) -> Any:
    """Definitions of a new store."""
    about = database.kind, "definitions"
    if about not in known:
        new: Database = request.getfixturevalue("other_database")
        open_store(new.url).close()
        known[about] = new.definitions()
    return known[about]


@pytest.fixture
def columns_of(
    known: dict[tuple[str, str], Any], golden_store: GoldenStore, database: Database, request: pytest.FixtureRequest
) -> Callable[[str], Any]:
    """Columns of a store of an earlier schema."""

    def find(revision: str) -> Any:
        about = database.kind, revision
        if about not in known:
            earlier: Database = request.getfixturevalue("other_database")
            golden_store(earlier, revision)
            known[about] = earlier.columns()
        return known[about]

    return find


def copy_rows(golden: Path, database: Database) -> None:
    """Insert the rows of an SQLite store into the tables of the same schema on a server, parents first."""
    known = database.tables()
    engine = connect_engine(parse_location(database.url))
    with closing(sqlite3.connect(golden)) as source, engine.begin() as connection:
        source.row_factory = sqlite3.Row
        for table in metadata.sorted_tables:
            name, former = database.name_of(table.name)
            rows = [dict(row) for row in source.execute(f"SELECT * FROM {name}")] if name in known else []
            for row in rows:
                today = {new: old for old, new in former.items()}
                of = {old: table.c[today.get(old, old)].type for old in row}
                values = {old: from_sqlite(of[old], value) for old, value in row.items()}
                target = lightweight_table(name, *(column(old, of[old]) for old in row))
                connection.execute(insert(target).values(**values))
            if rows and "id" in table.columns:
                latest = f"(SELECT max(id) FROM {table.name})"
                connection.exec_driver_sql(f"SELECT setval('{table.name}_id_seq', {latest})")


def from_sqlite(kind: Any, value: Any) -> Any:
    """A value as Python has it; SQLite has no truth values and keeps JSON as text."""
    if isinstance(kind, Boolean):
        return bool(value)
    return json.loads(value) if isinstance(kind, JSON) else value


@pytest.mark.parametrize("revision", RELEASED)
def test_a_store_of_every_released_schema_is_upgraded_with_all_that_it_holds(
    golden_store, database, new_definitions, known, revision
):
    golden_store(database, revision)
    with (
        pytest.raises(SchemaVersionError, match="relugeom db upgrade")
        if revision != HEAD
        else closing(open_store(database.url))
    ):
        open_store(database.url)
    holding, columns = database.contents(), database.columns()  # of this schema, with the interrupted run marked
    known[database.kind, revision] = columns
    assert counts(holding)["runs"] == 4
    assert migration.upgrade(database.url) == (revision, HEAD)
    after = database.contents()
    assert database.contents(columns) == holding
    derived = {"effect_counts", "weights", "unit_biases"}  # from what was there before
    assert {table for table in set(after) - set(holding) if after[table]} <= derived
    assert database.definitions() == new_definitions
    database.assert_sound()


@pytest.mark.parametrize("revision", RELEASED)
def test_an_upgraded_store_is_read_and_written(golden_store, database, revision):
    golden_store(database, revision)
    migration.upgrade(database.url)
    with open_store(database.url) as store:
        assert len(read_run(store, 1).clusters) == 4
        loaded = store.load_partition(2)
        assert loaded.exact_points == hand_made.truncated_partition().exact_points
        assert loaded.points.tobytes() == hand_made.truncated_partition().points.tobytes()
        assert read_run(store, 3).constraints == ["x0 − 0.5 · x1 ≤ 0.25", "0.1 · x0 + x1 ≤ 1"]
        assert [run.id for run in store.unfinished_runs()] == [4]
        assert hand_made.save_audit(store) == 5
        for network, digest in database.ask("SELECT id, names_digest FROM networks"):
            assert digest == store.load_network(network).names_digest
        for domain, digest in database.ask("SELECT id, names_digest FROM domains"):
            assert digest == names_digest(store.load_domain(domain).names)
    assert database.ask("SELECT count(*) FROM networks") == [(2,)]
    database.assert_sound()


@pytest.mark.parametrize("revision", RELEASED)
def test_the_way_back_keeps_what_that_schema_can_hold(golden_store, database, columns_of, revision):
    columns = columns_of(revision)
    golden_store(database, HEAD)
    before, definitions = database.contents(columns), database.definitions()
    with alembic(database) as config:
        command.downgrade(config, revision)
    assert database.columns() == columns
    assert database.contents() == before
    assert migration.upgrade(database.url) == (revision, HEAD)
    assert database.definitions() == definitions
    assert database.contents(columns) == before
    database.assert_sound()


TOLD = [
    ("range", "y0 ≥ -1.5e-7", {"output": 0, "side": "lowest"}),
    ("range", "y0 is bounded above", {"output": 0, "side": "highest"}),
    ("range", "the range of y0", {"output": 0}),
    ("range", "the ranges of 1,002 more outputs", {"further": 1002}),
    ("range", "y1 ≥ 2", {}),
    ("monotonicity", "y0 never falls when fare alone rises", {"output": 0, "feature": 1, "direction": "rises"}),
    ("monotonicity", "y0 never rises when its age alone rises", {}),
    ("monotonicity", "the direction of 5 more pairs of an output and a feature", {"further": 5}),
    (
        "simplification",
        "2 of the 3 units give the same outputs on the domain (simplified.npz)",
        {"part": 2, "whole": 3, "second_network": "simplified.npz"},
    ),
    ("simplification", "units that the function does not need", {}),
    ("fairness", "inputs that differ only in fare get the same decision", {}),
    ("fairness", "inputs that differ only in age, fare get the same decision", {}),
    ("fairness", "inputs that differ only in age, height get the same decision", {}),
    ("some other question", "y0 ≥ 2", {}),
]
"""Sentences of runs before revision 0013, and what they tell of their subject."""
SUBJECT_COLUMNS = ("output", "feature", "direction", "side", "second_network", "further", "part", "whole", "scope")


def test_earlier_sentences_stay_and_tell_their_subject(golden_store, database):
    golden_store(database, "0012")
    for number, (question, statement, _) in enumerate(TOLD, start=100):
        database.change(
            "INSERT INTO answers (run_id, position, question, statement, verdict, witness, reason) "
            f"VALUES (1, {number}, '{question}', '{statement}', 'unknown', '', '')"
        )
    migration.upgrade(database.url)
    listed = ", ".join(SUBJECT_COLUMNS)
    rows = database.ask(f"SELECT question, statement, {listed} FROM answers WHERE position >= 100 ORDER BY position")
    assert rows == [
        (question, statement, *(told.get(column) for column in SUBJECT_COLUMNS)) for question, statement, told in TOLD
    ]
    protected = database.ask("SELECT position, feature FROM protected_features ORDER BY position, feature")
    assert protected == [(110, 1), (111, 0), (111, 1)]
    with open_store(database.url) as store:
        assert set(store.load_subjects(1)) == {None}
        assert len(read_run(store, 1).answers) == 3 + len(TOLD)


def test_earlier_reasons_stay_as_they_are(golden_store, database):
    """Their cause is not read out of them, and a page that shows reasons in short shows them whole."""
    golden_store(database, "0015")
    written = "the proof is not complete after 8 s (5 cells closed, the last was the domain)"
    statement = "inputs that differ only in age get the same decision"
    database.change(
        "INSERT INTO answers (run_id, position, question, statement, verdict, witness, reason, scope) "
        f"VALUES (1, 100, 'fairness', '{statement}', 'unknown', '', '{written}', 'admissible')"
    )
    migration.upgrade(database.url)
    assert database.ask("SELECT count(*) FROM answers WHERE cause IS NOT NULL OR short_reason IS NOT NULL") == [(0,)]
    with open_store(database.url) as store:
        lines = headlines(read_run(store, 1), hand_made.network())
    assert [line.finding for line in lines if line.statement == statement] == [written]


def test_means_of_numbers_of_classes_are_taken_away(golden_store, database):
    """Of a network with three classes, whose runs had the mean of 0, 1 and 2 for a mean of the target."""
    golden_store(database, "0010")
    kept = database.ask("SELECT count(*) FROM clusters WHERE run_id <> 1 AND target_mean IS NOT NULL")
    with connect_engine(parse_location(database.url)).begin() as connection:
        connection.exec_driver_sql("UPDATE networks SET decision_rule = 'argmax', outputs = 3 WHERE id = 1")
    migration.upgrade(database.url)
    assert database.ask("SELECT count(*) FROM clusters WHERE run_id = 1 AND target_mean IS NOT NULL") == [(0,)]
    assert database.ask("SELECT count(*) FROM run_scores WHERE run_id = 1 AND response_mean IS NOT NULL") == [(0,)]
    assert database.ask("SELECT count(*) FROM cluster_list WHERE run = 1 AND prediction IS NOT NULL") == [(0,)]
    assert database.ask("SELECT count(*) FROM clusters WHERE run_id <> 1 AND target_mean IS NOT NULL") == kept


# --- versions that do not fit --------------------------------------------------------------------------------------


def test_versions_are_told(database, path):
    with pytest.raises(StoreError, match="there is no store"):
        migration.schema_version(path.with_name("missing.db"))
    open_store(database.url).close()
    assert migration.schema_version(database.url) == (HEAD, HEAD)
    assert migration.upgrade(database.url) == (HEAD, HEAD)


def test_a_url_has_a_version_too(path):
    open_store(path).close()
    assert migration.upgrade(f"sqlite:///{path}") == (HEAD, HEAD)


def test_an_older_store_is_refused_with_the_command_to_run(old_store):
    with pytest.raises(SchemaVersionError, match=rf"has schema {HEAD}, but this relugeom needs later") as caught:
        open_store(old_store.url)
    (command_line,) = re.findall("`(.*)`", str(caught.value))
    *verb, store = shlex.split(command_line)
    assert verb == ["relugeom", "db", "upgrade"]
    assert migration.upgrade(store) == (HEAD, "later")


def test_a_password_is_left_out_of_the_command(monkeypatch):
    place = parse_location("postgresql://me:sesame@host/audits?password=sesame")
    monkeypatch.setattr(migration, "_read_version", lambda place: migration.SchemaVersion("0001", HEAD))
    with pytest.raises(SchemaVersionError) as caught:
        migration.check_schema(place)
    assert "run `PGPASSWORD=… relugeom db upgrade postgresql://me@host/audits`" in str(caught.value)
    assert "sesame" not in str(caught.value)
    with pytest.raises(SchemaVersionError) as caught:
        migration.check_schema(parse_location("postgresql://me:sesame@host/audits?sslpassword=sesame"))
    assert "relugeom db upgrade 'postgresql://me@host/audits?sslpassword=***'" in str(caught.value)


def test_versions_of_an_old_store_are_told(old_store):
    assert migration.schema_version(old_store.url) == (HEAD, "later")


def test_the_command_is_quoted_for_the_shell(tmp_path, migrations):
    path = tmp_path / "it's mine.db"
    open_store(path).close()
    (migrations / "versions" / "later.py").write_text(NEXT)
    with pytest.raises(SchemaVersionError) as caught:
        open_store(path)
    assert f"`relugeom db upgrade '{tmp_path}/it'\"'\"'s mine.db'`" in str(caught.value)


def test_rebuilding_a_parent_keeps_its_children(old_store):
    """`runs` and `networks` have children that would go with them, and views that name them."""
    before = old_store.contents()
    assert migration.upgrade(old_store.url) == (HEAD, "later")
    after = old_store.contents()
    assert counts(after) == counts(before)
    assert all(after[table] == before[table] for table in before if table not in ("runs", "networks"))
    statuses = [("none", "complete"), ("none", "truncated"), ("none", "complete")]
    assert old_store.ask("SELECT remark, status FROM runs ORDER BY id") == statuses
    old_store.assert_sound()
    assert [len(old_store.ask(f"SELECT * FROM {view.name}")) > 0 for view in VIEWS] == [True] * len(VIEWS)
    with pytest.raises(Exception, match="constraint"):
        old_store.change("DELETE FROM networks")


def test_rebuilding_back_keeps_the_children_too(old_store):
    before = old_store.contents()
    migration.upgrade(old_store.url)
    with alembic(old_store) as config:
        command.downgrade(config, HEAD)
    after = old_store.contents()
    assert counts(after) == counts(before)
    assert after["clusters"] == before["clusters"]


ORPHANS = {"sqlite": "refers to a missing row of patterns", "postgresql": "violates foreign key constraint"}
NOWHERE = {"sqlite": "no such table: nowhere", "postgresql": 'relation "nowhere" does not exist'}


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [("op.execute('DELETE FROM patterns')", ORPHANS), ("op.execute('SELECT * FROM nowhere')", NOWHERE)],
)
def test_a_failed_migration_changes_nothing(old_store, migrations, statement, meaning):
    later = migrations / "versions" / "later.py"
    later.write_text(NEXT.replace("\n\ndef downgrade", f"    {statement}\n\n\ndef downgrade"))
    before, schema = old_store.contents(), old_store.definitions()
    with pytest.raises(StoreError, match=meaning[old_store.kind]) as caught:
        migration.upgrade(old_store.url)
    assert "\n" not in str(caught.value)
    assert (old_store.contents(), old_store.definitions()) == (before, schema)
    assert migration.schema_version(old_store.url).current == HEAD


def test_a_store_that_cannot_be_made_leaves_nothing(database):
    """Its tables are there when what comes after them fails."""

    def fail(target: object, connection: Connection, **options: object) -> None:
        connection.exec_driver_sql("nonsense")

    event.listen(metadata, "after_create", fail)
    try:
        with pytest.raises(StoreError, match="nonsense"):
            open_store(database.url)
    finally:
        event.remove(metadata, "after_create", fail)
    if database.kind == "sqlite":
        assert not Path(database.url).exists()
    else:
        assert database.tables() == set()


def test_a_newer_store_is_not_upgraded(database):
    open_store(database.url).close()
    database.change("UPDATE relugeom_schema SET version_num = '9999'")
    with pytest.raises(SchemaVersionError, match="newer"):
        migration.upgrade(database.url)


def in_threads(work: Callable[[], None], count: int) -> None:
    failures = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_several_may_open_a_new_store_at_once(database):
    def work() -> None:
        with open_store(database.url) as store:
            store.save(hand_made.partition())

    in_threads(work, 4)
    assert database.ask("SELECT count(*) FROM runs") == [(4,)]
    assert database.ask("SELECT count(*) FROM partitions") == [(1,)]
