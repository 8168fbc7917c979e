"""Directions of outputs against slopes of all regions, and against all pairs of admissible inputs."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import REGION, classify_all, domain_forms, evaluate_layers, exact_layers, satisfies, unit_forms
from settling import settler

from relugeom import enumerate_regions, load_domain, load_network
from relugeom.claims.settlement import Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.questions.monotonicity import monotonicity, sign_map

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"


def pair_is_true(shown, network, domain, output, feature, direction):
    """The pair differs in the feature only and the output moves the other way."""
    layers = exact_layers(network)
    differ = [k for k, (a, b) in enumerate(zip(shown.x, shown.second_x, strict=True)) if a != b]
    low, high = sorted((shown.x, shown.second_x), key=lambda x: x[feature])
    inside = all(satisfies(domain_forms(domain), [], x) for x in (low, high))
    move = evaluate_layers(layers, high)[-1][output] - evaluate_layers(layers, low)[-1][output]
    return inside and differ == [feature] and move * direction < 0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_on_a_box_a_direction_holds_iff_no_region_slopes_the_other_way(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    network, domain = integer_network(random, 2, 3, 2, 1), Domain.box([-1, -1], [1, 1])
    layers = exact_layers(network)
    statuses = classify_all(layers, domain_forms(domain))
    slopes = [unit_forms(layers, pattern)[-1][0][1] for pattern, status in statuses.items() if status == REGION]
    settle = settler(tmp_path_factory.mktemp("m"), network, domain)
    found = monotonicity(network, domain, settle, feature=1)
    for settlement, direction in ((found.never_falls, 1), (found.never_rises, -1)):
        holds = all(slope * direction >= 0 for slope in slopes)
        assert settlement.verdict is (Verdict.HOLDS if holds else Verdict.FAILS)
        assert holds or pair_is_true(settlement.counterexample, network, domain, 0, 1, direction)


def test_on_integers_all_pairs_decide(tmp_path):
    network = load_network(TITANIC / "network.onnx")
    domain = load_domain(TITANIC / "domain.toml", network)
    layers, listed = exact_layers(network), list_admissible(domain)
    values = {tuple(x): evaluate_layers(layers, tuple(map(Fraction, x)))[-1][0] for x in listed.tolist()}
    for feature in range(network.inputs):
        moves = set()
        for x, value in values.items():
            above = (*x[:feature], x[feature] + 1, *x[feature + 1 :])
            if above in values:
                moves.add((values[above] > value) - (values[above] < value))
        found = monotonicity(network, domain, settler(tmp_path, network, domain), feature=feature)
        for settlement, direction in ((found.never_falls, 1), (found.never_rises, -1)):
            assert settlement.verdict is (Verdict.FAILS if -direction in moves else Verdict.HOLDS)
            shown = settlement.counterexample
            if shown is not None:
                assert pair_is_true(shown, network, domain, 0, feature, direction)
                assert all(value.denominator == 1 for value in (*shown.x, *shown.second_x))


def refuse(claim):
    raise AssertionError(f"a proof was tried for {claim}")


def test_what_a_look_at_inputs_shows_needs_no_proof():
    """On a large network, for each kind of domain, directions that plainly fail are settled without a prover."""
    network = he_network(5, 6, 60, 60, 2)
    domains = (
        Domain.box([-1] * 6, [1] * 6),
        Domain([-1] * 6, [1] * 6, A=[[1, 1, 1, 1, 1, 1]], b=[1.0], kinds=("integer", *["continuous"] * 5)),
        Domain([0] * 6, [1] * 6, groups=((4, 5),), kinds=("integer", *["continuous"] * 3, "binary", "binary")),
    )

    for domain in domains:
        for output, feature in ((0, 0), (1, 1), (1, 3)):
            found = monotonicity(network, domain, refuse, output=output, feature=feature)
            for settlement, direction in ((found.never_falls, 1), (found.never_rises, -1)):
                shown = settlement.counterexample
                assert settlement.verdict is Verdict.FAILS
                assert pair_is_true(shown, network, domain, output, feature, direction)
                for k in np.flatnonzero(domain.integral):
                    assert shown.x[k].denominator == shown.second_x[k].denominator == 1


def test_integers_are_changed_one_by_one_to_find_a_pair():
    """The output falls where all other features are 1 only, which no drawn input has."""
    others = 24
    W = np.hstack([np.ones((others, 1)), np.eye(others)])
    network = layered(
        (np.vstack([W, np.eye(1, others + 1)]), np.append(np.full(others, -1.0), 0.0)),
        ([[*[-1.0] * others, others - 0.5]], [0.0]),
    )
    domain = Domain([0] * (others + 1), [1] * (others + 1), kinds=("binary",) * (others + 1))
    found = monotonicity(network, domain, refuse, feature=0)
    assert found.never_rises.verdict is found.never_falls.verdict is Verdict.FAILS
    assert pair_is_true(found.never_falls.counterexample, network, domain, 0, 0, 1)
    assert set(found.never_falls.counterexample.second_x) == {1}


def test_inputs_that_are_given_are_looked_at():
    """A dip too narrow for drawn inputs is found where a candidate lies in it; beyond an open side, too."""
    dip = layered(([[1], [1], [1], [1]], [0, -1e-6, -2e-6, 5]), ([[-3, 6, -3, 1]], [0]))  # falls on (0, 1e-6) only
    for domain in (Domain.box([-1], [1]), Domain([0], [np.inf])):
        found = monotonicity(dip, domain, refuse, feature=0, candidates=np.array([[0.0], [1e-6], [0.5]]))
        assert found.never_rises.verdict is found.never_falls.verdict is Verdict.FAILS
        assert pair_is_true(found.never_falls.counterexample, dip, domain, 0, 0, 1)


def test_a_feature_that_cannot_change_alone_moves_nothing(tmp_path):
    network = he_network(1, 3, 5, 1)
    domain = Domain([0, 0, -1], [1, 1, 1], groups=((0, 1),))
    found = monotonicity(network, domain, settler(tmp_path, network, domain), feature=0)
    assert found.never_falls.verdict is found.never_rises.verdict is Verdict.HOLDS


def test_what_there_is_not_is_refused(tmp_path):
    network, domain = he_network(1, 2, 3, 1), Domain.box([0, 0], [1, 1])
    for output, feature in ((1, 0), (0, 2), (-1, 0)):
        with pytest.raises(InputError, match="there is no"):
            monotonicity(network, domain, settler(tmp_path, network, domain), output=output, feature=feature)


def test_the_sign_map_counts_regions_and_shares():
    network, domain = integer_network(np.random.default_rng(3), 2, 4, 3, 2), Domain.box([-1, -1], [1, 1])
    partition = enumerate_regions(network, domain)
    shares = np.full(len(partition), 1 / len(partition))
    found, layers = sign_map(partition, shares=shares), exact_layers(network)
    for output in range(2):
        for feature in range(2):
            slopes = [unit_forms(layers, str(region.pattern))[-1][output][feature] for region in partition]
            assert found.negative[output, feature] == sum(slope < 0 for slope in slopes)
            assert found.zero[output, feature] == sum(slope == 0 for slope in slopes)
            assert found.positive[output, feature] == sum(slope > 0 for slope in slopes)
            assert found.positive_share[output, feature] == pytest.approx(sum(s > 0 for s in slopes) / len(slopes))
    assert sign_map(partition).negative_share is None
