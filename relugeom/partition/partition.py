"""All activation regions of a network over a domain, as columns.

Regions are in tree order: the split tree decides unit after unit, layer by layer, the inactive side first, so that the
texts of patterns are in ascending order. The tree is kept in preorder, one token per decision, which makes coverage
provable without running the search again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from relugeom.errors import DataError, InputError, PatternError
from relugeom.geometry.domain import Domain, contains
from relugeom.linalg.arrays import ByteArray, FloatArray, frozen_array
from relugeom.linalg.pickling import Call, as_call
from relugeom.network.activation import activation_pattern
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["Partition", "PartitionStatus", "PatternStatus", "Region", "TreeToken", "check_inputs"]


class PatternStatus(StrEnum):
    """Status of a pattern on a domain."""

    REGION = "region"
    LOWER_DIMENSIONAL = "lower-dimensional"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


class PartitionStatus(StrEnum):
    """Whether all regions are listed."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"


class TreeToken(IntEnum):
    """One decision of the split tree."""

    INACTIVE = 0
    ACTIVE = 1
    SPLIT = 2
    UNEXPLORED = 3


@dataclass(frozen=True, slots=True)
class Region:
    """One activation region: a view on a row of a partition.

    Attributes
    ----------
    pattern
        Its activation pattern.
    point
        The float64 point nearest to an interior point, shape (n,).
    exact_point
        That interior point in rationals if it is not a float64 point, else None.
    """

    pattern: ActivationPattern
    point: FloatArray
    exact_point: tuple[Fraction, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """The activation regions of a network over a domain.

    Attributes
    ----------
    packed
        Patterns, eight units per byte, shape (k, ⌈N/8⌉).
    points
        A point of each region's interior, which lies on no side of the domain either (relative to its affine hull),
        shape (k, n); exact unless the row is in `exact_points`.
    exact_points
        Row → rational coordinates, for regions whose interior holds no convenient float64 point.
    tree
        The split tree in preorder (`TreeToken`); UNEXPLORED stands for a subtree that was not searched.
    dimension
        Dimension of the relaxation's affine hull; interiors are relative to it.
    status, reason
        COMPLETE, or TRUNCATED and the reason.
    seconds
        Time of the search.
    """

    network: ReLUNetwork
    domain: Domain
    packed: ByteArray
    points: FloatArray
    tree: ByteArray
    dimension: int
    exact_points: Mapping[int, tuple[Fraction, ...]] = field(default_factory=dict)
    status: PartitionStatus = PartitionStatus.COMPLETE
    reason: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen_array(self.points))
        for name in ("packed", "tree"):
            column = np.array(getattr(self, name), dtype=np.uint8)
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        object.__setattr__(self, "exact_points", MappingProxyType(dict(self.exact_points)))

    def __reduce__(self) -> Call:
        return as_call(self)

    @property
    def is_searched(self) -> bool:
        """Whether the regions come from a search of the tree, which can be continued and proved; False if they were
        named by samples alone.
        """
        return not len(self) or self.tree.tobytes() != bytes([TreeToken.UNEXPLORED])

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, row: int | str | ActivationPattern) -> Region:
        """Region of a row, or of a pattern such as ``"110/11"``.

        Raises
        ------
        IndexError
            There are not so many regions.
        PatternError
            The pattern does not fit the network, or is no region of this partition.
        """
        if isinstance(row, str | ActivationPattern):
            row = self._row_of(row)
        row = range(len(self))[row]
        pattern = ActivationPattern(self.network.widths, self.packed[row].tobytes())
        return Region(pattern, self.points[row], self.exact_points.get(row))

    def __iter__(self) -> Iterator[Region]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"Partition({len(self)} activation regions, {self.status.value}, dimension {self.dimension})"

    def _row_of(self, pattern: ActivationPattern | str) -> int:
        row = self.find_row(pattern)
        if row is None:
            listed = "all" if self.status is PartitionStatus.COMPLETE else "not all"
            raise PatternError(
                f"the pattern {pattern} is none of the {len(self):,} regions of this partition, which are {listed} "
                f"regions of the domain: locate_pattern says whether it is feasible"
            )
        return row

    def find_row(self, pattern: ActivationPattern | str) -> int | None:
        """Row of a pattern, or None if it is not a region of this partition."""
        if isinstance(pattern, str):
            pattern = ActivationPattern.from_text(self.network.widths, pattern)
        if pattern.widths != self.network.widths:
            raise PatternError(f"pattern {pattern} does not fit the network's layers {self.network.widths}")
        return find_packed_row(self.packed, pattern.packed)

    def region_of(self, x: ArrayLike) -> Region | None:
        """Region that contains an input, or None if the input has a lower-dimensional or unexplored pattern.

        Raises
        ------
        DataError
            The input lies outside the domain, or does not fit the network.
        """
        point = as_samples(self.network, x)[0]
        pattern = activation_pattern(self.network, point)
        if not contains(self.domain, point[None, :])[0]:
            raise DataError(f"the input {point.tolist()} lies outside the domain")
        row = self.find_row(pattern)
        return None if row is None else self[row]


def find_packed_row(packed: ByteArray, content: bytes) -> int | None:
    """Row of one packed pattern among rows in ascending order (bisection), or None."""
    low, high = 0, len(packed)
    while low < high:
        middle = (low + high) // 2
        if packed[middle].tobytes() < content:
            low = middle + 1
        else:
            high = middle
    return low if low < len(packed) and packed[low].tobytes() == content else None


def check_inputs(network: ReLUNetwork, domain: Domain) -> None:
    """Raise unless a network and a domain have the same number of inputs, in the same order."""
    if network.inputs != domain.inputs:
        raise InputError(f"the network has {network.inputs} inputs, but the domain has {domain.inputs}")
    pairs = zip(network.input_names, domain.feature_names, strict=False)
    moved = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if moved is not None and set(network.input_names) == set(domain.feature_names):
        raise InputError(
            f"the domain has the features in another order than the network: {moved[1]!r} where the network has "
            f"{moved[0]!r}; build it in the order of the network's inputs"
        )
