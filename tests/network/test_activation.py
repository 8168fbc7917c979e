"""Activation patterns of samples: every sign right, whatever floats do."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network, hidden, integer_network, layered
from oracles import evaluate_layers, exact_layers, pattern_at

from relugeom.errors import DataError
from relugeom.network.activation import activation_pattern, activation_patterns
from relugeom.network.pattern import pattern_texts

HOSTILE = [
    0.0,
    0.1,
    0.2,
    0.3,
    -0.1,
    1.0,
    -1.0,
    3.0,
    1e-300,
    -1e-300,
    5e-324,
    1e300,
    -1e300,
    1e17,
    -1e17,
    1e-160,
    2.0**53,
]


def check(network, X):
    """Compare patterns and boundary flags with rational evaluation."""
    found, layers = activation_patterns(network, X), exact_layers(network)
    assert pattern_texts(found.packed, network.widths) == [pattern_at(layers, x) for x in X.tolist()]
    on_boundary = [any(0 in z for z in evaluate_layers(layers, x)[:-1]) for x in X.tolist()]
    assert found.on_boundary.tolist() == on_boundary
    return found


@st.composite
def hostile_cases(draw):
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=5))
    number = st.one_of(st.sampled_from(HOSTILE), st.floats(allow_nan=False, allow_infinity=False))

    def table(*shape):
        count = int(np.prod(shape))
        return np.array(draw(st.lists(number, min_size=count, max_size=count))).reshape(shape)

    pairs = itertools.pairwise(sizes)
    network = layered(*[(table(m, n), table(m)) for n, m in pairs])
    return network, table(draw(st.integers(1, 4)), sizes[0])


@given(hostile_cases())
def test_patterns_of_hostile_networks(case):
    check(*case)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_samples_on_hyperplanes(seed, depth):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, *[3] * depth, 1)
    found = check(network, random.integers(-2, 3, (20, 2)) / 2)
    assert found.settled_exactly >= found.on_boundary.sum()


def test_points_next_to_a_hyperplane():
    weight = np.array([[0.1, 0.2, -0.3]])
    network = hidden((weight, [0.0]))
    line = np.array([1.0, 1.0, 1.0])
    steps = np.spacing(1.0) * np.array([[0, 0, k] for k in range(-3, 4)])
    check(network, line + steps)


def test_deep_cancellation():
    # Layer after layer subtracts two huge nearly equal numbers, so that floats lose everything.
    spread = [[1e16, 1.0], [1e16, 0.0]]
    collect = [[1.0, -1.0], [-1.0, 1.0]]
    network = hidden((spread, [0, 0]), (collect, [0, 0]), (spread, [0, 0]), (collect, [0, 0]))
    X = np.array([[x, y] for x in (0.1, 1.0, 3.0, 1e-3) for y in (-1e-9, 1e-9, -0.0, 0.25)])
    found = check(network, X)
    assert found.settled_exactly == len(X)


def test_overflow_to_infinity_inside():
    network = hidden(([[1e300, 0], [0, 1e300]], [0, 0]), ([[1, -1], [-1, 1]], [0, 0]))
    found = check(network, np.array([[1e300, 1e299], [1e10, 1e10], [1e300, 1e300], [-1.0, 1e300]]))
    assert found.on_boundary.tolist() == [False, True, True, False]


def test_underflow_to_zero_inside():
    network = hidden(([[1e-300], [-1e-300]], [0, 0]), ([[1e-300, 0.0], [0.0, 1e-300]], [0, 0]))
    found = check(network, np.array([[1e-300], [-1e-300], [0.0]]))
    assert pattern_texts(found.packed, (2, 2)) == ["10/10", "01/01", "00/00"]
    assert found.settled_exactly == 3


def test_tame_samples_need_no_exact_arithmetic():
    network = he_network(3, 4, 16, 16, 1)
    X = np.random.default_rng(5).normal(size=(20_000, 4))
    found = activation_patterns(network, X)
    assert found.settled_exactly == 0 and not found.on_boundary.any()
    few = activation_patterns(network, X[8190:8200])
    assert (found.packed[8190:8200] == few.packed).all()


def test_exact_and_plain_samples_keep_their_rows():
    network = hidden(([[1.0]], [0.0]), ([[1.0]], [-1.0]))
    X = np.tile([[0.0], [2.0], [1.0], [-5.0], [0.5]], (4000, 1))
    found = activation_patterns(network, X)
    assert pattern_texts(found.packed, (1, 1)) == ["0/0", "1/1", "1/0", "0/0", "1/0"] * 4000
    assert found.settled_exactly == 8000
    assert found.on_boundary.tolist() == [True, False, True, False, False] * 4000


def test_float32_doubt_is_not_forgotten():
    # Whoever evaluates in float32 and finds another pattern must have been warned.
    network = he_network(7, 3, 12, 12, 1)
    weights = [np.float32(w) for w in network.weights]
    biases = [np.float32(b) for b in network.biases]
    network = layered(*zip(weights, biases, strict=True))
    random = np.random.default_rng(8)
    X = random.normal(size=(3000, 3))
    # Half of the samples lie close to the first unit's hyperplane.
    normal, offset = network.weights[0][0], network.biases[0][0]
    X[::2] -= np.outer((X[::2] @ normal + offset) / (normal @ normal), normal)
    X[::2] += random.normal(size=X[::2].shape) * 1e-8
    found = activation_patterns(network, X)
    x, bits = np.float32(X), []
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        z = x @ weight.T + bias
        bits.append(z > 0)
        x = np.maximum(z, np.float32(0))
    differs = (np.packbits(np.hstack(bits), axis=1) != found.packed).any(axis=1)
    assert differs.any()
    assert not (differs & ~found.float32_doubtful).any()
    assert found.float32_doubtful[1::2].mean() < 0.01


def test_float32_underflow_and_overflow_are_doubtful():
    tiny = hidden(([[1e-30]], [0.0]))
    assert activation_patterns(tiny, [[1e-20]]).float32_doubtful.tolist() == [True]
    huge = hidden(([[1e30], [1e30]], [0.0, 0.0]), ([[1.0, -0.5]], [0.0]))
    assert activation_patterns(huge, [[1e20]]).float32_doubtful.tolist() == [True]
    assert activation_patterns(huge, [[1.0]]).float32_doubtful.tolist() == [False]


def test_one_input():
    network = hidden(([[1.0, -1.0], [1.0, 1.0]], [0.0, 0.0]))
    assert str(activation_pattern(network, [0.5, 0.25])) == "11"
    assert str(activation_pattern(network, np.array([[0.5, 0.5]]))) == "01"


def test_no_samples_and_no_units():
    network = hidden(([[1.0, -1.0]], [0.0]))
    empty = activation_patterns(network, np.zeros((0, 2)))
    assert empty.packed.shape == (0, 1) and empty.settled_exactly == 0
    linear = layered(([[1.0, 2.0]], [0.0]))
    found = activation_patterns(linear, [[1.0, 1.0], [0.0, 0.0]])
    assert found.packed.shape == (2, 0)
    assert not found.on_boundary.any() and found.settled_exactly == 0


@pytest.mark.parametrize(
    ("X", "complaint"),
    [
        ([[1.0]], "takes 2 inputs"),
        ([1.0, 2.0, 3.0], "takes 2 inputs"),
        (np.zeros((2, 2, 2)), "takes 2 inputs"),
        ([[0.0, 0.0], [0.0, np.nan]], "row 1, input 'x1': nan is not finite"),
        ([[np.inf, 0.0]], "row 0, input 'x0': inf is not finite"),
    ],
)
def test_samples_that_do_not_fit(X, complaint):
    with pytest.raises(DataError, match=complaint):
        activation_patterns(hidden(([[1.0, 1.0]], [0.0])), X)


@given(st.integers(0, 2**32 - 1))
def test_permuting_units_permutes_patterns(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    orders = [random.permutation(4), random.permutation(3)]
    (w0, w1, w2), (b0, b1, b2) = network.weights, network.biases
    shuffled = layered(
        (w0[orders[0]], b0[orders[0]]),
        (w1[orders[1]][:, orders[0]], b1[orders[1]]),
        (w2[:, orders[1]], b2),
    )
    X = random.integers(-3, 4, (10, 2)) / 4
    plain = pattern_texts(activation_patterns(network, X).packed, (4, 3))
    moved = pattern_texts(activation_patterns(shuffled, X).packed, (4, 3))
    for one, other in zip(plain, moved, strict=True):
        layers = zip(one.split("/"), orders, strict=True)
        assert other == "/".join("".join(bits[unit] for unit in order) for bits, order in layers)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_scaling_a_unit_changes_no_pattern(seed, unit):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    (w0, w1, w2), (b0, b1, b2) = network.weights, network.biases
    scale = np.ones(4)
    scale[unit] = 2.0
    scaled = layered((w0 * scale[:, None], b0 * scale), (w1 / scale, b1), (w2, b2))
    X = random.integers(-3, 4, (10, 2)) / 4
    assert (activation_patterns(network, X).packed == activation_patterns(scaled, X).packed).all()
    outputs = [evaluate_layers(exact_layers(net), X[0].tolist())[-1] for net in (network, scaled)]
    assert outputs[0] == outputs[1]
    assert isinstance(outputs[0][0], Fraction)
