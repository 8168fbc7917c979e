"""Settlements of claims: a claim holds; or it fails, which an input shows; or it is unknown, for a reason."""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from relugeom.claims.claim import Claim
from relugeom.claims.reason import NO_REASON, Reason, as_reason
from relugeom.linalg.exact import Point

__all__ = ["Counterexample", "Proof", "Settlement", "Verdict"]


class Verdict(StrEnum):
    """Verdict on a claim; HOLDS and FAILS are proved exactly."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Input at which a claim fails, evaluated in exact arithmetic.

    Attributes
    ----------
    x, outputs
        The input, and the outputs of the first network there.
    second_x, second_outputs
        The second input of the claim (equal to x if only networks are compared), and its outputs; None if the claim is
        about one input.
    """

    x: Point
    outputs: Point
    second_x: Point | None = None
    second_outputs: Point | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a claim, and the certificate to which it was written.

    Attributes
    ----------
    path
        The certificate; None if none was asked for.
    cells, proofs, size
        Number of cells that its tree closes, of proofs of units in it, and of bytes in the file (0 without one).
    digest
        SHA-256 of the file; empty without one.
    """

    path: Path | None
    cells: int
    proofs: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """A claim and its verdict.

    Attributes
    ----------
    proof
        Proof that the claim holds.
    counterexample
        Input that shows that it fails; None if a pattern does not have the claimed standing.
    reason
        Why the claim fails, or why that is unknown; a plain text becomes a reason of another cause.
    lower, upper
        Of a claim that is open: the most by which an input that was met breaks it (below 0 if it does not), and a
        proved bound of what any input does, in units of the claim's inequalities on outputs; None if nothing is known.
    """

    claim: Claim
    verdict: Verdict
    proof: Proof | None = None
    counterexample: Counterexample | None = None
    reason: Reason = NO_REASON
    lower: Fraction | None = None
    upper: Fraction | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", as_reason(self.reason))

    def within(self, other: "Settlement") -> "Settlement":
        """The same, with the upper bound of a claim that implies it, if that is better."""
        known = [upper for upper in (self.upper, other.upper) if upper is not None]
        return replace(self, upper=min(known)) if self.verdict is Verdict.UNKNOWN and known else self
