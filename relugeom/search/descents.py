"""Random descents of the split tree, many at once: an unbiased estimate of the number of its leaves.

One descent that goes to one of k children multiplies its estimate by k [Knuth 1975]. Here a *group* descends with up
to `width` nodes of each level: all their children are made and, if there are more than `width`, some of them go on,
each with a probability π ≤ 1 that is known, and its factor is divided by π. The factors at the leaves add up to an
estimate that is unbiased, whatever the width and the probabilities; a wider group varies less, since it has met more of
the tree (stochastic enumeration [Vaisman and Kroese 2017]). The π are in proportion to the factor so far and to a guess
of the size of the subtree: the square roots of the parts into which splits cut the cell, as far as a few pivots show
them. Groups are independent of each other, and descend together, since NumPy is fast only with many cells at a time.

Sides are decided in floats: what is thinner than they can tell is not met. Nothing is proved.

References
----------
Knuth, "Estimating the efficiency of backtrack programs", *Mathematics of Computation* 29 (1975).
Vaisman and Kroese, "Stochastic enumeration method for counting trees", *Methodology and Computing in Applied
Probability* 19 (2017).
"""

from dataclasses import dataclass

import numpy as np

from relugeom.deadline import Deadline
from relugeom.geometry.cell_batch import CellBatch
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray
from relugeom.network.pattern import pack_patterns
from relugeom.search.setup import Setup

__all__ = ["Descended", "SplitTree", "descend"]

