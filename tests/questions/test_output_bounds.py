"""Ranges of outputs against all patterns, one exact program each, and against every admissible input."""

from dataclasses import replace
from fractions import Fraction
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network, layered
from oracles import all_patterns, domain_forms, evaluate_layers, exact_layers, pattern_system, satisfies, unit_forms
from settling import settler

from relugeom import load_domain, load_network
from relugeom.certificate.claim import settle_claim
from relugeom.claims.claim import Scope
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.errors import EmptyDomainError, InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.geometry.exact_simplex import ExactOptimum, maximise_form
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.questions.equivalence import compare_networks
from relugeom.questions.fairness import protected_fairness
from relugeom.questions.monotonicity import monotonicity
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.robustness import distance_to_other_decision

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"
DOMAINS = [
    Domain.box([-1, -1], [1, 1]),
    Domain.box([0, 0.5], [0, 2]),
    Domain([-1, -1], [1, 1], A=[[1.0, 1.0]], b=[0.5]),
    Domain([-1, -1], [1, 1], E=[[1.0, 1.0]], f=[0.25]),
    Domain([0, 0], [3, 3], A=[[1.0, 1.0]], b=[0.0]),
]


def integers(form):
    """A rational form over its common denominator, and that."""
    scale = np.lcm.reduce([Fraction(c).denominator for c in form], dtype=object)
    return [int(Fraction(c) * scale) for c in form], int(scale)


def naive_range(network, domain, output):
    """The range by one exact linear program per pattern and direction."""
    layers, ends = exact_layers(network), []
    for sign in (-1, 1):
        best = None
        for pattern in all_patterns(network.widths):
            positive, negative = pattern_system(layers, pattern)
            rows = [integers(form)[0] for form in [*domain_forms(domain), *positive, *negative]]
            objective, scale = integers([sign * c for c in unit_forms(layers, pattern)[-1][output]])
            found = maximise_form(rows, objective)
            if isinstance(found, ExactOptimum):
                value = Fraction(int(found.value.p), int(found.value.q)) / scale
                best = value if best is None else max(best, value)
        ends.append(sign * best)
    return tuple(ends)


def reached(extremum, network, domain, output):
    """The point is in the domain and has the value."""
    assert satisfies(domain_forms(domain), [], extremum.point)
    return evaluate_layers(exact_layers(network), extremum.point)[-1][output] == extremum.value


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(DOMAINS), st.sampled_from([(3, 1), (2, 2, 2), (4, 2)]))
def test_ranges_are_those_of_all_patterns_and_reached(tmp_path_factory, seed, domain, sizes):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, *sizes)
    output = int(random.integers(network.outputs))
    found = output_bounds(network, domain, settler(tmp_path_factory.mktemp("b"), network, domain), output=output)
    assert (found.lowest.value, found.highest.value) == naive_range(network, domain, output)
    assert found.lowest.verdict is found.highest.verdict is Verdict.HOLDS
    assert reached(found.lowest, network, domain, output) and reached(found.highest, network, domain, output)


def test_a_range_of_random_weights_encloses_all_samples_and_nothing_more(tmp_path):
    network, domain = he_network(5, 4, 10, 8, 2), Domain.box([-1] * 4, [1] * 4)
    found = output_bounds(network, domain, settler(tmp_path, network, domain), output=1)
    drawn = np.random.default_rng(0).uniform(-1, 1, (2000, 4))
    values = [evaluate_layers(exact_layers(network), tuple(map(Fraction, x)))[-1][1] for x in drawn[:200].tolist()]
    assert found.lowest.value <= min(values) and max(values) <= found.highest.value
    assert reached(found.lowest, network, domain, 1) and reached(found.highest, network, domain, 1)


