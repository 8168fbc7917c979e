"""Files of odd kinds, at every place where a verb reads or writes one: exit code 2 and one line, at once."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import assert_refused, run_command, small_network, snapshot, write_network, write_rows

ENUMERATE = ("enumerate", "model.npz", "--domain", "box:-1,1")
READ = {
    "model": ("inspect", "{}"),
    "model beside a store": ("enumerate", "{}", "--domain", "box:-1,1", "--store", "new.db"),
    "second model": ("compare", "model.npz", "{}", "--domain", "box:-1,1"),
    "data": ("cluster", "model.npz", "{}"),
    "data of an audit": ("audit", "model.npz", "{}", "--out", "new"),
    "database": ("cluster", "model.npz", "points", "--data-url", "sqlite:///{}"),
    "domain": ("enumerate", "model.npz", "--domain", "{}"),
    "property": ("verify", "model.npz", "{}"),
    "certificate": ("check", "{}"),
    "store": ("query", "{}", "SELECT 1"),
    "store of a report": ("report", "{}", "--out", "new.html"),
    "store to upgrade": ("db", "upgrade", "{}"),
}
WRITTEN = {
    "store": (*ENUMERATE, "--store", "{}"),
    "folder": ("audit", "model.npz", "data.csv", "--out", "{}"),
    "folder of plain files": ("export", "model.npz", "--out", "{}"),
    "certificate": ("certify", "model.npz", "--domain", "box:-1,1", "--out", "{}"),
    "proof of a property": ("verify", "model.npz", "property.vnnlib", "--out", "{}"),
    "proof that two are equal": ("compare", "model.npz", "model.npz", "--domain", "box:-1,1", "--out", "{}"),
    "graph": ("graph", "model.npz", "101", "--out", "{}.json"),
    "picture": ("graph", "model.npz", "101", "--out", "{}.svg"),
    "report": ("report", "audit.db", "--out", "{}.html"),
}
ODD = {
    "pipe": "pipe",
    "link to a pipe": "link",
    "device without an end": "/dev/zero",
    "empty device": "/dev/null",
    "socket": "socket",
    "folder": "folder",
    "too long": "x" * 300,
    "zero character": "a\0b",
    "no name": "",
    "link to itself": "loop",
}
WITH_SUFFIX = ("model", "graph", "picture", "report")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a model, its data, and files of odd kinds; a verb that waits for a pipe fails after a minute."""
    write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    write_rows(tmp_path / "data.csv", "ab", [(1, 2), (-1, 0.5)])
    declared = "".join(f"(declare-const {name} Real)" for name in ("X_0", "X_1", "Y_0"))
    bounds = "".join(f"(assert (<= {name} 1)) (assert (>= {name} 0))" for name in ("X_0", "X_1"))
    (tmp_path / "property.vnnlib").write_text(f"{declared}{bounds}(assert (>= Y_0 100))")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    signal.alarm(60)
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind("socket")
        yield tmp_path
    signal.alarm(0)


@pytest.mark.parametrize("what", READ)
def test_what_is_read_is_a_regular_file(what: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, name in ODD.items():
        before = sorted(place.iterdir())
        arguments = [argument.replace("{}", name) for argument in READ[what]]
        ended = run_command(capsys, *arguments)
        assert_refused(ended, name[:20].split("\0")[-1])
        assert kind.split()[0] != "pipe" or "a pipe" in ended.err
        assert sorted(place.iterdir()) == before, kind


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_is_one_too(what: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(capsys, *ENUMERATE, "--store", "audit.db").code == 0
    suffix = WRITTEN[what][-1].removeprefix("{}")
    os.mkfifo(place / f"pipe{suffix or '.other'}")
    if suffix:
        (place / f"loop{suffix}").symlink_to(f"loop{suffix}")
    (place / f"folder{suffix or '.other'}").mkdir()
    odd = {kind: name for kind, name in ODD.items() if kind in ("pipe", "too long", "zero character", "link to itself")}
    if not what.startswith("folder"):
        odd["folder"] = "folder"
    if not suffix:
        odd["empty device"] = "/dev/null"
    for kind, name in odd.items():
        before = sorted(place.iterdir())
        ended = run_command(capsys, *(argument.replace("{}", name) for argument in WRITTEN[what]))
        assert_refused(ended, name[:20].split("\0")[-1])
        assert sorted(place.iterdir()) == before, kind


def test_links_to_files_are_followed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "linked.npz").symlink_to("model.npz")
    (place / "linked.csv").symlink_to("data.csv")
    assert run_command(capsys, "cluster", "linked.npz", "linked.csv").code == 0


def test_the_standard_input_is_no_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(run_command(capsys, "cluster", "model.npz", "-"), "the standard input cannot be read")
    (place / "-").write_text("a,b\n1,2\n")
    assert run_command(capsys, "cluster", "model.npz", "-").code == 0


def test_a_domain_beside_the_model_is_not_passed_over(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(place / "domain.toml")
    assert_refused(run_command(capsys, "audit", "model.npz", "data.csv", "--out", "new"), "domain.toml", "a pipe")


def test_a_text_without_an_end_is_not_read_whole(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (place / "long.toml").open("wb") as file:
        file.truncate(1 << 40)  # a file with a hole: it takes no room
    assert_refused(run_command(capsys, "enumerate", "model.npz", "--domain", "long.toml"), "long.toml", "bytes")
    (place / "long.toml").rename(place / "long.nnet")
    assert_refused(run_command(capsys, "inspect", "long.nnet"), "long.nnet", "bytes")


def test_names_with_odd_letters_are_names(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("new\nline", "\x1b[31mred", "\u202ertl", "😀", "a$b{c", "<b>", "é" * 100):
        (place / f"{name}.npz").write_bytes((place / "model.npz").read_bytes())
        ended = run_command(capsys, "inspect", f"{name}.npz")
        assert (ended.code, ended.err) == (0, "")
        assert_refused(run_command(capsys, "inspect", f"{name}.toml"))


def test_nothing_is_left_beside_what_could_not_be_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(place / "folder")
    assert_refused(run_command(capsys, *ENUMERATE, "--store", "folder/nowhere/audit.db"), "nowhere")
    assert_refused(run_command(capsys, "graph", "model.npz", "101", "--out", f"folder/{'x' * 300}.svg"), "too long")
    assert snapshot(place / "folder") == before
