"""How many samples keep their decision, whatever admissible input around them is taken instead.

Notation: x is a sample, s_k > 0 the scale of feature k (0 if it never moves), d_k = (x'_k − x_k)/s_k, and ε the radius;
or else some features may take any value, and all others keep theirs. The one idea: the inputs around a sample lie in a
box (every norm of d is at least its largest entry), so a sample keeps its decision if no admissible input of the box
has another one. Intervals settle most boxes; the others are claims. An input that refutes one, but is outside the ball
of the norm, is cut off by a half-space that has all of the ball, and the rest is claimed again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf, nextafter, sqrt

import numpy as np

from relugeom.analysis.counterparts import with_their_groups
from relugeom.analysis.decisions import decide_exactly
from relugeom.analysis.sure_decisions import decide_surely
from relugeom.certificate.claim import settle_claim
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Excluded, Scope
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.data.table import SampleTable
from relugeom.deadline import Deadline, TimeLimit
from relugeom.decimals import float_above, float_below
from relugeom.geometry.domain import Domain, list_combinations
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.decision import require_decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.robustness import has_clear_decision, other_decisions

__all__ = ["KeptCount", "count_equal", "count_robust"]

CELLS, MOST_CUTS = 20_000, 32
"""Most cells that are closed for one claim, and most claims for one sample."""
SHARE = 4.0
"""How many times its part of the time a sample may take."""
MOST_LISTED, BLOCK = 256, 4096
"""Most combinations of values of features that are listed, and samples that are decided at once."""
ZERO = Fraction(0)
Ends = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True, slots=True)
class KeptCount:
    """Samples by what is known of them.

    Attributes
    ----------
    asked
        Samples that are inputs of the domain and have a clear decision.
    kept, changed
        Those that are proved to keep it, and those for which an input with another one is known.
    """

    asked: int
    kept: int
    changed: int


def count_robust(
    network: ReLUNetwork,
    domain: Domain,
    table: SampleTable,
    radius: Fraction,
    *,
    scales: FloatArray,
    norm: Norm = Norm.LINF,
    time_limit: TimeLimit = None,
) -> KeptCount:
    """Count the samples of which no input within a radius has another decision.

    Parameters
    ----------
    radius
        ε ≥ 0, in units of the scales.
    scales
        s, shape (n,), each ≥ 0.
    time_limit
        Seconds or a deadline; samples that are not settled by then are neither kept nor changed.

    Raises
    ------
    InputError
        The network takes no decision.
    """
    require_decision(network.rule)
    reach: list[Fraction | None] = [radius * Fraction(scale) for scale in scales.tolist()]
    ball = _Ball(norm, radius, [*map(Fraction, scales.tolist())])
    return _count(_Surroundings(network, domain, reach, ball), table, Deadline.of(time_limit))


def count_equal(
    network: ReLUNetwork,
    domain: Domain,
    table: SampleTable,
    protected: Sequence[int],
    *,
    time_limit: TimeLimit = None,
) -> KeptCount:
    """Count the samples whose decision no other values of some features change.

    Parameters
    ----------
    protected
        Indices of features; members of a one-hot group change together.
    time_limit
        Seconds or a deadline; samples that are not settled by then are neither kept nor changed.

    Raises
    ------
    InputError
        The network takes no decision, or there is no such feature.
    """
    require_decision(network.rule)
    own, deadline = with_their_groups(domain, protected), Deadline.of(time_limit)
    listed = list_combinations(domain, own, limit=MOST_LISTED) if domain.integral[list(own)].all() else None
    if listed is not None:
        return _count_listed(network, domain, table, listed, deadline)
    reach = [None if feature in own else ZERO for feature in range(domain.inputs)]
    return _count(_Surroundings(network, domain, reach), table, deadline)


def _count_listed(
    network: ReLUNetwork, domain: Domain, table: SampleTable, listed: FloatArray, deadline: Deadline
) -> KeptCount:
    """The same where all values of the features are listed, shape (k, n), NaN for the other features."""
    counts, scope = np.zeros(3, dtype=np.int64), choose_scope(domain)
    for _, chunk in table.chunks():
        rows = chunk[in_scope(domain, chunk, scope)]
        for begin in range(0, len(rows), BLOCK):
            X = rows[begin : begin + BLOCK]
            decided = decide_surely(network, X)
            changed, is_open = np.zeros(len(X), dtype=np.bool_), np.full(len(X), deadline.passed)
            for values in listed if not deadline.passed else ():
                others = np.where(np.isnan(values), X, values)
                classes = decide_surely(network, others)
                inside = in_scope(domain, others, scope)
                changed |= inside & (classes >= 0) & (classes != decided)
                is_open |= inside & (classes < 0)
            is_clear = decided >= 0
            counts += [is_clear.sum(), (is_clear & ~changed & ~is_open).sum(), (is_clear & changed).sum()]
    return KeptCount(*counts.tolist())


def _count(around: "_Surroundings", table: SampleTable, deadline: Deadline) -> KeptCount:
    """Settle sample by sample, each in its part of the time."""
    found, left = list[Verdict](), len(table)
    for _, chunk in table.chunks():
        for x, counts in zip(chunk, around.holds(chunk), strict=True):
            if counts and deadline.passed:
                found.append(Verdict.UNKNOWN)
            elif counts and has_clear_decision(around.network, x):
                found.append(around.verdict_at(x, deadline.share(min(SHARE / left, 1.0))))
            left -= 1
    return KeptCount(len(found), found.count(Verdict.HOLDS), found.count(Verdict.FAILS))


class _Surroundings:
    """The inputs around a sample, for one network on one domain.

    Attributes
    ----------
    reach
        How far each feature may move; None for any distance.
    ball
        The ball that they lie in besides, if there is one.
    """

    def __init__(
        self,
        network: ReLUNetwork,
        domain: Domain,
        reach: Sequence[Fraction | None],
        ball: "_Ball | None" = None,
    ) -> None:
        self.network, self._domain, self._reach, self._ball = network, domain, reach, ball
        self._scope = choose_scope(domain)
        self._whole = domain.integral & (self._scope is Scope.ADMISSIBLE)

    def holds(self, X: FloatArray) -> BoolArray:
        """Which inputs, shape (s, n), the question is about."""
        return in_scope(self._domain, X, self._scope)

    def verdict_at(self, x: FloatArray, deadline: Deadline) -> Verdict:
        """Whether an input is proved to keep its decision, or refuted."""
        point = tuple(map(Fraction, x.tolist()))
        outputs = evaluate_exactly(self.network, point)[1]
        certain, perhaps = other_decisions(self.network, outputs)
        ends = [self._ends(k, value) for k, value in enumerate(point)]
        if self._is_settled(ends, perhaps or certain):
            return Verdict.HOLDS
        rows = [*self._rows(ends)]
        for _ in range(MOST_CUTS):
            claim = Excluded(tuple((part, *rows) for part in perhaps or certain), self._scope)
            settled = settle_claim(claim, self.network, self._domain, max_cells=CELLS, time_limit=deadline)
            shown = settled.counterexample
            if settled.verdict is not Verdict.FAILS or shown is None:
                return settled.verdict
            cut = None if self._ball is None else self._ball.cut(point, shown.x)
            if cut is None:
                before, after = (decide_exactly(self.network.rule, each) for each in (outputs, shown.outputs))
                return Verdict.FAILS if after >= 0 and before != after else Verdict.UNKNOWN
            rows.append(cut)
        return Verdict.UNKNOWN

    def _ends(self, feature: int, value: Fraction) -> Ends:
        """The least and the greatest value of a feature; whole numbers where only they count, None for no limit."""
        reach = self._reach[feature]
        if reach is None:
            return None, None
        low, high = value - reach, value + reach
        return (Fraction(ceil(low)), Fraction(floor(high))) if self._whole[feature] else (low, high)

    def _is_settled(self, ends: Sequence[Ends], others: Sequence[Inequality]) -> bool:
        """Whether intervals show that no other decision is taken in the box."""
        lower = np.array([-inf if low is None else float_below(low) for low, _ in ends])
        upper = np.array([inf if high is None else float_above(high) for _, high in ends])
        box = np.maximum(lower, self._domain.lower), np.minimum(upper, self._domain.upper)
        low, high = output_interval(self.network, *box)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            return False
        sides = [*zip(map(Fraction, low.tolist()), map(Fraction, high.tolist()), strict=True)]
        return all(_greatest(part, sides) < 0 for part in others)

    def _rows(self, ends: Sequence[Ends]) -> Iterator[Inequality]:
        """The sides of the box that the domain does not have."""
        for k, (low, high) in enumerate(ends):
            unit = tuple(Fraction(int(j == k)) for j in range(len(ends)))
            if low is not None and low > self._domain.lower[k]:
                yield Inequality(-low, unit)
            if high is not None and high < self._domain.upper[k]:
                yield Inequality(high, tuple(-entry for entry in unit))


@dataclass(frozen=True, slots=True)
class _Ball:
    """Inputs within a radius, in units of the scales."""

    norm: Norm
    radius: Fraction
    scales: Sequence[Fraction]

    def cut(self, x: Point, other: Point) -> Inequality | None:
        """An inequality that all of the ball meets, and an input of its box does not; None if that is in the ball."""
        pairs = zip(x, other, self.scales, strict=True)
        moves = [(b - a) / scale if a != b else ZERO for a, b, scale in pairs]
        if self.norm is Norm.LINF or self._holds(moves):
            return None
        if self.norm is Norm.L1:  # the signs are those of the side of the ball that is nearest
            weights, most = [Fraction((move > 0) - (move < 0)) for move in moves], self.radius
        else:
            weights, most = moves, self.radius * _root_above(sum((move**2 for move in moves), ZERO))
        row = tuple(-weight / scale if weight else ZERO for weight, scale in zip(weights, self.scales, strict=True))
        return Inequality(most - sum((a * b for a, b in zip(row, x, strict=True)), ZERO), row)

    def _holds(self, moves: Sequence[Fraction]) -> bool:
        """Whether a move stays within the radius."""
        if self.norm is Norm.L1:
            return sum(map(abs, moves)) <= self.radius
        return sum(move**2 for move in moves) <= self.radius**2


def _root_above(square: Fraction) -> Fraction:
    """At least the square root."""
    return Fraction(nextafter(sqrt(float_above(square)), inf))


def _greatest(part: Inequality, sides: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """The greatest value of an inequality in the outputs over a box of these."""
    pairs = zip(part.outputs, sides, strict=True)
    return part.constant + sum((weight * (high if weight > 0 else low) for weight, (low, high) in pairs), Fraction(0))
