"""Bounds of questions that were not asked: what random inputs show never lies beyond them."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.audit.first_bounds import FirstBounds
from relugeom.audit.questions import ask_questions
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.search.enumeration import enumerate_regions

BOX = Domain.box([-1, 0, -2], [1, 2, 0.5])
INPUTS = BOX.lower + np.random.default_rng(0).random((400, 3)) * (BOX.upper - BOX.lower)


def of(network: ReLUNetwork, subject: Subject, domain: Domain = BOX) -> tuple[Fraction | None, Fraction | None]:
    return FirstBounds(network, domain).of(subject)


@pytest.mark.parametrize("seed", range(5))
def test_no_input_goes_beyond_them(seed):
    network = he_network(seed, 3, 6, 5, 3)
    values = evaluate(network, INPUTS)
    for output in range(3):
        for side in (None, *Side):
            low, high = of(network, Subject(Question.RANGE, output=output, side=side))
            assert low <= values[:, output].min() and values[:, output].max() <= high
        low, most = of(network, Subject(Question.MONOTONICITY, output=output, feature=1, direction=Direction.FALLS))
        assert low == 0 and most >= np.ptp(values[:, output])
    low, high = of(network, Subject(Question.RANGE, further=2))
    assert low <= values[:, 1:].min() and values[:, 1:].max() <= high
    assert of(network, Subject(Question.MONOTONICITY, further=4))[1] >= np.ptp(values, axis=0).max()


@pytest.mark.parametrize("seed", range(5))
def test_two_decisions_are_no_further_apart(seed):
    network = he_network(seed, 3, 6, 1)
    values = evaluate(network, INPUTS)[:, 0]
    low, high = of(network, Subject(Question.FAIRNESS, protected=(0,)))
    assert low <= -np.abs(values).max() and high >= min(values.max(), -values.min())


def test_what_has_no_bound_and_what_is_about_no_output_has_none():
    network = he_network(0, 3, 6, 1)
    assert of(network, Subject(Question.SIMPLIFICATION)) == (None, None)
    assert of(network, Subject(Question.RANGE, output=0), Domain.box([-1] * 3, [1, 1, np.inf])) == (None, None)


@pytest.mark.parametrize("seconds", [0, 1e-3])
def test_every_question_that_is_left_open_has_two_sides(tmp_path, seconds):
    """A unit that is never needed is the exception: without a smaller network there is nothing to bound."""
    network = he_network(3, 3, 30, 30, 12)
    partition = enumerate_regions(network, BOX, max_regions=2)
    answers = ask_questions(
        partition,
        INPUTS[:5],
        ProofFile(tmp_path / "proofs.cert", network),
        protected=(0,),
        time_limit=seconds,
        on_progress=lambda _: None,
        on_answers=lambda _: None,
    )
    unknown = [answer for answer in answers if answer.verdict is Verdict.UNKNOWN]
    assert {answer.subject.question for answer in unknown} > {Question.RANGE}
    for answer in unknown:
        if answer.subject.question is not Question.SIMPLIFICATION or answer.subject.second_network:
            assert answer.lower is not None and answer.upper is not None and answer.lower <= answer.upper, answer