def test_admissible_ranges_are_those_of_all_admissible_inputs(tmp_path):
    network = load_network(TITANIC / "network.onnx")
    domain = load_domain(TITANIC / "domain.toml", network)
    found = output_bounds(network, domain, settler(tmp_path, network, domain), scope=Scope.ADMISSIBLE)
    layers = exact_layers(network)
    every = [evaluate_layers(layers, tuple(map(Fraction, x)))[-1][0] for x in list_admissible(domain).tolist()]
    assert (found.lowest.value, found.highest.value) == (min(every), max(every))
    assert all(x.denominator == 1 for x in (*found.lowest.point, *found.highest.point))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_mixed_domains_range_over_each_integer(tmp_path_factory, seed):
    """One integer and one continuous feature: the range is that over all lines."""
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 2, 1)
    domain = Domain([-2, -1], [2, 1], kinds=("integer", "continuous"))
    found = output_bounds(
        network, domain, settler(tmp_path_factory.mktemp("b"), network, domain), scope=Scope.ADMISSIBLE
    )
    lines = [naive_range(network, Domain.box([k, -1], [k, 1]), 0) for k in range(-2, 3)]
    assert found.lowest.value == min(low for low, _ in lines)
    assert found.highest.value == max(high for _, high in lines)


def test_an_output_without_limit_says_so(tmp_path):
    network = layered(([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0]))
    domain = Domain.box([-inf, 0], [inf, inf])
    found = output_bounds(network, domain, settler(tmp_path, network, domain))
    assert (found.highest.verdict, found.highest.value) == (Verdict.FAILS, None)
    assert (found.lowest.verdict, found.lowest.value) == (Verdict.HOLDS, 0)
    assert (found.lower, found.lowest_seen, found.upper, found.highest_seen) == (0, 0, None, None)
    assert (found.lowest.bounded, found.highest.bounded) == (True, False)


def test_a_limit_leaves_what_was_reached(tmp_path):
    network, domain = he_network(5, 6, 20, 20, 1), Domain.box([-1] * 6, [1] * 6)
    found = output_bounds(network, domain, settler(tmp_path, network, domain, max_cells=2))
    assert found.highest.verdict is Verdict.UNKNOWN and "none goes beyond" in str(found.highest.settlement.reason)
    assert found.highest.bounded is True and found.highest.settlement.reason.cause is Cause.LIMIT
    assert reached(found.highest, network, domain, 0)
    assert found.upper == found.highest.limit > found.highest_seen == found.highest.value
    assert found.lower == found.lowest.limit < found.lowest_seen


def test_no_admissible_input_no_range(tmp_path):
    network = he_network(0, 1, 2, 1)
    domain = Domain([0.25], [0.75], kinds=("integer",))
    with pytest.raises(EmptyDomainError):
        output_bounds(network, domain, settler(tmp_path, network, domain), scope=Scope.ADMISSIBLE)


def test_an_output_that_is_not_there_is_refused_and_a_scope_may_be_given_by_name(tmp_path):
    network = he_network(4, 2, 3, 2)
    domain = Domain([0, 0], [1.5, 1.5], kinds=("integer", "integer"))
    settle = settler(tmp_path, network, domain)
    for output in (-1, 2):
        with pytest.raises(InputError, match=f"no output {output}"):
            output_bounds(network, domain, settle, output=output)
    named = output_bounds(network, domain, settle, output=1, scope="admissible")
    values = [evaluate_layers(exact_layers(network), (a, b))[-1][1] for a in (0, 1) for b in (0, 1)]
    assert (named.lowest.value, named.highest.value) == (min(values), max(values))


@pytest.mark.parametrize("scope", ["relaxation", "admissible"])
def test_without_time_there_is_a_range_that_is_not_proved(scope, tmp_path):
    network = he_network(4, 3, 8, 8, 1)
    domain = Domain(
        [0.0, 0.0, 0.0], [2.0, inf, 2.0], E=[[1.0, 1.0, 0.0]], f=[2.0], kinds=("integer", "integer", "continuous")
    )
    found = output_bounds(network, domain, settler(tmp_path, network, domain, time_limit=1e-9), scope=scope)
    for end in (found.lowest, found.highest):
        assert end.verdict is Verdict.UNKNOWN and "time ran out" in str(end.settlement.reason)
        assert reached(end, network, domain, 0)


