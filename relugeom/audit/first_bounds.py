"""Bounds for questions that an audit does not come to: by interval arithmetic over the box of the domain, once.

The one idea: even a question that is not asked has an answer with two sides, which costs nothing.
"""

from fractions import Fraction
from math import isfinite

from relugeom.claims.subject import Question, Subject
from relugeom.geometry.domain import Domain
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
        self._ends = [tuple(map(_exact, pair)) for pair in zip(low.tolist(), high.tolist(), strict=True)]

    def of(self, subject: Subject) -> Bounds:
        """The bounds for one subject."""
        ends = self._ends[self._outputs(subject)]
        known = [(low, high) for low, high in ends if low is not None and high is not None]
        if len(known) < len(ends):
            return NOTHING
        match subject.question:
            case Question.RANGE:
                return min(low for low, _ in known), max(high for _, high in known)
            case Question.MONOTONICITY:
                return Fraction(0), max(high - low for low, high in known)
            case Question.FAIRNESS:
                return self._unfairness(known)
        return NOTHING

    @staticmethod
    def _outputs(subject: Subject) -> slice:
        """The outputs that a subject is about."""
        if subject.output is not None:
            return slice(subject.output, subject.output + 1)
        several = subject.further is not None and subject.question is Question.RANGE
        return slice(-(subject.further or 0) if several else None, None)

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


def _exact(value: float) -> Fraction | None:
    return Fraction(value) if isfinite(value) else None
