"""A reason has a cause that programs compare, and its words are shown as they are."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.certificate.claim import certify_claim, settle_claim
from relugeom.certificate.claim_proof.counterexample import FalseClaimError
from relugeom.claims.answer import Answer
from relugeom.claims.claim import OutputBound
from relugeom.claims.reason import NO_REASON, Cause, Reason, as_reason
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.claims.subject import Question, Subject
from relugeom.deadline import Deadline
from relugeom.errors import CertificateError
from relugeom.geometry.domain import Domain

NETWORK, DOMAIN = he_network(0, 2, 6, 1), Domain.box([-1] * 2, [1] * 2)
TOP = OutputBound((1,), Fraction(1, 10))


def test_a_reason_reads_as_its_full_text():
    reason = Reason(Cause.LIMIT, "not asked", "not asked: only the first 5 are")
    assert (str(reason), f"{reason}", bool(reason)) == (reason.full, reason.full, True)
    assert str(Reason(Cause.LIMIT, "not asked")) == "not asked"
    assert not NO_REASON and str(NO_REASON) == "" and NO_REASON.cause is None


@pytest.mark.parametrize("made", [Settlement(TOP, Verdict.UNKNOWN, reason="odd (so)"), None])
def test_a_settler_may_give_plain_text(made):
    made = made or Answer(Subject(Question.RANGE, output=0), Verdict.UNKNOWN, reason="odd (so)")
    assert made.reason == Reason(Cause.OTHER, "odd (so)")
    assert as_reason("") is NO_REASON and as_reason(made.reason) is made.reason


@pytest.mark.parametrize(
    ("limits", "cause"),
    [({"max_cells": 0}, Cause.LIMIT), ({"time_limit": Deadline(0)}, Cause.TIME)],
)
def test_a_proof_that_ends_at_a_limit_says_at_which(limits, cause):
    most = OutputBound((1,), Fraction(10**6) if cause is Cause.TIME else _nearly_the_highest())
    found = settle_claim(most, NETWORK, DOMAIN, **limits)
    assert (found.verdict, found.reason.cause) == (Verdict.UNKNOWN, cause)
    assert str(found.reason).startswith(f"{found.reason.short} (") and "(" not in found.reason.short
    with pytest.raises(CertificateError, match="allow more, or claim less") as caught:
        certify_claim(most, NETWORK, DOMAIN, "never-written.cert", **limits)
    assert caught.value.reason.cause is cause


def test_a_false_claim_has_an_input_for_its_reason():
    found = settle_claim(OutputBound((1,), -1000), NETWORK, DOMAIN)
    assert (found.verdict, found.reason.cause) == (Verdict.FAILS, Cause.INPUT)
    with pytest.raises(FalseClaimError) as caught:
        certify_claim(OutputBound((1,), -1000), NETWORK, DOMAIN, "never-written.cert")
    assert str(caught.value) == str(found.reason) == str(caught.value.reason)


def _nearly_the_highest() -> Fraction:
    """A bound that holds, but not in one cell."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 41)] * 2), axis=-1).reshape(-1, 2)
    hidden = np.maximum(grid @ NETWORK.weights[0].T + NETWORK.biases[0], 0)
    return Fraction(float((hidden @ NETWORK.weights[1].T + NETWORK.biases[1]).max())) + Fraction(1, 1000)
