"""Distances to another decision, against all patterns and against every admissible input."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import (
    all_patterns,
    domain_forms,
    evaluate_layers,
    exact_layers,
    find_point,
    pattern_system,
    satisfies,
    unit_forms,
)
from settling import settler_on
from test_output_bounds import integers

from relugeom import load_domain, load_network
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Scope
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.decision import Decision
from relugeom.questions import robustness
from relugeom.questions.robustness import NEAREST, distance_to_other_decision
from relugeom.questions.sample_robustness import SampleRobustness, sample_robustness
from relugeom.questions.settler import Prover

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"
SIZES = {
    Norm.L1: lambda steps: sum(map(abs, steps)),
    Norm.L2: lambda steps: sum(s * s for s in steps),
    Norm.LINF: lambda steps: max(map(abs, steps)),
}


def other_forms(outputs, forms):
    """What the outputs' forms must be (≥ 0) for another decision, for one output at θ = 0 or several."""
    if len(outputs) == 1:
        return [[-c for c in forms[0]] if outputs[0] > 0 else forms[0]]
    own = outputs.index(max(outputs))
    return [[a - b for a, b in zip(form, forms[own], strict=True)] for k, form in enumerate(forms) if k != own]


def naive_distance(network, domain, p, norm):
    """The least distance over the closed cells of all patterns; of y > 0 only where it is met in the cell."""
    layers, best = exact_layers(network), None
    outputs = evaluate_layers(layers, p)[-1]
    for pattern in all_patterns(network.widths):
        positive, negative = pattern_system(layers, pattern)
        for beyond in other_forms(outputs, unit_forms(layers, pattern)[-1]):
            inside = [*domain_forms(domain), *positive, *negative]
            if len(outputs) == 1 and outputs[0] <= 0 and find_point(inside, [beyond], domain.inputs) is None:
                continue
            rows = [integers(form)[0] for form in [*inside, beyond]]
            found = NEAREST[norm](rows, p)
            if found is not None:
                best = found[0] if best is None else min(best, found[0])
    return best


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(Norm), st.integers(1, 3))
def test_distances_are_the_least_over_all_patterns(tmp_path_factory, seed, norm, outputs):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 2, outputs)
    if outputs == 1:
        network = replace(network, decision=Decision.at_threshold(0.0))
    domain, x = Domain.box([-2, -2], [2, 2]), random.integers(-4, 5, 2) / 2
    p = tuple(map(Fraction, x.tolist()))
    values = evaluate_layers(exact_layers(network), p)[-1]
    settle = settler_on(network, tmp_path_factory.mktemp("r"))
    if values.count(max(values)) > 1:
        with pytest.raises(InputError, match="not clear"):
            distance_to_other_decision(network, domain, settle, x, norm=norm)
        return
    found = distance_to_other_decision(network, domain, settle, x, norm=norm)
    truth = naive_distance(network, domain, p, norm)
    if found.verdict is Verdict.FAILS:
        assert truth is None or (outputs == 1 and values[0] <= 0)  # y > 0 is nowhere, y = 0 may be
        return
    assert found.verdict is Verdict.HOLDS
    assert found.distance == truth
    assert found.certified == truth * (1 - Fraction(1, 1 << 40))
    assert satisfies(domain_forms(domain), [], found.counterfactual)
    assert SIZES[norm]([a - b for a, b in zip(found.counterfactual, p, strict=True)]) == found.distance


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_a_cell_that_only_touches_the_threshold_has_no_other_decision(norm, tmp_path):
    # y = relu(x0 - 3) - relu(x1): where x1 = 0 it is 0 at once, but it exceeds 0 from x0 = 3 on only.
    network = replace(layered(([[1, 0], [0, 1]], [-3, 0]), ([[1, -1]], [0])), decision=Decision.at_threshold(0.0))
    found = distance_to_other_decision(
        network, Domain.box([-10, -10], [10, 10]), settler_on(network, tmp_path), np.zeros(2),
        norm=norm, candidates=np.array([[5.0, 1.0]]),
    )  # fmt: skip
    assert (found.verdict, found.distance) == (Verdict.HOLDS, 9 if norm == "l2" else 3)
    assert found.counterfactual[0] == 3


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["l1", "l2", "linf"]))
def test_scopes_and_norms_may_be_given_by_name(tmp_path_factory, seed, norm):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 2)
    domain = Domain([-2, -2], [2, 2], kinds=("integer", "integer"))
    listed, layers = list_admissible(domain), exact_layers(network)
    x = listed[random.integers(len(listed))]
    classes = [[y == max(ys) for y in ys] for ys in (evaluate_layers(layers, map(Fraction, row))[-1] for row in listed)]
    own = classes[listed.tolist().index(x.tolist())]
    if sum(own) > 1:
        return
    found = distance_to_other_decision(
        network, domain, settler_on(network, tmp_path_factory.mktemp("s")), x, norm=norm, scope="admissible"
    )
    sizes = [
        SIZES[Norm(norm)]([Fraction(v) for v in row - x]) for row, y in zip(listed, classes, strict=True) if y != own
    ]
    assert found.distance == min(sizes, default=None)
    assert found.counterfactual is None or list(map(float, found.counterfactual)) in listed.tolist()


