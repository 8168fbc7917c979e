"""Adjacency: regions of a partition that share a facet, and the units on whose hyperplanes it lies.

Notation: two regions are *adjacent* iff their closures share a face of dimension d − 1, d the dimension of the
domain's hull. Two convex sets share one such face at most. Units are numbered by their position in the pattern.

The one idea: if no two units of a region share a hyperplane and none vanishes on it, the region beyond unit u's
hyperplane has the pattern with bit u flipped; so neighbours are found by looking flipped patterns up, and each pair is
found once, from the region that comes first. Floats prove most facets (`facet_floats.py`); exact arithmetic
(`facets.py`) decides the candidates that they leave open, and all hyperplanes with several units. Look-ups go by a
random sum of the bits (A. Zobrist, *A new hashing method with application for game playing*, 1970), and are compared
bit by bit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.chart import domain_chart
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray
from relugeom.measures.facet_floats import (
    Bounded,
    Candidates,
    FacetPace,
    HullFloats,
    possible_coincidences,
    prove_crossing,
    settle,
)
from relugeom.measures.facets import ExactFaces
from relugeom.network.pattern import ActivationPattern, unpack_patterns
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["Adjacency", "find_adjacency"]


@dataclass(frozen=True, slots=True, eq=False)
class Adjacency:
    """Pairs of adjacent regions of a partition, in ascending order, each of them once.

    Attributes
    ----------
    regions, widths
        Number of regions, and of units per layer.
    first, second
        Rows of the partition with first < second, shape (p,).
    starts
        Pair k's units are at starts[k] : starts[k + 1] of `units`, shape (p + 1,).
    units
        The units whose hyperplane contains the shared facet, ascending in each pair.
    on_first, on_second
        Whether this holds for the unit's form in the first region, and in the second; at least one of them is True.
    complete
        Whether the partition is complete and all of it was examined; if not, neighbours may be missing.
    reason
        Why some regions were not examined for neighbours in later rows, or empty.
    """

    regions: int
    widths: tuple[int, ...]
    first: IntArray
    second: IntArray
    starts: IntArray
    units: IntArray
    on_first: BoolArray
    on_second: BoolArray
    complete: bool
    reason: str = ""
    _by_second: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_second", np.argsort(self.second, kind="stable"))
        for name in ("first", "second", "starts", "units", "on_first", "on_second", "_by_second"):
            column = np.array(getattr(self, name))
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.first)

    def __repr__(self) -> str:
        status = "complete" if self.complete else "of a truncated partition"
        return f"Adjacency({len(self)} pairs of {self.regions} activation regions, {status})"

    @property
    def degrees(self) -> IntArray:
        """Number of neighbours of each region."""
        ends = np.concatenate([self.first, self.second])
        return np.bincount(ends, minlength=self.regions).astype(np.int64)

    def pairs_of(self, row: int) -> IntArray:
        """Pairs that a region belongs to, by ascending neighbour."""
        row = range(self.regions)[row]
        low, high = np.searchsorted(self.second, [row, row + 1], sorter=self._by_second)
        behind = np.arange(*np.searchsorted(self.first, [row, row + 1]))
        return np.concatenate([self._by_second[low:high], behind]).astype(np.int64)

    def neighbours(self, row: int) -> IntArray:
        """Rows of the regions that share a facet with a region, ascending."""
        row, pairs = range(self.regions)[row], self.pairs_of(row)
        return self.first[pairs] + self.second[pairs] - row

    def across(self, row: int, unit: int | tuple[int, int]) -> int | None:
        """Region beyond the facet on a unit's hyperplane in region `row`; None if there is none.

        Parameters
        ----------
        unit
            Its position in the pattern, or (layer, index).
        """
        row, number = range(self.regions)[row], self._number(unit)
        for pair in self.pairs_of(row).tolist():
            own, other = (self.on_first, self.second) if self.first[pair] == row else (self.on_second, self.first)
            part = slice(self.starts[pair], self.starts[pair + 1])
            if (own[part] & (self.units[part] == number)).any():
                return int(other[pair])
        return None

    def _number(self, unit: int | tuple[int, int]) -> int:
        if isinstance(unit, tuple):
            layer, index = unit
            known = 0 <= layer < len(self.widths) and 0 <= index < self.widths[layer]
            number = sum(self.widths[:layer]) + index
        else:
            known, number = 0 <= unit < sum(self.widths), unit
        if not known:
            raise InputError(f"there is no unit {unit}: the network's hidden layers have {self.widths} units")
        return number


def find_adjacency(
    partition: Partition,
    *,
    time_limit: TimeLimit = None,
    pace: FacetPace = FacetPace(),
    on_progress: Callable[[int], None] | None = None,
) -> Adjacency:
    """Find every pair of regions that share a facet, each proved in exact arithmetic or by floats with error bounds.

    Parameters
    ----------
    partition
        COMPLETE, or TRUNCATED: then only neighbours that are in the partition are found.
    time_limit
        Seconds or a deadline, after which only the pairs of the first regions are returned.
    pace
        How many regions are asked at a time.
    on_progress
        Called from time to time with the number of regions that are done.
    """
    deadline, reason = Deadline.of(time_limit), ""
    found: list[_Pair] = []
    columns: list[_Columns] = []
    k = len(partition)
    if k > 1:
        search = _Search(partition, deadline, pace)
        most = pace.block(partition.network.units)
        start, block = 0, most if deadline == NEVER else min(most, pace.first)
        while start < k:
            end = min(start + block, k)
            try:
                deadline.check()
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    pairs, several = search.pairs_from(start, end)
            except DeadlinePassedError:
                reason = f"time ran out when {start:,} of {k:,} regions had been examined for neighbours"
                break
            columns.append(pairs)
            found += several
            if on_progress is not None:
                on_progress(end)
            start, block = end, min(2 * block, most)
    return _joined(partition, columns, found, reason)


class _Pair(NamedTuple):
    """A pair whose facet may lie on the hyperplanes of several units."""

    first: int
    second: int
    here: tuple[int, ...]
    beyond: tuple[int, ...]


class _Columns(NamedTuple):
    """Pairs that differ in one unit, whose hyperplane is not an other unit's."""

    first: IntArray
    second: IntArray
    unit: IntArray


