"""Queries can read everything and change nothing."""

import math
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import hand_made
import pytest
from command_line import run_command
from databases import KINDS, Database, new_database
from limits import peak_memory

from relugeom.errors import SchemaVersionError, StoreError
from relugeom.store.database import migration
from relugeom.store.database.location import parse_location
from relugeom.store.query.process import LONGEST_ROW
from relugeom.store.query.readonly import run_query
from relugeom.store.reading import read_run
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


@pytest.fixture(scope="module")
def attacked(postgres_server):
    """One database for all attacks, since none may change it."""
    with new_database(postgres_server) as database, open_store(database.url) as store:
        hand_made.save_audit(store)
        yield database


@pytest.fixture(scope="module")
def attacked_file(tmp_path_factory):
    """One file for all attacks."""
    path = tmp_path_factory.mktemp("attacked") / "audit.db"
    with open_store(path) as store:
        hand_made.save_audit(store)
    return Database("sqlite", str(path))


@pytest.fixture(params=KINDS)
def attacked_store(request):
    """Each of the two."""
    return request.getfixturevalue("attacked" if request.param == "postgresql" else "attacked_file")


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_but_reading_is_allowed(attacked_store, sql):
    assert_refused(attacked_store, sql)


@pytest.mark.parametrize("sql", SQLITE)
def test_nothing_else_is_allowed_on_sqlite(attacked_file, monkeypatch, sql):
    monkeypatch.chdir(Path(attacked_file.url).parent)
    assert_refused(attacked_file, sql)


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
    """The statements are those of docs/how-to/postgresql.md."""
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
        ("SELECT * FROM cluster", "; the views are runs_overview, run_provenance, pattern_counts"),
        ("SELECT colour FROM cluster_list", COLUMN),
        ("SELECT 'a\nb' FROM \"x\ny\"", LINES),
        ("SELECT '\udcff'", "udcff"),
        ("SELECT '\0'", "the query cannot be answered"),
        ("SELECT abs(-9223372036854775807 - 1)", OVERFLOW),
    ],
)
def test_a_wrong_query_says_what_is_wrong(attacked_store, sql, meaning):
    with pytest.raises(StoreError) as caught:
        list(run_query(attacked_store.url, sql).rows)
    assert (meaning if isinstance(meaning, str) else meaning[attacked_store.kind]) in str(caught.value)
    assert "\n" not in str(caught.value)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


def test_a_query_has_a_time_limit(audit):
    with pytest.raises(StoreError, match=r"stopped after 0\.2 seconds"):
        run_query(audit.url, f"{ENDLESS} count(*) FROM n", time_limit=0.2)
    rows = run_query(audit.url, f"{ENDLESS} i FROM n", time_limit=0.5).rows
    with pytest.raises(StoreError, match=r"stopped after 0\.5 seconds"):
        sum(1 for _ in rows)


SLOW_STEPS = {
    "sqlite": [
        "SELECT instr(zeroblob(100000000), zeroblob(50000000) || x'01')",  # one step of many minutes
        "SELECT ltrim(printf('%.*c', 50000000, 'a'), printf('%.*c', 1000000, 'b') || 'a')",
        f"{ENDLESS} sum(length(randomblob(10000000))) FROM n",
    ],
    "postgresql": ["SELECT pg_sleep(60)", "SELECT count(*) FROM generate_series(1, 100000000000)"],
}
TOO_LARGE = {
    "sqlite": [
        "SELECT zeroblob(200000000), zeroblob(200000000), zeroblob(200000000)",
        "SELECT hex(randomblob(130000000))",
        "SELECT group_concat(zeroblob(8000000)) FROM (VALUES (1), (2), (3), (4)) a, patterns b, patterns c",
        "SELECT json(replace(hex(zeroblob(3000000)), '00', '['))",
        f"SELECT {'(' * 5000}1{')' * 5000}",
    ],
    "postgresql": [
        "SELECT repeat('x', 300000000)",
        "SELECT repeat('x', 1073741824)",
        "SELECT 10::numeric ^ 200000",
    ],
}


def test_the_time_limit_holds_within_a_single_step(audit):
    start = time.monotonic()
    for sql in SLOW_STEPS[audit.kind]:
        with pytest.raises(StoreError, match=r"stopped after 0\.3 seconds"):
            list(run_query(audit.url, sql, time_limit=0.3).rows)
    assert time.monotonic() - start < 60


def test_what_takes_too_much_is_refused_in_one_line(audit):
    """Its process may not have so much, whatever this one may have."""
    for sql in TOO_LARGE[audit.kind]:
        with pytest.raises(StoreError, match=r"\A(the query|store '[^']*' )[^\n]*\Z"):
            list(run_query(audit.url, sql).rows)


