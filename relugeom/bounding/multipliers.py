"""Better lines below, and multipliers of the sides of split units, for one form per cell.

Notation: a form R = Σ weights · inequalities + Σ β σ z, where unit z is split with σ z ≥ 0 in the cell and β ≥ 0, is
replaced by a form on the inputs as in `relaxation.py`, with any slopes a in [0, 1] below. Its maximum g(a, β) over the
box is a bound whatever a and β are.

The one idea: at the input where the maximum is reached, following the lines that were used gives values of all z, and
those are the derivatives of g; a few steps of descent with momentum make the bound better (Xu et al., *Fast and
complete*, ICLR 2021; Wang et al., *Beta-CROWN*, NeurIPS 2021, section 3; Kingma & Ba, *Adam*, ICLR 2015).
"""

from dataclasses import dataclass

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.domain_rows import within_rows
from relugeom.bounding.pairs import PairedLines, PairedRelaxation, PairLines, Used
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import Forms, Lines, Relaxation
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Improved", "improve", "lines_of", "pairs_of"]

RATE, FADING = 0.25, 0.95
FIRST, SECOND = 0.9, 0.99


@dataclass(slots=True, eq=False)
class Improved:
    """The best bound of each cell, and what gave it.

    Attributes
    ----------
    bound
        Shape (B,).
    form
        Slopes of the replaced form, shape (B, m).
    gaps
        Per copy the coefficients of relu(z) of each layer from the top down, shape (B, width); then those of the
        differences, if units are paired.
    slopes, multipliers
        Shapes (B, units + pairs) and (B, units).
    """

    bound: FloatArray
    form: FloatArray
    gaps: list[list[FloatArray]]
    slopes: FloatArray
    multipliers: FloatArray

    def at(self, rows: IntArray) -> "Improved":
        """What concerns some of the cells."""
        gaps = [[table[rows] for table in tables] for tables in self.gaps]
        return Improved(self.bound[rows], self.form[rows], gaps, self.slopes[rows], self.multipliers[rows])

    def put(self, rows: IntArray, other: "Improved") -> None:
        """Take over what was found for some cells."""
        self.bound[rows], self.form[rows] = other.bound, other.form
        self.slopes[rows], self.multipliers[rows] = other.slopes, other.multipliers
        for tables, others in zip(self.gaps, other.gaps, strict=True):
            for table, rows_of_other in zip(tables, others, strict=True):
                table[rows] = rows_of_other


def improve(
    problem: Problem,
    relaxation: Relaxation,
    cells: Cells,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    weights: FloatArray,
    steps: int,
) -> Improved:
    """Bound one combination of inequalities per cell, weights of shape (B, r), the better the more steps are made."""
    slopes, multipliers = cells.slopes.copy(), cells.multipliers * (cells.sides != 0.0)
    best: Improved | None = None
    moments = [np.zeros_like(table) for table in (slopes, slopes, multipliers, multipliers)]
    for step in range(steps + 1):
        forms, gaps = _forms(problem, relaxation, cells, lines, pairs, weights, slopes, multipliers)
        forms = within_rows(relaxation, forms, cells)
        bound = relaxation.maximum(forms, cells)[:, 0]
        best = _better(best, Improved(bound, forms.slopes[:, 0], gaps, slopes, multipliers))
        if step == steps:
            break
        x = relaxation.maximiser(forms, cells)[:, 0]
        values, coefficients, shares = _values(problem, x, lines, pairs, gaps, slopes)
        rate = RATE * FADING**step
        down = np.hstack([np.minimum(coefficients, 0.0) * values, shares])
        moved = _begun(problem, pairs, gaps, slopes) - rate * _direction(moments[0], moments[1], down, step)
        slopes = np.where((slopes < 0.0) & (down == 0.0), slopes, np.clip(moved, 0.0, 1.0))
        typical = np.abs(coefficients).sum(axis=1, keepdims=True) / max(problem.units, 1)
        change = _direction(moments[2], moments[3], cells.sides * values, step)
        multipliers = np.maximum(multipliers - rate * typical * change, 0.0) * (cells.sides != 0.0)
    assert best is not None
    return best


def _better(best: Improved | None, found: Improved) -> Improved:
    """Cell by cell the better of two."""
    if best is None:
        return found
    good = found.bound < best.bound
    best.bound = np.where(good, found.bound, best.bound)
    pick = good[:, None]
    best.form = np.where(pick, found.form, best.form)
    best.slopes = np.where(pick, found.slopes, best.slopes)
    best.multipliers = np.where(pick, found.multipliers, best.multipliers)
    best.gaps = [
        [np.where(pick, new, old) for new, old in zip(news, olds, strict=True)]
        for news, olds in zip(found.gaps, best.gaps, strict=True)
    ]
    return best


