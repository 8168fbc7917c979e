"""Queries can read everything and change nothing."""

import math
import os
import time
from pathlib import Path

import hand_made
import pytest
from databases import Database, new_database

from relugeom.errors import SchemaVersionError, StoreError
from relugeom.store import migration
from relugeom.store.location import parse_location
from relugeom.store.queries import read_run
from relugeom.store.readonly import run_query
from relugeom.store.schema import metadata
from relugeom.store.store import open_store
from relugeom.store.views import VIEWS

WRITES = [
    "INSERT INTO runs (id) VALUES (9)",
    "UPDATE runs SET status = 'failed'",
    "DELETE FROM runs",
    "DROP TABLE runs",
    "CREATE TABLE mine (x)",
    "CREATE TEMP TABLE mine (x)",
    "ALTER TABLE runs ADD COLUMN x",
    "VACUUM",
    "REINDEX TABLE runs",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT here",
    "WITH x AS (SELECT 1) DELETE FROM runs",
    "WITH gone AS (DELETE FROM runs RETURNING id) SELECT * FROM gone",
    "INSERT INTO runs (id) VALUES (9) RETURNING id",
    "EXPLAIN DELETE FROM runs",
    "EXPLAIN ANALYZE DELETE FROM runs",
    "SELECT 1; DROP TABLE runs",
    "SELECT 1; SELECT 2",
    "SELECT 1; COMMIT; DELETE FROM runs",
    "/* SELECT */ DELETE FROM runs",
    "SELECT * INTO mine FROM runs",
]
SQLITE = [
    "ATTACH DATABASE 'other.db' AS other",
    "DETACH DATABASE main",
    "VACUUM INTO 'copy.db'",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 7",
    "PRAGMA user_version",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "SELECT * FROM pragma_journal_mode('wal')",
    "SELECT load_extension('evil')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT fts3_tokenizer('simple', x'00')",
    "SELECT length(randomblob(900000000))",
    "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000)))",
    "SELECT zeroblob(900000000) FROM runs",
    "BEGIN IMMEDIATE",
    "REPLACE INTO runs (id) VALUES (1)",
    "CREATE VIRTUAL TABLE mine USING fts5(x)",
]
POSTGRES = [
    "TRUNCATE runs CASCADE",
    "SELECT * FROM runs FOR UPDATE",
    "COPY runs TO '/tmp/relugeom-copy'",
    "COPY runs TO PROGRAM 'touch relugeom-copied'",
    "COPY (SELECT 1) TO STDOUT",
    "COPY runs FROM STDIN",
    "SET transaction_read_only = off",
    "SET ROLE postgres",
    "RESET ROLE",
    "RESET ALL",
    "SET statement_timeout = 0",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT nextval('runs_id_seq')",
    "SELECT setval('runs_id_seq', 99)",
    "SELECT lo_create(0)",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_export(1, '/tmp/relugeom-copy')",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_reload_conf()",
    "SELECT query_to_xml('DELETE FROM runs', true, true, '')",
    "DO $$ BEGIN DELETE FROM runs; END $$",
    "CALL something()",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "PREPARE mine AS DELETE FROM runs",
    "EXECUTE mine",
    "DECLARE mine CURSOR FOR SELECT 1",
    "FETCH 1 FROM answer",
    "CLOSE answer",
    "LISTEN runs",
    "NOTIFY runs",
    "LOCK TABLE runs",
    "LOAD 'evil'",
    "GRANT ALL ON runs TO public",
    "CREATE ROLE evil SUPERUSER",
    "ALTER SYSTEM SET fsync = off",
    "EXPLAIN (ANALYZE) INSERT INTO run_notes VALUES (1, 99, 'x')",
    "EXPLAIN (FORMAT 'a)b') DELETE FROM runs",
    "EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
    "EXPLAIN",
]


@pytest.fixture
def audit(database):
    with open_store(database.url) as store:
        hand_made.save_audit(store)
    return database


def contents(database: Database) -> object:
    """Everything that an attack could have changed."""
    if database.kind == "sqlite":
        path = Path(database.url)
        return path.read_bytes(), [entry.name for entry in path.parent.iterdir()]
    rows = {table: database.ask(f"SELECT * FROM {table} ORDER BY 1, 2") for table in metadata.tables}
    everything = "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_largeobject_metadata)"
    return rows, database.ask(everything), database.ask("SELECT last_value FROM runs_id_seq")


