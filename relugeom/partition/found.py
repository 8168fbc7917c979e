"""Findings of a search so far, in tree order: pieces that a task produces, and blocks that its users get."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import fmpq

from relugeom.linalg.arrays import ByteArray, FloatArray
from relugeom.printing import percent

__all__ = ["Found", "RegionBlock", "SearchProgress", "join_blocks"]


@dataclass(slots=True)
class Found:
    """Regions and tokens in tree order.

    Attributes
    ----------
    packed, points
        Columns of patterns and of points in coordinates of the hull, in pieces.
    exact_points
        Row → rational coordinates, for points that are not floats.
    tokens
        The split tree in preorder, in pieces; EMPTY stands for an inner node whose cell turned out to be empty.
    empty_leaves
        Which of the leaves of that tree, counted from 0, turned out to be empty.
    count
        Number of regions.
    """

    packed: list[ByteArray] = field(default_factory=list)
    points: list[FloatArray] = field(default_factory=list)
    exact_points: dict[int, list[fmpq]] = field(default_factory=dict)
    tokens: list[ByteArray] = field(default_factory=list)
    empty_leaves: list[int] = field(default_factory=list)
    count: int = 0

    @property
    def leaves(self) -> int:
        """Leaves of the tree so far, empty ones included."""
        return self.count + len(self.empty_leaves)

    def extend(self, other: "Found") -> None:
        """Append the findings that come next in tree order."""
        leaves = self.leaves
        self.empty_leaves += [leaves + leaf for leaf in other.empty_leaves]
        self.packed += other.packed
        self.points += other.points
        self.exact_points |= {self.count + row: point for row, point in other.exact_points.items()}
        self.tokens += other.tokens
        self.count += other.count


class RegionBlock(NamedTuple):
    """Consecutive regions of a search as columns, in inputs of the network.

    Attributes
    ----------
    packed, points
        Patterns, shape (k, ⌈N/8⌉), and interior points, shape (k, n).
    exact_points
        Row of the block → rational coordinates, for points that are not float64 points.
    tokens
        The tree's tokens since the previous block, as in `Found`.
    empty_leaves
        Which of the block's leaves turned out to be empty.
    """

    packed: ByteArray
    points: FloatArray
    exact_points: Mapping[int, tuple[Fraction, ...]]
    tokens: ByteArray
    empty_leaves: tuple[int, ...]


def join_blocks(blocks: Iterable[RegionBlock]) -> RegionBlock:
    """Join consecutive blocks into one."""
    blocks = list(blocks)
    if len(blocks) == 1:
        return blocks[0]
    rows = leaves = 0
    exact: dict[int, tuple[Fraction, ...]] = {}
    empty: list[int] = []
    for block in blocks:
        exact |= {rows + row: point for row, point in block.exact_points.items()}
        empty += [leaves + leaf for leaf in block.empty_leaves]
        rows += len(block.packed)
        leaves += len(block.packed) + len(block.empty_leaves)
    packed, points, tokens = (np.concatenate([block[place] for block in blocks]) for place in (0, 1, 3))
    return RegionBlock(packed, points, exact, tokens, tuple(empty))


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Progress of a search.

    Attributes
    ----------
    regions
        Regions that this search has found without a gap from the first on.
    known
        Regions found by the search that it resumed.
    seconds
        Seconds since the search began.
    explored
        Estimated share of the split tree that is done: a subtree after k splits counts 2^−k.
    """

    regions: int
    seconds: float
    explored: float
    known: int = 0

    @property
    def rate(self) -> float:
        """Regions per second."""
        return self.regions / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        text = f"{self.known + self.regions:,} regions, {self.rate:,.0f} per second"
        if self.explored <= 0 or self.seconds < 1 or self.known:
            return text
        left = self.seconds * (1 - self.explored) / self.explored
        return f"{text}, about {percent(self.explored, digits=0)} of the tree; at this pace {_duration(left)} left"


def _duration(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:.0f} s"