def _forms(
    problem: Problem,
    relaxation: Relaxation,
    cells: Cells,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    weights: FloatArray,
    slopes: FloatArray,
    multipliers: FloatArray,
) -> tuple[Forms, list[list[FloatArray]]]:
    """The replaced form of each cell, and the coefficients of relu(z) on the way."""
    rows, added = problem.rows, multipliers * cells.sides
    total, constant = (weights @ rows.inputs)[:, None, :], (weights @ rows.constant)[:, None]
    error = relaxation.rounding(weights)[:, None]
    gaps = []
    sloped = lines_of(problem, lines, slopes)
    if isinstance(relaxation, PairedRelaxation):
        V, Q = ((weights @ outputs)[:, None, :] for outputs in rows.outputs)
        used: list[Used] = []
        every = PairedLines(sloped[0], sloped[1], pairs_of(problem, pairs, slopes))
        total = total + relaxation.substitute_pairs(len(pairs), V + Q, Q, constant, error, every, used, added)
        tables = ([each.first for each in used], [each.second for each in used], [each.difference for each in used])
        return Forms(total, constant, error), [[table[:, 0] for table in own] for own in tables]
    for number, (copy, own) in enumerate(zip(problem.copies, sloped, strict=True)):
        of_copy: list[FloatArray] = []
        V = (weights @ rows.outputs[number])[:, None, :]
        total = total + relaxation.substitute(number, len(copy.layers), V, constant, error, own, of_copy, added)
        gaps.append([table[:, 0] for table in of_copy])
    return Forms(total, constant, error), gaps


def lines_of(problem: Problem, lines: list[list[Lines]], slopes: FloatArray) -> list[list[Lines]]:
    """Lines of all units with other slopes below, shape (B, units)."""
    return [
        [with_slopes(line, slopes[:, units]) for line, units in zip(own, copy.layers, strict=True)]
        for own, copy in zip(lines, problem.copies, strict=True)
    ]


def pairs_of(problem: Problem, pairs: list[PairLines], slopes: FloatArray) -> list[PairLines]:
    """Lines of all pairs with other shares, which follow the slopes of units."""
    shares, layers = slopes[:, problem.units :], problem.copies[0].layers
    return [line.with_shares(shares[:, units]) for line, units in zip(pairs, layers, strict=False)]


def _begun(problem: Problem, pairs: list[PairLines], gaps: list[list[FloatArray]], slopes: FloatArray) -> FloatArray:
    """Slopes, and shares of pairs with the usual ones in the place of those that are not set."""
    if not pairs:
        return slopes
    found = slopes.copy()
    shares = found[:, problem.units :]
    for layer, units in enumerate(problem.copies[0].layers):
        difference = gaps[2][len(pairs) - 1 - layer]
        usual = np.where(difference > 0.0, *pairs[layer].usual)
        shares[:, units] = np.where(shares[:, units] < 0.0, usual, shares[:, units])
    return found


def with_slopes(lines: Lines, slopes: FloatArray) -> Lines:
    """Lines with other slopes below where units are unstable; stable ones have no choice."""
    stable = (lines.t == 0.0) & ((lines.s == 0.0) | (lines.s == 1.0))
    return Lines(lines.s, lines.t, np.where(stable, lines.a, slopes))


def _values(
    problem: Problem,
    x: FloatArray,
    lines: list[list[Lines]],
    pairs: list[PairLines],
    gaps: list[list[FloatArray]],
    slopes: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z of all units along the lines that were used, from an input per cell, the coefficients of relu(z), and how the
    bound grows with the shares of pairs.
    """
    values, coefficients = np.zeros((len(x), problem.units)), np.zeros((len(x), problem.units))
    shares, shared = np.zeros((len(x), problem.pairs)), pairs_of(problem, pairs, slopes)
    h = [x[:, copy.columns] for copy in problem.copies]
    for layer in range(max(len(copy.layers) for copy in problem.copies)):
        for number, copy in enumerate(problem.copies):
            if layer < len(copy.layers):
                units = copy.layers[layer]
                z = h[number] @ copy.network.weights[layer].T + copy.network.biases[layer]
                V = gaps[number][len(copy.layers) - 1 - layer]
                line = with_slopes(lines[number][layer], slopes[:, units])
                h[number] = np.where(V > 0.0, line.s * z + line.t, line.a * z)
                values[:, units], coefficients[:, units] = z, V
        if pairs:
            first, second = (copy.layers[layer] for copy in problem.copies)
            second_used, difference = (own[len(pairs) - 1 - layer] for own in gaps[1:])
            z, z2 = values[:, first], values[:, second]
            change = shared[layer].used(z, z2, difference)
            shares[:, first] = difference * shared[layer].advantages(z, z2, difference)
            by_second = second_used != 0.0
            h = [
                np.where((difference != 0.0) & by_second, h[1] - change, h[0]),
                np.where((difference != 0.0) & ~by_second, h[0] + change, h[1]),
            ]
    return values, coefficients, shares


def _direction(first: FloatArray, second: FloatArray, gradient: FloatArray, step: int) -> FloatArray:
    """The direction of the next step, from running means of the gradient and of its square, which are updated."""
    first += (1.0 - FIRST) * (gradient - first)
    second += (1.0 - SECOND) * (gradient**2 - second)
    mean = first / (1.0 - FIRST ** (step + 1))
    size = np.sqrt(second / (1.0 - SECOND ** (step + 1)))
    return np.asarray(mean / np.maximum(size, 1e-300))
