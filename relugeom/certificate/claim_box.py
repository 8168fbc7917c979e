"""The box on which a claim can fail: inequalities of one input that all its sets share cut off the rest.

The one idea: beyond such a bound every set is missed, by that inequality alone. So a tree may begin with a cut there,
whose other side is closed at once, and what follows has closer bounds and fewer inputs that move.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, inf, log2, nextafter

import numpy as np

from relugeom.bounding.problem import RootCut
from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.claims.cover_tree import NodeKind
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["cut_box", "inner_box"]

GRID, EXACT = 16, 2.0**53
"""Bisections lie on a grid of 2^−16 of the width, so that their numbers are short; integers that are floats."""


def inner_box(sets: Sequence[Sequence[SetRow]], lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The box without what bounds of one input, which all sets share, cut off."""
    inner_lower, inner_upper = lower.copy(), upper.copy()
    for feature, bound, above in _shared_cuts(sets):
        nearest = nearest_quotient(bound.numerator, bound.denominator)
        if above:
            inside = nearest if nearest >= bound else nextafter(nearest, inf)
            inner_lower[feature] = max(inner_lower[feature], inside)
        else:
            inside = nearest if nearest <= bound else nextafter(nearest, -inf)
            inner_upper[feature] = min(inner_upper[feature], inside)
    empty = inner_lower > inner_upper
    return np.where(empty, lower, inner_lower), np.where(empty, upper, inner_upper)


def cut_box(
    sets: Sequence[Sequence[SetRow]], lower: FloatArray, upper: FloatArray, whole: BoolArray
) -> tuple[FloatArray, FloatArray, tuple[RootCut, ...]]:
    """The box without nearly all of that, and the cuts that lead to it from the whole one.

    Integers are cut exactly; other inputs a little beyond the bound, so that the inequality is < 0 on the other side.
    """
    low, high = lower.copy(), upper.copy()
    found = []
    for cut in sorted(_shared_cuts(sets)):
        feature, bound, above = cut
        own = float(low[feature]), float(high[feature])
        bound = min(max(bound, Fraction(own[0]) - 1), Fraction(own[1]) + 1)
        if whole[feature]:
            kind, value = NodeKind.BRANCH, float(ceil(bound) - 1 if above else floor(bound))
            sides = (own[0], min(own[1], value)), (max(own[0], value + 1.0), own[1])
        else:
            kind, value = NodeKind.BISECT, _beyond(bound, *own, above=above)
            sides = (own[0], value), (value, own[1])
        rest = sides[above]
        if rest != own and rest[0] <= rest[1] and abs(value) < EXACT:
            low[feature], high[feature] = rest
            weights = np.array([float(_cut(row) == cut) for members in sets for row in members])
            found.append(RootCut(kind, feature, value, above, weights))
    return low, high, tuple(found)


def _beyond(bound: Fraction, low: float, high: float, *, above: bool) -> float:
    """A number on a grid next to a bound, on the side where the inequality fails; infinite if there is none."""
    if not 0.0 < high - low < inf:
        return inf
    grid = Fraction(2) ** (floor(log2(high - low)) - GRID)
    steps = ceil(bound / grid) - 1 if above else floor(bound / grid) + 1
    value = nearest_quotient((steps * grid).numerator, (steps * grid).denominator)
    return value if low < value < high and (value < bound if above else value > bound) else inf


def _shared_cuts(sets: Sequence[Sequence[SetRow]]) -> set[tuple[int, Fraction, bool]]:
    """Inputs that an inequality of every set bounds alone, by what, and whether from below."""
    cuts = [{_cut(row) for row in members} for members in sets]
    return {cut for cut in set.intersection(*cuts) if cut is not None}


def _cut(row: SetRow) -> tuple[int, Fraction, bool] | None:
    """The input that an inequality bounds alone, by what, and whether from below."""
    used = [] if any(row.outputs) else [k for k, entry in enumerate(row.inputs) if entry]
    if len(used) != 1:
        return None
    slope = row.inputs[used[0]]
    return used[0], Fraction(-row.constant, slope), slope > 0
