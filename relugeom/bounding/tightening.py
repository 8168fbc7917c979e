"""Bounds of the units of many cells, layer by layer, and of the sets that a claim excludes.

The one idea: a cell inherits the bounds of the cell that it is a part of, and only units that are still unstable there
are bounded anew; a set is closed by one inequality, or by the combination of its inequalities whose maximum over the
cell is least.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from relugeom.bounding.cells import Cells, whole_box
from relugeom.bounding.domain_rows import within_rows
from relugeom.bounding.pairs import PairedLines, PairedRelaxation, PairLines, follow, pair_lines
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Forms, Lines, Relaxation
from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "Bounded",
    "Closing",
    "UnitForms",
    "bound_sets",
    "bound_units",
    "close_sets",
    "padded",
    "root_cell",
    "set_forms",
]

TOGETHER = 64
"""Inequalities of sets that are replaced together."""
STEPS = 24
"""Steps in which the weights of a combination are improved."""


@dataclass(slots=True, eq=False)
class UnitForms:
    """Unstable units of a layer that were bounded, as the inputs move them.

    Attributes
    ----------
    rows, asked
        Numbers within the layer, shape (B, R), and which of them are meant: rows are filled up to the same length.
    slopes
        Mean absolute slopes of the forms above and below, shape (B, R, m).
    """

    rows: IntArray
    asked: BoolArray
    slopes: FloatArray

    def at(self, rows: IntArray) -> "UnitForms":
        """Those of some cells."""
        return UnitForms(self.rows[rows], self.asked[rows], self.slopes[rows])


@dataclass(slots=True, eq=False)
class Bounded:
    """What bounding the units of some cells gave: per copy and layer the lines, and the forms of unstable units; per
    layer the lines of differences, if units are paired.
    """

    lines: list[list[Lines]]
    forms: list[list[UnitForms | None]]
    pairs: list[PairLines] = field(default_factory=list)

    def at(self, rows: IntArray) -> "Bounded":
        """What concerns some of the cells."""
        return Bounded(
            [[line.at(rows) for line in lines] for lines in self.lines],
            [[None if form is None else form.at(rows) for form in forms] for forms in self.forms],
            [line.at(rows) for line in self.pairs],
        )


def root_cell(problem: Problem, relaxation: Relaxation) -> Cells:
    """The whole box with bounds of all units; notes the sizes that errors are measured by."""
    cells = whole_box(problem)
    for number, copy in enumerate(problem.copies):
        reach = relaxation.reach[copy.columns]
        lines: list[Lines] = []
        for layer, units in enumerate(copy.layers):
            relaxation.measure(number, layer, reach)
            rows = np.arange(copy.network.widths[layer])[None, :]
            _bound_rows(relaxation, cells, number, layer, units, rows, lines)
            lines.append(relaxation.lines(cells, units))
            reach = np.maximum(cells.high[0, units], 0.0)
        relaxation.measure(number, len(copy.layers), reach)
    relaxation.measure_rows()
    if isinstance(relaxation, PairedRelaxation):
        for layer, done in _each_layer_of_pairs(relaxation, cells):
            relaxation.measure_pairs(layer, cells)
            _bound_pairs(relaxation, cells, layer, np.arange(problem.copies[0].network.widths[layer])[None, :], done)
        relaxation.measure_pairs(len(relaxation.layers), cells)
    cells.slopes[:, : problem.units] = cells.high >= -cells.low
    return cells


def bound_units(problem: Problem, relaxation: Relaxation, cells: Cells) -> Bounded:
    """Tighten the bounds of units that are unstable, in place."""
    found = Bounded([], [])
    for number, copy in enumerate(problem.copies):
        lines: list[Lines] = []
        forms: list[UnitForms | None] = []
        for layer, units in enumerate(copy.layers):
            changed = cells.since[:, number, None] < layer
            rows, asked = padded(cells.unstable(units) & changed)
            if rows.shape[1]:
                slopes = _bound_rows(relaxation, cells, number, layer, units, rows, lines)
                forms.append(UnitForms(rows, asked, slopes))
            else:
                forms.append(None)
            lines.append(relaxation.lines(cells, units))
        found.lines.append(lines)
        found.forms.append(forms)
    if isinstance(relaxation, PairedRelaxation):
        for layer, done in _each_layer_of_pairs(relaxation, cells):
            first, second, _ = relaxation.layers[layer]
            rows, _ = padded(cells.unstable(first) | cells.unstable(second))
            if rows.shape[1]:
                _bound_pairs(relaxation, cells, layer, rows, done)
        found.lines, found.pairs = [list(done.first), list(done.second)], list(done.differences)
    return found


def _each_layer_of_pairs(relaxation: PairedRelaxation, cells: Cells) -> Iterator[tuple[int, PairedLines]]:
    """Layers whose pairs are to be bounded, with the lines of all layers below; in the end, of all layers."""
    first: list[Lines] = []
    second: list[Lines] = []
    differences: list[PairLines] = []
    for layer, places in enumerate(relaxation.layers):
        yield layer, PairedLines(first, second, differences)
        follow(cells, *places)
        first.append(relaxation.lines(cells, places[0]))
        second.append(relaxation.lines(cells, places[1]))
        differences.append(pair_lines(cells, *places))


def _bound_pairs(relaxation: PairedRelaxation, cells: Cells, layer: int, rows: IntArray, lines: PairedLines) -> None:
    """Tighten the bounds of the differences of some pairs of a layer."""
    places = rows + relaxation.layers[layer][2].start
    above = relaxation.maximum(relaxation.difference_forms(layer, rows, 1.0, lines), cells)
    below = relaxation.maximum(relaxation.difference_forms(layer, rows, -1.0, lines), cells)
    rise = np.minimum(np.take_along_axis(cells.rise, places, axis=1), above)
    fall = np.maximum(np.take_along_axis(cells.fall, places, axis=1), -below)
    np.put_along_axis(cells.rise, places, rise, axis=1)
    np.put_along_axis(cells.fall, places, fall, axis=1)


def padded(chosen: BoolArray) -> tuple[IntArray, BoolArray]:
    """Numbers of the chosen columns of each row, filled up with others, and which ones are meant."""
    count = int(chosen.sum(axis=1).max(initial=0))
    order = np.argsort(~chosen, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(chosen, order, axis=1)


def _bound_rows(
    relaxation: Relaxation, cells: Cells, copy: int, layer: int, units: slice, rows: IntArray, lines: list[Lines]
) -> FloatArray:
    """Tighten the bounds of some units of a layer; returns the mean absolute slopes of their forms."""
    places = rows + units.start
    above = relaxation.unit_forms(copy, layer, rows, 1.0, lines)
    high = np.minimum(np.take_along_axis(cells.high, places, axis=1), relaxation.maximum(above, cells))
    below = relaxation.unit_forms(copy, layer, rows, -1.0, lines)
    low = np.maximum(np.take_along_axis(cells.low, places, axis=1), -relaxation.maximum(below, cells))
    np.put_along_axis(cells.high, places, high, axis=1)
    np.put_along_axis(cells.low, places, low, axis=1)
    return np.asarray((np.abs(above.slopes) + np.abs(below.slopes)) / 2.0)


@dataclass(slots=True, eq=False)
class Closing:
    """How far the sets of some cells are from being closed.

    Attributes
    ----------
    weights
        Weight of each inequality in the combination that closes its set best, shape (B, r).
    bounds
        Upper bound of each set's combination, shape (B, sets): a set is closed if its bound is < 0.
    """

    weights: FloatArray
    bounds: FloatArray

    def weights_of_worst(self, problem: Problem) -> tuple[IntArray, FloatArray]:
        """For each cell the set that is furthest from being closed, shape (B,), and its weights, shape (B, r)."""
        worst = self.bounds.argmax(axis=1)
        return worst, np.where(problem.rows.belong(worst), self.weights, 0.0)


def close_sets(
    problem: Problem, relaxation: Relaxation, cells: Cells, bounded: Bounded, deadline: Deadline = NEVER
) -> Closing:
    """Bound the sets of each cell.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before all of them, which may be thousands, were bounded.
    """
    count, rows = len(cells), problem.rows
    weights = np.ones((count, len(rows.constant)))
    for sets in rows.blocks(TOGETHER):
        deadline.check()
        every = rows.rows_of(sets)
        own = [members for members in rows.sets(sets) if members.stop - members.start > 1]
        if own:
            size = every.stop - every.start
            single = np.broadcast_to(np.eye(size), (count, size, size))
            forms = _combined(problem, relaxation, bounded.lines, bounded.pairs, single, every)
        for members in own:
            here = slice(members.start - every.start, members.stop - every.start)
            part = Forms(forms.slopes[:, here], forms.constant[:, here], forms.error[:, here])
            weights[:, members] = _least_maximum(relaxation, part, cells)
    return Closing(weights, bound_sets(problem, relaxation, cells, bounded.lines, bounded.pairs, weights))


def bound_sets(
    problem: Problem,
    relaxation: Relaxation,
    cells: Cells,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    weights: FloatArray,
) -> FloatArray:
    """Upper bounds of the sets' combinations with given weights, shape (B, sets)."""
    blocks = problem.rows.blocks(TOGETHER)
    forms = (set_forms(problem, relaxation, lines, pairs, weights, sets) for sets in blocks)
    within = (within_rows(relaxation, each, cells) for each in forms)
    return np.concatenate([relaxation.maximum(each, cells) for each in within], axis=1)


