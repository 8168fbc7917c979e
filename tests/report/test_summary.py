"""Summaries as Markdown and JSON: what the page says, with names that stay words."""

import json
import re

import pytest
from report_samples import HOSTILE, pictured_content

from relugeom.printing import printable
from relugeom.report.summary import render_json, render_markdown, write_summary


@pytest.fixture(scope="module")
def content():
    return pictured_content(features=HOSTILE[:3], output=HOSTILE[3])


def test_markdown_has_the_first_page_and_every_mark_in_a_name_is_escaped(content):
    text = render_markdown(content)
    assert text.startswith("# ")
    assert text.count("\n| ") == len(content.headlines) + 2
    unescaped = re.sub(r"\\([^\w\s])", r"\1", text)
    for line in content.headlines:
        assert printable(line.statement) in unescaped
    assert re.search(r"(?<!\\)[<`\[]", text) is None


def test_json_says_what_the_page_says(content, tmp_path):
    write_summary(content, tmp_path / "report.json")
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert told == json.loads(render_json(content))
    assert told["title"] == content.title
    assert [line["statement"] for line in told["headlines"]] == [line.statement for line in content.headlines]
    assert [row["verdict"] for row in told["statements"]] == content.answers["verdict"].tolist()
    assert told["statements"][1]["lower"] == 0.5
    assert told["statements"][1]["shown"] == "between bounds"
    assert sum(told["verdicts"].values()) == len(content.answers)
