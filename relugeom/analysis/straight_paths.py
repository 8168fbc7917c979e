"""Straight paths cut where a unit changes sign.

Notation: the path of a sample is u(t) = u₀ + t (x − u₀), 0 ≤ t ≤ 1. A *piece* is a stretch of it without a change of
sign; on it every pre-activation is affine in t, so it is known by its two ends.

The one idea: cut layer by layer. On a piece of the layers below, z of the next layer is affine too and changes its sign
at t = t₀ + (t₁ − t₀) z₀ / (z₀ − z₁) at most once; all pieces of all samples are rows of one table. The float tables
carry a bound e of the error of z, valid on the whole piece (the ReLU is 1-Lipschitz): where |z| ≤ e, the sign is not
proved, and the length of such stretches is counted. `cut_exactly` does the same with one path in rationals.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from flint import fmpq, fmpq_mat

from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import rational_point
from relugeom.linalg.rounding import FLOAT64, sum_error
from relugeom.network.exact import ExactNetwork, exact_network
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["ExactPiece", "PathPieces", "cut_exactly", "cut_paths"]


@dataclass(frozen=True, slots=True, eq=False)
class PathPieces:
    """The pieces of many paths, path by path and from t = 0 to 1; p pieces of s paths.

    Attributes
    ----------
    owner
        The path of each piece, ascending, shape (p,).
    lengths
        t₁ − t₀ of each piece, shape (p,).
    bits
        Which units of each layer are active on it, one array of shape (p, width) per hidden layer.
    unsettled
        For each path, a bound of the share of it on which some sign is not proved, shape (s,).
    """

    owner: IntArray
    lengths: FloatArray
    bits: tuple[BoolArray, ...]
    unsettled: FloatArray


@dataclass(frozen=True, slots=True)
class ExactPiece:
    """A stretch t₀ ≤ t ≤ t₁ of one path, its pattern, and the units (numbered over all layers) that are 0 all along."""

    start: fmpq
    end: fmpq
    pattern: ActivationPattern
    vanishing: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What every piece holds of one layer: values at its two ends, and the bound of their error in between."""

    owner: IntArray
    t0: FloatArray
    t1: FloatArray
    x0: FloatArray
    x1: FloatArray
    error: FloatArray


_ExactRow = tuple[fmpq, fmpq, list[tuple[fmpq, fmpq]], bytes, tuple[int, ...]]
"""t₀, t₁, the values of a layer as lines in t, the bits so far, and the units that are 0 all along."""


def cut_paths(network: ReLUNetwork, start: FloatArray, ends: FloatArray) -> PathPieces:
    """Cut the paths from one point, shape (n,), or one each, shape (s, n), to the rows of a table, in floats."""
    samples = len(ends)
    zeros = np.zeros(samples)
    pieces = _Layer(
        np.arange(samples),
        zeros,
        zeros + 1.0,
        np.broadcast_to(start, ends.shape),
        ends,
        np.zeros(ends.shape),
    )
    bits: list[BoolArray] = []
    unsettled = np.zeros(samples)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        z0, z1, error = _pre_activations(pieces, weight, bias)
        parent, pieces = _cut(pieces, z0, z1, error)
        active = pieces.x0 + pieces.x1 > 0
        bits = [*(layer[parent] for layer in bits), active]
        unsettled += np.bincount(pieces.owner, weights=_unproved(pieces), minlength=samples)
        # From z to what the ReLU passes on: nothing, and without an error, where z < 0 is proved.
        below = np.maximum(pieces.x0, pieces.x1) < -pieces.error
        x0, x1 = (np.where(active, np.maximum(z, 0.0), 0.0) for z in (pieces.x0, pieces.x1))
        pieces = _Layer(pieces.owner, pieces.t0, pieces.t1, x0, x1, np.where(below, 0.0, pieces.error))
    return PathPieces(pieces.owner, pieces.t1 - pieces.t0, tuple(bits), unsettled)