def set_forms(
    problem: Problem,
    relaxation: Relaxation,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    weights: FloatArray,
    sets: slice | None = None,
) -> Forms:
    """Forms above the combinations of a block of sets, or of all, with given weights of shape (B, r)."""
    sets = slice(0, problem.rows.count) if sets is None else sets
    every = problem.rows.rows_of(sets)
    mixed = np.zeros((len(weights), sets.stop - sets.start, every.stop - every.start))
    for number, members in enumerate(problem.rows.sets(sets)):
        mixed[:, number, members.start - every.start : members.stop - every.start] = weights[:, members]
    return _combined(problem, relaxation, lines, pairs, mixed, every)


def _combined(
    problem: Problem,
    relaxation: Relaxation,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    weights: FloatArray,
    chosen: slice,
) -> Forms:
    """Forms above combinations of the chosen inequalities, weights of shape (B, R, r)."""
    rows = problem.rows
    slopes, constant = weights @ rows.inputs[chosen], weights @ rows.constant[chosen]
    error = relaxation.rounding(weights, chosen)
    if isinstance(relaxation, PairedRelaxation):
        V, Q = (weights @ outputs[chosen] for outputs in rows.outputs)
        every = PairedLines(lines[0], lines[1], pairs)
        return Forms(
            slopes + relaxation.substitute_pairs(len(pairs), V + Q, Q, constant, error, every), constant, error
        )
    for number, copy in enumerate(problem.copies):
        V = weights @ rows.outputs[number][chosen]
        slopes = slopes + relaxation.substitute(number, len(copy.layers), V, constant, error, lines[number])
    return Forms(slopes, constant, error)


