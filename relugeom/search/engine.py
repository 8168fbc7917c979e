"""A subtree searched by the compiled kernel, with its questions answered exactly.

Notation: a *task* is a subtree with its own search state. It can give away its last waiting sibling, which is its
largest and the last in tree order. So a task's regions are its own, followed by those of the tasks that it gave away,
the last one first.
"""

import numpy as np
from flint import fmpq

from relugeom.deadline import CLOCK, NEVER, Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.forms import float_point, is_float_point
from relugeom.geometry.highs import HighsSolver
from relugeom.linalg.arrays import BoolArray
from relugeom.linalg.exact import RationalPoint, form_sign, rational_point
from relugeom.network.pattern import pack_patterns, packed_width
from relugeom.partition.found import Found
from relugeom.partition.tree import EMPTY, cut_tree
from relugeom.search import columns
from relugeom.search.path import save_sibling, stand_at
from relugeom.search.reference import Leaf, ReferenceSearch
from relugeom.search.setup import Setup
from relugeom.search.strategies import BY_DICTIONARY, Position, Strategy, add_lanes, first_position

__all__ = ["Task"]

LEAF_BUFFER, POINT_BUFFER = 4096, 1 << 20
TOKEN_BUFFER = 1 << 22
"""Leaves, coordinates of their points, and tokens that the kernel hands over at a time."""


