"""Formatting of values for people, the same in the terminal, in pictures and on the page."""

from collections.abc import Sequence
from math import isfinite, isnan
from numbers import Integral, Real

import numpy as np

from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.confidence import confidence_interval
from relugeom.printing import FEWEST_FOR_SHARE, NOTHING, affine_text, percent, printable, share_of

__all__ = [
    "FEWEST",
    "HEADINGS",
    "PERCENT",
    "display",
    "estimated_share",
    "map_text",
    "percent_of",
    "shortened",
]

CONFIDENCE = 0.95

FEWEST = FEWEST_FOR_SHARE
"""For fewer samples than this, a count is shown instead of a share."""
HEADINGS = "headings"
"""Attribute of a table that has the heading of each column whose name is not its heading."""
PERCENT = "percent"
"""Attribute of a table that names the columns to be written as percentages."""


def shortened(text: str, max_length: int = 60) -> str:
    """A text of at most this many visible characters, with a mark if it was longer: for names in pictures and
    headings.
    """
    shown = printable(text[: max_length + 1])
    return shown if len(text) <= max_length and len(shown) <= 4 * max_length else shown[:max_length] + "…"


def display(value: object) -> str:
    """Any cell as text: printable names, counts with thousands separators, floats with four digits, a dash for
    nothing.
    """
    if isinstance(value, str):
        return printable(value)
    if _is_missing(value):
        return NOTHING
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return _number(float(value))
    return printable(str(value))


def percent_of(share: float | None, whole: int) -> str:
    """Share of this many samples as a percentage, or as a count if they are few: ``1 of 2``."""
    if share is None or _is_missing(share):
        return NOTHING
    return percent(share) if whole >= FEWEST else f"{round(share * whole):,} of {whole:,}"


def estimated_share(part: int, whole: int) -> str:
    """The same if the things are a sample of others, with the confidence interval of the estimated share."""
    if whole < FEWEST:
        return share_of(part, whole)
    low, high = (float(end) for end in confidence_interval(np.array(part), whole, CONFIDENCE))
    interval = f"{percent(CONFIDENCE, digits=0)} interval {100 * low:.1f} to {100 * high:.1f} %"
    return f"{percent(part / whole)} ({part:,} of {whole:,}; {interval})"


def _is_missing(value: object) -> bool:
    if value is None or isinstance(value, Real | str | bytes):
        return value is None or (isinstance(value, Real) and isnan(value))
    import pandas as pd  # only a data frame has other cells that stand for nothing

    return bool(pd.isna(value))


def _number(value: float) -> str:
    if not isfinite(value):
        return "∞" if value > 0 else "-∞"
    magnitude = abs(value)
    if magnitude < 1e9 and (magnitude >= 1e3 or value == round(value)):
        return f"{value:z,.0f}"
    return f"{value:#.4g}".rstrip(".")


def map_text(coefficients: FloatArray, names: Sequence[str]) -> str:
    """An affine map in words, with four digits."""
    return affine_text(zip(coefficients.tolist(), [*names, ""], strict=True), lambda value: f"{value:.4g}")
