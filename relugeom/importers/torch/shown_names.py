"""Names that the author of a file chose, in an error's text: on one line, and short."""

from relugeom.printing import printable

__all__ = ["shown"]


def shown(name: object, *, most: int = 60) -> str:
    """The first letters of a name, at most `most`, with control characters as escapes.

    Parameters
    ----------
    name
        A text, or an integer below 2^64.
    """
    text = str(name)
    written = printable(text[:most])
    return written if len(text) <= most and len(written) <= most else f"{written[:most]}…"