def _pre_activations(pieces: _Layer, weight: FloatArray, bias: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z at both ends of every piece, and a bound of the error of z in between."""
    size = np.abs(weight)
    z0, z1 = pieces.x0 @ weight.T + bias, pieces.x1 @ weight.T + bias
    magnitude = np.maximum(np.abs(pieces.x0), np.abs(pieces.x1)) @ size.T + np.abs(bias)
    error = (pieces.error @ size.T) * (1 + 2.0**-30) + sum_error(magnitude, weight.shape[1] + 1)
    if (magnitude == 0.0).any():
        # A sum of zeros is 0 without an error. (A magnitude of 0 alone could be an underflow.)
        felt = (pieces.x0 != 0) | (pieces.x1 != 0) | (pieces.error > 0)
        touched = felt.astype(np.float64) @ (weight != 0).astype(np.float64).T + (bias != 0)
        error = np.where(touched == 0, 0.0, error)
    return z0, z1, error


def _cut(pieces: _Layer, z0: FloatArray, z1: FloatArray, error: FloatArray) -> tuple[IntArray, _Layer]:
    """The pieces cut where a column of z changes its sign, with z at their ends; for each, the piece it comes from."""
    crossing = ((z0 < 0) & (z1 > 0)) | ((z0 > 0) & (z1 < 0))
    piece, unit = np.nonzero(crossing)
    first, last = z0[piece, unit], z1[piece, unit]
    fraction = first / (first - last)
    order = np.lexsort((fraction, piece))
    piece, unit, fraction = piece[order], unit[order], fraction[order]
    cuts = np.bincount(piece, minlength=len(z0))
    parent = np.repeat(np.arange(len(z0)), cuts + 1)
    left, right = np.zeros(len(parent)), np.ones(len(parent))
    place = np.arange(len(piece)) + piece  # each piece before it has one row more than it has cuts
    right[place], left[place + 1] = fraction, fraction
    width = (pieces.t1 - pieces.t0)[parent]
    t0, t1 = pieces.t0[parent] + left * width, pieces.t0[parent] + right * width
    t1 = np.where(right == 1.0, pieces.t1[parent], t1)
    a, b = z0[parent], z1[parent]
    v0, v1 = (a * (1.0 - s)[:, None] + b * s[:, None] for s in (left, right))
    v0[place + 1, unit] = v1[place, unit] = 0.0
    spread = (error + 4 * FLOAT64.roundoff * np.maximum(np.abs(z0), np.abs(z1)))[parent]
    # Uncut pieces keep their error; a sum of zeros keeps its 0.
    error = np.where((cuts[parent] > 0)[:, None], spread, error[parent])
    kept = (t0 < t1) | (cuts[parent] == 0)
    columns = (pieces.owner[parent], t0, t1, v0, v1, error)
    return parent[kept], _Layer(*(column[kept] for column in columns))


def _unproved(pieces: _Layer) -> FloatArray:
    """For each piece, a bound of the length on which |z| ≤ e for some unit, shape (p,)."""
    ends = np.abs(pieces.x0), np.abs(pieces.x1)
    low, high = np.minimum(*ends), np.maximum(*ends)
    share = np.clip((pieces.error - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    share = np.where(high <= pieces.error, (pieces.error > 0).astype(np.float64), share)
    length: FloatArray = (pieces.t1 - pieces.t0) * np.minimum(share.sum(axis=1), 1.0)
    return length


def cut_exactly(network: ReLUNetwork, start: FloatArray, end: FloatArray) -> list[ExactPiece]:
    """Cut the path between two float64 points, shape (n,) each, in rationals.

    On a stretch where z is 0, the unit is inactive, as it is at a point.
    """
    exact: ExactNetwork = exact_network(network)
    first, last = rational_point(start), rational_point(end)
    lines = [(a, b - a) for a, b in zip(first, last, strict=True)]
    pieces: list[_ExactRow] = [(fmpq(0), fmpq(1), lines, b"", ())]
    for weights, exponent in zip(exact.layers[:-1], exact.exponents, strict=False):
        matrix, scale = fmpq_mat(weights), fmpq(1, 1 << exponent)
        found: list[_ExactRow] = []
        for t0, t1, values, bits, flat in pieces:
            table = fmpq_mat(len(values) + 1, 2, [entry for line in [*values, (fmpq(1), fmpq(0))] for entry in line])
            z = [scale * entry for entry in (matrix * table).entries()]
            rows = list(zip(z[::2], z[1::2], strict=True))
            zeros = {-constant / slope for constant, slope in rows if slope}
            zero = tuple(len(bits) + unit for unit, row in enumerate(rows) if not any(row))
            ends = [t0, *sorted(t for t in zeros if t0 < t < t1), t1]
            for a, b in pairwise(ends):
                middle = (a + b) / 2
                active = bytes(constant + slope * middle > 0 for constant, slope in rows)
                kept = [row if bit else (fmpq(0), fmpq(0)) for row, bit in zip(rows, active, strict=True)]
                found.append((a, b, kept, bits + active, flat + zero))
        pieces = found
    return [
        ExactPiece(a, b, ActivationPattern.from_bits(network.widths, list(bits)), flat)
        for a, b, _, bits, flat in pieces
    ]