def assert_refused(database: Database, sql: str, url: str = "") -> None:
    before = contents(database)
    with pytest.raises(StoreError) as caught:
        list(run_query(url or database.url, sql).rows)
    assert "\n" not in str(caught.value)
    assert contents(database) == before


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_but_reading_is_allowed(audit, sql):
    assert_refused(audit, sql)


@pytest.mark.parametrize("sql", SQLITE)
def test_nothing_else_is_allowed_on_sqlite(path, monkeypatch, sql):
    monkeypatch.chdir(path.parent)
    with open_store(path) as store:
        hand_made.save_audit(store)
    assert_refused(Database("sqlite", str(path)), sql)


@pytest.fixture(scope="module")
def attacked(postgres_server):
    """One database for all attacks, since none may change it."""
    with new_database(postgres_server) as database, open_store(database.url) as store:
        hand_made.save_audit(store)
        yield database


@pytest.mark.parametrize("sql", POSTGRES)
def test_nothing_else_is_allowed_on_postgres(attacked, sql):
    assert_refused(attacked, sql)
    assert not Path("/tmp/relugeom-copy").exists()


READER = """\
CREATE ROLE {role} LOGIN PASSWORD 'a-password-of-its-own';
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role};"""


def test_a_role_that_can_only_select_can_ask_everything(attacked, postgres_server):
    """The statements are those of the README."""
    role = f"reader_{os.getpid()}"
    for statement in READER.format(role=role).splitlines():
        attacked.change(statement)
    try:
        url = parse_location(attacked.url).url.set(username=role, password="a-password-of-its-own")
        reader = url.render_as_string(hide_password=False)
        assert migration.schema_version(reader).current == migration.schema_version(attacked.url).current
        for view in VIEWS:
            assert list(run_query(reader, f"SELECT * FROM {view.name}").rows) is not None
        assert list(run_query(reader, "SELECT count(*) FROM runs").rows) == [(1,)]
        with open_store(reader, create=False) as store:
            assert read_run(store).run == 1
            with pytest.raises(StoreError, match="does not let this role do that") as caught:
                hand_made.save_audit(store)
        assert "of-its-own" not in str(caught.value)
        for sql in ["SELECT pg_read_file('/etc/hostname')", "COPY runs TO PROGRAM 'true'", "SELECT pg_ls_dir('/')"]:
            assert_refused(attacked, sql, reader)
    finally:
        attacked.change(f"DROP OWNED BY {role}")
        attacked.change(f"DROP ROLE {role}")


def test_a_query_is_answered(audit):
    sql = "SELECT pattern AS p, samples FROM cluster_list WHERE cluster < 3 ORDER BY cluster -- two"
    result = run_query(audit.url, sql)
    assert result.columns == ("p", "samples")
    assert list(result.rows) == [("110", 2), ("000", 1)]
    empty = run_query(audit.url, "/* nothing */ -- at all\nSELECT 1 AS one WHERE 1 = 0;")
    assert (empty.columns, list(empty.rows)) == (("one",), [])
    assert list(run_query(audit.url, "WITH x AS (SELECT 1 AS a) SELECT a FROM x").rows) == [(1,)]
    assert list(run_query(audit.url, "VALUES (1, 'a;b')").rows) == [(1, "a;b")]
    plan = "EXPLAIN QUERY PLAN" if audit.kind == "sqlite" else "EXPLAIN (COSTS OFF)"
    assert list(run_query(audit.url, f"{plan} SELECT * FROM runs").rows)


def test_comments_hold_comments_on_postgres(attacked):
    assert list(run_query(attacked.url, "/* EXPLAIN /* */ */ SELECT 1").rows) == [(1,)]
    assert_refused(attacked, "/* SELECT /* */ */ DELETE FROM runs")
    assert_refused(attacked, "/* /* */ SELECT 1")
    assert_refused(attacked, "/* EXPLAIN */ EXPLAIN /* SELECT 1 */ DELETE FROM runs")


def test_a_url_of_sqlite_is_answered(path):
    with open_store(path) as store:
        hand_made.save_audit(store)
    assert list(run_query(f"sqlite:///{path}", "SELECT count(*) FROM runs").rows) == [(1,)]


def test_json_is_taken_apart(path):
    with open_store(path) as store, store.run("save", network=hand_made.network(), parameters={"features": ["a", "b"]}):
        pass
    sql = "SELECT j.value FROM runs, json_each(parameters, '$.features') j ORDER BY j.key"
    assert list(run_query(path, sql).rows) == [("a",), ("b",)]
    assert list(run_query(path, "SELECT count(*) FROM runs, json_tree(parameters)").rows) == [(4,)]