def _joined(partition: Partition, columns: list[_Columns], pairs: list[_Pair], reason: str) -> Adjacency:
    """All pairs in ascending order."""
    empty = np.zeros(0, dtype=np.int64)
    single = [np.concatenate([empty, *(part[field] for part in columns)]) for field in range(3)]
    listed = [(unit, unit in pair.here, unit in pair.beyond) for pair in pairs for unit in _units_of(pair)]
    first = np.concatenate([single[0], np.array([pair.first for pair in pairs], dtype=np.int64)])
    second = np.concatenate([single[1], np.array([pair.second for pair in pairs], dtype=np.int64)])
    counts = np.array([1] * len(single[0]) + [len(_units_of(pair)) for pair in pairs], dtype=np.int64)
    units = np.concatenate([single[2], np.array([unit for unit, _, _ in listed], dtype=np.int64)])
    flags = np.concatenate([np.ones((len(single[2]), 2)), np.array([row[1:] for row in listed]).reshape(-1, 2)]) > 0
    order = np.lexsort((second, first))
    # Where each pair's units stand before the pairs are put in order, and then after.
    old, starts = np.cumsum(counts) - counts, np.concatenate([[0], np.cumsum(counts[order])])
    places = np.repeat(old[order] - starts[:-1], counts[order]) + np.arange(len(units))
    return Adjacency(
        regions=len(partition),
        widths=partition.network.widths,
        first=first[order],
        second=second[order],
        starts=starts.astype(np.int64),
        units=units[places],
        on_first=flags[places, 0],
        on_second=flags[places, 1],
        complete=partition.status is PartitionStatus.COMPLETE and not reason,
        reason=reason,
    )


def _units_of(pair: _Pair) -> list[int]:
    return sorted({*pair.here, *pair.beyond})


