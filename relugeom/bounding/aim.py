"""What a search is after: to show of every cell that some sets miss it, or that a slope has one sign there.

The one idea: the engine keeps the tree and the work; an aim knows which cells are closed, how the others are parted,
and which inputs might refute the claim.
"""

from dataclasses import dataclass
from typing import Protocol

from relugeom.bounding.branching import Parting
from relugeom.bounding.cells import Cells
from relugeom.bounding.tightening import Bounded
from relugeom.bounding.tree import GrowingTree
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["Aim", "Left"]


@dataclass(slots=True, eq=False)
class Left:
    """Cells of a round that are open, how they are parted, and inputs that the round led to.

    Attributes
    ----------
    rows
        Which cells of the round they are, shape (B,).
    bounds
        How far each may be from being closed, shape (B,).
    excesses
        Bounds of how far inside of a set inputs are, or of how far the output moves the wrong way, shape (B,).
    tight
        Whether a bound of a cell that was closed is not below 0, so that only exact arithmetic can close it.
    """

    rows: IntArray
    cells: Cells
    nodes: IntArray
    bounds: FloatArray
    excesses: FloatArray
    parting: Parting
    promising: FloatArray
    tight: bool = False

    def at(self, rows: IntArray) -> "Left":
        """Some of the cells."""
        return Left(
            self.rows[rows],
            self.cells.at(rows),
            self.nodes[rows],
            self.bounds[rows],
            self.excesses[rows],
            self.parting.at(rows),
            self.promising,
            self.tight,
        )


class Aim(Protocol):
    """What is to be shown of all cells."""

    def attack(self, number: int, deadline: Deadline) -> FloatArray:
        """Joint inputs that may refute the claim, found from many others: from more, the higher the number."""

    def margins(self, x: FloatArray) -> FloatArray:
        """By how much each joint input refutes the claim, shape (k,); one below 0 does not."""

    def excesses(self, x: FloatArray) -> FloatArray:
        """How far inside of a set each joint input is, shape (k,); −∞ if there are no sets."""

    def close(self, cells: Cells, nodes: IntArray, bounded: Bounded, level: float, tree: GrowingTree) -> Left:
        """Close what can be closed, in the tree; what is left.

        Parameters
        ----------
        level
            Below which bounds must stay.
        """
