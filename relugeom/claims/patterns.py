"""Claims about single activation patterns."""

from dataclasses import dataclass
from enum import StrEnum

from relugeom.errors import InputError

__all__ = ["PatternClaims", "PatternStanding", "PatternStatement"]


class PatternStanding(StrEnum):
    """Standing that a pattern is claimed to have on a domain."""

    REGION = "region"
    INFEASIBLE = "infeasible"
    FLAT = "flat"
    LOWER_DIMENSIONAL = "lower-dimensional"
    INADMISSIBLE = "inadmissible"


@dataclass(frozen=True, slots=True)
class PatternStatement:
    """A statement about one pattern.

    Attributes
    ----------
    pattern
        Text of the pattern, like ``"0110/10"``; the slashes between layers may be left out.
    standing
        FLAT: the set of inputs that have it has no interior; LOWER_DIMENSIONAL: that set is also not empty;
        INADMISSIBLE: no admissible input has it.
    """

    pattern: str
    standing: PatternStanding

    def __post_init__(self) -> None:
        object.__setattr__(self, "standing", PatternStanding(self.standing))
        if set(self.pattern) - set("01/-"):
            raise InputError(f"{self.pattern!r} is not an activation pattern: write one bit per unit, as in 0110/10")

    @property
    def bits(self) -> str:
        """Bits of the pattern, one character per unit."""
        return self.pattern.replace("/", "").replace("-", "")


@dataclass(frozen=True, slots=True)
class PatternClaims:
    """Statements about patterns, at least one."""

    statements: tuple[PatternStatement, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "statements", tuple(self.statements))
        if not self.statements:
            raise InputError("a claim about patterns needs at least one pattern")
