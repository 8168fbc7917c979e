"""Proofs about facets in floats, with rigorous error bounds, for blocks of regions.

Notation: y ∈ R^d are coordinates of the domain's hull, D the domain. Under the bits of one region every unit v has a
form z_v on all of R^d, and s_v z_v ≥ 0 holds on the closure of the region (s_v = 1 for active units, −1 for the
others). A *candidate* is a region, a unit u with form h = s_u z_u, and a set of units to pass over (those whose form
is a multiple of h, 0 included). It is a facet iff some y of the domain's interior has h(y) = 0 and s_v z_v(y) > 0 for
every other unit.

The one idea: h > 0 at a point p of D and h < 0 at another, q, puts a point w of the segment on the facet's hyperplane,
where any form g has the sign of g(p) |h(q)| + g(q) h(p): a number that floats bound, although no float is w. If h takes
both signs on D, its zeros in D are the closure of those in the interior, so that rows of D need no test at w. If the
interior points of two neighbours do not show a facet, a linear program in compiled floats proposes a point, which is
tested in the same way, or multipliers, whose combination is bounded over the box.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from relugeom.geometry.chart import Chart
from relugeom.geometry.forms import shadow
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import nearest_quotient
from relugeom.linalg.rounding import sum_error
from relugeom.measures.widest_points import widest_points
from relugeom.network.exact import exact_network, first_forms
from relugeom.network.network import ReLUNetwork

__all__ = [
    "Bounded",
    "Candidates",
    "FacetPace",
    "HullFloats",
    "Settled",
    "possible_coincidences",
    "prove_crossing",
    "settle",
]

BLOCK = 20_000
"""Entries of the programs in one call, so that a kernel that is still interpreted is left before it takes long."""
SAFE = 1 + 2.0**-30
"""Covers the rounding of an error bound itself."""
TINY = 1e-300
"""Far above what products lose to underflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetPace:
    """How many regions are worked on at a time; what is found does not depend on it.

    Attributes
    ----------
    bits
        Bits of patterns, at most.
    first
        Regions of the first block, where there is a time limit.
    """

    bits: int = 100_000
    first: int = 64

    def block(self, units: int) -> int:
        """Most regions in a block, for a network with this many units."""
        return max(1, self.bits // units)


class Bounded(NamedTuple):
    """Numbers and bounds of their errors, two arrays of one shape."""

    value: FloatArray
    error: FloatArray


class Candidates(NamedTuple):
    """Candidates of a block of regions as columns.

    `row` is the region's place in the block, `unit` is u, `passed` of shape (c, N) the units to pass over, `start` of
    shape (c, d) where the search for a point begins.
    """

    row: IntArray
    unit: IntArray
    passed: BoolArray
    start: FloatArray


class Settled(NamedTuple):
    """Candidates that certainly are facets, candidates that certainly are not, and a point near each facet, (c, d)."""

    facet: BoolArray
    none: BoolArray
    points: FloatArray


class HullFloats:
    """A network and a domain on the domain's hull, in floats.

    Attributes
    ----------
    dimension
        d.
    starts
        First unit of each layer, and N.
    box
        Lower and upper sides of y, shape (2, d); ±inf for open sides.
    rows
        Further rows of the domain, forms ≥ 0, shape (k, d + 1).
    bounded
        Whether the box is bounded.
    """

    def __init__(self, network: ReLUNetwork, chart: Chart) -> None:
        self.dimension = d = chart.dimension
        self.starts = np.concatenate([[0], np.cumsum(network.widths)]).astype(np.int64)
        self.weights, self.biases = network.weights[1:], network.biases[1:]
        exact = first_forms(exact_network(network))
        scale = 1 << exact.exponent
        if d < network.inputs:
            scale *= int(chart.lift[network.inputs, d])
        entries = [nearest_quotient(int(entry), scale) for entry in chart.reduce(exact.matrix).entries()]
        self.first = np.array(entries).reshape(-1, d + 1)
        self.first_error = np.abs(self.first) * 2.0**-53 + 2.0**-1074 if d < network.inputs else 0.0 * self.first
        self.box = np.stack([chart.lower, chart.upper])
        self.bounded = bool(np.isfinite(self.box).all())
        self.reach = np.abs(self.box).max(axis=0, initial=0.0)
        self.rows = np.array([shadow(row)[0] for row in chart.rows]).reshape(-1, d + 1)

    def values(self, bits: BoolArray, Y: FloatArray, *, outputs: bool = False) -> Bounded:
        """z of every unit (or of the outputs) under patterns of shape (k, N), at points of shape (k, d) or (1, d)."""
        Y = np.broadcast_to(Y, (len(bits), self.dimension))
        size = np.abs(Y)
        z = Y @ self.first[:, :-1].T + self.first[:, -1]
        e = (size @ self.first_error[:, :-1].T + self.first_error[:, -1]) * SAFE
        e = e + sum_error(size @ np.abs(self.first[:, :-1].T) + np.abs(self.first[:, -1]), self.dimension + 1)
        values, errors = [z], [e]
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            kept = bits[:, self.starts[layer] : self.starts[layer + 1]]
            z, e = np.where(kept, z, 0.0), np.where(kept, e, 0.0)
            size = np.abs(W.T)
            e = (e @ size) * SAFE + sum_error(np.abs(z) @ size + np.abs(b), W.shape[1] + 1)
            z = z @ W.T + b
            values.append(z)
            errors.append(e)
        if outputs:
            return Bounded(values[-1], errors[-1])
        return Bounded(np.concatenate(values[:-1], axis=1), np.concatenate(errors[:-1], axis=1))

    def forms(self, bits: BoolArray) -> Bounded:
        """The forms of every unit, shape (k, N, d + 1), and bounds of |ẑ(y) − z(y)| on the box, shape (k, N)."""
        count, reach = len(bits), np.append(self.reach, 1.0)
        form = np.broadcast_to(self.first, (count, *self.first.shape))
        error = (self.first_error @ reach)[None, :] * SAFE + np.zeros((count, 1))
        forms, errors = [form], [error]
        for layer, (W, b) in enumerate(zip(self.weights[:-1], self.biases[:-1], strict=True)):
            kept = bits[:, self.starts[layer] : self.starts[layer + 1]]
            below = np.where(kept[:, :, None], form, 0.0)
            size, magnitude = np.abs(W.T), np.abs(below) @ reach
            form = np.matmul(W, below)
            form[:, :, -1] += b
            error = (np.where(kept, error, 0.0) @ size) * SAFE
            error = error + sum_error(magnitude @ size + np.abs(b), W.shape[1] + 2) + TINY * reach.sum()
            forms.append(form)
            errors.append(error)
        return Bounded(np.concatenate(forms, axis=1), np.concatenate(errors, axis=1))

    def varying(self, bits: BoolArray) -> BoolArray:
        """False for units whose form is a constant because nothing that varies is active below; shape (k, N)."""
        varies = np.broadcast_to((self.first[:, :-1] != 0).any(axis=1), (len(bits), len(self.first)))
        parts = [varies]
        for layer, W in enumerate(self.weights[:-1]):
            kept = bits[:, self.starts[layer] : self.starts[layer + 1]] & varies
            varies = kept.astype(np.float64) @ (W.T != 0) > 0
            parts.append(varies)
        return np.concatenate(parts, axis=1)

    def probes(self, count: int) -> FloatArray:
        """Points of R^d in general position, about as far out as the domain, shape (count, d)."""
        spread = np.where(np.isfinite(self.box).all(axis=0), 0.5 * (self.box[1] - self.box[0]), 1.0)
        middle = np.where(np.isfinite(self.box).all(axis=0), self.box[0] + spread, 0.0)
        directions = np.random.default_rng(20230717).uniform(0.5, 1.5, (count, self.dimension))
        signs = np.where(np.arange(count * self.dimension).reshape(count, -1) % 3 == 0, -1.0, 1.0)
        return np.asarray(middle + spread * directions * signs, dtype=np.float64)

    def contains(self, Y: FloatArray) -> BoolArray:
        """Whether each point certainly lies in the domain."""
        value = Y @ self.rows[:, :-1].T + self.rows[:, -1]
        size = np.abs(Y) @ np.abs(self.rows[:, :-1].T) + np.abs(self.rows[:, -1])
        # One more rounding for the rows themselves, whose entries are the nearest floats.
        inside = (value > sum_error(size, 2 * self.dimension + 4)).all(axis=1)
        return np.asarray(inside & ((self.box[0] <= Y) & (self.box[1] >= Y)).all(axis=1), dtype=np.bool_)


def possible_coincidences(floats: HullFloats, bits: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Units that may share their hyperplane with another one, and units whose form may be 0; shapes (k, N).

    Forms that are multiples of each other have the same quotient of values at two points. Every unit that is marked
    nowhere has a hyperplane of its own, or a constant form other than 0, with certainty.
    """
    probes = floats.probes(2)
    a, b = (floats.values(bits, probe[None, :]) for probe in probes)
    small_a, small_b = np.abs(a.value) <= a.error, np.abs(b.value) <= b.error
    varies = floats.varying(bits)
    quotient = a.value / b.value
    spread = (a.error + np.abs(quotient) * b.error) / (np.abs(b.value) - b.error) * SAFE + np.abs(quotient) * 2.0**-50
    unknown = small_b | ~np.isfinite(spread) | ~np.isfinite(quotient)
    low, high = np.where(unknown, -np.inf, quotient - spread), np.where(unknown, np.inf, quotient + spread)
    low[~varies] = high[~varies] = np.nan
    order = np.argsort(low, axis=1)  # NaN last
    low, high = np.take_along_axis(low, order, axis=1), np.take_along_axis(high, order, axis=1)
    meets = np.maximum.accumulate(high, axis=1)[:, :-1] >= low[:, 1:]
    shared = np.zeros_like(varies)
    shared[:, :-1] |= meets
    shared[:, 1:] |= meets
    together = np.zeros_like(varies)
    np.put_along_axis(together, order, shared, axis=1)
    # NaN counts as small.
    vanishing = (small_a | np.isnan(a.value)) & (small_b | np.isnan(b.value))
    return together, vanishing


def prove_crossing(bits: BoolArray, unit: IntArray, passed: BoolArray, at_p: Bounded, at_q: Bounded) -> BoolArray:
    """Whether the segment from p to q certainly meets the facet of a candidate; p and q must lie in the domain.

    Parameters
    ----------
    bits, passed
        Patterns and units to pass over, shape (c, N); u itself is passed over.
    at_p, at_q
        Values of every unit under those patterns, shape (c, N).
    """
    each, sign = np.arange(len(unit)), np.where(bits, 1.0, -1.0)
    hp, hq = sign[each, unit] * at_p.value[each, unit], -sign[each, unit] * at_q.value[each, unit]
    ep, eq = at_p.error[each, unit], at_q.error[each, unit]
    sides = (hp > ep) & (hq > eq)
    hp, hq, ep, eq = hp[:, None], hq[:, None], ep[:, None], eq[:, None]
    value = sign * (at_p.value * hq + at_q.value * hp)
    error = at_p.error * (hq + eq) + at_q.error * (hp + ep)
    error += np.abs(at_p.value) * (eq + 2.0**-50 * hq) + np.abs(at_q.value) * (ep + 2.0**-50 * hp)
    shown = (value > error * SAFE + TINY) & (value < np.inf)
    shown |= passed
    shown[each, unit] = True
    return np.asarray(sides & shown.all(axis=1), dtype=np.bool_)


def settle(floats: HullFloats, bits: BoolArray, candidates: Candidates) -> Settled:
    """Decide candidates by linear programs in floats, as far as error bounds allow."""
    count, d = len(candidates.row), floats.dimension
    regions, place = np.unique(candidates.row, return_inverse=True)
    forms, form_error = floats.forms(bits[regions])
    mine, each = bits[candidates.row], np.arange(count)
    rows = np.where(mine, 1.0, -1.0)[:, :, None] * forms[place]
    h, error_h = rows[each, candidates.unit], form_error[place, candidates.unit]
    passed = candidates.passed.copy()
    passed[each, candidates.unit] = True
    rows[passed] = np.append(np.zeros(d), 1.0)
    errors = np.where(passed, 0.0, form_error[place])
    sides = _side_rows(floats)
    rows = np.concatenate([rows, np.broadcast_to(sides, (count, *sides.shape))], axis=1)
    side_errors = sum_error(np.abs(sides) @ np.append(floats.reach, 1.0), d + 3)
    errors = np.concatenate([errors, np.broadcast_to(side_errors, (count, len(sides)))], axis=1)

    pivot = np.abs(h[:, :d]).argmax(axis=1)
    kept = np.array([[k for k in range(d + 1) if k != out] for out in range(d)])[pivot]
    h_pivot = h[each, pivot]
    share = rows[each, :, pivot] / h_pivot[:, None]
    reduced = np.take_along_axis(rows - share[:, :, None] * h[:, None, :], kept[:, None, :], axis=2)
    norm = np.sqrt((reduced[:, :, :-1] ** 2).sum(axis=2))
    flat = norm <= 1e-13 * np.abs(rows[:, :, :-1]).max(axis=2, initial=0.0)
    norm = np.where(flat, np.maximum(np.abs(reduced[:, :, -1]), TINY), norm)
    reduced[:, :, :-1][flat] = 0.0
    usable = np.isfinite(reduced).all(axis=(1, 2)) & np.isfinite(norm).all(axis=1) & (h_pivot != 0)
    table = np.where(usable[:, None, None], reduced / norm[:, :, None], 0.0)
    begin = np.take_along_axis(candidates.start, kept[:, :-1], axis=1)
    x, depth, multipliers = np.zeros((count, d - 1)), np.zeros(count), np.zeros(rows.shape[:2])
    step = max(1, BLOCK // max(1, table[:1].size))
    for piece in (slice(first, first + step) for first in range(0, count, step)):
        widest_points(table[piece], begin[piece], x[piece], depth[piece], multipliers[piece])

    y = np.zeros((count, d))
    np.put_along_axis(y, kept[:, :-1], x, axis=1)
    y[each, pivot] = -((y * h[:, :d]).sum(axis=1) + h[:, d]) / h_pivot
    facet, none = usable & (depth > 0), usable & (depth < 0) & floats.bounded
    chosen = np.flatnonzero(facet)
    facet[chosen] = _shows_facet(
        floats, mine[chosen], candidates.unit[chosen], passed[chosen], y[chosen], h[chosen], sides
    )
    weights = np.where(none[:, None], multipliers / norm, 0.0)
    mu = -(weights * rows[each, :, pivot]).sum(axis=1) / h_pivot
    parts = np.concatenate([weights[:, :, None] * rows, (mu[:, None] * h)[:, None, :]], axis=1)
    total, size = parts.sum(axis=1), np.abs(parts).sum(axis=1)
    if floats.bounded:
        # Where h = 0 and every other row is ≥ 0, the exact combination is ≥ 0; here it is negative all over the box.
        most = np.maximum(total[:, :d] * floats.box[0], total[:, :d] * floats.box[1]).sum(axis=1) + total[:, d]
        doubt = (weights * errors).sum(axis=1) + np.abs(mu) * error_h
        doubt = doubt * SAFE + sum_error(size @ np.append(floats.reach, 1.0), parts.shape[1] + d + 4) + TINY
        none &= most < -doubt
    return Settled(facet, none, y)


def _side_rows(floats: HullFloats) -> FloatArray:
    """Rows and finite sides of the domain as forms ≥ 0, shape (k, d + 1)."""
    d = floats.dimension
    lower, upper = (np.isfinite(side) for side in floats.box)
    below = np.column_stack([np.eye(d), -floats.box[0]])[lower]
    above = np.column_stack([-np.eye(d), floats.box[1]])[upper]
    return np.concatenate([floats.rows, below, above])


def _shows_facet(
    floats: HullFloats,
    bits: BoolArray,
    unit: IntArray,
    passed: BoolArray,
    y: FloatArray,
    h: FloatArray,
    sides: FloatArray,
) -> BoolArray:
    """Whether points near a proposed one, on both sides of the hyperplane, prove the facet."""
    normal = h[:, :-1] / np.sqrt((h[:, :-1] ** 2).sum(axis=1))[:, None]
    room = (y @ sides[:, :-1].T + sides[:, -1]) / np.abs(normal @ sides[:, :-1].T)
    step = 0.5 * np.minimum(room.min(axis=1, initial=np.inf), 1.0 + np.abs(y).max(axis=1))[:, None]
    p, q = y + step * normal, y - step * normal
    shown = prove_crossing(bits, unit, passed, floats.values(bits, p), floats.values(bits, q))
    return np.asarray(shown & floats.contains(p) & floats.contains(q), dtype=np.bool_)
