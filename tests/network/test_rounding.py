"""The bound of what rounded weights can change: never exceeded, and not far from what is reached."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relugeom.network.network import Origin, ReLUNetwork
from relugeom.network.rounding import rounding_bound

Matrix = list[list[Fraction]]


def exact_outputs(weights: list[Matrix], biases: list[list[Fraction]], point: list[Fraction]) -> list[Fraction]:
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        if layer:
            point = [max(value, Fraction(0)) for value in point]
        point = [sum(map(Fraction.__mul__, row, point), shift) for row, shift in zip(W, b, strict=True)]
    return point


def rounded(weights: list[Matrix], biases: list[list[Fraction]]) -> ReLUNetwork:
    """The network with every entry rounded to float64, flagged where that changes it."""
    origin = Origin(
        rounded_weights=tuple(np.array([[Fraction(float(e)) != e for e in row] for row in W]) for W in weights),
        rounded_biases=tuple(np.array([Fraction(float(e)) != e for e in b]) for b in biases),
    )
    layers = [
        ([[float(e) for e in row] for row in W], [float(e) for e in b]) for W, b in zip(weights, biases, strict=True)
    ]
    return replace(ReLUNetwork.from_layers(*layers), origin=origin)


entries = st.fractions(-3, 3, max_denominator=12)


@settings(max_examples=200)
@given(sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4), scale=st.integers(-1080, 900), data=st.data())
def test_the_bound_holds(sizes: list[int], scale: int, data: st.DataObject) -> None:
    factor = Fraction(2) ** (scale // (len(sizes) - 1))
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [[[data.draw(entries) * factor for _ in range(n)] for _ in range(m)] for m, n in shapes]
    biases = [[data.draw(entries) * factor for _ in range(m)] for m, _ in shapes]
    network = rounded(weights, biases)
    corners = [[float(data.draw(entries)) for _ in range(sizes[0])] for _ in range(2)]
    lower, upper = np.minimum(*corners), np.maximum(*corners)
    bound = rounding_bound(network, lower, upper)
    kept = [[[Fraction(float(e)) for e in row] for row in W] for W in network.weights]
    shifts = [[Fraction(float(e)) for e in b] for b in network.biases]
    for share in (Fraction(0), Fraction(1), Fraction(data.draw(st.integers(0, 10)), 10)):
        point = [Fraction(a) + share * (Fraction(z) - Fraction(a)) for a, z in zip(lower, upper, strict=True)]
        exact, here = exact_outputs(weights, biases, point), exact_outputs(kept, shifts, point)
        for one, other, limit in zip(exact, here, bound, strict=True):
            assert limit == inf or abs(one - other) <= Fraction(float(limit))


def test_the_bound_is_close() -> None:
    network = rounded([[[Fraction(1, 3)]]], [[Fraction(0)]])
    (bound,) = rounding_bound(network, np.array([-1.0]), np.array([3.0]))
    assert 3 * (1 / 3) * 2**-53 <= bound <= 1.001 * 3 * (1 / 3) * 2**-53


def test_nothing_rounded_is_exactly_zero() -> None:
    network = ReLUNetwork.from_layers(([[1.0], [2.0]], [0.0, 1.0]), ([[1.0, 1.0]], [0.0]))
    assert np.array_equal(rounding_bound(network, np.array([-inf]), np.array([inf])), [0.0])


THIRD = Fraction(1, 3)
ONE, ZERO = Fraction(1), Fraction(0)


@pytest.mark.parametrize(
    ("weights", "biases", "lower", "upper", "finite"),
    [
        ([[[THIRD, ONE]]], [[ZERO]], [0, -inf], [1, inf], True),  # the exact weight meets the open input
        ([[[THIRD, ONE]]], [[ZERO]], [-inf, 0], [0, 0], False),
        ([[[ONE]], [[ONE]]], [[ZERO], [THIRD]], [-inf], [inf], True),  # only a bias
        ([[[ONE]], [[THIRD]]], [[ZERO], [ZERO]], [-inf], [5], True),  # the ReLU closes the open side
        ([[[ONE]], [[THIRD]]], [[ZERO], [ZERO]], [5], [inf], False),
        ([[[THIRD], [ONE]], [[ZERO, ONE]]], [[ZERO, ZERO], [ZERO]], [-inf], [inf], True),  # a unit that nobody reads
    ],
)
def test_open_boxes(
    weights: list[Matrix], biases: list[list[Fraction]], lower: list[float], upper: list[float], finite: bool
) -> None:
    (bound,) = rounding_bound(rounded(weights, biases), np.array(lower), np.array(upper))
    assert np.isfinite(bound) == finite
    assert not finite or bound < 1e-15


def test_overflow_is_unbounded() -> None:
    network = rounded([[[THIRD * 2**900]], [[ONE * 2**900]]], [[ZERO], [ZERO]])
    assert np.array_equal(rounding_bound(network, np.array([0.0]), np.array([1.0])), [inf])


def test_each_output_has_its_own_bound() -> None:
    network = rounded([[[THIRD], [ONE]]], [[ZERO, ZERO]])
    bound = rounding_bound(network, np.array([0.0]), np.array([1.0]))
    assert bound[0] > 1e-17 > 1e-300 > bound[1]
