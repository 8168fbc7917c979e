"""Queries can read everything and change nothing."""

import hand_made
import pytest

from relugeom.errors import SchemaVersionError, StoreError
from relugeom.store.readonly import run_query
from relugeom.store.store import open_store

ATTACKS = [
    "INSERT INTO runs (id) VALUES (9)",
    "UPDATE runs SET status = 'failed'",
    "DELETE FROM runs",
    "DROP TABLE runs",
    "CREATE TABLE mine (x)",
    "CREATE TEMP TABLE mine (x)",
    "ALTER TABLE runs ADD COLUMN x",
    "ATTACH DATABASE 'other.db' AS other",
    "DETACH DATABASE main",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version",
    "SELECT * FROM pragma_journal_mode('wal')",
    "SELECT load_extension('evil')",
    "REINDEX",
    "ANALYZE",
    "BEGIN IMMEDIATE",
    "SAVEPOINT here",
    "WITH x AS (SELECT 1) DELETE FROM runs",
    "EXPLAIN DELETE FROM runs",
    "SELECT 1; DROP TABLE runs",
    "SELECT 1; SELECT 2",
]


@pytest.fixture
def audit(path):
    with open_store(path) as store:
        hand_made.save_audit(store)
    return path


def test_a_query_is_answered(audit):
    result = run_query(f"sqlite:///{audit}", "SELECT pattern AS p, samples FROM cluster_list WHERE cluster < 3 -- two")
    assert result.columns == ("p", "samples")
    assert list(result.rows) == [("110", 2), ("000", 1)]
    assert list(run_query(audit, "SELECT 1 WHERE 0").rows) == []
    assert list(run_query(audit, "EXPLAIN QUERY PLAN SELECT * FROM runs").rows)


@pytest.mark.parametrize("sql", ATTACKS)
def test_nothing_but_reading_is_allowed(audit, monkeypatch, sql):
    monkeypatch.chdir(audit.parent)
    before = audit.read_bytes()
    with pytest.raises(StoreError) as caught:
        list(run_query(audit, sql).rows)
    assert "\n" not in str(caught.value)
    assert audit.read_bytes() == before
    assert [entry.name for entry in audit.parent.iterdir()] == [audit.name]


@pytest.mark.parametrize(
    ("sql", "meaning"),
    [
        ("", "the query is empty"),
        ("-- nothing", "the query is empty"),
        ("SELEC 1", 'near "SELEC": syntax error'),
        ("SELECT * FROM cluster", "no such table: cluster; the views are runs_overview, pattern_counts"),
        ("SELECT colour FROM cluster_list", "no such column: colour"),
        ("SELECT 'a\nb' FROM \"x\ny\"", "no such table: x\\ny"),
        ("SELECT '\udcff'", "udcff"),
        ("SELECT '\0'", "the query cannot be answered"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ],
)
def test_a_wrong_query_says_what_is_wrong(audit, sql, meaning):
    with pytest.raises(StoreError) as caught:
        list(run_query(audit, sql).rows)
    assert meaning in str(caught.value)
    assert "\n" not in str(caught.value)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


def test_a_query_has_a_time_limit(audit):
    with pytest.raises(StoreError, match=r"stopped after 0\.05 seconds"):
        run_query(audit, f"{ENDLESS} count(*) FROM n", time_limit=0.05)
    rows = run_query(audit, f"{ENDLESS} i FROM n", time_limit=0.05).rows
    with pytest.raises(StoreError, match=r"stopped after 0\.05 seconds"):
        sum(1 for _ in rows)


def test_a_store_that_cannot_be_used_is_not_queried(tmp_path, audit):
    with pytest.raises(StoreError, match="there is no store"):
        run_query(tmp_path / "missing.db", "SELECT 1")
    assert not (tmp_path / "missing.db").exists()
    with open_store(audit) as store, store.reading() as connection:
        connection.exec_driver_sql("UPDATE relugeom_schema SET version_num = '9'")
        connection.commit()
    with pytest.raises(SchemaVersionError):
        run_query(audit, "SELECT 1")
