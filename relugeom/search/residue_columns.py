"""Networks, domains and paths in remainders modulo many primes: columns for exact answers in compiled code.

Notation: `columns.py`, `geometry/residues.py`; K lanes, D = d + 1. A layer's forms are integers divided by 2^e, e the
layer's `scales`. Lanes are made when a search first meets a tie, and more of them when an integer is too long.
"""

from math import isfinite
from typing import NamedTuple

import numpy as np

from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.residues import LANE_BITS, garner_table, prime_lanes
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import scaled_integers
from relugeom.network.exact import exact_network
from relugeom.network.network import ReLUNetwork
from relugeom.search.columns import Problem
from relugeom.search.coordinates import Coordinates

__all__ = ["MOST_ROWS", "Residues", "make_residues", "no_residues"]

MOST_LANES, MOST_NUMBERS = 192, 1 << 24
"""Longer integers, or more of them, are left to exact arithmetic outside compiled code."""
MOST_ROWS = 24
"""Rows of the largest system that is solved in lanes."""


class Residues(NamedTuple):
    """Integers in lanes; empty arrays until they are needed.

    Attributes
    ----------
    moduli
        The primes, floats near their inverses, and the table of `sign_of`, shape (K + 2, K).
    limits
        How many lanes are needed to continue, and the most there can be.
    probes
        Factors of the coefficients in the two sums whose ratio shows whether forms can be proportional, and the size of
        the coordinates, shape (3, D).
    scales
        Bits by which the length of a form, in integers, can exceed its magnitude; shape (L,).
    weights
        Of layers after the first, the units below first and their biases last, shape (L, w + 1, w, K).
    rows, row_bits
        Rows of the domain, sides of the box (lower before upper, input by input; only for a search by generators) and
        t ≥ 0, and bits of their length; shapes (r, D, K) and (r,).
    box, side_bits
        Lower and upper sides, 0 if open, times a power of two, and this power; bits of a form's value there. Shape
        (2d + 1, K).
    forms, ready
        Of the layers on the path, and whether they are up to date; shapes (L, w, D, K) and (L,).
    cell, table, vectors
        Room: shapes (m + 1, D, K), (m, m + 1, K), in row space (d, m + 1, K), and (8, K).
    """

    moduli: np.ndarray
    limits: np.ndarray
    probes: np.ndarray
    scales: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    row_bits: np.ndarray
    box: np.ndarray
    side_bits: float
    forms: np.ndarray
    ready: np.ndarray
    cell: np.ndarray
    table: np.ndarray
    vectors: np.ndarray


def no_residues(problem: Problem) -> Residues:
    """No lanes; what a search starts with."""
    d, L = len(problem.reach), len(problem.starts) - 1
    w, N = int(np.diff(problem.starts).max()), int(problem.starts[-1])
    steps = np.arange(1, d + 2)
    reach = np.append(problem.reach, 1.0)
    probes = 1.0 + np.array([steps * 0.6180339887 % 1.0, steps * 0.7548776662 % 1.0])
    numbers = L * w * (d + 1) + L * w * w + N * (d + 1)
    return Residues(
        moduli=np.zeros((2, 0)),
        limits=np.array([0, min(MOST_LANES, MOST_NUMBERS // numbers)]),
        probes=np.concatenate([probes * reach, reach[None, :]]),
        scales=np.zeros(L),
        weights=np.zeros((L, 0, 0, 0)),
        rows=np.zeros((0, d + 1, 0)),
        row_bits=np.zeros(0),
        box=np.zeros((0, 0)),
        side_bits=0.0,
        forms=np.zeros((L, 0, d + 1, 0)),
        ready=np.zeros(L, dtype=np.int64),
        cell=np.zeros((0, d + 1, 0)),
        table=np.zeros((0, 0, 0)),
        vectors=np.zeros((8, 0)),
    )


def make_residues(
    network: ReLUNetwork, coordinates: Coordinates, problem: Problem, small: Residues, *, sides: Chart | None
) -> Residues:
    """Enough lanes for the integer that was met, and for determinants of the first layer's forms.

    Parameters
    ----------
    small
        The lanes that did not suffice.
    sides
        The chart if the sides of its box are needed as rows.
    """
    d, L, w = coordinates.dimension, len(network.widths), max(network.widths)
    exact, first, scale = exact_network(network), coordinates.first, coordinates.scale
    spread = 0.5 * float(np.log2(d + 1)) + 0.1
    longest = max(abs(entry).bit_length() for row in first for entry in row) + spread
    wanted, most = (int(limit) for limit in small.limits)
    size = min(d, network.units, MOST_ROWS) + 1
    lanes = -4 * (-min(max(int(size * longest / LANE_BITS) + 2, wanted), most) // 4)
    primes = prime_lanes(lanes)
    forms = np.zeros((L, w, d + 1, lanes))
    forms[0, : len(first)] = _in_lanes(first, primes)
    weights = np.zeros((L, w + 1, w, lanes))
    scales = [scale.bit_length()]
    for layer in range(1, L):
        below, width = network.widths[layer - 1], network.widths[layer]
        hatted = [[int(entry) for entry in row] for row in exact.layers[layer].tolist()]
        table = _in_lanes([[*row[:below], row[below] * scale] for row in hatted], primes)
        weights[layer, :below, :width], weights[layer, w, :width] = table[:, :below].swapaxes(0, 1), table[:, below]
        scale <<= exact.exponents[layer]
        scales.append(scale.bit_length())
    lower, upper = (np.where(np.isfinite(side[:d]), side[:d], 0.0) for side in (problem.lower, problem.upper))
    box, exponent = scaled_integers(np.concatenate([lower, upper]))
    rows = [*coordinates.rows, *([] if sides is None else _sides(sides)), (*[0] * d, 1)]
    smallest = min(float(problem.reach.min(initial=1.0)), 1.0)
    m = min(d + 1, MOST_ROWS)
    return small._replace(
        moduli=np.concatenate([[primes, 1.0 / np.array(primes, dtype=np.float64)], garner_table(lanes)]),
        limits=np.array([0, most]),
        scales=np.array(scales) + spread + 1.0 - np.log2(smallest),
        weights=weights,
        rows=_in_lanes(rows, primes),
        row_bits=np.array([max(abs(entry) for entry in row).bit_length() + spread for row in rows]),
        box=_in_lanes([*box, 1 << exponent], primes),
        side_bits=exponent + float(np.log2(1.0 + problem.reach.sum())) + 1.0,
        forms=forms,
        ready=np.zeros(L, dtype=np.int64),
        cell=np.zeros((m + 1, d + 1, lanes)),
        table=np.zeros((d if coordinates.spread else m, m + 1, lanes)),
        vectors=np.zeros((8, lanes)),
    )


def _in_lanes(integers: object, primes: tuple[int, ...]) -> FloatArray:
    """Integers modulo every prime, the primes last."""
    table = np.array(integers, dtype=object)
    return np.stack([(table % prime).astype(np.float64) for prime in primes], axis=-1)


def _sides(chart: Chart) -> list[Form]:
    """Finite sides of the box as integer rows, up to their sign."""
    d, rows = chart.dimension, list[Form]()
    for k, sides in enumerate(zip(chart.lower.tolist(), chart.upper.tolist(), strict=True)):
        for side in sides:
            if isfinite(side):
                numerator, denominator = side.as_integer_ratio()
                rows.append([*(denominator if column == k else 0 for column in range(d)), -numerator])
    return rows
