"""Upper bounds of forms in two copies at once, in which what the copies share cancels.

Notation: z and z' are what a pair of units gets, one of each copy, and d = z' − z; r and r' are what they put out, and
Δ = r' − r. A form has coefficients C of z and D of d; a level further down, P of r and Q of Δ, which is V = P − Q of r
and Q of r'.

The one idea: relu does not fall, and rises by no more than its argument, so Δ lies between min(0, d) and max(0, d), and
a line in d bounds it wherever z is. Where V and Q have opposite signs, the smaller one of both is a multiple of Δ, and
what is left of the other a multiple of r or r'. Inputs that both copies share have no part in d.

Floats err as they do in `relaxation.py`; where coefficients of r and r' may cancel, a form errs by their sizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import SLOPE, ULP, Forms, Lines, Relaxation
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "PairLines",
    "PairedLines",
    "PairedRelaxation",
    "Used",
    "follow",
    "lines_of_pairs",
    "pair_lines",
    "relaxation_of",
]


@dataclass(slots=True, eq=False)
class PairLines:
    """Lines p z + q z' + t of a layer's differences; where there are two, any mean of both is one, too.

    Attributes
    ----------
    above, below
        Two lines above Δ and two below it, as (p, q, t), shape (2, 3, B, width); twice the same where there is but one.
    usual
        The share of the first one, of those above and of those below, where no other is set, shape (2, B, width).
    over, under
        The lines that are used, shape (3, B, width).
    """

    above: FloatArray
    below: FloatArray
    usual: FloatArray
    over: FloatArray
    under: FloatArray

    def at(self, rows: IntArray) -> "PairLines":
        """Those of some cells."""
        tables = self.above[:, :, rows], self.below[:, :, rows], self.usual[:, rows]
        return PairLines(*tables, self.over[:, rows], self.under[:, rows])

    def with_shares(self, shares: FloatArray) -> "PairLines":
        """The same with other shares of the first lines, shape (B, width); the usual ones where they are below 0."""
        over, under = np.where(shares < 0.0, self.usual, shares)
        return PairLines(self.above, self.below, self.usual, _mean(self.above, over), _mean(self.below, under))

    def used(self, z: FloatArray, z2: FloatArray, coefficients: FloatArray) -> FloatArray:
        """Δ along the lines that are used, above where coefficients are positive."""
        line = np.where(coefficients > 0.0, self.over, self.under)
        return np.asarray(line[0] * z + line[1] * z2 + line[2])

    def advantages(self, z: FloatArray, z2: FloatArray, coefficients: FloatArray) -> FloatArray:
        """How far the first line lies above the second one there."""
        first, second = np.where(coefficients > 0.0, self.above, self.below)
        line = first - second
        return np.asarray(line[0] * z + line[1] * z2 + line[2])


@dataclass(slots=True, eq=False)
class PairedLines:
    """Lines of both copies and of the differences, layer by layer."""

    first: Sequence[Lines]
    second: Sequence[Lines]
    differences: Sequence[PairLines]


@dataclass(slots=True, eq=False)
class Used:
    """Coefficients of r, r' and Δ of a layer, by which a form was bounded."""

    first: FloatArray
    second: FloatArray
    difference: FloatArray


def relaxation_of(problem: Problem) -> Relaxation:
    """The bounds that suit a problem."""
    return PairedRelaxation(problem) if problem.pairs else Relaxation(problem)


def pair_lines(cells: Cells, first: slice, second: slice, pairs: slice) -> PairLines:
    """Lines of the differences of a layer's pairs, whose units in both copies are given."""
    ends, ends2 = (cells.low[:, first], cells.high[:, first]), (cells.low[:, second], cells.high[:, second])
    fall, rise = cells.fall[:, pairs], cells.rise[:, pairs]
    above, over = _lines_above(*ends, *ends2, fall, rise)
    mirrored, under = _lines_above(*ends2, *ends, -rise, -fall)
    below = -mirrored[:, [1, 0, 2]]  # r − r' and z − z' in place of Δ and d
    return PairLines(above, below, np.stack([over, under]), _mean(above, over), _mean(below, under))


