"""What is planned for a leaf of a covering tree, how it may be divided, and what came of closing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from relugeom.certificate.claim_proof.tree import Lines
from relugeom.certificate.cover_proof.input_form import InputForm
from relugeom.claims.cover_tree import NodeKind

__all__ = ["Attempt", "Cut", "LeafPlan"]


@dataclass(frozen=True, slots=True)
class LeafPlan:
    """How a leaf is likely to close.

    Attributes
    ----------
    weights
        Those of the inequalities of each set.
    multipliers, row_set
        Multipliers of rows by number, and the set to which they belong.
    slopes
        Lower slopes of units, and behind them shares of the first lines of pairs, over 2^SLOPE_BITS.
    """

    weights: Sequence[Sequence[float]]
    multipliers: Mapping[int, float] = field(default_factory=dict)
    row_set: int = 0
    slopes: Mapping[int, int] = field(default_factory=dict)

    def without_slopes(self) -> "LeafPlan":
        """The same with the slopes that units have anyway."""
        return replace(self, slopes={})


@dataclass(frozen=True, slots=True)
class Cut:
    """A bisection of an input at value / 2^exponent, a branch, or a split of a unit."""

    kind: NodeKind
    index: int
    value: int


@dataclass(slots=True)
class Attempt:
    """What came of closing a cell as it is known.

    Attributes
    ----------
    lines
        The lines that close it; None if nothing does.
    plan
        Weights and multipliers that were found to do.
    form
        A combination that does not close it, in the inputs.
    open
        What could not be shown of the cell.
    """

    lines: Lines | None = None
    plan: LeafPlan | None = None
    form: InputForm | None = None
    open: str = ""