class Task:
    """A subtree: its search state, what was found in it, and the tasks it gave away.

    Attributes
    ----------
    pieces
        Findings of each run, in tree order.
    finished
        Whether the pieces hold all of the subtree except the parts that were given away.
    remaining
        Estimated share of the whole tree that is left to this task: a subtree after k splits counts 2^−k.
    """

    def __init__(self, setup: Setup, strategy: Strategy, at: Position, deadline: Deadline, steps: int) -> None:
        self.pieces: list[Found] = []
        self.finished, self.remaining = False, 1.0
        self.given: list[Task] = []
        self._setup, self._at, self._deadline, self._steps = setup, at, deadline, steps
        # What searches the subtree; at single nodes the dictionary takes over.
        self._usual = self._strategy = strategy
        self._piece, self._done = Found(), False
        # While the task skips what is known: the last known region, and what an exact search found after it.
        self._last: list[int] | None = None
        self._behind = Found()
        width = packed_width(setup.units)
        leaves = max(min(LEAF_BUFFER, POINT_BUFFER // max(setup.dimension, 1)), 1)
        self._output = columns.Output(
            np.zeros((leaves, width), dtype=np.uint8),
            np.zeros((leaves, setup.dimension)),
            np.zeros(max(8 * LEAF_BUFFER, min(setup.units * leaves, TOKEN_BUFFER)), dtype=np.uint8),
        )

    @classmethod
    def whole(cls, setup: Setup, deadline: Deadline = NEVER) -> "Task":
        """Task for the whole tree; at the deadline a step in exact arithmetic ends without a result."""
        return cls(setup, *first_position(setup), deadline, setup.budget.pace.first)

    def run(self, steps: int | None = None) -> None:
        """Search this many nodes (for a while by default).

        Raises
        ------
        DeadlinePassedError
            The next node has to be searched exactly, and there is no time for it; earlier findings stay.
        """
        began, pace = CLOCK.now(), self._setup.budget.pace
        budget = min(self._steps, pace.most) if steps is None else steps
        try:
            self._advance(budget)
            # A tree cannot end in front of a leaf, which has no token that could be missing.
            while not self._done and self._at.state.counters[columns.U] == self._setup.units:
                self._advance(1)
        finally:
            if self._piece.count or self._piece.tokens or self._piece.empty_leaves:
                self.pieces.append(self._piece)
                self._piece = Found()
        self.remaining = self._share_left()
        self.finished = self._done  # last, so that who sees it sees the pieces too
        if steps is None:
            self._steps = pace.after(budget, CLOCK.now() - began)

    def skip_to(self, last: list[int]) -> None:
        """Go to the first node in tree order after the region with these bits; nothing before it is found again."""
        self._last = last
        while not self._done:
            unit = int(self._at.state.counters[columns.U])
            here = self._at.state.bits[:unit].tolist()
            if here > last[:unit]:
                break
            if here < last[:unit] or unit == len(last):
                self._next()
                if here == last:
                    break
            else:
                self._advance(1)
            self._piece = Found()
        self._last, self._piece, self._behind = None, self._behind, Found()
        self.run(steps=0)

    def _advance(self, budget: int) -> None:
        code = self._strategy.advance(self._setup, self._at, self._output, budget)
        self._flush()
        if code == columns.DONE:
            self._leave()
        elif code == columns.GROW:
            self._strategy.grow(self._at)
        elif code == columns.LANES:
            add_lanes(self._setup, self._at)
        elif code == columns.HANDED_OVER:
            self._hand_over()
        elif code == columns.UNDECIDED:
            self._settle_unit()
        elif code == columns.UNPROVED_LEAF:
            self._settle_leaf()
        elif code == columns.DELEGATED:
            self._search_exactly()
            self._next()

    def give(self) -> "Task | None":
        """Give away the last waiting sibling, as a task of its own."""
        given = self._usual.give(self._setup, self._at)
        if given is None:
            return None
        task = Task(self._setup, self._usual, given, self._deadline, self._steps)
        self.given.append(task)
        return task

    def with_given(self) -> "list[Task]":
        """This task and all tasks that it gave away."""
        return [self, *(task for given in list(self.given) for task in given.with_given())]

    def _hand_over(self) -> None:
        """Search the subtree at the present node with a dictionary."""
        at, problem = self._at, self._setup.problem
        while len(at.state.value) < len(problem.domain_rows) + self._setup.units + 2:
            BY_DICTIONARY.grow(at)
        self._strategy = BY_DICTIONARY
        if not stand_at(problem, at.state):
            self._search_exactly()
            self._leave()

    def _leave(self) -> None:
        """Continue after the subtree of the present strategy, which is finished."""
        self._done = self._strategy is self._usual or not self._usual.go_on(self._setup, self._at)
        self._strategy = self._usual

    def _flush(self) -> None:
        counters = self._at.state.counters
        leaves, tokens = int(counters[columns.LEAVES]), int(counters[columns.TOKENS])
        if leaves:
            self._piece.packed.append(self._output.packed[:leaves].copy())
            self._piece.points.append(self._output.points[:leaves].copy())
            self._piece.count += leaves
        if tokens:
            self._piece.tokens.append(self._output.tokens[:tokens].copy())
        counters[columns.LEAVES] = counters[columns.TOKENS] = 0

    def _exact_node(self) -> tuple[ReferenceSearch, list[fmpq] | None]:
        """Exact arithmetic at the present node, and a point of its cell (None if it is empty).

        It starts afresh at every node: a solver with a memory would propose other points after another history, and the
        answer would depend on how the work was shared.
        """
        unit = int(self._at.state.counters[columns.U])
        # A leaf is settled in any case: a tree cannot end in front of it.
        deadline = self._deadline if unit < self._setup.units else NEVER
        exact = ReferenceSearch(self._setup.network, self._setup.chart, HighsSolver(), deadline=deadline)
        splits = (self._at.state.kinds[:unit] == columns.SPLIT).tolist()
        exact.go_to(self._at.state.bits[:unit].tolist(), splits)
        proposal = self._setup.on_hull(self._at.state.point)
        point = exact.find_point(rational_point(proposal) if np.isfinite(proposal).all() else None)
        return exact, None if point is None else list(point)

    def _settle_unit(self) -> None:
        """Answer the question about the next unit of the present node."""
        exact, point = self._exact_node()
        if point is None:
            self._append(EMPTY)
            self._next()
            return
        steps = exact.decide(point)
        unit = int(self._at.state.counters[columns.U])
        if len(steps) == 1:
            self._enter(unit, steps[0].bit, steps[0].bit)
            self._append(steps[0].bit)
            return
        # One side is too thin for floats: it is searched exactly. On the other, the compiled search continues, without
        # a new row: proofs for the slightly larger cell hold for the cell, and leaves show every bit anyway.
        self._append(columns.SPLIT)
        wide = int(form_sign(exact.form(unit), point) > 0)
        if wide == 0:
            save_sibling(self._at.state, self._at.waiting, unit, self._setup.point_at(float_point(steps[1].point)))
            self._at.waiting.delegated[self._at.state.counters[columns.S] - 1] = True
        else:
            self._enter(unit, 0, columns.SPLIT)
            self._search_exactly()
        self._enter(unit, wide, columns.SPLIT)
        self._at.state.point[:] = self._setup.point_at(float_point(steps[wide].point))

    def _enter(self, unit: int, bit: int, kind: int) -> None:
        self._at.state.bits[unit], self._at.state.kinds[unit] = bit, kind
        self._at.state.counters[columns.U] = unit + 1

    def _append(self, *tokens: int) -> None:
        self._piece.tokens.append(np.array(tokens, dtype=np.uint8))

    def _settle_leaf(self) -> None:
        """Find a point of a region that floats could not confirm, or drop the region."""
        _, point = self._exact_node()
        if point is None:
            self._piece.empty_leaves.append(self._piece.leaves)
        else:
            self._emit(self._at.state.bits.astype(np.bool_), point)
        self._next()

    def _search_exactly(self) -> None:
        """Search the subtree below the present node in exact arithmetic.

        Raises
        ------
        DeadlinePassedError
            There was no time for all of it; the regions found before stay.
        """
        exact, point = self._exact_node()
        unit = int(self._at.state.counters[columns.U])
        leaves: list[Leaf] = []
        tokens, late = [EMPTY], None
        if point is not None:
            exact.tree.clear()
            try:
                leaves.extend(exact.search_below(point))  # one by one: those before the deadline stay
            except DeadlinePassedError as error:
                late = error
            tokens = exact.tree
        if late is not None:
            tokens = cut_tree(np.array(tokens, dtype=np.uint8), self._setup.units - unit, len(leaves)).tolist()
        piece = self._piece
        if self._last is not None:
            known = sum(list(leaf.bits) <= self._last for leaf in leaves)
            depth = self._setup.units - unit
            tokens = tokens[len(cut_tree(np.array(tokens, dtype=np.uint8), depth, known)) :]
            if point is None and self._at.state.bits[:unit].tolist() <= self._last[:unit]:
                tokens = []
            leaves, self._piece = leaves[known:], self._behind
        for leaf in leaves:
            self._emit(np.array(leaf.bits, dtype=np.bool_), leaf.point)
        self._append(*tokens)
        self._piece = piece
        if late is not None:
            raise late

    def _emit(self, bits: BoolArray, point: RationalPoint) -> None:
        nearest = float_point(point)
        if not is_float_point(point, nearest):
            self._piece.exact_points[self._piece.count] = list(point)
        self._piece.packed.append(pack_patterns(bits[None, :]))
        self._piece.points.append(nearest[None, :])
        self._piece.count += 1

    def _share_left(self) -> float:
        """Estimated share of the tree below the present node and the waiting siblings."""
        if self._done:
            return 0.0
        waiting, counters = self._usual.units_waiting(self._at), self._at.state.counters
        unit = int(counters[columns.U])
        splits = np.cumsum(self._at.state.kinds[:unit] == columns.SPLIT)
        own = 0.5 ** float(splits[-1]) if unit else 1.0
        return own + float((0.5 ** splits[waiting].astype(np.float64)).sum())

    def _next(self) -> None:
        """Continue with the next waiting node."""
        if not self._strategy.go_on(self._setup, self._at):
            self._leave()
        elif self._strategy.is_delegated(self._at):
            self._search_exactly()
            self._next()
