"""Reasons of verdicts, as values: a cause that programs can compare, and words for people.

The one idea: words are only shown. What a reason is, its cause says; a page that has no room takes the short words.
"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NO_REASON", "Cause", "Reason", "as_reason", "unclear_class"]


class Cause(StrEnum):
    """Kind of a reason."""

    TIME = "time"
    """Time ran out."""
    LIMIT = "limit"
    """Another limit was reached, such as that of cells or of questions."""
    METHOD = "method"
    """The method found neither a proof nor an input that refutes the statement."""
    CLASS = "class"
    """The class of an input is unknown, because an output lies between the bounds of an irrational threshold."""
    NO_INPUT = "no input"
    """No input is known that the statement could be about."""
    UNLIMITED = "unlimited"
    """The value has no limit."""
    INPUT = "input"
    """An input, or a pair of them, refutes the statement."""
    OTHER = "other"
    """Something else, which only the words say."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Reason of a verdict; `str` of it gives the full text, and a reason without text is false.

    Attributes
    ----------
    cause
        Kind of the reason; None if there is nothing to explain.
    short
        The reason in a few words.
    full
        The same with details and a cure; by default it is the short text.
    """

    cause: Cause | None = None
    short: str = ""
    full: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "full", self.full or self.short)

    def __bool__(self) -> bool:
        return bool(self.full)

    def __str__(self) -> str:
        return self.full


NO_REASON = Reason()
"""Reason of a verdict that needs none."""


def as_reason(given: Reason | str) -> Reason:
    """A reason that somebody else may have given as plain text."""
    if isinstance(given, Reason):
        return given
    return Reason(Cause.OTHER, given) if given else NO_REASON


def unclear_class(lower: float, upper: float) -> Reason:
    """Reason of a verdict that depends on outputs between the bounds of an irrational threshold."""
    short = "the class of an input is unknown"
    return Reason(Cause.CLASS, short, f"an output lies between {lower!r} and {upper!r}, where the class is unknown")
