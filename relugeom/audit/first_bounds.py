"""Bounds for questions that an audit does not come to: by interval arithmetic over the box of the domain, once.

The one idea: even a question that is not asked has an answer with two sides, which costs nothing.
"""

from fractions import Fraction
from math import isfinite

from relugeom.claims.subject import Question, Subject
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.network.decision import DecisionRule
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork

__all__ = ["FirstBounds"]

Bounds = tuple[Fraction | None, Fraction | None]
NOTHING: Bounds = (None, None)


class FirstBounds:
    """Bounds of what subjects are about, as `Answer.lower` and `Answer.upper` mean them."""

    def __init__(self, network: ReLUNetwork, domain: Domain) -> None:
        self._rule = network.rule
        low, high = output_interval(network, domain.lower, domain.upper)
        self._low, self._high = _exactly(low), _exactly(high)

    def of(self, subject: Subject) -> Bounds:
        """The bounds for one subject."""
        low, high = self._low, self._high
        if subject.further is not None and subject.question is Question.RANGE:
            low, high = low[-subject.further :], high[-subject.further :]
        elif subject.output is not None:
            low, high = (low[subject.output],), (high[subject.output],)
        if None in low or None in high:
            return NOTHING
        ends = [(a, b) for a, b in zip(low, high, strict=True) if a is not None and b is not None]
        match subject.question:
            case Question.RANGE:
                return min(a for a, _ in ends), max(b for _, b in ends)
            case Question.MONOTONICITY:
                return Fraction(0), max(b - a for a, b in ends)
            case Question.FAIRNESS:
                return self._unfairness(ends)
        return NOTHING

    def _unfairness(self, ends: list[tuple[Fraction, Fraction]]) -> Bounds:
        """How far two outputs can be on different sides of a threshold, or of each other; no input is alike to itself
        with a loss of more than the whole range.
        """
        if self._rule.rule is DecisionRule.THRESHOLD:
            (low, high), *_ = ends
            theta = Fraction(self._rule.lower), Fraction(self._rule.upper)
            return -max(abs(high - theta[0]), abs(theta[1] - low)), min(high - theta[0], theta[1] - low)
        span = max(b for _, b in ends) - min(a for a, _ in ends)
        return -span, span


def _exactly(values: FloatArray) -> tuple[Fraction | None, ...]:
    return tuple(Fraction(value) if isfinite(value) else None for value in values.tolist())
