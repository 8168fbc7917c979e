"""Effective maps: the product of the active weights, in rationals."""

from fractions import Fraction
from itertools import pairwise
from math import inf

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network, hidden, integer_network, layered
from oracles import all_patterns, evaluate_layers, exact_layers, pattern_at, unit_forms

from relugeom.errors import PatternError
from relugeom.network.activation import activation_patterns
from relugeom.network.effective import effective_map, effective_maps
from relugeom.network.exact import exact_network, exact_values, pattern_forms
from relugeom.network.forward import evaluate
from relugeom.network.pattern import ActivationPattern


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 3), min_size=2, max_size=5))
def test_maps_against_matrices_multiplied_out(seed, sizes):
    random = np.random.default_rng(seed)
    network = he_network(seed, *sizes) if seed % 2 else integer_network(random, *sizes)
    layers = exact_layers(network)
    for text in all_patterns(network.widths)[:40]:
        exact = unit_forms(layers, text)[-1]
        omega, b = effective_map(network, text)
        assert omega.shape == (network.outputs, network.inputs)
        # float(Fraction) rounds to nearest
        assert omega.tolist() == [[float(c) for c in form[:-1]] for form in exact]
        assert b.tolist() == [float(form[-1]) for form in exact]


@given(st.integers(0, 2**32 - 1))
def test_every_layer_of_the_forms(seed):
    network = he_network(seed, 2, 3, 2, 2)
    layers, exact = exact_layers(network), exact_network(network)
    text = pattern_at(layers, [0.25, -0.5])
    forms = pattern_forms(exact, ActivationPattern.from_text(network.widths, text))
    expected = unit_forms(layers, text)
    for found, wanted in zip(forms, expected, strict=True):
        rationals = [[Fraction(entry, 1 << found.exponent) for entry in row] for row in found.rows()]
        assert rationals == wanted
        assert isinstance(found.matrix, fmpz_mat)


@given(st.integers(0, 2**32 - 1))
def test_the_map_is_the_network_at_its_samples(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 3, 4, 3, 2)
    layers = exact_layers(network)
    X = random.integers(-4, 5, (6, 3)) / 4
    packed = activation_patterns(network, X).packed
    maps = effective_maps(network, packed)
    for row, x in enumerate(X.tolist()):
        outputs = evaluate_layers(layers, x)[-1]
        values = maps.weights[row] @ np.array(x) + maps.biases[row]  # small integers over 4: floats are exact
        assert values.tolist() == outputs
    assert evaluate(network, X).tolist() == [evaluate_layers(layers, x)[-1] for x in X.tolist()]


def test_exact_values_are_the_networks():
    network = he_network(1, 3, 5, 4, 2)
    X = np.random.default_rng(2).normal(size=(4, 3))
    results = exact_values(exact_network(network), X)
    for column, x in enumerate(X.tolist()):
        expected = evaluate_layers(exact_layers(network), x)
        found = [[Fraction(int(z[i, column]), 2**k) for i in range(z.nrows())] for z, k in results]
        assert found == expected


def test_signs_survive_underflow():
    network = layered(([[1e-200, -1e-200]], [1e-300]), ([[1e-200], [-1e-200]], [0.0, 1e-320]))
    maps = effective_maps(network, np.packbits([[True], [False]], axis=1))
    assert maps.weights[0].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert maps.signs[0].tolist() == [[1, -1, 1], [-1, 1, 1]]
    assert maps.signs[1].tolist() == [[0, 0, 0], [0, 0, 1]]
    assert not np.signbit(maps.weights).any()


def test_coefficients_beyond_the_largest_float():
    network = layered(([[1e200]], [-1e200]), ([[1e200]], [0.0]))
    omega, b = effective_map(network, "1")
    assert omega.tolist() == [[inf]] and b.tolist() == [-inf]
    maps = effective_maps(network, np.array([[128]], dtype=np.uint8))
    assert maps.signs.tolist() == [[[1, -1]]]


def test_cancellation_gives_the_exact_sign():
    # 0.1 + 0.2 − 0.3 is positive in rationals of the floats, and 2^-55 · … in size
    network = layered(([[0.1], [0.2], [0.3]], [0.0, 0.0, 0.0]), ([[1.0, 1.0, -1.0]], [0.0]))
    omega, _ = effective_map(network, "111")
    assert omega[0, 0] == float(Fraction(0.1) + Fraction(0.2) - Fraction(0.3)) > 0


def test_no_hidden_layers():
    network = layered(([[1.0, -2.0]], [3.0]))
    omega, b = effective_map(network, "-")
    assert omega.tolist() == [[1.0, -2.0]] and b.tolist() == [3.0]
    maps = effective_maps(network, np.zeros((2, 0), dtype=np.uint8))
    assert maps.weights.tolist() == [[[1.0, -2.0]]] * 2


def test_no_patterns():
    network = hidden(([[1.0, 1.0]], [0.0]))
    maps = effective_maps(network, np.zeros((0, 1), dtype=np.uint8))
    assert maps.weights.shape == (0, 1, 2) and maps.biases.shape == (0, 1) and maps.signs.shape == (0, 1, 3)


def test_a_pattern_of_another_network():
    network = hidden(([[1.0, 1.0]], [0.0]))
    with pytest.raises(PatternError):
        effective_map(network, "11")
    with pytest.raises(PatternError):
        effective_map(network, ActivationPattern.from_text((2,), "11"))


@pytest.mark.parametrize("scale", [1.0, 1e-150, 1e-300, 1e150, 5e-324 * 2**60])
def test_many_maps_are_the_same_as_one_by_one_however_large_or_small(scale):
    """Rounded once, also where coefficients are subnormal, beyond the largest float, or too long for a float."""
    for seed, sizes in enumerate([(2, 3, 2), (3, 4, 3, 2), (2, 2, 2, 2, 1), (2, 1)]):
        random = np.random.default_rng(seed)
        factors = scale ** (1 / (len(sizes) - 1)) * np.array([0.5, 1.0, 3.0])
        network = layered(
            *[
                (random.normal(size=(m, n)) * random.choice(factors, size=(m, n)), random.normal(size=m) * scale)
                for n, m in pairwise(sizes)
            ]
        )
        texts = list(all_patterns(network.widths))
        packed = np.array([list(ActivationPattern.from_text(network.widths, text).packed) for text in texts], np.uint8)
        maps = effective_maps(network, packed.reshape(len(texts), -1))
        layers = exact_layers(network)
        for row, text in enumerate(texts):
            exact = unit_forms(layers, text)[-1]
            values = [[nearest(c) for c in form] for form in exact]
            assert np.column_stack([maps.weights[row], maps.biases[row]]).tolist() == values
            assert maps.signs[row].tolist() == [[(c > 0) - (c < 0) for c in form] for form in exact]


def nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
