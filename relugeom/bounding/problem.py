"""What the engine works on: a claim about networks on a box, as arrays.

Notation: joint inputs are those of the first copy with a second copy's own ones behind; a copy reads its inputs from
some of their columns. A *set* is a list of inequalities constant + inputs·x + outputs·y ≥ 0 (or > 0), and the claim is
that no input meets all inequalities of any set; or it is about a slope. Numbers are float64; what a row loses by being
rounded is small relative to the size of its terms, and bounds allow for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from relugeom.claims.cover_tree import NodeKind
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.network.network import ReLUNetwork

__all__ = ["Copy", "DomainRows", "Problem", "RootCut", "SetRows", "Slope"]

ROUNDING = 1e-12
"""More than a quotient and a sum of weights lose by rounding, relative to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """A network on some of the joint inputs.

    Attributes
    ----------
    columns
        Where its inputs stand among the joint ones, shape (n,).
    first
        Number of its first unit among the units of all copies.
    """

    network: ReLUNetwork
    columns: IntArray
    first: int

    @property
    def layers(self) -> tuple[slice, ...]:
        """Where the units of each hidden layer stand among the units of all copies."""
        ends = self.first + np.cumsum([0, *self.network.widths])
        return tuple(slice(int(a), int(b)) for a, b in pairwise(ends))


@dataclass(frozen=True, slots=True, eq=False)
class SetRows:
    """The inequalities of all sets, set after set, each divided by its largest coefficient.

    Attributes
    ----------
    constant, inputs, outputs
        Coefficients, shapes (r,), (r, m) for the joint inputs and, for each copy, (r, its outputs).
    first
        Where each set begins, and the end, shape (sets + 1,).
    places, total
        Which of the claim's inequalities each row is, shape (r,), and how many the claim has: those that help nobody
        are left out.
    measure
        What a row must be multiplied by to be the claim's inequality in its own unit, shape (r,); 0 for conditions,
        which are rows of the inputs alone beside rows of outputs in the same set.
    """

    constant: FloatArray
    inputs: FloatArray
    outputs: tuple[FloatArray, ...]
    first: IntArray
    places: IntArray
    total: int
    measure: FloatArray

    def weights(self, found: FloatArray) -> FloatArray:
        """Weights of the rows here, shape (r,), as those of all inequalities of the claim, divided as the rows here."""
        every = np.zeros(self.total)
        every[self.places] = found
        return every

    @property
    def count(self) -> int:
        """Number of sets."""
        return len(self.first) - 1

    def sets(self, block: slice) -> Sequence[slice]:
        """The rows of each set of a block."""
        return [slice(a, b) for a, b in pairwise(self.first[block.start : block.stop + 1].tolist())]

    def blocks(self, most: int) -> Sequence[slice]:
        """Numbers of the sets, one after the other, in blocks of at most so many rows, or of one set.

        What a set needs of its own rows alone is then not kept for all rows together: a claim may have thousands.
        """
        found, start, ends = [], 0, self.first.tolist()
        while start < len(ends) - 1:
            stop = max(start + 1, int(np.searchsorted(self.first, ends[start] + most, side="right")) - 1)
            found.append(slice(start, stop))
            start = stop
        return found

    def rows_of(self, sets: slice) -> slice:
        """The rows of a block of sets."""
        return slice(int(self.first[sets.start]), int(self.first[sets.stop]))

    def belong(self, sets: IntArray) -> BoolArray:
        """Which rows belong to each of some sets, shape (k, r)."""
        every = np.arange(len(self.constant))
        return (every >= self.first[sets, None]) & (every < self.first[sets + 1, None])

    def least(self, values: FloatArray) -> FloatArray:
        """The least value of the rows of each set, shape (k, sets), of values of shape (k, r)."""
        return np.minimum.reduceat(values, self.first[:-1], axis=1)

    def excesses(self, values: FloatArray) -> FloatArray:
        """How far inputs are inside of a set at most, shape (k,), below 0 if outside; −∞ where conditions fail.

        Parameters
        ----------
        values
            Values of the rows at the inputs, shape (k, r).
        """
        unmet = np.where(values >= 0.0, np.inf, -np.inf)
        each = np.where(self.measure > 0.0, values * self.measure, unmet)
        return np.asarray(self.least(each).max(axis=1))

    def excess_bounds(self, bounds: FloatArray, weights: FloatArray) -> FloatArray:
        """Upper bounds of how far inputs of cells are inside of a set, shape (k,).

        Where conditions hold, Σ weights · rows is at least Σ weights / measure times the least measured row.

        Parameters
        ----------
        bounds, weights
            Upper bounds of each set's combination, shape (k, sets), and the weights, shape (k, r).
        """
        shares = np.divide(weights, self.measure, out=np.zeros_like(weights), where=self.measure > 0.0)
        totals = np.add.reduceat(shares, self.first[:-1], axis=1)
        most = np.divide(bounds, totals, out=np.full_like(bounds, np.inf), where=(bounds >= 0.0) & (totals > 0.0))
        return np.asarray(np.where(bounds < 0.0, 0.0, most * (1.0 + ROUNDING)).max(axis=1))


