"""Two networks: the same function however it is written, or the exact largest difference."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers
from settling import settler

from relugeom.claims.settlement import Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.questions.equivalence import compare_networks

SQUARE = Domain.box([-1, -1], [1, 1])


def rewritten(network, random):
    """The same function: units in another order, scaled by powers of two, and one that never counts."""
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    for layer in range(len(weights) - 1):
        order = random.permutation(len(biases[layer]))
        factors = 2.0 ** random.integers(-2, 3, len(order))
        weights[layer] = weights[layer][order] * factors[:, None]
        biases[layer] = biases[layer][order] * factors
        weights[layer + 1] = weights[layer + 1][:, order] / factors
    weights[0] = np.vstack([weights[0], np.zeros(weights[0].shape[1])])
    biases[0] = np.append(biases[0], -1.0)
    weights[1] = np.hstack([weights[1], np.full((len(weights[1]), 1), 3.0)])
    return layered(*zip(weights, biases, strict=True))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_function_written_otherwise_is_equivalent(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    first = integer_network(random, 2, 3, 2, 2)
    second = rewritten(first, random)
    settle = settler(tmp_path_factory.mktemp("e"), first, SQUARE, second_network=second)
    found = compare_networks(first, second, SQUARE, settle)
    assert found.equivalent.verdict is Verdict.HOLDS and not found.differences


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_largest_difference_is_reached_and_no_grid_finds_more(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    first, second = integer_network(random, 2, 3, 1), integer_network(random, 2, 2, 2, 1)
    settle = settler(tmp_path_factory.mktemp("e"), first, SQUARE, second_network=second)
    found = compare_networks(first, second, SQUARE, settle)
    layers = exact_layers(first), exact_layers(second)

    def apart(x):
        one, other = (evaluate_layers(each, tuple(map(Fraction, x)))[-1][0] for each in layers)
        return abs(one - other)

    grid = max(apart((a, b)) for a in np.linspace(-1, 1, 9) for b in np.linspace(-1, 1, 9))
    if found.equivalent.verdict is Verdict.HOLDS:
        assert grid == 0
    else:
        (difference,) = found.differences
        assert difference.verdict is Verdict.HOLDS
        assert apart(difference.point) == difference.value >= grid


def test_a_small_change_of_one_weight_is_measured_exactly(tmp_path):
    first = he_network(3, 3, 6, 4, 1)
    biases = [*first.biases[:-1], first.biases[-1] + 2.0**-20]
    second = layered(*zip(first.weights, biases, strict=True))
    domain = Domain.box([-1] * 3, [1] * 3)
    found = compare_networks(first, second, domain, settler(tmp_path, first, domain, second_network=second))
    assert found.equivalent.verdict is Verdict.FAILS
    assert found.differences[0].value == abs(Fraction(float(biases[-1][0])) - Fraction(float(first.biases[-1][0])))


def test_other_shapes_cannot_be_compared(tmp_path):
    compare = partial(compare_networks, he_network(1, 2, 3, 1), domain=SQUARE, settle=None)
    for other in (he_network(1, 3, 3, 1), he_network(1, 2, 3, 2)):
        with pytest.raises(InputError, match="cannot be compared"):
            compare(other)


def test_a_scope_may_be_given_by_name(tmp_path):
    # They differ by 1 at 1/2 and by 1/2 at the integers.
    first, second = (
        layered(([[1.0]], [0.0]), ([[0.0]], [0.5])),
        layered(([[1.0], [1.0]], [0.0, -0.5]), ([[1.0, -2.0]], [1.0])),
    )
    domain = Domain([0.0], [1.0], kinds=("integer",))
    settle = settler(tmp_path, first, domain, second_network=second)

    def asked(claim):
        return settle(claim)

    for scope, largest in (("relaxation", 1), ("admissible", Fraction(1, 2))):
        found = compare_networks(first, second, domain, asked, scope=scope)
        assert [end.value for end in found.differences] == [largest]
