"""Upper bounds of affine forms of units and outputs over many cells at once, by back-substitution.

Notation: arrays begin with the cell: (B, …) for B cells; a form is a row of coefficients, (B, R, width), with a
constant, (B, R). A *line* bounds relu(z) on l ≤ z ≤ u: above by s z + t, below by a z, 0 ≤ a ≤ 1.

The one idea: going down layer by layer, relu(z) is replaced by the line above where its coefficient is positive and by
the one below where it is negative, until only inputs are left, whose maximum over the box is known (Singh et al., *An
abstract domain for certifying neural networks*, POPL 2019, section 4; Zhang et al., *Efficient neural network
robustness certification*, NeurIPS 2018, section 3). All cells share the matrix products.

Floats err, and the bound allows for it: a form that is replaced at a layer errs by at most γ |V| A, where A bounds the
sums of absolute values |W| |h| + |b| of the layer's rows over the root cell, in whatever order a product is summed, and
by γ times what the lines above add. Inequalities that are combined may cancel, so a combination errs by their sizes.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.problem import Copy, Problem
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Forms", "Lines", "Relaxation"]

SLOPE = 2.0**20
"""Slopes of lines above are multiples of 1 / SLOPE, as those that a certificate's reader computes again."""
ULP = 2.0**-52
EVERY = slice(None)


@dataclass(slots=True, eq=False)
class Lines:
    """Lines of a layer's units, shape (B, width) each: s and t above, a below."""

    s: FloatArray
    t: FloatArray
    a: FloatArray

    def at(self, rows: IntArray) -> "Lines":
        """Those of some cells."""
        return Lines(self.s[rows], self.t[rows], self.a[rows])


@dataclass(slots=True, eq=False)
class Forms:
    """Forms on the joint inputs that are at least the forms that they replace.

    Attributes
    ----------
    slopes, constant, error
        Shapes (B, R, m), (B, R), (B, R); the error is added to a bound.
    """

    slopes: FloatArray
    constant: FloatArray
    error: FloatArray


