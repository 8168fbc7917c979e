"""A network in integers, and the affine forms of its units under a pattern.

Notation: a layer's hatted matrix [W_l, b_l] is kept as integers divided by 2^{k_l}. Under a pattern, layer l's
pre-activations are the affine forms z_l(u) = (Z_l û) / 2^{K_l} with û = (u, 1) and K_l = k_0 + … + k_l; Z_l is an
integer matrix of shape (width, n + 1) [paper, Theorem 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from relugeom.errors import PatternError
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import as_fraction, integer_matrix, nearest_quotient, scaled_integers
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = [
    "ExactForms",
    "ExactNetwork",
    "IntegerTable",
    "evaluate_exactly",
    "exact_network",
    "exact_values",
    "first_forms",
    "many_output_forms",
    "next_forms",
    "output_forms",
    "pattern_forms",
]


IntegerTable = np.ndarray[tuple[int, ...], np.dtype[np.object_]]
"""Python integers of any size."""


@dataclass(frozen=True, slots=True)
class ExactNetwork:
    """Integer weights, columns (W, b), and one binary exponent per layer."""

    layers: tuple[fmpz_mat, ...]
    exponents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExactForms:
    """The forms of one layer: values are matrix · (u, 1) / 2^exponent."""

    matrix: fmpz_mat
    exponent: int

    def rows(self) -> list[list[int]]:
        """The integer rows (c₁, …, c_n, c₀); only their common factor is lost."""
        width, columns = self.matrix.nrows(), self.matrix.ncols()
        flat = [int(entry) for entry in self.matrix.entries()]
        return [flat[row * columns : (row + 1) * columns] for row in range(width)]

    def floats(self) -> FloatArray:
        """The float64 nearest to each coefficient; ±inf beyond the largest float."""
        scale = 1 << self.exponent
        return np.array([[nearest_quotient(entry, scale) for entry in row] for row in self.rows()])


@lru_cache(maxsize=4)
def exact_network(network: ReLUNetwork) -> ExactNetwork:
    """Weights of a network as integers; cached for the networks in use, since exact work needs them often."""
    hatted = [np.column_stack(layer) for layer in zip(network.weights, network.biases, strict=True)]
    matrices, exponents = zip(*(integer_matrix(layer) for layer in hatted), strict=True)
    return ExactNetwork(matrices, exponents)


def first_forms(exact: ExactNetwork) -> ExactForms:
    """The forms of layer 0, which no pattern changes."""
    return ExactForms(exact.layers[0], exact.exponents[0])


def next_forms(exact: ExactNetwork, layer: int, below: ExactForms, active: BoolArray) -> ExactForms:
    """The forms of `layer`, given those of the layer below and which of its units are active."""
    columns, entries = below.matrix.ncols(), below.matrix.entries()
    zero, scale = [fmpz(0)] * columns, fmpz(1) << below.exponent
    stacked: list[fmpz] = []
    for unit, kept in enumerate(active.tolist()):
        stacked += entries[unit * columns : (unit + 1) * columns] if kept else zero
    stacked += [*zero[:-1], scale]
    matrix = exact.layers[layer] * fmpz_mat(len(active) + 1, columns, stacked)
    return ExactForms(matrix, below.exponent + exact.exponents[layer])


def pattern_forms(exact: ExactNetwork, pattern: ActivationPattern) -> list[ExactForms]:
    """The forms of every layer under a pattern, the outputs last.

    Raises
    ------
    PatternError
        The pattern has other layers than the network.
    """
    _check_fit(exact, pattern)
    forms = [first_forms(exact)]
    for layer, active in enumerate(pattern.layers, start=1):
        forms.append(next_forms(exact, layer, forms[-1], active))
    return forms


def output_forms(exact: ExactNetwork, pattern: ActivationPattern) -> ExactForms:
    """The forms of the outputs alone: the products of Theorem 1 taken from the output side, which is shorter.

    Raises
    ------
    PatternError
        The pattern has other layers than the network.
    """
    _check_fit(exact, pattern)
    matrix, exponent = exact.layers[-1], exact.exponents[-1]
    for layer, active in reversed(list(enumerate(pattern.layers))):
        hatted, k = exact.layers[layer], exact.exponents[layer]
        outputs, width = matrix.nrows(), len(active)
        entries, kept = matrix.entries(), active.tolist()
        masked: list[fmpz] = []
        for start in range(0, outputs * (width + 1), width + 1):
            row = entries[start : start + width]
            masked += [entry if keep else fmpz(0) for entry, keep in zip(row, kept, strict=True)]
        product = fmpz_mat(outputs, width, masked) * hatted
        for output in range(outputs):
            product[output, hatted.ncols() - 1] += matrix[output, width] << k
        matrix, exponent = product, exponent + k
    return ExactForms(matrix, exponent)


def many_output_forms(exact: ExactNetwork, bits: BoolArray) -> tuple[IntegerTable, int]:
    """Results of `output_forms` for many patterns at once: integers of shape (k, m, n + 1), and their exponent.

    Parameters
    ----------
    bits
        The patterns, shape (k, N).
    """
    exponent, outputs, end = exact.exponents[-1], exact.layers[-1].nrows(), bits.shape[1]
    table = np.broadcast_to(_integers(exact.layers[-1]), (len(bits), outputs, exact.layers[-1].ncols()))
    for hatted, k in zip(exact.layers[-2::-1], exact.exponents[-2::-1], strict=True):
        width = hatted.nrows()
        masked = np.where(bits[:, None, end - width : end], table[:, :, :width], 0)
        product = fmpz_mat(len(bits) * outputs, width, masked.ravel().tolist()) * hatted
        below = _integers(product).reshape(len(bits), outputs, hatted.ncols())
        below[:, :, -1] += table[:, :, width] << k
        table, exponent, end = below, exponent + k, end - width
    return table, exponent


def exact_values(exact: ExactNetwork, X: FloatArray) -> list[tuple[fmpz_mat, int]]:
    """Every layer's pre-activations at float64 inputs, as integers Z of shape (width, k) over 2^exponent.

    Exact evaluation of the network itself: no pattern is assumed.
    """
    samples = len(X)
    entries, exponent = scaled_integers(np.ascontiguousarray(X.T))
    values: Sequence[int] = entries
    results = []
    for weights, k in zip(exact.layers, exact.exponents, strict=True):
        hatted = fmpz_mat(weights.ncols(), samples, [*values, *([1 << exponent] * samples)])
        z = weights * hatted
        exponent += k
        results.append((z, exponent))
        values = [max(int(entry), 0) for entry in z.entries()]
    return results


def evaluate_exactly(network: ReLUNetwork, x: Sequence[Fraction]) -> tuple[ActivationPattern, tuple[Fraction, ...]]:
    """The activation pattern and the outputs (before any squashing) at a rational input."""
    exact = exact_network(network)
    values, bits = [fmpq(entry.numerator, entry.denominator) for entry in x], list[bool]()
    last = len(exact.layers) - 1
    for layer, (weights, exponent) in enumerate(zip(exact.layers, exact.exponents, strict=True)):
        z = (fmpq_mat(weights) * fmpq_mat(len(values) + 1, 1, [*values, fmpq(1)])).entries()
        if layer < last:
            bits += [entry > 0 for entry in z]
        values = [(entry if layer == last or entry > 0 else fmpq(0)) / (1 << exponent) for entry in z]
    outputs = tuple(map(as_fraction, values))
    return ActivationPattern.from_bits(network.widths, np.array(bits, dtype=bool)), outputs


def _check_fit(exact: ExactNetwork, pattern: ActivationPattern) -> None:
    widths = tuple(weights.nrows() for weights in exact.layers[:-1])
    if pattern.widths != widths:
        raise PatternError(f"pattern {pattern} does not fit the network's layers {widths}")


def _integers(matrix: fmpz_mat) -> IntegerTable:
    """The entries of a matrix as Python integers."""
    flat = np.empty(matrix.nrows() * matrix.ncols(), dtype=object)
    flat[:] = list(map(int, matrix.entries()))
    return flat.reshape(matrix.nrows(), matrix.ncols())
