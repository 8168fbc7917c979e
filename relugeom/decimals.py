"""Numbers as people type them: the nearest float64 of a decimal with the digits 0 to 9.

Python's `float` accepts more: underscores (1_000 may be a code) and the digits of other alphabets. These are refused
because they are mistakes more often than numbers.
"""

__all__ = ["is_plain", "parsed_float", "shortest_decimal"]


def is_plain(text: str) -> bool:
    """Whether the numbers in a text are free of characters that only Python accepts in numbers."""
    return text.isascii() and "_" not in text


def parsed_float(text: str) -> float | None:
    """The float64 that a text denotes (``nan`` and ``inf`` too), or None if it is not a number."""
    if not is_plain(text):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def shortest_decimal(value: float) -> str:
    """The shortest text that means this float64."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
