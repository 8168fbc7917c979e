"""Regions beyond the facets of listed regions, where there are too many regions to list them all.

Notation: h ≥ 0 is the form of a facet's hyperplane, as seen from the region, x a point inside the region, and p one
inside the facet. Beyond, the signs of all forms hold at p + t (p − x) for every small t > 0, since each is either
positive at p or a multiple of −h, which grows along p − x. All of this is exact, so each new region is proved by its
point. Floats with error bounds (`facet_floats`, `float_points`) prove most facets, and points beyond them, or that a
hyperplane has no facet; exact programs settle the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from flint import fmpq

from relugeom.deadline import CLOCK, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import float_point, is_float_point, shadow
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import RationalPoint, as_fraction, evaluate_form, rational_point
from relugeom.measures.facet_floats import Candidates, HullFloats, settle
from relugeom.measures.facets import ExactFaces, RegionFaces
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.partition import Partition, Region
from relugeom.printing import counted
from relugeom.search.float_points import FloatLift, prove_points

__all__ = ["Expansion", "expand_regions"]

Point = tuple[FloatArray, tuple[Fraction, ...] | None]
STEPS = (2.0**-4, 2.0**-8, 2.0**-14, 2.0**-20, 2.0**-28)
"""Steps off a facet that are tried in floats, in parts of the size of the coordinates."""
GRID = 2.0**34
"""Points are rounded to multiples of its inverse, whose sums have no rounding error."""


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A list of regions with the neighbours of some of them.

    Attributes
    ----------
    partition
        The regions that were given, and those beyond facets of the first ones, in tree order.
    examined
        Number of regions all of whose neighbours are listed.
    added
        Number of regions that were added.
    """

    partition: Partition
    examined: int
    added: int