def _least_maximum(relaxation: Relaxation, forms: Forms, cells: Cells) -> FloatArray:
    """Weights w ≥ 0, Σ w = 1, with a small maximum of Σ w · form over each cell, shape (B, r), by mirror descent."""
    single = relaxation.maximum(forms, cells)
    count = len(single)
    best, reached = np.zeros_like(single), single.min(axis=1)
    best[np.arange(count), single.argmin(axis=1)] = 1.0
    logs = np.zeros_like(single)
    scale = np.maximum(np.abs(single).max(axis=1, keepdims=True), 1e-300)
    for step in range(STEPS):
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mixed = Forms(
            np.matmul(weights[:, None, :], forms.slopes),
            np.matmul(weights[:, None, :], forms.constant[:, :, None])[:, :, 0],
            np.matmul(weights[:, None, :], forms.error[:, :, None])[:, :, 0],
        )
        value = relaxation.maximum(mixed, cells)[:, 0]
        better = value < reached
        best[better], reached[better] = weights[better], value[better]
        x = relaxation.maximiser(mixed, cells)[:, 0]
        values = np.matmul(forms.slopes, x[:, :, None])[:, :, 0] + forms.constant
        logs -= 4.0 / (1.0 + step / 4.0) * values / scale
    best[best < 1e-6] = 0.0
    return best
