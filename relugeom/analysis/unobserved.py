"""Unobserved regions, which contain no sample, and how far their maps depart from observed ones.

Notation: f_r and f_c are the maps of a region r and of an observed cluster c, g = f_r − f_c = G x + h, p the region's
interior point, σ a spread of each feature. The *departure* of r from c is

    max over the outputs of  max {|g(x)| : |x_j − p_j| ≤ σ_j}  =  max over the outputs of  |g(p)| + Σ_j |G_j| σ_j,

in units of the output: how far the two maps come apart within one spread around a point of the region. It is 0 iff they
agree there. The nearest cluster is the one with the least departure. On a domain without interior G is projected
orthogonally on the domain's hull, where alone it is unique.

The one idea: the maximum of an affine function over a box is a sum, so all regions meet all clusters in a few products
of arrays. Departures and shares are float64 numbers to rank by; no verdict rests on them. That a region is unobserved,
and whether it has an admissible input, is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.importance import as_spread
from relugeom.analysis.region_of_cluster import cluster_regions
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.chart import domain_chart
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.measures.volumes import Volumes, region_volumes
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.partition.census import AdmissibleInputs, Met
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition
from relugeom.search.admissible import admissible_regions

__all__ = ["UnobservedRegions", "find_unobserved", "map_departures"]

BLOCK = 1 << 18
"""Numbers of one block of differences: it should fit into a processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class UnobservedRegions:
    """The regions of a partition without a sample inside the domain; u rows, in the order of the partition.

    Attributes
    ----------
    partition
        Partition; its status says whether regions are missing.
    rows
        Rows of the partition, ascending, shape (u,).
    volumes
        Volumes of all regions of the partition, exact or estimated as its `method` says.
    departure
        Departure from the nearest observed cluster, in units of the output, shape (u,); NaN if no cluster is inside.
    nearest
        Row of that cluster (the largest one of several), shape (u,); −1 if no cluster is inside.
    met
        Whether an admissible input lies in each region (`Met`), shape (u,).
    """

    partition: Partition
    rows: IntArray
    volumes: Volumes
    departure: FloatArray
    nearest: IntArray
    met: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "departure", frozen_array(self.departure))
        for name in ("rows", "nearest", "met"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def verdicts(self) -> IntArray:
        """Former name of `met`, for one version."""
        return self.met

    @property
    def shares(self) -> FloatArray:
        """Share of the domain of each, shape (u,); NaN if the domain is unbounded or volumes are unknown."""
        return np.asarray(self.volumes.shares[self.rows])

    @property
    def total_share(self) -> float:
        """Share of the domain that they fill together."""
        return fsum(self.shares)

    @property
    def by_share(self) -> IntArray:
        """Positions in the columns, the largest volume first (unbounded before bounded, unknown last)."""
        return _descending(self.volumes.volumes[self.rows])

    @property
    def by_departure(self) -> IntArray:
        """Positions in the columns, the largest departure first."""
        return _descending(self.departure)


def find_unobserved(
    partition: Partition,
    clusters: Clusters,
    spread: ArrayLike,
    *,
    volumes: Volumes | None = None,
    admissible: AdmissibleInputs | None = None,
    time_limit: TimeLimit = None,
) -> UnobservedRegions:
    """List the regions without a sample, and what is known about them.

    Parameters
    ----------
    clusters
        Those of the samples, made with the partition's domain: samples outside it do not observe a region, and clusters
        with no sample inside are not compared with.
    spread
        σ, shape (n,): most often the standard deviation of the samples. A feature of spread 0 counts at p alone.
    volumes, admissible
        Results of `region_volumes` and `admissible_regions` for the partition; computed if not given.
    time_limit
        Seconds or a deadline; departures that were not computed by then are NaN, and whether a region has an admissible
        input is UNKNOWN.

    Raises
    ------
    InputError
        Clusters, volumes or admissible inputs are about another network or partition.
    DataError
        The spread does not fit.
    """
    deadline = Deadline.of(time_limit)
    scale, found = as_spread(partition.network, spread), cluster_regions(partition, clusters)
    for name, size in (
        ("volumes", None if volumes is None else len(volumes.shares)),
        ("admissible inputs", None if admissible is None else len(admissible.met)),
    ):
        if size not in (None, len(partition)):
            raise InputError(f"the {name} are about {size} regions, but the partition has {len(partition)}")
    inside = np.flatnonzero(clusters.size > clusters.outside)
    rows = np.setdiff1d(np.arange(len(partition)), found[inside])
    departure, nearest = _nearest(partition, rows, clusters, inside, scale, deadline)
    return UnobservedRegions(
        partition=partition,
        rows=rows,
        volumes=region_volumes(partition, time_limit=deadline.share(1 / 2)) if volumes is None else volumes,
        departure=departure,
        nearest=nearest,
        met=_met(partition, admissible, deadline)[rows],
    )


def map_departures(
    regions: EffectiveMaps,
    points: FloatArray,
    observed: EffectiveMaps,
    spread: FloatArray,
    hull: FloatArray | None = None,
) -> FloatArray:
    """The departure of each of u maps from each of k others, shape (u, k).

    Parameters
    ----------
    points
        p, shape (u, n).
    spread
        σ, shape (n,).
    hull
        The orthogonal projector on the directions of a domain without interior, shape (n, n).
    """
    table = np.zeros((len(points), len(observed.weights)))
    for first, part in _departure_blocks(regions, points, observed, spread, hull):
        table[first : first + len(part)] = part
    return table


def _departure_blocks(
    regions: EffectiveMaps, points: FloatArray, observed: EffectiveMaps, spread: FloatArray, hull: FloatArray | None
) -> Iterator[tuple[int, FloatArray]]:
    """First row and departures, shape (b, k), of one block of regions after the other."""
    k, m, n = observed.weights.shape
    step = max(1, BLOCK // max(k * n, 1))
    for first in range(0, len(points), step):
        part = slice(first, min(first + step, len(points)))
        largest = np.zeros((part.stop - first, k))
        for output in range(m):
            # Differences before products: equal maps give 0, not two roundings of the same number.
            G = regions.weights[part, None, output] - observed.weights[None, :, output]
            h = regions.biases[part, None, output] - observed.biases[None, :, output]
            at_point = np.matmul(G, points[part, :, None])[:, :, 0] + h
            slopes = np.abs(G if hull is None else G @ hull) @ spread
            largest = np.maximum(largest, np.abs(at_point) + slopes)
        yield first, largest


def _nearest(
    partition: Partition,
    rows: IntArray,
    clusters: Clusters,
    inside: IntArray,
    spread: FloatArray,
    deadline: Deadline,
) -> tuple[FloatArray, IntArray]:
    """The least departure of each region, and the cluster that has it."""
    departure, nearest = np.full(len(rows), np.nan), np.full(len(rows), -1, dtype=np.int64)
    if len(inside) == 0 or len(rows) == 0 or deadline.passed:
        return departure, nearest
    regions = effective_maps(partition.network, partition.packed[rows])
    observed = effective_maps(clusters.network, clusters.packed[inside])
    blocks = _departure_blocks(regions, partition.points[rows], observed, spread, _hull_projector(partition))
    for first, table in blocks:
        best = table.argmin(axis=1)
        part = slice(first, first + len(table))
        nearest[part], departure[part] = inside[best], table[np.arange(len(table)), best]
        if deadline.passed:
            break
    return departure, nearest


def _hull_projector(partition: Partition) -> FloatArray | None:
    """Onto the directions of the domain's hull; None if these are all."""
    n = partition.domain.inputs
    if partition.dimension == n:
        return None
    basis, _ = np.linalg.qr(domain_chart(partition.domain).directions)
    return np.asarray(basis @ basis.T) if partition.dimension else np.zeros((n, n))


def _met(partition: Partition, admissible: AdmissibleInputs | None, deadline: Deadline) -> IntArray:
    if admissible is None and not partition.domain.has_integers:
        # Without integer rules every input of the relaxation is admissible, and every region has an interior point.
        return np.full(len(partition), Met.YES, dtype=np.int64)
    known = admissible_regions(partition, time_limit=deadline) if admissible is None else admissible
    return known.met


def _descending(values: FloatArray) -> IntArray:
    """Order of the values, the largest first, equal ones as they stand, NaN last."""
    return np.argsort(-values, kind="stable")
