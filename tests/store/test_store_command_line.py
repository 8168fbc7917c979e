"""The verbs on a store of either backend: an audit, a resumed search, queries, a report, the schema."""

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

import hand_made
import numpy as np
import pytest
from budgets import PATIENT, SHORT
from command_line import Ended, assert_refused, run_command, small_network, write_network
from databases import Database
from limits import file_size_limit
from sqlalchemy import make_url

from relugeom.budget import StoreWaits
from relugeom.deadline import Deadline
from relugeom.geometry.compiled import NOTICE
from relugeom.network.decision import Decision, Squashing
from relugeom.store.database.one_file import log_of
from relugeom.store.store import open_store
from relugeom.store.views import VIEWS

Run = Callable[..., Ended]
PASSWORD = "open-sesame"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, **options: run_command(capsys, *arguments, **options)


@pytest.fixture
def url(database: Database) -> str:
    """The store as people type it, on a server with a password."""
    if database.kind == "sqlite":
        return database.url
    return make_url(database.url).set(password=PASSWORD).render_as_string(hide_password=False)


@pytest.fixture
def model(tmp_path) -> Path:
    decision = {"squashing": Squashing.SIGMOID, "decision": Decision.at_threshold(0.0)}
    return write_network(tmp_path / "model.npz", small_network(2, 4, 3, 1, **decision))


