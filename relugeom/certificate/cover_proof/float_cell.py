"""Back-substitution in floats: what exact bounds are likely to be, so that only those that pay are computed.

Nothing here is ever written: it says what is worth replaying.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from relugeom.certificate.cover_proof.problem import CoverProblem, Level, MixedForm
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["CLEAR", "FloatCell", "FloatProblem", "box_maxima"]

CLEAR = 1e-9
"""What is larger than this in comparison is more than rounding."""
Lines = tuple[FloatArray, FloatArray, FloatArray]
"""Lower slopes, upper slopes and shifts."""


@dataclass(frozen=True, slots=True, eq=False)
class FloatLevel:
    """A level with its weights and biases in floats; the columns of inputs if it is a first layer."""

    level: Level
    weights: FloatArray
    biases: FloatArray


class FloatProblem:
    """The levels of a problem in floats.

    Attributes
    ----------
    copies
        The levels of each copy, outputs last.
    place_of
        Copy and layer of each level with units, by number.
    """

    def __init__(self, problem: CoverProblem) -> None:
        self.problem = problem
        self.copies = [[_float_level(level) for level in levels] for levels in problem.copies]
        self.place_of = {
            level.number: (copy, layer)
            for copy, levels in enumerate(problem.copies)
            for layer, level in enumerate(levels)
            if level.number >= 0
        }
        grouped = {column for group in problem.groups for column in group}
        self.free = np.array([k for k in range(len(problem.lower)) if k not in grouped], dtype=np.intp)
        self.groups = [np.array(group, dtype=np.intp) for group in problem.groups]

    def cell(self, state: CoverState, bits: Sequence[int]) -> "FloatCell":
        """The cell of a state."""
        problem = self.problem
        scale = 1 << problem.exponent
        lower = np.array([-np.inf if side is None else nearest_quotient(side, scale) for side in state.lower])
        upper = np.array([np.inf if side is None else nearest_quotient(side, scale) for side in state.upper])
        low = [-np.inf if end is None else float(end) for end in state.low[: problem.units]]
        high = [np.inf if end is None else float(end) for end in state.high[: problem.units]]
        sizes = np.array([0.5 ** min(bits[number], 1000) for number in problem.level_of])
        slopes = np.full(problem.units, np.nan)
        for unit, slope in state.slopes.items():
            if unit < problem.units:
                slopes[unit] = slope / (1 << SLOPE_BITS)
        split = np.zeros(problem.units, dtype=np.bool_)
        split[list(state.signs)] = True
        return FloatCell(self, lower, upper, np.array(low) * sizes, np.array(high) * sizes, slopes, split)


@dataclass(slots=True, eq=False)
class FloatCell:
    """A state in floats; open sides and unknown bounds are infinite, slopes that were not set are NaN.

    Attributes
    ----------
    split
        Which units are split on the path.
    """

    parent: FloatProblem
    lower: FloatArray
    upper: FloatArray
    low: FloatArray
    high: FloatArray
    slopes: FloatArray
    split: BoolArray
    _known: dict[int, Lines] = field(default_factory=dict)

    def copy(self) -> "FloatCell":
        """An equal cell whose bounds can change by themselves."""
        ends = self.low.copy(), self.high.copy()
        return FloatCell(self.parent, self.lower, self.upper, *ends, self.slopes, self.split, self._known.copy())

    def with_slopes(self, slopes: FloatArray) -> "FloatCell":
        """The same cell with other slopes."""
        return FloatCell(self.parent, self.lower, self.upper, self.low, self.high, slopes, self.split)

    @np.errstate(all="ignore")
    def rebound(self, units: Iterable[int], kept: float = 1.0) -> list[int]:
        """Bound units anew, keep what leaves less than a part of the range, and return these units.

        Units that are stable by their bounds are left alone; split ones count where they show a contradiction.
        """
        found: list[int] = []
        chosen = [unit for unit in sorted(set(units)) if self.split[unit] or self.low[unit] < 0 < self.high[unit]]
        for number, members in groupby(chosen, key=self.parent.problem.level_of.__getitem__):
            copy, layer = self.parent.place_of[number]
            asked = np.array(list(members))
            level = self.parent.copies[copy][layer]
            rows = level.weights[asked - level.level.first]
            biases = level.biases[asked - level.level.first]
            below, constants = self._to_inputs(
                copy, layer - 1, np.vstack([-rows, rows]), np.concatenate([-biases, biases]), {}, None
            )
            table = np.zeros((2 * len(asked), len(self.lower)))
            table[:, self.parent.problem.columns[copy]] = below
            ends = self.maxima(table, constants)
            low = np.maximum(-ends[: len(asked)], self.low[asked])
            high = np.minimum(ends[len(asked) :], self.high[asked])
            old = self.high[asked] - self.low[asked]
            better = (low >= 0) | (high <= 0) | (high - low < kept * old) | (np.isinf(old) & ~np.isinf(high - low))
            better = np.where(self.split[asked], low > high, better)
            self.low[asked[better]], self.high[asked[better]] = low[better], high[better]
            self._known.pop(number, None)
            found += asked[better].tolist()
        return found

    @np.errstate(all="ignore")
    def replace(self, forms: Sequence[MixedForm]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Forms in the inputs and their constants, and the coefficients of relu(z) of all units on the way."""
        problem = self.parent.problem
        table, weights = np.zeros((len(forms), len(self.lower))), np.zeros((len(forms), problem.units))
        constants = np.array([nearest_quotient(form.constant, 1 << form.exponent) for form in forms])
        for row, form in enumerate(forms):
            for column, value in form.inputs.items():
                table[row, column] = nearest_quotient(value, 1 << form.exponent)
        for copy, levels in enumerate(self.parent.copies):
            own = {level.level.number: _coefficients(level.level, forms) for level in levels}
            top = own.pop(-1)
            rows, constants = top @ levels[-1].weights, constants + top @ levels[-1].biases
            rows, constants = self._to_inputs(copy, len(levels) - 2, rows, constants, own, weights)
            table[:, problem.columns[copy]] += rows
        return table, constants, weights

    @np.errstate(all="ignore")
    def gaps(self, weights: FloatArray) -> FloatArray:
        """How much is lost by the line that takes the place of relu(z), for its coefficients in several forms."""
        unstable = (self.low < 0) & (self.high > 0)
        low, high = np.where(unstable, self.low, 0.0), np.where(unstable, self.high, 0.0)
        below = _lines(self.low, self.high, self.slopes)[0]
        upper = np.where(np.isfinite(high - low), -low * high / np.where(unstable, high - low, 1.0), high)
        lower = np.maximum(np.where(below > 0, -below * low, 0.0), np.where(below < 1, (1 - below) * high, 0.0))
        found: FloatArray = np.where(weights == 0, 0.0, np.abs(weights) * np.where(weights > 0, upper, lower))
        return found

    @property
    def is_empty(self) -> bool:
        """Whether bounds contradict each other clearly."""
        return bool((self.low > self.high + CLEAR * np.abs(self.high)).any())

    @np.errstate(all="ignore")
    def maxima(self, table: FloatArray, constants: FloatArray) -> FloatArray:
        """What forms in the inputs are at most on the box and its groups."""
        return box_maxima(self.parent, self.lower, self.upper, table, constants)

    def _to_inputs(
        self,
        copy: int,
        layer: int,
        rows: FloatArray,
        constants: FloatArray,
        own: dict[int, FloatArray],
        weights: FloatArray | None,
    ) -> tuple[FloatArray, FloatArray]:
        """From coefficients of relu(z) of a layer to coefficients of the inputs of its copy."""
        levels = self.parent.copies[copy]
        for place in range(layer, -1, -1):
            level = levels[place].level
            units = slice(level.first, level.first + level.count)
            if weights is not None:
                weights[:, units] = rows
            if level.number not in self._known:
                self._known[level.number] = _lines(self.low[units], self.high[units], self.slopes[units])
            below, above, shift = self._known[level.number]
            rising = rows > 0
            constants = constants + np.where(rising, rows * shift, 0.0).sum(axis=1)
            rows = rows * np.where(rising, above, below)
            if level.number in own:
                rows = rows + own[level.number]
            constants = constants + rows @ levels[place].biases
            rows = rows @ levels[place].weights
        return rows, constants


