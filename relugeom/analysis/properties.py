"""Properties of a network as claims on boxes.

One idea: cases of a property that share a box become one claim, about that box. Bounds that are no float64 are rounded
outwards for the box, and stay among the inequalities as they are.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, nextafter

from relugeom.claims.claim import Excluded
from relugeom.claims.inequality import Inequality
from relugeom.claims.vnnlib import Case, Property
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.exact import nearest_quotient
from relugeom.network.network import ReLUNetwork

__all__ = ["property_claims"]

ALWAYS = Inequality(Fraction(1))


def property_claims(stated: Property, network: ReLUNetwork) -> list[tuple[Domain, Excluded]]:
    """Boxes, and what may not happen in each; the property holds iff all of these claims do.

    Raises
    ------
    InputError
        The property is about another number of inputs or outputs.
    """
    for name, asked, present in (
        ("inputs", stated.inputs, network.inputs),
        ("outputs", stated.outputs, network.outputs),
    ):
        if asked != present:
            raise InputError(f"the property is about {asked} {name}, but the network has {present}")
    boxes: dict[tuple[tuple[float, ...], tuple[float, ...]], list[tuple[Inequality, ...]]] = {}
    for case in stated.cases:
        lower = tuple(-inf if bound is None else _float_below(bound) for bound in case.lower)
        upper = tuple(inf if bound is None else -_float_below(-bound) for bound in case.upper)
        members = (*case.inequalities, *_sides_between_floats(case, lower, upper))
        boxes.setdefault((lower, upper), []).append(members or (ALWAYS,))
    return [
        (Domain.box(lower, upper, network.feature_names), Excluded(tuple(sets)))
        for (lower, upper), sets in boxes.items()
    ]


def _float_below(bound: Fraction) -> float:
    """The largest float64 that is not above a rational."""
    nearest = nearest_quotient(bound.numerator, bound.denominator)
    return nearest if nearest <= bound else nextafter(nearest, -inf)


def _sides_between_floats(case: Case, lower: Sequence[float], upper: Sequence[float]) -> list[Inequality]:
    """The bounds that are no float64."""
    found = []
    for bounds, floats, sign in ((case.lower, lower, 1), (case.upper, upper, -1)):
        for place, (bound, rounded) in enumerate(zip(bounds, floats, strict=True)):
            if bound is not None and bound != rounded:
                row = tuple(Fraction(sign * (k == place)) for k in range(len(bounds)))
                found.append(Inequality(-sign * bound, row))
    return found