class _Search:
    """Data that all blocks of a partition share."""

    def __init__(self, partition: Partition, deadline: Deadline, pace: FacetPace) -> None:
        self.partition, self.network, self.deadline = partition, partition.network, deadline
        chart = domain_chart(partition.domain)
        self.floats, self.exact = HullFloats(self.network, chart), ExactFaces(self.network, chart)
        self.points = partition.points[:, list(chart.free)]
        self.inexact = np.isin(np.arange(len(partition)), list(partition.exact_points))
        self.layer = [layer for layer, width in enumerate(self.network.widths) for _ in range(width)]
        self.index = _PatternIndex(partition.packed, self.network.units)

    def pairs_from(self, start: int, stop: int) -> tuple[_Columns, list[_Pair]]:
        """The pairs whose first region is in a block; those on several units' hyperplanes are in the list.

        Raises
        ------
        DeadlinePassedError
            There was no time for all of them.
        """
        bits = unpack_patterns(self.partition.packed[start:stop], self.network.units)
        together, vanishing = possible_coincidences(self.floats, bits)
        alone = ~vanishing  # units that a flip of one bit crosses
        passed = np.zeros_like(alone)
        shared: list[_Pair] = []
        suspects = together | vanishing
        for row in np.flatnonzero(suspects.any(axis=1)).tolist():
            self.deadline.check()
            shared += self._shared(start + row, np.flatnonzero(suspects[row]).tolist(), alone[row], passed[row])
        rows, units, seconds = self.index.flipped(bits, alone & ~bits)
        columns = _Columns(rows + start, seconds, units)
        everything = _Columns(
            np.concatenate([columns.first, np.array([pair.first for pair in shared], dtype=np.int64)]),
            np.concatenate([columns.second, np.array([pair.second for pair in shared], dtype=np.int64)]),
            np.concatenate([columns.unit, np.array([pair.here[0] for pair in shared], dtype=np.int64)]),
        )
        passes = passed[everything.first - start]
        for place, pair in enumerate(shared, start=len(rows)):
            passes[place, list(pair.here)] = True
        facet = self._prove(start, bits, everything, passes)
        several = [pair for pair, proved in zip(shared, facet[len(rows) :].tolist(), strict=True) if proved]
        return _Columns(*(column[facet[: len(rows)]] for column in columns)), several

    def _shared(self, row: int, suspects: list[int], alone: BoolArray, passed: BoolArray) -> list[_Pair]:
        """Find candidates that a flip of one bit misses; marks units that share a hyperplane, and those to pass
        over.
        """
        pattern = self._pattern(row)
        faces = self.exact.move_to(pattern, among=suspects)
        if faces.vanishing:  # whatever changes below may wake these units
            faces = self.exact.move_to(pattern)
            passed[faces.vanishing] = True
        last = max((self.layer[unit] for unit in faces.vanishing), default=-1)
        pairs = []
        for h, members in faces.hyperplanes.items():
            units = [unit for unit, _ in members]
            if len(units) == 1 and self.layer[units[0]] >= last:
                alone[units[0]] = True
                continue
            alone[units] = False
            across = faces.across(h)
            second = self.partition.find_row(across.pattern)
            if second is not None and second > row:
                pairs.append(_Pair(row, second, across.here, across.beyond))
        return pairs

    def _prove(self, start: int, bits: BoolArray, columns: _Columns, passed: BoolArray) -> BoolArray:
        """Decide which candidates are facets."""
        rows = columns.first - start
        own = self.floats.values(bits, self.points[start : start + len(bits)])
        here = Bounded(own.value[rows], own.error[rows])
        there = self.floats.values(bits[rows], self.points[columns.second])
        facet = prove_crossing(bits[rows], columns.unit, passed, here, there)
        facet &= ~(self.inexact[columns.first] | self.inexact[columns.second])
        left = np.flatnonzero(~facet)
        if len(left):
            begin = self._between(columns, left, here, there)
            settled = settle(self.floats, bits, Candidates(rows[left], columns.unit[left], passed[left], begin))
            facet[left] = settled.facet
            left = left[~(settled.facet | settled.none)]
        for place in left.tolist():
            self.deadline.check()
            facet[place] = self._decide(int(columns.first[place]), int(columns.unit[place]))
        return facet

    def _between(self, columns: _Columns, left: IntArray, here: Bounded, there: Bounded) -> FloatArray:
        """Where the segment of the interior points meets the hyperplane, in floats."""
        units = columns.unit[left]
        h, k = np.abs(here.value[left, units]), np.abs(there.value[left, units])
        share = np.nan_to_num(h / (h + k), nan=0.5)[:, None]
        begin = (1 - share) * self.points[columns.first[left]] + share * self.points[columns.second[left]]
        return np.asarray(np.nan_to_num(begin, posinf=0.0, neginf=0.0), dtype=np.float64)

    def _decide(self, row: int, unit: int) -> bool:
        """Whether a region has a facet on a unit's hyperplane, exactly."""
        faces = self.exact.move_to(self._pattern(row))
        for h, members in faces.hyperplanes.items():
            if any(unit == member for member, _ in members):
                return faces.find_facet_point(h, deadline=self.deadline) is not None
        return False

    def _pattern(self, row: int) -> ActivationPattern:
        return ActivationPattern(self.network.widths, self.partition.packed[row].tobytes())


class _PatternIndex:
    """Finds patterns that differ in one bit from a given one."""

    def __init__(self, packed: ByteArray, units: int) -> None:
        self.packed, random = packed, np.random.default_rng(11)
        while True:
            self.codes = random.integers(0, 2**64, units, dtype=np.uint64)
            keys = self._keys(packed)
            self.order = np.argsort(keys)
            self.keys = keys[self.order]
            if (self.keys[1:] != self.keys[:-1]).all():  # else two patterns collide: draw again
                break

    def flipped(self, bits: BoolArray, wanted: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
        """Rows and units of `wanted`, shape (k, N), for which the pattern with that bit flipped exists, and its
        rows.
        """
        rows, units = np.nonzero(wanted)
        packed = np.packbits(bits, axis=1)
        keys = self._keys(packed)[rows] ^ self.codes[units]
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        hits = np.flatnonzero(self.keys[places] == keys)
        rows, units, found = rows[hits], units[hits], self.order[places[hits]]
        expected = packed[rows]
        expected[np.arange(len(rows)), units // 8] ^= (128 >> (units % 8)).astype(np.uint8)
        same = (expected == self.packed[found]).all(axis=1)
        return rows[same], units[same], found[same]

    def _keys(self, packed: ByteArray) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
        keys = np.zeros(len(packed), dtype=np.uint64)
        for unit, code in enumerate(self.codes):
            keys[(packed[:, unit // 8] >> (7 - unit % 8)) & 1 == 1] ^= code
        return keys