@pytest.fixture
def data(tmp_path) -> Path:
    rows = np.random.default_rng(2).normal(size=(40, 2)).round(2)
    lines = ["x0,x1,y", *(f"{x},{y},{int(x + y > 0)}" for x, y in rows)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_audit_and_what_follows_it(run, url, database, model, data, tmp_path):
    ended = run("audit", model, data, "--target", "y", "--store", url, "--out", "out", "--json")
    assert ended.code == 0, ended.err
    printed = [ended, run("audit", model, data, "--target", "y", "--store", url, "--out", "again")]
    found = json.loads(ended.out)
    for view, form in zip(VIEWS, cycle(("table", "csv", "json", "table")), strict=False):
        printed.append(run("query", url, "--view", view.name, "--format", form))
    regions = run("query", url, "SELECT count(*) AS regions FROM region_list WHERE run = 1", "--json")
    assert json.loads(regions.out) == {"columns": ["regions"], "rows": [[found["regions"]]]}
    printed += [run("report", url, "--run", "1", "--out", "page.html"), run("db", "current", url)]
    printed += [run("db", "upgrade", url), run("db", "current", url, "--json"), run("db", "upgrade", url, "--json")]
    searched = run("enumerate", model, "--domain", "box:-1,1", "--store", url, "--max-regions", "3", "--json")
    assert searched.code == 3
    resumed = run("enumerate", model, "--domain", "box:-1,1", "--store", url, "--resume")
    printed += [regions, resumed]
    assert [ended.code for ended in printed] == [0] * len(printed), [ended.err for ended in printed if ended.code]
    whole = run("enumerate", model, "--domain", "box:-1,1", "--json")
    kept = database.ask("SELECT p.regions FROM runs r JOIN partitions p ON p.id = r.partition_id ORDER BY r.id")
    assert kept == [(found["regions"],), (found["regions"],), (3,), (json.loads(whole.out)["regions"],)]
    seen = "".join(ended.out + ended.err for ended in printed) + (tmp_path / "page.html").read_text()
    assert PASSWORD not in seen + (tmp_path / "out" / "report.html").read_text() + repr(database.contents())
    database.assert_sound()


def test_both_backends_hold_the_same_audit(run, postgres, model, data, tmp_path):
    """Byte for byte, but for times, which the page has, too, so that its digest differs."""
    answers = []
    for url in (postgres.url, "audit.db"):
        assert run("audit", model, data, "--target", "y", "--store", url, "--out", "out", budget=PATIENT).code == 0
        views = [view.name for view in VIEWS if view.name not in ("runs_overview", "run_reports")]
        asked = {name: ("--view", name) for name in views}
        asked["run_reports"] = ("SELECT run, file FROM run_reports",)
        answers.append(
            {name: sorted(run("query", url, *what, "--format", "csv").out.splitlines()) for name, what in asked.items()}
        )
    for name, rows in answers[0].items():
        assert rows == answers[1][name]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_query_takes_no_longer_than_it_may(run, url, model):
    assert run("enumerate", model, "--domain", "box:-1,1", "--store", url).code == 0
    assert_refused(run("query", url, ENDLESS, "--time-limit", "0.2"), "stopped after 0.2 seconds")
    assert_refused(run("query", url, "SELECT 1", "--time-limit", "0"), "--time-limit 0", "positive")
    assert_refused(run("query", url, "SELECT 1", "--time-limit", "nan"), "positive")


COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def test_an_answer_that_is_cut_short_is_no_success(run, path, model):
    """What is printed can be read, one line says what is missing, and the exit code is 3."""
    assert run("enumerate", model, "--domain", "box:-1,1", "--store", path).code == 0
    for options, reason in ((("--max-bytes", "2000000"), "--max-bytes"), (("--time-limit", "1.5"), "stopped after")):
        ended = run("query", path, COUNTING, "--json", *options)
        assert (ended.code, len(ended.err.splitlines())) == (3, 1)
        assert reason in ended.err
        rows = json.loads(ended.out)["rows"]
        assert rows == [[number + 1] for number in range(len(rows))]
        assert len(rows) > 1_000
    ended = run("query", path, COUNTING, "--format", "csv", "--max-bytes", "80")
    assert (ended.code, ended.out.split()) == (3, ["i", *map(str, range(1, 11))])
    ended = run("query", path, f"SELECT '{'x' * 5_000}' AS long", "--format", "table", "--max-bytes", "10000")
    assert (ended.code, ended.err) == (0, "")


def test_a_list_of_views_has_a_line_on_each(run, url):
    rows = json.loads(run("query", url, "--list", "--json").out)["rows"]
    assert [name for name, _ in rows] == [view.name for view in VIEWS]
    assert all(answers for _, answers in rows)
    assert json.loads(run("query", "--list", "--json").out)["rows"] == rows
    assert_refused(run("query", "--view", "runs_overview"), "give a store")


def test_a_wrong_password_or_server_is_one_line_without_it(run, model):
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:9/audits"
    for words in [
        ("enumerate", model, "--domain", "box:-1,1", "--store", url),
        ("query", url, "SELECT 1"),
        ("db", "current", url),
        ("db", "upgrade", url),
        ("report", url, "--out", "page.html"),
    ]:
        ended = run(*words)
        assert_refused(ended, "postgresql://me:***@127.0.0.1:9/audits")
        assert PASSWORD not in ended.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_job_that_is_ended_is_interrupted_and_has_a_report(run, path, tmp_path, number, code):
    """At once where it hears of it, else when the store is opened next; the page shows what was found."""
    large = write_network(tmp_path / "large.npz", small_network(6, 24, 24, 1))
    arguments = ["enumerate", large, "--domain", "box:-1,1", "--store", path, "--max-regions", "100000000"]
    program = (
        "from relugeom.budget import Budget, SearchBudget; from relugeom.cli import main; "
        "main(budget=Budget(search=SearchBudget(block_seconds=0.1)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": ":".join(filter(None, sys.path))},
    ) as process:
        patience = Deadline.of(120.0)
        while not path.exists() or not blocks_in(path):
            assert process.poll() is None and not patience.passed
            time.sleep(0.05)
        assert json.loads(run("query", path, "SELECT status FROM runs_overview", "--json").out)["rows"] == [["running"]]
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
    said = [line for line in errors.splitlines() if line != NOTICE]  # loading may take long on a busy machine
    assert (process.returncode, said) == (code, ["relugeom: it was terminated"] if number == signal.SIGTERM else [])
    if number == signal.SIGTERM:
        assert Database("sqlite", str(path)).ask("SELECT status FROM runs") == [("interrupted",)]
    rows = run("query", path, "SELECT status, reason, process FROM runs_overview", "--json").out
    reason = "it was terminated" if number == signal.SIGTERM else "its process ended without notice"
    assert json.loads(rows)["rows"] == [["interrupted", reason, process.pid]]
    ended = run("report", path, "--out", "page.html")
    assert (ended.code, ended.err) == (0, "page.html: Regions of large.npz (interrupted)\n")
    assert f"This run was interrupted ({reason})" in Path("page.html").read_text()


