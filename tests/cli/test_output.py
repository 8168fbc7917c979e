"""What reaches the terminal, and how a command ends when something comes in between."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import TITANIC, assert_refused, run_command, small_network, write_network, write_rows

from relugeom.audit import stored_search
from relugeom.cli import stores
from relugeom.cli.exit_codes import VERBS
from relugeom.cli.output import print_json, print_text
from relugeom.errors import CertificateError, DeadlinePassedError, SolverCrashError, SolverError, StoreError
from relugeom.printing import printable
from relugeom.store.query.readonly import QueryResult

PROGRAM = [sys.executable, "-c", "from relugeom.cli import main; main()"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "Größe 漢")))


def test_one_line_holds_only_what_prints() -> None:
    assert printable("a\nb\x1b[31m\u202e\udc80é") == r"a\nb\x1b[31m\u202e\udc80é"


def test_one_json_object_whatever_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    values = [np.float64("nan"), float("inf"), np.int64(3), np.array([[1.5]]), "\udc80\x9b", None, (True,), 2**80]
    print_json({"values": values, "name\n": {1: 2}})
    printed = capsys.readouterr().out
    assert printed.isascii()
    expected = {"values": [None, None, 3, [[1.5]], "\udc80\x9b", None, [True], 2**80], "name\n": {"1": 2}}
    assert json.loads(printed) == expected


@pytest.mark.parametrize(("terminal", "shown"), [(True, "a,\\x1b[31m\nb\n"), (False, "a,\x1b[31m\nb\n")])
def test_only_a_terminal_gets_escapes(
    terminal: bool, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    print_text("a,\x1b[31m\nb\n")
    assert capsys.readouterr().out == shown


def test_a_reader_that_has_gone_is_no_failure(model: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    for verb in (["inspect", model], ["inspect", model, "--json"]):
        ended = subprocess.run([*PROGRAM, *verb], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
    os.close(writer)


def test_a_terminal_without_the_letters(model: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run([*PROGRAM, "inspect", model], capture_output=True, env=environment, check=True)
    assert rb"Gr\xf6\xdfe \u6f22" in ended.stdout


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "relugeom: interrupted\n"),
        (DeadlinePassedError("time ran out"), 3, "relugeom: time ran out\n"),
        (
            CertificateError("no region was found that could be proved"),
            3,
            "relugeom: no region was found that could be proved\n",
        ),
        (SolverError("HiGHS gave up"), 4, "relugeom: HiGHS gave up\n"),
        (SolverCrashError("HiGHS broke down"), 4, "relugeom: HiGHS broke down\n"),
    ],
)
def test_a_command_that_is_stopped(
    error: BaseException,
    code: int,
    line: str,
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(stored_search, "enumerate_regions", stop)
    ended = run_command(capsys, "enumerate", model, "--domain", "box:-1,1")
    assert (ended.code, ended.out, ended.err) == (code, "", line)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_rows_that_break_off_are_the_beginning_of_an_answer(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is printed, in one whole object, and the code says that it is not all."""

    def rows() -> Iterator[tuple[str]]:
        yield from (("a" * 1000,) for _ in range(2000))
        raise StoreError("the server is gone")

    result = QueryResult(("value",), rows())
    monkeypatch.setattr(stores, "ask", lambda *_asked, **_options: result)
    ended = run_command(capsys, "query", "some.db", "SELECT 1", "--format", form)
    assert (ended.code, result.status) == (3, "truncated")
    assert ended.err == "relugeom: the server is gone; what was printed is the beginning of the answer\n"
    printed = json.loads(ended.out)["rows"] if form == "json" else ended.out.splitlines()[1:]
    assert 1000 < len(printed) <= 2000


def test_the_help_begins_with_the_verb_that_most_people_need(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_command(capsys, "--help").out.partition("Commands:\n")[2].split("\n")
    verbs = [line.split()[0] for line in listed if line.strip()]
    assert verbs == [*[name for name in VERBS if not name.startswith("db ")], "db"]


@pytest.mark.parametrize("arguments", [[], ["db"]])
def test_no_verb_shows_the_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_command(capsys, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Usage: relugeom")


def test_remarks_come_only_with_an_audit_that_can_begin(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "data.csv", ["a", "Größe 漢"], [(1, 2), (-1, 0.5)])
    asked = ("audit", model, data, "--out", tmp_path / "out")
    assert len(run_command(capsys, *asked, "--store", tmp_path).err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    *chosen, allowance = run_command(capsys, *asked).err.splitlines()
    assert chosen == ["inputs: a, Größe 漢", "domain: the range of the data"]
    assert allowance.startswith("time limit 120 s (the default): about ")


def test_many_columns_are_said_in_few_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_network(tmp_path / "model.npz", small_network(30, 2, 1))
    data = write_rows(tmp_path / "data.csv", [f"c{column}" for column in range(30)], [range(30)])
    assert run_command(capsys, "cluster", model, data).err == "inputs: 30 columns, c0, …, c29\n"


def test_names_with_commas_stand_in_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_network(tmp_path / "model.npz", small_network(1, 2, 1))
    data = write_rows(tmp_path / "data.csv", ['"a,b"', "c", "d"], [(1, 2, 3)])
    ended = run_command(capsys, "cluster", model, data, "--features", '"a,b"', "--ignore", "c, d")
    assert (ended.code, ended.err) == (0, "inputs: a,b\n")


@pytest.mark.parametrize(
    ("option", "value", "positive"), [("--threshold", "-100", 1.0), ("--probability", "0.99", 0.0)]
)
def test_decisions_that_are_asked_for(
    option: str, value: str, positive: float, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("cluster", TITANIC / "network.onnx", TITANIC / "passengers.csv", "--target", "Survived", "--json")
    clusters = json.loads(run_command(capsys, *asked, option, value).out)["clusters"]
    assert {cluster["positive_share"] for cluster in clusters} == {positive}


def test_two_decisions_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("cluster", TITANIC / "network.onnx", TITANIC / "passengers.csv", "--target", "Survived")
    ended = run_command(capsys, *asked, "--threshold", "0", "--probability", "0.5")
    assert (ended.code, ended.err) == (2, "relugeom: give --threshold or --probability, not both\n")


def test_a_store_of_regions_alone_has_a_report_too(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "regions.db"
    assert run_command(capsys, "enumerate", model, "--domain", "box:-1,1", "--store", store).code == 0
    ended = run_command(capsys, "report", store, "--out", tmp_path / "page.html", "--json")
    assert json.loads(ended.out)["title"] == "Regions of model.npz"
    assert "are known" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_name_of_a_report_says_in_which_form(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "regions.db"
    assert run_command(capsys, "enumerate", model, "--domain", "box:-1,1", "--store", store).code == 0
    assert run_command(capsys, "report", store, "--out", tmp_path / "short.md").code == 0
    assert (tmp_path / "short.md").read_text(encoding="utf-8").startswith("# Regions of model.npz\n")
    assert run_command(capsys, "report", store, "--out", tmp_path / "short.JSON").code == 0
    assert json.loads((tmp_path / "short.JSON").read_text(encoding="utf-8"))["title"] == "Regions of model.npz"
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = run_command(capsys, "report", store, "--out", tmp_path / "page.html", "--pdf")
    assert_refused(ended, "Chromium")
    assert not (tmp_path / "page.html").exists()