@np.errstate(all="ignore")
def box_maxima(
    problem: FloatProblem, lower: FloatArray, upper: FloatArray, table: FloatArray, constants: FloatArray
) -> FloatArray:
    """What forms in the inputs are at most on a box and its groups."""
    free = problem.free
    used = table[:, free]
    parts = np.where(used > 0, used * upper[free], used * lower[free])
    total: FloatArray = constants + np.where(used == 0, 0.0, parts).sum(axis=1)
    for group in problem.groups:
        order = np.argsort(-table[:, group], axis=1)
        rooms = (upper[group] - lower[group])[order]
        left = 1.0 - lower[group].sum()
        before = np.cumsum(rooms, axis=1) - rooms
        steps = np.clip(left - before, 0.0, rooms)
        slopes = np.take_along_axis(table[:, group], order, axis=1)
        total += table[:, group] @ lower[group] + (steps * slopes).sum(axis=1)
    return total


def _float_level(level: Level) -> FloatLevel:
    width, scale = level.matrix.ncols(), 1 << level.exponent
    entries = [nearest_quotient(int(entry), scale) for entry in level.matrix.entries()]
    table = np.array(entries).reshape(level.count, width)
    return FloatLevel(level, np.ascontiguousarray(table[:, :-1]), table[:, -1].copy())


def _coefficients(level: Level, forms: Sequence[MixedForm]) -> FloatArray:
    """What the forms have themselves of a level's z."""
    table, inside = np.zeros((len(forms), level.count)), range(level.first, level.first + level.count)
    for row, form in enumerate(forms):
        for unit, value in (form.outputs if level.number < 0 else form.units).items():
            if unit in inside:
                table[row, unit - level.first] = nearest_quotient(value, 1 << form.exponent)
    return table


def _lines(low: FloatArray, high: FloatArray, slopes: FloatArray) -> Lines:
    """Lower slope, upper slope and shift of units."""
    active: BoolArray = (low >= 0) & (high > 0)
    unstable: BoolArray = (low < 0) & (high > 0)
    share = np.where(np.isfinite(low) & np.isfinite(high), high / (high - low), 0.0)
    above = np.where(unstable, share, active * 1.0)
    finite = np.isfinite(low)
    shift = np.where(unstable, np.where(finite, -share * np.where(finite, low, 0.0), high), 0.0)
    shift[unstable & np.isinf(high)] = np.inf
    usual = np.where(finite & (high >= -np.where(finite, low, 0.0)), 1.0, 0.0)
    below = np.where(unstable, np.where(np.isnan(slopes), usual, slopes), active * 1.0)
    return below, above, shift