@dataclass(frozen=True, slots=True)
class Slope:
    """That the slope of an output of the first copy in an input is ≥ 0 (direction 1), or ≤ 0 (−1)."""

    output: int
    column: int
    direction: int


@dataclass(frozen=True, slots=True, eq=False)
class RootCut:
    """A cut that leads from the whole domain to the box of a problem: on its other side, all sets are missed.

    Attributes
    ----------
    kind, column, value
        BRANCH or BISECT, the input, and where it is cut.
    above
        Whether the box lies above.
    weights
        Those of all inequalities of the claim that close the other side.
    """

    kind: NodeKind
    column: int
    value: float
    above: bool
    weights: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DomainRows:
    """Linear inequalities that hold on the domain: constant + inputs·x ≥ 0, exactly.

    Attributes
    ----------
    inputs, constant
        Shapes (k, m) and (k,).
    """

    inputs: FloatArray
    constant: FloatArray


NO_ROWS = DomainRows(np.zeros((0, 0)), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A claim on a bounded box.

    Attributes
    ----------
    lower, upper
        Sides of the joint inputs, shape (m,), finite.
    inner_lower, inner_upper
        Sides within which inputs are looked for: a little closer where a side was rounded outwards.
    whole
        Joint inputs that are branched on by integers, shape (m,): the claim is about admissible inputs only.
    groups
        Columns of the one-hot groups that a copy has to itself, or that all share.
    slope
        What is claimed of a slope; then there is one copy and no set.
    cuts
        How the box is cut out of the whole domain.
    domain_rows
        Linear rows of the domain, for the inputs of each copy.
    paired
        Whether units of two copies are bounded in pairs where that is possible: closer than one by one.
    """

    copies: tuple[Copy, ...]
    rows: SetRows
    lower: FloatArray
    upper: FloatArray
    inner_lower: FloatArray
    inner_upper: FloatArray
    whole: BoolArray
    groups: tuple[IntArray, ...] = field(default=())
    slope: Slope | None = None
    cuts: tuple[RootCut, ...] = ()
    domain_rows: DomainRows = NO_ROWS
    paired: bool = True

    @property
    def inputs(self) -> int:
        """Number m of joint inputs."""
        return int(self.lower.size)

    @property
    def units(self) -> int:
        """Units of all copies."""
        return sum(copy.network.units for copy in self.copies)

    @property
    def pairs(self) -> int:
        """Pairs of units, one of each copy, where both copies have layers of the same widths; else 0."""
        first, second = self.copies[0].network, self.copies[-1].network
        possible = self.paired and len(self.copies) == 2 and first.widths == second.widths
        return first.units if possible else 0