def blocks_in(path: Path) -> int:
    """Blocks that are recorded; 0 while nobody may look."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM search_blocks").fetchone()[0])
    return 0


# --- stores that are left in two files -------------------------------------------------------------------------------


def runs_in_a_copy(path: Path) -> int | None:
    """Finished runs that somebody finds who copies the one file; None where the copy is damaged."""
    copy = shutil.copy(path, path.with_name("copy.db"))
    try:
        database = Database("sqlite", str(copy))
        database.assert_sound()
        return int(database.ask("SELECT count(*) FROM runs WHERE status = 'complete'")[0][0])
    except (AssertionError, sqlite3.DatabaseError):
        return None


@pytest.fixture
def grown(path, model) -> Path:
    """A store that is much longer than the log of one more run."""
    with open_store(path) as store:
        hand_made.save_audit(store)
    with closing(sqlite3.connect(path)) as connection:  # as others fill it: more than what one more run adds
        connection.execute("INSERT INTO run_notes SELECT id, 99, hex(zeroblob(100000)) FROM runs")
        connection.commit()
    return path


def test_a_store_that_cannot_be_one_file_again_is_no_success(run, grown, model):
    """At whatever size the file may not grow any further: exit code 0 means that a copy of the one file has it all."""
    size, work = grown.stat().st_size, ("enumerate", model, "--domain", "box:-1,1", "--store", grown.name)
    held, codes = grown.read_bytes(), []
    for limit in range(size // 3, size + 1, size // 12):
        grown.write_bytes(held)
        with file_size_limit(limit):
            ended = run(*work)
        codes.append(ended.code)
        if ended.code == 0:
            assert runs_in_a_copy(grown) == 2
        else:
            assert len(ended.err.splitlines()) == 1
        if ended.code == 3:
            assert "activation regions" in ended.out
            assert "no room to grow" in ended.err
            assert log_of(grown).stat().st_size > 0
            (command,) = re.findall("`(.*)`", ended.err)
            with file_size_limit(limit):
                assert (run(*shlex.split(command)[1:]).code, log_of(grown).exists()) == (3, True)
            assert run(*shlex.split(command)[1:]).code == 0
            assert not log_of(grown).exists()
            assert runs_in_a_copy(grown) == 2
    assert set(codes) == {0, 3}


def test_an_audit_says_that_its_store_is_in_two_files(capsys, run, grown, model, data):
    """Here for a reader that looks at the store as it was; the page is written all the same."""
    impatient = partial(run_command, capsys, budget=replace(SHORT, storing=StoreWaits(readers=0.1)))
    with closing(sqlite3.connect(grown, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchall()
        ended = impatient("audit", model, data, "--target", "y", "--store", grown.name, "--out", "out", "--json")
        assert ended.code == 3
        assert json.loads(ended.out)["status"] == "complete"
        assert "another program is reading it" in ended.err.splitlines()[-1]
        assert Path("out", "report.html").exists()
        assert runs_in_a_copy(grown) in (1, None)
        assert impatient("db", "upgrade", grown.name).code == 3
        reader.execute("COMMIT")
        assert run("query", grown.name, "SELECT count(*) FROM runs", "--format", "csv").out == "count(*)\n2\n"
    assert run("db", "upgrade", grown.name).code == 0
    assert [file.name for file in grown.parent.glob("*.db*") if file.name != "copy.db"] == [grown.name]
    assert runs_in_a_copy(grown) == 2


def test_a_migration_without_room_says_so_too(run, grown):
    """A file that was left with a log is written through it, and what is committed there may find no room."""
    with closing(sqlite3.connect(grown, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        assert run("db", "upgrade", grown.name).code == 0
        with file_size_limit(grown.stat().st_size - 4096 * 4):
            connection.execute("UPDATE run_notes SET note = note || '!'")
            connection.close()
            assert run("db", "upgrade", grown.name).code == 3
    assert run("db", "upgrade", grown.name).code == 0
    assert not log_of(grown).exists()
