"""How a cell is parted: an input is halved, an integer input is parted between two integers, or a unit is split.

The one idea: what makes a bound loose is how far the lines of unstable units lie from relu, weighed by the coefficients
that the bound gives them. An input is worth halving as far as it moves those units: Σ |coefficient| · gap / (u − l) ·
|slope| · width, and ½ |slope| · width of the bound itself. A unit is worth splitting as far as its own line is away; of
the best few, the one whose two sides have the least bounds in truth is split (De Palma et al., *Improved branch and
bound for neural network verification via Lagrangian decomposition*, 2021, section 6). Where inputs are few, or no unit
is unstable, an input is parted, else a unit.

Where units are few in comparison with inputs, halving would come near the largest value without ever reaching it, since
a line is away from relu on both sides of a kink. Units are split there, by what a linear program of the cell says.
"""

from dataclasses import dataclass

import numpy as np

from relugeom.bounding.cell_program import Proposal
from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import Improved, improve
from relugeom.bounding.pairs import lines_of_pairs
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.tightening import Bounded
from relugeom.claims.cover_tree import NodeKind
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Parting", "choose_inputs", "choose_parting", "has_few_inputs", "loose_units", "part", "split_units"]

FINE = 16.0
"""A side is moved to a multiple of the power of two below width / FINE, so that its digits are few."""
FEW_INPUTS = 16
"""Inputs up to which they are halved, while that is possible; of paired units, those that do not take integers."""
TRIED = 4
"""Units whose sides are bounded before one of them is split."""
TRIFLE, SHARP = 1e-9, 1e-9
"""Gaps that are none, and how near to 0 or 1 a slope is taken for that, and a coefficient for 0."""


@dataclass(slots=True, eq=False)
class Parting:
    """How each cell is parted.

    Attributes
    ----------
    kind, index
        BISECT, BRANCH or SPLIT, and the input or unit, shape (B,).
    below, above
        Of an input, the upper end of the first part and the lower end of the second one, shape (B,).
    possible
        False where nothing can be parted any further, shape (B,).
    """

    kind: IntArray
    index: IntArray
    below: FloatArray
    above: FloatArray
    possible: BoolArray

    def at(self, rows: IntArray) -> "Parting":
        """Those of some cells."""
        return Parting(self.kind[rows], self.index[rows], self.below[rows], self.above[rows], self.possible[rows])


def choose_parting(
    problem: Problem,
    relaxation: Relaxation,
    cells: Cells,
    bounded: Bounded,
    found: Improved,
    weights: FloatArray,
    proposal: Proposal,
) -> Parting:
    """How to part cells, given what their bounds rest on and the weights of the combinations, shape (B, r)."""
    parting = choose_inputs(problem, cells, bounded, found.form, _input_scores(problem, cells, bounded, found))
    unstable = cells.unstable(slice(0, problem.units)).any(axis=1)
    few = proposal.by_unit
    by_input = has_few_inputs(problem, cells.lower, cells.upper) & parting.possible & ~few
    by_unit = unstable & ~by_input
    units, between = np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.bool_)
    here = np.flatnonzero(few & proposal.solved)
    if len(here):
        units[here], loss = _widest_gap(problem, cells.at(here), found.at(here), proposal.at(here))
        between[here] = _part_between(problem, cells, found, proposal, here, loss, parting)
    here = np.flatnonzero(by_unit & ~(few & proposal.solved))
    if len(here):
        units[here] = _choose_units(
            problem, relaxation, cells.at(here), bounded.at(here), found.at(here), weights[here]
        )
    by_unit &= ~between
    parting.kind[by_unit], parting.index[by_unit] = NodeKind.SPLIT, units[by_unit]
    parting.below[by_unit] = parting.above[by_unit] = 0.0
    parting.possible[by_unit] = True
    return parting


