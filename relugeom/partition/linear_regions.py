"""Linear regions: unions of activation regions, connected through shared facets, with one and the same function.

Notation: on region r the outputs are affine forms f_r of y ∈ R^d, coordinates of the domain's hull. Two regions have
the same function iff f_r = f_s there, all outputs at once, whatever their forms do off the hull.

The one idea: two forms that differ at one point are different, which floats with an error bound show for nearly every
pair; the others are compared in integers, over the common exponent that all patterns of one network share.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relugeom.errors import InputError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.linalg.arrays import BoolArray, IntArray
from relugeom.linalg.rounding import sum_error
from relugeom.network.exact import exact_network, output_forms
from relugeom.network.pattern import ActivationPattern, unpack_patterns
from relugeom.partition.adjacency import Adjacency, find_adjacency
from relugeom.partition.facet_floats import BLOCK_BITS, SAFE, Bounded, HullFloats
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["LinearRegions", "merge_linear_regions"]


@dataclass(frozen=True, slots=True, eq=False)
class LinearRegions:
    """The linear region of each activation region of a partition.

    Attributes
    ----------
    label
        Number of the linear region, from 0 in order of first appearance, shape (k,).
    count
        How many there are.
    complete
        Whether the partition is. If not, these are the unions of the regions that are known: two of them may be parts
        of one linear region, connected through regions that are absent, so that `count` says nothing of the domain.
    """

    label: IntArray
    count: int
    complete: bool

    def __post_init__(self) -> None:
        label = np.array(self.label, dtype=np.int64)
        label.setflags(write=False)
        object.__setattr__(self, "label", label)

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        status = "complete" if self.complete else "of a truncated partition"
        return f"LinearRegions({self.count} linear regions of {len(self.label)} activation regions, {status})"

    @property
    def sizes(self) -> IntArray:
        """Number of activation regions in each, shape (count,)."""
        return np.bincount(self.label, minlength=self.count).astype(np.int64)

    def members(self, label: int) -> IntArray:
        """Rows of the activation regions of one linear region, ascending."""
        return np.flatnonzero(self.label == range(self.count)[label])


def merge_linear_regions(
    partition: Partition, adjacency: Adjacency | None = None, *, on_progress: Callable[[int], None] | None = None
) -> LinearRegions:
    """Join adjacent regions on which the network is one and the same function on the domain's hull, decided exactly.

    Parameters
    ----------
    partition
        COMPLETE, or TRUNCATED: see `LinearRegions.complete`.
    adjacency
        What `find_adjacency` says of this partition; found where it is not given.
    on_progress
        Is told now and then how many regions have neighbours and function settled.

    Raises
    ------
    InputError
        The adjacency is that of another partition.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(partition)
    if adjacency is None:
        adjacency = find_adjacency(partition)
    if (adjacency.regions, adjacency.widths) != (count, partition.network.widths):
        raise InputError(f"{adjacency!r} does not belong to {partition!r}: find the adjacency of this partition")
    joined = _same_function(partition, adjacency, on_progress)
    ends = (adjacency.first[joined], adjacency.second[joined])
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(count, count))
    components, found = connected_components(graph, directed=False) if count else (0, np.zeros(0, dtype=np.int64))
    _, appears, label = np.unique(found, return_index=True, return_inverse=True)
    rank = np.empty(int(components), dtype=np.int64)
    rank[np.argsort(appears)] = np.arange(int(components))
    return LinearRegions(rank[label], int(components), partition.status is PartitionStatus.COMPLETE)


def _same_function(partition: Partition, adjacency: Adjacency, on_progress: Callable[[int], None] | None) -> BoolArray:
    """For each pair of neighbours, whether both have the same function on the hull."""
    same = np.zeros(len(adjacency), dtype=np.bool_)
    if not len(adjacency):
        return same
    chart = domain_chart(partition.domain)
    value, error = _probe(partition, HullFloats(partition.network, chart))
    table = _OutputTable(partition, chart)
    block = max(1, BLOCK_BITS // partition.network.units)
    for start in range(0, len(partition), block):
        stop = min(start + block, len(partition))
        low, high = np.searchsorted(adjacency.first, [start, stop])
        first, second = adjacency.first[low:high], adjacency.second[low:high]
        with np.errstate(over="ignore", invalid="ignore"):
            gap = np.abs(value[first] - value[second])
            doubt = error[first] + error[second] + 2.0**-50 * (np.abs(value[first]) + np.abs(value[second]))
            differ = ((gap > doubt * SAFE) & np.isfinite(gap)).any(axis=1)
        for pair in (low + np.flatnonzero(~differ)).tolist():
            same[pair] = table.number(int(adjacency.first[pair])) == table.number(int(adjacency.second[pair]))
        if on_progress is not None:
            on_progress(stop)
    return same


def _probe(partition: Partition, floats: HullFloats) -> Bounded:
    """One combination of the outputs of every region's map at two points of the hull, shape (k, 2)."""
    count, m = len(partition), partition.network.outputs
    weights = np.random.default_rng(5).uniform(0.5, 1.5, m)
    value, error = np.zeros((count, 2)), np.zeros((count, 2))
    block = max(1, BLOCK_BITS // partition.network.units)
    for start in range(0, count, block):
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
