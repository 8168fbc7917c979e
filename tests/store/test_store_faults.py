"""Faults: jobs killed at any moment, full disks, lost connections, two writers, readers beside a writer."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pytest
from budgets import SHORT
from databases import Database
from jobs import Jobs, running_jobs
from limits import file_size_limit
from markupsafe import escape
from networks import he_network

from relugeom.audit import audit, report_content
from relugeom.checker import main as check
from relugeom.deadline import Deadline
from relugeom.errors import InputError, RelugeomError, SchemaVersionError, StoreError
from relugeom.geometry.compiled import NOTICE
from relugeom.geometry.domain import Domain
from relugeom.report.html import render_report
from relugeom.search.enumeration import enumerate_regions
from relugeom.store.query.readonly import run_query
from relugeom.store.store import open_store
from relugeom.store.views import VIEWS

HERE = Path(__file__).parent
KILLS = {"sqlite": 50, "postgresql": 12}
STEPS = (
    "assignments",
    "partition_regions",
    "certificates",
    "pattern_census",
    "answers",
    "sample_margins",
    "region_decisions",
    "region_extremes",
    "run_scores",
    "tradeoff_steps",
    "cluster_relevance",
    "region_facets",
    "region_volumes",
    "region_departures",
    "importance_shares",
)
"""Tables that an audit fills, each whole and one after the other."""
OF_PARTITIONS = {"partition_regions", "region_volumes", "region_facets", "region_decisions", "region_extremes"}
OF_EVERY_RUN = {"runs", "run_software", "run_processes"}
SHARED = OF_PARTITIONS - {"partition_regions"}
"""Facts of a partition that another run may have recorded."""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model of 6 units and 300 samples: an audit of it takes about two seconds, most of them for its page."""
    folder = tmp_path_factory.mktemp("job")
    network = he_network(5, 2, 6, 1)
    arrays = {f"W{k}": W for k, W in enumerate(network.weights)} | {f"b{k}": b for k, b in enumerate(network.biases)}
    np.savez(folder / "model.npz", **arrays)
    X = np.random.default_rng(1).normal(size=(300, 2))
    rows = "\n".join(f"{a!r},{b!r},{int(a > b)}" for a, b in X.tolist())
    (folder / "data.csv").write_text(f"a,b,y\n{rows}\n")
    return folder / "model.npz", folder / "data.csv"


