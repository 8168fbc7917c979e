"""What closes a leaf of a covering tree, with as few new bounds as will do.

The one idea: first the bounds that the leaf has inherited, then those of all units that matter, and if these do it,
only the part of them that pays most. A leaf that stays open is divided further.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from relugeom.certificate.claim_proof.cell_proofs import proof_text
from relugeom.certificate.claim_proof.tree import MOST_BRANCHES, Lines
from relugeom.certificate.cover_proof.bounding import rebound, rebound_pairs, write_bounded
from relugeom.certificate.cover_proof.combination import (
    Combination,
    cell_rows,
    exact_combination,
    find_combination,
    judge,
    rounded_weights,
    shortfall,
)
from relugeom.certificate.cover_proof.float_cell import CLEAR, FloatCell
from relugeom.certificate.cover_proof.input_form import InputForm
from relugeom.certificate.cover_proof.leaf_plan import Attempt, Cut, LeafPlan
from relugeom.certificate.cover_proof.problem import MixedForm, combine_forms
from relugeom.certificate.cover_proof.slopes import has_slope
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState
from relugeom.certificate.cover_proof.substitution import Substitution
from relugeom.certificate.header import hexadecimal
from relugeom.claims.cover_tree import NodeKind
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["LeafCloser"]

SHORT_BITS, WEIGHT_BITS = 8, 30
"""Bits of weights: few where they do."""
ANY = Fraction(1)
WORTH = Fraction(49, 50)
"""Bounds that leave more than this part of a range are not tried."""
MOST_PAIRS = 1 << 15
"""Numbers in a line that sets slopes."""
NEARLY = 1e-3
TRIFLE = 1e-6
"""What a combination may be short of closing, relative to its size, where multipliers that are exact may do it."""
FEW_ENTRIES = 3000
"""Entries of matrices up to which an exact combination is as quick as one in floats."""
FINE = 8
"""The number of new bounds is known to a part of this size."""


class LeafCloser:
    """Closes cells of one problem."""

    def __init__(self, substitution: Substitution, deadline: Deadline) -> None:
        self._substitution, self._problem, self._deadline = substitution, substitution.problem, deadline
        self._floats = substitution.floats
        depth = {number: layer + 1 for number, (_, layer) in self._floats.place_of.items()}
        self._depth = np.array([depth[number] for number in substitution.problem.level_of])

    def close(self, state: CoverState, plan: LeafPlan, bounded: Sequence[int], lines: Lines) -> Attempt:
        """Write what closes a cell, if something does."""
        if self._problem.pairs:
            return self._close_in_pairs(state, plan, bounded, lines)
        if self._is_likely(state, plan):
            attempt = self._attempt(state, plan, thorough=False)
            if attempt.lines is not None:
                lines.extend(attempt.lines)
                return attempt
        if self._close_with_few(state, plan, lines):
            return Attempt(lines)
        for units in (bounded, range(self._problem.units)):
            after = state.copy()
            found = rebound(self._substitution, after, units, WORTH, self._deadline)
            attempt = self._attempt(after, plan, thorough=True)
            if attempt.lines is not None:
                if attempt.plan is None or not self._close_with_few(state, attempt.plan, lines):
                    write_bounded(found, lines)
                    lines.extend(attempt.lines)
                return attempt
        return attempt

    def _close_in_pairs(self, state: CoverState, plan: LeafPlan, bounded: Sequence[int], lines: Lines) -> Attempt:
        """The same where units are paired: as the cell is known, then with new bounds of more and more units."""
        attempt = self._attempt(state, plan, thorough=False)
        for units, thorough in (((), False), (bounded, False), (range(self._problem.units), True)):
            if attempt.lines is not None:
                break
            after = state.copy()
            found = rebound(self._substitution, after, units, ANY if thorough else WORTH, self._deadline)
            pairs = rebound_pairs(self._substitution, after, self._deadline)
            if not found and not pairs and not thorough:
                continue
            attempt = self._attempt(after, plan, thorough=thorough)
            if attempt.lines is not None:
                write_bounded(found, lines)
                write_bounded(pairs, lines)
        if attempt.lines is not None:
            lines.extend(attempt.lines)
        return attempt

    def bound_worthy(self, state: CoverState, units: Iterable[int], kept: float, lines: Lines) -> None:
        """Bound units anew, and write those of whose ranges less than a part is left, or that become stable."""
        if not state.contradiction:
            worthy = self._floats.cell(state, self._substitution.bits).rebound(units, kept)
            write_bounded(rebound(self._substitution, state, worthy, ANY, self._deadline), lines)
            if self._problem.pairs and state.sides_of_pairs() not in (None, state.paired_at):
                write_bounded(rebound_pairs(self._substitution, state, self._deadline), lines)

    def extra_cut(self, state: CoverState, plan: LeafPlan, form: InputForm | None) -> Cut | None:
        """A bisection of the input, or a split of the unit, that seems to matter most; None if there is none.

        Where little is missing, it is a unit: halving a cell comes near equality, and never reaches it.
        """
        units = [unit for unit in range(self._problem.units) if unit not in state.signs and state.is_unstable(unit)]
        cell = self._floats.cell(state, self._substitution.bits)
        if units and self._is_near(cell, state, plan):
            weights = np.abs(cell.replace(self._forms(state, plan))[2]).max(axis=0)
            gaps = cell.gaps(weights) + cell.gaps(np.ones(self._problem.units)) * weights.mean()
            return Cut(NodeKind.SPLIT, max(units, key=gaps.__getitem__), 0)
        best, column = 0.0, -1
        for k, (low, high) in enumerate(zip(state.lower, state.upper, strict=True)):
            if low is not None and high is not None and high - low > 1 and state.cuts < MOST_BRANCHES:
                width = nearest_quotient(high - low, 1 << self._problem.exponent)
                slope = 1.0 if form is None else nearest_quotient(abs(form.coefficients[k]), 1 << form.exponent)
                if width * slope > best:
                    best, column = width * slope, k
        if units and (column < 0 or len(state.signs) > state.cuts):
            gaps = cell.gaps(np.ones(self._problem.units))
            return Cut(NodeKind.SPLIT, max(units, key=gaps.__getitem__), 0)
        low, high = state.lower[column], state.upper[column]
        return None if column < 0 or low is None or high is None else Cut(NodeKind.BISECT, column, (low + high) // 2)

    def _is_likely(self, state: CoverState, plan: LeafPlan) -> bool:
        """Whether a cell may close as it is known, in floats."""
        if not self._problem.sets or state.contradiction or plan.slopes or plan.multipliers:
            return True
        cell = self._floats.cell(state, self._substitution.bits)
        table, constants, _ = cell.replace(self._forms(state, plan))
        return bool((cell.maxima(table, constants) <= CLEAR * np.abs(table).max(axis=1, initial=0.0)).all())

    def _may_close(self, state: CoverState, plan: LeafPlan, bits: int) -> bool:
        """Whether the plan's combinations of a cell may be below 0, in floats; True where exact ones are as quick."""
        if state.contradiction or self._problem.entries <= FEW_ENTRIES:
            return True
        forms, cell = self._forms(state, plan, bits), self._floats.cell(state, self._substitution.bits)
        table, constants, _ = cell.replace(forms)
        sizes = np.maximum(np.abs(table).max(axis=1, initial=0.0), list(map(_size_of, forms)))
        return not bool((cell.maxima(table, constants) > TRIFLE * sizes).any())

    def _is_near(self, cell: FloatCell, state: CoverState, plan: LeafPlan) -> bool:
        """Whether the plan's combinations of a cell are all but below 0, in floats."""
        if not self._problem.sets:
            return False
        slopes = self._given_slopes(plan)
        table, constants, _ = cell.with_slopes(slopes).replace(self._forms(state, plan))
        sizes = np.abs(table).max(axis=1, initial=0.0) + np.abs(constants)
        return bool((cell.maxima(table, constants) < NEARLY * sizes).all())

    def _given_slopes(self, plan: LeafPlan) -> FloatArray:
        """Those that a plan gives units; NaN elsewhere."""
        every = np.full(self._problem.units + self._problem.pairs, np.nan)
        every[list(plan.slopes)] = np.array(list(plan.slopes.values())) / (1 << SLOPE_BITS)
        return every[: self._problem.units]

    def _close_with_few(self, state: CoverState, plan: LeafPlan, lines: Lines) -> bool:
        """Close a cell with the fewest new bounds that do, as floats tell, and write that. Whether it worked."""
        if not self._problem.sets or state.contradiction:
            return False
        cell, forms = self._floats.cell(state, self._substitution.bits), self._forms(state, plan)
        slopes = np.full(self._problem.units, np.nan)
        after = cell.copy()
        found = after.rebound(range(self._problem.units))
        if not _closes(after, forms, slopes) and plan.slopes:
            slopes = self._given_slopes(plan)
        if not _closes(after, forms, slopes):
            return False
        order = self._in_order(cell, after, forms, slopes, found)
        enough, too_few = len(order), -1
        while enough - too_few > 1 + enough // FINE:
            self._deadline.check()
            middle, few = (enough + too_few) // 2, cell.copy()
            few.rebound(order[:middle])
            enough, too_few = (middle, too_few) if _closes(few, forms, slopes) else (enough, middle)
        for count in sorted({enough, min(len(order), enough + enough // 4 + 1), len(order)}):
            fewer = state.copy()
            units = rebound(self._substitution, fewer, order[:count], ANY, self._deadline)
            attempt = self._attempt(fewer, plan, thorough=False)
            if attempt.lines is not None:
                write_bounded(units, lines)
                lines.extend(attempt.lines)
                return True
        return False

    def _forms(self, state: CoverState, plan: LeafPlan, bits: int = WEIGHT_BITS) -> list[MixedForm]:
        """The combination of each set, with weights of some length."""
        rows, found = cell_rows(self._problem, state), list[MixedForm]()
        for place, (members, given) in enumerate(zip(self._problem.sets, plan.weights, strict=True)):
            multipliers = plan.multipliers if place == plan.row_set else {}
            weights, values = rounded_weights(given, multipliers, bits)
            parts = [(weight, form) for weight, (_, form) in zip(weights, members, strict=True) if weight]
            found.append(combine_forms([*parts, *((value, rows[number][0]) for number, value in values.items())]))
        return found

    @np.errstate(all="ignore")
    def _in_order(
        self, before: FloatCell, after: FloatCell, forms: Sequence[MixedForm], slopes: FloatArray, units: Sequence[int]
    ) -> list[int]:
        """Units in the order in which new bounds pay, for what they cost: a deep unit is dear."""
        sloped = [cell.with_slopes(slopes) for cell in (before, after)]
        table, constants, weights = sloped[0].replace(forms)
        excess = before.maxima(table, constants)
        removed = sloped[0].gaps(weights) - sloped[1].gaps(weights)
        gains = np.where(excess[:, None] > 0, removed / excess[:, None], 0.0)
        total = np.nan_to_num(gains.sum(axis=0), nan=0.0, posinf=np.finfo(float).max)
        value = total / self._depth
        return sorted(units, key=lambda unit: (-value[unit], unit))

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
            result = Attempt()
            if not plan.slopes or self._may_close(state, plan.without_slopes(), WEIGHT_BITS):
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
        sloped, lines = _sloped(state, plan)
        result = self._miss_sets(sloped, plan, thorough=False)
        if result.lines is not None:
            lines.extend(result.lines)
            result.lines = lines
        return result

    def _empty(self, state: CoverState, plan: LeafPlan, *, thorough: bool) -> Lines | None:
        """The line that shows a cell to be empty, perhaps after those that set slopes."""
        largest = max(map(abs, plan.multipliers.values()), default=0.0)
        multipliers = rounded_weights((largest,), plan.multipliers, WEIGHT_BITS)[1]
        lines = Lines()
        found = judge(self._substitution, state, (), (), multipliers)
        if plan.slopes and not found.closes(()):
            sloped, lines = _sloped(state, plan)
            found = judge(self._substitution, sloped, (), (), multipliers)
        if thorough and not found.closes(()):
            lines = Lines()
            found = find_combination(self._substitution, state, (), (), self._deadline)
        if not found.closes(()):
            return None
        lines.add("e" + proof_text(found.multipliers), *found.numbers, closed=1)
        return lines

    def _slope(self, state: CoverState) -> Attempt:
        lines, claim = Lines(), self._problem.slope
        if claim is not None and has_slope(self._problem, claim, state):
            lines.add("g", closed=1)
            return Attempt(lines)
        return Attempt(open="the slope could not be shown to have the claimed sign in")

    def _miss_sets(self, state: CoverState, plan: LeafPlan, *, thorough: bool) -> Attempt:
        lines, chosen = Lines(), list[Combination]()
        for place, members in enumerate(self._problem.sets):
            found = self._combine(state, place, plan, thorough=thorough)
            if not found.closes(members):
                return Attempt(form=found.inputs, open=f"set {place} could not be proved to miss")
            chosen.append(found)
            weights, multipliers = found.as_written(members)
            numbers = (*weights, *multipliers.values())
            lines.add("c" + proof_text(multipliers, *weights), *numbers, closed=int(place == 0))
        return Attempt(lines, _plan_of(chosen))

    def _combine(self, state: CoverState, place: int, plan: LeafPlan, *, thorough: bool) -> Combination:
        """A combination of the inequalities of one set, perhaps one that closes."""
        members, given = self._problem.sets[place], plan.weights[place]
        rows = plan.multipliers if place == plan.row_set else {}
        is_alone = len(members) == 1 and not rows
        is_short = is_alone or len(self._problem.sets) > 1 or self._may_close(state, plan, SHORT_BITS)
        for bits in (SHORT_BITS, WEIGHT_BITS) if is_short else (WEIGHT_BITS,):
            weights, multipliers = rounded_weights(given, rows, bits)
            found = judge(self._substitution, state, members, weights, multipliers)
            if is_alone or found.closes(members):
                break
        if thorough and not found.closes(members):
            other = find_combination(self._substitution, state, members, weights, self._deadline)
            found = other if other.closes(members) else min(other, found, key=shortfall)
        if not found.closes(members) and 0.0 <= shortfall(found) < TRIFLE:
            return exact_combination(self._substitution, state, members, found, self._deadline)
        return found


def _size_of(form: MixedForm) -> float:
    """The largest coefficient that a combination has of its own, about its largest weight."""
    return nearest_quotient(max(map(abs, (form.constant, *form.outputs.values()))), 1 << form.exponent)


def _sloped(state: CoverState, plan: LeafPlan) -> tuple[CoverState, Lines]:
    """A cell with the slopes that a plan gives, where they are not the usual ones, and the lines that set them."""
    sloped, lines, pairs = state.copy(), Lines(), list[int]()
    for unit, slope in plan.slopes.items():
        if unit >= state.problem.units:
            sloped.set_slope(unit, slope)
            pairs += (unit, slope)
            continue
        low, high = state.low[unit], state.high[unit]
        usual = int(low is not None and (high is None or high >= -low)) << SLOPE_BITS
        if state.is_unstable(unit) and slope != usual:
            sloped.set_slope(unit, slope)
            pairs += (unit, slope)
    for start in range(0, len(pairs), MOST_PAIRS):
        lines.add(f"a {hexadecimal(pairs[start : start + MOST_PAIRS])}")
    return sloped, lines


def _closes(cell: FloatCell, forms: Sequence[MixedForm], slopes: FloatArray) -> bool:
    """Whether the forms are < 0 on a cell, or it is empty, in floats."""
    if cell.is_empty:
        return True
    table, constants, _ = cell.with_slopes(slopes).replace(forms)
    return bool((cell.maxima(table, constants) < 0).all())


def _plan_of(combinations: Sequence[Combination]) -> LeafPlan | None:
    """The plan that leads to some combinations; None if several of them need rows."""
    places = [place for place, found in enumerate(combinations) if found.multipliers]
    if len(places) > 1:
        return None
    row_set = places[0] if places else 0
    scale = 1 << max(max(map(abs, found.numbers), default=1).bit_length() for found in combinations)
    weights = [[nearest_quotient(weight, scale) for weight in found.weights] for found in combinations]
    multipliers = {row: nearest_quotient(value, scale) for row, value in combinations[row_set].multipliers.items()}
    return LeafPlan(weights, multipliers, row_set)
