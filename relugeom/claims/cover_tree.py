"""Covering trees as values: how the inputs of a domain are divided so that a claim can be proved cell by cell.

The one idea: a tree is columns of floats that say what to do, never that it is true. A prover replays it exactly.
Notation: nodes are in preorder. Both children of a node follow it, with their subtrees: first the side x ≤ value or
z ≤ 0, then the side x ≥ value (x ≥ value + 1 for a branch) or z ≥ 0. Units and inputs are numbered as in certificates:
units over all copies, a second copy's own inputs after those of x.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from relugeom.errors import InputError
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["CoverTree", "NodeKind"]


class NodeKind(IntEnum):
    """What a node of a covering tree is."""

    CLOSED = 0
    """Leaf: the sets miss its cell, or the slope there has the claimed sign."""
    EMPTY = 1
    """Leaf: its cell is empty."""
    BISECT = 2
    """An input is bisected; both sides are closed."""
    BRANCH = 3
    """An integer input is parted between two integers."""
    SPLIT = 4
    """A unit is split."""


def _nothing() -> Any:
    """A column that is left out."""
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class CoverTree:
    """A tree whose leaves cover a domain.

    Attributes
    ----------
    kind
        One `NodeKind` per node, shape (k,), in preorder.
    index
        Input or unit of a node that is no leaf, shape (k,); −1 at leaves.
    value
        Where to bisect an input, shape (k,); for a branch the lower integer; 0 otherwise.
    bounded_from, bounded
        Node j computes new bounds of units `bounded[bounded_from[j]:bounded_from[j + 1]]`, in this order, before it is
        split or closed; shapes (k + 1,) and (…,).
    weights_from, weights
        A closed leaf has one weight ≥ 0 per inequality of each set, set after set, each of the inequality divided by
        its largest coefficient; shapes (k + 1,) and (…,).
    slopes_from, slope_units, slopes
        Lower slopes from 0 to 1 of units with which a leaf closes, where they are not the default ones; shapes (k + 1,)
        and (…,). They may be left out altogether, as may all that follow.
    rows_from, rows, multipliers
        Numbers of rows of the cell, and their multipliers in the scale of the leaf's weights; shapes (k + 1,) and (…,).
    row_set
        Set to which the multipliers of a closed leaf belong, shape (k,).

    Raises
    ------
    InputError
        The columns do not fit together, or a node lacks a child.
    """

    kind: NDArray[np.int8]
    index: NDArray[np.int32]
    value: FloatArray
    bounded_from: IntArray
    bounded: NDArray[np.int32]
    weights_from: IntArray
    weights: FloatArray
    slopes_from: IntArray = field(default_factory=_nothing)
    slope_units: NDArray[np.int32] = field(default_factory=_nothing)
    slopes: FloatArray = field(default_factory=_nothing)
    rows_from: IntArray = field(default_factory=_nothing)
    rows: NDArray[np.int32] = field(default_factory=_nothing)
    multipliers: FloatArray = field(default_factory=_nothing)
    row_set: NDArray[np.int32] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        for name, kind in COLUMNS.items():
            object.__setattr__(self, name, _frozen(getattr(self, name), kind))
        count = self.kind.size
        for name, size in (("slopes_from", count + 1), ("rows_from", count + 1), ("row_set", count)):
            if not getattr(self, name).size:
                object.__setattr__(self, name, _frozen(np.zeros(size), COLUMNS[name]))
        lengths = {self.index.size, self.value.size, self.row_set.size}
        if lengths != {count}:
            raise InputError(f"a tree of {count} nodes has columns for {sorted(lengths)} nodes")
        _check_offsets("bounded", self.bounded_from, self.bounded.size, count)
        _check_offsets("weights", self.weights_from, self.weights.size, count)
        _check_offsets("slopes", self.slopes_from, self.slopes.size, count)
        _check_offsets("rows", self.rows_from, self.rows.size, count)
        if self.slope_units.size != self.slopes.size or self.multipliers.size != self.rows.size:
            raise InputError("a tree needs one unit per slope, and one row per multiplier")
        _check_children(self.kind)

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return int(np.count_nonzero(self.kind <= NodeKind.EMPTY))


COLUMNS: dict[str, DTypeLike] = {
    "kind": np.int8,
    "index": np.int32,
    "value": np.float64,
    "bounded_from": np.int64,
    "bounded": np.int32,
    "weights_from": np.int64,
    "weights": np.float64,
    "slopes_from": np.int64,
    "slope_units": np.int32,
    "slopes": np.float64,
    "rows_from": np.int64,
    "rows": np.int32,
    "multipliers": np.float64,
    "row_set": np.int32,
}


def _frozen(values: ArrayLike, kind: DTypeLike) -> NDArray[Any]:
    column = np.array(values, dtype=kind).ravel()
    column.setflags(write=False)
    return column


def _check_offsets(name: str, offsets: IntArray, size: int, nodes: int) -> None:
    fits = offsets.size == nodes + 1 and offsets[0] == 0 and offsets[-1] == size and bool((np.diff(offsets) >= 0).all())
    if not fits:
        raise InputError(f"the offsets of {name} do not rise from 0 to {size} over {nodes} nodes")


def _check_children(kind: NDArray[np.int8]) -> None:
    """Count the subtrees that are still to come: in preorder there are some until the last node."""
    known = bool(((kind >= NodeKind.CLOSED) & (kind <= NodeKind.SPLIT)).all())
    waiting = 1 + np.cumsum(np.where(kind >= NodeKind.BISECT, 1, -1))
    if not known or not kind.size or waiting[-1] != 0 or bool((waiting[:-1] <= 0).any()):
        raise InputError(f"{kind.size} nodes are not the preorder of one tree")
