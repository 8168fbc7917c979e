"""Answers that are not known exactly, but from two sides, as a reader sees them.

The one idea: a number between proved bounds is no unknown number. Its row says between which bounds it lies and how
large the gap is; a statement that stays open says by how much inputs can break it at most.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from numbers import Real

from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question
from relugeom.claims.words import bound_text

__all__ = ["BETWEEN", "gap_in_words", "open_in_words", "shown_verdict"]

BETWEEN = "between bounds"
"""What is shown in place of the verdict on a number of which both sides are known."""
MOVED = {Direction.RISES.value: "a fall", Direction.FALLS.value: "a rise", None: "a rise or a fall"}


def shown_verdict(answer: Mapping[str, object]) -> str:
    """The verdict of a stored answer, or that a range, or its end, lies between two bounds."""
    lower, upper = _sides(answer)
    verdict = str(answer["verdict"])
    is_number = answer["question"] == Question.RANGE and verdict == Verdict.UNKNOWN
    return BETWEEN if is_number and lower is not None and upper is not None else verdict


def gap_in_words(answer: Mapping[str, object]) -> str:
    """How far both bounds of a number are apart; empty if that is not known."""
    lower, upper = _sides(answer)
    if shown_verdict(answer) != BETWEEN or lower is None or upper is None:
        return ""
    return f"a gap of {bound_text(upper - lower, up=True, digits=3)}"


def open_in_words(answer: Mapping[str, object]) -> str:
    """By how much inputs can break a statement that is open, at most; empty for others."""
    upper = _sides(answer)[1]
    if answer["verdict"] != Verdict.UNKNOWN or upper is None or answer["question"] == Question.RANGE:
        return ""
    most = bound_text(max(upper, Fraction(0)), up=True)
    if answer["question"] == Question.MONOTONICITY:
        direction = answer["direction"] if isinstance(answer["direction"], str) else None
        return f"{MOVED[direction]} of more than {most} is ruled out"
    if answer["question"] == Question.FAIRNESS:
        return f"two such outputs that are more than {most} beyond the boundary, on different sides, are ruled out"
    return f"a difference of more than {most} is ruled out"


def _sides(answer: Mapping[str, object]) -> tuple[Fraction | None, Fraction | None]:
    lower, upper = (_exact(answer[name]) for name in ("lower", "upper"))
    return lower, upper


def _exact(value: object) -> Fraction | None:
    return Fraction(float(value)) if isinstance(value, Real) and isfinite(value) else None
