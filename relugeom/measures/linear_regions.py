"""Linear regions: unions of activation regions, connected through shared facets, with one and the same function.

Notation: on region r the outputs are affine forms f_r of y ∈ R^d, coordinates of the domain's hull. Two regions have
the same function iff f_r = f_s there, all outputs at once, whatever their forms do off the hull.

The one idea: two forms that differ at one point are different, which floats with an error bound show for nearly every
pair. The others are compared in integers, over the common exponent that all patterns of one network share.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.linalg.arrays import BoolArray, IntArray
from relugeom.linalg.rounding import sum_error
from relugeom.measures.adjacency import Adjacency, find_adjacency
from relugeom.measures.facet_floats import SAFE, Bounded, FacetPace, HullFloats
from relugeom.network.exact import exact_network, output_forms
from relugeom.network.pattern import ActivationPattern, unpack_patterns
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["LinearRegions", "merge_linear_regions"]

FINDING = 0.8
"""Part of the time for finding the neighbours, if they are not given."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearRegions:
    """The linear region of each activation region of a partition.

    Attributes
    ----------
    label
        Number of each region's linear region, from 0 in order of first appearance, shape (k,).
    count
        Number of linear regions.
    complete
        Whether the partition is complete and all neighbours were found and compared. If not, these are the known
        unions: two of them may be parts of one linear region, so `count` says nothing about the domain.
    reason
        Why some neighbours were not found or compared, or empty.
    """

    label: IntArray
    count: int
    complete: bool
    reason: str = ""

    def __post_init__(self) -> None:
        label = np.array(self.label, dtype=np.int64)
        label.setflags(write=False)
        object.__setattr__(self, "label", label)

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        status = "complete" if self.complete else self.reason or "of a truncated partition"
        return f"LinearRegions({self.count} linear regions of {len(self.label)} activation regions, {status})"

    @property
    def sizes(self) -> IntArray:
        """Number of activation regions in each, shape (count,)."""
        return np.bincount(self.label, minlength=self.count).astype(np.int64)

    def members(self, label: int) -> IntArray:
        """Rows of the activation regions of one linear region, ascending."""
        return np.flatnonzero(self.label == range(self.count)[label])


def merge_linear_regions(
    partition: Partition,
    adjacency: Adjacency | None = None,
    *,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> LinearRegions:
    """Join adjacent regions on which the network is one and the same function on the domain's hull, decided exactly.

    Parameters
    ----------
    partition
        COMPLETE, or TRUNCATED: see `LinearRegions.complete`.
    adjacency
        Adjacency of this partition; computed if it is not given.
    time_limit
        Seconds or a deadline; neighbours that were not compared by then stay separate.
    on_progress
        Called from time to time with the number of regions whose neighbours and function are settled.

    Raises
    ------
    InputError
        The adjacency is that of another partition.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count, deadline = len(partition), Deadline.of(time_limit)
    if adjacency is None:
        adjacency = find_adjacency(partition, time_limit=deadline.share(FINDING))
    if (adjacency.regions, adjacency.widths) != (count, partition.network.widths):
        raise InputError(f"{adjacency!r} does not belong to {partition!r}: find the adjacency of this partition")
    joined, compared = _same_function(partition, adjacency, deadline, on_progress)
    reasons = [adjacency.reason] if adjacency.reason else []
    if compared < len(adjacency):
        reasons.append(f"time ran out when {compared:,} of {len(adjacency):,} pairs of neighbours were compared")
    ends = (adjacency.first[joined], adjacency.second[joined])
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(count, count))
    components, found = connected_components(graph, directed=False) if count else (0, np.zeros(0, dtype=np.int64))
    _, appears, label = np.unique(found, return_index=True, return_inverse=True)
    rank = np.empty(int(components), dtype=np.int64)
    rank[np.argsort(appears)] = np.arange(int(components))
    complete = partition.status is PartitionStatus.COMPLETE and not reasons
    return LinearRegions(rank[label], int(components), complete, "; ".join(reasons))


def _same_function(
    partition: Partition, adjacency: Adjacency, deadline: Deadline, on_progress: Callable[[int], None] | None
) -> tuple[BoolArray, int]:
    """For each pair of neighbours, whether both have the same function on the hull; and how many were compared."""
    same = np.zeros(len(adjacency), dtype=np.bool_)
    if not len(adjacency):
        return same, 0
    chart = domain_chart(partition.domain)
    try:
        value, error = _probe(partition, HullFloats(partition.network, chart), deadline)
    except DeadlinePassedError:
        return same, 0
    table = _OutputTable(partition, chart)
    block = FacetPace().block(partition.network.units)
    for start in range(0, len(partition), block):
        stop = min(start + block, len(partition))
        low, high = np.searchsorted(adjacency.first, [start, stop])
        first, second = adjacency.first[low:high], adjacency.second[low:high]
        with np.errstate(over="ignore", invalid="ignore"):
            gap = np.abs(value[first] - value[second])
            doubt = error[first] + error[second] + 2.0**-50 * (np.abs(value[first]) + np.abs(value[second]))
            differ = ((gap > doubt * SAFE) & np.isfinite(gap)).any(axis=1)
        for pair in (low + np.flatnonzero(~differ)).tolist():
            if deadline.passed:
                return same, pair
            same[pair] = table.number(int(adjacency.first[pair])) == table.number(int(adjacency.second[pair]))
        if on_progress is not None:
            on_progress(stop)
    return same, len(adjacency)


def _probe(partition: Partition, floats: HullFloats, deadline: Deadline) -> Bounded:
    """Values of one combination of the outputs of every region's map at two points of the hull, shape (k, 2).

    Raises
    ------
    DeadlinePassedError
        There was no time for all of them.
    """
    count, m = len(partition), partition.network.outputs
    weights = np.random.default_rng(5).uniform(0.5, 1.5, m)
    value, error = np.zeros((count, 2)), np.zeros((count, 2))
    block = FacetPace().block(partition.network.units)
    for start in range(0, count, block):
        deadline.check()
        bits = unpack_patterns(partition.packed[start : start + block], partition.network.units)
        for column, probe in enumerate(floats.probes(2)):
            with np.errstate(over="ignore", invalid="ignore"):
                outputs = floats.values(bits, probe[None, :], outputs=True)
                rounding = sum_error(np.abs(outputs.value) @ weights, m)
                value[start : start + block, column] = outputs.value @ weights
                error[start : start + block, column] = (outputs.error @ weights) * SAFE + rounding
    return Bounded(value, error)


class _OutputTable:
    """Numbers for the exact output forms on the hull: the same number iff the same function."""

    def __init__(self, partition: Partition, chart: Chart) -> None:
        self.partition, self.chart = partition, chart
        self.exact = exact_network(partition.network)
        self.numbers: dict[tuple[int, ...], int] = {}
        self.known: dict[int, int] = {}

    def number(self, row: int) -> int:
        """The number of a region's function."""
        if row not in self.known:
            pattern = ActivationPattern(self.partition.network.widths, self.partition.packed[row].tobytes())
            # Every pattern's forms have the same exponent.
            matrix = self.chart.reduce(output_forms(self.exact, pattern).matrix)
            entries = tuple(int(entry) for entry in matrix.entries())
            self.known[row] = self.numbers.setdefault(entries, len(self.numbers))
        return self.known[row]
