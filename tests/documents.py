"""The README and the pages of `docs/`, taken apart into commands, answers, files and snippets.

A ``console`` block holds commands behind ``$``, each with what it prints: ``…`` stands for lines that are left out, and
``$ echo $?`` shows the exit code of the command before it, which is 0 where nothing is said. A block with a title is a
file that the commands read. A ``python`` block is run as it stands.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from budgets import PATIENT

from relugeom.cli import main

REPOSITORY = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(?P<kind>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
SHOWN_CODE = "echo $?"


class Step(NamedTuple):
    """A command of a page, what the page shows of its answer, and the exit code."""

    page: str
    command: str
    shown: str
    code: int


class Answer(NamedTuple):
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int


def read_pages() -> dict[str, str]:
    """The text of each page: the README first, which makes the store that others ask."""
    paths = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return {str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8") for path in paths}


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of one kind on a page."""
    return [fence["text"] for fence in FENCE.finditer(text) if fence["kind"] == kind]


def files(text: str) -> dict[str, str]:
    """The files that a page shows, by name."""
    return {fence["title"]: fence["text"] for fence in FENCE.finditer(text) if fence["title"]}


def steps(page: str, text: str) -> list[Step]:
    """The commands of a page, in their order."""
    found: list[Step] = []
    for block in blocks(text, "console"):
        for command, shown in COMMAND.findall(block):
            if command == SHOWN_CODE:
                found[-1] = found[-1]._replace(code=int(shown))
            else:
                found.append(Step(page, command, shown, 0))
    return found


@dataclass
class Reader:
    """Somebody who types the commands of all pages in one folder, each of them once.

    `audit` is the command that makes the folder that pages ask about; it is typed when the first of them needs it.
    """

    folder: Path
    audit: str
    answers: dict[str, Answer] = field(default_factory=dict)

    def run(self, command: str, capsys: pytest.CaptureFixture[str]) -> Answer:
        """The answer to a command, from memory where it has been typed before."""
        if command != self.audit and self.audit not in self.answers and " audit/" in command:
            self.run(self.audit, capsys)
        if command not in self.answers:
            program, *arguments = shlex.split(command)
            assert program == "relugeom", f"only relugeom is typed here: {command}"
            with pytest.raises(SystemExit) as ended:
                main(arguments, budget=PATIENT)
            printed = capsys.readouterr()
            assert isinstance(ended.value.code, int)
            self.answers[command] = Answer(printed.out, printed.err, ended.value.code)
        return self.answers[command]
