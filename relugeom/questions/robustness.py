"""How far an input is from another decision, and the nearest input that gets one: a counterfactual.

Notation: p is an input with a decision, r a radius in the norm l1, l2 or linf. Another decision is had in a union of
sets of outputs: beyond a threshold, or where another output is at least as large. The one idea: in a closed cell, the
point of such a set that is nearest to p solves a linear program (l1, linf) or is a projection (l2); that no other cell
has a nearer one is a claim about a ball. If all admissible inputs can be listed, the nearest one is looked up instead.

A set may be open (y > θ): then its distance is that of its closure, and the nearest input may lie on the border. Else
the ball of exactly that distance touches the set; so the ball that is proved is smaller, by 2^−40 of it.

A threshold may be known between two bounds only: then a counterfactual is beyond the farther one, and the ball that is
proved holds no input that is beyond the nearer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, nextafter, sqrt

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.decisions import decide_exactly
from relugeom.certificate.nearest_output import find_nearest_output
from relugeom.claims.ball import Ball, Norm
from relugeom.claims.claim import Excluded, Scope
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import unclear_class
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.decimals import float_above
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, with_integers_of
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactOptimum, ExactUnbounded, Form
from relugeom.geometry.nearest_point import nearest_in_l1, nearest_in_l2, nearest_in_linf
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.measures.closed_cells import Best, climb, closed_cell, domain_forms
from relugeom.network.decision import NO_DECISION, DecisionRule
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.listed_inputs import ListedInputs, distance_in, list_inputs
from relugeom.questions.settler import (
    Ask,
    PlainSettle,
    Prover,
    Settler,
    asking,
    settler_may_come_third,
    settler_of,
)
from relugeom.questions.tightening import tighten

__all__ = ["Robustness", "distance_to_other_decision", "has_clear_decision", "other_decisions"]

NEAREST = {Norm.L1: nearest_in_l1, Norm.L2: nearest_in_l2, Norm.LINF: nearest_in_linf}
MARGIN = Fraction(1, 1 << 40)
PROOFS = 2 / 3
"""Part of the time for the exact distance and its proof; bounds from both sides come after them."""
KEPT = 8
"""Candidates from which the search starts."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """The distance of one input from another decision.

    Attributes
    ----------
    norm
        For L2, `distance` and `certified` are squares.
    verdict
        HOLDS: the distance is proved; FAILS: no input of the domain gets another decision, which is proved too;
        UNKNOWN: a nearer one may exist.
    distance
        Distance of the nearest input that was found; None without one.
    certified
        Proved distance within which no input has another decision; None if there is none at all.
    counterfactual
        The nearest input with (or, for an open set, at the border of) another decision.
    settlement
        The last claim, with its proof.
    scope
        Inputs that count as counterfactuals: admissible ones, or all of the relaxation.
    point
        The input whose distance it is.
    frozen
        Features that keep their value.
    """

    norm: Norm
    verdict: Verdict
    distance: Fraction | None
    certified: Fraction | None
    counterfactual: Point | None
    settlement: Settlement | None
    scope: Scope
    point: Point
    frozen: tuple[int, ...] = ()

    @property
    def lower(self) -> Fraction | None:
        """Proved: no input with another decision is nearer; 0 where nothing better is proved, None if there is none."""
        return None if self.verdict is Verdict.FAILS else self.certified or Fraction(0)

    @property
    def upper(self) -> Fraction | None:
        """Distance of the nearest input that was found; None without one."""
        return self.distance


@settler_may_come_third
def distance_to_other_decision(
    network: ReLUNetwork,
    domain: Domain,
    x: ArrayLike,
    *,
    settle: Settler | PlainSettle | None = None,
    norm: Norm = Norm.LINF,
    scope: Scope | None = None,
    frozen: Sequence[int] = (),
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
) -> Robustness:
    """Compute the exact distance of an input from another decision.

    Parameters
    ----------
    x
        An input of the domain, shape (n,).
    settle
        Settler of the claims: a `Settler`, or a function settle(domain, claim) for this network; by default the claims
        are proved here. Only a `Settler` is told how much time is left.
    scope
        ADMISSIBLE: only admissible inputs count as counterfactuals, the default if the domain has integer features;
        RELAXATION: all inputs of the relaxation.
    frozen
        Features that keep their value.
    candidates
        Inputs from which to start, shape (k, n), such as samples.
    time_limit
        Seconds or a deadline for everything; what is not proved by then is unknown.

    Raises
    ------
    InputError
        The input is outside the domain, its decision is not clear, the network takes no decision, or the frozen
        feature, the norm or the scope does not exist.
    """
    deadline = Deadline.of(time_limit)
    for feature in frozen:
        if not 0 <= feature < domain.inputs:
            raise InputError(
                f"there is no feature {feature} to freeze: they are numbered from 0 to {domain.inputs - 1}"
            )
    norm, scope = Norm(norm), choose_scope(domain, scope)
    point = as_samples(network, x)[0]
    known = None if candidates is None else as_samples(network, candidates)
    if not in_scope(domain, point[None, :], scope)[0]:
        raise InputError(
            "the input lies outside the domain (or is not admissible), so it has no distance to another decision"
        )
    p = tuple(map(Fraction, point.tolist()))
    kept = np.isin(np.arange(domain.inputs), list(frozen))
    sides = [np.where(kept, point, side) for side in (domain.lower, domain.upper)]
    free = replace(domain, lower=sides[0], upper=sides[1])
    settler = settler_of(settle, Prover(network), lambda plain, claim, on: plain(on, claim))
    listed = list_inputs(network, domain) if scope is Scope.ADMISSIBLE else None
    exact = deadline.share(PROOFS)
    found = _Search(network, free, asking(settler, free, exact), p, norm, scope, exact, deadline, listed).run(known)
    return replace(found, frozen=tuple(frozen))


def has_clear_decision(network: ReLUNetwork, x: FloatArray) -> bool:
    """Whether an input, shape (n,), certainly has one decision: no tie, no output between the bounds of a threshold."""
    outputs = evaluate_exactly(network, tuple(map(Fraction, np.asarray(x, dtype=np.float64).tolist())))[1]
    return decide_exactly(network.rule, outputs) >= 0


class _Search:
    """The distance of one input."""

    def __init__(
        self,
        network: ReLUNetwork,
        domain: Domain,
        ask: Ask,
        p: Point,
        norm: Norm,
        scope: Scope,
        deadline: Deadline,
        end: Deadline,
        listed: ListedInputs | None,
    ) -> None:
        self._network, self._domain, self._p, self._norm, self._scope = network, domain, p, norm, scope
        self._ask, self._deadline, self._end, self._listed = ask, deadline, end, listed
        self._sets, self._doubtful = other_decisions(network, evaluate_exactly(network, p)[1])

    def run(self, candidates: FloatArray | None) -> Robustness:
        starts = self._start(candidates)
        if not starts:  # nothing at hand has another decision: is there an input that has?
            first = self._without_doubt(self._ask(self._claim(self._sets)))
            if first.verdict is Verdict.HOLDS:
                return Robustness(self._norm, Verdict.FAILS, None, None, None, first, self._scope, self._p)
            if first.counterexample is None:
                return self._between(None, first)
            starts = [self._nearest_near(first.counterexample.x)]
        best = max(starts, key=_value)
        found = tighten(self._claim_at, self._ask, lambda shown: self._nearest_near(shown.x), best)
        distance = -(found.value or Fraction(0))
        last = found.settlement if found.settlement is None else self._without_doubt(found.settlement)
        verdict = found.verdict if last is None else last.verdict
        if verdict is Verdict.UNKNOWN:
            return self._between(Best(-distance, found.point), last)
        proved = _smaller(distance)
        return Robustness(self._norm, verdict, distance, proved, found.point, last, self._scope, self._p)

    def _between(self, best: Best | None, last: Settlement | None) -> Robustness:
        """What is proved of the distance and what was found, where it is not known exactly."""
        near = find_nearest_output(
            self._network,
            self._domain,
            self._doubtful or self._sets,
            [float(value) for value in self._p],
            self._norm,
            scope=self._scope,
            known=inf if best is None else _distance(self._norm, -_value(best)),
            time_limit=self._end,
        )
        if near.point is not None and self._is_other(evaluate_exactly(self._network, near.point)[1]):
            met = self._nearest_near(near.point)
            best = met if best is None else max(best, met, key=_value)
        least = near.least or Fraction(0)
        proved = least * least if self._norm is Norm.L2 else least
        distance = None if best is None else -_value(best)
        return Robustness(
            self._norm,
            Verdict.UNKNOWN,
            distance,
            proved if distance is None else min(proved, distance),
            None if best is None else best.point,
            last,
            self._scope,
            self._p,
        )

    def _start(self, candidates: FloatArray | None) -> list[Best]:
        """The nearest input with another decision if all inputs are listed, else nearest ones near candidates."""
        if self._listed is None:
            return [self._nearest_near(start) for start in self._promising(candidates)]
        nearest = self._listed.nearest(self._sets, self._p, self._norm, self._domain)
        return [] if nearest is None else [Best(-nearest[0], nearest[1])]

    def _without_doubt(self, found: Settlement) -> Settlement:
        """The settlement of a claim that holds, weakened if inputs of unknown class count as having another
        decision.
        """
        if found.verdict is not Verdict.HOLDS or not self._doubtful:
            return found
        ball = found.claim.ball if isinstance(found.claim, Excluded) else None
        wider = self._ask(self._claim(self._doubtful, ball))
        if wider.verdict is not Verdict.FAILS:
            return wider
        rule = self._network.rule
        reason = unclear_class(rule.lower, rule.upper)
        return replace(wider, verdict=Verdict.UNKNOWN, counterexample=None, reason=reason)

    def _claim(self, sets: Sequence[Inequality], ball: Ball | None = None) -> Excluded:
        return Excluded(tuple((part,) for part in sets), self._scope, ball)

    def _claim_at(self, value: Fraction) -> Excluded:
        return self._claim(self._sets, Ball(self._norm, self._p, _smaller(-value)))

    def _promising(self, candidates: FloatArray | None) -> list[Point]:
        """Nearest candidates that have another decision."""
        if candidates is None:
            return []
        table = candidates[in_scope(self._domain, candidates, self._scope)]
        steps = np.abs(table - np.array([float(value) for value in self._p]))
        sizes = {Norm.L1: steps.sum(axis=1), Norm.L2: (steps**2).sum(axis=1), Norm.LINF: steps.max(axis=1, initial=0)}
        found: list[Point] = []
        for row in np.argsort(sizes[self._norm], kind="stable").tolist():
            if self._deadline.passed:
                break
            point = tuple(map(Fraction, table[row].tolist()))
            if self._is_other(evaluate_exactly(self._network, point)[1]):
                found.append(point)
            if len(found) == KEPT:
                break
        return found

    def _is_other(self, outputs: Point) -> bool:
        for part in self._sets:
            value = part.constant + sum(w * y for w, y in zip(part.outputs, outputs, strict=True))
            if value > 0 or (value == 0 and not part.strict):
                return True
        return False

    def _nearest_near(self, start: Point) -> Best:
        """Nearest point with another decision in the cell of an input that has one, and in cells beyond it."""
        domain = self._domain
        if self._scope is Scope.ADMISSIBLE:
            if domain.integral.all():  # no other input has these integers
                return Best(-distance_in(self._norm, start, self._p), start)
            domain = with_integers_of(domain, start)
        rows = domain_forms(domain)

        def best_of(patterns: tuple[ActivationPattern, ...]) -> Best | None:
            self._deadline.check()  # exact forms of a large network take long, too
            cell = closed_cell(self._network, patterns[0])
            forms, scale = cell.outputs.rows(), 1 << cell.outputs.exponent
            found = []
            for part in self._sets:
                beyond = [Fraction(0)] * (len(start) + 1)
                beyond[-1] = part.constant * scale
                for weight, form in zip(part.outputs, forms, strict=True):
                    beyond = [entry + weight * c for entry, c in zip(beyond, form, strict=True)]
                common = int(np.lcm.reduce([entry.denominator for entry in beyond], dtype=object))
                inside, border = [*rows, *cell.units], [int(v * common) for v in beyond]
                if part.strict and not _is_exceeded(inside, border, self._deadline):
                    continue  # a cell that only touches θ holds no other decision
                nearest = NEAREST[self._norm]([*inside, border], self._p, deadline=self._deadline)
                if nearest is not None:
                    found.append(Best(-nearest[0], nearest[1]))
            return max(found, key=_value, default=None)

        found = climb((self._network,), (evaluate_exactly(self._network, start)[0],), best_of)
        if found is None and not self._deadline.passed:
            raise AssertionError("an input with another decision lies in its own cell")
        return found or Best(-distance_in(self._norm, start, self._p), start)


def _distance(norm: Norm, size: Fraction) -> float:
    """A float at least as large as a distance that is known exactly, or squared for L2."""
    return nextafter(sqrt(float_above(size)), inf) if norm is Norm.L2 else float_above(size)


def _smaller(distance: Fraction) -> Fraction:
    """Size of the ball that is proved for a distance."""
    return distance * (1 - MARGIN)


def _is_exceeded(rows: Sequence[Form], form: Form, deadline: Deadline) -> bool:
    """Whether a form is > 0 somewhere in {h ≥ 0}."""
    found = maximise_exactly(rows, form, deadline=deadline)
    return isinstance(found, ExactUnbounded) or (isinstance(found, ExactOptimum) and found.value > 0)


def _value(best: Best) -> Fraction:
    return best.value if best.value is not None else Fraction(0)


def other_decisions(network: ReLUNetwork, outputs: Point) -> tuple[tuple[Inequality, ...], tuple[Inequality, ...]]:
    """Ways to get a decision other than that of these outputs: certainly, and (if that differs) possibly."""
    rule = network.rule
    if rule.rule is DecisionRule.THRESHOLD:
        lower, upper = Fraction(rule.lower), Fraction(rule.upper)
        if not lower < outputs[0] <= upper:
            ways = [_beyond(bound, len(outputs), above=outputs[0] <= lower) for bound in (lower, upper)]
            certain, perhaps = ways if outputs[0] > upper else reversed(ways)
            return (certain,), () if lower == upper else (perhaps,)
        raise InputError(
            "the output at the input lies between the bounds of the threshold, so its decision is not clear"
        )
    if rule.rule is DecisionRule.ARGMAX:
        largest = max(outputs)
        if outputs.count(largest) > 1:
            raise InputError("several outputs are the largest at the input, so its decision is not clear")
        own = outputs.index(largest)
        others = [k for k in range(len(outputs)) if k != own]
        return tuple(
            Inequality(outputs=tuple(Fraction(int(j == k) - int(j == own)) for j in range(len(outputs))))
            for k in others
        ), ()
    raise InputError(NO_DECISION)


def _beyond(bound: Fraction, outputs: int, *, above: bool) -> Inequality:
    """The first output is > bound, or ≤ it."""
    sign = 1 if above else -1
    row = (Fraction(sign), *[Fraction(0)] * (outputs - 1))
    return Inequality(-sign * bound, outputs=row, strict=above)
