"""Slices: planes through the domain, cut into the regions of the network as exact polygons.

Notation: the slice through a point p along the features i and j is {p + (s − p_i) e_i + (t − p_j) e_j}, so that (s, t)
are the values of the two features themselves. It is the flat domain x_k = p_k for every other k, together with the
relaxation of the domain; its regions are relative to the plane and enumerated like those of any domain. Rules on single
features (integers, one-hot groups as 0 or 1) are not imposed on a slice: its points are inputs of the relaxation.

The one idea: a region of the plane is a polygon whose corners are found in rationals from the rows of its pattern; if
the list of regions is complete, the areas of all polygons add up exactly to that of the slice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike

from relugeom.columns.frames import vector_in_order
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DomainError, UnboundedPolytopeError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.extents import domain_rows
from relugeom.geometry.forms import float_point
from relugeom.geometry.volume import VertexCell, is_bounded, polytope_cell
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.linalg.exact import nearest_float, rational
from relugeom.measures.polygons import level_segment
from relugeom.measures.region_rows import RegionRows
from relugeom.network.exact import exact_network, output_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.partition import Partition, PartitionStatus, check_inputs
from relugeom.search.enumeration import enumerate_regions

__all__ = [
    "RegionSlice",
    "exact_polygons",
    "level_lines",
    "polygon_area",
    "slice_domain",
    "slice_partition",
    "slice_regions",
]

Corner = tuple[fmpq, fmpq]
Sides = tuple[float, float]
NO_AREA = "the slice has no area in the domain"


@dataclass(frozen=True, slots=True, eq=False)
class RegionSlice:
    """The regions of a network on a plane; k of them with v corners in all.

    Attributes
    ----------
    features
        The inputs i and j along which the plane runs: the first is s (drawn to the right), the second t (upwards).
    point
        p, shape (n,); its entries i and j are meaningless.
    partition
        The regions of the slice; their interior points lie in it.
    corners
        The float64 nearest to each exact corner (s, t), anticlockwise, shape (v, 2).
    starts
        Region r's corners are at starts[r] : starts[r + 1], shape (k + 1,).
    maps
        The outputs before squashing as functions a s + b t + c of the region: the float64 nearest to each exact
        coefficient, shape (k, m, 3).
    outline
        The corners of the slice itself, as in `corners`, shape (w, 2).
    covered
        Whether the exact areas of the polygons add up to that of the slice, so that nothing is missing.
    """

    features: tuple[int, int]
    point: FloatArray
    partition: Partition
    corners: FloatArray
    starts: IntArray
    maps: FloatArray
    outline: FloatArray
    covered: bool

    def __post_init__(self) -> None:
        for name in ("point", "corners", "maps", "outline"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        starts = np.array(self.starts, dtype=np.int64)
        starts.setflags(write=False)
        object.__setattr__(self, "starts", starts)

    def __len__(self) -> int:
        return len(self.partition)

    def polygon(self, row: int) -> FloatArray:
        """The corners of one region, anticlockwise, shape (corners, 2)."""
        row = range(len(self))[row]
        return self.corners[self.starts[row] : self.starts[row + 1]]


def level_lines(cut: RegionSlice, output: int, level: float) -> FloatArray:
    """Where an output has a level: segments (s, t) → (s, t) within regions, in floats, shape (segments, 2, 2)."""
    found = [level_segment(cut.polygon(row), cut.maps[row, output], level) for row in range(len(cut))]
    return np.array([segment for segment in found if segment is not None]).reshape(-1, 2, 2)


def slice_domain(
    domain: Domain, features: tuple[int, int], point: ArrayLike, *, window: tuple[Sides, Sides] | None = None
) -> Domain:
    """Relaxation of a domain on the plane through `point` along two features.

    Parameters
    ----------
    features
        Two different inputs, from 0.
    point
        Values of all inputs, shape (n,), in input units; those of the two features are ignored.
    window
        Sides for the two features inside those of the domain, or None for the domain's own.

    Raises
    ------
    DomainError
        The features do not exist or are the same, the point has another length, or a feature has no finite range.
    """
    n, (i, j) = domain.inputs, features
    values = vector_in_order(point, names=domain.feature_names, what="the point of a slice")
    if not (0 <= i < n and 0 <= j < n) or i == j:
        raise DomainError(f"a slice runs along two different inputs from 0 to {n - 1}, not {i} and {j}")
    if values.shape != (n,) or not np.isfinite(values).all():
        raise DomainError(f"a slice needs a point of {n} finite numbers, not shape {values.shape}")
    lower, upper = domain.lower.copy(), domain.upper.copy()
    for position, feature in enumerate(features):
        if window is not None:
            lower[feature] = max(lower[feature], window[position][0])
            upper[feature] = min(upper[feature], window[position][1])
        if not np.isfinite([lower[feature], upper[feature]]).all():
            raise DomainError(f"feature {domain.names[feature]!r} has an open side: give the slice a window for it")
    fixed = [feature for feature in range(n) if feature not in features]
    E, f = domain.equalities
    return Domain(
        lower,
        upper,
        A=domain.A,
        b=domain.b,
        E=np.vstack([E, np.eye(n)[fixed]]),
        f=np.append(f, values[fixed]),
        feature_names=domain.feature_names,
    )


def slice_regions(
    network: ReLUNetwork,
    domain: Domain,
    features: tuple[int, int],
    point: ArrayLike,
    *,
    window: tuple[Sides, Sides] | None = None,
    max_regions: int | None = 10_000,
    time_limit: TimeLimit = None,
) -> RegionSlice:
    """Cut the plane through `point` along two features into regions, with exact corners.

    Parameters
    ----------
    features, point, window
        As in `slice_domain`.
    max_regions, time_limit
        Limits of the enumeration, as in `enumerate_regions`; if one is met, the slice shows a part, and its partition
        says so.

    Raises
    ------
    DomainError
        The slice misses the domain (`EmptyDomainError`), has no area in it, or cannot be made (`slice_domain`), or the
        corners of its regions were not found in time.
    """
    deadline = Deadline.of(time_limit)
    partition = slice_partition(
        network, domain, features, point, window=window, max_regions=max_regions, time_limit=deadline.share(1 / 2)
    )
    plane = partition.domain
    whole = polytope_cell(domain_rows(domain_chart(plane)), 2)
    if whole is None:
        raise DomainError(NO_AREA)
    polygons = list[list[Corner]]()
    for polygon in exact_polygons(partition):
        if deadline.passed:
            raise DomainError("there was no time to find the corners of its regions")
        polygons.append(polygon)
    areas = sum((polygon_area(polygon) for polygon in polygons), fmpq(0))
    outline = _polygon(whole)
    swapped = features[0] > features[1]
    corners = [_floats(polygon, swapped=swapped) for polygon in polygons]
    return RegionSlice(
        features=features,
        point=np.asarray(point, dtype=np.float64),
        partition=partition,
        corners=np.concatenate([np.zeros((0, 2)), *corners]),
        starts=np.cumsum([0, *map(len, corners)]),
        maps=_plane_maps(partition, features, plane.f[-(domain.inputs - 2) :] if domain.inputs > 2 else np.zeros(0)),
        outline=_floats(outline, swapped=swapped),
        covered=partition.status is PartitionStatus.COMPLETE and areas == polygon_area(outline),
    )


def slice_partition(
    network: ReLUNetwork,
    domain: Domain,
    features: tuple[int, int],
    point: ArrayLike,
    *,
    window: tuple[Sides, Sides] | None = None,
    max_regions: int | None = 10_000,
    time_limit: TimeLimit = None,
) -> Partition:
    """The regions of a plane without their corners, for the same arguments and with the same errors as `slice_regions`.

    Raises
    ------
    DomainError
        The slice misses the domain, has no area in it, or cannot be made.
    """
    deadline = Deadline.of(time_limit)
    check_inputs(network, domain)
    plane = slice_domain(domain, features, point, window=window)
    if domain_chart(plane).dimension < 2:
        first, second = (domain.names[feature] for feature in features)
        raise DomainError(
            f"the slice along {first!r} and {second!r} has no area: the domain makes them dependent on this plane"
        )
    return enumerate_regions(network, plane, max_regions=max_regions, time_limit=deadline)


def exact_polygons(partition: Partition) -> Iterator[list[Corner]]:
    """Corners of each region of a bounded partition of dimension 2, anticlockwise, in rationals.

    They are values of the two inputs that serve as coordinates of the domain's hull (`geometry/chart.py`): on a slice,
    of its two features, the one with the lower index first.

    Raises
    ------
    DomainError
        The domain has another dimension.
    UnboundedPolytopeError
        A region is unbounded.
    """
    chart: Chart = domain_chart(partition.domain)
    if chart.dimension != 2:
        raise DomainError(f"polygons need a domain of dimension 2, but this one has dimension {chart.dimension}")
    sides, units = domain_rows(chart), RegionRows(partition.network, chart)
    for region in partition:
        cell = polytope_cell([*sides, *units.region_rows(region.pattern)], 2)
        assert cell is not None, "an activation region has an interior"
        yield _polygon(cell)


def polygon_area(corners: Sequence[Corner]) -> fmpq:
    """Area of a polygon with anticlockwise corners, exactly."""
    doubled = fmpq(0)
    for (x, y), (next_x, next_y) in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        doubled += x * next_y - next_x * y
    return doubled / 2


def _polygon(cell: VertexCell) -> list[Corner]:
    """Corners of a bounded cell in order: left to right along the bottom, and back along the top."""
    if not is_bounded(cell):
        raise UnboundedPolytopeError("a region is unbounded: it is not a polygon")
    corners = sorted((fmpq(x, t), fmpq(y, t)) for x, y, t in cell.rays)
    (x0, y0), (x1, y1) = corners[0], corners[-1]
    across = [(x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) for x, y in corners]
    bottom = [corner for corner, side in zip(corners[1:-1], across[1:-1], strict=True) if side < 0]
    top = [corner for corner, side in zip(corners[1:-1], across[1:-1], strict=True) if side > 0]
    return [corners[0], *bottom, corners[-1], *reversed(top)]


def _floats(corners: Sequence[Corner], *, swapped: bool) -> FloatArray:
    """Nearest floats; if the features are in descending order, the axes and therefore the direction are swapped."""
    points = np.array([float_point(corner) for corner in corners])
    return points[::-1, ::-1] if swapped else points


def _plane_maps(partition: Partition, features: tuple[int, int], fixed: FloatArray) -> FloatArray:
    """a, b, c of every output and region, evaluated in rationals and rounded once."""
    network = partition.network
    exact, others = exact_network(network), [k for k in range(network.inputs) if k not in features]
    values = [rational(value) for value in fixed.tolist()]
    maps = np.zeros((len(partition), network.outputs, 3))
    for row, content in enumerate(partition.packed):
        forms = output_forms(exact, ActivationPattern(network.widths, content.tobytes()))
        scale = 1 << forms.exponent
        for output, form in enumerate(forms.rows()):
            constant = sum((form[k] * value for k, value in zip(others, values, strict=True)), fmpq(form[-1]))
            exact_row = (fmpq(form[features[0]]), fmpq(form[features[1]]), constant)
            maps[row, output] = [nearest_float(entry / scale) for entry in exact_row]
    return maps
