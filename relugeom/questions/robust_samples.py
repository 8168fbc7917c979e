"""How many samples keep their decision within a radius, in units of each feature's scale.

Notation: x is a sample, s_k > 0 the scale of feature k (0 if it never moves), d_k = (x'_k − x_k)/s_k, and ε the radius.
The one idea: every norm of d is at least its largest entry, so a sample is robust if no admissible input of the box
|d_k| ≤ ε has another decision. Intervals settle most boxes; the others are claims. An input that refutes one, but is
outside the ball of the norm, is cut off by a half-space that has all of the ball, and the rest is claimed again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf, nextafter, sqrt

import numpy as np

from relugeom.analysis.decisions import decide_exactly
from relugeom.certificate.claim import settle_claim
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Excluded, Scope
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.data.table import SampleTable
from relugeom.deadline import Deadline, TimeLimit
from relugeom.decimals import float_above, float_below
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.decision import require_decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.robustness import has_clear_decision, other_decisions

__all__ = ["RobustCount", "count_robust"]

CELLS, MOST_CUTS = 20_000, 32
"""Most cells that are closed for one claim, and most claims for one sample."""
SHARE = 4.0
"""How many times its part of the time a sample may take."""
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class RobustCount:
    """Samples by what is known of them.

    Attributes
    ----------
    asked
        Samples that are inputs of the domain and have a clear decision.
    robust, refuted
        Those that are proved to keep it within the radius, and those of which an input within it has another one.
    """

    asked: int
    robust: int
    refuted: int


def count_robust(
    network: ReLUNetwork,
    domain: Domain,
    table: SampleTable,
    radius: Fraction,
    *,
    scales: FloatArray,
    norm: Norm = Norm.LINF,
    time_limit: TimeLimit = None,
) -> RobustCount:
    """Count the samples of which no input within a radius has another decision.

    Parameters
    ----------
    radius
        ε ≥ 0, in units of the scales.
    scales
        s, shape (n,), each ≥ 0.
    time_limit
        Seconds or a deadline; samples that are not settled by then are neither robust nor refuted.

    Raises
    ------
    InputError
        The network takes no decision.
    """
    require_decision(network.rule)
    deadline, scope = Deadline.of(time_limit), choose_scope(domain)
    ball, found = _Ball(network, domain, radius, scales, norm, scope), list[Verdict]()
    left = len(table)
    for _, chunk in table.chunks():
        for x, counts in zip(chunk, in_scope(domain, chunk, scope), strict=True):
            if counts and deadline.passed:
                found.append(Verdict.UNKNOWN)
            elif counts and has_clear_decision(network, x):
                found.append(ball.verdict_at(x, deadline.share(min(SHARE / left, 1.0))))
            left -= 1
    return RobustCount(len(found), found.count(Verdict.HOLDS), found.count(Verdict.FAILS))


class _Ball:
    """Balls of one size around inputs of one network on one domain."""

    def __init__(
        self, network: ReLUNetwork, domain: Domain, radius: Fraction, scales: FloatArray, norm: Norm, scope: Scope
    ) -> None:
        self._network, self._domain, self._norm, self._scope = network, domain, norm, scope
        self._radius, self._scales = radius, [Fraction(scale) for scale in scales.tolist()]
        self._reach = [radius * scale for scale in self._scales]
        self._whole = domain.integral & (scope is Scope.ADMISSIBLE)

    def verdict_at(self, x: FloatArray, deadline: Deadline) -> Verdict:
        """Whether an input is proved to keep its decision, or refuted."""
        point = tuple(map(Fraction, x.tolist()))
        outputs = evaluate_exactly(self._network, point)[1]
        certain, perhaps = other_decisions(self._network, outputs)
        ends = [self._ends(k, value) for k, value in enumerate(point)]
        if self._is_settled(ends, perhaps or certain):
            return Verdict.HOLDS
        rows = [*self._rows(ends)]
        for _ in range(MOST_CUTS):
            claim = Excluded(tuple((part, *rows) for part in perhaps or certain), self._scope)
            settled = settle_claim(claim, self._network, self._domain, max_cells=CELLS, time_limit=deadline)
            shown = settled.counterexample
            if settled.verdict is not Verdict.FAILS or shown is None:
                return settled.verdict
            cut = self._cut(point, shown.x)
            if cut is None:
                before, after = (decide_exactly(self._network.rule, each) for each in (outputs, shown.outputs))
                return Verdict.FAILS if after >= 0 and before != after else Verdict.UNKNOWN
            rows.append(cut)
        return Verdict.UNKNOWN

    def _ends(self, feature: int, value: Fraction) -> tuple[Fraction, Fraction]:
        """The least and the greatest value of a feature within the radius; whole numbers where only they count."""
        low, high = value - self._reach[feature], value + self._reach[feature]
        return (Fraction(ceil(low)), Fraction(floor(high))) if self._whole[feature] else (low, high)

    def _is_settled(self, ends: Sequence[tuple[Fraction, Fraction]], others: Sequence[Inequality]) -> bool:
        """Whether intervals show that no other decision is taken in the box."""
        lower = np.maximum([float_below(low) for low, _ in ends], self._domain.lower)
        upper = np.minimum([float_above(high) for _, high in ends], self._domain.upper)
        low, high = output_interval(self._network, lower, upper)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            return False
        sides = [*zip(map(Fraction, low.tolist()), map(Fraction, high.tolist()), strict=True)]
        return all(_greatest(part, sides) < 0 for part in others)

    def _rows(self, ends: Sequence[tuple[Fraction, Fraction]]) -> Iterator[Inequality]:
        """The sides of the box that the domain does not have."""
        for k, (low, high) in enumerate(ends):
            unit = tuple(Fraction(int(j == k)) for j in range(len(ends)))
            if low > self._domain.lower[k]:
                yield Inequality(-low, unit)
            if high < self._domain.upper[k]:
                yield Inequality(high, tuple(-entry for entry in unit))

    def _cut(self, x: Point, other: Point) -> Inequality | None:
        """An inequality that all of the ball meets, and an input of the box does not; None if that is in the ball."""
        pairs = zip(x, other, self._scales, strict=True)
        moves = [(b - a) / scale if a != b else ZERO for a, b, scale in pairs]
        if self._norm is Norm.L1:  # the signs are those of the side of the ball that is nearest
            weights, most = [Fraction((move > 0) - (move < 0)) for move in moves], self._radius
        else:
            weights, most = moves, self._radius * _root_above(sum((move**2 for move in moves), ZERO))
        if self._norm is Norm.LINF or self._holds(moves):
            return None
        row = tuple(-weight / scale if weight else ZERO for weight, scale in zip(weights, self._scales, strict=True))
        return Inequality(most - sum((a * b for a, b in zip(row, x, strict=True)), ZERO), row)

    def _holds(self, moves: Sequence[Fraction]) -> bool:
        """Whether a move stays within the radius."""
        if self._norm is Norm.L1:
            return sum(map(abs, moves)) <= self._radius
        return sum(move**2 for move in moves) <= self._radius**2


def _root_above(square: Fraction) -> Fraction:
    """At least the square root."""
    return Fraction(nextafter(sqrt(float_above(square)), inf))


def _greatest(part: Inequality, sides: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """The greatest value of an inequality in the outputs over a box of these."""
    pairs = zip(part.outputs, sides, strict=True)
    return part.constant + sum((weight * (high if weight > 0 else low) for weight, (low, high) in pairs), Fraction(0))
