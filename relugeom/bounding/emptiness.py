"""Cells whose split units contradict each other, found by linear programs.

Notation: where a unit is split with σ z ≥ 0 in a cell, the form φ ≥ σ z on its inputs must be ≥ 0 somewhere. The
program is  max t  subject to  φ_i(x) ≥ t · size_i  for every split unit and x in the cell's box; if t < 0 is its
optimum, then Σ β φ < 0 on the whole box with the multipliers β of its rows.

The one idea: a program only proposes multipliers, or an input; bounds that allow for rounding decide with them.
"""

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import improve
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Lines, Relaxation
from relugeom.bounding.tightening import padded
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPStatus
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["find_empty"]


def find_empty(
    problem: Problem, relaxation: Relaxation, cells: Cells, lines: list[list[Lines]]
) -> tuple[BoolArray, FloatArray]:
    """Which cells are empty, shape (B,), with their multipliers and slopes; and an input for each, shape (B, m).

    The inputs are those that meet the forms best.
    """
    units, slopes, constants = _forms(problem, relaxation, cells, lines)
    cells.multipliers[:] = 0.0
    inputs = np.empty_like(cells.lower)
    for row in range(len(cells)):
        here = np.flatnonzero(units[row] >= 0)
        inputs[row], found = _deepest(slopes[row, here], constants[row, here], cells.lower[row], cells.upper[row])
        cells.multipliers[row, units[row, here]] = found
    for own, copy in zip(lines, problem.copies, strict=True):
        for line, those in zip(own, copy.layers, strict=True):
            cells.slopes[:, those] = line.a
    weights = np.zeros((len(cells), 0))
    return improve(problem, relaxation, cells, lines, [], weights, 0).bound < 0.0, inputs


def _forms(
    problem: Problem, relaxation: Relaxation, cells: Cells, lines: list[list[Lines]]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Units that are split in each cell (−1 where there are fewer), and the slopes and constants of their forms."""
    units, slopes, constants = [], [], []
    for number, copy in enumerate(problem.copies):
        for layer, those in enumerate(copy.layers):
            rows, asked = padded(cells.sides[:, those] != 0.0)
            if not rows.shape[1]:
                continue
            above = relaxation.unit_forms(number, layer, rows, 1.0, lines[number])
            below = relaxation.unit_forms(number, layer, rows, -1.0, lines[number])
            positive = np.take_along_axis(cells.sides[:, those], rows, axis=1) > 0.0
            units.append(np.where(asked, rows + those.start, -1))
            slopes.append(np.where(positive[:, :, None], above.slopes, below.slopes))
            constants.append(np.where(positive, above.constant, below.constant))
    return np.concatenate(units, axis=1), np.concatenate(slopes, axis=1), np.concatenate(constants, axis=1)


def _deepest(
    slopes: FloatArray, constants: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The input of a box at which the least form, in proportion to its size, is largest, and multipliers."""
    width = upper - lower
    middle = lower + width / 2.0
    scaled, centred = slopes * (width / 2.0), slopes @ middle + constants
    sizes = np.abs(scaled).sum(axis=1) + np.abs(centred)
    sizes[sizes == 0.0] = 1.0
    scaled, centred = scaled / sizes[:, None], centred / sizes
    A = np.column_stack([-scaled, np.ones(len(scaled))])
    m = len(lower)
    session = HighsSolver().open(A, centred, np.array([-1.0] * m + [-2.0]), np.ones(m + 1))
    objective = np.zeros(m + 1)
    objective[m] = 1.0
    found = session.maximise(objective)
    if found.status is not LPStatus.OPTIMAL:
        return middle, np.zeros(len(slopes))
    multipliers = np.maximum(found.row_multipliers, 0.0) / sizes
    return np.clip(middle + found.x[:m] * width / 2.0, lower, upper), multipliers
