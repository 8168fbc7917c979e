"""How all 2^N patterns of a network divide on a domain."""

from dataclasses import dataclass
from enum import IntEnum

from relugeom.linalg.arrays import ByteArray, IntArray

__all__ = ["MAX_LISTED_UNITS", "AdmissibleVerdict", "PatternCensus", "patterns_in_words"]

MAX_LISTED_UNITS = 20
"""Networks with more units have too many patterns to classify one by one."""


class AdmissibleVerdict(IntEnum):
    """Whether some admissible input has a pattern."""

    NO = 0
    YES = 1
    UNKNOWN = 2


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
