"""Questions that were asked of a network, with their answers, as people read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from relugeom.claims.settlement import Proof, Verdict

__all__ = ["Answer", "point_in_words"]

SHOWN = 12
"""Inputs of a witness that are named."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question and what became of it.

    Attributes
    ----------
    question
        What kind of question it is: ``"range"``, ``"monotonicity"``, …
    statement
        What is claimed, in the names of features and outputs.
    verdict
        Whether it holds on the domain.
    value
        The number that was asked for, exactly; None where there is none.
    witness
        An input (or a pair) that reaches the value or shows that the statement fails, in words; or empty.
    reason
        Why the verdict is not known, or empty.
    proof
        The certificate of a statement that holds.
    """

    question: str
    statement: str
    verdict: Verdict
    value: Fraction | None = None
    witness: str = ""
    reason: str = ""
    proof: Proof | None = None


def point_in_words(names: Sequence[str], point: Sequence[Fraction]) -> str:
    """``Age = 3, Fare = 0.5``; numbers to six digits."""
    pairs = [f"{name} = {float(value):.6g}" for name, value in zip(names, point, strict=True)]
    rest = f" and {len(pairs) - SHOWN:,} more" if len(pairs) > SHOWN else ""
    return ", ".join(pairs[:SHOWN]) + rest