@pytest.fixture(scope="module")
def jobs(job: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Audits of it in processes of their own, which can be killed."""
    with running_jobs(*job, tmp_path_factory.mktemp("warm")) as started:
        yield started


def facts(database: Database, run: int) -> dict[str, list]:
    """What a finished run says, without times."""
    questions = {
        "counts": f"SELECT patterns, count, count_text FROM pattern_counts WHERE run = {run} ORDER BY position",
        "clusters": f"SELECT cluster, pattern, samples, status FROM cluster_list WHERE run = {run} ORDER BY 1",
        "signs": f"SELECT output, feature, rising, falling, flat FROM effect_signs WHERE run = {run} ORDER BY 1, 2",
        "samples": f"SELECT sample, cluster, inside FROM sample_clusters WHERE run = {run} ORDER BY 1",
    }
    return {name: [tuple(row) for row in run_query(database.url, sql).rows] for name, sql in questions.items()}


def assert_same(one: tuple[Database, int], other: tuple[Database, int]) -> None:
    """Two runs say the same; what one of them had no time to settle may be known to the other."""
    assert facts(*one) == facts(*other)
    first, second = (
        {
            statement: rest
            for statement, *rest in run_query(
                database.url,
                f"SELECT statement, verdict, value FROM answer_list WHERE run = {run} AND verdict <> 'unknown'",
            ).rows
        }
        for database, run in (one, other)
    )
    settled_by_both = first.keys() & second.keys()
    assert settled_by_both
    assert [first[statement] for statement in settled_by_both] == [second[statement] for statement in settled_by_both]


def assert_only_whole_steps(ask: Callable[[str], list[Any]], *, one_after_another: bool = True) -> list[int]:
    """Finished runs have everything, the others whole steps from the first one on; the numbers of the finished ones.

    Where each run begins after the one before, nothing is left of what that had found when one that went on with it is
    finished; of two at once, each goes on with its own.
    """
    runs = ask("SELECT id, status, samples, clusters, partition_id FROM runs ORDER BY id")
    finished = [run for run, status, *_ in runs if status == "complete"]
    clusters = dict(ask("SELECT run_id, count(*) FROM clusters GROUP BY run_id"))
    blocks = {run for (run,) in ask("SELECT DISTINCT run_id FROM search_blocks")}
    listed = {row[:1] for row in ask("SELECT r.id FROM runs r JOIN partitions p ON p.id = r.partition_id")}
    filled = []
    for table in STEPS:
        owner = "run_id" if table not in OF_PARTITIONS else "partition_id"
        filled.append(dict(ask(f"SELECT {owner}, count(*) FROM {table} GROUP BY {owner}")))
    for run, status, samples, known, partition in runs:
        assert status in ("complete", "running", "failed", "interrupted")
        assert (known, samples) in ((None, None), (clusters.get(run), 300)), run
        assert (partition is not None) == ((run,) in listed) and not (partition and run in blocks), run
        there = [
            rows.get(partition if table in OF_PARTITIONS else run, 0) for table, rows in zip(STEPS, filled, strict=True)
        ]
        assert there[0] == (samples or 0), run
        own = [bool(count) for table, count in zip(STEPS, there, strict=True) if table not in SHARED]
        assert own == sorted(own, reverse=True), (run, there)
        empty = [table for table, count in zip(STEPS, there, strict=True) if not count]
        assert not empty or status != "complete", (run, empty)
        if one_after_another and any(run < end for end in finished) and status != "complete":
            assert not any(there) and not blocks & {run}, run
    assert ask("SELECT run_id FROM answers GROUP BY run_id HAVING max(position) + 1 <> count(*)") == []
    return finished


def assert_sound_steps(database: Database) -> list[int]:
    """The same, of a store that nobody writes."""
    database.assert_sound()
    return assert_only_whole_steps(database.ask)


def assert_page_shows(database: Database, run: int, show: Callable[[str], list[Any]]) -> str:
    """The page of a run that ended early has its clusters, its regions and its answers; what it says of them."""
    with open_store(database.url) as store:
        content = report_content(store, run, time_limit=Deadline(0))
    clusters, answers = (show(f"SELECT * FROM {table} WHERE run_id = {run}") for table in ("clusters", "answers"))
    assert len(content.clusters) == len(clusters)
    assert len(() if content.answers is None else content.answers) == len(answers)
    (regions,) = show(f"SELECT partition_id, clusters FROM runs WHERE id = {run}")
    if regions[0] is not None:
        (count,) = show(f"SELECT regions FROM partitions WHERE id = {regions[0]}")
        assert (content.patterns["status"] == "region").sum() == count[0]
        if regions[1] is not None:
            assert content.patterns["samples"].notna().all()
    page = render_report(content)
    assert content.interruption and page.index(str(escape(content.interruption))) < page.index('id="summary"')
    return content.interruption


@pytest.mark.without_tables
def test_jobs_killed_at_random_moments(tmp_path: Path, database: Database, job: tuple[Path, Path], jobs: Jobs) -> None:
    """Whatever moment it is: no half run looks finished, what was found counts, and the end is the same.

    Every second kill falls between the first and the last step of the run.
    """
    kills, chance = KILLS[database.kind], random.Random(database.kind)
    out = tmp_path / "out"
    storing, stored = jobs.moments
    done = 0
    while done < kills:
        begin, end = (storing, stored) if done % 2 else (0.0, 1.2 * stored)  # at last the page is written
        ended = jobs.run(database.url, out, chance.uniform(begin, end))
        assert ended in (0, -signal.SIGKILL)
        done += ended != 0
        if ended == 0:  # the machine has less to do than when the moments were measured
            storing, stored = 0.8 * storing, 0.8 * stored
        if "runs" in tables(database):
            with suppress(SchemaVersionError):  # killed before its tables were there
                shown = run_query(database.url, "SELECT DISTINCT status FROM runs_overview").rows
                assert {status for (status,) in shown} <= {"complete", "interrupted"}
            assert_sound_steps(database)
        for file in (out / "report.html", out / "partition.cert"):
            assert not file.exists() or whole(file)
    assert jobs.run(database.url, out, 60.0) == 0
    last = assert_sound_steps(database)[-1]
    undisturbed = Database("sqlite", str(tmp_path / "undisturbed.db"))
    result = audit(*job, target="y", budget=SHORT, out=tmp_path / "other", store=undisturbed.url)
    assert_same((database, last), (undisturbed, result.run))
    with open_store(database.url) as store:
        found = store.load_partition(last)
    assert found.packed.tobytes() == result.partition.packed.tobytes()
    assert found.points.tobytes() == result.partition.points.tobytes()
    assert found.tree.tobytes() == result.partition.tree.tobytes()
    assert (out / "partition.cert").read_bytes() == (tmp_path / "other" / "partition.cert").read_bytes()
    assert_one_file(database)


@pytest.mark.without_tables
def test_jobs_killed_at_each_step(tmp_path: Path, database: Database, job: tuple[Path, Path], jobs: Jobs) -> None:
    """The page has what was found; each job goes on from the one before, and the last one ends in the usual store."""
    out = tmp_path / "out"
    stages = jobs.stages
    first, asking = stages.index("settling the samples' patterns"), stages.index("asking about the whole domain")
    for place, stage in enumerate(stages[first:-1], start=first):
        assert jobs.run(database.url, out, stage) == -signal.SIGKILL
        assert assert_sound_steps(database) == []
        latest = database.ask("SELECT max(id) FROM runs")[0][0]
        said = assert_page_shows(database, latest, database.ask)
        there, missing = said.split("Missing: ")
        assert "cluster" in there and ("answer" in there) == (place > asking)
        assert ("answers about the whole domain" in missing) == (place <= asking)
        answers = database.ask(f"SELECT count(*) FROM answers WHERE run_id = {latest}")[0][0]
    assert jobs.run(database.url, out, 60.0) == 0
    (last,) = assert_sound_steps(database)
    undisturbed = Database("sqlite", str(tmp_path / "undisturbed.db"))
    result = audit(*job, target="y", budget=SHORT, out=tmp_path / "other", store=undisturbed.url)
    assert answers == len(result.answers)
    assert_same((database, last), (undisturbed, result.run))
    left = database.contents()
    assert {table: len(rows) for table, rows in left.items() if table not in OF_EVERY_RUN} == {
        table: len(rows) for table, rows in undisturbed.contents().items() if table not in OF_EVERY_RUN
    }
    assert_one_file(database)


def tables(database: Database) -> set[str]:
    """The tables that are there; a process may have been killed before it made the file."""
    if database.kind == "sqlite" and not Path(database.url).exists():
        return set()
    return database.tables()


def whole(file: Path) -> bool:
    if file.suffix == ".html":
        return file.read_text().rstrip().endswith("</html>")
    return check([str(file)]) == 0


def assert_one_file(database: Database, *modes: str) -> None:
    """A finished store is one file that can be copied: nothing lies beside it, and the copy holds the same."""
    if database.kind == "sqlite":
        path = Path(database.url)
        assert [file.name for file in path.parent.glob(path.name + "*")] == [path.name]
        copy = shutil.copy(path, path.with_name("copy.db"))
        with closing(sqlite3.connect(copy)) as connection:
            ((mode,),) = connection.execute("PRAGMA journal_mode").fetchall()
            assert mode in (modes or ("delete",))
        assert Database("sqlite", str(copy)).contents() == database.contents()
        Path(copy).unlink()


# --- full disks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1_000, 5_000, 100_000, 300_000, 400_000])
def test_files_that_cannot_grow(tmp_path: Path, job: tuple[Path, Path], size: int) -> None:
    """One line; whatever was there before is there; and with room again the same store goes on."""
    place = tmp_path / "out"
    with file_size_limit(size), pytest.raises(RelugeomError) as raised:
        audit(*job, target="y", budget=SHORT, out=place)
    assert "\n" not in str(raised.value)
    let_its_process_go(place / "audit.db")
    result = audit(*job, target="y", budget=SHORT, out=place, resume=True)
    database = Database("sqlite", result.store)
    assert assert_sound_steps(database) == [result.run]
    assert whole(place / "report.html") and whole(place / "partition.cert")
    assert_one_file(database)


def let_its_process_go(path: Path) -> None:
    """A run that could not even be marked is seen to have ended when its process is gone, which here is this one."""
    if path.exists() and tables(Database("sqlite", str(path))):
        Database("sqlite", str(path)).change(f"UPDATE run_processes SET process = {2**22 + 1}")


def test_what_was_found_stays_where_a_disk_is_full_later(tmp_path: Path, job: tuple[Path, Path]) -> None:
    """A store that has begun does not go with the folder, and a later job goes on in it."""
    out = tmp_path / "out"
    with ExitStack() as full, pytest.raises(InputError, match="cannot be written"):
        audit(
            *job,
            target="y",
            budget=SHORT,
            out=out,
            on_progress=lambda stage, done: (
                full.enter_context(file_size_limit(0)) if (stage, done) == ("proving regions", 0) else None
            ),
        )
    with open_store(out / "audit.db") as store:
        assert [record.id for record in store.unfinished_runs()] == [1]
    let_its_process_go(out / "audit.db")
    result = audit(*job, target="y", budget=SHORT, out=out, resume=True)
    assert assert_sound_steps(Database("sqlite", result.store)) == [result.run] == [2]


def test_a_finished_audit_stays_where_its_page_cannot_be_written(tmp_path: Path, job: tuple[Path, Path]) -> None:
    """Hours of work do not go with the folder: the run and its proofs are whole, and the page can be had from them."""
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"report.html' is not a file.*audit.db', and `relugeom report`"):
        audit(
            *job,
            target="y",
            budget=SHORT,
            out=out,
            on_progress=lambda stage, _: (out / "report.html").mkdir(exist_ok=True) if stage == "storing" else None,
        )
    assert assert_sound_steps(Database("sqlite", str(out / "audit.db"))) == [1]
    assert whole(out / "partition.cert")


SMALL_DISK = """
import sys
from relugeom.audit import audit
from relugeom.errors import RelugeomError
try:
    audit(*sys.argv[1:3], target="y", out=sys.argv[3])
except RelugeomError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.parametrize("kilobytes", [40, 400, 600])
def test_a_disk_that_is_full(tmp_path: Path, job: tuple[Path, Path], kilobytes: int) -> None:
    """A file system of its own, in a namespace of its own, that goes with the process."""
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    script = (
        f'mount -t tmpfs -o size={kilobytes}k none "$1" && "$2" -c "$3" "$4" "$5" "$1/out"; code=$?; '
        f'cp -a "$1" "$6"; exit $code'
    )
    values = [str(disk), sys.executable, SMALL_DISK, *map(str, job), str(kept)]
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", *values], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    store = kept / "out" / "audit.db"
    if store.exists() and tables(Database("sqlite", str(store))):
        assert assert_sound_steps(Database("sqlite", str(store))) == []
        result = audit(*job, target="y", budget=SHORT, out=kept / "out", resume=True)
        assert assert_sound_steps(Database("sqlite", result.store)) == [result.run]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": ":".join(filter(None, sys.path))}


# --- connections and other programs ----------------------------------------------------------------------------------


def test_a_connection_that_is_lost(postgres: Database, job: tuple[Path, Path], tmp_path: Path) -> None:
    """The server ends it at each stage of a job; one line, and a later job goes on."""
    ended: list[str] = []

    def end_connections(stage: str) -> None:
        if stage not in ended:
            ended.append(stage)
            with postgres.connect() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'relugeom' AND datname = current_database()"
                )

    stages = ["clustering samples", "enumerating regions", "storing", "finding neighbours"]
    for number, stage in enumerate(stages):
        with pytest.raises(StoreError, match="the server ended the connection") as raised:
            audit(
                *job,
                target="y",
                budget=SHORT,
                out=tmp_path,
                store=postgres.url,
                on_progress=lambda told, done, stage=stage: end_connections(told) if told == stage else None,
            )
        assert "\n" not in str(raised.value)
        assert ended == stages[: number + 1]
        assert assert_sound_steps(postgres) == []
    result = audit(*job, target="y", budget=SHORT, out=tmp_path, store=postgres.url, resume=True)
    assert assert_sound_steps(postgres) == [result.run]


