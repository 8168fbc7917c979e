"""What became of a claim: it holds, it fails and this shows it, or nobody knows and why."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from relugeom.claims.claim import Claim
from relugeom.linalg.exact import Point

__all__ = ["Counterexample", "Proof", "Settlement", "Verdict"]


class Verdict(StrEnum):
    """HOLDS and FAILS are proved, exactly."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Where a claim fails, evaluated in exact arithmetic.

    Attributes
    ----------
    x, outputs
        The input and what the first network gives there.
    second_x, second_outputs
        The second input of the claim (equal to x where only networks are compared), and what it gives; None where the
        claim is about one input.
    """

    x: Point
    outputs: Point
    second_x: Point | None = None
    second_outputs: Point | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a claim, and the certificate that it was written to.

    Attributes
    ----------
    path
        The certificate; None where none was asked for.
    cells, proofs, size
        How many cells its tree closes, how many proofs of units it holds, and the file's bytes (0 without one).
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
        What shows that it holds.
    counterexample
        What shows that it fails; None where a pattern was claimed to be what it is not.
    reason
        Why it fails, or why that is not known, in words.
    """

    claim: Claim
    verdict: Verdict
    proof: Proof | None = None
    counterexample: Counterexample | None = None
    reason: str = ""