ACCEPT = 1e-11
"""Part of a form's size on the box by which it must exceed 0 to count as positive."""
FAR = 1e5
"""Sides of a box that stands for an open domain, in units of the distance at which units cut it."""
MOST_REACH = 1e200
"""Largest distance that is looked at, far from where floats end."""
EXPONENT = 0.5
"""Subtrees are taken to be as large as this power of the part that their cell is of the cell above."""
FURTHER = 2
"""Pivots by which it is seen how far a unit reaches on each side."""
LEAST_PART, LEAST_WANTED = 1e-6, 1e-250
"""Least parts, and least sizes relative to the largest subtree, that are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Descended:
    """What groups of descents found.

    Attributes
    ----------
    logs
        Logarithm of the estimate of each group.
    packed
        The distinct patterns at the ends of all descents.
    descents
        Number of descents that reached their ends.
    exhausted
        Whether every group has walked the whole tree, so that nothing was left to chance.
    """

    logs: FloatArray
    packed: ByteArray
    descents: int
    exhausted: bool


class SplitTree:
    """The tree of a network on a chart, in coordinates that put the domain's box at [−1, 1]^d.

    Attributes
    ----------
    first, rows
        Forms of the first layer, and those of the domain's inequalities, each divided by its size.
    point
        A point inside the domain.
    open
        Whether the box only stands for an open domain, so that lengths in it mean little.
    """

    @np.errstate(all="ignore")
    def __init__(self, setup: Setup) -> None:
        problem = setup.problem
        self.widths, self.weights, self.biases = setup.network.widths, problem.weights, problem.biases
        point = np.array(float_point(setup.chart.interior), dtype=np.float64)
        far = FAR * self._reach(problem.first)
        lower = np.where(np.isfinite(problem.lower), problem.lower, np.minimum(point, 0.0) - far)
        upper = np.where(np.isfinite(problem.upper), problem.upper, np.maximum(point, 0.0) + far)
        middle, half = lower / 2.0 + upper / 2.0, upper / 2.0 - lower / 2.0
        self.open = not problem.bounded
        self.point = np.clip((point - middle) / half, -1.0, 1.0)
        self.first, self.rows = (
            np.column_stack([forms[:, :-1] * half, forms[:, :-1] @ middle + forms[:, -1]])
            for forms in (problem.first, problem.domain_rows)
        )
        self.rows /= np.abs(self.rows).sum(axis=1, keepdims=True)

    def _reach(self, first: FloatArray) -> float:
        """About how far from the origin units cut the domain, at least 1: biases in proportion to weights."""
        farthest, gain = 1.0, 1.0
        for layer, width in enumerate(self.widths):
            weights, biases = (first[:, :-1], first[:, -1]) if layer == 0 else (self.weights[layer], self.biases[layer])
            gain *= float(np.abs(weights).max(initial=0.0))
            if not 0.0 < gain < np.inf:
                break
            farthest = max(farthest, float(np.abs(biases[:width]).max(initial=0.0)) / gain)
        return min(farthest, MOST_REACH)

    @property
    def dimension(self) -> int:
        """Dimension of the domain."""
        return len(self.point)


def descend(tree: SplitTree, *, groups: int, width: int, random: np.random.Generator, deadline: Deadline) -> Descended:
    """Let groups of at most `width` nodes descend the tree together.

    Raises
    ------
    DeadlinePassedError
        There was no time to reach the leaves.
    """
    level = _Level(tree, groups, width, random)
    with np.errstate(all="ignore"):  # forms that overflow are taken to be inactive
        for layer in range(len(tree.widths)):
            level.enter(layer)
            for unit in range(tree.widths[layer]):
                deadline.check()
                level.decide(unit)
    packed = np.unique(pack_patterns(level.bits), axis=0)
    totals = np.full(groups, -np.inf)
    np.logaddexp.at(totals, level.group, level.logs)
    return Descended(totals, packed, len(level.bits), not level.logs.any())


class _Level:
    """The nodes at one level of the tree, group after group, each group in tree order.

    Attributes
    ----------
    group
        The group of each node, ascending.
    bits
        The decided bits of each node.
    logs
        Logarithm of each node's factor so far.
    """

    def __init__(self, tree: SplitTree, groups: int, width: int, random: np.random.Generator) -> None:
        self._tree, self._width, self._random = tree, width, random
        side = np.ones(tree.dimension)
        self._cells = CellBatch.at(-side, side, tree.rows, tree.point, groups)
        self._start, first = 0, tree.first
        # Forms of the layer, and for each node the number of those that are its own: siblings share them.
        self._forms, self._own = np.broadcast_to(first, (groups, *first.shape)), np.arange(groups)
        self.group, self.logs, self._measures = np.arange(groups), np.zeros(groups), np.zeros(groups)
        self.bits = np.zeros((groups, sum(tree.widths)), dtype=np.bool_)

    def enter(self, layer: int) -> None:
        """Compute the forms of a layer, when the bits of all layers below are decided."""
        tree = self._tree
        if layer:
            below, width = tree.widths[layer - 1], tree.widths[layer]
            active = self._forms[self._own] * self.bits[:, self._start : self._start + below, None]
            self._forms = np.matmul(tree.weights[layer, :below, :width].T, active)
            self._forms[:, :, -1] += tree.biases[layer, :width]
            self._start += below
        self._own = np.arange(len(self._cells))

    def decide(self, unit: int) -> None:
        """Go one level down: find the sides that a unit of the layer takes on each cell, and choose among the children.

        A unit whose form is about 0 on the whole cell is inactive.
        """
        cells = self._cells
        forms = self._forms[self._own, unit]
        sizes = np.abs(forms).sum(axis=1, keepdims=True)
        cells.append(forms / np.where(sizes > 0.0, sizes, 1.0))
        accept = np.full(len(cells), ACCEPT)
        near = np.abs(cells.heights) <= accept
        cells.climb(np.ones(len(cells)), accept, near)
        active, on_a_side = cells.heights > accept, np.abs(cells.heights) > accept
        # The cells as they are now stand at a vertex of one side, and as they will be at one of the other, if any.
        before = cells.copy()
        splits = cells.climb(np.where(active, -1.0, 1.0), accept, on_a_side)
        place = self._start + unit
        if not splits.any():
            self.bits[:, place] = active
        else:
            self._split(place, splits, active, before)
        self._cells.refactorise()

    def _split(self, place: int, splits: BoolArray, active: BoolArray, before: CellBatch) -> None:
        """Make the children, inactive sides first, and choose among them."""
        shares = self._shares(splits, active, before)
        parent = np.repeat(np.arange(len(splits)), 1 + splits)
        is_second = np.append(False, parent[1:] == parent[:-1])
        bit = np.where(splits[parent], is_second, active[parent])
        measures = self._measures[parent] + np.where(bit, shares[1][parent], shares[0][parent])
        logs, kept = self._select(self.group[parent], self.logs[parent], measures)
        parent, bit = parent[kept], bit[kept]
        crossed = splits[parent] & (bit != active[parent])
        self._cells = before.mixed(self._cells, parent, crossed)
        self._cells.keep(splits[parent], np.where(bit, 1.0, -1.0))
        self.group, self.bits, self._own = self.group[parent], self.bits[parent], self._own[parent]
        self.logs, self._measures = logs[kept], measures[kept]
        self.bits[:, place] = bit

    def _shares(self, splits: BoolArray, active: BoolArray, before: CellBatch) -> FloatArray:
        """Logarithm of the measure of the inactive and the active side of each cell, as parts of the cell's."""
        if self._tree.open:
            return np.zeros((2, len(splits)))
        upwards = np.where(active, 1.0, -1.0)
        far = np.full(len(splits), np.inf)
        before.climb(upwards, far, splits, most=FURTHER)
        self._cells.climb(-upwards, far, splits, most=FURTHER)
        here, beyond = np.abs(before.heights), np.abs(self._cells.heights)
        sides = np.where(active, (beyond, here), (here, beyond))
        parts = np.maximum(sides / np.maximum(here + beyond, 1e-300), LEAST_PART)
        return np.where(splits, EXPONENT * np.log(parts), 0.0)

    def _select(self, group: IntArray, logs: FloatArray, measures: FloatArray) -> tuple[FloatArray, IntArray]:
        """Numbers of the children that go on, and the children's factors: chosen in each group that has too many.

        The probability is in proportion to factor · measure, and at most 1.
        """
        ends = np.cumsum(np.bincount(group)).tolist()
        logs, kept, start = logs.copy(), [], 0
        for end in ends:
            if end - start > self._width:
                wanted = logs[start:end] + measures[start:end]
                chances = _chances(np.exp(wanted - wanted.max()), self._width)
                logs[start:end] -= np.log(chances)
                marks = np.floor(np.cumsum(chances) + self._random.random())
                kept.append(start + np.flatnonzero(np.diff(marks, prepend=0.0)))
            else:
                kept.append(np.arange(start, end))
            start = end
        return logs, np.concatenate(kept)


def _chances(wanted: FloatArray, count: int) -> FloatArray:
    """Probabilities min(1, c · wanted) whose sum is `count`."""
    wanted = np.maximum(wanted, LEAST_WANTED)
    sure = np.zeros(len(wanted), dtype=np.bool_)
    while True:
        rest = ~sure
        chances = np.where(sure, 1.0, wanted * ((count - sure.sum()) / wanted[rest].sum()))
        above = rest & (chances >= 1.0)
        if not above.any():
            return chances
        sure |= above