def test_two_writers_at_once(database: Database, jobs: Jobs, tmp_path: Path) -> None:
    """They wait for each other, both runs are whole and the same, and who reads meanwhile sees whole steps only."""
    open_store(database.url).close()
    writers = [jobs.begin(database.url, tmp_path / name, resume=False) for name in "ab"]
    seen = read_until(database, lambda: all(jobs.has_ended(writer) for writer in writers))
    for writer in writers:
        assert jobs.end(writer) == 0
        assert set(jobs.errors(writer).splitlines()) <= {NOTICE}
    assert seen[0] == (0, 0) and seen == sorted(seen)
    runs = assert_sound_steps(database)
    assert runs == [1, 2]
    assert_same((database, 1), (database, 2))
    assert database.ask("SELECT count(*) FROM partitions") == [(1,)]
    assert_one_file(database, "delete", "wal")  # where the reader was the last to leave, the mode stays


def read_until(database: Database, is_over: Callable[[], bool]) -> list[tuple[int, int]]:
    """Ask every view over and over; how many runs there were, and how many of them were complete."""
    seen: list[tuple[int, int]] = []
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if database.kind == "postgresql" else "BEGIN"
    while not is_over():
        with database.connect() as connection:
            connection.execute(begin)
            for view in VIEWS:
                connection.execute(f"SELECT * FROM {view.name} LIMIT 10").fetchall()
            runs = connection.execute("SELECT id FROM runs").fetchall()
            complete = assert_only_whole_steps(lambda sql: connection.execute(sql).fetchall(), one_after_another=False)
            seen.append((len(runs), len(complete)))
            connection.execute("COMMIT")
        time.sleep(0.1)
    return seen


