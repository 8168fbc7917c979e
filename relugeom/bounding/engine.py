"""The search for a proof, or for an input that refutes a claim; and for the largest value of an inequality.

The one idea: attack first; then bound cells in rounds of a fixed number, close those whose sets are out of reach, and
part the others. A claim goes depth first, a largest value best first. Everything that an answer depends on is counted
work; the deadline only stops. Bounds allow for the rounding of floats, so that a closed tree is a proof; it is handed
out so that a certificate can be written of it.
"""

from collections.abc import Callable

import numpy as np

from relugeom.bounding.aim import Aim, Left
from relugeom.bounding.attack import MORE
from relugeom.bounding.branching import part
from relugeom.bounding.cells import Cells, Waiting, cell_bytes
from relugeom.bounding.nearest import NearAim
from relugeom.bounding.outcome import Effort, End, Outcome, Peak
from relugeom.bounding.pairs import relaxation_of
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.sets import SetAim
from relugeom.bounding.slope_aim import SlopeAim
from relugeom.bounding.tightening import bound_units, root_cell
from relugeom.bounding.tree import ForgottenTree, GrowingTree
from relugeom.claims.ball import Norm
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.blas import one_blas_thread

__all__ = ["Effort", "End", "Outcome", "Peak", "find_nearest", "find_peak", "search"]

ATTACKS, PAUSE = 4, 50
"""Attacks at most, and after how many cells there is another one, as many times more each time as it is larger."""
ROUND, LARGEST = 64, 1 << 23
"""Cells of a round, and numbers in the forms of a layer's units of all of them: cells of large networks are fewer."""
SHARE = 4
"""The part of all memory that a round may work on, as a divisor."""
NEAR = 1e-9
"""How far below 0 a margin may be, relative to 1, for an input to be evaluated exactly."""
CONFIRMED = 8


USUAL = Effort()


