"""Questions prove by themselves, or ask a settler that is told how much time is left."""

from dataclasses import replace

import numpy as np
import pytest
from limits import Looks
from networks import he_network

import relugeom as rg
from relugeom.certificate.claim import settle_claim
from relugeom.checker import check
from relugeom.claims.claim import OutputBound
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision
from relugeom.questions.equivalence import compare_networks
from relugeom.questions.fairness import protected_fairness
from relugeom.questions.monotonicity import monotonicity
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.robustness import distance_to_other_decision
from relugeom.questions.sample_robustness import sample_robustness
from relugeom.questions.settler import PlainSettle, Prover, Settler, asking, settler_of
from relugeom.questions.simplification import prove_simplification, simplify_network
from relugeom.questions.unit_signs import bound_unit_signs

NETWORK, SQUARE = he_network(3, 2, 6, 5, 1), Domain.box([-1, -1], [1, 1])
ASKED = {
    "output bounds": lambda settle, limit: output_bounds(NETWORK, SQUARE, settle, time_limit=limit),
    "monotonicity": lambda settle, limit: monotonicity(NETWORK, SQUARE, settle, feature=0, time_limit=limit),
    "fairness": lambda settle, limit: protected_fairness(DECIDING, SQUARE, settle, [0], time_limit=limit),
    "comparison": lambda settle, limit: compare_networks(NETWORK, NETWORK, SQUARE, settle, time_limit=limit),
    "distance": lambda settle, limit: distance_to_other_decision(
        DECIDING, SQUARE, settle, np.zeros(2), time_limit=limit
    ),
}
DECIDING = replace(NETWORK, decision=Decision.at_threshold(100.0))  # one class everywhere: only a proof shows it
VERDICTS = {
    "output bounds": lambda found: {found.lowest.verdict, found.highest.verdict},
    "monotonicity": lambda found: {found.never_falls.verdict, found.never_rises.verdict} - {Verdict.FAILS},
    "fairness": lambda found: {found.same_decision.verdict},
    "comparison": lambda found: {found.equivalent.verdict},
    "distance": lambda found: {found.verdict},
}


@pytest.mark.parametrize("name", ASKED)
def test_a_proof_is_told_how_much_time_is_left(name):
    limits = []

    class Watching:
        def settle(self, claim, domain, *, time_limit=None):
            assert domain.inputs == 2
            limits.append(time_limit)
            return Settlement(claim, Verdict.UNKNOWN, reason="nobody tried")

    settle = Watching()
    limit = Deadline.of(3600)
    ASKED[name](settle, limit)
    assert all(part.end <= limit.end for part in limits)
    assert bool(limits) is (name != "monotonicity")  # where two inputs show that a direction fails, nothing is asked
    limits.clear()
    ASKED[name](settle, None)
    assert set(limits) <= {NEVER}


@pytest.mark.parametrize("name", ASKED)
def test_after_the_limit_no_claim_is_asked_and_none_is_known(name):
    def settle(*_asked):
        raise AssertionError("a claim was asked although there is no time")

    assert VERDICTS[name](ASKED[name](settle, Looks.until(0))) <= {Verdict.UNKNOWN}


CENTRE, SMALL = np.zeros(2), he_network(3, 2, 4, 3, 1)
DECIDED = replace(SMALL, decision=Decision.at_threshold(0.5))


def on_square(claim):
    return settle_claim(claim, DECIDED, SQUARE)


OLDER_ORDER = {
    "output bounds": (
        lambda: output_bounds(DECIDED, SQUARE),
        lambda: output_bounds(DECIDED, SQUARE, on_square),
    ),
    "monotonicity": (
        lambda: monotonicity(DECIDED, SQUARE, feature=0),
        lambda: monotonicity(DECIDED, SQUARE, on_square, feature=0),
    ),
    "fairness": (
        lambda: protected_fairness(DECIDED, SQUARE, [0]),
        lambda: protected_fairness(DECIDED, SQUARE, on_square, [0]),
    ),
    "comparison": (
        lambda: compare_networks(DECIDED, DECIDED, SQUARE),
        lambda: compare_networks(
            DECIDED, DECIDED, SQUARE, lambda claim: settle_claim(claim, DECIDED, SQUARE, second_network=DECIDED)
        ),
    ),
    "distance": (
        lambda: distance_to_other_decision(DECIDED, SQUARE, CENTRE, frozen=[1]),
        lambda: distance_to_other_decision(
            DECIDED, SQUARE, lambda domain, claim: settle_claim(claim, DECIDED, domain), CENTRE, frozen=[1]
        ),
    ),
    "distances": (
        lambda: sample_robustness(DECIDED, SQUARE, [CENTRE]),
        lambda: sample_robustness(
            DECIDED, SQUARE, lambda row, domain, claim: settle_claim(claim, DECIDED, domain), [CENTRE]
        ),
    ),
}


