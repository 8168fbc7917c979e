"""A covering tree becomes lines of a certificate: every line is replayed exactly before it is written.

The one idea: the tree was found in floats and is only a plan. Bounds that change little are left out; a leaf that does
not close by itself gets bounds of all its units, better multipliers, and at last cuts of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relugeom.certificate.claim_proof.counterexample import UnprovedClaimError
from relugeom.certificate.claim_proof.tree import MOST_BRANCHES, Lines
from relugeom.certificate.cover_proof.bounding import bound_all, write_bounded
from relugeom.certificate.cover_proof.closing import LeafCloser
from relugeom.certificate.cover_proof.leaf_plan import Cut, LeafPlan
from relugeom.certificate.cover_proof.problem import CoverProblem, scale_of
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState, root_state
from relugeom.certificate.cover_proof.substitution import Substitution
from relugeom.claims.cover_tree import CoverTree, NodeKind
from relugeom.claims.reason import Cause, Reason
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["CoverProducer", "check_fit", "out_of_time"]

KEPT = 0.99
"""Bounds are written above leaves if a unit becomes stable, or if less than this part of its range is left."""
EXTRA_CUTS = 256
"""Nodes that may be added below one leaf of the tree."""
LEAST_SHARED, SHARES = 32, 16
"""Leaves from which on a tree is shared among processes, and how many parts of equal size it has at least."""
MOST_MARKS = 1 << 16


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
        self._marks = _marked_nodes(tree, self._ends)
        self._closer = LeafCloser(self._substitution, deadline)

    def begin(self) -> None:
        """Bound all units on the whole domain, and choose the exponents of bounds.

        Raises
        ------
        DeadlinePassedError
            Time ran out.
        """
        if not self._root.contradiction:
            bound_all(self._substitution, self._root, self._deadline)
            write_bounded(range(self._problem.units + self._problem.pairs), self._first)

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
        marked_until = 0
        while True:
            self._deadline.check()
            lines = Lines()
            if node in self._marks:
                lines.add("m")
                lines.begins_mark, marked_until = True, self._ends[node]
            step = self._go(node, state, lines)
            if step is None:
                lines.ends_mark = node < marked_until and (not later or later[-1][1] >= marked_until)
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
        bounded = _part_of(tree.bounded, tree.bounded_from, node)
        if kind in (NodeKind.CLOSED, NodeKind.EMPTY):
            self._close(node, state, lines, self._plan(node, state), bounded, _Budget(EXTRA_CUTS))
            return None
        self._closer.bound_worthy(state, bounded, KEPT, lines)
        if state.contradiction:
            lines.add("e", closed=1)
            return None
        first, index = node + 1, int(tree.index[node])
        cut = Cut(kind, index, self._cuts[node])
        only = self._only_side(cut, state)
        if only is not None:
            return (self._ends[first] if only else first), None
        second = state.copy()
        self._part(node, cut, state, second, lines)
        return first, second

    def _only_side(self, cut: Cut, state: CoverState) -> bool | None:
        """The side in which the whole cell lies (True for the second), as far as its box and bounds tell."""
        kind, index, value = cut.kind, cut.index, cut.value
        least, most = (state.low, state.high) if kind is NodeKind.SPLIT else (state.lower, state.upper)
        value = 0 if kind is NodeKind.SPLIT else value
        step = 1 << self._problem.exponent if kind is NodeKind.BRANCH else 0
        low, high = least[index], most[index]
        if high is not None and high <= value:
            return False
        return True if low is not None and low >= value + step else None

    def _part(self, node: int, cut: Cut, first: CoverState, second: CoverState, lines: Lines) -> None:
        """Go to both sides of a cut."""
        kind, index, value = cut.kind, cut.index, cut.value
        if kind is NodeKind.SPLIT:
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
        plan: LeafPlan,
        bounded: Sequence[int],
        budget: _Budget,
    ) -> None:
        """Write what closes a leaf, or divide it further."""
        attempt = self._closer.close(state, plan, bounded, lines)
        if attempt.lines is not None:
            return
        self._closer.bound_worthy(state, range(self._problem.units), KEPT, lines)
        cut = None if budget.left <= 0 else self._closer.extra_cut(state, plan, attempt.form)
        if cut is None:
            full = f"{attempt.open} the cell of node {node:,} of the covering tree"
            raise UnprovedClaimError(Reason(Cause.METHOD, "one cell could not be closed", full))
        budget.left -= 1
        second = state.copy()
        self._part(node, cut, state, second, lines)
        for side in (state, second):
            self._close(node, side, lines, plan, (), budget)

    def _plan(self, node: int, state: CoverState) -> LeafPlan:
        """What the tree says of a leaf; all weights are equal where it gives none."""
        tree, weights = self._tree, list[list[float]]()
        given = _part_of(tree.weights, tree.weights_from, node)
        for members in self._problem.sets:
            scales = [scale_of(form) for _, form in members]
            weights.append([w * scale for w, scale in zip(given[: len(members)] or scales, scales, strict=True)])
            given = given[len(members) :]
        slopes = zip(
            _part_of(tree.slope_units, tree.slopes_from, node),
            _part_of(tree.slopes, tree.slopes_from, node),
            strict=True,
        )
        return LeafPlan(
            weights,
            self._multipliers(node, state),
            int(tree.row_set[node]),
            {unit: round(min(max(slope, 0.0), 1.0) * (1 << SLOPE_BITS)) for unit, slope in slopes},
        )

    def _multipliers(self, node: int, state: CoverState) -> dict[int, float]:
        """Those that the tree gives for rows that the cell has, and that may be written."""
        tree, units, found = self._tree, self._problem.units, dict[int, float]()
        rows = _part_of(tree.rows, tree.rows_from, node)
        for row, value in zip(rows, _part_of(tree.multipliers, tree.rows_from, node), strict=True):
            exists = row in state.signs or units <= row < units + len(self._problem.rows)
            if exists and (value > 0 or (value < 0 and row >= units + self._problem.equalities)):
                found[row] = value
        return found


def out_of_time(cells: int) -> UnprovedClaimError:
    """The error of a proof that was not written in time."""
    short = "the proof is not complete after the time limit"
    full = f"{short} ({cells:,} cells of the covering tree closed): allow more, or claim less"
    return UnprovedClaimError(Reason(Cause.TIME, short, full))


def _part_of(column: NDArray[Any], offsets: IntArray, node: int) -> list[Any]:
    """What a column has for a node."""
    found: list[Any] = column[offsets[node] : offsets[node + 1]].tolist()
    return found


def _over(value: float, exponent: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << exponent) // denominator


def _subtree_ends(tree: CoverTree) -> list[int]:
    """Where the subtree of each node ends."""
    kinds = tree.kind.tolist()
    ends = [0] * len(kinds)
    for node in range(len(kinds) - 1, -1, -1):
        ends[node] = node + 1 if kinds[node] <= NodeKind.EMPTY else ends[ends[node + 1]]
    return ends


def _marked_nodes(tree: CoverTree, ends: Sequence[int]) -> frozenset[int]:
    """Roots of subtrees with few leaves that together hold all leaves: work to be shared; none in a small tree."""
    leaves = np.cumsum([0, *(tree.kind <= NodeKind.EMPTY)])
    if leaves[-1] < LEAST_SHARED:
        return frozenset()
    found, node = set[int](), 0
    while node < len(ends) and len(found) < MOST_MARKS:
        if (leaves[ends[node]] - leaves[node]) * SHARES <= leaves[-1]:
            found.add(node)
            node = ends[node]
        else:
            node += 1
    return frozenset(found)


def check_fit(problem: CoverProblem, tree: CoverTree) -> None:
    """Make sure that a tree speaks of units, inputs and weights that there are.

    Raises
    ------
    InputError
        It does not.
    """
    inputs, units, needed = len(problem.lower), problem.units, sum(map(len, problem.sets))
    kind, index = tree.kind, tree.index
    limits = np.where(kind == NodeKind.SPLIT, units, inputs)
    inner = kind > NodeKind.EMPTY
    beyond = (tree.bounded >= units).any() or (tree.slope_units >= units + problem.pairs).any()
    beyond |= (np.concatenate([tree.bounded, tree.slope_units]) < 0).any()
    if beyond or (inner & ((index < 0) | (index >= limits))).any():
        raise InputError(f"a covering tree names an input or a unit that is not among {inputs} and {units}")
    counts = np.diff(tree.weights_from)
    if (counts[kind == NodeKind.CLOSED] % max(needed, 1) != 0).any() or (counts > needed).any():
        raise InputError(f"a leaf of a covering tree needs one weight for each of {needed} inequalities, or none")
    if any(not problem.whole[k] for k in index[kind == NodeKind.BRANCH].tolist()):
        raise InputError("a covering tree branches on an input that the claim does not restrict to integers")
    if not all(np.isfinite(column).all() for column in (tree.value, tree.slopes, tree.multipliers)):
        raise InputError("a covering tree has a value, a slope or a multiplier that is not finite")