def search(
    problem: Problem,
    confirm: Callable[[FloatArray], bool],
    inside: Callable[[FloatArray], BoolArray],
    *,
    slack: float = 0.0,
    effort: Effort = USUAL,
    deadline: Deadline = NEVER,
    on_progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Search for a proof that no input of the box lies in a set, or for an input that does; or so for a slope.

    Parameters
    ----------
    confirm
        Says exactly whether a joint input lies in a set (and in the domain), or shows that the slope is wrong.
    inside
        Says which joint inputs, shape (k, m), belong to the domain: one of those is the nearest.
    slack
        What bounds may miss 0 by where only floats' rounding is left, relative to the size of the inequalities' terms.
        So claims that are just true come to an end; the tree is `tight` then.
    """
    with np.errstate(all="ignore"), one_blas_thread():  # what is not a number closes nothing
        return _Search(problem, effort, deadline, on_progress, inside, slack).run(confirm)


def find_peak(
    problem: Problem,
    inside: Callable[[FloatArray], BoolArray],
    *,
    gap: float = 0.0,
    starts: FloatArray | None = None,
    sharpen: Callable[[FloatArray], float] | None = None,
    slack: float = 0.0,
    effort: Effort = USUAL,
    deadline: Deadline = NEVER,
    on_progress: Callable[[int], None] | None = None,
) -> Peak:
    """Bound the largest value of the only inequality of a problem, until both sides are `gap` apart or less.

    Parameters
    ----------
    inside
        Says which joint inputs, shape (k, m), belong to the domain: only those count as met.
    gap
        Difference of the two sides with which to be content, relative to 1.
    starts
        Joint inputs that are tried first, shape (k, m).
    sharpen
        Gives the largest value that is reached near an input, exactly but for the last rounding. Where both sides have
        come together, it is asked once, and the search goes on until no cell is left: then there is a tree, the plan of
        a proof that nothing goes beyond that value.
    slack
        What bounds of the cells of that tree may exceed the value by, as for `search`.
    """
    with np.errstate(all="ignore"), one_blas_thread():
        tree = ForgottenTree() if sharpen is None else GrowingTree()
        searched = _PeakSearch(problem, tree, effort, deadline, on_progress, slack)
        return searched.run(inside, gap, starts=starts, sharpen=sharpen)


def find_nearest(
    problem: Problem,
    point: FloatArray,
    norm: Norm,
    inside: Callable[[FloatArray], BoolArray],
    *,
    known: float = np.inf,
    effort: Effort = USUAL,
    deadline: Deadline = NEVER,
) -> Peak:
    """Bound the least distance of a point from inputs of a problem's sets, each of one inequality: as minus a peak.

    Parameters
    ----------
    inside
        Says which joint inputs, shape (k, m), belong to the domain: only those count as met.
    known
        Distance at which such an input is known.
    """
    with np.errstate(all="ignore"), one_blas_thread():
        searched = _PeakSearch(problem, ForgottenTree(), effort, deadline, None)
        searched.aim = NearAim(problem, searched.relaxation, deadline, point, norm)
        if known < np.inf:  # an input is met already, and those of cells come nearer
            searched.attacks_are_over()
        return searched.run(inside, 0.0, -known)


def _aim_of(problem: Problem, relaxation: Relaxation, deadline: Deadline, slack: float) -> Aim:
    if problem.slope is None:
        return SetAim(problem, relaxation, deadline, slack)
    return SlopeAim(problem, relaxation, problem.slope, deadline)


class _Rounds:
    """The tree so far, and the work that was done: what both searches have in common."""

    def __init__(
        self,
        problem: Problem,
        tree: GrowingTree,
        effort: Effort,
        deadline: Deadline,
        on_progress: Callable[[int], None] | None,
        slack: float = 0.0,
    ) -> None:
        self.problem, self.relaxation = problem, relaxation_of(problem)
        self.aim = _aim_of(problem, self.relaxation, deadline, slack)
        self._effort, self._deadline, self._on_progress = effort, deadline, on_progress
        self._slack = slack
        self.tree = tree
        self.cells = self._attacks = self.root = 0
        widest = max(width for copy in problem.copies for width in (1, *copy.network.widths))
        rows = len(problem.rows.constant)
        self._together = max(1, min(ROUND, LARGEST // max(widest * max(problem.inputs, widest), rows)))
        self._together = max(1, min(self._together, effort.bytes // SHARE // cell_bytes(problem)))
        self._working = self._together * cell_bytes(problem)
        widths = [np.arange(len(copy.layers)).repeat(copy.network.widths) for copy in problem.copies]
        self._layer, self._copy = np.concatenate(widths), np.arange(len(widths)).repeat([len(each) for each in widths])

    def begin(self) -> Waiting:
        """Bound the whole box, which waits to be closed."""
        root = root_cell(self.problem, self.relaxation)
        waiting = Waiting(root)
        node = self.tree.add()
        for cut in self.problem.cuts:
            first, second = self.tree.part(node, cut.kind, cut.column, cut.value)
            missed, node = (first, second) if cut.above else (second, first)
            self.tree.close(missed, cut.weights)
        self.root = node
        self.tree.bound(node, np.arange(self.problem.units))
        waiting.put(root, np.array([node]), np.array([-np.inf]))
        return waiting

    def must_stop(self, waiting: Waiting) -> bool:
        """Whether a limit is met."""
        return self._deadline.passed or self.cells >= self._effort.cells or self.is_full(waiting)

    def is_full(self, waiting: Waiting | None = None) -> bool:
        """Whether what is kept, and what a round works on, might take more memory than is allowed."""
        kept = 0 if waiting is None else waiting.nbytes
        return kept + self.tree.nbytes + self._working > self._effort.bytes

    def attacks_are_over(self) -> None:
        """No input is looked for but in cells."""
        self._attacks = ATTACKS

    def attack(self) -> FloatArray:
        """Inputs met on the way from many others: from more, the longer the search has lasted."""
        if self._attacks and (self._attacks >= ATTACKS or self.cells <= PAUSE * MORE**self._attacks):
            return np.zeros((0, self.problem.inputs))
        self._attacks += 1
        return self.aim.attack(self._attacks - 1, self._deadline)

    def round(self, cells: Cells, nodes: IntArray, level: float) -> Left:
        """Bound some cells, close those that stay below a level, and part the others."""
        self.cells += len(cells)
        asked = cells.unstable(slice(0, self.problem.units)) & (cells.since[:, self._copy] < self._layer)
        for row, node in enumerate(nodes.tolist()):
            if node != self.root:
                self.tree.bound(node, np.flatnonzero(asked[row]))
        bounded = bound_units(self.problem, self.relaxation, cells)
        left = self.aim.close(cells, nodes, bounded, level, self.tree)
        if self._on_progress is not None:
            self._on_progress(self.cells)
        return left

    def parts(self, found: Left) -> tuple[Cells, IntArray]:
        """Both parts of cells that are open, the first ones first, and their nodes."""
        first, second = part(self.problem, found.cells, found.parting)
        pairs = [
            self.tree.part(int(node), int(kind), int(index), float(value))
            for node, kind, index, value in zip(
                found.nodes, found.parting.kind, found.parting.index, found.parting.below, strict=True
            )
        ]
        return Cells.joined([first, second]), np.array([a for a, _ in pairs] + [b for _, b in pairs], dtype=np.int64)


class _Search(_Rounds):
    """The search for a proof or a point."""

    def __init__(
        self,
        problem: Problem,
        effort: Effort,
        deadline: Deadline,
        on_progress: Callable[[int], None] | None,
        inside: Callable[[FloatArray], BoolArray],
        slack: float,
    ) -> None:
        super().__init__(problem, GrowingTree(), effort, deadline, on_progress, slack)
        self._inside = inside
        self._nearest: tuple[float, FloatArray | None] = -np.inf, None
        self._excess: dict[int, float] = {}
        self._depth = 0
        self._tight = False

    def run(self, confirm: Callable[[FloatArray], bool]) -> Outcome:
        """Attack, then cover the box, depth first."""
        point = self._met(self.attack(), confirm)
        if point is not None:
            return self._ended(End.MET, point)
        if self.is_full():
            return self._ended(End.OPEN, is_full=True)
        waiting = self.begin()
        self._excess[self.root] = np.inf
        while waiting:
            if self.must_stop(waiting):
                return self._ended(End.OPEN, upper=self._most(waiting), is_full=self.is_full(waiting))
            point = self._met(self.attack(), confirm)
            if point is None:
                cells, nodes, _ = waiting.take(self._together)
                before = {node: self._excess.pop(node) for node in nodes.tolist()}
                try:
                    found = self.round(cells, nodes, 0.0)
                except DeadlinePassedError:
                    return self._ended(End.OPEN, upper=max(self._most(waiting), *before.values()))
                self._tight |= found.tight
                point = self._met(found.promising, confirm)
            if point is not None:
                return self._ended(End.MET, point)
            excesses = np.fmin(found.excesses, [before[node] for node in found.nodes.tolist()])
            if not found.parting.possible.all():
                return self._ended(End.OPEN, upper=max(self._most(waiting), float(excesses.max())))
            parts, of_parts = self.parts(found)
            self._excess.update(zip(of_parts.tolist(), np.tile(excesses, 2).tolist(), strict=True))
            self._depth += 1
            waiting.put(parts, of_parts, np.full(len(parts), -float(self._depth)))
        return self._ended(End.CLOSED, upper=0.0)

    def _most(self, waiting: Waiting) -> float:
        """Bound of the excess in all cells that wait; that of a cell holds for its parts."""
        return max((self._excess[node] for node in waiting.nodes.tolist()), default=0.0)

    def _met(self, x: FloatArray, confirm: Callable[[FloatArray], bool]) -> FloatArray | None:
        """One of some inputs that lies in a set, exactly."""
        self._come_nearer(x)
        margin = self.aim.margins(x)
        for row in np.argsort(-margin, kind="stable")[:CONFIRMED].tolist():
            if margin[row] < -NEAR:
                return None
            if confirm(x[row]):
                return np.asarray(x[row])
        return None

    def _ended(
        self, end: End, point: FloatArray | None = None, upper: float = np.inf, *, is_full: bool = False
    ) -> Outcome:
        tree = self.tree.in_order() if end is End.CLOSED else None
        return Outcome(end, point, tree, self.cells, upper, self._nearest[1], self._tight, is_full)

    def _come_nearer(self, x: FloatArray) -> None:
        """Keep the input of the domain that is furthest inside of a set."""
        excesses = self.aim.excesses(x)
        better = np.flatnonzero(excesses > self._nearest[0])
        better = better[self._inside(x[better])]
        if len(better):
            row = better[excesses[better].argmax()]
            self._nearest = float(excesses[row]), x[row]


class _PeakSearch(_Rounds):
    """The search for the largest value of an inequality."""

    def run(
        self,
        inside: Callable[[FloatArray], BoolArray],
        gap: float,
        known: float = -np.inf,
        *,
        starts: FloatArray | None = None,
        sharpen: Callable[[FloatArray], float] | None = None,
    ) -> Peak:
        """Attack, then bound the cell with the largest bound, again and again, from a value that is known already."""
        self._inside = inside
        value, point = self._best(self.attack(), known, None)
        if starts is not None:
            value, point = self._best(starts, value, point)
        if self.is_full():
            return Peak(np.inf, value, point, self.cells)
        waiting, reached = self.begin(), -np.inf  # what cells were left at that cannot be parted
        room = gap if sharpen is None else 0.0  # what closed cells may exceed the value by
        above, is_sharp = -np.inf, False
        while waiting:
            upper = max(reached, -waiting.least_key)
            if self.must_stop(waiting):
                break
            if upper <= value + gap and not is_sharp:
                if sharpen is None or point is None or reached > -np.inf:
                    break
                value, is_sharp = max(value, sharpen(point)), True
            value, point = self._best(self.attack(), value, point)
            cells, nodes, keys = waiting.take(self._together)
            try:
                found = self.round(cells, nodes, value + room)
            except DeadlinePassedError:
                return Peak(max(upper, above, value + room), value, point, self.cells)
            if found.tight:
                above = max(above, value + self._slack * self.relaxation.size_of_rows)
            value, point = self._best(found.promising, value, point)
            bounds = np.fmin(found.bounds, -keys[found.rows])
            possible = np.flatnonzero(found.parting.possible)
            reached = max(reached, float(bounds[~found.parting.possible].max(initial=-np.inf)))
            parts, of_parts = self.parts(found.at(possible))
            waiting.put(parts, of_parts, -np.tile(bounds[possible], 2))
        upper = max(reached, above, -waiting.least_key if waiting else -np.inf)
        tree = None
        if sharpen is not None and point is not None and not waiting and reached == -np.inf:
            value = value if is_sharp else max(value, sharpen(point))
            tree = self.tree.in_order()
        # Closed cells stayed below what `value` was then, and it only rose.
        return Peak(max(upper, value + room), value, point, self.cells, tree)

    def _best(self, x: FloatArray, value: float, point: FloatArray | None) -> tuple[float, FloatArray | None]:
        """The better of what is known and some inputs."""
        margin = self.aim.margins(x)
        better = np.flatnonzero(margin > value)
        better = better[self._inside(x[better])]
        if not len(better):
            return value, point
        row = better[margin[better].argmax()]
        return float(margin[row]), x[row]
