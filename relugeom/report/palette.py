"""Colours and shortened names that all pictures share."""

from itertools import accumulate
from unicodedata import east_asian_width

from relugeom.printing import printable

__all__ = ["FRAME", "LARGEST_DRAWN", "NEGATIVE", "PALETTE", "POSITIVE", "fitting", "text_width"]

POSITIVE, NEGATIVE, FRAME = "#3a86c8", "#e07b39", "#8a929c"
"""Colours that stand out on light and dark backgrounds and for colour-blind readers."""

PALETTE = ("#3a86c8", "#e0922f", "#3f9d76", "#c9629d", "#8c6bb1", "#b8a12a", "#5fb6c9", "#c0574f")
"""Colours of clusters and classes, as in the style sheet."""

LARGEST_DRAWN = 1e300  # an axis cannot reach the largest floats


def fitting(text: str, *, max_length: int = 40) -> str:
    """A name as it is drawn: printable, and shortened.

    The limit counts narrow letters. Fewer wide letters fit, since a picture without room for itself cannot be laid out.
    """
    shown = printable(text[: max_length + 1])
    room = accumulate(map(_width, shown))
    fitting = sum(used <= max_length for used in room)
    return shown if fitting == len(shown) else shown[: max(fitting, 1)] + "…"


def text_width(text: str) -> float:
    """Width of a text, in units of a narrow letter."""
    return sum(map(_width, text))


def _width(letter: str) -> float:
    if letter in "mwMW@%" or east_asian_width(letter) in "FW":
        return 2.0
    return 1.4 if letter.isupper() else 1.0
