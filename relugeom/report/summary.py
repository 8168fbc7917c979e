"""The first page of a report as Markdown and as JSON, for tickets, model registers and pipelines.

The one idea: both say what the page says, and nothing else; names are escaped, so that they stay words.
"""

import json
import re
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path

from relugeom.files import write_whole
from relugeom.printing import printable
from relugeom.report.content import ReportContent
from relugeom.report.front_page import front_page, tally
from relugeom.report.page_tables import by_name, proof_name, records_of
from relugeom.report.two_sides import shown_verdict

__all__ = ["SUMMARY_SUFFIXES", "render_json", "render_markdown", "write_summary"]

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&-])")
"""Marks that Markdown or HTML could take for something else."""
STATED = ("question", "statement", "verdict", "value", "lower", "upper", "sha256")


def write_summary(content: ReportContent, path: str | Path) -> None:
    """Write a summary to a ``.md`` or ``.json`` file, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_whole(path, RENDERERS[Path(path).suffix.lower()](content).encode())


def render_markdown(content: ReportContent) -> str:
    """The first page as Markdown."""
    front = front_page(content)
    blocks = [
        f"# {_escaped(content.title)}",
        _escaped(content.interruption),
        f"**{_escaped(front.required)}**" if front.required else "",
        _table(
            ("requirement", "verdict", "finding"),
            ((line.statement, line.verdict or "", line.finding) for line in content.requirements),
        ),
        f"**{_escaped(front.overall)}**" if front.overall else "",
        _facts(content.summary),
        _table(
            ("statement", "verdict", "finding", "certificate"),
            (
                (line.statement, line.verdict or "", line.finding, ", ".join(map(proof_name, line.proofs)))
                for line in content.headlines
            ),
        ),
        _chapter("Identity", _facts(front.identity)),
        _chapter("Limits", "\n".join(f"- {_escaped(note)}" for note in content.notes)),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def render_json(content: ReportContent) -> str:
    """The first page as one JSON object, with every statement and its numbers."""
    front = front_page(content)
    answers = [] if content.answers is None else [by_name(row) for row in records_of(content.answers)]
    told = {
        "title": content.title,
        "interruption": content.interruption or None,
        "requirements": [
            {"requirement": line.statement, "verdict": line.verdict, "finding": line.finding}
            for line in content.requirements
        ],
        "overall": front.overall,
        "verdicts": dict(tally(content)),
        "summary": dict(content.summary),
        "headlines": [
            {
                "statement": line.statement,
                "verdict": line.verdict,
                "finding": line.finding,
                "certificates": [proof_name(file) for file in line.proofs],
            }
            for line in content.headlines
        ],
        "statements": [
            {name: _plain(row[name]) for name in STATED}
            | {"shown": shown_verdict(row), "certificate": proof_name(row["file"]) or None}
            for row in answers
        ],
        "identity": dict(front.identity),
        "limits": list(content.notes),
    }
    return json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


RENDERERS = {".md": render_markdown, ".json": render_json}
SUMMARY_SUFFIXES = tuple(RENDERERS)
"""The kinds of file that `write_summary` writes."""


def _plain(value: object) -> object:
    """The value, or None for what is missing; JSON has no NaN."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", printable(text))


def _chapter(title: str, text: str) -> str:
    return f"## {title}\n\n{text}" if text else ""


def _facts(entries: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {_escaped(label)}: {_escaped(text)}" for label, text in entries)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings), *lines]) if lines else ""
