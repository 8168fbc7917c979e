"""Questions that were asked of a network, with their answers, as people read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from relugeom.claims.settlement import Proof, Verdict

__all__ = ["Answer", "bound_in_words", "pair_in_words", "point_in_words"]

SHOWN = 12
"""Inputs of a witness that are named."""
DIGITS = 6


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


def bound_in_words(name: str, relation: str, bound: Fraction) -> str:
    """``Survived ≤ 2.58987``: six digits, rounded away from the values, so that what is written is implied.

    Parameters
    ----------
    relation
        ``"≤"`` or ``"≥"``.
    """
    context = Context(prec=DIGITS, rounding=ROUND_CEILING if relation == "≤" else ROUND_FLOOR)
    rounded = context.divide(Decimal(bound.numerator), Decimal(bound.denominator)).normalize(context)
    plain = not rounded or -5 <= rounded.adjusted() < DIGITS
    return f"{name} {relation} {rounded:f}" if plain else f"{name} {relation} {rounded:e}"


def pair_in_words(first: Fraction, second: Fraction) -> tuple[str, str]:
    """Two numbers with six digits, or as many as tell them apart; alike only where no float64 does."""
    for digits in range(DIGITS, 18):
        texts = f"{float(first):.{digits}g}", f"{float(second):.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