def expand_regions(
    partition: Partition,
    order: Sequence[int],
    *,
    most: int | None = None,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Expansion:
    """Add the regions that share a facet with listed ones, region by region.

    Parameters
    ----------
    order
        Rows of the partition in the order in which their facets are examined.
    most
        Regions at which the list is full; the neighbours of the last region are all listed.
    time_limit
        Seconds or a deadline, after which no further region is examined.
    on_progress
        Called with the number of regions that have been examined.
    """
    began, deadline = CLOCK.now(), Deadline.of(time_limit)
    search = _Beyond(partition)
    examined = 0
    for row in order:
        if most is not None and len(partition) + len(search.found) >= most:
            break
        try:
            search.examine(row, deadline)
        except DeadlinePassedError:
            break
        examined += 1
        if on_progress is not None:
            on_progress(examined)
    told = f"the neighbours of {counted(examined, 'region')} of {len(order):,} were added"
    reason = "; ".join(filter(None, [partition.reason, told]))
    grown = replace(_joined(partition, search.found), reason=reason, seconds=partition.seconds + CLOCK.now() - began)
    return Expansion(grown, examined, len(search.found))


class _Beyond:
    """The regions found beyond facets: packed pattern → a point inside."""

    def __init__(self, partition: Partition) -> None:
        self._partition, self._chart = partition, domain_chart(partition.domain)
        self._faces = ExactFaces(partition.network, self._chart)
        self._floats, self._lift = HullFloats(partition.network, self._chart), FloatLift(self._chart)
        self.found: dict[bytes, Point] = {}

    def examine(self, row: int, deadline: Deadline) -> None:
        """Find the regions beyond all facets of one region; regions found before time runs out are kept."""
        region = self._partition[row]
        inside = [fmpq(x.numerator, x.denominator) for x in region.exact_point or map(Fraction, region.point.tolist())]
        x = [inside[place] for place in self._chart.free]
        faces = self._faces.move_to(region.pattern)
        beyond = {h: faces.across(h).pattern for h in faces.hyperplanes}
        new = {h: pattern for h, pattern in beyond.items() if self._partition.find_row(pattern) is None}
        asked = [h for h, pattern in new.items() if pattern.packed not in self.found]
        deadline.check()
        left = self._prove_in_floats(region, faces, {h: new[h] for h in asked if len(faces.hyperplanes[h]) == 1})
        for h in asked:
            pattern = new[h]
            if len(faces.hyperplanes[h]) == 1 and h not in left:
                continue
            p = faces.find_facet_point(h, deadline=deadline)
            if p is not None:
                self.found[pattern.packed] = self._point_beyond(pattern, p, [b - a for a, b in zip(x, p, strict=True)])

    def _prove_in_floats(self, region: Region, faces: RegionFaces, beyond: dict[Form, ActivationPattern]) -> set[Form]:
        """Find regions beyond hyperplanes of one unit; the hyperplanes that floats leave open."""
        forms, d = list(beyond), self._chart.dimension
        units = np.array([faces.hyperplanes[h][0][0] for h in forms], dtype=np.int64)
        passed = np.zeros((len(forms), self._partition.network.units), dtype=np.bool_)
        passed[:, faces.vanishing] = True
        start = np.broadcast_to(region.point[list(self._chart.free)], (len(forms), d))
        if not forms or d < 2:
            return set(forms)
        rows = Candidates(np.zeros(len(forms), dtype=np.int64), units, passed, start)
        with np.errstate(all="ignore"):
            settled = settle(self._floats, region.pattern.bits[None, :], rows)
        open_rows = np.flatnonzero(settled.facet)
        left = {forms[row] for row in np.flatnonzero(~settled.facet & ~settled.none).tolist()}
        normals = np.array([shadow(h)[0][:-1] for h in forms])
        normals /= np.sqrt((normals**2).sum(axis=1))[:, None]
        packed = np.frombuffer(b"".join(beyond[h].packed for h in forms), np.uint8).reshape(len(forms), -1)
        for step in STEPS:
            y = settled.points[open_rows]
            size = step * np.minimum(1.0, np.abs(y).max(axis=1, initial=0.0))[:, None]
            moved = np.rint((y - size * normals[open_rows]) * GRID) / GRID
            points, proved = prove_points(self._lift, self._partition.network, packed[open_rows], moved)
            for row, point in zip(open_rows[proved].tolist(), points[proved], strict=True):
                self.found[beyond[forms[row]].packed] = (point, None)
            open_rows = open_rows[~proved]
        return left | {forms[row] for row in open_rows.tolist()}

    def _point_beyond(self, pattern: ActivationPattern, p: RationalPoint, way: RationalPoint) -> Point:
        """A point p + t · way inside the region of a pattern, in float64 if one nearby is inside as well."""
        forms: list[Form] = [*self._faces.move_to(pattern).hyperplanes, *self._faces.sides]
        here = [evaluate_form(form, p) for form in forms]
        slopes = [evaluate_form([*form[:-1], 0], way) for form in forms]
        limits = [value / -slope for value, slope in zip(here, slopes, strict=True) if slope < 0]
        step = min([fmpq(1), *limits]) / 2
        t = fmpq(1, 1 << (int((1 / step).ceil()) - 1).bit_length())  # a power of 2 keeps the numbers short
        y = [a + t * b for a, b in zip(p, way, strict=True)]
        rounded = float_point(y)
        if np.isfinite(rounded).all():
            nearest = rational_point(rounded)
            y = nearest if all(evaluate_form(form, nearest) > 0 for form in forms) else y
        point = self._chart.embed(y)
        columns = float_point(point)
        return columns, None if is_float_point(point, columns) else tuple(map(as_fraction, point))


def _joined(partition: Partition, found: dict[bytes, Point]) -> Partition:
    """The partition with further regions, in tree order."""
    packed = [row.tobytes() for row in partition.packed] + list(found)
    points: list[Point] = [(point, partition.exact_points.get(row)) for row, point in enumerate(partition.points)]
    points += found.values()
    order = sorted(range(len(packed)), key=packed.__getitem__)
    exact = {place: points[row][1] for place, row in enumerate(order)}
    return replace(
        partition,
        packed=np.frombuffer(b"".join(packed[row] for row in order), np.uint8).reshape(len(order), -1),
        points=np.array([points[row][0] for row in order]).reshape(len(order), partition.network.inputs),
        exact_points={place: point for place, point in exact.items() if point is not None},
    )
