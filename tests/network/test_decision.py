"""Decisions and squashings."""

from decimal import Decimal, localcontext
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relugeom.errors import InputError
from relugeom.network.decision import (
    TIED,
    UNDECIDED,
    Decision,
    DecisionRule,
    Squashing,
    choose_decision,
    classify,
    decision_in_words,
    squash,
)


def logit(probability: float) -> Decimal:
    with localcontext() as context:
        context.prec = 1200
        exact = Decimal(probability)
        odds = exact / (1 - exact)
        context.prec = 120
        return odds.ln()


PROBABILITIES = [
    0.1,
    0.25,
    0.75,
    0.9,
    0.7310585786300049,
    1e-300,
    5e-324,
    nextafter(0.5, 0),
    nextafter(0.5, 1),
    1 - 2**-53,
]


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_the_bounds_of_a_probability_hold_its_logit(probability):
    rule = Decision.at_probability(probability)
    assert rule.rule is DecisionRule.THRESHOLD
    assert Decimal(rule.lower) < logit(probability) < Decimal(rule.upper)
    assert nextafter(rule.lower, inf) == rule.upper


@given(st.floats(0, 1, exclude_min=True, exclude_max=True, allow_subnormal=False))
def test_the_bounds_of_any_probability(probability):
    rule = Decision.at_probability(probability)
    if probability == 0.5:
        assert rule.lower == rule.upper == 0.0
    else:
        assert Decimal(rule.lower) < logit(probability) < Decimal(rule.upper)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 1.1, nan, inf])
def test_probabilities_that_are_none(probability):
    with pytest.raises(InputError, match="between 0 and 1"):
        Decision.at_probability(probability)


@pytest.mark.parametrize("threshold", [nan, inf, -inf])
def test_thresholds_that_are_none(threshold):
    with pytest.raises(InputError, match="finite"):
        Decision.at_threshold(threshold)


def test_a_threshold_is_exceeded_or_not():
    outputs = np.array([[0.25], [nextafter(0.25, 1)], [nextafter(0.25, 0)], [-1.0]])
    assert classify(Decision.at_threshold(0.25), outputs).tolist() == [0, 1, 0, 0]


def test_a_probability_threshold():
    rule = Decision.at_probability(0.9)
    outputs = np.array([[rule.lower], [nextafter(rule.upper, inf)], [nextafter(rule.lower, -inf)], [5.0], [-5.0]])
    assert classify(rule, outputs).tolist() == [0, 1, 0, 1, 0]


def test_the_largest_output_and_ties():
    outputs = np.array([[1.0, 2.0, 0.0], [2.0, 2.0, 0.0], [1.0, 1.0, 3.0], [0.0, 0.0, 0.0], [-0.0, 0.0, -1.0]])
    assert classify(Decision.largest(), outputs).tolist() == [1, TIED, 2, TIED, TIED]


def test_a_regression_decides_nothing():
    assert classify(Decision(), np.array([[1.0], [-1.0]])).tolist() == [UNDECIDED, UNDECIDED]
    assert classify(Decision.largest(), np.zeros((0, 2))).shape == (0,)


def test_sigmoid_without_overflow():
    values = np.array([[-1e308], [-745.2], [-1.0], [0.0], [1.0], [1e308]])
    shares = squash(Squashing.SIGMOID, values).ravel()
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares[3] == 0.5
    assert shares[2] == pytest.approx(1 / (1 + np.e), rel=1e-15)
    assert (np.diff(shares) >= 0).all()
    assert shares[2] + shares[4] == pytest.approx(1.0, rel=1e-15)


def test_softmax_without_overflow():
    shares = squash(Squashing.SOFTMAX, np.array([[1e308, 1e308, -1e308], [0.0, np.log(2.0), np.log(5.0)]]))
    assert shares[0].tolist() == [0.5, 0.5, 0.0]
    assert shares[1] == pytest.approx([1 / 8, 2 / 8, 5 / 8])


def test_no_squashing_changes_nothing():
    outputs = np.array([[1.0, -2.0]])
    assert squash(Squashing.NONE, outputs) is outputs


def test_one_of_two_thresholds_is_chosen():
    assert choose_decision(None, None) is None
    assert choose_decision(0.25, None) == Decision.at_threshold(0.25)
    assert choose_decision(None, 0.25) == Decision.at_probability(0.25)
    with pytest.raises(InputError, match="not both"):
        choose_decision(0.25, 0.5)


def test_a_decision_in_words_names_every_threshold_exactly():
    assert decision_in_words(Decision()) == "none"
    assert decision_in_words(Decision.largest(("no", "yes"))) == "the class of the largest output"
    assert decision_in_words(Decision.at_threshold(0.1 + 0.2)).endswith("exceeds 0.30000000000000004")
    rule = Decision.at_probability(0.7)
    words = decision_in_words(rule)
    assert float(words.split("exceeds ")[1].split(",")[0]) == rule.upper
    assert float(words.rsplit(" ", 1)[1]) == rule.lower
