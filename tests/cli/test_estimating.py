"""The option `--estimate`: a number or an interval, in a table and as JSON; options that need a list are refused."""

import json
import re
from pathlib import Path

import pytest
from command_line import run_command, write_network
from networks import he_network

from relugeom.geometry.domain import Domain
from relugeom.search.enumeration import enumerate_regions

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/json.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_network(tmp_path / "small.npz", he_network(1, 2, 5, 1))
    write_network(tmp_path / "large.npz", he_network(2, 12, 30, 20, 1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_small_network_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_command(capsys, "enumerate", "small.npz", "--domain", "box:-1,1", "--estimate", "--json")
    found = json.loads(ended.out)
    domain = Domain.box([-1.0, -1.0], [1.0, 1.0])
    truth = len(enumerate_regions(he_network(1, 2, 5, 1), domain))
    assert (ended.code, found["status"]) == (0, "complete")
    assert found["regions"] == found["low"] == found["high"] == truth
    table = run_command(capsys, "enumerate", "small.npz", "--domain", "box:-1,1", "--estimate").out
    assert f"{truth}, all of which were listed" in table
    assert {path.name for path in folder.iterdir()} == {"small.npz", "large.npz"}


def test_a_large_network_is_estimated_in_the_time_that_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("enumerate", "large.npz", "--domain", "box:-1,1", "--estimate", "--time-limit")
    ended = run_command(capsys, *arguments, "3", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["status"]) == (0, "estimated")
    assert found["patterns_met"] <= found["low"] < found["regions"] < found["high"]
    assert found["regions"] > 1e6 and found["confidence"] == 0.95
    ended = run_command(capsys, *arguments, "0.001", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["status"], found["regions"]) == (3, "unknown", None)
    table = run_command(capsys, *arguments, "0.001").out
    assert "no estimate in this time" in table and "unknown" in table


@pytest.mark.parametrize("option", [("--store", "a.db"), ("--resume",), ("--measure",)])
def test_what_needs_regions_is_refused(
    option: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run_command(capsys, "enumerate", "small.npz", "--domain", "box:-1,1", "--estimate", *option)
    assert ended.code == 2 and option[0] in ended.err and not (folder / "a.db").exists()


def test_every_key_is_documented(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(
        run_command(capsys, "enumerate", "small.npz", "--domain", "box:-1,1", "--estimate", "--json").out
    )
    section = PAGE.read_text(encoding="utf-8").partition("With `--estimate`")[2].partition("\n## ")[0]
    keys = [key for line in re.findall(r"^- ([^:]*):", section, re.MULTILINE) for key in re.findall(r"`(\w+)`", line)]
    named = [*keys, *(key for key in ("confidence", "pace", "machine_code") if f"`{key}`" in section)]
    assert sorted(found) == sorted(named)
