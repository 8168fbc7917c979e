"""Properties of a network as claims on boxes.

One idea: cases of a property that share a box become one claim, about that box. Bounds that are not float64 are rounded
outwards for the box, and stay among the inequalities unchanged.
"""

from fractions import Fraction
from math import inf

import numpy as np

from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.claim import Excluded
from relugeom.claims.inequality import Inequality
from relugeom.claims.vnnlib import Case, Property
from relugeom.deadline import NEVER, Deadline
from relugeom.decimals import float_below
from relugeom.errors import InputError
from relugeom.network.network import ReLUNetwork

__all__ = ["property_claims", "set_of_case"]

ALWAYS, ZERO = Inequality(Fraction(1)), Fraction(0)


def property_claims(stated: Property, network: ReLUNetwork, *, deadline: Deadline = NEVER) -> BoxClaims:
    """Boxes, and a claim about each; the property holds iff all of these claims do.

    Raises
    ------
    InputError
        The property is about another number of inputs or outputs.
    DeadlinePassedError
        The deadline passed before all boxes were found.
    """
    for name, asked, present in (
        ("inputs", stated.inputs, network.inputs),
        ("outputs", stated.outputs, network.outputs),
    ):
        if asked != present:
            raise InputError(f"the property is about {asked} {name}, but the network has {present}")
    boxes: dict[bytes, list[tuple[Inequality, ...]]] = {}
    rounding = _Rounding(stated.inputs)
    for case in stated.cases:
        deadline.check()
        box, members = rounding.outwards(case)
        boxes.setdefault(box, []).append((*case.inequalities, *members) or (ALWAYS,))
    sides = np.frombuffer(b"".join(boxes)).reshape(len(boxes), 2, stated.inputs)
    claims = tuple(Excluded(tuple(sets)) for sets in boxes.values())
    return BoxClaims(sides[:, 0], sides[:, 1], claims, network.feature_names)


def set_of_case(case: Case) -> tuple[Inequality, ...]:
    """The inequalities of a case, those of its box included."""
    inputs = len(case.lower)
    bounds = [
        Inequality(-sign * bound, tuple(Fraction(sign * (k == feature)) for k in range(inputs)))
        for sign, ends in ((1, case.lower), (-1, case.upper))
        for feature, bound in enumerate(ends)
        if bound is not None
    ]
    return (*case.inequalities, *bounds) or (ALWAYS,)


class _Rounding:
    """Rounds boxes outwards, one after the other: only what differs from the one before is looked at again."""

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        self._sides = np.zeros(2 * inputs)
        self._before: tuple[object, ...] = (self,) * (2 * inputs)
        self._lost: dict[int, Inequality] = {}
        self._known: dict[tuple[int, Fraction], tuple[float, Inequality | None]] = {}

    def outwards(self, case: Case) -> tuple[bytes, list[Inequality]]:
        """The least float64 box around a case (lower sides, then upper ones), and the bounds that it does not keep."""
        sides = case.lower + case.upper
        for place, bound in enumerate(sides):
            if bound is not self._before[place]:
                self._set(place, bound)
        self._before = sides
        return self._sides.tobytes(), [self._lost[place] for place in sorted(self._lost)]

    def _set(self, place: int, bound: Fraction | None) -> None:
        self._lost.pop(place, None)
        if bound is None:
            self._sides[place] = -inf if place < self._inputs else inf
            return
        if (place, bound) not in self._known:
            self._known[place, bound] = self._rounded(place, bound)
        self._sides[place], lost = self._known[place, bound]
        if lost is not None:
            self._lost[place] = lost

    def _rounded(self, place: int, bound: Fraction) -> tuple[float, Inequality | None]:
        """A side, and the inequality that says what is lost by it."""
        sign = 1 if place < self._inputs else -1
        side = sign * float_below(sign * bound) + 0.0  # -0 is 0
        if side == bound:
            return side, None
        row = [ZERO] * self._inputs
        row[place % self._inputs] = Fraction(sign)
        return side, Inequality(-sign * bound, tuple(row))