def test_an_output_between_the_bounds_of_a_threshold_is_no_counterfactual(tmp_path):
    decision = Decision.at_probability(0.7)
    edge = decision.upper  # no class is known there, although it is the nearest integer
    domain = Domain([0.0], [2.0], kinds=("integer",))
    for last, distance in ((-edge, 2), (edge, None)):
        slopes = [[-edge, (last - edge) + edge]]
        network = replace(layered(([[1.0], [1.0]], [0, -1]), (slopes, [2 * edge])), decision=decision)
        settle = settler_on(network, tmp_path)
        found = distance_to_other_decision(network, domain, settle, [0.0], scope="admissible")
        assert (found.verdict, found.distance, found.certified) == (Verdict.UNKNOWN, distance, 1)
        assert found.settlement.reason.cause is Cause.CLASS
        assert "where the class is unknown" in str(found.settlement.reason)
        anywhere = distance_to_other_decision(network, domain, settle, [0.0], scope="relaxation")
        if distance:
            assert anywhere.verdict is Verdict.HOLDS
            assert evaluate_layers(exact_layers(network), anywhere.counterfactual)[-1][0] <= Fraction(decision.lower)


@pytest.mark.parametrize("norm", Norm)
@pytest.mark.parametrize(("frozen", "listed_before"), [((), True), ((0, 1), True), ((0, 1), False)])
def test_on_integers_every_admissible_input_decides(norm, frozen, listed_before, tmp_path, monkeypatch):
    if not listed_before:  # as where there are too many
        monkeypatch.setattr(robustness, "list_inputs", lambda network, domain: None)
    network = load_network(TITANIC / "network.onnx")
    domain = load_domain(TITANIC / "domain.toml", network)
    listed = list_admissible(domain)
    layers = exact_layers(network)
    signs = np.array([evaluate_layers(layers, tuple(map(Fraction, x)))[-1][0] > 0 for x in listed.tolist()])
    for row in np.random.default_rng(1).choice(len(listed), 4, replace=False):
        x = listed[row]
        others = listed[(signs != signs[row]) & (listed[:, list(frozen)] == x[list(frozen)]).all(axis=1)]
        found = distance_to_other_decision(
            network, domain, settler_on(network, tmp_path), x,
            norm=norm, scope=Scope.ADMISSIBLE, frozen=frozen, candidates=listed[::50],
        )  # fmt: skip
        if not len(others):
            assert (found.verdict, found.counterfactual) == (Verdict.FAILS, None)
            continue
        steps = np.abs(others - x)
        sizes = {Norm.L1: steps.sum(axis=1), Norm.L2: (steps**2).sum(axis=1), Norm.LINF: steps.max(axis=1)}
        assert found.verdict is Verdict.HOLDS
        assert found.distance == sizes[norm].min()
        assert any((other == [float(v) for v in found.counterfactual]).all() for other in others)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(Norm))
def test_beside_a_continuous_feature_the_nearest_over_all_integers_is_found(tmp_path_factory, seed, norm):
    random = np.random.default_rng(seed)
    network = replace(integer_network(random, 2, 3, 2, 1), decision=Decision.at_threshold(0.0))
    domain = Domain([-2, -2], [2, 2], kinds=("integer", "continuous"))
    x = np.array([random.integers(-2, 3), random.integers(-4, 5) / 2])
    p = tuple(map(Fraction, x.tolist()))
    found = distance_to_other_decision(network, domain, settler_on(network, tmp_path_factory.mktemp("m")), x, norm=norm)
    slices = [naive_distance(network, Domain([k, -2], [k, 2]), p, norm) for k in range(-2, 3)]
    assert found.distance == min((one for one in slices if one is not None), default=None)
    assert found.verdict is (Verdict.FAILS if found.distance is None else Verdict.HOLDS)


