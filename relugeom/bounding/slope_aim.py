"""The aim that a slope has one sign in every cell: intervals of the slope, splits that narrow them, and wrong slopes.

The one idea: a unit is worth deciding as far as the slope may go through it, |coefficient| · |slope of z|; of the best
few, one is split of which a side is closed at once, and the other one is likely to be empty, or whose sides have the
best bounds. What floats cannot tell for rounding, such as a slope that is 0, integers decide. A cell whose split units
contradict each other is empty.
"""

import numpy as np

from relugeom.bounding.aim import Left
from relugeom.bounding.attack import MORE, STARTS, centres, keep_rules, starting_inputs
from relugeom.bounding.branching import Parting, choose_inputs, has_few_inputs, split_units
from relugeom.bounding.cells import Cells
from relugeom.bounding.emptiness import find_empty
from relugeom.bounding.problem import Problem, Slope
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.slope_attack import steepen, wrong_slopes
from relugeom.bounding.slopes import SlopeBounds, SlopeRange
from relugeom.bounding.tightening import Bounded
from relugeom.bounding.tree import GrowingTree
from relugeom.claims.cover_tree import NodeKind
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.network.exact import exact_network
from relugeom.network.slope_interval import slope_interval

__all__ = ["SlopeAim"]

FEW, LED = 6, 24
"""Steps of an ascent from within a cell, and cells of a round from which inputs are led."""
LITTLE = 0.01
"""A gain that counts as one, as a part of what is missing."""
CLOSED, FAR = 100.0, 50.0
"""What it is worth, beside logarithms of gains, that a side is closed, and that one leaves out an input that the cell
may have, per distance of that, from −1 to 1.
"""
TRIED, SMALL = 12, 6
"""Units whose sides are bounded before one of them is split, and units that count up to which they are split although
inputs are few.
"""


