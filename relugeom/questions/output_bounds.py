"""Bounds of outputs: exact minimum and maximum over a domain, with inputs that reach them.

Notation: c·y is a combination of the outputs (before any squashing) of one network, or of several on the same input;
its maximum over the relaxation is the largest of those of affine maps over closed cells, which are linear programs.
Over admissible inputs, a cell has the integers of one input.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import isfinite, lcm

import numpy as np
from numpy.typing import ArrayLike

from relugeom.certificate.output_peak import find_output_peak
from relugeom.claims.claim import Excluded, OutputBound, Scope, Twin
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.decimals import nearest
from relugeom.errors import DeadlinePassedError, EmptyDomainError, InputError
from relugeom.geometry.domain import Domain, list_admissible, with_integers_of
from relugeom.geometry.drawing import draw_admissible
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum
from relugeom.geometry.integer_search import AdmissibleWitness, Undecided
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point, as_fraction
from relugeom.measures.closed_cells import Best, climb, closed_cell, domain_forms
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.coordinate_climb import climb_by_coordinates
from relugeom.questions.settler import Ask, PlainSettle, Prover, Settler, asking, settler_of
from relugeom.questions.tightening import Extremum, tighten
from relugeom.search.admissible import check_admissible

__all__ = ["LinearOutput", "OutputBounds", "output_bounds", "promising_inputs"]

SCOPES = {Scope.ADMISSIBLE: "admissible inputs", Scope.RELAXATION: "relaxation"}
UNPROVED = {Verdict.HOLDS: "", Verdict.UNKNOWN: " (reached; not proved to be the end)", Verdict.FAILS: ""}
VERY_FEW_UNITS = 8
"""Units up to which an exact value is tried first: there are no more than 256 patterns."""
PEAK, CELLS, CELLS_IN_TIME = 2 / 3, 20_000, 200_000
"""Part of the time, and most cells, for bounding a value from both sides; and if time is limited."""
NEARLY = Fraction(1, 10**6)
"""Relative to a value and to 1, how near both sides must be for the exact value to be tried."""
FINDING = 1 / 3
"""Part of the time for finding inputs; the rest is for proofs."""
SEEDS, CLIMBED = 2000, 32
"""Random inputs that are evaluated, and inputs that are improved feature by feature, or tried as they are."""


@dataclass(frozen=True, slots=True)
class LinearOutput:
    """A linear combination c·y of outputs.

    Attributes
    ----------
    networks
        One network, or two with the same inputs.
    weights
        c: one number per output, those of all networks one after the other.
    """

    networks: tuple[ReLUNetwork, ...]
    weights: tuple[Fraction, ...]

    def at(self, x: Sequence[Fraction]) -> tuple[Fraction, tuple[ActivationPattern, ...]]:
        """Exact value at an input, and the patterns there."""
        patterns, outputs = zip(*(_evaluated(network, tuple(x)) for network in self.networks), strict=True)
        every = (value for values in outputs for value in values)
        return sum((w * y for w, y in zip(self.weights, every, strict=True)), Fraction(0)), patterns

    def best_near(self, domain: Domain, x: Sequence[Fraction], scope: Scope, *, deadline: Deadline = NEVER) -> Best:
        """Largest value that is reached in the cell of an input, and in cells that follow from it.

        Parameters
        ----------
        x
            An input of the domain; for the scope ADMISSIBLE an admissible one, whose integers are kept.
        deadline
            Time at which the best value so far is returned, at least the value at the input.
        """
        value, patterns = self.at(x)
        whole = scope is Scope.ADMISSIBLE
        if deadline.passed or (whole and domain.integral.all()):  # no other input has these integers
            return Best(value, tuple(x))
        if whole:
            domain = with_integers_of(domain, x)
        rows = domain_forms(domain)

        def best_of(patterns: tuple[ActivationPattern, ...]) -> Best | None:
            deadline.check()  # exact forms of a large network take long, too
            cells = [closed_cell(network, pattern) for network, pattern in zip(self.networks, patterns, strict=True)]
            forms = [(form, cell.outputs.exponent) for cell in cells for form in cell.outputs.rows()]
            objective, scale = self._objective(forms)
            inside = [*rows, *(form for cell in cells for form in cell.units)]
            found = maximise_exactly(inside, objective, deadline=deadline)
            if isinstance(found, ExactInfeasible):
                return None
            point = tuple(map(as_fraction, found.point))
            return Best(as_fraction(found.value) / scale if isinstance(found, ExactOptimum) else None, point)

        return climb(self.networks, patterns, best_of) or Best(value, tuple(x))

    def largest(
        self,
        domain: Domain,
        ask: Ask,
        start: Best,
        scope: Scope,
        *,
        plan: CoverTree | None = None,
        deadline: Deadline = NEVER,
    ) -> Extremum:
        """Largest value over the scope, starting from what has been reached already.

        Parameters
        ----------
        plan
            How it is probably proved that nothing goes beyond the start.
        """

        def improve(shown: Counterexample) -> Best:
            return self.best_near(domain, shown.x, scope, deadline=deadline)

        found = tighten(lambda bound: self._bound(bound, scope), ask, improve, start, plan)
        last = found.settlement
        if found.verdict is not Verdict.UNKNOWN or found.value is None or last is None or last.upper is None:
            return found
        return replace(found, limit=found.value + last.upper)

    def first_limit(self, domain: Domain) -> Fraction | None:
        """Upper bound by interval arithmetic over the box; None without one."""
        ends = [output_interval(network, domain.lower, domain.upper) for network in self.networks]
        low, high = (np.concatenate(sides).tolist() for sides in zip(*ends, strict=True))
        used = [(w, b if w > 0 else a) for w, a, b in zip(self.weights, low, high, strict=True) if w]
        return sum((w * Fraction(end) for w, end in used), Fraction(0)) if all(isfinite(e) for _, e in used) else None

    def from_both_sides(
        self,
        domain: Domain,
        ask: Ask,
        start: Best,
        scope: Scope,
        *,
        starts: FloatArray | None = None,
        max_cells: int = CELLS_IN_TIME,
        deadline: Deadline = NEVER,
    ) -> Extremum:
        """Largest value over the scope, or what is reached and a proved limit.

        Where units are very few, the exact value is proved with half of the time if that can be done. Else both sides
        come closer while cells are bounded, and where they all but meet, the exact value is proved along the cells.

        Parameters
        ----------
        starts
            Inputs of the scope that are tried, too, shape (k, n).
        max_cells
            Cells that are bounded at most until both sides meet.
        """
        limits = [self.first_limit(domain)]
        if sum(network.units for network in self.networks) <= VERY_FEW_UNITS:
            start = self.best_near(domain, start.point, scope, deadline=deadline) if start.value is not None else start
            found = self.largest(domain, ask, start, scope, deadline=deadline.share(1 / 2))
            if found.verdict is not Verdict.UNKNOWN:
                return found
            start, limits = Best(found.value, found.point), [*limits, found.limit]
        if start.value is None:
            return self.largest(domain, ask, start, scope, deadline=deadline)
        if deadline.passed:
            return self._between(start.value, start.point, limits, scope, deadline)
        best = start

        def sharpen(x: Point) -> Fraction:
            nonlocal best
            best = max(best, self.best_near(domain, x, scope, deadline=deadline), key=_rank)
            assert best.value is not None, "in a box there is a limit"
            return best.value

        peak = find_output_peak(
            self.networks,
            domain,
            self.weights,
            scope=scope,
            starts=starts,
            sharpen=sharpen,
            max_cells=min(max_cells, CELLS_IN_TIME if isfinite(deadline.end) else CELLS),
            time_limit=deadline.share(PEAK),
        )
        if peak.tree is None:
            x = best.point if peak.point is None else peak.point
            best = max(best, self.best_near(domain, x, scope, deadline=deadline), key=_rank)
        if peak.limit is None or best.value is None or _is_near(best.value, peak.limit):
            found = self.largest(domain, ask, best, scope, plan=peak.tree, deadline=deadline)
            if found.verdict is not Verdict.UNKNOWN:
                return found
            best, limits = Best(found.value, found.point), [*limits, found.limit]
            if all(limit is None for limit in (*limits, peak.limit)):
                return found
        assert best.value is not None, "without a limit the answer is known"
        return self._between(best.value, best.point, [*limits, peak.limit], scope, deadline)

    def _between(
        self, value: Fraction, point: Point, limits: Sequence[Fraction | None], scope: Scope, deadline: Deadline
    ) -> Extremum:
        """What is reached, and the least of some proved limits."""
        limit = min((each for each in limits if each is not None), default=None)
        sign = -1 if len(self.networks) == 1 and sum(self.weights) < 0 else 1  # what is least is asked as the opposite
        proved = "no limit is proved" if limit is None else f"none goes beyond {nearest(sign * limit)!r}"
        cause = Cause.TIME if deadline.passed else Cause.LIMIT
        short = "a gap is left between what is reached and what is proved"
        late = "time ran out: " if cause is Cause.TIME else ""
        reason = Reason(cause, short, f"{late}an input reaches {nearest(sign * value)!r}, and {proved}")
        settled = Settlement(self._bound(value if limit is None else limit, scope), Verdict.UNKNOWN, reason=reason)
        return Extremum(Verdict.UNKNOWN, value, point, settled, 0, limit)

    def _bound(self, bound: Fraction, scope: Scope) -> OutputBound | Excluded:
        """The claim that nothing goes beyond a value."""
        if len(self.networks) == 1:
            return OutputBound(self.weights, bound, scope)
        first = self.networks[0].outputs
        beyond = Inequality(-bound, outputs=self.weights[:first], copy_outputs=self.weights[first:], strict=True)
        return Excluded(((beyond,),), scope, twin=Twin(second_network=True))

    def _objective(self, forms: Sequence[tuple[list[int], int]]) -> tuple[list[int], int]:
        """c·y as an integer form, and its multiplier."""
        scale = lcm(*(weight.denominator for weight in self.weights)) << max(exponent for _, exponent in forms)
        total = [0] * len(forms[0][0])
        for weight, (form, exponent) in zip(self.weights, forms, strict=True):
            factor = int(weight * scale) >> exponent
            total = [entry + factor * c for entry, c in zip(total, form, strict=True)]
        return total, scale


@dataclass(frozen=True, slots=True)
class OutputBounds:
    """Range of an output: value, input and verdict at either end.

    Attributes
    ----------
    output
        Number of the output.
    scope
        Inputs that the range is over: admissible ones, or all of the relaxation.
    """

    lowest: Extremum
    highest: Extremum
    scope: Scope
    output: int = 0

    @property
    def lower(self) -> Fraction | None:
        """Proved lower bound of the output; None if none is proved, or there is no limit."""
        return self.lowest.limit

    @property
    def upper(self) -> Fraction | None:
        """Proved upper bound of the output; None if none is proved, or there is no limit."""
        return self.highest.limit

    @property
    def lowest_seen(self) -> Fraction | None:
        """Least value that an input is known to reach, at `lowest.point`; None if there is no limit."""
        return self.lowest.value

    @property
    def highest_seen(self) -> Fraction | None:
        """Largest value that an input is known to reach, at `highest.point`; None if there is no limit."""
        return self.highest.value

    def __str__(self) -> str:
        low, high = (
            "no limit" if end.value is None else f"{nearest(end.value)!r}" + UNPROVED[end.verdict]
            for end in (self.lowest, self.highest)
        )
        return f"{low} to {high} over the {SCOPES[self.scope]}"


def output_bounds(
    network: ReLUNetwork,
    domain: Domain,
    settle: Settler | PlainSettle | None = None,
    *,
    output: int = 0,
    scope: Scope | None = None,
    candidates: ArrayLike | None = None,
    max_cells: int = CELLS_IN_TIME,
    time_limit: TimeLimit = None,
) -> OutputBounds:
    """Compute the exact range of one output over a domain.

    Parameters
    ----------
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for this network on this domain; by default the
        claims are proved here. Only a `Settler` is told how much time is left.
    scope
        ADMISSIBLE: over admissible inputs, the default if the domain has integer features; RELAXATION: over all inputs
        of the relaxation, in which half a category is possible.
    candidates
        Inputs from which to start besides random ones, shape (k, n), such as samples; those out of scope are skipped.
    max_cells
        Cells that are bounded for each end until both sides meet, at most; without a limit of time, at most 20,000.
    time_limit
        Seconds or a deadline for everything, of which finding inputs takes at most a third. An end that is not proved
        by then is UNKNOWN, and its value is the best that was reached.

    Raises
    ------
    InputError
        There is no such output, or no such scope.
    EmptyDomainError
        There is no such input, or none was found (in time).
    """
    deadline, settler = Deadline.of(time_limit), settler_of(settle, Prover(network))
    if not 0 <= output < network.outputs:
        raise InputError(f"there is no output {output}: they are numbered from 0 to {network.outputs - 1}")
    scope = choose_scope(domain, scope)
    inputs = promising_inputs(domain, scope, None if candidates is None else as_samples(network, candidates))
    some = None if len(inputs) else _some_input(domain, scope, deadline.share(FINDING))
    order = np.argsort(evaluate(network, inputs)[:, output], kind="stable")
    ends = []
    for part, sign, chosen in ((1 / 2, -1, order[:CLIMBED]), (1, 1, order[::-1][:CLIMBED])):
        until = deadline.share(part)
        finding = until.share(FINDING)
        value = LinearOutput((network,), tuple(Fraction(sign * (k == output)) for k in range(network.outputs)))
        known = inputs[chosen]
        if scope is Scope.ADMISSIBLE:
            known = climb_by_coordinates(network, domain, known, output=output, direction=sign, deadline=finding)
        x = some or tuple(map(Fraction, known[0].tolist()))
        best = Best(value.at(x)[0], x)
        ask = asking(settler, domain, until)
        found = value.from_both_sides(domain, ask, best, scope, starts=known, max_cells=max_cells, deadline=until)
        ends.append(found if sign > 0 else found.negative)
    return OutputBounds(ends[0], ends[1], scope, output)


def promising_inputs(domain: Domain, scope: Scope, candidates: FloatArray | None = None) -> FloatArray:
    """Inputs of the scope to start from, shape (k, n): those given, and others, which are the same every time."""
    tables = [np.zeros((0, domain.inputs))] if candidates is None else [np.asarray(candidates, dtype=np.float64)]
    if scope is Scope.ADMISSIBLE:
        listed = list_admissible(domain)
        tables.append(draw_admissible(domain, SEEDS) if listed is None else listed)
    elif np.isfinite(domain.lower).all() and np.isfinite(domain.upper).all():
        drawn = np.random.default_rng(0).random((SEEDS, domain.inputs))
        tables.append(domain.lower + drawn * (domain.upper - domain.lower))
    table = np.concatenate(tables)
    kept: FloatArray = table[in_scope(domain, table, scope)]
    return kept


def _some_input(domain: Domain, scope: Scope, deadline: Deadline) -> Point:
    """Any input of the scope, found from the domain alone, so that the network's size does not matter."""
    whole = scope is Scope.ADMISSIBLE
    rows = domain_forms(domain)
    try:
        found = (
            check_admissible(domain, time_limit=deadline)
            if whole
            else find_strict_point(rows, (), domain.inputs, deadline=deadline)
        )
    except DeadlinePassedError as error:
        raise EmptyDomainError(f"no input was found over which an output could be bounded: {error}") from error
    if isinstance(found, AdmissibleWitness | Witness):
        return tuple(map(as_fraction, found.point))
    reason = f": {found.reason}" if isinstance(found, Undecided) else ""
    raise EmptyDomainError(f"no input was found over which an output could be bounded{reason}")


@lru_cache(maxsize=4)
def _evaluated(network: ReLUNetwork, x: Point) -> tuple[ActivationPattern, Point]:
    """Patterns and outputs at an input: several outputs of large networks are asked for at the same one."""
    return evaluate_exactly(network, x)


def _is_near(value: Fraction, limit: Fraction) -> bool:
    """Whether both sides all but meet."""
    return limit - value <= NEARLY * max(abs(value), Fraction(1))


def _rank(best: Best) -> tuple[bool, Fraction]:
    return best.value is None, best.value or Fraction(0)
