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
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["PairLines", "PairedLines", "PairedRelaxation", "Used", "follow", "pair_lines", "pairs_of", "relaxation_of"]


@dataclass(slots=True, eq=False)
class PairLines:
    """Lines of a layer's differences, shape (B, width) each: e d + f ≤ Δ ≤ b d + c."""

    b: FloatArray
    c: FloatArray
    e: FloatArray
    f: FloatArray

    def at(self, rows: IntArray) -> "PairLines":
        """Those of some cells."""
        return PairLines(self.b[rows], self.c[rows], self.e[rows], self.f[rows])


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
    fall, rise = cells.fall[:, pairs], cells.rise[:, pairs]
    up, down = fall >= 0.0, rise <= 0.0
    mixed = ~(up | down)
    width = np.where(mixed, rise - fall, 1.0)
    slack = 8.0 * ULP * width
    b = np.where(mixed, np.floor(np.where(mixed, rise, 0.0) / width * SLOPE) / SLOPE, up.astype(np.float64))
    c = np.where(mixed, np.maximum(-b * fall, rise - b * rise) + slack, 0.0)
    e = np.where(mixed, np.floor(np.where(mixed, -fall, 0.0) / width * SLOPE) / SLOPE, down.astype(np.float64))
    f = np.where(mixed, np.minimum(fall - e * fall, -e * rise) - slack, 0.0)
    for active, inactive, slope, offset in (
        (cells.low[:, second] >= 0.0, cells.high[:, second] <= 0.0, b, c),  # r' is z', and r ≥ z; or r' is 0, and r ≥ 0
        (cells.low[:, first] >= 0.0, cells.high[:, first] <= 0.0, e, f),
    ):
        slope[active], slope[inactive] = 1.0, 0.0
        offset[active | inactive] = 0.0
    return PairLines(b, c, e, f)


def follow(cells: Cells, first: slice, second: slice, pairs: slice) -> None:
    """Tighten the bounds of both units of a layer's pairs by those of the other one and of the difference."""
    fall, rise = cells.fall[:, pairs], cells.rise[:, pairs]
    low, high, low2, high2 = cells.low[:, first], cells.high[:, first], cells.low[:, second], cells.high[:, second]
    least, most = np.nextafter(low2 - rise, -np.inf), np.nextafter(high2 - fall, np.inf)
    least2, most2 = np.nextafter(low + fall, -np.inf), np.nextafter(high + rise, np.inf)
    cells.low[:, first], cells.high[:, first] = np.fmax(low, least), np.fmin(high, most)
    cells.low[:, second], cells.high[:, second] = np.fmax(low2, least2), np.fmin(high2, most2)


def pairs_of(relaxation: Relaxation, cells: Cells) -> list[PairLines]:
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
        apart = np.where(r2 == 0.0, 0.0, np.abs(r) + np.abs(r2))
        error += self._gamma * (apart @ (self.size[0][layer] + self.size[1][layer]))
        first, second = _sloped(r, one.s, one.a), _sloped(r2, two.s, two.a)
        up, up2, up3 = np.maximum(r, 0.0), np.maximum(r2, 0.0), np.maximum(delta, 0.0)
        more = _weighed(up, one.t) + _weighed(up2, two.t) + _weighed(up3, three.c) + _weighed(delta - up3, three.f)
        constant += more
        error += self._gamma * more
        return first + second, second + _sloped(delta, three.b, three.e), Used(r, r2, delta)

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