def in_short(found: object) -> str:
    """What an answer says, without addresses and times."""
    names = getattr(found, "__slots__", ())
    return str([str(getattr(found, name)) for name in names if name != "seconds"])


@pytest.mark.parametrize("name", OLDER_ORDER)
def test_a_question_proves_by_itself_what_a_settler_would_have_proved(name):
    by_itself, with_settler = OLDER_ORDER[name]
    assert in_short(by_itself()) == in_short(with_settler())


@pytest.mark.parametrize("name", OLDER_ORDER)
def test_a_settler_in_the_place_of_older_calls_is_the_one_that_is_asked(name, monkeypatch):
    """Without it the prover would be asked."""

    def refuse(*_asked, **_options):
        raise AssertionError("the prover was asked")

    _, with_settler = OLDER_ORDER[name]
    monkeypatch.setattr("relugeom.questions.settler.settle_claim", refuse)
    with_settler()


@pytest.mark.parametrize("wrong", [3, [0.0, 0.0], "prover"])
def test_what_settles_nothing_is_refused(wrong):
    for ask in (
        lambda: output_bounds(DECIDED, SQUARE, wrong),
        lambda: protected_fairness(DECIDED, SQUARE, [0], settle=wrong),
        lambda: distance_to_other_decision(DECIDED, SQUARE, CENTRE, settle=wrong),
        lambda: compare_networks(DECIDED, DECIDED, SQUARE, settle=wrong),
    ):
        with pytest.raises(InputError, match="cannot settle claims: give a Prover"):
            ask()


def test_a_prover_has_its_own_limit_where_that_comes_first(monkeypatch):
    seen = []

    def watch(claim, *_about, time_limit, **_options):
        seen.append(Deadline.of(time_limit).seconds_left)
        return Settlement(claim, Verdict.UNKNOWN)

    monkeypatch.setattr("relugeom.questions.settler.settle_claim", watch)
    prover = Prover(SMALL, claim_seconds=5)
    asking(prover, SQUARE, Deadline.of(1000))(OutputBound((1,), 0))
    asking(prover, SQUARE, Deadline.of(2))(OutputBound((1,), 0))
    assert 2 < seen[0] <= 5 and seen[1] <= 2


def test_a_prover_keeps_every_proof_and_overwrites_none(tmp_path):
    """Two questions that share a folder number on; the certificates are those of the answers."""
    folder = tmp_path / "new" / "proofs"
    for _ in range(2):
        found = output_bounds(SMALL, SQUARE, Prover(SMALL, certificates=folder))
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == ["0001.cert", "0002.cert", "0003.cert", "0004.cert"]
    assert [end.settlement.proof.path.name for end in (found.lowest, found.highest)] == kept[2:]
    assert all(check(str(folder / name))["closed"] for name in kept)


def test_two_networks_are_compared_with_a_certificate_of_the_equality_alone(tmp_path):
    path = tmp_path / "same.cert"
    same = compare_networks(SMALL, SMALL, SQUARE, certificate=path)
    assert same.equivalent.proof.path == path and check(str(path))["closed"] == same.equivalent.proof.cells
    path.unlink()
    moved = replace(SMALL, biases=(*SMALL.biases[:-1], SMALL.biases[-1] + 0.25))
    other = compare_networks(SMALL, moved, SQUARE, certificate=path)
    assert other.equivalent.verdict is Verdict.FAILS and not path.exists()
    assert [float(end.value) for end in other.differences] == [0.25]
    with pytest.raises(InputError, match="certificate= is only for the prover"):
        compare_networks(SMALL, SMALL, SQUARE, Prover(SMALL, second_network=SMALL), certificate=path)


def test_a_smaller_network_is_proved_to_be_the_same_function(tmp_path):
    dead = replace(SMALL, biases=(SMALL.biases[0] - 10.0 * (np.arange(4) == 2), *SMALL.biases[1:]))
    found = simplify_network(dead, bound_unit_signs(dead, SQUARE))
    assert found.removed and found.domain == SQUARE
    proved = prove_simplification(found, certificate=tmp_path / "smaller.cert")
    assert proved.verdict is Verdict.HOLDS
    assert check(str(tmp_path / "smaller.cert"))["closed"] == proved.proof.cells
    assert prove_simplification(found, time_limit=Deadline(0)).verdict is Verdict.UNKNOWN
    beyond = prove_simplification(found, Domain.everything(2))
    assert beyond.verdict is Verdict.FAILS  # where the signs were not asked for, it is another function


def test_settlers_are_public_and_told_apart_from_functions():
    assert (rg.Prover, rg.Settler, rg.prove_simplification) == (Prover, Settler, prove_simplification)
    prover = Prover(SMALL)
    assert settler_of(None, prover) is prover and settler_of(prover, Prover(DECIDED)) is prover
    plain: PlainSettle = on_square
    assert isinstance(settler_of(plain, prover), Settler) and not isinstance(plain, Settler)
