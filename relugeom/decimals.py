"""Numbers as people type them: the nearest float64 of a decimal with the digits 0 to 9.

Python's `float` takes more, which is refused because it is a mistake more often than a number: underscores (1_000 may
be a code) and the digits of other alphabets.
"""

__all__ = ["is_plain", "parsed_float", "shortest_decimal"]


def is_plain(text: str) -> bool:
    """Whether numbers in a text, one or many, hold nothing that only Python takes for a part of one."""
    return text.isascii() and "_" not in text


def parsed_float(text: str) -> float | None:
    """The float64 that a text means (``nan`` and ``inf`` too), or None where it is no number."""
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
