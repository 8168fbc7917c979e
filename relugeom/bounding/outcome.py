"""Limits of a search, and what it comes to, as values."""

from dataclasses import dataclass
from enum import StrEnum

from relugeom.claims.cover_tree import CoverTree
from relugeom.linalg.arrays import FloatArray

__all__ = ["Effort", "End", "Outcome", "Peak"]


class End(StrEnum):
    """How a search ended."""

    CLOSED = "closed"
    MET = "met"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Effort:
    """Limits of a search, as counted work and memory.

    Attributes
    ----------
    cells
        Cells that are bounded, at most.
    bytes
        Memory of the cells and the tree that a search keeps, and of a round of cells, at most; that of attacks, tens
        to hundreds of megabytes, comes on top.
    """

    cells: int = 1_000_000
    bytes: int = 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a search came to.

    Attributes
    ----------
    point
        Joint input that lies in an excluded set, as `confirm` said; None if none was met.
    tree
        Closed tree; None if some cell is open.
    cells
        Cells that were bounded.
    upper
        Proved: no input is further inside of a set, in units of the claim; infinite if nothing is proved. 0 if all
        cells are closed.
    nearest
        The joint input of the domain, among those met, that is furthest inside of a set or least far outside.
    tight
        Whether cells were closed that exact arithmetic alone can close: then the tree is a plan, and not a proof.
    is_full
        Whether it ended because it would have needed more memory.
    """

    end: End
    point: FloatArray | None
    tree: CoverTree | None
    cells: int
    upper: float
    nearest: FloatArray | None
    tight: bool = False
    is_full: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The largest value of the only inequality of a problem, from both sides.

    Attributes
    ----------
    upper
        Proved upper bound; infinite if there is none.
    value, point
        The largest value that was met, as floats have it, and the joint input; −∞ and None if none was met.
    cells
        Cells that were bounded.
    tree
        Closed tree, the plan of a proof that nothing goes beyond the value; None if that was not asked for, or if some
        cell is open.
    """

    upper: float
    value: float
    point: FloatArray | None
    cells: int
    tree: CoverTree | None = None
