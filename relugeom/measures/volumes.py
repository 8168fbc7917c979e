"""Volumes of regions, their shares of the domain, and how much of the domain a partition covers.

Notation: in coordinates y ∈ R^d of the domain's affine hull (`geometry/chart.py`) a region has a rational volume v and
the domain V. The share v / V is the same number in input units; the volume there is v √det(DᵀD), D = the directions of
the hull, shape (n, d). For d = n that factor is 1; a single point has volume 1.

The one idea: regions in tree order share most rows with the previous one. The cells on the last region's path are kept,
one per unit, and the next region starts from the deepest cell that it shares. Nothing is taken from the split tree:
every row of every region is checked at every vertex, so the sum of the volumes is a proof of its own. If the dimension
is too high for that, shares are estimated from uniform points and exact patterns, with the interval of
`linalg/confidence.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

import numpy as np
from flint import fmpq

from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError, UnboundedPolytopeError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.extents import domain_rows, enclosing_floats, unbounded_reason, unit_volume
from relugeom.geometry.volume import (
    VertexCell,
    bounded_volume,
    cell_volume,
    extend_path,
    is_bounded,
    polytope_cell,
    shadow_table,
)
from relugeom.linalg.arrays import BoolArray, FloatArray, frozen_array
from relugeom.linalg.confidence import confidence_interval
from relugeom.linalg.exact import nearest_float
from relugeom.measures.region_rows import RegionRows
from relugeom.measures.volume_sampling import FEWEST_SAMPLES, Sample, sample_patterns
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = [
    "CoveredShare",
    "VolumeMethod",
    "Volumes",
    "covered_share",
    "exact_volumes",
    "region_volumes",
    "volumes_sum_to_domain",
]

EXACT_SECONDS = (0.0003, 0.0003, 0.0003, 0.0005, 0.002, 0.01)
"""Time for one region's exact volume by dimension, as measured on random networks."""
EXACT_LIMIT = 120.0
"""Seconds; exact volumes that would take longer are estimated unless the caller asks for exact ones."""
PROGRESS = 256
BITS = 200
"""Sums of shares are enclosed in multiples of 2^-BITS."""


