"""How all 2^N patterns of a network divide on a domain, and which of them admissible inputs have: the answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from relugeom.linalg.arrays import ByteArray, FloatArray, IntArray, frozen_array

if TYPE_CHECKING:  # a light module: answers are read where nothing is searched
    from relugeom.geometry.integer_search import NoAdmissiblePoint

__all__ = [
    "MAX_LISTED_UNITS",
    "AdmissibleInputs",
    "AdmissiblePatterns",
    "AdmissibleVerdict",
    "CensusKind",
    "PatternCensus",
    "PrefixProof",
    "patterns_in_words",
]

MAX_LISTED_UNITS = 20
"""Networks with more units have too many patterns to classify one by one."""


class CensusKind(StrEnum):
    """Which patterns are counted; those with a status by that status."""

    ALL = "all"
    REGION = "region"
    LOWER_DIMENSIONAL = "lower-dimensional"
    INFEASIBLE = "infeasible"
    ADMISSIBLE = "admissible"
    OBSERVED = "observed"


class AdmissibleVerdict(IntEnum):
    """Whether some admissible input has a pattern."""

    NO = 0
    YES = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class PrefixProof:
    """No admissible input decides the first `units` units as a region does.

    The proof is about the rows s_u z_u of these units, in their order, strict where active.
    """

    units: int
    proof: "NoAdmissiblePoint"


@dataclass(frozen=True, slots=True, eq=False)
class AdmissibleInputs:
    """Which regions of a partition hold admissible inputs; one entry per region.

    Attributes
    ----------
    verdicts
        `AdmissibleVerdict`, shape (k,).
    witnesses
        An admissible input of each region that has one, shape (k, n); rows of NaN elsewhere. Exact wherever the row is
        not in `exact_witnesses`.
    exact_witnesses
        Row → rational coordinates, where they are no float64 numbers.
    proofs
        Row → proof that there is none; regions that begin alike can share one. Empty where all admissible inputs were
        listed.
    reasons
        Row → why its verdict is UNKNOWN.
    counts, total
        How many admissible inputs each region has, shape (k,), and how many there are in all; None where they were not
        listed.
    """

    verdicts: IntArray
    witnesses: FloatArray
    exact_witnesses: Mapping[int, tuple[Fraction, ...]] = field(default_factory=dict)
    proofs: Mapping[int, PrefixProof] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    counts: IntArray | None = None
    total: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "witnesses", frozen_array(self.witnesses))
        for name in ("exact_witnesses", "proofs", "reasons"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def admissible_share(self) -> FloatArray | None:
        """The share of all admissible inputs that each region has; None where they were not listed."""
        return None if self.counts is None or not self.total else self.counts / self.total


@dataclass(frozen=True, slots=True, eq=False)
class AdmissiblePatterns:
    """The patterns that admissible inputs have, regions and lower-dimensional ones.

    Attributes
    ----------
    packed
        Patterns in ascending order, eight units a byte, shape (k, ⌈N/8⌉).
    witnesses, exact_witnesses
        An admissible input with each pattern, as in `AdmissibleInputs`.
    counts
        How many admissible inputs have each pattern, shape (k,); None where they were not listed.
    complete
        Whether these are all.
    reason
        Why not.
    undecided
        How further patterns may begin (prefixes of texts without slashes) where a question stayed open; what a limit of
        time left unexplored is not among them.
    """

    packed: ByteArray
    witnesses: FloatArray
    exact_witnesses: Mapping[int, tuple[Fraction, ...]] = field(default_factory=dict)
    counts: IntArray | None = None
    complete: bool = True
    reason: str = ""
    undecided: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "witnesses", frozen_array(self.witnesses))
        object.__setattr__(self, "exact_witnesses", MappingProxyType(dict(self.exact_witnesses)))

    def __len__(self) -> int:
        return len(self.packed)


@dataclass(frozen=True, slots=True, eq=False)
class PatternCensus:
    """The feasible patterns of a domain, and how many there are of each kind.

    Attributes
    ----------
    units
        N: there are 2^N patterns.
    region_packed
        Patterns that are regions, in ascending order, shape (r, ⌈N/8⌉).
    lower_packed
        Lower-dimensional patterns that are known, in ascending order, shape (l, ⌈N/8⌉).
    region_admissible, lower_admissible
        How many admissible inputs have each of these patterns, shapes (r,) and (l,); None where admissible inputs are
        too many to list.
    complete
        Whether every region is known.
    lower_complete
        Whether every lower-dimensional pattern is known, not only those of admissible inputs.
    region_verdicts, lower_verdicts
        Whether some admissible input has each of these patterns (`AdmissibleVerdict`), shapes (r,) and (l,), also where
        admissible inputs cannot be listed; None where nobody asked.
    admissible_complete
        Whether every pattern that an admissible input has is known.
    """

    units: int
    region_packed: ByteArray
    lower_packed: ByteArray
    region_admissible: IntArray | None
    lower_admissible: IntArray | None
    complete: bool
    lower_complete: bool
    region_verdicts: IntArray | None = None
    lower_verdicts: IntArray | None = None
    admissible_complete: bool = False

    @property
    def patterns_in_words(self) -> str:
        """The number of patterns, as a number up to 2^20 and as a power beyond."""
        return patterns_in_words(self.units)

    @property
    def infeasible(self) -> int | None:
        """Number of infeasible patterns where everything was searched, else None."""
        if not (self.complete and self.lower_complete):
            return None
        return int(2**self.units) - len(self.region_packed) - len(self.lower_packed)

    @property
    def admissible(self) -> int | None:
        """Number of patterns that some admissible input has, or None where that is not known."""
        if self.region_admissible is not None and self.lower_admissible is not None:
            return int((self.region_admissible > 0).sum() + (self.lower_admissible > 0).sum())
        if self.admissible_complete and self.region_verdicts is not None and self.lower_verdicts is not None:
            return sum(
                int((verdicts == AdmissibleVerdict.YES).sum())
                for verdicts in (self.region_verdicts, self.lower_verdicts)
            )
        return None


def patterns_in_words(units: int) -> str:
    """2^N as a number up to 2^20, and as a power beyond."""
    return f"{2**units:,}" if units <= MAX_LISTED_UNITS else f"2^{units}"
