"""Inputs at hand show that a claim is false before anything is searched; what they show is so, exactly."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from claim_truth import lies_in_set
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network

from relugeom.certificate.claim import settle_claim
from relugeom.certificate.claim_proof.header_entry import as_excluded
from relugeom.certificate.given_inputs import find_counterexample
from relugeom.claims.ball import l1_ball, l2_ball, linf_ball
from relugeom.claims.claim import (
    Equivalent,
    Excluded,
    Monotone,
    OutputBound,
    SameDecision,
    SameLargest,
    Scope,
)
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.decision import Decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.questions.fairness import protected_fairness
from relugeom.questions.robustness import distance_to_other_decision

DOMAIN = Domain([-2, -2, 0], [2, 2, 1], kinds=("integer", "continuous", "binary"))


def inputs_of(random, count=30):
    X = np.column_stack(
        [random.integers(-2, 3, count), random.integers(-8, 9, count) / 4, random.integers(0, 2, count)]
    )
    X[::7, 0] += 0.5  # not admissible
    X[::11, 1] = 5.0  # outside
    return X


def claims(random, outputs):
    bound, scope = Fraction(int(random.integers(-4, 5))), random.choice(list(Scope))
    centre = [0, Fraction(1, 2), 0]
    unit = tuple(Fraction(int(k == 0)) for k in range(outputs))
    yield OutputBound(unit, bound, scope)
    for ball in (linf_ball(centre, 1), l1_ball(centre, 1), l2_ball(centre, squared_radius=2)):
        yield OutputBound(unit, bound, scope, ball)
        yield Excluded(((Inequality(-bound, outputs=unit), Inequality(inputs=(1, 0, 0))),), scope, ball)
    yield SameDecision((2,), bound, bound, 0, scope)
    yield SameDecision((0, 2), bound, bound + 1, 0, scope)
    yield SameDecision((1,), bound, bound, 0, scope)
    if outputs > 1:
        yield SameLargest((2,), scope)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_what_is_shown_lies_in_the_set_and_what_lies_in_it_is_shown(seed, outputs):
    random = np.random.default_rng(seed)
    network, X = integer_network(random, 3, 3, 2, outputs), inputs_of(random)
    for claim in claims(random, outputs):
        asked, found = as_excluded(claim, [network]), find_counterexample(claim, [network], DOMAIN, X)
        if found is not None:
            assert lies_in_set(asked, [network], DOMAIN, found)
            continue
        if asked.twin is not None:
            continue
        for x in map(tuple, [[Fraction(value) for value in row] for row in X.tolist()]):
            shown = type("", (), {"x": x, "outputs": evaluate_exactly(network, x)[1], "second_x": None})
            assert not lies_in_set(asked, [network], DOMAIN, shown)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_pairs_over_binary_features_are_all_tried(seed):
    """A protected binary feature: either some sample and its counterpart differ, and are shown, or none does."""
    random = np.random.default_rng(seed)
    network, X = integer_network(random, 3, 3, 1), inputs_of(random)
    X = X[np.isin(X[:, 0], range(-2, 3)) & (X[:, 1] <= 2)]
    other = X.copy()
    other[:, 2] = 1 - other[:, 2]
    apart = (evaluate(network, X) > 0) != (evaluate(network, other) > 0)
    found = find_counterexample(SameDecision((2,), scope=Scope.ADMISSIBLE), [network], DOMAIN, X)
    assert (found is not None) is bool(apart.any())


def test_directions_and_differences():
    network, second = he_network(1, 3, 4, 1), he_network(2, 3, 4, 1)
    domain, X = Domain.box([-1] * 3, [1] * 3), np.random.default_rng(0).uniform(-1, 1, (50, 3))
    directions = [find_counterexample(Monotone(0, k, sign), [network], domain, X) for k in range(3) for sign in (1, -1)]
    assert any(directions)
    for place, shown in enumerate(directions):
        if shown is not None:
            k, sign = place // 2, (1, -1)[place % 2]
            assert shown.second_x[k] > shown.x[k]
            assert sign * (shown.second_outputs[0] - shown.outputs[0]) < 0
    shown = find_counterexample(Equivalent(), [network, second], domain, X)
    assert shown.x == shown.second_x and shown.outputs != shown.second_outputs
    assert find_counterexample(Equivalent(), [network, network], domain, X) is None


def test_settling_looks_at_them_before_it_searches():
    network, domain = he_network(1, 3, 8, 8, 1), Domain.box([-1] * 3, [1] * 3)
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    highest = max(evaluate_exactly(network, tuple(map(Fraction, x)))[1][0] for x in X.tolist())
    found = settle_claim(OutputBound((1,), highest - 1), network, domain, candidates=X, max_cells=1)
    assert found.verdict is Verdict.FAILS and found.counterexample.outputs[0] > highest - 1
    assert found.reason.cause is Cause.INPUT and "given" in str(found.reason)
    assert settle_claim(OutputBound((1,), 1000), network, domain, candidates=X).verdict is Verdict.HOLDS
    with pytest.raises(InputError, match="needs a second network"):
        settle_claim(Equivalent(), network, domain, candidates=X)


def refuse(*claim):
    raise AssertionError(f"{claim} needs no proof")


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_fairness_is_not_unknown_beside_its_own_counterexample(seed):
    """On a domain too large to list, with a prover that never finds anything."""
    random = np.random.default_rng(seed)
    network = replace(integer_network(random, 3, 4, 1), decision=Decision.at_threshold(0.0))
    domain = Domain([-2, -9, 0], [2, 9, 1], kinds=("integer", "continuous", "binary"))
    X = inputs_of(random)
    X = X[(X[:, 0] == np.floor(X[:, 0]))]
    other = X.copy()
    other[:, 2] = 1 - other[:, 2]
    apart = bool(((evaluate(network, X) > 0) != (evaluate(network, other) > 0)).any())
    settle = refuse if apart else lambda claim: Settlement(claim, Verdict.UNKNOWN, reason="no time")
    found = protected_fairness(network, domain, settle, [2], candidates=X)
    if found.same_decision.verdict is Verdict.UNKNOWN:
        return
    shown = found.same_decision.counterexample
    assert found.same_decision.verdict is Verdict.FAILS
    assert shown.outputs[0] > 0 >= shown.second_outputs[0]
    assert [k for k in range(3) if shown.x[k] != shown.second_x[k]] == [2]
    assert all(evaluate_exactly(network, x)[1] == y for x, y in (
        (shown.x, shown.outputs), (shown.second_x, shown.second_outputs)
    ))  # fmt: skip


def test_distances_begin_at_candidates_with_another_decision():
    network = replace(integer_network(np.random.default_rng(5), 2, 4, 1), decision=Decision.at_threshold(-6.0))
    domain = Domain([-3, -3], [3, 3], kinds=("integer", "integer"))
    listed = list_admissible(domain)
    decided = evaluate(network, listed)[:, 0] > -6
    assert decided.any() and not decided.all()
    asked = []

    def settle_on(on, claim):
        asked.append(claim)
        return settle_claim(claim, network, on)

    x = listed[decided][0]
    with_them = distance_to_other_decision(network, domain, settle_on, x, candidates=listed)
    assert all(claim.ball is not None for claim in asked)
    without = distance_to_other_decision(network, domain, settle_on, x)
    assert with_them.distance == without.distance
