"""A covering tree becomes lines of a certificate: every line is replayed exactly before it is written.

The one idea: the tree was found in floats and is only a plan. Bounds that change little are left out; a leaf that does
not close by itself gets bounds of all its units, better multipliers, and at last cuts of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import inf

import numpy as np

from relugeom.certificate.claim_proof.cell_proofs import proof_text
from relugeom.certificate.claim_proof.counterexample import UnprovedClaimError
from relugeom.certificate.claim_proof.tree import MOST_BRANCHES, Lines
from relugeom.certificate.cover_proof.combination import Combination, find_combination, judge, rounded_weights
from relugeom.certificate.cover_proof.problem import CoverProblem, MixedForm
from relugeom.certificate.cover_proof.slopes import has_slope
from relugeom.certificate.cover_proof.state import CoverState, root_state
from relugeom.certificate.cover_proof.substitution import InputForm, Substitution
from relugeom.certificate.header import hexadecimal
from relugeom.claims.cover_tree import CoverTree, NodeKind
from relugeom.claims.reason import Cause, Reason
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["CoverProducer", "out_of_time"]

BOUND_BITS = 30
"""Significant bits of the largest bound of a level."""
LONGEST_EXPONENT = 1100
KEPT = Fraction(9, 10)
"""Bounds are written if a unit becomes stable by them, or if less than this part of its range is left."""
KEPT_AT_LAST = Fraction(49, 50)
"""The same where a leaf needs whatever there is."""
SHORT_BITS, WEIGHT_BITS = 8, 30
"""Bits of weights: few where they do."""
MOST_UNITS = 1 << 15
"""Units in one line."""
EXTRA_CUTS = 48
"""Nodes that may be added below one leaf of the tree."""


@dataclass(slots=True)
class _Budget:
    """Nodes that may still be added."""

    left: int


class CoverProducer:
    """Writes the proof of one problem along one tree.

    Attributes
    ----------
    bits
        Exponents of the bounds of units, level by level, chosen by `begin`.
    cells
        Leaves that were closed so far.
    """

    def __init__(self, problem: CoverProblem, tree: CoverTree, cuts: FloatArray, deadline: Deadline) -> None:
        self._problem, self._tree, self._deadline = problem, tree, deadline
        self._cuts = [_over(value, problem.exponent) for value in cuts.tolist()]
        self.bits = [0] * len(problem.levels)
        self.cells = 0
        self._substitution = Substitution(problem, self.bits)
        self._root, self._first = root_state(problem), Lines()
        self._ends = _subtree_ends(tree)
        self._open = ""
        _check_fit(problem, tree)

    def begin(self) -> None:
        """Bound all units on the whole domain, and choose the exponents of bounds.

        Raises
        ------
        DeadlinePassedError
            Time ran out.
        """
        if self._root.contradiction:
            return
        for level in self._problem.levels:
            self._deadline.check()
            units = range(level.first, level.first + level.count)
            found = self._substitution.bound(self._root, units)
            largest = max((abs(end) for ends in found for end in ends if end is not None), default=Fraction(0))
            self.bits[level.number] = _bound_exponent(largest)
            for unit, ends in zip(units, found, strict=True):
                self._root.tighten(unit, *_rounded(ends, self.bits[level.number]))
            if self._root.contradiction:
                break
        self._write_bounded(range(self._problem.units), self._first)

    def lines(self) -> Iterator[Lines]:
        """The lines, a node at a time.

        Raises
        ------
        UnprovedClaimError
            A leaf does not close, or time ran out.
        """
        try:
            yield self._first
            yield from self._walk()
        except DeadlinePassedError as error:
            raise out_of_time(self.cells) from error

    def _walk(self) -> Iterator[Lines]:
        state, node = self._root, 0
        later: list[tuple[CoverState, int]] = []
        while True:
            self._deadline.check()
            lines = Lines()
            step = self._go(node, state, lines)
            yield lines
            if step is not None:
                node, second = step
                if second is not None:
                    later.append((second, self._ends[node]))
                continue
            self.cells += lines.closed
            if not later:
                return
            state, node = later.pop()

    def _go(self, node: int, state: CoverState, lines: Lines) -> tuple[int, CoverState | None] | None:
        """Write a node. Returns the child that follows and the state of the other one; None if the node is closed."""
        tree, kind = self._tree, NodeKind(self._tree.kind[node])
        bounded = tree.bounded[tree.bounded_from[node] : tree.bounded_from[node + 1]].tolist()
        if kind in (NodeKind.CLOSED, NodeKind.EMPTY):
            self._close(node, state, lines, self._weights(node), bounded, _Budget(EXTRA_CUTS))
            return None
        if not state.contradiction:
            self._rebound(state, bounded, lines, KEPT)
        if state.contradiction:
            lines.add("e", closed=1)
            return None
        first, index = node + 1, int(tree.index[node])
        only = self._only_side(kind, index, self._cuts[node], state)
        if only is not None:
            return (self._ends[first] if only else first), None
        second = state.copy()
        self._part(node, kind, index, self._cuts[node], state, second, lines)
        return first, second

    def _only_side(self, kind: NodeKind, index: int, value: int, state: CoverState) -> bool | None:
        """The side in which the whole cell lies (True for the second), as far as its box and bounds tell."""
        least, most = (state.low, state.high) if kind is NodeKind.SPLIT else (state.lower, state.upper)
        value = 0 if kind is NodeKind.SPLIT else value
        step = 1 << self._problem.exponent if kind is NodeKind.BRANCH else 0
        low, high = least[index], most[index]
        if high is not None and high <= value:
            return False
        return True if low is not None and low >= value + step else None

    def _part(
        self, node: int, kind: NodeKind, index: int, value: int, first: CoverState, second: CoverState, lines: Lines
    ) -> None:
        """Go to both sides of a split or a cut, a value over 2^exponent."""
        if kind is NodeKind.SPLIT:
            if index in first.signs:
                raise InputError(f"node {node} of the tree splits unit {index}, which is split above it")
            lines.add(f"s {index:x}")
            first.split(index, above=False)
            second.split(index, above=True)
            return
        if first.cuts >= MOST_BRANCHES:
            short = f"more than {MOST_BRANCHES} cuts are needed"
            full = f"more than {MOST_BRANCHES} cuts lead to node {node:,} of the tree"
            raise UnprovedClaimError(Reason(Cause.LIMIT, short, full))
        if kind is NodeKind.BISECT:
            lines.add(f"b {index:x} {value:x}")
            first.cut(index, value, above=False)
            second.cut(index, value, above=True)
            return
        one, whole = 1 << self._problem.exponent, value >> self._problem.exponent
        lines.add(f"k {index:x} {whole:x}", whole)
        first.cut(index, whole * one, above=False)
        second.cut(index, (whole + 1) * one, above=True)

    def _close(
        self,
        node: int,
        state: CoverState,
        lines: Lines,
        weights: Sequence[Sequence[float]],
        bounded: Sequence[int],
        budget: _Budget,
    ) -> None:
        """Write what closes a cell."""
        stages = ((), bounded, range(self._problem.units))
        form: InputForm | None = None
        for stage, units in enumerate(stages):
            if not state.contradiction:
                self._rebound(state, units, lines, (KEPT, KEPT, KEPT_AT_LAST)[stage])
            if state.contradiction:
                lines.add("e", closed=1)
                return
            closing, form = self._attempt(state, weights, thorough=stage > 0)
            if closing is not None:
                lines.extend(closing)
                return
        self._deadline.check()
        cut = None if budget.left <= 0 else self._extra_cut(state, form)
        if cut is None:
            short = "one cell could not be closed"
            raise UnprovedClaimError(
                Reason(Cause.METHOD, short, f"{self._open} the cell of node {node:,} of the covering tree")
            )
        budget.left -= 1
        second = state.copy()
        self._part(node, *cut, state, second, lines)
        for side in (state, second):
            self._close(node, side, lines, weights, (), budget)

    def _attempt(
        self, state: CoverState, weights: Sequence[Sequence[float]], *, thorough: bool
    ) -> tuple[Lines | None, InputForm | None]:
        """The lines that close a cell as it is known, or what the combination that failed is in the inputs."""
        lines, slope = Lines(), self._problem.slope
        if slope is not None:
            if has_slope(self._problem, slope, state):
                lines.add("g", closed=1)
                return lines, None
            self._open = "the slope could not be shown to have the claimed sign in"
        for place, (members, given) in enumerate(zip(self._problem.sets, weights, strict=True)):
            found = self._combine(state, members, given, thorough=thorough)
            if not found.closes(members):
                self._open = f"set {place} could not be proved to miss"
                break
            lines.add("c" + proof_text(found.multipliers, *found.weights), *found.numbers, closed=int(place == 0))
        else:
            if self._problem.sets:
                return lines, None
            found = None
        if thorough:
            empty = find_combination(self._substitution, state, (), (), self._deadline)
            if empty.closes(()):
                lines = Lines()
                lines.add("e" + proof_text(empty.multipliers), *empty.numbers, closed=1)
                return lines, None
        return None, None if found is None else found.inputs

    def _combine(
        self, state: CoverState, members: Sequence[tuple[bool, MixedForm]], given: Sequence[float], *, thorough: bool
    ) -> Combination:
        """A combination of the inequalities of one set, perhaps one that closes."""
        weights: tuple[int, ...] = (1,)
        for bits in (SHORT_BITS, WEIGHT_BITS) if len(members) > 1 else (SHORT_BITS,):
            weights = rounded_weights(given, bits)
            found = judge(self._substitution, state, members, weights, {})
            if found.closes(members):
                return found
        return find_combination(self._substitution, state, members, weights, self._deadline) if thorough else found

    def _extra_cut(self, state: CoverState, form: InputForm | None) -> tuple[NodeKind, int, int] | None:
        """A bisection of the input, or a split of the unit, that seems to matter most."""
        best, column = 0.0, -1
        for k, (low, high) in enumerate(zip(state.lower, state.upper, strict=True)):
            if low is not None and high is not None and high - low > 1 and state.cuts < MOST_BRANCHES:
                width = nearest_quotient(high - low, 1 << self._problem.exponent)
                slope = 1.0 if form is None else nearest_quotient(abs(form.coefficients[k]), 1 << form.exponent)
                if width * slope > best:
                    best, column = width * slope, k
        units = [unit for unit in range(self._problem.units) if unit not in state.signs and state.is_unstable(unit)]
        if units and (column < 0 or len(state.signs) > state.cuts):
            return NodeKind.SPLIT, max(units, key=lambda unit: self._gap(state, unit)), 0
        if column < 0:
            return None
        low, high = state.lower[column], state.upper[column]
        return None if low is None or high is None else (NodeKind.BISECT, column, (low + high) // 2)

    def _gap(self, state: CoverState, unit: int) -> float:
        """How far the lines of a unit are apart."""
        low, high = state.low[unit], state.high[unit]
        if low is None or high is None:
            return inf
        return nearest_quotient(-low * high, (high - low) << self.bits[self._problem.level_of[unit]])

    def _weights(self, node: int) -> list[list[float]]:
        """The weights of a leaf, set by set; all equal where the tree gives none."""
        begin, end = self._tree.weights_from[node : node + 2].tolist()
        given, found = self._tree.weights[begin:end].tolist(), []
        for members in self._problem.sets:
            found.append(given[: len(members)] or [1.0] * len(members))
            given = given[len(members) :]
        return found

    def _rebound(self, state: CoverState, units: Iterable[int], lines: Lines, kept: Fraction) -> None:
        """Bound units anew that are not stable, and write those whose bounds improve enough."""
        written: list[int] = []
        asked = sorted({unit for unit in units if state.is_unstable(unit)})
        for number, members in groupby(asked, key=self._problem.level_of.__getitem__):
            self._deadline.check()
            chosen = list(members)
            for unit, ends in zip(chosen, self._substitution.bound(state, chosen), strict=True):
                low, high = _rounded(ends, self.bits[number])
                if _is_better(state, unit, low, high, kept):
                    state.tighten(unit, low, high)
                    written.append(unit)
            if state.contradiction:
                break
        self._write_bounded(written, lines)

    def _write_bounded(self, units: Sequence[int], lines: Lines) -> None:
        for start in range(0, len(units), MOST_UNITS):
            part = units[start : start + MOST_UNITS]
            lines.add(f"n {hexadecimal(part)}", proofs=2 * len(part))


def out_of_time(cells: int) -> UnprovedClaimError:
    """The error of a proof that was not written in time."""
    short = "the proof is not complete after the time limit"
    full = f"{short} ({cells:,} cells of the covering tree closed): allow more, or claim less"
    return UnprovedClaimError(Reason(Cause.TIME, short, full))


def _over(value: float, exponent: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << exponent) // denominator


def _rounded(ends: tuple[Fraction | None, Fraction | None], bits: int) -> tuple[int | None, int | None]:
    """Bounds over 2^bits, rounded outwards."""
    low, high = ends
    least = None if low is None else (low.numerator << bits) // low.denominator
    return least, None if high is None else -((-high.numerator << bits) // high.denominator)


def _bound_exponent(largest: Fraction) -> int:
    """The exponent with which the largest bound of a level has BOUND_BITS bits."""
    length = largest.numerator.bit_length() - largest.denominator.bit_length() if largest else 0
    return max(0, min(BOUND_BITS - length, LONGEST_EXPONENT))


def _is_better(state: CoverState, unit: int, low: int | None, high: int | None, kept: Fraction) -> bool:
    """Whether new bounds of an unstable unit are worth a number in the file."""
    old_low, old_high = state.low[unit], state.high[unit]
    if (low is not None and low >= 0) or (high is not None and high <= 0):
        return True
    if (old_low is None and low is not None) or (old_high is None and high is not None):
        return True
    if old_low is None or old_high is None or low is None or high is None:
        return (low is not None and old_low is not None and low > old_low) or (
            high is not None and old_high is not None and high < old_high
        )
    return min(high, old_high) - max(low, old_low) < kept * (old_high - old_low)


def _subtree_ends(tree: CoverTree) -> list[int]:
    """Where the subtree of each node ends."""
    kinds = tree.kind.tolist()
    ends = [0] * len(kinds)
    for node in range(len(kinds) - 1, -1, -1):
        ends[node] = node + 1 if kinds[node] <= NodeKind.EMPTY else ends[ends[node + 1]]
    return ends


def _check_fit(problem: CoverProblem, tree: CoverTree) -> None:
    """The tree must speak of units, inputs and weights that there are."""
    inputs, units, needed = len(problem.lower), problem.units, sum(map(len, problem.sets))
    kind, index = tree.kind, tree.index
    limits = np.where(kind == NodeKind.SPLIT, units, inputs)
    inner = kind > NodeKind.EMPTY
    if (inner & ((index < 0) | (index >= limits))).any() or ((tree.bounded < 0) | (tree.bounded >= units)).any():
        raise InputError(f"a covering tree names an input or a unit that is not among {inputs} and {units}")
    counts = np.diff(tree.weights_from)
    if (counts[kind == NodeKind.CLOSED] % max(needed, 1) != 0).any() or (counts > needed).any():
        raise InputError(f"a leaf of a covering tree needs one weight for each of {needed} inequalities, or none")
    if any(not problem.whole[k] for k in index[kind == NodeKind.BRANCH].tolist()):
        raise InputError("a covering tree branches on an input that the claim does not restrict to integers")
    if not np.isfinite(tree.value).all():
        raise InputError("a covering tree cuts at a value that is not finite")
