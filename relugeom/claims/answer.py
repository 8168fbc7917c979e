"""An answer: what was asked, and what became of it."""

from dataclasses import dataclass
from fractions import Fraction

from relugeom.claims.settlement import Proof, Verdict
from relugeom.claims.subject import Subject

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A subject, what is said of it in numbers, and the verdict.

    Attributes
    ----------
    subject
        What was asked.
    verdict
        Whether it holds on the domain.
    value
        The number that was asked for, exactly; None where there is none.
    part, whole
        Counted things, and of how many; None where nothing was counted.
    witness
        An input (or a pair) that reaches the value or shows that the statement fails, in words; or empty.
    from_samples
        Whether the search for the witness began at samples, so that it may be one or tell of one.
    reason
        Why the verdict is not known, or empty.
    proof
        The certificate of a statement that holds.
    """

    subject: Subject
    verdict: Verdict
    value: Fraction | None = None
    part: int | None = None
    whole: int | None = None
    witness: str = ""
    from_samples: bool = False
    reason: str = ""
    proof: Proof | None = None
