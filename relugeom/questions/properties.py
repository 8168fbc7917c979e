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

__all__ = ["property_claims"]

Box = tuple[tuple[float, ...], tuple[float, ...]]
ALWAYS = Inequality(Fraction(1))


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
    boxes: dict[Box, list[tuple[Inequality, ...]]] = {}
    for case in stated.cases:
        deadline.check()
        box, members = _rounded_outwards(case)
        boxes.setdefault(box, []).append((*case.inequalities, *members) or (ALWAYS,))
    sides = np.array([*boxes], dtype=np.float64).reshape(len(boxes), 2, stated.inputs)
    claims = tuple(Excluded(tuple(sets)) for sets in boxes.values())
    return BoxClaims(sides[:, 0], sides[:, 1], claims, network.feature_names)


def _rounded_outwards(case: Case) -> tuple[Box, list[Inequality]]:
    """The least float64 box around a case, and the bounds that it does not keep."""
    box: list[tuple[float, ...]] = []
    lost = []
    for bounds, sign in ((case.lower, 1), (case.upper, -1)):
        sides = []
        for place, bound in enumerate(bounds):
            if bound is None:
                sides.append(-sign * inf)
                continue
            below = float_below(sign * bound)
            sides.append(sign * below)
            if below != sign * bound:
                row = tuple(Fraction(sign * (k == place)) for k in range(len(bounds)))
                lost.append(Inequality(-sign * bound, row))
        box.append(tuple(sides))
    return (box[0], box[1]), lost
