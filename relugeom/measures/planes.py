"""Choice of a plane to draw: through a typical point, along features that show many regions.

The one idea: a quick search counts the regions of each candidate plane, and the plane that shows most of them is then
cut in full.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DomainError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain, FeatureKind, round_to_rules
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray
from relugeom.measures.slices import RegionSlice, slice_partition, slice_regions
from relugeom.network.network import ReLUNetwork

__all__ = ["INSIDE", "OTHERS", "TYPICAL", "Plane", "find_plane", "rank_pairs"]

OPEN_SPREADS, OPEN_REACH = 3.0, 10.0
"""Spreads from the mean at which an open side is drawn, or its distance from 0 without samples."""
MAX_REGIONS, TIME_LIMIT = 2_000, 20.0
MAX_CANDIDATES, LOOK_REGIONS, LOOK_SECONDS = 6, 200, 0.5
"""Features that are tried in pairs, with a quick search of each of their maps."""
ENOUGH_REGIONS = 3
TYPICAL, INSIDE, OTHERS = 0, 1, 2
"""Point that a plane goes through: the mean of the samples, some point of the domain, the first of the others, …"""

Sides = tuple[float, float]


class Plane(NamedTuple):
    """A chosen plane: its regions, and the number of the point that it goes through."""

    cut: RegionSlice
    through: int


class _Look(NamedTuple):
    """A plane that was looked at, and how many regions it has, up to a limit."""

    through: int
    point: FloatArray
    pair: tuple[int, int]
    window: tuple[Sides, Sides]
    regions: int


def find_plane(
    network: ReLUNetwork,
    domain: Domain,
    *,
    features: Sequence[tuple[int, int]],
    around: tuple[FloatArray, FloatArray] | None = None,
    others: Sequence[FloatArray] = (),
    time_limit: TimeLimit = None,
) -> Plane:
    """Find the plane that shows most regions, through the mean of the samples or, without samples, the middle of the
    domain.

    Parameters
    ----------
    features
        Pairs of inputs, from 0; the first of equally good ones is taken.
    around
        Mean and spread of the samples, shape (n,) each, or None.
    others
        Further points, shape (n,), which are tried if the plane through the mean shows fewer than three regions.
    time_limit
        Seconds or a deadline for all planes that are tried.

    Raises
    ------
    DomainError
        No pair has a plane with an area in the domain.
    """
    deadline = Deadline.of(time_limit)
    chart = domain_chart(domain)
    inside = float_point(chart.embed(chart.interior))
    typical, reach = _typical(domain, around, inside)
    refusal = DomainError("there was no time to draw one" if features else "no two features were given")
    found: list[_Look] = []
    for number, point in enumerate((typical, inside, *others)):
        if found and (max(look.regions for look in found) >= ENOUGH_REGIONS or number == INSIDE):
            continue  # the mean gives way only where it breaks a row of the domain or shows next to nothing
        for pair in features:
            if deadline.passed:
                break
            look = _Look(number, point, pair, _window(domain, pair, typical, reach), 0)
            limit = deadline.within(LOOK_SECONDS)
            try:
                regions = slice_partition(
                    network, domain, pair, point, window=look.window, max_regions=LOOK_REGIONS, time_limit=limit
                )
            except DomainError as error:
                refusal = error
            else:
                found.append(look._replace(regions=len(regions)))
    if not found:
        raise refusal
    best = max(found, key=lambda look: look.regions)
    return Plane(
        slice_regions(
            network, domain, best.pair, best.point,
            window=best.window, max_regions=MAX_REGIONS, time_limit=deadline.within(TIME_LIMIT),
        ),
        best.through,
    )  # fmt: skip


def rank_pairs(domain: Domain, strength: FloatArray) -> list[tuple[int, int]]:
    """Pairs of the strongest features, shape (n,), that can vary, the strongest pair first."""
    grouped = {feature for group in domain.groups for feature in group}
    free = [
        feature
        for feature in range(domain.inputs)
        if feature not in grouped and domain.lower[feature] < domain.upper[feature]
    ]
    order = sorted(free, key=lambda feature: (domain.kinds[feature] is FeatureKind.BINARY, -strength[feature], feature))
    return list(combinations(order[:MAX_CANDIDATES], 2))


def _typical(
    domain: Domain, around: tuple[FloatArray, FloatArray] | None, inside: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Point that the plane goes through, with integers for integer features, and the spreads."""
    if around is None:
        return inside, np.full(domain.inputs, OPEN_REACH / OPEN_SPREADS)
    mean, spread = around
    whole = round_to_rules(domain, mean[None, :])[0]
    return np.clip(whole, domain.lower, domain.upper), spread


def _window(domain: Domain, pair: tuple[int, int], typical: FloatArray, spread: FloatArray) -> tuple[Sides, Sides]:
    first, second = (_sides(domain, feature, typical[feature], spread[feature]) for feature in pair)
    return first, second


def _sides(domain: Domain, feature: int, middle: float, spread: float) -> Sides:
    reach = OPEN_SPREADS * (spread or 1.0)
    low, high = float(domain.lower[feature]), float(domain.upper[feature])
    return (
        low if np.isfinite(low) else min(middle, high) - reach,
        high if np.isfinite(high) else max(middle, low) + reach,
    )
