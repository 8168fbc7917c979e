"""The README's commands and snippets, run as they stand."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from relugeom.cli import main
from relugeom.store.views import list_views

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
CONSOLE = [part for block in BLOCKS for part in re.findall(r"\$ relugeom (.*?)\n((?:(?!\$ ).*\n)*)", block)]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"```\n(python3 -m venv .*?)```", README, re.DOTALL)[0].splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, patient_audits: None) -> Path:
    """A folder with the examples in it, where the commands run one after the other."""
    place = tmp_path_factory.mktemp("readme")
    (place / "examples").symlink_to(REPOSITORY / "examples")
    return place


def lines(text: str) -> Iterator[str]:
    """Lines without their outer blanks; the tables' columns may be padded differently."""
    return (" ".join(line.split()) for line in text.splitlines() if line.strip())


def test_there_is_something_to_test() -> None:
    assert len(CONSOLE) >= 5
    assert len(PYTHON) >= 2


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command[:30] for command, _ in CONSOLE])
def test_a_command_prints_what_the_readme_shows(
    command: str, shown: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    printed = capsys.readouterr()
    code = 1 if command.startswith("locate") else 0
    assert ended.value.code == code, printed.err
    if command.startswith("query"):
        assert list(lines(printed.out)) == list(lines(shown)), "no row more, no row less"
    found = list(lines(printed.err + printed.out))
    for line in lines(shown):
        assert line == "…" or line in found


@pytest.mark.parametrize("view", list_views())
def test_every_view_is_shown_with_a_result(view: str) -> None:
    asked = re.compile(rf"\bFROM {view}\b")
    assert any(command.startswith("query") and asked.search(command) for command, _ in CONSOLE)


@pytest.mark.parametrize("snippet", PYTHON)
def test_a_snippet_runs(
    snippet: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    exec(compile(snippet, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_second_command_is_what_the_check_runs() -> None:
    assert COMMANDS[1].endswith(".venv/bin/python -m pytest")
    assert "-m pytest" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
