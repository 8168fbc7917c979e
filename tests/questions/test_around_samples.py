"""Counts of samples that keep their decision are those of all admissible inputs around them."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from networks import he_network

from relugeom.analysis.decisions import decide_exactly
from relugeom.analysis.sure_decisions import decide_surely
from relugeom.claims.ball import Norm
from relugeom.data.table import SampleTable
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import TIED, Decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import decide, evaluate
from relugeom.network.intervals import outputs_between
from relugeom.network.network import ReLUNetwork
from relugeom.questions.around_samples import KeptCount, count_equal, count_robust

SCALES = np.array([0.75, 2.0, 0.0, 1.0])
DOMAIN = Domain(np.zeros(4), np.array([3.0, 4.0, 1.0, 1.0]), kinds=("integer", "integer", "binary", "binary"))
INPUTS = np.array([*product(range(4), range(5), range(2), range(2))], dtype=np.float64)
WITHIN = {
    Norm.LINF: lambda moves, radius: max(map(abs, moves)) <= radius,
    Norm.L1: lambda moves, radius: sum(map(abs, moves)) <= radius,
    Norm.L2: lambda moves, radius: sum(move * move for move in moves) <= radius * radius,
}


def decided(seed: int, outputs: int) -> ReLUNetwork:
    network = he_network(seed, 4, 6, outputs)
    decision = Decision.at_threshold(0.0) if outputs == 1 else Decision.largest()
    return ReLUNetwork(network.weights, network.biases, decision=decision)


def moves_between(x, y):
    """Exact moves in units of the scales; None if a feature moves that has none."""
    if any(scale == 0 and a != b for a, b, scale in zip(x, y, SCALES, strict=True)):
        return None
    return [Fraction(b - a) / Fraction(s) for a, b, s in zip(x.tolist(), y.tolist(), SCALES.tolist(), strict=True) if s]


def brute_force(network, rows, norm, radius):
    classes = decide(network, INPUTS)
    kept = 0
    for x in rows:
        moves = [moves_between(x, y) for y in INPUTS]
        near = [own is not None and WITHIN[norm](own, radius) for own in moves]
        kept += set(classes[near].tolist()) == set(decide(network, x[None]).tolist())
    return kept


@pytest.mark.parametrize("norm", Norm)
@pytest.mark.parametrize("outputs", [1, 3])
def test_counts_are_those_of_all_admissible_inputs(norm, outputs):
    seen = set()
    for seed in range(6):
        network, rng = decided(seed, outputs), np.random.default_rng(seed)
        rows, radius = INPUTS[rng.choice(len(INPUTS), 8, replace=False)], Fraction(int(rng.integers(1, 9)), 3)
        table = SampleTable.of(rows)
        found = count_robust(network, DOMAIN, table, radius, scales=SCALES, norm=norm)
        robust = brute_force(network, rows, norm, radius)
        assert found == KeptCount(8, robust, 8 - robust)
        seen |= {robust == 8, robust == 0, 0 < robust < 8}
    assert seen == {True, False}


def test_balls_of_continuous_inputs_are_not_their_boxes():
    """x0 + x1 > 1 begins outside the ball of radius 0.6 around the origin, but not outside its box."""
    network = ReLUNetwork.from_layers(([[1.0, 1.0], [-1.0, -1.0]], [0.0, 0.0]), ([[1.0, -1.0]], [-1.0]))
    network = replace(network, decision=Decision.at_threshold(0.0))
    domain, table = Domain.box([-1.0, -1.0], [1.0, 1.0]), SampleTable.of(np.zeros((1, 2)))
    radius, scales = Fraction(3, 5), np.ones(2)
    kept = {norm: count_robust(network, domain, table, radius, scales=scales, norm=norm).kept for norm in Norm}
    assert kept == {Norm.LINF: 0, Norm.L1: 1, Norm.L2: 1}
    wide = {norm: count_robust(network, domain, table, Fraction(3, 4), scales=scales, norm=norm) for norm in Norm}
    assert [wide[norm].changed for norm in (Norm.LINF, Norm.L1, Norm.L2)] == [1, 0, 1]


def test_what_is_not_asked_or_not_in_time_counts_for_nothing():
    network, outside = decided(0, 1), np.array([[9.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]])
    table = SampleTable.of(np.vstack([outside, INPUTS[:3]]))
    late = count_robust(network, DOMAIN, table, Fraction(1), scales=SCALES, time_limit=0)
    assert late == KeptCount(3, 0, 0)
    with pytest.raises(InputError, match="decision"):
        count_robust(he_network(0, 4, 6, 1), DOMAIN, table, Fraction(1), scales=SCALES)


@pytest.mark.parametrize("protected", [(2,), (2, 3), (0, 1), (0,)])
@pytest.mark.parametrize("outputs", [1, 3])
def test_counts_of_equal_decisions_are_those_of_all_values(protected, outputs):
    for seed in range(4):
        network, rows = decided(seed, outputs), INPUTS[seed::7]
        found = count_equal(network, DOMAIN, SampleTable.of(rows), protected)
        others = [k for k in range(4) if k not in protected]
        alike = [(INPUTS[:, others] == x[others]).all(axis=1) for x in rows]
        kept = sum(len(set(decide(network, INPUTS[each]).tolist())) == 1 for each in alike)
        assert found == KeptCount(len(rows), kept, len(rows) - kept)


def test_one_continuous_feature_is_settled_by_claims():
    """x0 + x1 > 1: with x1 free in [-1, 1], the decision about x0 ≤ 0 stays; that about others can change."""
    network = ReLUNetwork.from_layers(([[1.0, 1.0], [-1.0, -1.0]], [0.0, 0.0]), ([[1.0, -1.0]], [-1.0]))
    network = replace(network, decision=Decision.at_threshold(0.0))
    table = SampleTable.of(np.array([[-1.0, 0.0], [0.0, 1.0], [2.0**-40, 0.0], [1.0, 1.0]]))
    found = count_equal(network, Domain.box([-1.0, -1.0], [1.0, 1.0]), table, [1])
    assert found == KeptCount(4, 2, 2)


@pytest.mark.parametrize("outputs", [1, 2])
def test_decisions_in_floats_are_those_in_rationals(outputs):
    rng = np.random.default_rng(outputs)
    network = he_network(3, 4, 6, 5, outputs)
    X = np.vstack([rng.normal(size=(200, 4)), np.zeros((1, 4)), rng.normal(size=(20, 4)) * 2.0**-60])
    exact = [evaluate_exactly(network, tuple(map(Fraction, x)))[1] for x in X.tolist()]
    at = float(evaluate(network, X[:1])[0, 0])  # close to the first output, but hardly ever equal to it
    decision = Decision.at_threshold(at) if outputs == 1 else Decision.largest()
    network = replace(network, decision=decision)
    low, high = outputs_between(network, X)
    assert all(
        a <= y <= b for row, *ends in zip(exact, low, high, strict=True) for y, a, b in zip(row, *ends, strict=True)
    )
    assert float((high - low).max()) < 1e-12
    assert decide_surely(network, X).tolist() == [decide_exactly(decision, outputs) for outputs in exact]
    tied = replace(network, weights=(*network.weights[:-1], np.zeros_like(network.weights[-1])))
    if outputs == 2:
        assert set(decide_surely(replace(tied, biases=(*network.biases[:-1], np.zeros(2))), X).tolist()) == {TIED}