class VolumeMethod(StrEnum):
    """How volumes were found."""

    EXACT = "exact"
    MONTE_CARLO = "Monte Carlo"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Volumes:
    """The volumes of the regions of a partition, row by row.

    Attributes
    ----------
    method
        EXACT: every number is the float64 nearest to the exact one. MONTE_CARLO: estimates. UNKNOWN: NaN.
    volumes
        d-dimensional volumes in input units within the domain's hull, shape (k,); inf for unbounded regions and for
        volumes beyond float64. An estimate is the share times `domain_volume`.
    shares
        Shares of the domain (`volume_share`), shape (k,); NaN if the domain is unbounded.
    low, high
        Bounds of the shares, shape (k,): proved for EXACT (two neighbouring floats), else a confidence interval.
    confidence
        Probability that one region's interval contains its share (each on its own, not all at once); 1 for EXACT.
    domain_volume
        Volume of the domain in input units within the hull; it is estimated, too, if a domain with rows is sampled.
    samples, elsewhere
        Number of points, and how many of them have a pattern that is not a region of this partition.
    reason
        Why something is missing or weaker than asked for, or empty.
    """

    method: VolumeMethod
    volumes: FloatArray
    shares: FloatArray
    low: FloatArray
    high: FloatArray
    confidence: float
    domain_volume: float
    samples: int = 0
    elsewhere: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("volumes", "shares", "low", "high"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    @property
    def exact(self) -> bool:
        """Whether the numbers follow from exact volumes."""
        return self.method is VolumeMethod.EXACT


@dataclass(frozen=True, slots=True)
class CoveredShare:
    """Share of the domain that the known regions cover: low ≤ share ≤ high.

    Attributes
    ----------
    method
        EXACT: both bounds are proved. MONTE_CARLO: a confidence interval. UNKNOWN: 0 and 1.
    confidence
        Probability that the interval contains the share; 1 for EXACT.
    """

    method: VolumeMethod
    low: float
    high: float
    confidence: float = 1.0
    reason: str = ""


def region_volumes(
    partition: Partition,
    *,
    method: VolumeMethod | None = None,
    samples: int = 100_000,
    seed: int = 0,
    confidence: float = 0.95,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Volumes:
    """Compute the volume of every region and its share of the domain.

    Parameters
    ----------
    method
        EXACT or MONTE_CARLO; by default EXACT if that takes an estimated two minutes or less.
    samples, seed, confidence
        For MONTE_CARLO: number of points, the seed of the generator, and the probability for each interval. Points are
        drawn as float64, which moves each by at most about 2^-53 of the domain's width.
    time_limit
        Seconds or a deadline; estimates use the points drawn by then.
    on_progress
        Called from time to time with the number of regions (or of points) that are done.

    Returns
    -------
    Volumes
        UNKNOWN with the reason if the domain is unbounded and not treated exactly, or too thin in its bounding box, or
        if time ran out before.

    Raises
    ------
    InputError
        An option is out of range.
    """
    deadline = Deadline.of(time_limit)
    method = _choose_method(partition, method, samples, confidence, deadline)
    chart = domain_chart(partition.domain)
    if method is VolumeMethod.MONTE_CARLO:
        sample = _sample(partition, chart, samples, seed, deadline, on_progress)
        if isinstance(sample, str):
            return _unknown(partition, sample)
        low, high = confidence_interval(sample.hits, sample.size, confidence)
        shares = sample.hits / sample.size
        whole = nearest_float(sample.domain_volume * unit_volume(chart))
        volumes = np.multiply(shares, whole, out=np.zeros(len(partition)), where=shares > 0)  # `whole` may be infinite
        elsewhere = sample.size - int(sample.hits.sum())
        return Volumes(method, volumes, shares, low, high, confidence, whole, sample.size, elsewhere, sample.reason)
    unit, measured = unit_volume(chart), 0
    table = np.full((4, len(partition)), np.nan)
    try:
        whole_volume = bounded_volume(domain_rows(chart), chart.dimension, deadline=deadline)
        for row, volume in enumerate(_volumes(partition, chart, on_progress, deadline)):
            table[0, row] = inf if volume is None else nearest_float(volume * unit)
            if volume is not None and whole_volume is not None:
                share = volume / whole_volume
                table[1:, row] = nearest_float(share), *enclosing_floats(share)
            measured = row + 1
        reason = "" if whole_volume is not None else unbounded_reason(chart, deadline=deadline)
    except DeadlinePassedError:
        return _unknown(partition, f"time ran out when {measured:,} of {len(partition):,} regions were measured")
    whole = inf if whole_volume is None else nearest_float(whole_volume * unit)
    return Volumes(method, table[0], table[1], table[2], table[3], 1.0, whole, reason=reason)


def _sample(
    partition: Partition,
    chart: Chart,
    samples: int,
    seed: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
) -> Sample | str:
    """Sample points of the domain, or return why there are none."""
    try:
        return sample_patterns(partition, chart, samples, seed, deadline, on_progress)
    except DeadlinePassedError:
        return "time ran out before points could be drawn"


def _unknown(partition: Partition, reason: str) -> Volumes:
    unknown = np.full(len(partition), np.nan)
    return Volumes(VolumeMethod.UNKNOWN, unknown, unknown, unknown, unknown, 0.0, np.nan, reason=reason)


def covered_share(
    partition: Partition,
    *,
    method: VolumeMethod | None = None,
    samples: int = 100_000,
    seed: int = 0,
    confidence: float = 0.95,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> CoveredShare:
    """Share of the domain's volume that the known regions cover; exactly 1 for a COMPLETE partition.

    Parameters are those of `region_volumes`. With EXACT, `low` and `high` are proved bounds, about 2^-53 apart.
    """
    deadline = Deadline.of(time_limit)
    method = _choose_method(partition, method, samples, confidence, deadline)
    if partition.status is PartitionStatus.COMPLETE:
        return CoveredShare(VolumeMethod.EXACT, 1.0, 1.0)
    chart = domain_chart(partition.domain)
    if method is VolumeMethod.MONTE_CARLO:
        sample = _sample(partition, chart, samples, seed, deadline, on_progress)
        if isinstance(sample, str):
            return CoveredShare(VolumeMethod.UNKNOWN, 0.0, 1.0, reason=sample)
        low, high = confidence_interval(np.array([sample.hits.sum()]), sample.size, confidence)
        return CoveredShare(method, float(low[0]), float(high[0]), confidence, sample.reason)
    # Each share is rounded down to a multiple of 2^-BITS: sums of rationals would grow without end.
    total, scale = 0, 1 << BITS
    try:
        whole = bounded_volume(domain_rows(chart), chart.dimension, deadline=deadline)
        if whole is None:
            return CoveredShare(VolumeMethod.UNKNOWN, 0.0, 1.0, reason=unbounded_reason(chart, deadline=deadline))
        for volume in _volumes(partition, chart, on_progress, deadline):
            total += int(((volume or fmpq(0)) * scale / whole).floor())
    except DeadlinePassedError:
        reason = "time ran out: the measured part is a lower bound"
        return CoveredShare(method, enclosing_floats(fmpq(total, scale))[0], 1.0, reason=reason)
    low_share, high_share = fmpq(total, scale), fmpq(min(total + len(partition), scale), scale)
    return CoveredShare(method, enclosing_floats(low_share)[0], enclosing_floats(high_share)[1])


def exact_volumes(partition: Partition) -> Iterator[fmpq | None]:
    """Yield the volume of one region after the other in coordinates y of the domain's hull, None if it is unbounded."""
    return _volumes(partition, domain_chart(partition.domain), None, NEVER)


def volumes_sum_to_domain(partition: Partition, *, time_limit: TimeLimit = None) -> bool | None:
    """Whether the volumes of the regions sum exactly to the volume of a bounded domain.

    Interiors of regions are disjoint, so this is True iff no region is missing: a proof of completeness that uses only
    the patterns and the weights, neither the split tree nor the interior points.

    Parameters
    ----------
    time_limit
        Seconds or a deadline; None is the answer if time ran out.

    Raises
    ------
    InputError
        The domain is unbounded.
    """
    chart, deadline = domain_chart(partition.domain), Deadline.of(time_limit)
    try:
        whole = bounded_volume(domain_rows(chart), chart.dimension, deadline=deadline)
        if whole is None:
            raise InputError(f"the volumes of regions have no sum: {unbounded_reason(chart, deadline=deadline)}")
        if len(np.unique(partition.packed, axis=0)) < len(partition):
            return False
        sums = [volume or fmpq(0) for volume in _volumes(partition, chart, None, deadline)] or [fmpq(0)]
    except DeadlinePassedError:
        return None
    while len(sums) > 1:  # in a balanced tree, since denominators grow with every term
        sums = [sum(sums[first : first + 2], fmpq(0)) for first in range(0, len(sums), 2)]
    return bool(sums[0] == whole)


class _RegionCells:
    """The vertices of one region after the other, on a domain that holds no line."""

    def __init__(self, network: ReLUNetwork, chart: Chart, domain: VertexCell | None) -> None:
        self._rows = RegionRows(network, chart)
        self._ends = np.cumsum(network.widths).tolist()
        self._table = np.zeros((network.units, chart.dimension + 1))
        self._bits: BoolArray = np.zeros(0, dtype=np.bool_)
        self._path: list[VertexCell | None] = [domain]

    def region_cell(self, pattern: ActivationPattern, deadline: Deadline) -> VertexCell | None:
        """Closure of a region, or None if the pattern has no interior."""
        bits, rows, dimension = pattern.bits, self._rows.region_rows(pattern), self._table.shape[1] - 1
        shared = same_forms = 0
        if len(self._bits):
            flipped = np.flatnonzero(bits != self._bits)
            shared = int(flipped[0]) if len(flipped) else len(bits)
            same_forms = next((end for end in self._ends if end > shared), len(bits))
            self._table[flipped[flipped < same_forms]] *= -1.0
        self._table[same_forms:] = shadow_table(rows[same_forms:], dimension)
        self._bits = bits
        del self._path[shared + 1 :]
        extend_path(self._path, rows, self._table, deadline=deadline)
        return None if _has_idle_unit(pattern, rows) else self._path[-1]


def _volumes(
    partition: Partition, chart: Chart, on_progress: Callable[[int], None] | None, deadline: Deadline
) -> Iterator[fmpq | None]:
    """One volume after the other, None for an unbounded one.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before the next one was known.
    """
    rows, units = domain_rows(chart), RegionRows(partition.network, chart)
    try:
        cells = _RegionCells(partition.network, chart, polytope_cell(rows, chart.dimension, deadline=deadline))
    except UnboundedPolytopeError:
        cells = None  # a domain that holds a line has no vertices to start from: its regions are found one by one
    for row, region in enumerate(partition):
        deadline.check()
        if cells is not None:
            cell = cells.region_cell(region.pattern, deadline)
            if cell is None:
                yield fmpq(0)
            else:
                yield cell_volume(cell, deadline=deadline) if is_bounded(cell) else None
        else:
            own = units.region_rows(region.pattern)
            idle = _has_idle_unit(region.pattern, own)
            yield fmpq(0) if idle else bounded_volume([*rows, *own], chart.dimension, deadline=deadline)
        if on_progress is not None and ((row + 1) % PROGRESS == 0 or row + 1 == len(partition)):
            on_progress(row + 1)


def _has_idle_unit(pattern: ActivationPattern, rows: Sequence[Form]) -> bool:
    """Whether the pattern calls a unit active that is 0 on the whole hull: no input has it, although z ≥ 0 holds."""
    return any(bit and not any(row) for bit, row in zip(pattern.bits.tolist(), rows, strict=True))


def _choose_method(
    partition: Partition, method: VolumeMethod | None, samples: int, confidence: float, deadline: Deadline
) -> VolumeMethod:
    if samples < FEWEST_SAMPLES:
        raise InputError(f"the number of samples must be at least {FEWEST_SAMPLES}, not {samples}")
    if not 0 < confidence < 1:
        raise InputError(f"the confidence must lie between 0 and 1, not {confidence}")
    if method is not None:
        return method
    affordable = partition.dimension < len(EXACT_SECONDS)
    limit = min(EXACT_LIMIT, deadline.seconds_left)
    affordable = affordable and EXACT_SECONDS[partition.dimension] * len(partition) <= limit
    return VolumeMethod.EXACT if affordable else VolumeMethod.MONTE_CARLO
