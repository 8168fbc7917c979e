"""The order of an audit's questions: a quick pass over all of them, then shares of the time by value."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network

from relugeom.audit.order import VALUES, Shares
from relugeom.audit.questions import ask_questions
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Question
from relugeom.geometry.domain import Domain
from relugeom.questions.monotonicity import monotonicity
from relugeom.search.enumeration import enumerate_regions


@given(st.lists(st.sampled_from(list(Question)), min_size=1, max_size=30))
def test_kinds_share_the_time_by_their_weights_and_their_questions_alike(kinds):
    shares, left, got = Shares(kinds), 1.0, Counter()
    for kind in kinds:
        part = shares.next(kind) * left
        assert part == pytest.approx(VALUES[kind] / kinds.count(kind) / sum(VALUES[each] for each in set(kinds)))
        left, got[kind] = left - part, got[kind] + part
    assert left == pytest.approx(0, abs=1e-9)


def test_what_a_question_saves_goes_to_those_after_it():
    shares = Shares([Question.RANGE, Question.MONOTONICITY])
    shares.next(Question.RANGE)  # and takes nothing
    assert shares.next(Question.MONOTONICITY) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_pass_changes_no_verdict_and_keeps_no_proof_twice(seed, tmp_path):
    network, domain = he_network(seed, 3, 6, 1), Domain.box(np.full(3, -1.0), np.full(3, 1.0))
    proofs = tmp_path / "proofs.cert"
    answers = ask_questions(
        enumerate_regions(network, domain, max_regions=1),
        np.zeros((0, 3)),
        ProofFile(proofs, network),
        time_limit=None,
        on_progress=lambda _: None,
        on_answers=lambda _: None,
    )
    assert Verdict.UNKNOWN not in {answer.verdict for answer in answers}
    moves = {}
    for answer in answers:
        if answer.subject.question is Question.MONOTONICITY:
            moves.setdefault(answer.subject.feature, []).append(answer.verdict)
    for feature, verdicts in moves.items():
        found = monotonicity(network, domain, feature=feature)
        assert verdicts == [found.never_falls.verdict, found.never_rises.verdict]
    kept = [answer.proof.path.name for answer in answers if answer.proof is not None]
    written = [line.split()[1] for line in proofs.read_bytes().splitlines() if line.startswith(b"claim ")]
    assert sorted(map(bytes.decode, written)) == sorted(kept)
