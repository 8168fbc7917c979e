"""How values are written for people, the same in the terminal, in pictures and on the page."""

from math import isfinite
from numbers import Integral, Real

__all__ = ["NOTHING", "PERCENT", "display", "percent", "shortened", "visible"]

NOTHING = "–"
"""Stands where there is no value."""


PERCENT = "percent"
"""Under this name the attributes of a table tell which of its columns are shares, to be written as percentages."""


def visible(text: str) -> str:
    """The text with everything that does not print (controls, line breaks, direction marks) as in Python's ``repr``."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def shortened(text: str, max_length: int = 60) -> str:
    """A text of at most so many visible characters and a mark where it was longer: names in pictures and headings."""
    shown = visible(text[: max_length + 1])
    return shown if len(text) <= max_length and len(shown) <= 4 * max_length else shown[:max_length] + "…"


def display(value: object) -> str:
    """Any cell as text: names made visible, counts in thousands, floats with four digits, nothing as a dash."""
    if isinstance(value, str):
        return visible(value)
    if _is_missing(value):
        return NOTHING
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return _number(float(value))
    return visible(str(value))


def percent(share: float | None) -> str:
    """A share as a percentage; ``0 %`` and ``100 %`` without decimals are exact."""
    if share is None or _is_missing(share):
        return NOTHING
    return f"{share:.0%}".replace("%", " %") if share in (0, 1) else f"{share:.1%}".replace("%", " %")


def _is_missing(value: object) -> bool:
    import pandas as pd  # loaded where there are cells of data frames

    return bool(pd.isna(value))


def _number(value: float) -> str:
    if not isfinite(value):
        return "∞" if value > 0 else "-∞"
    magnitude = abs(value)
    if magnitude < 1e9 and (magnitude >= 1e3 or value == round(value)):
        return f"{value:z,.0f}"
    return f"{value:#.4g}".rstrip(".")
