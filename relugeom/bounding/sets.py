"""The aim that no cell meets an excluded set: bounds of combinations of inequalities, and inputs near a set."""

import numpy as np

from relugeom.bounding.aim import Left
from relugeom.bounding.attack import (
    MORE,
    STARTS,
    approach,
    blocks_of,
    centres,
    excesses,
    keep_rules,
    margins,
    nearest_sets,
    starting_inputs,
)
from relugeom.bounding.branching import choose_parting, has_few_inputs, loose_units
from relugeom.bounding.cell_program import CellProgram, Proposal
from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import Improved, improve, lines_of, pairs_of
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.tightening import Bounded, bound_sets, close_sets
from relugeom.bounding.tree import GrowingTree
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["SetAim"]

FEW, LED = 6, 24
"""Steps of an approach from within a cell, and cells of a round from which inputs are approached."""
STEPS, STEPS_OF_FEW, STEPS_OF_PAIRS = 12, 3, 8
"""Steps by which slopes and multipliers of an open cell are improved, and where inputs are few: bounds of units, which
are many, take longer there than bounds of sets. Shares of pairs gain more by steps.
"""


class SetAim:
    """Closes cells that every set misses."""

    def __init__(self, problem: Problem, relaxation: Relaxation, deadline: Deadline, slack: float = 0.0) -> None:
        self._problem, self._relaxation, self._slack = problem, relaxation, slack
        self._deadline = deadline
        self._program = CellProgram(problem, relaxation, deadline)
        few = has_few_inputs(problem, problem.lower, problem.upper)
        self._steps = STEPS if not few else STEPS_OF_PAIRS if problem.pairs else STEPS_OF_FEW

    def attack(self, number: int, deadline: Deadline) -> FloatArray:
        """Inputs met when all sets are approached from many others."""
        problem, sets = self._problem, len(self._problem.rows.first) - 1
        x = keep_rules(problem, starting_inputs(problem, max(STARTS, sets) * MORE**number, seed=number))
        targets = np.arange(len(x)) % sets if sets <= len(x) else nearest_sets(problem, x)
        return keep_rules(problem, approach(problem, x, targets, deadline=deadline))

    def margins(self, x: FloatArray) -> FloatArray:
        """The least value of the inequalities of the set that is met best."""
        return np.concatenate([margins(self._problem, some).max(axis=1) for some in blocks_of(self._problem, x)])

    def excesses(self, x: FloatArray) -> FloatArray:
        """How far inside of a set each input is."""
        return excesses(self._problem, x)

    def close(self, cells: Cells, nodes: IntArray, bounded: Bounded, level: float, tree: GrowingTree) -> Left:
        """Close cells whose sets stay below a level."""
        problem = self._problem
        closing = close_sets(problem, self._relaxation, cells, bounded, self._deadline)
        left = np.flatnonzero(~(closing.bounds < level).all(axis=1))
        worst, weights = closing.weights_of_worst(problem)
        some, bounds = cells.at(left), closing.bounds[left]
        those = bounded.at(left)
        found = improve(problem, self._relaxation, some, those.lines, those.pairs, weights[left], self._steps)
        own, first = weights[left], closing.weights[left]
        proposal = self._program.improve(some, those.lines, worst[left], own, found, level)
        weights[left] = own
        closing.weights[left] = np.where(problem.rows.belong(worst[left]), own, closing.weights[left])
        some.slopes, some.multipliers = found.slopes, found.multipliers
        here = np.arange(len(left))
        improved = bounds.copy()
        improved[here, worst[left]] = found.bound
        bounds[here, worst[left]] = np.fmin(bounds[here, worst[left]], found.bound)
        worst_of_all = bounds.max(axis=1, initial=-np.inf)
        if bounds.shape[1] > 1:  # in a certificate the slopes that close one set hold for all sets of the cell
            lines = lines_of(problem, those.lines, found.slopes)
            shared = pairs_of(problem, those.pairs, found.slopes)
            sloped = bound_sets(problem, self._relaxation, some, lines, shared, closing.weights[left])
            sloped[here, worst[left]] = bounds[here, worst[left]]
            worst_of_all = np.maximum(worst_of_all, sloped.max(axis=1))
        closed: BoolArray = np.asarray(worst_of_all < level)
        every = slice(0, problem.units)
        slack = self._slack * self._relaxation.size_of_rows
        tight = ~closed & (worst_of_all < level + slack) & ~loose_units(problem, some, found).any(axis=1)
        closed |= tight
        still = np.flatnonzero(~closed)
        for row in np.setdiff1d(np.arange(len(cells)), left).tolist():
            tree.close(int(nodes[row]), problem.rows.weights(closing.weights[row]))
        for place in np.setdiff1d(here, still).tolist():
            row = int(left[place])
            tree.close(int(nodes[row]), problem.rows.weights(closing.weights[row]))
            chosen_slopes = np.append(some.unstable(every)[place], some.slopes[place, problem.units :] >= 0.0)
            tree.close_with(
                int(nodes[row]), int(worst[row]), chosen_slopes, some.slopes[place], some.multipliers[place]
            )
        chosen = left[still]
        parting = choose_parting(
            problem,
            self._relaxation,
            some.at(still),
            bounded.at(chosen),
            found.at(still),
            weights[chosen],
            proposal.at(still),
        )
        return Left(
            rows=chosen,
            cells=some.at(still),
            nodes=nodes[chosen],
            bounds=bounds[still].max(axis=1, initial=-np.inf),
            excesses=np.fmin(
                problem.rows.excess_bounds(closing.bounds[chosen], first[still]),
                problem.rows.excess_bounds(improved[still], closing.weights[chosen]),
            ),
            parting=parting,
            promising=self._promising(some, found, worst[left], proposal),
            tight=bool(tight.any()),
        )

    def _promising(self, cells: Cells, found: Improved, sets: IntArray, proposal: Proposal) -> FloatArray:
        """Middles of the cells with the largest bounds, where these are reached, and where both lead."""
        most = np.argsort(-found.bound, kind="stable")[:LED]
        cells, form, sets, proposal = cells.at(most), found.form[most], sets[most], proposal.at(most)
        ends = np.where(form > 0.0, cells.upper, cells.lower)
        ends = np.where(proposal.solved[:, None], proposal.points, ends)
        x = keep_rules(self._problem, np.concatenate([centres(cells), ends]))
        led = keep_rules(self._problem, approach(self._problem, x, np.tile(sets, 2), FEW))
        return np.concatenate([x, led])
