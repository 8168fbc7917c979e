"""The census of all 2^N patterns of a network on a domain, and the patterns of admissible inputs, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from relugeom.linalg.arrays import ByteArray, FloatArray, IntArray, frozen_array
from relugeom.linalg.pickling import Call, as_call

if TYPE_CHECKING:  # a light module: answers are read where nothing is searched
    from relugeom.geometry.integer_search import NoAdmissiblePoint

__all__ = [
    "MAX_LISTED_UNITS",
    "AdmissibleInputs",
    "AdmissiblePatterns",
    "CensusKind",
    "Met",
    "PatternCensus",
    "PrefixProof",
    "patterns_in_words",
]

MAX_LISTED_UNITS = 20
"""Most units of a network whose patterns can be classified one by one."""


class CensusKind(StrEnum):
    """Kinds of patterns that are counted; those with a status by that status."""

    ALL = "all"
    REGION = "region"
    LOWER_DIMENSIONAL = "lower-dimensional"
    INFEASIBLE = "infeasible"
    ADMISSIBLE = "admissible"
    OBSERVED = "observed"


class Met(IntEnum):
    """Whether some admissible input has a pattern."""

    NO = 0
    YES = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class PrefixProof:
    """Proof that no admissible input decides the first `units` units as a region does.

    The proof is about the rows s_u z_u of these units, in their order, strict where active.
    """

    units: int
    proof: "NoAdmissiblePoint"


@dataclass(frozen=True, slots=True, eq=False)
class AdmissibleInputs:
    """Regions of a partition that contain admissible inputs; one entry per region.

    Attributes
    ----------
    met
        Whether some admissible input lies in each region (`Met`), shape (k,).
    witnesses
        An admissible input of each region that has one, shape (k, n); rows of NaN elsewhere. A row is exact unless it
        is in `exact_witnesses`.
    exact_witnesses
        Row → rational coordinates, where they are not float64 numbers.
    proofs
        Row → proof that there is none; regions that begin alike can share one. Empty if all admissible inputs were
        listed.
    reasons
        Row → why its answer is UNKNOWN.
    counts, total
        Number of admissible inputs in each region, shape (k,), and in all; None if they were not listed.
    """

    met: IntArray
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

    def __reduce__(self) -> Call:
        return as_call(self)

    @property
    def verdicts(self) -> IntArray:
        """Former name of `met`, for one version."""
        return self.met

    @property
    def admissible_share(self) -> FloatArray | None:
        """Share of all admissible inputs that each region has; None if they were not listed."""
        return None if self.counts is None or not self.total else self.counts / self.total


@dataclass(frozen=True, slots=True, eq=False)
class AdmissiblePatterns:
    """Patterns of admissible inputs, both regions and lower-dimensional ones.

    Attributes
    ----------
    packed
        Patterns in ascending order, eight units per byte, shape (k, ⌈N/8⌉).
    witnesses, exact_witnesses
        An admissible input with each pattern, as in `AdmissibleInputs`.
    counts
        How many admissible inputs have each pattern, shape (k,); None if they were not listed.
    complete
        Whether these are all patterns of admissible inputs.
    reason
        Why they are not all, or empty.
    undecided
        Prefixes (texts without slashes) of further patterns about which a question stayed open; parts that a time limit
        left unexplored are not among them.
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

    def __reduce__(self) -> Call:
        return as_call(self)

    def __len__(self) -> int:
        return len(self.packed)


@dataclass(frozen=True, slots=True, eq=False)
class PatternCensus:
    """Feasible patterns of a domain, and how many there are of each kind.

    Attributes
    ----------
    units
        N: there are 2^N patterns.
    region_packed
        Patterns that are regions, in ascending order, shape (r, ⌈N/8⌉).
    lower_packed
        Lower-dimensional patterns that are known, in ascending order, shape (l, ⌈N/8⌉).
    region_admissible, lower_admissible
        How many admissible inputs have each of these patterns, shapes (r,) and (l,); None if admissible inputs are
        too many to list.
    complete
        Whether every region is known.
    lower_complete
        Whether every lower-dimensional pattern is known, not only those of admissible inputs.
    region_met, lower_met
        Whether some admissible input has each of these patterns (`Met`), shapes (r,) and (l,), also where
        admissible inputs cannot be listed; None if this was not asked.
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
    region_met: IntArray | None = None
    lower_met: IntArray | None = None
    admissible_complete: bool = False

    @property
    def patterns_in_words(self) -> str:
        """Number of patterns, as a number up to 2^20 and as a power beyond."""
        return patterns_in_words(self.units)

    @property
    def infeasible(self) -> int | None:
        """Number of infeasible patterns if everything was searched, else None."""
        if not (self.complete and self.lower_complete):
            return None
        return int(2**self.units) - len(self.region_packed) - len(self.lower_packed)

    @property
    def admissible(self) -> int | None:
        """Number of patterns that some admissible input has, or None if that is not known."""
        if self.region_admissible is not None and self.lower_admissible is not None:
            return int((self.region_admissible > 0).sum() + (self.lower_admissible > 0).sum())
        if self.admissible_complete and self.region_met is not None and self.lower_met is not None:
            return sum(int((met == Met.YES).sum()) for met in (self.region_met, self.lower_met))
        return None


def patterns_in_words(units: int) -> str:
    """2^N as a number up to 2^20, and as a power beyond."""
    return f"{2**units:,}" if units <= MAX_LISTED_UNITS else f"2^{units}"
