"""Standard streams that are closed, full, or that nobody reads: for every verb, as a table and as JSON."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from budgets import SHORT
from command_line import small_network, write_network, write_rows

from relugeom.cli import main
from relugeom.cli.app import app, database

BOX = ("--domain", "box:-1,1")
VERBS = {
    "audit": (("audit", "model.npz", "data.csv", "--out", "{new}"), 0),
    "inspect": (("inspect", "model.npz"), 0),
    "cluster": (("cluster", "model.npz", "data.csv"), 0),
    "enumerate": (("enumerate", "model.npz", *BOX), 0),
    "locate": (("locate", "model.npz", "100", *BOX), 1),
    "graph": (("graph", "model.npz", "101", "--out", "{new}.json"), 0),
    "certify": (("certify", "model.npz", *BOX, "--out", "{new}"), 0),
    "check": (("check", "partition.cert", "--model", "other.npz"), 1),
    "export": (("export", "model.npz", *BOX, "--out", "{new}"), 0),
    "verify": (("verify", "model.npz", "property.vnnlib"), 1),
    "compare": (("compare", "model.npz", "other.npz", *BOX), 1),
    "query": (("query", "audit.db", "SELECT 1"), 0),
    "report": (("report", "audit.db", "--out", "{new}.html"), 0),
    "warm-up": (("warm-up",), 0),
    "db current": (("db", "current", "audit.db"), 0),
    "db upgrade": (("db", "upgrade", "audit.db"), 0),
    "db metadata": (("db", "metadata", "audit.db"), 0),
}
"""A call of each verb and its exit code: some whose answer is no must keep it when nobody reads."""
SILENT = ("graph", "export", "report")
"""Those that print nothing on the standard output, unless as JSON."""
WITHOUT_JSON = ("db metadata",)


def test_every_verb_is_here():
    names = {(entry.name or entry.callback.__name__) for entry in app.registered_commands}
    names |= {f"db {entry.name or entry.callback.__name__}" for entry in database.registered_commands}
    assert names == set(VERBS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the verbs need."""
    folder = tmp_path_factory.mktemp("streams")
    write_network(folder / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    write_network(folder / "other.npz", small_network(2, 3, 1, seed=2, input_names=("a", "b")))
    write_rows(folder / "data.csv", "ab", [(1, 2), (-1, 0.5), (0, 1)])
    declared = "".join(f"(declare-const {name} Real)" for name in ("X_0", "X_1", "Y_0"))
    bounds = "".join(f"(assert (<= {name} 1)) (assert (>= {name} 0))" for name in ("X_0", "X_1"))
    (folder / "property.vnnlib").write_text(f"{declared}{bounds}(assert (>= Y_0 -100))")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(open_nothing, "enumerate", "model.npz", *BOX, "--store", "audit.db")
        run(open_nothing, "certify", "model.npz", *BOX, "--out", "partition.cert")
    return folder


@contextmanager
def open_nothing() -> Iterator[TextIO]:
    with Path(os.devnull).open("w") as stream:
        yield stream


@contextmanager
def open_full() -> Iterator[TextIO]:
    stream = Path("/dev/full").open("w")  # noqa: SIM115 (closing it flushes, which fails unless all was written)
    yield stream
    stream.close()


@contextmanager
def open_closed() -> Iterator[None]:
    yield None


@contextmanager
def open_unread() -> Iterator[TextIO]:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:  # noqa: PTH123 (a file descriptor)
        yield stream


def run(output: Callable, *arguments: str, errors: Callable | None = None) -> tuple[int, str]:
    """Run a verb on this standard output; its exit code and what it says on the error stream."""
    said = io.StringIO()
    with output() as out, (errors or open_closed)() as err, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", said if errors is None else err)
        with pytest.raises(SystemExit) as ended:
            main(arguments, budget=SHORT)
        assert sys.stdout is out
    return int(ended.value.code or 0), said.getvalue()


def calls(verb: str, folder: Path) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Ways to call a verb, and whether each prints an answer on the standard output."""
    for number, more in enumerate(
        [(), () if verb in WITHOUT_JSON else ("--json",) if verb != "query" else ("--format", "json")]
    ):
        new = str(folder / f"new{number}")
        yield (
            (*(argument.replace("{new}", new) for argument in VERBS[verb][0]), *more),
            bool(more) or verb not in SILENT,
        )


@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_that_cannot_be_written_is_no_success(verb, place, tmp_path, monkeypatch):
    monkeypatch.chdir(place)
    for arguments, answers in calls(verb, tmp_path):
        for output, reason in ((open_full, "No space left on device"), (open_closed, "closed")):
            code, said = run(output, *arguments)
            if answers:
                assert code == 2
                assert said.splitlines()[-1].startswith("relugeom: the standard output cannot be written")
                assert reason in said
            else:
                assert code == VERBS[verb][1]
            assert "Traceback" not in said


@pytest.mark.parametrize("verb", VERBS)
def test_who_stops_reading_changes_nothing_else(verb, place, tmp_path, monkeypatch):
    monkeypatch.chdir(place)
    for arguments, _ in calls(verb, tmp_path):
        code, said = run(open_unread, *arguments)
        assert code == VERBS[verb][1]
        assert "relugeom:" not in said


@pytest.mark.parametrize("errors", [open_full, open_closed, open_unread])
def test_what_the_error_stream_does_not_take_is_dropped(errors, place, monkeypatch):
    monkeypatch.chdir(place)
    assert run(open_nothing, "inspect", "nowhere.npz", errors=errors)[0] == 2
    assert run(open_full, "inspect", "model.npz", errors=errors)[0] == 2
    assert run(open_nothing, "locate", "model.npz", "100", *BOX, errors=errors)[0] == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["audit", "--help"], ["db", "--help"]])
def test_help_that_cannot_be_written(arguments):
    assert run(open_full, *arguments)[0] == 2
    assert run(open_closed, *arguments)[0] == 2
    assert run(open_unread, *arguments) == (0, "")


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_that_is_gone(verb, place, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for arguments, _ in calls(verb, tmp_path):
        code, said = run(open_nothing, *(str(place / one) if (place / one).exists() else one for one in arguments))
        assert code == 2
        assert said.startswith("relugeom: the working directory cannot be used")
        assert said.count("\n") == 1
    assert run(open_nothing, "--version") == (0, "")


SHELL = {
    "closed": (">&-", 2, "relugeom: the standard output cannot be written: it is closed"),
    "full": ("> /dev/full", 2, "relugeom: the standard output cannot be written: No space left on device"),
    "all closed": ("<&- >&- 2>&-", 2, ""),
    "unread": ("| head -c 1 > /dev/null", 0, ""),
}


@pytest.mark.parametrize("how", SHELL)
def test_processes(how, place):
    """The same from a shell; what Python does with its streams when it ends is part of it."""
    redirected, code, said = SHELL[how]
    command = f"'{sys.executable}' -m relugeom inspect model.npz {redirected}"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=place, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == code
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == bool(said)


def test_a_store_does_not_take_the_place_of_a_closed_stream(place):
    """A file that is opened where a standard stream should be would be written to by whoever writes to that stream."""
    program = (
        "import os, sys\nfrom relugeom.cli.streams import standard_streams\n"
        "with standard_streams():\n    sys.exit(os.open(sys.argv[1], os.O_RDONLY))"
    )
    command = f'\'{sys.executable}\' -c "$0" "$1" <&- >&- 2>&-'
    ended = subprocess.run(["bash", "-c", command, program, str(place / "audit.db")], check=False, timeout=60)
    assert ended.returncode > 2


def test_no_folder_for_temporary_files_is_one_line(place, tmp_path):
    """Matplotlib wants a folder of its own, in the home directory or among temporary files."""
    program = (
        "import os, sys, tempfile\ntempfile._candidate_tempdir_list = lambda: []\n"
        "from relugeom.cli import main\nmain(sys.argv[1:])"
    )
    arguments = ("graph", "model.npz", "101", "--out", str(tmp_path / "graph.png"))
    nowhere = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), "/proc/nowhere")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=place,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("relugeom: the operating system does not allow this to continue: Matplotlib")
    assert ended.stderr.count("\n") == 1
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "relugeom", *arguments],
        cwd=place,
        env=os.environ | nowhere | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0
    assert ended.stderr.count("\n") == 1
