"""What closes a leaf of a covering tree, with as few new bounds as will do.

The one idea: first the bounds that the leaf has inherited, then those of all units that matter, and if these do it,
only the part of them that pays most. A leaf that stays open is divided further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from relugeom.certificate.claim_proof.cell_proofs import proof_text
from relugeom.certificate.claim_proof.tree import MOST_BRANCHES, Lines
from relugeom.certificate.cover_proof.bounding import Failure, gap, ranked, rebound, write_bounded
from relugeom.certificate.cover_proof.combination import Combination, find_combination, judge, rounded_weights
from relugeom.certificate.cover_proof.slopes import has_slope
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState
from relugeom.certificate.cover_proof.substitution import InputForm, Substitution, Trace
from relugeom.certificate.header import hexadecimal
from relugeom.claims.cover_tree import NodeKind
from relugeom.deadline import Deadline
from relugeom.linalg.exact import nearest_quotient

__all__ = ["Attempt", "Cut", "LeafCloser", "LeafPlan"]

SHORT_BITS, WEIGHT_BITS = 8, 30
"""Bits of weights: few where they do."""
ANY = Fraction(1)
WORTH = Fraction(49, 50)
"""Bounds that leave more than this part of a range are not tried."""
MOST_PAIRS = 1 << 15
"""Numbers in a line that sets slopes."""
AMPLE = (1.1, 1.6, 2.5)
"""Multiples of the excess that new bounds are expected to remove, as these expectations are rough."""


@dataclass(frozen=True, slots=True)
class LeafPlan:
    """How a leaf is likely to close.

    Attributes
    ----------
    weights
        Those of the inequalities of each set.
    multipliers, row_set
        Multipliers of rows by number, and the set to which they belong.
    slopes
        Lower slopes of units over 2^SLOPE_BITS.
    """

    weights: Sequence[Sequence[float]]
    multipliers: Mapping[int, float] = field(default_factory=dict)
    row_set: int = 0
    slopes: Mapping[int, int] = field(default_factory=dict)

    def without_slopes(self) -> "LeafPlan":
        """The same with the slopes that units have anyway."""
        return replace(self, slopes={})


@dataclass(frozen=True, slots=True)
class Cut:
    """A bisection of an input at value / 2^exponent, a branch, or a split of a unit."""

    kind: NodeKind
    index: int
    value: int


@dataclass(slots=True)
class Attempt:
    """What came of closing a cell as it is known.

    Attributes
    ----------
    lines
        The lines that close it; None if nothing does.
    failures
        Combinations that do not close it.
    form
        One of these in the inputs.
    open
        What could not be shown of the cell.
    """

    lines: Lines | None = None
    failures: list[Failure] = field(default_factory=list)
    form: InputForm | None = None
    open: str = ""


class LeafCloser:
    """Closes cells of one problem."""

    def __init__(self, substitution: Substitution, deadline: Deadline) -> None:
        self._substitution, self._problem, self._deadline = substitution, substitution.problem, deadline

    def close(self, state: CoverState, plan: LeafPlan, bounded: Sequence[int], lines: Lines) -> Attempt:
        """Write what closes a cell, if something does."""
        before = self._attempt(state, plan, thorough=False)
        if before.lines is not None:
            lines.extend(before.lines)
            return before
        for units in (bounded, range(self._problem.units)):
            after = state.copy()
            found = rebound(self._substitution, after, units, WORTH, self._deadline)
            attempt = self._attempt(after, plan, thorough=True)
            if attempt.lines is not None:
                self._write_least(state, plan, before, after, found, attempt.lines, lines)
                return attempt
        return attempt

    def extra_cut(self, state: CoverState, form: InputForm | None) -> Cut | None:
        """A bisection of the input, or a split of the unit, that seems to matter most; None if there is none."""
        best, column = 0.0, -1
        for k, (low, high) in enumerate(zip(state.lower, state.upper, strict=True)):
            if low is not None and high is not None and high - low > 1 and state.cuts < MOST_BRANCHES:
                width = nearest_quotient(high - low, 1 << self._problem.exponent)
                slope = 1.0 if form is None else nearest_quotient(abs(form.coefficients[k]), 1 << form.exponent)
                if width * slope > best:
                    best, column = width * slope, k
        units = [unit for unit in range(self._problem.units) if unit not in state.signs and state.is_unstable(unit)]
        if units and (column < 0 or len(state.signs) > state.cuts):
            return Cut(NodeKind.SPLIT, max(units, key=lambda unit: gap(self._substitution, state, unit, 1.0)), 0)
        low, high = state.lower[column], state.upper[column]
        return None if column < 0 or low is None or high is None else Cut(NodeKind.BISECT, column, (low + high) // 2)

    def _write_least(
        self,
        state: CoverState,
        plan: LeafPlan,
        before: Attempt,
        after: CoverState,
        found: Sequence[int],
        closing: Lines,
        lines: Lines,
    ) -> None:
        """Write the fewest new bounds with which the cell closes, as far as a few attempts tell."""
        order = ranked(self._substitution, before.failures, state, after, found)
        tried = 0
        for wanted in AMPLE:
            gains, count = 0.0, 0
            while count < len(order) and gains < wanted:
                gains += order[count][1]
                count += 1
            if count == tried or 4 * count > 3 * len(order):
                continue
            tried, fewer = count, state.copy()
            units = rebound(self._substitution, fewer, [unit for unit, _ in order[:count]], ANY, self._deadline)
            attempt = self._attempt(fewer, plan, thorough=False)
            if attempt.lines is not None:
                write_bounded(units, lines)
                lines.extend(attempt.lines)
                return
        write_bounded(found, lines)
        lines.extend(closing)

    def _attempt(self, state: CoverState, plan: LeafPlan, *, thorough: bool) -> Attempt:
        """The lines that close a cell as it is known.

        Parameters
        ----------
        thorough
            Whether to look for other weights, and for multipliers of rows.
        """
        self._deadline.check()
        lines = Lines()
        if state.contradiction:
            lines.add("e", closed=1)
            return Attempt(lines)
        if not self._problem.sets:
            result = self._slope(state)
        else:
            result = self._miss_sets(state, plan.without_slopes(), thorough=False)
            if result.lines is None and plan.slopes:
                result = self._with_slopes(state, plan)
            if result.lines is None and thorough:
                result = self._miss_sets(state, plan.without_slopes(), thorough=True)
        if result.lines is None and (thorough or plan.multipliers):
            empty = self._empty(state, plan, thorough=thorough)
            result = result if empty is None else Attempt(empty)
        return result

    def _with_slopes(self, state: CoverState, plan: LeafPlan) -> Attempt:
        """The lines that close a cell after those that set slopes, which only they need."""
        sloped, pairs = state.copy(), list[int]()
        for unit, slope in plan.slopes.items():
            low, high = state.low[unit], state.high[unit]
            usual = int(low is not None and (high is None or high >= -low)) << SLOPE_BITS
            if state.is_unstable(unit) and slope != usual:
                sloped.set_slope(unit, slope)
                pairs += (unit, slope)
        result = self._miss_sets(sloped, plan, thorough=False)
        if result.lines is not None and pairs:
            lines = Lines()
            for start in range(0, len(pairs), MOST_PAIRS):
                part = pairs[start : start + MOST_PAIRS]
                lines.add(f"a {hexadecimal(part)}")
            lines.extend(result.lines)
            result.lines = lines
        return result

    def _empty(self, state: CoverState, plan: LeafPlan, *, thorough: bool) -> Lines | None:
        """The line that shows a cell to be empty."""
        largest = max(map(abs, plan.multipliers.values()), default=0.0)
        multipliers = rounded_weights((largest,), plan.multipliers, WEIGHT_BITS)[1]
        found = judge(self._substitution, state, (), (), multipliers)
        if thorough and not found.closes(()):
            found, _ = find_combination(self._substitution, state, (), (), self._deadline)
        if not found.closes(()):
            return None
        lines = Lines()
        lines.add("e" + proof_text(found.multipliers), *found.numbers, closed=1)
        return lines

    def _slope(self, state: CoverState) -> Attempt:
        lines, claim = Lines(), self._problem.slope
        if claim is not None and has_slope(self._problem, claim, state):
            lines.add("g", closed=1)
            return Attempt(lines)
        return Attempt(open="the slope could not be shown to have the claimed sign in")

    def _miss_sets(self, state: CoverState, plan: LeafPlan, *, thorough: bool) -> Attempt:
        result, lines = Attempt(), Lines()
        for place, members in enumerate(self._problem.sets):
            found, trace = self._combine(state, place, plan, thorough=thorough)
            if found.closes(members):
                lines.add("c" + proof_text(found.multipliers, *found.weights), *found.numbers, closed=int(place == 0))
                continue
            result.open = f"set {place} could not be proved to miss"
            result.form = found.inputs
            if found.excess is not None:
                result.failures.append(Failure(found.excess, trace))
            if thorough:
                break
        if not result.open:
            result.lines = lines
        return result

    def _combine(self, state: CoverState, place: int, plan: LeafPlan, *, thorough: bool) -> tuple[Combination, Trace]:
        """A combination of the inequalities of one set, perhaps one that closes."""
        members, given = self._problem.sets[place], plan.weights[place]
        rows = plan.multipliers if place == plan.row_set else {}
        for bits in (SHORT_BITS, WEIGHT_BITS):
            trace, (weights, multipliers) = Trace(), rounded_weights(given, rows, bits)
            found = judge(self._substitution, state, members, weights, multipliers, record=trace)
            if (len(members) == 1 and not rows) or found.closes(members):
                break
        if thorough and not found.closes(members):
            return find_combination(self._substitution, state, members, weights, self._deadline)
        return found, trace