def has_few_inputs(problem: Problem, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Whether the inputs of boxes are so few that they are parted rather than units, shape (B,).

    Differences of paired units are the same in most parts of a box, so integers are parted first, however many.
    """
    counted = (upper > lower) & ~(problem.whole & (problem.pairs > 0))
    return np.asarray(counted.sum(axis=-1) <= FEW_INPUTS)


def loose_units(problem: Problem, cells: Cells, found: Improved) -> BoolArray:
    """Units whose lines differ from relu wherever the bound may be reached, shape (B, units).

    A line below with the slope 0 or 1 is relu itself on one side.
    """
    weight = _coefficients(problem, found)
    slopes = found.slopes[:, : problem.units]
    between = (slopes > SHARP) & (slopes < 1.0 - SHARP)
    largest = np.abs(weight).max(axis=1, initial=0.0, keepdims=True)
    loose: BoolArray = (weight > SHARP * largest) | (between & (weight < -SHARP * largest))
    return loose & cells.unstable(slice(0, problem.units))


def _coefficients(problem: Problem, found: Improved) -> FloatArray:
    """Coefficients of relu(z) of all units in the bounds of cells, shape (B, units)."""
    weight = np.zeros_like(found.multipliers)
    for number, copy in enumerate(problem.copies):
        for layer, those in enumerate(copy.layers):
            weight[:, those] = found.gaps[number][len(copy.layers) - 1 - layer]
    return weight


def _widest_gap(problem: Problem, cells: Cells, found: Improved, proposal: Proposal) -> tuple[IntArray, FloatArray]:
    """The unit whose line is furthest from relu at the program's point, and what that adds to the bound.

    Gaps are weighed by coefficients, and count a little even where these are 0. Where no line is away from relu, the
    unit is taken whose line may be, among loose ones if there are any.
    """
    weight, possible = np.abs(_coefficients(problem, found)), np.zeros_like(proposal.gaps)
    for number, copy in enumerate(problem.copies):
        for layer, those in enumerate(copy.layers):
            coefficients = found.gaps[number][len(copy.layers) - 1 - layer]
            possible[:, those] = _gaps(cells, those, coefficients, found.slopes[:, those], False)
    possible = np.where(loose_units(problem, cells, found), 1.0 + possible, possible)
    stable = ~cells.unstable(slice(0, problem.units))
    gaps = np.where(stable, 0.0, np.abs(proposal.gaps))
    score = gaps * (weight + weight.mean(axis=1, keepdims=True))
    score = np.where((score > TRIFLE).any(axis=1, keepdims=True), score, possible)
    score[stable] = -np.inf
    return np.asarray(score.argmax(axis=1)), np.asarray((gaps * weight).max(axis=1, initial=0.0))


def _part_between(
    problem: Problem,
    cells: Cells,
    found: Improved,
    proposal: Proposal,
    rows: IntArray,
    loss: FloatArray,
    parting: Parting,
) -> BoolArray:
    """Part some cells between two integers where the program's point lies there, and rounding costs more than any unit.

    Parameters
    ----------
    rows, loss
        The cells, and what units cost there.

    Returns
    -------
    Which of these cells are parted so.
    """
    points, slopes = proposal.points[rows], np.abs(found.form[rows])
    floors = np.floor(points)
    share = points - floors
    for group in problem.groups:
        slopes[:, group] = found.form[rows][:, group] - found.form[rows][:, group].min(axis=1, keepdims=True)
    inside = (floors >= cells.lower[rows]) & (floors + 1.0 <= cells.upper[rows]) & problem.whole
    cost = np.where(inside, slopes * np.minimum(share, 1.0 - share), 0.0)
    inputs, every = cost.argmax(axis=1), np.arange(len(rows))
    chosen: BoolArray = cost[every, inputs] > np.maximum(loss, TRIFLE)
    here, inputs, below = rows[chosen], inputs[chosen], floors[every, inputs][chosen]
    parting.kind[here], parting.index[here], parting.possible[here] = NodeKind.BRANCH, inputs, True
    parting.below[here], parting.above[here] = below, below + 1.0
    return chosen


def part(problem: Problem, cells: Cells, parting: Parting) -> tuple[Cells, Cells]:
    """Both parts of each cell."""
    every = np.arange(len(cells))
    first, second = cells.at(every), cells.at(every)
    split = parting.kind == NodeKind.SPLIT
    here = np.flatnonzero(~split)
    first.upper[here, parting.index[here]] = parting.below[here]
    second.lower[here, parting.index[here]] = parting.above[here]
    for side in (first, second):
        side.since[here] = -1.0
        for group in problem.groups:
            _settle_group(side, group)
    here = np.flatnonzero(split)
    split_units(problem, first, here, parting.index[here], -1.0)
    split_units(problem, second, here, parting.index[here], 1.0)
    return first, second


def split_units(problem: Problem, cells: Cells, rows: IntArray, units: IntArray, side: float) -> None:
    """Take a side of a unit in some of the cells."""
    cells.sides[rows, units] = side
    if side > 0.0:
        cells.low[rows, units] = np.maximum(cells.low[rows, units], 0.0)
    else:
        cells.high[rows, units] = np.minimum(cells.high[rows, units], 0.0)
    for number, copy in enumerate(problem.copies):
        ends = np.cumsum([copy.first, *copy.network.widths])
        layer = np.searchsorted(ends, units, side="right") - 1
        inside = (layer >= 0) & (layer < len(copy.layers))
        cells.since[rows, number] = np.where(inside, layer, len(copy.layers))


def _settle_group(cells: Cells, group: IntArray) -> None:
    """The other members of a group are 0 where one of them is 1."""
    taken = cells.lower[:, group] == 1.0
    upper = cells.upper[:, group]
    upper[taken.any(axis=1)[:, None] & ~taken] = 0.0
    cells.upper[:, group] = upper


def _input_scores(problem: Problem, cells: Cells, bounded: Bounded, found: Improved) -> FloatArray:
    """How far the line of each unit that a form uses lies away, shape (B, units)."""
    gaps = np.zeros_like(cells.low)
    for number, copy in enumerate(problem.copies):
        for layer, units in enumerate(copy.layers):
            coefficients = found.gaps[number][len(copy.layers) - 1 - layer]
            gap = _gaps(cells, units, coefficients, found.slopes[:, units], False)
            gaps[:, units] = np.where(gap < 0.0, 0.0, gap + _lost(problem, cells, bounded, found, layer))
    return gaps


def choose_inputs(problem: Problem, cells: Cells, bounded: Bounded, form: FloatArray, gaps: FloatArray) -> Parting:
    """The input to part in each cell: the one that moves a form and the units most.

    Parameters
    ----------
    form
        Slopes in the inputs, shape (B, m).
    gaps
        What each unit adds to the looseness of a bound, shape (B, units).
    """
    lower, upper = cells.lower, cells.upper
    width = upper - lower
    score = 0.5 * np.abs(form) * width
    for number, copy in enumerate(problem.copies):
        for layer, units in enumerate(copy.layers):
            forms = bounded.forms[number][layer]
            if forms is None:
                continue
            gap = gaps[:, units] / np.maximum(cells.high[:, units] - cells.low[:, units], 1e-300)
            chosen = np.where(forms.asked, np.take_along_axis(gap, forms.rows, axis=1), 0.0)
            score += np.matmul(chosen[:, None, :], forms.slopes)[:, 0] * width
    middle = lower + width / 2.0
    step = np.exp2(np.floor(np.log2(np.maximum(width, 1e-300) / FINE)))
    middle = np.clip(np.round(middle / step) * step, lower, upper)
    floors = np.floor(middle)
    floors = np.where(floors >= upper, floors - 1.0, floors)
    between, integers = (lower < middle) & (middle < upper), (floors >= lower) & (floors + 1.0 <= upper)
    parted: BoolArray = np.where(problem.whole, integers, between)
    for group in problem.groups:  # the last member that can be 1 is 1, which bounds know already
        sides = np.concatenate([lower[:, group], upper[:, group]], axis=1)
        settled = ((sides == 0.0) | (sides == 1.0)).all(axis=1) & ((upper[:, group] == 1.0).sum(axis=1) < 2)
        parted[:, group] &= ~settled[:, None]
    inputs = np.where(parted, score, -np.inf).argmax(axis=1)
    between_copies = parted[:, _own_binaries(problem)]
    if between_copies.size:  # the difference of the copies is known once their own inputs are
        first = between_copies.any(axis=1)
        inputs[first] = _own_binaries(problem)[between_copies[first].argmax(axis=1)]
    here = np.arange(len(cells))
    whole = problem.whole[inputs]
    below = np.where(whole, floors[here, inputs], middle[here, inputs])
    kind = np.where(whole, NodeKind.BRANCH, NodeKind.BISECT)
    possible: BoolArray = np.asarray(parted.any(axis=1))
    return Parting(kind, inputs, below, np.where(whole, below + 1.0, below), possible)


def _own_binaries(problem: Problem) -> IntArray:
    """Inputs of 0 or 1 that paired copies do not share."""
    if not problem.pairs:
        return np.zeros(0, dtype=np.int64)
    one, two = (copy.columns for copy in problem.copies)
    own = np.concatenate([one[one != two], two[one != two]])
    return np.asarray(own[problem.whole[own] & (problem.upper[own] - problem.lower[own] <= 1.0)])


def _choose_units(
    problem: Problem, relaxation: Relaxation, cells: Cells, bounded: Bounded, found: Improved, weights: FloatArray
) -> IntArray:
    """The unit to split in each cell, which has an unstable one."""
    score = np.full(cells.low.shape, -1.0)
    for number, copy in enumerate(problem.copies):
        for layer, those in enumerate(copy.layers):
            coefficients = found.gaps[number][len(copy.layers) - 1 - layer]
            gap = _gaps(cells, those, coefficients, found.slopes[:, those], True)
            score[:, those] = np.where(gap < 0.0, gap, gap + _lost(problem, cells, bounded, found, layer))
    count, tried = len(cells), min(TRIED, problem.units)
    if tried < 2:
        return np.asarray(score.argmax(axis=1))
    candidates = np.argpartition(-score, tried - 1, axis=1)[:, :tried]
    sides = cells.at(np.repeat(np.arange(count), 2 * tried))
    units = np.repeat(candidates.ravel(), 2)
    every = np.arange(len(units))
    split_units(problem, sides, every[0::2], units[0::2], -1.0)
    split_units(problem, sides, every[1::2], units[1::2], 1.0)
    pairs = lines_of_pairs(relaxation, sides)
    lines = [[relaxation.lines(sides, layer) for layer in copy.layers] for copy in problem.copies]
    bounds = improve(problem, relaxation, sides, lines, pairs, np.repeat(weights, 2 * tried, axis=0), 1).bound
    gains = np.maximum(found.bound[:, None, None] - bounds.reshape(count, tried, 2), 1e-9)
    value = np.log(gains).sum(axis=2)
    value[np.take_along_axis(score, candidates, axis=1) < 0.0] = -np.inf
    return np.asarray(np.take_along_axis(candidates, value.argmax(axis=1)[:, None], axis=1)[:, 0])


def _gaps(cells: Cells, units: slice, coefficients: FloatArray, slopes: FloatArray, least: bool) -> FloatArray:
    """How far the lines that a form uses lie from relu, weighed by its coefficients; −1 for stable units.

    The line below lies away from relu at both ends, by (1 − a) u and −a l: the larger of them counts, or the least.
    """
    low, high = cells.low[:, units], cells.high[:, units]
    ends = (1.0 - slopes) * high, -slopes * low
    below = np.minimum(*ends) if least else np.maximum(*ends)
    above = -high * low / np.maximum(high - low, 1e-300)
    gap = np.where(coefficients > 0.0, coefficients * above, -coefficients * below)
    return np.where((low < 0.0) & (high > 0.0), gap, -1.0)


def _lost(problem: Problem, cells: Cells, bounded: Bounded, found: Improved, layer: int) -> FloatArray:
    """How far lines of the differences of a layer's pairs lie apart in the middle, weighed by a form's coefficients."""
    if not problem.pairs:
        return np.zeros(1)
    first, second = (copy.layers[layer] for copy in problem.copies)
    z, z2 = (cells.low[:, units] / 2.0 + cells.high[:, units] / 2.0 for units in (first, second))
    lines = bounded.pairs[layer].with_shares(found.slopes[:, problem.units :][:, first])
    apart = np.maximum(lines.used(z, z2, np.ones_like(z)) - lines.used(z, z2, -np.ones_like(z)), 0.0)
    return np.asarray(np.abs(found.gaps[2][len(problem.copies[0].layers) - 1 - layer]) * apart)
