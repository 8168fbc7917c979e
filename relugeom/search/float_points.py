"""Points inside many regions at once, found in float64 and proved, for samples on sides of the domain.

Notation: y is a point of the hull's coordinates at which every z has the sign of its bit. The point y itself, or
y + t (m − y) with m in the middle of the domain and t a power of two, is taken if it is proved to lie inside: every
coordinate of the input is a float64 without an error, the domain's rows are positive by more than their rounding, and
the exact pattern is the same without a z that is 0. Points for which this fails are left to rational arithmetic.
"""

from typing import NamedTuple

import numpy as np
from flint import fmpq

from relugeom.deadline import Deadline
from relugeom.geometry.chart import Chart
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray
from relugeom.linalg.exact import form_sign, rational_point
from relugeom.linalg.rounding import sum_error
from relugeom.network.activation import activation_patterns
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns

__all__ = ["FloatLift", "FloatPoints", "find_float_points", "prove_points"]

CHUNK = 4096
GRIDS = (8, 16, 26)
"""Fractional bits of the middle: the fewer it has, the shorter a step may be that still has no rounding error."""
SHIFTS = (0, 12, 24, 36, 44, 50)
"""Fractional bits of points whose sums are tried for being exact."""
WHOLE = 2.0**52
"""Sums of integers up to here have no error, in whichever order."""
TINIEST = 2.0**-1073
"""More than a coefficient of a row loses where it is below the least float that is normal."""


class FloatPoints(NamedTuple):
    """What was found: points in inputs, shape (k, n), and whether each is proved, shape (k,)."""

    points: FloatArray
    proved: BoolArray


def find_float_points(
    chart: Chart, network: ReLUNetwork, packed: ByteArray, points: FloatArray, deadline: Deadline
) -> FloatPoints:
    """Points strictly inside regions, from points y at which every z has the sign of its bit.

    Parameters
    ----------
    packed
        The pattern of each region, packed, shape (k, ⌈N/8⌉).
    points
        A point y for each, shape (k, d).
    deadline
        When it has passed, the rest is not proved.
    """
    columns, proved = np.zeros((len(points), network.inputs)), np.zeros(len(points), dtype=np.bool_)
    lift, middle = FloatLift(chart), _short_middle(chart)
    for start in range(0, len(points), CHUNK):
        if start and deadline.passed:
            break
        part = slice(start, start + CHUNK)
        columns[part], proved[part] = prove_points(lift, network, packed[part], points[part])
        rest = start + np.flatnonzero(~proved[part])
        if len(rest):
            y, ends = points[rest], np.broadcast_to(middle, (len(rest), len(middle)))
            bits = unpack_patterns(packed[rest], network.units)
            t = _steps(network, bits, lift.embed(y)[0], lift.embed(ends)[0])[:, None]
            columns[rest], proved[rest] = prove_points(lift, network, packed[rest], y + t * (ends - y))
    return FloatPoints(columns, proved)


def prove_points(lift: "FloatLift", network: ReLUNetwork, packed: ByteArray, y: FloatArray) -> FloatPoints:
    """The points in inputs, and which of them are proved to lie inside their regions."""
    x, proved = lift.embed(y)
    proved = proved & lift.are_inside(y)
    rows = np.flatnonzero(proved)
    found = activation_patterns(network, x[rows])
    proved[rows] = (found.packed == packed[rows]).all(axis=1) & ~found.on_boundary
    return FloatPoints(x, proved)


def _steps(network: ReLUNetwork, bits: BoolArray, x: FloatArray, end: FloatArray) -> FloatArray:
    """For each point, half of the part of its way to the end that no z allows to exceed, or less: a power of two."""
    limit, place = np.ones(len(x)), 0
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        active = bits[:, place : place + len(bias)]
        place += len(bias)
        with np.errstate(all="ignore"):  # a step that is wrong proves nothing
            here, there = x @ weight.T + bias, end @ weight.T + bias
            ratio = np.where((there > 0.0) != active, here / (here - there), 1.0)
        limit = np.fmin(limit, np.abs(ratio).min(axis=1, initial=1.0))
        x, end = np.where(active, here, 0.0), np.where(active, there, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp2(np.floor(np.log2(limit)) - 1.0), dtype=np.float64)


def _short_middle(chart: Chart) -> FloatArray:
    """A point near the middle of the domain with few bits, inside if there is one, else the nearest float64 point."""
    nearest = float_point(chart.interior)
    for grid in GRIDS:
        rounded = np.rint(nearest * 2.0**grid) / 2.0**grid
        inside = (chart.lower < rounded) & (rounded < chart.upper)
        if inside.all() and all(form_sign(row, rational_point(rounded)) > 0 for row in chart.rows):
            return rounded
    return nearest


class FloatLift:
    """A chart in float64, which says where its answers have no error."""

    def __init__(self, chart: Chart) -> None:
        n, d = chart.domain.inputs, chart.dimension
        self._chart, self._free = chart, list(chart.free)
        self._others = sorted(set(range(n)).difference(chart.free))
        quotients = [
            [fmpq(chart.lift[row, column], chart.lift[n, d]) for column in range(d + 1)] for row in self._others
        ]
        self._matrix = np.array([float_point(row) for row in quotients]).reshape(-1, d + 1)
        whole = [all(entry.q == 1 and abs(int(entry.p)) < 2**53 for entry in row[:-1]) for row in quotients]
        constant = [
            fixed == rational_point([value])[0]
            for fixed, value in zip((row[-1] for row in quotients), self._matrix[:, -1].tolist(), strict=True)
        ]
        self._is_exact = all(whole) and all(constant)
        self._used = np.any(self._matrix[:, :-1] != 0.0, axis=0)
        largest = [max(map(abs, row)) for row in chart.rows]
        self._rows = np.array(
            [[int(entry) / int(top) for entry in row] for row, top in zip(chart.rows, largest, strict=True)]
        ).reshape(-1, d + 1)

    def embed(self, y: FloatArray) -> FloatPoints:
        """The inputs x of points y, shape (k, n), and where all of them have no rounding error."""
        x = np.empty((len(y), self._chart.domain.inputs))
        x[:, self._free] = y
        x[:, self._others] = y @ self._matrix[:, :-1].T + self._matrix[:, -1]
        if not self._used.any():
            return FloatPoints(x, np.full(len(y), self._is_exact))
        exact, used = np.zeros(len(y), dtype=np.bool_), y[:, self._used]
        size = np.abs(y) @ np.abs(self._matrix[:, :-1]).T + np.abs(self._matrix[:, -1])
        for shift in SHIFTS if self._is_exact else ():
            scaled, fixed = used * 2.0**shift, self._matrix[:, -1] * 2.0**shift
            if (fixed == np.floor(fixed)).all():
                exact |= (scaled == np.floor(scaled)).all(axis=1) & (size * 2.0**shift <= WHOLE).all(axis=1)
        return FloatPoints(x, exact)

    def are_inside(self, y: FloatArray) -> BoolArray:
        """Points that are proved to lie inside the domain and on none of its sides."""
        inside = ((self._chart.lower < y) & (y < self._chart.upper)).all(axis=1)
        value = y @ self._rows[:, :-1].T + self._rows[:, -1]
        size = np.abs(y) @ np.abs(self._rows[:, :-1]).T + np.abs(self._rows[:, -1])
        lost = np.abs(y).sum(axis=1, keepdims=True) * TINIEST
        positive = value > 2.0 * sum_error(size, 2 * self._rows.shape[1]) + lost
        return np.asarray(inside & positive.all(axis=1), dtype=np.bool_)
