"""The first page: the verdict on everything in one sentence, which counts what the table of answers has."""

from dataclasses import replace

import pandas as pd
import pytest
from report_samples import pictured_content

from relugeom.report.front_page import front_page
from relugeom.report.page_tables import answer_table, direction_table


@pytest.fixture(scope="module")
def content():
    return pictured_content()


def with_verdicts(content, *verdicts):
    """The content with one answer about a direction for each verdict."""
    row = content.answers[content.answers["question"] == "monotonicity"].head(1)
    rows = [row.assign(verdict=verdict, lower=None, upper=None) for verdict in verdicts]
    return replace(content, answers=pd.concat(rows, ignore_index=True) if rows else None)


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ((), ""),
        (("holds",), "1 statement about the whole domain holds."),
        (("fails",) * 3, "All 3 statements about the whole domain are settled: 3 fail."),
        (("holds", "fails", "fails"), "All 3 statements about the whole domain are settled: 1 holds and 2 fail."),
        (("holds", "unknown"), "Of 2 statements about the whole domain, 1 holds and 1 is open."),
        (("unknown", "unknown"), "Of 2 statements about the whole domain, 2 are open."),
    ],
)
def test_the_verdict_on_everything(content, verdicts, sentence):
    page = front_page(with_verdicts(content, *verdicts))
    assert page.overall == sentence
    assert page.tone == ("fair" if "unknown" in verdicts else "good")


def test_a_number_between_bounds_is_not_settled(content):
    overall = front_page(content).overall
    assert overall == ("Of 4 statements about the whole domain, 1 holds, 1 fails, 1 is between bounds and 1 is open.")


def test_every_answer_is_in_one_of_the_two_tables(content):
    directions, others = (answer_table(content.answers, directions=directions) for directions in (True, False))
    assert len(directions.rows) + len(others.rows) == len(content.answers)
    assert [row[0].text for row in directions.rows] == content.answers["statement"].tolist()[2:]


def test_both_directions_of_a_feature_share_a_row(content):
    moves = content.answers[content.answers["question"] == "monotonicity"]
    first = pd.concat([moves.assign(feature=name, position=at) for at, name in enumerate(("b", "a"))])
    table = direction_table(first)
    assert [[cell.text for cell in row] for row in table.rows] == [["b", "fails", "unknown"], ["a", "fails", "unknown"]]
    second = pd.concat([first.assign(output="y1", output_position=1), first])
    table = direction_table(second)
    assert [heading for heading, _ in table.headings] == ["output", "feature", "never falls", "never rises"]
    assert [row[0].text for row in table.rows][2:] == ["y1", "y1"]


def test_a_column_without_a_certificate_is_left_out(content):
    assert answer_table(content.answers, directions=False).headings[-1][0] == "certificate"
    assert answer_table(content.answers, directions=True).headings[-1][0] == "shown by"
