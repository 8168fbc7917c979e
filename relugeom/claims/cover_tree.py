"""Covering trees as values: how the inputs of a domain are divided so that a claim can be proved cell by cell.

The one idea: a tree is columns of floats that say what to do, never that it is true. A prover replays it exactly.
Notation: nodes are in preorder. Both children of a node follow it, with their subtrees: first the side x ≤ value or
z ≤ 0, then the side x ≥ value (x ≥ value + 1 for a branch) or z ≥ 0. Units and inputs are numbered as in certificates:
units over all copies, a second copy's own inputs after those of x.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import DTypeLike, NDArray

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
        A closed leaf has one weight ≥ 0 per inequality of each set, set after set; shapes (k + 1,) and (…,).

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

    def __post_init__(self) -> None:
        for name, kind in COLUMNS.items():
            column = np.array(getattr(self, name), dtype=kind).ravel()
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        count = self.kind.size
        if self.index.size != count or self.value.size != count:
            raise InputError(f"a tree of {count} nodes has {self.index.size} indices and {self.value.size} values")
        _check_offsets("bounded", self.bounded_from, self.bounded.size, count)
        _check_offsets("weights", self.weights_from, self.weights.size, count)
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
}


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