class Relaxation:
    """Bounds for one problem.

    Attributes
    ----------
    size
        A, for each copy and layer (outputs last): sums of absolute values at the root.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        widest = max(max(copy.network.weights[k].shape) for copy in problem.copies for k in range(len(copy.layers) + 1))
        self._gamma = 4.0 * (widest + problem.inputs + 64) * ULP
        self._reach = np.maximum(np.abs(problem.lower), np.abs(problem.upper))
        self.size: list[list[FloatArray]] = [[] for _ in problem.copies]
        self._row_sizes = np.full(len(problem.rows.constant), np.inf)

    # Lines.

    def lines(self, cells: Cells, units: slice) -> Lines:
        """Lines of a layer's units between their bounds."""
        low, high = cells.low[:, units], cells.high[:, units]
        off, on = high <= 0.0, low >= 0.0
        width = np.where(off | on, 1.0, high - low)
        s = np.floor(np.where(off | on, 0.0, high) / width * SLOPE) / SLOPE
        t = np.maximum(-s * low, high - s * high) + 8.0 * ULP * (high - low)
        s, t = np.where(on, 1.0, s), np.where(off | on, 0.0, t)
        s = np.where(off, 0.0, s)
        return Lines(s, t, np.where(off, 0.0, (on | (high >= -low)).astype(np.float64)))

    # Forms.

    def substitute(
        self,
        copy: int,
        layer: int,
        V: FloatArray,
        constant: FloatArray,
        error: FloatArray,
        lines: list[Lines],
        gaps: list[FloatArray] | None = None,
        added: FloatArray | None = None,
    ) -> FloatArray:
        """Slopes on the joint inputs of forms V, shape (B, R, width of the layer), on z of a layer of a copy.

        Parameters
        ----------
        constant, error
            What the forms have of them, shape (B, R), to which more is added in place.
        lines
            Those of the layers below.
        gaps
            Where it is given, the coefficients of relu(z) of each layer below, from the top down.
        added
            Coefficients of z that are added to the forms on their way down, shape (B, units).
        """
        one = self.problem.copies[copy]
        for k in range(layer, -1, -1):
            W, b = one.network.weights[k], one.network.biases[k]
            constant += V @ b
            error += self._gamma * (np.abs(V) @ self.size[copy][k])
            V = (V.reshape(-1, V.shape[-1]) @ W).reshape(*V.shape[:-1], W.shape[1])
            if k:
                V = self._replace(V, constant, error, lines[k - 1], gaps)
                if added is not None:
                    V += added[:, None, one.layers[k - 1]]
        return self._spread(one, V)

    def unit_forms(self, copy: int, layer: int, rows: IntArray, sign: float, lines: list[Lines]) -> Forms:
        """Forms that are at least sign · z of units of a layer, rows of shape (B, R)."""
        one = self.problem.copies[copy]
        W, b = one.network.weights[layer], one.network.biases[layer]
        V, constant = sign * W[rows], sign * b[rows]
        error = self._gamma * self.size[copy][layer][rows]
        if layer == 0:
            return Forms(self._spread(one, V), constant, error)
        V = self._replace(V, constant, error, lines[layer - 1], None)
        return Forms(self.substitute(copy, layer - 1, V, constant, error, lines), constant, error)

    def _replace(
        self, V: FloatArray, constant: FloatArray, error: FloatArray, lines: Lines, gaps: list[FloatArray] | None
    ) -> FloatArray:
        """Coefficients of z in place of those of relu(z); what lines above add goes to the constant."""
        if gaps is not None:
            gaps.append(V)
        above = np.maximum(V, 0.0)
        more = np.matmul(above, lines.t[:, :, None])[:, :, 0]
        constant += more
        error += self._gamma * more
        return above * lines.s[:, None, :] + (V - above) * lines.a[:, None, :]

    def _spread(self, copy: Copy, V: FloatArray) -> FloatArray:
        """Coefficients of a copy's inputs in the columns of the joint ones."""
        if V.shape[-1] == self.problem.inputs and len(self.problem.copies) == 1:
            return V
        found = np.zeros((*V.shape[:-1], self.problem.inputs))
        found[..., copy.columns] = V
        return found

    # Maxima.

    def maximum(self, forms: Forms, cells: Cells) -> FloatArray:
        """Upper bounds of forms over their cells, shape (B, R)."""
        slopes = forms.slopes
        above = np.maximum(slopes, 0.0)
        below = slopes - above
        total = forms.constant + forms.error + self._gamma * (np.abs(slopes) @ self._reach)
        for group in self.problem.groups:
            total += self._group_maximum(slopes[..., group], cells.lower[:, group], cells.upper[:, group])
            above[..., group] = below[..., group] = 0.0
        total += np.matmul(above, cells.upper[:, :, None])[:, :, 0] + np.matmul(below, cells.lower[:, :, None])[:, :, 0]
        return np.asarray(total)

    @staticmethod
    def _group_maximum(slopes: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """That of a one-hot group's part: of its best member, where sides are 0 and 1; else member by member."""
        plain = ((lower == 0.0) | (lower == 1.0)).all(axis=1) & ((upper == 0.0) | (upper == 1.0)).all(axis=1)
        taken = lower == 1.0
        open_ = (upper == 1.0) & (taken | ~taken.any(axis=1, keepdims=True))
        best = np.where(open_[:, None, :], slopes, -np.inf).max(axis=-1)
        apart = np.maximum(slopes * lower[:, None, :], slopes * upper[:, None, :]).sum(axis=-1)
        return np.asarray(np.where((plain & open_.any(axis=1))[:, None], best, apart))

    def maximiser(self, forms: Forms, cells: Cells) -> FloatArray:
        """Inputs of the boxes at which forms are largest, shape (B, R, m)."""
        x = np.where(forms.slopes > 0.0, cells.upper[:, None, :], cells.lower[:, None, :])
        for group in self.problem.groups:
            open_ = cells.upper[:, group] == 1.0
            best = np.where(open_[:, None, :], forms.slopes[..., group], -np.inf).argmax(axis=-1)
            x[..., group] = np.arange(len(group)) == best[..., None]
        return x

    # Sizes of the root.

    def rounding(self, weights: FloatArray, rows: slice = EVERY) -> FloatArray:
        """What combinations of some inequalities err by, weights of shape (…, r): also where their terms cancel."""
        return np.asarray(self._gamma * (np.abs(weights) @ self._row_sizes[rows]))

    def measure(self, copy: int, layer: int, reach: FloatArray) -> None:
        """Note A of a layer, whose inputs are at most `reach` in size over the root cell."""
        one = self.problem.copies[copy]
        W, b = one.network.weights[layer], one.network.biases[layer]
        self.size[copy].append((np.abs(W) @ reach + np.abs(b)) * (1.0 + self._gamma))

    def measure_rows(self) -> None:
        """Note the sums of absolute values of all inequalities, once all layers are measured."""
        rows = self.problem.rows
        self._row_sizes = self.size_of(rows.inputs, rows.constant)
        for outputs, sizes in zip(rows.outputs, self.size, strict=True):
            self._row_sizes = self._row_sizes + np.abs(outputs) @ sizes[-1]

    @property
    def gamma(self) -> float:
        """What a sum errs by, relative to the sum of the absolute values of its terms."""
        return float(self._gamma)

    def size_of(self, inputs: FloatArray, constant: FloatArray) -> FloatArray:
        """Sums of the absolute values of forms' terms over the root cell, of shapes (…, m) and (…)."""
        return np.asarray(np.abs(inputs) @ self._reach + np.abs(constant))

    @property
    def size_of_rows(self) -> float:
        """The largest sum of absolute values of an inequality over the root cell; 0 if that is not finite."""
        largest = float(self._row_sizes.max(initial=0.0))
        return largest if isfinite(largest) else 0.0

    @property
    def reach(self) -> FloatArray:
        """Largest absolute value of each joint input over the root cell."""
        return self._reach
