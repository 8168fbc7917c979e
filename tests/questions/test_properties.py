"""Properties on boxes: decimals that are no floats, unions of boxes, and the truth by all regions."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network
from oracles import evaluate_layers, exact_layers

from relugeom.certificate.claim import settle_claim
from relugeom.checker import check
from relugeom.claims.settlement import Verdict
from relugeom.claims.vnnlib import read_property
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.questions.properties import property_claims

DECLARED = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"


def settled(text, network, folder=None):
    """The property's claims, one after the other; certificates in a folder."""
    boxes = property_claims(read_property(text), network)
    return [
        settle_claim(claim, network, Domain.box(low, high), None if folder is None else folder / f"{number}.cert")
        for number, (low, high, claim) in enumerate(zip(boxes.lower, boxes.upper, boxes.claims, strict=True))
    ]


def test_decimals_that_are_no_floats_stay_exact():
    """0.1 is less than the float 0.1: at x = the float below, the bound is not met."""
    text = f"{DECLARED}(assert (>= X_0 0.1))(assert (<= X_0 0.5))(assert (<= Y_0 0))"
    boxes = property_claims(read_property(text), he_network(0, 2, 3, 1))
    assert Fraction(float(boxes.lower[0, 0])) < Fraction(1, 10) < Fraction(np.nextafter(boxes.lower[0, 0], 1))
    assert boxes.upper.tolist() == [[0.5, inf]]
    (members,) = boxes.claims[0].sets
    assert [part.inputs for part in members] == [(), (1, 0)]
    assert members[1].constant == Fraction(-1, 10)


def test_an_exact_decimal_bound_decides():
    """y = relu(x₀) over 0 ≤ x₀ ≤ 0.3: y > 0.3 never happens, though the float 0.3 lies below it."""
    network = integer_network(np.random.default_rng(0), 2, 1, 1).from_layers(([[1, 0]], [0]), ([[1]], [0]))
    box = f"{DECLARED}(assert (>= X_0 0))(assert (<= X_0 0.3))"
    assert [s.verdict for s in settled(f"{box}(assert (> Y_0 0.3))", network)] == [Verdict.HOLDS]
    (fails,) = settled(f"{box}(assert (>= Y_0 0.3))", network)
    assert fails.verdict is Verdict.FAILS and fails.counterexample.x[0] == Fraction(3, 10)


def test_cases_with_one_box_are_one_claim():
    text = "(assert (or (and (>= X_0 0) (<= X_0 1)) (and (>= X_0 3) (<= X_0 4))))(assert (or (<= Y_0 0) (>= Y_0 1)))"
    boxes = property_claims(read_property(DECLARED + text), he_network(0, 2, 3, 1))
    assert [*zip(boxes.lower[:, 0], map(len, [claim.sets for claim in boxes.claims]), strict=True)] == [(0, 2), (3, 2)]


def test_a_property_about_other_inputs_or_outputs_is_refused():
    for sizes in ((3, 4, 1), (2, 4, 2)):
        with pytest.raises(InputError, match="the property is about"):
            property_claims(read_property(f"{DECLARED}(assert (<= Y_0 0))"), he_network(0, *sizes))


def test_a_property_that_is_only_a_box_fails_everywhere_in_it():
    (found,) = settled(f"{DECLARED}(assert (>= X_0 1))(assert (<= X_0 2))", he_network(0, 2, 3, 1))
    assert found.verdict is Verdict.FAILS and 1 <= found.counterexample.x[0] <= 2


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_verdict_agrees_with_a_grid_and_its_witness_is_true(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    threshold = int(random.integers(-20, 40))
    text = (
        f"{DECLARED}(assert (or (and (>= X_0 -1) (<= X_0 0) (>= X_1 -1) (<= X_1 1)) (and (>= X_0 0.1) (<= X_0 1.1)"
        f" (>= X_1 -1) (<= X_1 1))))(assert (>= (+ Y_0 X_0) {threshold}))"
    )
    folder = tmp_path_factory.mktemp("properties")
    layers = exact_layers(network)
    verdicts = []
    for found in settled(text, network, folder):
        verdicts.append(found.verdict)
        if found.verdict is Verdict.HOLDS:
            assert check(str(found.proof.path))["closed"] == found.proof.cells
        else:
            x = found.counterexample.x
            assert evaluate_layers(layers, x)[-1][0] + x[0] >= threshold
            assert -1 <= x[0] <= 0 or Fraction(1, 10) <= x[0] <= Fraction(11, 10)
    grid = [(a, b) for a in [*np.linspace(-1, 0, 9), *np.linspace(0.1, 1.1, 9)[1:-1]] for b in np.linspace(-1, 1, 9)]
    met = any(evaluate_layers(layers, tuple(map(Fraction, x)))[-1][0] + Fraction(x[0]) >= threshold for x in grid)
    assert not met or Verdict.FAILS in verdicts
    assert set(verdicts) <= {Verdict.HOLDS, Verdict.FAILS}