class SlopeAim:
    """Closes cells in which the slope has the claimed sign, and empty ones."""

    def __init__(self, problem: Problem, relaxation: Relaxation, slope: Slope, deadline: Deadline) -> None:
        self._problem, self._relaxation, self._slope, self._deadline = problem, relaxation, slope, deadline
        self._bounds = SlopeBounds(problem, slope)
        width = problem.upper[slope.column] - problem.lower[slope.column]
        self._width = float(np.nextafter(width, np.inf)) * ROUNDED_UP

    def attack(self, number: int, deadline: Deadline) -> FloatArray:
        """Inputs with wrong slopes, from many others."""
        x = keep_rules(self._problem, starting_inputs(self._problem, STARTS * MORE**number, seed=number))
        return np.concatenate([x, steepen(self._problem, self._slope, x, deadline=deadline)])

    def margins(self, x: FloatArray) -> FloatArray:
        """How wrong the slope is at each input; −∞ where it is not."""
        wrong = wrong_slopes(self._problem, self._slope, x)
        return np.where(wrong > 0.0, wrong, -np.inf)

    def excesses(self, x: FloatArray) -> FloatArray:
        """There are no sets."""
        return np.full(len(x), -np.inf)

    def close(self, cells: Cells, nodes: IntArray, bounded: Bounded, level: float, tree: GrowingTree) -> Left:
        """Close cells with the claimed sign, and empty ones."""
        problem = self._problem
        active, inactive = cells.low >= 0.0, cells.high <= 0.0
        found = self._bounds.below(active, inactive)
        closed: BoolArray = np.asarray(found.low >= 0.0)
        for row in np.flatnonzero(found.near & ~closed).tolist():
            closed[row] = self._is_right(active[row], inactive[row])
        empty: BoolArray = np.asarray((cells.low > cells.high).any(axis=1))
        some = np.flatnonzero((cells.sides != 0.0).any(axis=1) & ~closed & ~empty)
        z, leads = np.zeros_like(cells.low), np.zeros((0, problem.inputs))
        if some.size:
            split = cells.at(some)
            empty[some], leads, z[some] = find_empty(
                problem, self._relaxation, split, bounded.at(some).lines, self._deadline
            )
            cells.slopes[some], cells.multipliers[some] = split.slopes, split.multipliers
        for row in np.flatnonzero(closed | empty).tolist():
            node = int(nodes[row])
            tree.close(node, NO_WEIGHTS)
            if not closed[row]:
                unstable = cells.unstable(slice(0, problem.units))[row]
                tree.close_with(node, 0, unstable, cells.slopes[row], cells.multipliers[row])
        left = np.flatnonzero(~(closed | empty))
        some_cells = cells.at(left)
        parting = self._parting(some_cells, bounded.at(left), found.at(left), z[left])
        return Left(
            rows=left,
            cells=some_cells,
            nodes=nodes[left],
            bounds=-found.low[left],
            excesses=-found.low[left] * self._width,
            parting=parting,
            promising=np.concatenate([keep_rules(problem, leads), self._leads(some_cells, found.low[left])]),
        )

    def _is_right(self, active: BoolArray, inactive: BoolArray) -> bool:
        """Whether the slope has the claimed sign, in integers."""
        slope, (copy,) = self._slope, self._problem.copies
        place = int(np.flatnonzero(copy.columns == slope.column)[0])
        least, most = slope_interval(exact_network(copy.network).layers, slope.output, place, active, inactive)
        return bool(least >= 0) if slope.direction > 0 else bool(most <= 0)

    def _parting(self, cells: Cells, bounded: Bounded, found: SlopeRange, z: FloatArray) -> Parting:
        """How to part cells, given z of all units at an input that each may have, in proportion to their size."""
        problem = self._problem
        active, inactive = cells.low >= 0.0, cells.high <= 0.0
        least, most = self._bounds.through(found, active, inactive)
        least[active | inactive] = most[active | inactive] = 0.0
        size = np.maximum(most, 0.0) - np.minimum(least, 0.0)
        parting = choose_inputs(problem, cells, bounded, np.zeros_like(cells.lower), size)
        counted = (size > 0.0).sum(axis=1)
        many = ~has_few_inputs(problem, cells.lower, cells.upper)
        by_unit = (counted > 0) & (many | (counted <= SMALL) | ~parting.possible)
        some = np.flatnonzero(by_unit)
        if some.size:
            units = self._choose_units(cells.at(some), found.low[some], least[some], size[some], z[some])
            parting.kind[some], parting.index[some] = NodeKind.SPLIT, units
            parting.below[some] = parting.above[some] = 0.0
        parting.possible = by_unit | (parting.possible & (counted > 0))
        return parting

    def _choose_units(
        self, cells: Cells, low: FloatArray, least: FloatArray, size: FloatArray, z: FloatArray
    ) -> IntArray:
        """The unit to split in each cell.

        Parameters
        ----------
        low
            Bound of the slope, shape (B,).
        least, size
            What the slope owes to each unit at least if it is active, and how much that may be.
        """
        count, tried = len(cells), min(TRIED, self._problem.units)
        candidates = np.concatenate([_largest(least, tried), _largest(size, tried)], axis=1)
        tried = candidates.shape[1]
        sides = cells.at(np.repeat(np.arange(count), 2 * tried))
        units, every = np.repeat(candidates.ravel(), 2), np.arange(2 * tried * count)
        split_units(self._problem, sides, every[0::2], units[0::2], -1.0)
        split_units(self._problem, sides, every[1::2], units[1::2], 1.0)
        after = self._bounds.below(sides.low >= 0.0, sides.high <= 0.0).low.reshape(count, tried, 2)
        missing = np.maximum(-low, 1e-300)[:, None, None]
        gains = np.maximum((np.minimum(after, 0.0) + missing) / missing, LITTLE)
        away = np.take_along_axis(z, candidates, axis=1)
        towards = np.where(after[:, :, 1] >= 0.0, away, -away)
        closes = (after >= 0.0).any(axis=2)
        value = np.log(gains).sum(axis=2) + FAR * np.where(closes, towards, np.abs(away)) + CLOSED * closes
        value[np.take_along_axis(size, candidates, axis=1) <= 0.0] = -np.inf
        return np.asarray(np.take_along_axis(candidates, value.argmax(axis=1)[:, None], axis=1)[:, 0])

    def _leads(self, cells: Cells, low: FloatArray) -> FloatArray:
        """Middles of the cells with the worst bounds, and where they lead."""
        x = keep_rules(self._problem, centres(cells.at(np.argsort(low, kind="stable")[:LED])))
        return np.concatenate([x, steepen(self._problem, self._slope, x, FEW)])


def _largest(table: FloatArray, count: int) -> IntArray:
    """The columns with the largest values of each row."""
    return np.argsort(-table, axis=1, kind="stable")[:, :count]


NO_WEIGHTS: FloatArray = np.zeros(0)
ROUNDED_UP = 1.0 + 2.0**-50