def half_a_category() -> tuple[ReLUNetwork, Domain]:
    """|x0 − ½| over a one-hot pair: 0 at half a category, ½ at each of the two inputs that there are."""
    network = layered(([[1, 0], [-1, 0]], [-0.5, 0.5]), ([[1, 1]], [0]))
    return network, Domain([0, 0], [1, 1], groups=((0, 1),))


def test_whole_numbers_are_meant_where_the_domain_has_them(tmp_path):
    network, domain = half_a_category()
    settle = settler(tmp_path, network, domain)
    found = output_bounds(network, domain, settle)
    assert (found.lowest.value, found.highest.value, found.scope) == (Fraction(1, 2), Fraction(1, 2), Scope.ADMISSIBLE)
    assert str(found) == "0.5 to 0.5 over the admissible inputs"
    assert "ADMISSIBLE" in repr(found)
    relaxed = output_bounds(network, domain, settle, scope=Scope.RELAXATION)
    assert (relaxed.lowest.value, relaxed.scope) == (0, Scope.RELAXATION)
    assert str(relaxed).endswith("over the relaxation")
    box = Domain.box([0, 0], [1, 1])
    assert output_bounds(network, box, settler(tmp_path, network, box)).scope is Scope.RELAXATION


def test_every_question_means_the_same_inputs_by_default(tmp_path):
    """The decision is another one at half a category only, and so is the second network."""
    network, domain = half_a_category()
    network = replace(network, decision=Decision.at_threshold(0.25))
    settle = settler(tmp_path, network, domain)
    fair = protected_fairness(network, domain, settle, [0])
    assert (fair.same_decision.verdict, fair.scope) == (Verdict.HOLDS, Scope.ADMISSIBLE)
    x = np.array([1.0, 0.0])

    def settle_on(on, claim):
        return settle_claim(claim, network, on)

    near = distance_to_other_decision(network, domain, settle_on, x)
    assert (near.verdict, near.scope) == (Verdict.FAILS, Scope.ADMISSIBLE)
    assert distance_to_other_decision(network, domain, settle_on, x, scope=Scope.RELAXATION).distance is not None
    moves = monotonicity(network, domain, settle, feature=0)
    assert moves.scope is Scope.ADMISSIBLE
    constant = layered(([[0, 0]], [0.5]), ([[1]], [0]))

    def settle_both(claim):
        return settle_claim(claim, network, domain, second_network=constant)

    same = compare_networks(network, constant, domain, settle_both)
    assert (same.equivalent.verdict, same.scope) == (Verdict.HOLDS, Scope.ADMISSIBLE)
    other = compare_networks(network, constant, domain, settle_both, scope=Scope.RELAXATION)
    assert (other.equivalent.verdict, other.scope) == (Verdict.FAILS, Scope.RELAXATION)


NETWORK, SQUARE = he_network(3, 2, 6, 5, 1), Domain.box([-1, -1], [1, 1])


def test_an_end_is_raised_no_longer_than_the_limit():
    """A prover that always finds a little more would never end by itself."""
    count = 0

    def settle(claim):
        nonlocal count
        count += 1
        x = (Fraction(0), Fraction(0))
        return Settlement(claim, Verdict.FAILS, counterexample=Counterexample(x, (claim.bound + 1,)))

    found = output_bounds(NETWORK, SQUARE, settle, candidates=np.zeros((1, 2)), time_limit=Looks.until(3000))
    assert found.lowest.verdict is found.highest.verdict is Verdict.UNKNOWN
    assert "time ran out" in str(found.highest.settlement.reason) and count < 3000
    assert found.lowest.value <= found.highest.value