def test_values_are_plain_on_either_backend(audit):
    sql = "SELECT 0.5 * 3, count(*), sum(active_units), sum(admissible_inputs), NULL, 'a%s' FROM pattern_verdicts"
    (row,) = run_query(audit.url, sql).rows
    assert row == (1.5, 8, 12, 9, None, "a%s")
    assert [type(value) for value in row[:4]] == [float, int, int, int]
    (row,) = run_query(audit.url, "SELECT inside, float32_doubtful FROM assignments WHERE sample = 3").rows
    assert row == (0, 0)
    assert type(row[0]) is int
    (row,) = run_query(audit.url, "SELECT packed FROM patterns WHERE pattern = '110'").rows
    assert row == (b"\xc0",)
    assert type(row[0]) is bytes
    (row,) = run_query(audit.url, "SELECT parameters FROM runs").rows
    assert row == ("{}",)


def test_many_rows_come_as_they_are_asked_for(audit):
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7001) SELECT i FROM n"
    assert [i for (i,) in run_query(audit.url, numbers).rows] == list(range(1, 7002))


SYNTAX = {"sqlite": 'near "SELEC": syntax error', "postgresql": 'syntax error at or near "SELEC"'}
TABLE = {"sqlite": "no such table: cluster", "postgresql": 'relation "cluster" does not exist'}
COLUMN = {"sqlite": "no such column: colour", "postgresql": 'column "colour" does not exist'}
LINES = {"sqlite": "no such table: x\\ny", "postgresql": 'relation "x\\ny" does not exist'}
OVERFLOW = {"sqlite": "integer overflow", "postgresql": "out of range"}


@pytest.mark.parametrize(
    ("sql", "meaning"),
    [
        ("", "the query is empty"),
        ("-- nothing", "the query is empty"),
        (" /* nothing -- at all */ ", "the query is empty"),
        ("SELEC 1", SYNTAX),
        ("SELECT * FROM cluster", TABLE),
        ("SELECT * FROM cluster", "; the views are runs_overview, pattern_counts"),
        ("SELECT colour FROM cluster_list", COLUMN),
        ("SELECT 'a\nb' FROM \"x\ny\"", LINES),
        ("SELECT '\udcff'", "udcff"),
        ("SELECT '\0'", "the query cannot be answered"),
        ("SELECT abs(-9223372036854775807 - 1)", OVERFLOW),
    ],
)
def test_a_wrong_query_says_what_is_wrong(audit, sql, meaning):
    with pytest.raises(StoreError) as caught:
        list(run_query(audit.url, sql).rows)
    assert (meaning if isinstance(meaning, str) else meaning[audit.kind]) in str(caught.value)
    assert "\n" not in str(caught.value)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


def test_a_query_has_a_time_limit(audit):
    with pytest.raises(StoreError, match=r"stopped after 0\.2 seconds"):
        run_query(audit.url, f"{ENDLESS} count(*) FROM n", time_limit=0.2)
    rows = run_query(audit.url, f"{ENDLESS} i FROM n", time_limit=0.5).rows
    with pytest.raises(StoreError, match=r"stopped after 0\.5 seconds"):
        sum(1 for _ in rows)


def test_the_time_limit_holds_where_every_step_takes_long(path):
    """Thousands of such steps, after which SQLite would look at the clock by itself, take minutes."""
    with open_store(path) as store:
        hand_made.save_audit(store)
    start = time.monotonic()
    for answer in ("length(randomblob(10000000))", "sum(length(randomblob(10000000)))"):
        with pytest.raises(StoreError, match=r"stopped after 0\.3 seconds"):
            list(run_query(path, f"{ENDLESS} {answer} FROM n", time_limit=0.3).rows)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("time_limit", [1e300, math.inf])
def test_a_query_may_take_as_long_as_it_likes(audit, time_limit):
    assert list(run_query(audit.url, "SELECT 1", time_limit=time_limit).rows) == [(1,)]


def test_a_store_that_cannot_be_used_is_not_queried(tmp_path, audit):
    with pytest.raises(StoreError, match="there is no store"):
        run_query(tmp_path / "missing.db", "SELECT 1")
    assert not (tmp_path / "missing.db").exists()
    audit.change("UPDATE relugeom_schema SET version_num = '9'")
    with pytest.raises(SchemaVersionError):
        run_query(audit.url, "SELECT 1")
