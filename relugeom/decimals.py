"""Numbers as people type them: the nearest float64 of a decimal with the digits 0 to 9.

Python's `float` takes more, which is refused because it is a mistake more often than a number: underscores (1_000 may
be a code) and the digits of other alphabets.
"""

__all__ = ["is_plain", "parsed_float"]


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
