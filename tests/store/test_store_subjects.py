"""Subjects of answers come back as they were saved, and the sentence that is stored is the one that they make."""

import hand_made
import pytest
from databases import Database

from relugeom.claims.answer import Answer
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.claims.words import answer_in_words
from relugeom.partition.scope import names_on
from relugeom.store.records import Answers
from relugeom.store.store import Store

SUBJECTS = [
    subject
    for scope in Scope
    for subject in (
        Subject(Question.FAIRNESS, scope, protected=(0,)),
        Subject(Question.FAIRNESS, scope, protected=(1, 0)),
        *(Subject(Question.RANGE, scope, output=0, side=side) for side in (None, *Side)),
        Subject(Question.RANGE, scope, further=7),
        *(
            Subject(Question.MONOTONICITY, scope, output=0, feature=feature, direction=direction)
            for feature in (0, 1)
            for direction in Direction
        ),
        Subject(Question.MONOTONICITY, scope, further=7),
        Subject(Question.SIMPLIFICATION, scope),
        Subject(Question.SIMPLIFICATION, scope, second_network="smaller net.npz"),
    )
]
HOSTILE = ("y0 never falls when", 'a\nge, "fare"')


@pytest.mark.parametrize("features", [hand_made.NAMES, HOSTILE])
def test_subjects_come_back_with_their_sentences(store: Store, database: Database, features: tuple[str, str]) -> None:
    answers = [Answer(subject, Verdict.UNKNOWN, part=2, whole=3) for subject in SUBJECTS]
    network, domain = hand_made.network(names=features), hand_made.domain()
    with store.run("audit", network=network, domain=domain) as run:
        run.save(Answers(answers[:3]))
        run.save(Answers(answers[3:]))
    assert store.load_subjects(run.id) == SUBJECTS
    said = [answer_in_words(answer, names_on(network, domain)) for answer in answers]
    assert len(set(said)) == len(SUBJECTS)
    assert database.ask("SELECT statement FROM answer_list ORDER BY number") == [(sentence,) for sentence in said]


def test_subjects_go_with_their_run(store: Store, database: Database) -> None:
    hand_made.save_audit(store)
    database.change("DELETE FROM runs")
    assert database.ask("SELECT count(*) FROM protected_features") == [(0,)]
    assert store.load_subjects(1) == []
