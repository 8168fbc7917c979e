"""Answers to questions about a network, in numbers; `words.py` makes sentences of them."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from relugeom.claims.reason import NO_REASON, Reason, as_reason
from relugeom.claims.settlement import Proof, Verdict
from relugeom.claims.subject import Subject
from relugeom.linalg.exact import Point

__all__ = ["Answer", "CounterpartShare", "Population", "RemovedUnit", "ShownInput"]


@dataclass(frozen=True, slots=True)
class ShownInput:
    """An input that shows an answer.

    Attributes
    ----------
    x
        Values of its features.
    value
        Value there of the output that the subject names; None if it names none.
    decided
        Number of the class that is decided there, below 0 if none is clear; None if none was asked for.
    """

    x: Point
    value: Fraction | None = None
    decided: int | None = None


class Population(StrEnum):
    """Population of which a share is measured."""

    DOMAIN = "domain"
    SAMPLES = "samples"


@dataclass(frozen=True, slots=True)
class CounterpartShare:
    """Share of inputs for which one that differs only in protected features was found to get another decision.

    Attributes
    ----------
    population
        Whether inputs were drawn from the domain, or are the samples that lie in it.
    inputs, unequal
        Number of inputs that were examined, and number of those that have such a counterpart.
    exhaustive
        Whether all counterparts of each were looked at; if not, it may be more.
    low, high, confidence
        An interval for the share of the domain, and with which probability it holds that; None for samples.
    """

    population: Population
    inputs: int
    unequal: int
    exhaustive: bool
    low: float | None = None
    high: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class RemovedUnit:
    """A unit that a smaller network does without, and the reason."""

    layer: int
    unit: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: a subject, its numbers, and the verdict.

    Attributes
    ----------
    subject
        Subject of the question.
    verdict
        Whether the statement holds on the domain.
    value
        The number that was asked for, exactly; None if there is none.
    lower, upper
        Proved bounds: of the end of a range; of all values, for a range without a side or several; for any other
        statement, of the most by which inputs break it, in units of the output (it fails if that is above 0). None if
        no bound is known.
    part, whole
        Number of things counted, and their total; None if nothing was counted.
    shown
        An input that reaches the value, or one or two that show that the statement fails; or none.
    shares
        What was measured of inputs whose decision protected features change, where these are not counted.
    removed
        The units that a smaller network does without.
    from_samples
        Whether the search for the inputs that are shown began at samples, so that they may be some or tell of some.
    reason
        Why the verdict is unknown, or that a range has no limit; a plain text becomes a reason of another cause.
    proof
        Certificate of a statement that holds.
    """

    subject: Subject
    verdict: Verdict
    value: Fraction | None = None
    part: int | None = None
    whole: int | None = None
    shown: tuple[ShownInput, ...] = ()
    shares: tuple[CounterpartShare, ...] = ()
    removed: tuple[RemovedUnit, ...] = ()
    from_samples: bool = False
    reason: Reason = NO_REASON
    proof: Proof | None = None
    lower: Fraction | None = None
    upper: Fraction | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", as_reason(self.reason))
