"""The meaning of outputs: their squashing, and the class that they decide.

The *squashing* (sigmoid, softmax) turns outputs into probabilities; regions and effective maps do not see it. The
*decision* is taken on the outputs before it: with one output, class 1 iff it exceeds θ; with several, the largest.
A threshold p on a probability is θ = ln(p / (1 − p)), which is irrational except at p = 1/2: it is kept as two
neighbouring floats around it, and an output between them is undecided.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from math import inf, nextafter

import numpy as np

from relugeom.decimals import shortest_decimal
from relugeom.errors import InputError
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = [
    "TIED",
    "UNDECIDED",
    "Decision",
    "DecisionRule",
    "Squashing",
    "choose_decision",
    "classify",
    "decision_in_words",
    "require_decision",
    "squash",
]

NO_DECISION = "the network takes no decision: give a threshold, above which an output decides for class 1"

UNDECIDED = -1
"""Class of an output between the two bounds of a threshold."""
TIED = -2
"""Class of outputs whose largest value is reached twice."""


class Squashing(StrEnum):
    """Last, non-linear step of a network, kept apart from its layers."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


class DecisionRule(StrEnum):
    """Rule that turns outputs before squashing into a class."""

    NONE = "none"
    THRESHOLD = "threshold"
    ARGMAX = "argmax"


@dataclass(frozen=True, slots=True)
class Decision:
    """A rule that turns outputs into a class, and names of the classes.

    Attributes
    ----------
    rule
        NONE for a regression.
    lower, upper
        Bounds of θ, equal if θ is a float: class 1 iff output > upper, class 0 iff output ≤ lower.
    class_names
        One name per class, or empty.
    """

    rule: DecisionRule = DecisionRule.NONE
    lower: float = 0.0
    upper: float = 0.0
    class_names: tuple[str, ...] = ()

    @classmethod
    def at_threshold(cls, threshold: float, class_names: tuple[str, ...] = ()) -> "Decision":
        """Decision for class 1 iff the output before squashing exceeds `threshold`."""
        if not np.isfinite(threshold):
            raise InputError(f"a decision threshold must be a finite number, not {threshold}")
        return cls(DecisionRule.THRESHOLD, float(threshold), float(threshold), class_names)

    @classmethod
    def at_probability(cls, probability: float, class_names: tuple[str, ...] = ()) -> "Decision":
        """Decision for class 1 iff the sigmoid of the output exceeds `probability`."""
        if not 0.0 < probability < 1.0:
            raise InputError(f"a probability threshold must lie between 0 and 1, not at {probability}")
        if probability == 0.5:
            return cls.at_threshold(0.0, class_names)
        with localcontext() as context:
            context.prec = 60  # ln is correctly rounded to 60 digits: far inside a float's spacing
            exact = Decimal(probability)
            logit = (exact / (1 - exact)).ln()
            nearest = float(logit)
            below = nearest if Decimal(nearest) < logit else nextafter(nearest, -inf)
        return cls(DecisionRule.THRESHOLD, below, nextafter(below, inf), class_names)

    @classmethod
    def largest(cls, class_names: tuple[str, ...] = ()) -> "Decision":
        """Decision for the class of the largest output."""
        return cls(DecisionRule.ARGMAX, class_names=class_names)


def choose_decision(threshold: float | None, probability: float | None) -> Decision | None:
    """The decision that is asked for by one of two thresholds; None without a word.

    Raises
    ------
    InputError
        Both are given, or a threshold that decides nothing.
    """
    if threshold is not None and probability is not None:
        raise InputError("give --threshold or --probability, not both")
    if threshold is not None:
        return Decision.at_threshold(threshold)
    return None if probability is None else Decision.at_probability(probability)


def decision_in_words(rule: Decision) -> str:
    """How a class follows from the outputs."""
    if rule.rule is DecisionRule.ARGMAX:
        return "the class of the largest output"
    if rule.rule is DecisionRule.NONE:
        return "none"
    lower, upper = shortest_decimal(rule.lower), shortest_decimal(rule.upper)
    between = "" if lower == upper else f", class 0 if it is at most {lower}"
    return f"class 1 if the output before squashing exceeds {upper}{between}"


def squash(squashing: Squashing, outputs: FloatArray) -> FloatArray:
    """Apply the squashing to rows of outputs, shape (k, m), without overflow."""
    if squashing is Squashing.SIGMOID:
        decay = np.exp(-np.abs(outputs))
        return np.where(outputs >= 0, 1.0, decay) / (1.0 + decay)
    if squashing is Squashing.SOFTMAX:
        with np.errstate(over="ignore"):  # a difference of −∞ is a share of 0
            powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
        return shares
    return outputs


def classify(decision: Decision, outputs: FloatArray) -> IntArray:
    """Class of each row of outputs before squashing, shape (k, m); UNDECIDED or TIED if there is none."""
    if decision.rule is DecisionRule.THRESHOLD:
        column = outputs[:, 0]
        return np.where(column > decision.upper, 1, np.where(column <= decision.lower, 0, UNDECIDED))
    if decision.rule is DecisionRule.ARGMAX:
        reached = outputs == outputs.max(axis=1, keepdims=True)
        return np.where(reached.sum(axis=1) > 1, TIED, outputs.argmax(axis=1))
    return np.full(len(outputs), UNDECIDED, dtype=np.int64)


def require_decision(rule: Decision) -> None:
    """Raise InputError if the network takes no decision."""
    if rule.rule is DecisionRule.NONE:
        raise InputError(NO_DECISION)
