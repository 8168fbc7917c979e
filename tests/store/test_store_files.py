"""Opening stores: where they may be, and what is refused in one line."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import hand_made
import pytest
from databases import refusal
from privileges import drop_write_override

from relugeom.budget import StoreWaits
from relugeom.errors import SchemaVersionError, StoreError
from relugeom.printing import hide_passwords
from relugeom.store.database.location import parse_location
from relugeom.store.store import open_store

ODD_NAMES = [
    "a b.db",
    "50%.db",
    "a%20b%%.db",
    'o\'clock "x".db',
    "données-π.db",
    "why?mode=ro.db",
    "a#b;c&d.db",
    "a\nb.db",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_file_name_works(tmp_path, name):
    with open_store(tmp_path / name) as store:
        store.save(hand_made.partition())
    with open_store(str(tmp_path / name), create=False) as store:
        assert len(store.load_partition(1)) == 5
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "données-π.db"])
def test_a_url_means_the_same_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with open_store(f"sqlite:///{name}") as store:
        store.save(hand_made.partition())
    assert (tmp_path / name).exists()
    with open_store(f"sqlite:///{tmp_path}/{name}", create=False) as store:
        assert len(store.load_partition(1)) == 5


def test_a_missing_store_is_not_made_when_it_should_exist(path):
    assert "there is no store" in refusal(path, create=False)
    assert not path.exists()


def test_an_empty_file_is_a_new_store_only_when_one_may_be_made(path):
    path.touch()
    assert "is empty" in refusal(path, create=False)
    with open_store(path) as store:
        assert store.save(hand_made.partition()) == 1


@pytest.mark.parametrize(
    ("location", "meaning"),
    [
        ("", "does not name a file"),
        (":memory:", "does not name a file"),
        ("sqlite://", "without host"),
        ("sqlite:///", "does not name a file"),
        ("sqlite:///audit.db?mode=ro", "without host and options"),
        ("sqlite://host/audit.db", "without host"),
        ("mysql://me:secret@host/db", "stores are SQLite files or PostgreSQL databases"),
        ("postgresql+psycopg2://me:secret@host/db", "with psycopg 3"),
        ("postgresql://me:secret@host", "does not name a database"),
        ("postgresql://me:secret@host:port/db", "is not a URL"),
        ("postgresql://me:secret@host/a\0b", "zero character"),
        ("no/such/folder/audit.db", "does not exist"),
        ("a\0b", "zero character"),
        ("/dev/null", "not a regular file"),
        ("x" * 300, "cannot be"),
    ],
)
def test_an_impossible_location_is_refused(tmp_path, monkeypatch, location, meaning):
    monkeypatch.chdir(tmp_path)
    text = refusal(location)
    assert meaning in text
    assert "secret" not in text
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_text("cluster,pattern\n" * 100)
    assert "is not an SQLite database" in refusal(path)
    assert path.read_text() == "cluster,pattern\n" * 100


def test_a_database_of_something_else_is_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.commit()
    before = path.read_bytes()
    assert "is not a store but another database" in refusal(path)
    assert path.read_bytes() == before


def test_a_damaged_store_is_refused(path):
    with open_store(path) as store:
        store.save(hand_made.partition())
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_store_of_a_newer_version_is_refused(path):
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE relugeom_schema SET version_num = '9999'")
        connection.commit()
    text = refusal(path)
    assert "`pip install --upgrade relugeom`" in text
    with pytest.raises(SchemaVersionError, match="newer"):
        open_store(path)


def test_a_second_writer_is_told_to_wait(path):
    waits = StoreWaits(writer=0.05)
    with open_store(path, waits=waits) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program"):
            store.save(hand_made.partition())


READ_ONLY = """
import sys
import hand_made
from relugeom.errors import StoreError
from relugeom.store.reading import read_run
from relugeom.store.query.readonly import run_query
from relugeom.store.store import open_store
existing, new = sys.argv[1:]
with open_store(existing) as store:
    print(read_run(store).run, list(run_query(existing, "SELECT count(*) FROM runs").rows))
    try:
        store.save(hand_made.partition())
    except StoreError as error:
        print(error)
try:
    open_store(new)
except StoreError as error:
    print(error)
"""


def test_a_read_only_store_can_be_read_and_refuses_to_be_written():
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "audit.db"
        with open_store(path) as store:
            hand_made.save_audit(store)
        path.chmod(0o444)
        folder.chmod(0o555)
        before = path.read_bytes()
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path), str(folder / "new.db")],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            preexec_fn=drop_write_override,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        read, save, create = done.stdout.splitlines()
        assert read == "1 [(1,)]"
        assert "read-only" in save
        assert "cannot be opened or written" in create
        assert path.read_bytes() == before
        assert [entry.name for entry in folder.iterdir()] == ["audit.db"]
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql+psycopg://me:p@ss:w/rd@host/db", "postgresql+psycopg://me:***@host/db"),
        ("postgresql://host/db?user=me&password=secret&x=1", "postgresql://host/db?user=me&password=***&x=1"),
        ("could not reach postgresql://me:secret@host/db, sorry", "could not reach postgresql://me:***@host/db, sorry"),
        ("sqlite:///a@b:c.db", "sqlite:///a@b:c.db"),
        ("postgresql://me:@secret@host/db", "postgresql://me:***@host/db"),
        ("reach postgresql://me:@secret@host/db", "reach postgresql://me:***@host/db"),
        ("postgresql://me:@/db?host=%2Ftmp", "postgresql://me:@/db?host=%2Ftmp"),
        ("postgresql://me:my own secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?password=my secret&x=1", "postgresql://host/db?password=***&x=1"),
        ("C:\\data\\me@home.db", "C:\\data\\me@home.db"),
        ("postgresql://host/db?passw%6Frd=secret&x=1", "postgresql://host/db?passw%6Frd=***&x=1"),
        ("postgresql://host/db?sslpassword=a&SSLMODE=b", "postgresql://host/db?sslpassword=***&SSLMODE=b"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dsecret", "mssql+pyodbc:///?odbc_connect=***"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER={x};PWD=secret", "mssql+pyodbc:///?odbc_connect=***"),
        ("host=db.example user=me password=secret dbname=audits", "host=db.example user=me password=*** dbname=audits"),
        ("host=h password = 'it\\'s my own' x=1", "host=h password = *** x=1"),
        ("postgresql:me:secret@host/db", "postgresql:me:***@host/db"),
        ("SELECT compass = 3 FROM t", "SELECT compass = 3 FROM t"),
        ("of databricks://host?access_token=secret, no", "of databricks://host?access_token=*** no"),
    ],
)
def test_passwords_are_hidden(text, shown):
    assert hide_passwords(text) == shown


def test_a_location_is_printed_on_one_line(tmp_path):
    assert parse_location(tmp_path / "a\nb\udcff.db").text == f"{tmp_path}/a\\nb\\udcff.db"