def test_a_reader_beside_a_writer(database: Database) -> None:
    """Readers see the store as it was and never wait, however much the writer has written."""
    network, domain = he_network(3, 3, 14, 12, 1), Domain.box(-np.ones(3), np.ones(3))
    partition = enumerate_regions(network, domain)
    assert len(partition) > 1_000  # more than a cache of pages holds
    with open_store(database.url) as store:
        hand_made.save_audit(store)
        before = list(run_query(database.url, "SELECT * FROM region_list").rows)
        with store.run("enumerate", network=network, domain=domain) as run, run.step():
            run.save(partition)
            seen: list[object] = []
            reader = threading.Thread(target=lambda: seen.append(list(read(database, "SELECT * FROM region_list"))))
            reader.start()
            reader.join(timeout=5)
            assert seen == [before]
            with open_store(database.url) as other:
                assert [record.id for record in other.unfinished_runs()] == [run.id]
        regions = next(iter(read(database, f"SELECT count(*) FROM region_list WHERE run = {run.id}")))
        assert regions == (len(partition),)
    assert_one_file(database)


def read(database: Database, sql: str) -> list[tuple[object, ...]]:
    return list(run_query(database.url, sql, time_limit=5.0).rows)


def test_a_reader_that_stays_until_the_end(database: Database) -> None:
    """A writer that finishes while others read leaves a store that is one file when they have gone."""
    count = "SELECT count(*) FROM partitions"
    with open_store(database.url) as store, database.connect() as reader:
        with store.run("save", network=hand_made.network(), domain=hand_made.domain()) as run:
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ" if database.kind == "postgresql" else "BEGIN")
            assert reader.execute(count).fetchall() == [(0,)]
            run.save(hand_made.partition())
        assert database.ask(count) == [(1,)]
        assert reader.execute(count).fetchall() == [(0,)]  # of its own transaction
        reader.execute("COMMIT")
        assert reader.execute(count).fetchall() == [(1,)]
    assert_one_file(database, "wal")  # nobody could change that while it was read
    with open_store(database.url) as store:
        hand_made.save_audit(store)
    assert_one_file(database)


def test_bad_input_leaves_no_run(database: Database, job: tuple[Path, Path], tmp_path: Path) -> None:
    """Data are read to their end before anything is written."""
    open_store(database.url).close()
    bad = tmp_path / "bad.csv"
    bad.write_text(job[1].read_text() + "1,2,word\n")
    before = database.contents()
    with pytest.raises(InputError, match="data row 301"):
        audit(job[0], bad, target="y", budget=SHORT, out=tmp_path / "out", store=database.url)
    assert database.contents() == before
    assert not (tmp_path / "out").exists()