def test_where_all_inputs_are_listed_a_distance_takes_one_claim():
    network = load_network(TITANIC / "network.onnx")
    domain = load_domain(TITANIC / "domain.toml", network)
    samples, claims = list_admissible(domain)[7::300], []
    prover = Prover(network)

    def settle(row, on, claim):
        claims.append(row)
        return prover.settle(claim, on)

    found = sample_robustness(network, domain, samples, settle=settle, norm=Norm.L1)
    assert found.proved.all()
    assert claims == found.rows.tolist()


def test_where_no_other_decision_is_possible_that_is_proved(tmp_path):
    network = layered(([[1.0, 0.0]], [0.0]), ([[1.0]], [1.0]))
    network = replace(network, decision=Decision.at_threshold(0.0))
    found = distance_to_other_decision(
        network, Domain.box([-1, -1], [1, 1]), settler_on(network, tmp_path), np.zeros(2)
    )
    assert (found.verdict, found.distance, found.counterfactual) == (Verdict.FAILS, None, None)
    assert found.settlement.verdict is Verdict.HOLDS


def test_limits_leave_what_was_found(tmp_path):
    network = replace(he_network(2, 4, 10, 10, 1), decision=Decision.at_threshold(0.0))
    domain = Domain.box([-1] * 4, [1] * 4)
    outcomes = set()
    for limit in range(1, 12):
        found = distance_to_other_decision(
            network, domain, settler_on(network, tmp_path, max_cells=limit), np.zeros(4), norm=Norm.L1
        )
        outcomes.add(found.verdict)
        assert 0 < found.lower == found.certified <= found.distance == found.upper
        assert found.verdict is Verdict.UNKNOWN or found.certified > found.distance * (1 - Fraction(1, 2**39))
    assert Verdict.UNKNOWN in outcomes


def test_what_cannot_be_asked_is_refused(tmp_path):
    network = replace(he_network(2, 2, 3, 1), decision=Decision.at_threshold(0.0))
    whole = Domain([0, 0], [3, 3], kinds=("integer", "continuous"))
    settle = settler_on(network, tmp_path)
    for model, domain, x, scope, text in (
        (network, Domain.box([0, 0], [1, 1]), [2, 0], Scope.RELAXATION, "outside the domain"),
        (network, whole, [0.5, 0], Scope.ADMISSIBLE, "not admissible"),
        (he_network(2, 2, 3, 1), Domain.box([0, 0], [1, 1]), [0, 0], Scope.RELAXATION, "takes no decision"),
    ):
        with pytest.raises(InputError, match=text):
            distance_to_other_decision(model, domain, settle, np.array(x, dtype=float), scope=scope)
    for options, text in (
        ({"frozen": [2]}, "no feature 2 to freeze"),
        ({"frozen": [-1]}, "no feature -1 to freeze"),
        ({"norm": "l3"}, "not a norm: use 'l1', 'l2' or 'linf'"),
        ({"scope": "integers"}, "not a scope: use 'relaxation' or 'admissible'"),
    ):
        with pytest.raises(InputError, match=text):
            distance_to_other_decision(network, whole, settle, np.zeros(2), **options)


def test_the_share_of_samples_that_keep_their_decision_lies_between_what_is_proved_and_what_is_seen():
    """Of four samples two are proved, one of them nearer than the radius, and one more was never seen to change: a
    bound below its distance may tell as much as the distance.
    """
    verdicts = (Verdict.HOLDS, Verdict.HOLDS, Verdict.UNKNOWN, Verdict.UNKNOWN)
    points, distance = np.zeros((4, 1)), np.array([0.5, 2.0, np.nan, 0.5])
    for lower, least in ((0.0, 0.25), (1.5, 0.5)):
        found = SampleRobustness(
            Norm.LINF,
            np.arange(4),
            verdicts,
            distance,
            points,
            points,
            (None,) * 4,
            0,
            Scope.RELAXATION,
            np.array([0.5, 2.0, lower, 0.25]),
            distance,
        )
        assert found.share_beyond(1.0) == (least, 0.5)
    empty = np.zeros(0)
    none = SampleRobustness(
        Norm.LINF, np.arange(0), (), empty, points[:0], points[:0], (), 0, Scope.RELAXATION, empty, empty
    )
    assert none.share_beyond(1.0) == (0.0, 1.0)
