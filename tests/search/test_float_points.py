"""Points that floats prove to lie inside regions, against exact arithmetic; what they cannot prove, they leave."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.deadline import NEVER
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.network.activation import activation_patterns
from relugeom.network.exact import evaluate_exactly
from relugeom.network.pattern import ActivationPattern
from relugeom.search.float_points import find_float_points

KINDS = ("binary", "binary", "binary", "continuous")
DOMAINS = {
    "box": Domain.box([-1.0] * 4, [1.0] * 4),
    "one of three": Domain([0.0, 0.0, 0.0, -1.0], [1.0] * 4, kinds=KINDS, groups=((0, 1, 2),)),
    "thirds": Domain([0.0] * 4, [1.0] * 4, E=[[3.0, 1.0, 1.0, 0.0]], f=[1.0]),
    "a corner": Domain([0.0] * 4, [1.0] * 4, A=[[1.0, 1.0, 1.0, 1e-9]], b=[1.0]),
    "one point": Domain.box([0.5] * 4, [0.5] * 4),
}


def samples(domain, seed):
    """Vertices of a simplex that every domain but the last contains, and points between them."""
    rng = np.random.default_rng(seed)
    if (domain.lower == domain.upper).all():
        return domain.lower[None]
    corners = np.array([[0, 1, 0, 0.0], [0, 0, 1, 0]])
    weights = rng.integers(0, 9, (30, 1)) / 8
    X = np.vstack([corners, weights * corners[0] + (1 - weights) * corners[1]])
    X[:, 3] = rng.choice([0.0, 1.0, 0.3], len(X)) if domain.b.size == 0 else 0.0
    return X


def strictly_inside(domain, x):
    sides = zip(x, domain.lower.tolist(), domain.upper.tolist(), strict=True)
    rows = zip(domain.A.tolist(), domain.b.tolist(), strict=True)
    level = zip(*(part.tolist() for part in domain.equalities), strict=True)
    return (
        all(Fraction(low) < value < Fraction(high) or low == high == value for value, low, high in sides)
        and all(sum(Fraction(c) * v for c, v in zip(row, x, strict=True)) < Fraction(b) for row, b in rows)
        and all(sum(Fraction(c) * v for c, v in zip(row, x, strict=True)) == Fraction(f) for row, f in level)
    )


def find(network, domain, X):
    chart, patterns = domain_chart(domain), activation_patterns(network, X)
    kept = ~patterns.on_boundary
    packed = patterns.packed[kept]
    return packed, find_float_points(chart, network, packed, X[kept][:, list(chart.free)], NEVER)


@pytest.mark.parametrize("kind", DOMAINS)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_proved_is_true(kind, seed):
    network, domain = he_network(seed, 4, 5, 4, 1), DOMAINS[kind]
    packed, found = find(network, domain, samples(domain, seed))
    for row in np.flatnonzero(found.proved):
        x = tuple(map(Fraction, found.points[row].tolist()))
        assert strictly_inside(domain, x)
        assert evaluate_exactly(network, x)[0] == ActivationPattern(network.widths, packed[row].tobytes())
    assert found.proved.all() == (kind != "thirds")  # floats hold no thirds


@pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-12])
def test_samples_close_to_a_hyperplane_keep_their_side(gap):
    network, domain = he_network(1, 4, 5, 1), DOMAINS["one of three"]
    X = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, -1.0]])
    weight, bias = network.weights[0].copy(), network.biases[0].copy()
    bias[:] = -(X[0] @ weight.T) + gap
    close = type(network)((weight, network.weights[1]), (bias, network.biases[1]))
    packed, found = find(close, domain, X)
    assert found.proved.all()
    assert (activation_patterns(close, found.points).packed == packed).all()


def test_a_wrong_pattern_is_never_proved():
    network, domain = he_network(2, 4, 5, 4, 1), DOMAINS["box"]
    X = samples(domain, 2)
    packed = activation_patterns(network, X).packed
    other = np.roll(packed, 1, axis=0)
    found = find_float_points(domain_chart(domain), network, other, X, NEVER)
    for row in np.flatnonzero(found.proved):
        assert (activation_patterns(network, found.points[row : row + 1]).packed == other[row]).all()