def _lines_above(
    low: FloatArray, high: FloatArray, low2: FloatArray, high2: FloatArray, fall: FloatArray, rise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Two lines (p, q, t) above Δ, and the usual share of the first one; of pairs that are not inactive.

    The first one is a line in d, by the bounds of d. The second one knows more of z and z': Δ is at most r' and at most
    the rise, so at most the smaller one, which a line in z' bounds; where d < 0, −Δ is at least the smaller one of r
    and −rise. (MILP codes know both as the convex hull of a ramp.)
    """
    on, on2 = low >= 0.0, low2 >= 0.0
    mixed = (fall < 0.0) & (rise > 0.0) & ~on2
    span = np.where(mixed, rise - fall, 1.0)
    s = np.where(mixed, _floored(np.where(mixed, rise, 0.0) / span), (on2 | (fall >= 0.0)) * 1.0)
    t = np.where(mixed, np.maximum(-s * fall, rise - s * rise) + 8.0 * ULP * span, 0.0)
    lines = np.array([[-s, s, t], [-s, s, t]])
    usual = np.ones_like(s)
    nothing = np.zeros_like(s)

    def put(where: BoolArray, p: FloatArray, q: FloatArray, t: FloatArray, share: BoolArray | float) -> None:
        where = where & np.isfinite(p + q + t)
        lines[1] = np.where(where, [p, q, t], lines[1])
        usual[where] = np.broadcast_to(share, where.shape)[where]

    put(~on & on2, nothing, nothing + 1.0, nothing, high >= -low)
    chord, offset = _chord(low2, high2, high2)
    put(on & ~on2, nothing - 1.0, chord, offset, 0.0)
    chord, offset = _chord(low2, np.minimum(rise, high2), high2)
    put(~on & ~on2 & (rise > 0.0), nothing, chord, offset, (2.0 * fall <= rise) | (high2 + low2 >= 2.0 * rise))
    steep = np.where(high <= -rise, 1.0, _floored(-rise / np.where(high > 0.0, high, 1.0)))
    put(~on & ~on2 & (rise < 0.0), -steep, nothing, 8.0 * ULP * np.abs(rise), high + low <= 0.0)
    return lines, usual


def _chord(low: FloatArray, top: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope and shift of a line above min(relu(z), top) on low ≤ z ≤ high, low < 0 < top."""
    width = np.where(top > low, top - low, 1.0)
    s = _floored(np.maximum(top, 0.0) / width)
    return s, np.maximum(-s * low, top - s * top) + 8.0 * ULP * (high - low)


def _floored(slopes: FloatArray) -> FloatArray:
    return np.asarray(np.floor(slopes * SLOPE) / SLOPE)


def _mean(lines: FloatArray, share: FloatArray) -> FloatArray:
    """That of two lines."""
    return np.asarray(share * lines[0] + (1.0 - share) * lines[1])


def follow(cells: Cells, first: slice, second: slice, pairs: slice) -> None:
    """Tighten the bounds of both units of a layer's pairs by those of the other one and of the difference."""
    fall, rise = cells.fall[:, pairs], cells.rise[:, pairs]
    low, high, low2, high2 = cells.low[:, first], cells.high[:, first], cells.low[:, second], cells.high[:, second]
    least, most = np.nextafter(low2 - rise, -np.inf), np.nextafter(high2 - fall, np.inf)
    least2, most2 = np.nextafter(low + fall, -np.inf), np.nextafter(high + rise, np.inf)
    cells.low[:, first], cells.high[:, first] = np.fmax(low, least), np.fmin(high, most)
    cells.low[:, second], cells.high[:, second] = np.fmax(low2, least2), np.fmin(high2, most2)


def lines_of_pairs(relaxation: Relaxation, cells: Cells) -> list[PairLines]:
    """Lines of the differences of all pairs, if there are pairs, once their units' bounds follow from one another."""
    if not isinstance(relaxation, PairedRelaxation):
        return []
    for places in relaxation.layers:
        follow(cells, *places)
    return [pair_lines(cells, *places) for places in relaxation.layers]


class PairedRelaxation(Relaxation):
    """Bounds for a problem whose units are paired."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        one, two = (copy.network for copy in problem.copies)
        self._are_same = one is two
        self._changes = [after - before for before, after in zip(one.weights, two.weights, strict=True)]
        self._shifts = [after - before for before, after in zip(one.biases, two.biases, strict=True)]
        self._own = np.flatnonzero(problem.copies[0].columns != problem.copies[1].columns)
        self._spans: list[FloatArray] = []

    @property
    def layers(self) -> list[tuple[slice, slice, slice]]:
        """Units of each hidden layer in both copies, and their pairs."""
        one, two = (copy.layers for copy in self.problem.copies)
        return [(first, second, first) for first, second in zip(one, two, strict=True)]

    def measure_pairs(self, layer: int, cells: Cells) -> None:
        """Note bounds of |d| of a layer over the root cell, where those of the layer below are known."""
        one, two = self.problem.copies
        if layer:
            units = one.layers[layer - 1]
            change = np.maximum(np.abs(cells.fall[0, units]), np.abs(cells.rise[0, units]))
            level = np.maximum(cells.high[0, units], 0.0)
        else:
            change, level = np.zeros(len(one.columns)), self.reach[one.columns]
            change[self._own] = self.reach[one.columns[self._own]] + self.reach[two.columns[self._own]]
        size = np.abs(two.network.weights[layer]) @ change + np.abs(self._changes[layer]) @ level
        self._spans.append((size + np.abs(self._shifts[layer])) * (1.0 + self._gamma))

    def difference_forms(self, layer: int, rows: IntArray, sign: float, lines: PairedLines) -> Forms:
        """Forms that are at least sign · d of pairs of a layer, rows of shape (B, R)."""
        P, Q = sign * self._changes[layer][rows], sign * self.problem.copies[1].network.weights[layer][rows]
        constant, error = sign * self._shifts[layer][rows], self._gamma * self._spans[layer][rows]
        if layer == 0:
            return Forms(self._spread_pairs(P, Q), constant, error)
        C, D, _ = self._replace_pairs(layer - 1, P, Q, constant, error, lines)
        return Forms(self.substitute_pairs(layer - 1, C, D, constant, error, lines), constant, error)

    def substitute_pairs(
        self,
        layer: int,
        C: FloatArray,
        D: FloatArray,
        constant: FloatArray,
        error: FloatArray,
        lines: PairedLines,
        used: list[Used] | None = None,
        added: FloatArray | None = None,
    ) -> FloatArray:
        """Slopes on the joint inputs of forms with coefficients C of z and D of d, shape (B, R, width of the layer).

        Parameters
        ----------
        constant, error, added
            As `Relaxation.substitute` takes them.
        used
            Where it is given, what bounded relu(z) of each layer below, from the top down.
        """
        one, two = self.problem.copies
        for k in range(layer, -1, -1):
            constant += C @ one.network.biases[k]
            error += self._gamma * (np.abs(C) @ self.size[0][k] + np.abs(D) @ self._spans[k])
            P, Q = _product(C, one.network.weights[k]), _product(D, two.network.weights[k])
            if not self._are_same:
                constant += D @ self._shifts[k]
                P += _product(D, self._changes[k])
            if k == 0:
                break
            C, D, way = self._replace_pairs(k - 1, P, Q, constant, error, lines)
            if used is not None:
                used.append(way)
            if added is not None:
                mine, other = (added[:, None, copy.layers[k - 1]] for copy in (one, two))
                C, D = C + (mine + other), D + other
                sizes = np.abs(mine) @ self.size[0][k - 1] + np.abs(other) @ self.size[1][k - 1]
                error += self._gamma * sizes
        return self._spread_pairs(P, Q)

    def _replace_pairs(
        self, layer: int, P: FloatArray, Q: FloatArray, constant: FloatArray, error: FloatArray, lines: PairedLines
    ) -> tuple[FloatArray, FloatArray, Used]:
        """Coefficients of z and d in place of those of r and Δ; what lines add goes to the constant."""
        one, two, three = lines.first[layer], lines.second[layer], lines.differences[layer]
        V, nothing = P - Q, np.zeros_like(P)
        is_off = ((one.s == 0.0) & (one.t == 0.0)) | ((two.s == 0.0) & (two.t == 0.0))
        opposite = (V * Q < 0.0) & ~is_off[:, None, :]
        by_first = opposite & (np.abs(V) >= np.abs(Q))
        by_second = opposite & ~by_first
        r = np.where(by_first, P, np.where(by_second, nothing, V))
        r2 = np.where(by_second, P, np.where(by_first, nothing, Q))
        delta = np.where(by_first, Q, np.where(by_second, -V, nothing))
        # Where r2 is 0, nothing cancels.
        apart = np.where(r2 == 0.0, 0.0, np.abs(r) + np.abs(r2)) + 4.0 * np.abs(delta)
        error += self._gamma * (apart @ (self.size[0][layer] + self.size[1][layer]))
        first, second = _sloped(r, one.s, one.a), _sloped(r2, two.s, two.a)
        up, up2, up3 = np.maximum(r, 0.0), np.maximum(r2, 0.0), np.maximum(delta, 0.0)
        more = _weighed(up, one.t) + _weighed(up2, two.t)
        more += _weighed(up3, three.over[2]) + _weighed(delta - up3, three.under[2])
        constant += more
        error += self._gamma * more
        p, q = (_sloped(delta, three.over[k], three.under[k]) for k in (0, 1))
        return first + second + (p + q), second + q, Used(r, r2, delta)

    def _spread_pairs(self, P: FloatArray, Q: FloatArray) -> FloatArray:
        """Coefficients P of x and Q of x' − x in the columns of the joint inputs."""
        one, two = (copy.columns for copy in self.problem.copies)
        found = np.zeros((*P.shape[:-1], self.problem.inputs))
        found[..., one] = P
        found[..., one[self._own]] -= Q[..., self._own]
        found[..., two[self._own]] = Q[..., self._own]
        return found


def _product(V: FloatArray, W: FloatArray) -> FloatArray:
    return np.asarray((V.reshape(-1, V.shape[-1]) @ W).reshape(*V.shape[:-1], W.shape[1]))


def _sloped(V: FloatArray, above: FloatArray, below: FloatArray) -> FloatArray:
    """Coefficients times the slope of the line above where they are positive, and of the one below else."""
    up = np.maximum(V, 0.0)
    return np.asarray(up * above[:, None, :] + (V - up) * below[:, None, :])


def _weighed(V: FloatArray, offsets: FloatArray) -> FloatArray:
    return np.asarray(np.matmul(V, offsets[:, :, None])[:, :, 0])
