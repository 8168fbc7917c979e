"""What became of a claim: it holds, it fails and this shows it, or nobody knows and why.

The one idea: analyses ask through a function of this type, so that they need not know who proves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from inspect import Parameter, signature
from pathlib import Path

from relugeom.claims.claim import Claim
from relugeom.deadline import NEVER, Deadline

__all__ = ["Counterexample", "Proof", "Settle", "Settlement", "Verdict", "in_time"]

Point = tuple[Fraction, ...]


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


Settle = Callable[[Claim], Settlement]
"""Settles claims about a network (or two) and a domain that are agreed on.

One that also takes a keyword `time_limit`, as `settle_claim` does, is told how much time is left.
"""


def in_time(settle: Callable[..., Settlement], deadline: Deadline) -> Callable[..., Settlement]:
    """The same until a deadline; a claim that is asked afterwards is not known.

    Parameters
    ----------
    settle
        The claim is its last argument. Where it takes a `time_limit`, it gets the deadline, or its own default where
        that comes first; where it does not, only it knows how long a claim may take.
    """
    if deadline == NEVER:
        return settle
    parameter = signature(settle).parameters.get("time_limit")
    own = None if parameter is None or parameter.default is Parameter.empty else parameter.default

    def settle_in_time(*asked: object) -> Settlement:
        claim = asked[-1]
        assert isinstance(claim, Claim)
        if deadline.passed:
            return Settlement(claim, Verdict.UNKNOWN, reason="the time was up before it was asked")
        if parameter is None:
            return settle(*asked)
        return settle(*asked, time_limit=min(deadline, Deadline.of(own), key=lambda limit: limit.end))

    return settle_in_time
