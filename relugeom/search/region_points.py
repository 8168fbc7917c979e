"""A point inside each region, in inputs of the network.

What a search leaves behind is a point y of the hull's coordinates at which every z has the sign of its bit. It may lie
on a side of the domain; then a step towards the middle of the domain takes it inside, and the step is so short, in
exact arithmetic, that no z changes its sign.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq

from relugeom.deadline import Deadline
from relugeom.geometry.chart import Chart
from relugeom.geometry.forms import float_point, is_float_point
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import RationalPoint, as_fraction, form_sign, rational, rational_point
from relugeom.network.exact import exact_network, pattern_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, unpack_patterns

__all__ = ["LATE", "embed_points"]

LATE = 200
"""Points that are still moved off a side when time has run out, so that a few of them do not cost what follows."""
NEAR = 1e-9
"""A row of the domain whose value in floats is below this part of its terms may be 0."""


def embed_points(
    chart: Chart,
    network: ReLUNetwork,
    packed: np.ndarray,
    points: FloatArray,
    exact_points: Mapping[int, Sequence[fmpq]],
    deadline: Deadline,
) -> tuple[FloatArray, dict[int, tuple[Fraction, ...]]]:
    """Points inside regions for points y of their patterns: float64 columns, and rationals where these are not exact.

    If time runs out there are fewer, but at least one: those in front of the first that is a sum of others, or of the
    first that lies on a side after many others.

    Parameters
    ----------
    packed
        The pattern of each region, packed.
    exact_points
        Row → y, where that is not the float64 point in `points`.
    """
    columns, inexact = _embed_floats(chart, points)
    unclear = inexact | _may_lie_on_a_side(chart, points)
    unclear[[row for row in exact_points if row < len(points)]] = True
    rationals: dict[int, tuple[Fraction, ...]] = {}
    late = 0
    for row in np.flatnonzero(unclear).tolist():
        y: RationalPoint = exact_points.get(row) or rational_point(points[row])
        inside = _is_inside(chart, y)
        if row and deadline.passed:
            late += not inside
            if inexact[row] or late > LATE:
                return columns[:row], rationals
        if not inside:
            y = _step_inside(chart, network, unpack_patterns(packed[row : row + 1], network.units)[0], y)
        point = chart.embed(y)
        columns[row] = float_point(point)
        if not is_float_point(point, columns[row]):
            rationals[row] = tuple(map(as_fraction, point))
    return columns, rationals


def _embed_floats(chart: Chart, points: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The points in inputs, in float64, and for which of them that may not be exact."""
    n, d = chart.domain.inputs, chart.dimension
    inexact = np.zeros(len(points), dtype=np.bool_)
    columns = points.copy()  # the coordinates of the hull are inputs themselves; of a full one, all of them
    if d < n:
        columns = np.zeros((len(points), n))
        columns[:, list(chart.free)] = points
    for index in set(range(n)).difference(chart.free):
        used = [column for column in range(d) if chart.lift[index, column]]
        if not used:
            fixed = fmpq(chart.lift[index, d], chart.lift[n, d])
            nearest = float_point([fixed])
            columns[:, index] = nearest[0]
            inexact |= not is_float_point([fixed], nearest)
        elif len(used) == 1 and chart.lift[index, d] == 0 and chart.lift[index, used[0]] == chart.lift[n, d]:
            columns[:, index] = points[:, used[0]]
        else:
            inexact[:] = True  # each point decides for itself
    return columns, inexact


def _may_lie_on_a_side(chart: Chart, points: FloatArray) -> BoolArray:
    """Points that lie on a side of an input, or so close to a row of the domain that floats cannot tell."""
    near: BoolArray = np.any((points <= chart.lower) | (points >= chart.upper), axis=1)
    for row in chart.rows:
        largest = max(map(abs, row))
        form = np.array([float(Fraction(int(entry), int(largest))) for entry in row])
        terms = points * form[:-1]
        near |= ~(terms.sum(axis=1) + form[-1] > NEAR * (np.abs(terms).sum(axis=1) + abs(form[-1])))
    return near


def _is_inside(chart: Chart, y: RationalPoint) -> bool:
    """Whether a point lies in the domain and on none of its sides, exactly."""
    sides = zip(y, chart.lower.tolist(), chart.upper.tolist(), strict=True)
    return all(
        (low == -np.inf or rational(low) < value) and (high == np.inf or value < rational(high))
        for value, low, high in sides
    ) and all(form_sign(row, y) > 0 for row in chart.rows)


def _step_inside(chart: Chart, network: ReLUNetwork, bits: BoolArray, y: RationalPoint) -> RationalPoint:
    """A point inside the region of y: y moved towards the middle of the domain by half of what every z allows.

    A float64 point nearby is taken if it lies inside as well.
    """
    sides = _sides(network, bits)
    here, middle = (_values(sides, chart.embed(point)) for point in (y, chart.interior))
    step = min([fmpq(1), *(z / (z - end) for z, end in zip(here, middle, strict=True) if end < z)])
    parts = 1 << (int((2 / step).ceil()) - 1).bit_length()  # a power of 2 keeps the numbers short
    moved = [x + (end - x) / parts for x, end in zip(y, chart.interior, strict=True)]
    rounded = float_point(moved)
    if np.isfinite(rounded).all():
        nearest = rational_point(rounded)
        if _is_inside(chart, nearest) and all(
            z > 0 or (z == 0 and not before)
            for z, before in zip(_values(sides, chart.embed(nearest)), here, strict=True)
        ):
            return nearest
    return moved


def _sides(network: ReLUNetwork, bits: BoolArray) -> list[list[int]]:
    """Forms ±z of all units that are positive inside the region with these bits, or 0 on all of the domain."""
    pattern = ActivationPattern.from_bits(network.widths, bits)
    forms = [row for layer in pattern_forms(exact_network(network), pattern)[:-1] for row in layer.rows()]
    return [row if bit else [-entry for entry in row] for row, bit in zip(forms, bits.tolist(), strict=True)]


def _values(forms: Sequence[Sequence[int]], x: RationalPoint) -> list[fmpq]:
    """Values of forms at a point."""
    return [sum((c * value for c, value in zip(form, x, strict=False)), fmpq(form[-1])) for form in forms]
