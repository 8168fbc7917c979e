"""Cells whose split units contradict each other, found by linear programs.

Notation: a unit is split with σ z ≥ 0 in a cell. In the program z is a form on x and on h, where h of an unstable unit
is a variable of its own with h ≥ 0, h ≥ z and h ≤ s z + t, its lines; the program asks for the largest margin τ with
σ z ≥ τ · size for every split unit, and x in the cell's box. If τ < 0 at its optimum, the cell is empty.

The one idea: the program only proposes. From its multipliers come those of the sides, β, and for each unstable unit the
slope of the line below, the share of h ≥ z beside h ≥ 0; bounds that allow for rounding decide with them. Else the
program's x is an input that meets the sides nearly.
"""

import numpy as np

from relugeom.bounding.attack import centres
from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import improve
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Lines, Relaxation
from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPStatus
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["find_empty"]

LARGEST = 1 << 18
"""Entries of a program that is solved; larger ones take too long for what they say."""


def find_empty(
    problem: Problem, relaxation: Relaxation, cells: Cells, lines: list[list[Lines]], deadline: Deadline = NEVER
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Which cells of a problem of one copy are empty, and what they may have if not.

    What shows a cell to be empty, or comes near to it, is left in its slopes and multipliers.

    Returns
    -------
    empty
        Shape (B,).
    inputs, z
        The optimum of each program, shape (B, m), and z of all units there, in proportion to their size, shape
        (B, units).
    """
    inputs, values = centres(cells), np.zeros_like(cells.low)
    for row in range(len(cells)):
        cell = cells.at(slice(row, row + 1))
        free = int(cell.unstable(slice(0, problem.units)).sum())
        if (problem.inputs + free) * (2 * free + problem.units) > LARGEST or deadline.passed:
            continue
        program = _Program(problem, cell, [line.at(np.array([row])) for line in lines[0]])
        inputs[row], values[row] = program.solve(cell, deadline)
    weights = np.zeros((len(cells), 0))
    return np.asarray(improve(problem, relaxation, cells, lines, [], weights, 0).bound < 0.0), inputs, values


class _Program:
    """The linear program of one cell. Inputs are measured from the middle of the box, in halves of its width."""

    def __init__(self, problem: Problem, cell: Cells, lines: list[Lines]) -> None:
        (copy,) = problem.copies
        lower, upper = cell.lower[0], cell.upper[0]
        self._middle, self._half = lower + (upper - lower) / 2.0, (upper - lower) / 2.0
        unstable = cell.unstable(slice(0, problem.units))[0]
        self._free: IntArray = np.flatnonzero(unstable[: copy.layers[-1].start])  # nothing rests on h of the last layer
        self._m = problem.inputs
        count = self._m + len(self._free)
        table, constant = np.eye(self._m, count) * self._half[:, None], self._middle
        table, constant = table[copy.columns], constant[copy.columns]
        forms, constants = [], []
        self._rows: list[FloatArray] = []  # of each layer h ≥ z and h ≤ s z + t; then those of split units
        self._right: list[FloatArray] = []
        for k, units in enumerate(copy.layers):
            W, b, line = copy.network.weights[k], copy.network.biases[k], lines[k]
            z, c = W @ table, W @ constant + b
            forms.append(z)
            constants.append(c)
            if k == len(copy.layers) - 1:
                break
            own = np.flatnonzero(unstable[units])
            table, constant = z * line.s[0][:, None], c * line.s[0]
            at = self._m + np.searchsorted(self._free, own + units.start)
            h = np.zeros((len(own), count))
            h[np.arange(len(own)), at] = 1.0
            self._rows += [z[own] - h, h - table[own]]
            self._right += [-c[own], constant[own] + line.t[0][own]]
            table[own], constant[own] = h, 0.0
        split = np.flatnonzero(cell.sides[0])
        sides = cell.sides[0, split]
        self._forms, self._constants = np.concatenate(forms), np.concatenate(constants)
        chosen, chosen_constant = self._forms[split] * sides[:, None], self._constants[split] * sides
        self._split = split
        self._sizes = np.maximum(np.abs(self._forms).sum(axis=1) + np.abs(self._constants), 1e-300)
        self._rows.append(-chosen / self._sizes[split, None])
        self._right.append(chosen_constant / self._sizes[split])

    def solve(self, cell: Cells, deadline: Deadline) -> tuple[FloatArray, FloatArray]:
        """The input of the optimum, and z there; its multipliers and slopes become those of the cell."""
        rows, m, free = np.concatenate(self._rows), self._m, self._free
        margin = np.zeros(len(rows))
        margin[-len(self._split) :] = 1.0
        A = np.column_stack([rows, margin])
        lower = np.concatenate([-np.ones(m), np.zeros(len(free)), [-np.inf]])
        upper = np.concatenate([np.ones(m), np.full(len(free), np.inf), [1.0]])
        objective = np.zeros(A.shape[1])
        objective[-1] = 1.0
        found = HighsSolver(deadline=deadline).open(A, np.concatenate(self._right), lower, upper).maximise(objective)
        cell.multipliers[:] = 0.0
        if found.status is not LPStatus.OPTIMAL:
            return self._middle, np.zeros(len(self._forms))
        duals = np.maximum(found.row_multipliers, 0.0)
        cell.multipliers[0, self._split] = duals[-len(self._split) :] / self._sizes[self._split]
        by_z = self._of_lower_lines(duals)
        by_zero = np.abs(found.bound_multipliers[m:-1])
        used = by_z + by_zero > 0.0
        cell.slopes[0, free[used]] = by_z[used] / (by_z[used] + by_zero[used])
        x = np.clip(self._middle + found.x[:m] * self._half, cell.lower[0], cell.upper[0])
        return x, (self._forms @ found.x[:-1] + self._constants) / self._sizes

    def _of_lower_lines(self, duals: FloatArray) -> FloatArray:
        """Multipliers of h ≥ z, unstable unit by unit."""
        found, start = [np.zeros(0)], 0
        for number, rows in enumerate(self._rows[:-1]):
            if number % 2 == 0:
                found.append(duals[start : start + len(rows)])
            start += len(rows)
        return np.concatenate(found)
