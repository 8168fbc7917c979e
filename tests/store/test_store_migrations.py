"""The migrated schema is the declared one, and migrations lose nothing."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import hand_made
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from relugeom.errors import SchemaVersionError, StoreError
from relugeom.store import migration
from relugeom.store.connection import connect_engine, writing
from relugeom.store.location import parse_location
from relugeom.store.schema import SCHEMA_TABLE, metadata
from relugeom.store.store import open_store
from relugeom.store.views import VIEWS

NEXT = '''
"""A later revision, for this test alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("remark", sa.Text(), nullable=False, server_default="none"))
        batch.alter_column("seconds", type_=sa.Text())
    with op.batch_alter_table("networks") as batch:
        batch.drop_column("precision")


def downgrade() -> None:
    with op.batch_alter_table("networks") as batch:
        batch.add_column(sa.Column("precision", sa.Text(), nullable=False, server_default="float64"))
    with op.batch_alter_table("runs") as batch:
        batch.drop_column("remark")
        batch.alter_column("seconds", type_=sa.Double())
'''


def definitions(path: Path) -> dict[str, list[str]]:
    """What SQLite knows about each table, index and view; clauses in any order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in rows if name != SCHEMA_TABLE}


def contents(path: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in metadata.tables}


@pytest.fixture
def migrations(tmp_path, monkeypatch) -> Path:
    """A copy of the migrations, in a folder with a percent sign, that relugeom takes for its own."""
    folder = tmp_path / "100% migrations"
    shutil.copytree(migration.script_location(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migration, "script_location", lambda: folder)
    return folder


@pytest.fixture
def old_store(path, migrations) -> Path:
    """A store with data whose schema is one behind."""
    with open_store(path) as store:
        hand_made.save_audit(store)
        store.save(hand_made.truncated_partition())
    (migrations / "versions" / "0004_later.py").write_text(NEXT)
    return path


@contextmanager
def alembic(path: Path) -> Iterator[Config]:
    config = migration.migration_config()
    with writing(connect_engine(parse_location(path), pragmas=migration.REBUILDING)) as connection:
        config.attributes["connection"] = connection
        yield config


def test_the_declared_schema_is_the_migrated_one(path, tmp_path):
    open_store(path).close()
    metadata.create_all(create_engine(f"sqlite:///{tmp_path}/declared.db"))
    migrated = definitions(path)
    assert migrated == definitions(tmp_path / "declared.db")
    assert {view.name for view in VIEWS} | set(metadata.tables) <= set(migrated)


def test_alembic_sees_no_difference(path):
    open_store(path).close()
    with create_engine(f"sqlite:///{path}").connect() as connection:
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


def test_down_and_up_again(path):
    open_store(path).close()
    before = definitions(path)
    with alembic(path) as config:
        command.downgrade(config, "base")
    assert definitions(path) == {}
    assert migration.schema_version(path).current is None
    open_store(path).close()
    assert definitions(path) == before


def test_a_store_of_the_first_schema_is_upgraded_with_all_that_it_holds(path):
    with open_store(path) as store:
        hand_made.save_audit(store)
    current, holding = definitions(path), contents(path)
    with alembic(path) as config:
        command.downgrade(config, "0001")
    assert migration.upgrade(path) == ("0001", "0003")
    assert definitions(path) == current
    assert contents(path) == holding | {"certificates": []}  # for which that schema had no place


def test_versions_are_told(path):
    with pytest.raises(StoreError, match="there is no store"):
        migration.schema_version(path)
    open_store(path).close()
    assert migration.schema_version(path) == ("0003", "0003")
    assert migration.upgrade(f"sqlite:///{path}") == ("0003", "0003")


def test_an_older_store_is_refused_with_the_command_to_run(old_store):
    with pytest.raises(
        SchemaVersionError, match=r"has schema 0003, .* needs 0004: run `relugeom db upgrade .*audit\.db`"
    ):
        open_store(old_store)
    assert migration.schema_version(old_store) == ("0003", "0004")


def test_the_command_is_quoted_for_the_shell(tmp_path, migrations):
    path = tmp_path / "it's mine.db"
    open_store(path).close()
    (migrations / "versions" / "0004_later.py").write_text(NEXT)
    with pytest.raises(SchemaVersionError) as caught:
        open_store(path)
    assert f"`relugeom db upgrade '{tmp_path}/it'\"'\"'s mine.db'`" in str(caught.value)


def test_rebuilding_a_parent_keeps_its_children(old_store, ask):
    """`runs` and `networks` have children that would go with them, and views that name them."""
    before = contents(old_store)
    assert migration.upgrade(old_store) == ("0003", "0004")
    after = contents(old_store)
    assert {table: len(rows) for table, rows in after.items()} == {table: len(rows) for table, rows in before.items()}
    assert all(after[table] == before[table] for table in before if table not in ("runs", "networks"))
    assert ask("SELECT remark, status FROM runs") == [("none", "complete"), ("none", "truncated")]
    assert ask("PRAGMA foreign_key_check") == []
    assert [len(ask(f"SELECT * FROM {view.name}")) > 0 for view in VIEWS] == [True] * len(VIEWS)
    with open_store(old_store) as store, pytest.raises(StoreError, match="constraint"), store.reading() as connection:
        connection.exec_driver_sql("DELETE FROM networks")


def test_rebuilding_back_keeps_the_children_too(old_store):
    before = contents(old_store)
    migration.upgrade(old_store)
    with alembic(old_store) as config:
        command.downgrade(config, "0003")
    after = contents(old_store)
    assert {table: len(rows) for table, rows in after.items()} == {table: len(rows) for table, rows in before.items()}
    assert after["clusters"] == before["clusters"]


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [
        ("op.execute('DELETE FROM patterns')", "refers to a missing row of patterns"),
        ("op.execute('SELECT * FROM nowhere')", "no such table: nowhere"),
    ],
)
def test_a_failed_migration_changes_nothing(old_store, migrations, statement, meaning):
    later = migrations / "versions" / "0004_later.py"
    later.write_text(NEXT.replace("\n\ndef downgrade", f"    {statement}\n\n\ndef downgrade"))
    before, schema = contents(old_store), definitions(old_store)
    with pytest.raises(StoreError, match=meaning) as caught:
        migration.upgrade(old_store)
    assert "\n" not in str(caught.value)
    assert (contents(old_store), definitions(old_store)) == (before, schema)
    assert migration.schema_version(old_store).current == "0003"


def test_a_store_that_cannot_be_made_leaves_no_file(path, migrations):
    first = next((migrations / "versions").glob("0001*"))
    first.write_text(
        first.read_text().replace("    create_tables()\n", "    create_tables()\n    op.execute('nonsense')\n")
    )
    with pytest.raises(StoreError, match="nonsense"):
        open_store(path)
    assert not path.exists()


def test_a_newer_store_is_not_upgraded(path):
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE relugeom_schema SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaVersionError, match="newer"):
        migration.upgrade(path)


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


def test_several_may_open_a_new_store_at_once(path, ask):
    def work() -> None:
        with open_store(path) as store:
            store.save(hand_made.partition())

    in_threads(work, 4)
    assert ask("SELECT count(*) FROM runs") == [(4,)]
    assert ask("SELECT count(*) FROM partitions") == [(1,)]
