"""Ranges of outputs of networks with more units than can be listed: proved limits around values that inputs reach."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network
from oracles import domain_forms, evaluate_layers, exact_layers, satisfies

from relugeom.claims.claim import Scope
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.questions.output_bounds import output_bounds

BOX = Domain.box([-0.1] * 5, [0.1, 0.1, 0.0, -0.1, 0.1])
RULED = Domain(
    [0, 0, 0, -0.1, -1],
    [1, 1, 1, 0.1, 1],
    A=[[0, 0, 0, 1.0, 0.1]],
    b=[0.1],
    groups=((0, 1, 2),),
    kinds=(*["continuous"] * 4, "integer"),
)


@pytest.mark.parametrize(("domain", "scope"), [(BOX, Scope.RELAXATION), (RULED, Scope.ADMISSIBLE)])
def test_limits_are_proved_and_values_are_reached(domain, scope):
    network = he_network(7, 5, 40, 40, 1)
    found = output_bounds(network, domain, scope=scope)
    assert found.lower <= found.lowest_seen < found.highest_seen <= found.upper
    assert all(type(v) is Fraction for v in (found.lower, found.lowest_seen, found.highest_seen, found.upper))
    layers = exact_layers(network)
    for end in (found.lowest, found.highest):
        assert satisfies(domain_forms(domain), [], end.point)
        assert evaluate_layers(layers, end.point)[-1][0] == end.value
        if scope is Scope.ADMISSIBLE:
            assert all(v.denominator == 1 for v, whole in zip(end.point, domain.integral, strict=True) if whole)
    random = np.random.default_rng(0)
    x = domain.lower + random.random((20000, 5)) * (domain.upper - domain.lower)
    if scope is Scope.ADMISSIBLE:
        x[:, :3], x[:, 4] = np.eye(3)[random.integers(3, size=len(x))], np.round(x[:, 4])
        x = x[x[:, 3] + 0.1 * x[:, 4] <= 0.1]
    outputs = evaluate(network, x)
    assert float(found.lower) - 1e-9 <= outputs.min() and outputs.max() <= float(found.upper) + 1e-9
