"""Decisions of alike inputs, against every admissible input and against pairs of cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network, layered
from oracles import decided, domain_forms, satisfies, unequal_inputs
from settling import settler

from relugeom import load_domain, load_network
from relugeom.analysis.counterparts import find_pair
from relugeom.analysis.unequal_share import unequal_samples
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.decision import Decision
from relugeom.questions.fairness import protected_fairness

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"


@pytest.mark.parametrize("protected", [(1,), (0,), (6,), (4, 5)])
def test_on_integers_all_pairs_decide(protected, tmp_path):
    network = load_network(TITANIC / "network.onnx")
    network = replace(network, decision=Decision.at_threshold(-0.5))
    domain = load_domain(TITANIC / "domain.toml", network)
    found = protected_fairness(network, domain, settler(tmp_path, network, domain), protected)
    listed = list_admissible(domain)
    unequal = unequal_inputs(network, listed, protected)
    assert (found.unequal, found.admissible) == (unequal, len(listed))
    assert found.same_decision.verdict is (Verdict.FAILS if unequal else Verdict.HOLDS)
    shown = found.same_decision.counterexample
    if shown is not None:
        assert decided(network, shown.x) != decided(network, shown.second_x)
        differ = {k for k, (a, b) in enumerate(zip(shown.x, shown.second_x, strict=True)) if a != b}
        assert differ <= set(protected)
        for x in (shown.x, shown.second_x):
            assert satisfies(domain_forms(domain), [], x) and all(v.denominator == 1 for v in x)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_random_networks_with_one_or_several_outputs(tmp_path_factory, seed, outputs):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 2, outputs)
    if outputs == 1:
        network = replace(network, decision=Decision.at_threshold(float(random.integers(-3, 4))))
    domain = Domain([-1, -2], [1, 2], kinds=("integer", "integer"))
    settle = settler(tmp_path_factory.mktemp("f"), network, domain)
    found = protected_fairness(network, domain, settle, (1,))
    listed = list_admissible(domain)
    unequal = unequal_inputs(network, listed, (1,))
    assert (found.unequal, found.admissible) == (unequal, len(listed))
    assert found.same_decision.verdict is (Verdict.FAILS if unequal else Verdict.HOLDS)


def test_a_feature_without_influence_is_fair_on_continuous_domains(tmp_path):
    network = layered(([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0]))
    network = replace(network, decision=Decision.at_threshold(0.0))
    domain = Domain.box([-1, -1], [1, 1])
    settle = settler(tmp_path, network, domain)
    assert protected_fairness(network, domain, settle, (1,)).same_decision.verdict is Verdict.HOLDS
    found = protected_fairness(network, domain, settle, (0,))
    assert found.same_decision.verdict is Verdict.FAILS and found.unequal is None


def test_members_of_a_group_change_together(tmp_path):
    network = replace(he_network(2, 3, 4, 1), decision=Decision.at_threshold(0.0))
    domain = Domain([0, 0, 0], [1, 1, 1], groups=((0, 1),), kinds=("binary", "binary", "binary"))
    found = protected_fairness(network, domain, settler(tmp_path, network, domain), (0,))
    assert found.protected == (0, 1)
    assert found.admissible == 4


def test_between_the_bounds_of_an_irrational_threshold_nothing_is_shown(tmp_path):
    rule = Decision.at_probability(0.3)
    domain = Domain.box([0], [1])
    for step, verdict in ((rule.upper - rule.lower, Verdict.UNKNOWN), (0.0, Verdict.HOLDS)):
        network = replace(layered(([[1.0]], [0.0]), ([[step]], [rule.lower])), decision=rule)
        found = protected_fairness(network, domain, settler(tmp_path, network, domain), (0,))
        assert found.same_decision.verdict is verdict
        reason = found.same_decision.reason
        assert (reason.cause is Cause.CLASS) is (verdict is Verdict.UNKNOWN)
        assert ("the class is unknown" in str(reason)) is (verdict is Verdict.UNKNOWN)


@pytest.mark.parametrize("probability", [0.3, 0.5, 0.9])
def test_an_irrational_threshold_is_crossed_in_other_features_only_or_not(probability, tmp_path):
    network = layered(([[1, 0], [-1, 0]], [0, 0]), ([[3, -3]], [0]))
    network = replace(network, decision=Decision.at_probability(probability))
    domain = Domain.box([-1, -1], [1, 1])
    settle = settler(tmp_path, network, domain)
    assert protected_fairness(network, domain, settle, (1,)).same_decision.verdict is Verdict.HOLDS
    found = protected_fairness(network, domain, settle, (0,)).same_decision
    assert found.verdict is Verdict.FAILS
    outputs = sorted((found.counterexample.outputs[0], found.counterexample.second_outputs[0]))
    assert outputs[0] <= network.rule.lower and outputs[1] > network.rule.upper


def test_looking_for_a_pair_ends_at_the_deadline():
    """Of 2 protected features 64 values are tried, and time is looked at before each; but a few inputs come first."""
    network = layered((np.eye(3, 30), [9.0] * 3), ([[1, 0, 0]], [-100.0]))
    network = replace(network, decision=Decision.at_threshold(0.0))
    domain = Domain.box([0] * 30, [1] * 30)
    inputs = np.random.default_rng(0).random((2000, 30))
    for protected in ((0,), (0, 1)):
        looks = Looks.until(10**6)
        assert find_pair(network, domain, inputs, protected, deadline=looks) is None
        assert 10**6 - looks.looks[0] >= 64 * (len(protected) - 1) + 1
    found = protected_fairness(network, domain, (0, 1), candidates=inputs, time_limit=0)
    assert found.same_decision.verdict is Verdict.UNKNOWN
    unfair = replace(network, decision=Decision.at_threshold(-90.5))
    assert find_pair(unfair, domain, inputs, (0,), deadline=Looks.until(0)) is not None
    whole, unequal, exhaustive = unequal_samples(unfair, domain, inputs, (0,), time_limit=Looks.until(1))
    assert (whole, unequal, exhaustive) == (2000, 2**13 // 33, False)


def test_what_cannot_be_asked_is_refused(tmp_path):
    domain = Domain.box([0, 0], [1, 1])
    regression = he_network(1, 2, 3, 1)
    for network, protected, text in (
        (regression, (0,), "takes no decision"),
        (he_network(1, 2, 3, 2), (2,), "no feature 2"),
        (he_network(1, 2, 3, 2), (), "no protected feature"),
    ):
        with pytest.raises(InputError, match=text):
            protected_fairness(network, domain, settler(tmp_path, network, domain), protected)


def test_a_domain_without_an_admissible_input_is_fair(tmp_path):
    network = replace(layered(([[2.0]], [-1.0])), decision=Decision.at_threshold(0.0))
    domain = Domain([0.0], [1.0], E=[[2.0]], f=[1.0], kinds=("integer",))
    found = protected_fairness(network, domain, settler(tmp_path, network, domain), [0])
    assert (found.same_decision.verdict, found.unequal, found.admissible) == (Verdict.HOLDS, 0, 0)
