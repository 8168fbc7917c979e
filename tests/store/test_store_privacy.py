"""A page without rows of the data: what is kept out follows from what an answer is about, never from its words."""

import shutil
from dataclasses import replace
from pathlib import Path

import hand_made
import pytest

from relugeom.audit import report_content
from relugeom.claims.subject import Question
from relugeom.geometry.domain import Domain
from relugeom.report.html import render_report
from relugeom.report.privacy import WITHHELD
from relugeom.store.database import migration
from relugeom.store.records import Answers, ClusterRecord
from relugeom.store.store import Store, open_store
from relugeom.store.subjects.datasets import describe_dataset

RANGE_NOTE = "The bounds of the domain are the least and largest values in the data."
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "audit.db") as opened:
        yield opened


def audit(store: Store, domain: Domain, name: str, samples=hand_made.SAMPLES) -> int:
    record = describe_dataset("people.csv", samples, hand_made.NAMES)
    with store.run("audit", network=hand_made.network(), domain=domain, domain_name=name, dataset=record) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance()))
        run.save(Answers(hand_made.ANSWERS))
    return run.id


AROUND = Domain.box(hand_made.SAMPLES.min(axis=0), hand_made.SAMPLES.max(axis=0))


def test_the_box_around_the_data_is_known_whatever_it_is_called(store):
    wider = hand_made.SAMPLES * 2
    mine = audit(store, AROUND, "mine.toml")
    other = audit(store, AROUND, "the range of the data", wider)
    integer = audit(store, replace(AROUND, kinds=("integer", "continuous")), "the range of the data")
    notes = {run: report_content(store, run, show_samples=False).notes for run in (mine, other, integer)}
    assert [RANGE_NOTE in notes[run] for run in (mine, other, integer)] == [True, False, False]
    assert not any("may be the least" in note for run in notes for note in notes[run])
    assert RANGE_NOTE not in report_content(store, mine).notes


def test_every_run_keeps_the_names_that_it_was_given(store):
    first, second = audit(store, AROUND, "mine.toml"), audit(store, AROUND, "yours.toml")
    assert dict(report_content(store, first).provenance)["domain"] == "mine.toml"
    assert dict(report_content(store, second).provenance)["domain"] == "yours.toml"


def test_inputs_that_may_be_samples_are_kept_out(store):
    run = audit(store, AROUND, "mine.toml")
    seen, kept = (report_content(store, run, show_samples=shown) for shown in (True, False))
    may_be = [answer.from_samples and bool(answer.shown) for answer in hand_made.ANSWERS]
    assert any(may_be) and not all(may_be)
    assert list(seen.answers["witness"].mask(may_be, WITHHELD)) == list(kept.answers["witness"])
    assert WITHHELD not in list(seen.answers["witness"])
    secret = seen.answers["witness"][may_be.index(True)]
    assert secret in render_report(seen)
    assert secret not in render_report(kept)
    assert "2 of 9 admissible inputs have such a counterpart" in render_report(kept)


@pytest.mark.parametrize("schema", ["0005", "0012"])
def test_of_older_runs_no_input_is_shown(tmp_path, schema):
    path = tmp_path / "old.db"
    shutil.copy(GOLDEN / f"schema_{schema}.db", path)
    path.chmod(0o644)
    migration.upgrade(path)
    with open_store(path) as store:
        answers = report_content(store, 1, show_samples=False).answers
        asked = report_content(store, 1).answers
    kinds = (Question.RANGE, Question.MONOTONICITY, Question.FAIRNESS)
    hidden = asked["question"].isin(kinds) & (asked["witness"] != "")
    assert hidden.any()
    assert list(answers["witness"]) == list(asked["witness"].mask(hidden, WITHHELD))
    assert list(answers["statement"]) == list(asked["statement"])