LONG = {"sqlite": "printf('%.*c', {}, 'x')", "postgresql": "repeat('x', {})"}
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT"


def test_answers_are_bounded(audit):
    long = LONG[audit.kind]
    result = run_query(audit.url, f"{NUMBERS} i, {long.format(10_000)} FROM n", most_bytes=100_000)
    assert result.left_out == []
    assert [number for number, _ in result.rows] == list(range(1, 10))
    assert result.left_out == ["the rows end after 100,000 bytes: select less at once, or raise --max-bytes"]
    result = run_query(audit.url, f"SELECT 1, {long.format(20_000_000)}, {long.format(20_000_000)}, NULL")
    assert [len(value) for value in next(result.rows)[1:3]] == [LONGEST_ROW // 4] * 2
    assert list(result.rows) == []
    assert "are cut: select parts of long values with substr" in result.left_out[0]


def test_rows_are_not_kept(audit):
    """A thousand rows of a megabyte each pass through a process that has never more than a few of them."""

    def read() -> None:
        rows = run_query(audit.url, f"{NUMBERS.replace('100', '300')} {LONG[audit.kind].format(500_000)} FROM n").rows
        assert sum(len(value) for (value,) in rows) == 150_000_000

    assert peak_memory(read) < 20_000_000


def test_time_for_a_slow_reader_does_not_count(audit):
    for stopped in (True, False):
        result = run_query(audit.url, f"{NUMBERS} {LONG[audit.kind].format(100_000)} FROM n", time_limit=1.5)
        next(result.rows)
        with result.clock.stopped() if stopped else nullcontext():
            time.sleep(3.0)
        with nullcontext() if stopped else pytest.raises(StoreError, match=r"stopped after 1\.5 seconds"):
            assert sum(1 for _ in result.rows) == 99


def test_the_process_goes_with_its_reader(audit, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **named: started.append(popen(*given, **named)) or started[-1]
    )
    rows = run_query(audit.url, f"{ENDLESS} i FROM n").rows
    assert next(rows) == (1,)
    assert started[0].poll() is None
    del rows
    assert started[0].poll() is not None


@pytest.mark.parametrize("program", ["import os; os._exit(9)", "raise ValueError", "import sys; sys.stdin.read()"])
def test_a_process_that_fails_is_one_line(audit, monkeypatch, program):
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **named: popen([sys.executable, "-I", "-S", "-c", program], **named)
    )
    with pytest.raises(StoreError, match=r"ended unexpectedly|stopped after"):
        run_query(audit.url, "SELECT 1", starting=0.5)


KINDS_OF_VALUES = {
    "10::numeric ^ 5000": "1" + "0" * 5000,
    "(10::numeric ^ 200)::numeric(250, 0)": "1" + "0" * 200,
    "99999999999999999999::numeric": 99999999999999999999,
    "-12.5::numeric": -12.5,
    "'Infinity'::numeric": math.inf,
    "'-Infinity'::float8": -math.inf,
    "1e-5000::numeric": 0.0,
    "ARRAY[1, NULL, 2.5]": "{1,NULL,2.5}",
    "ARRAY['a', 'b,c']": '{a,"b,c"}',
    """'{"a": [1, null]}'::json""": '{"a": [1, null]}',
    "interval '1 year 3 days 04:05:06.7'": "1 year 3 days 04:05:06.7",
    "'infinity'::date": "infinity",
    "'4713-01-01 BC'::date": "4713-01-01 BC",
    "'294276-12-31'::timestamp": "294276-12-31 00:00:00",
    r"'\x00ff'::bytea": b"\x00\xff",
    "''::bytea": b"",
    """'\\377'::"char\"""": r"\377",
    "ROW(1, 'x', NULL)": "(1,x,)",
    "true": 1,
    "NULL::numeric": None,
}


def test_every_kind_of_value_of_a_server_can_be_shown(attacked, capsys):
    (row,) = run_query(attacked.url, f"SELECT {', '.join(KINDS_OF_VALUES)}").rows
    assert list(row) == list(KINDS_OF_VALUES.values())
    assert math.isnan(next(run_query(attacked.url, "SELECT 'NaN'::numeric").rows)[0])
    for form in ("table", "csv", "json"):
        ended = run_command(capsys, "query", attacked.url, f"SELECT {', '.join(KINDS_OF_VALUES)}", "--format", form)
        assert (ended.code, ended.err) == (0, "")


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
