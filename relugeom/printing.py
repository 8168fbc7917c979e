"""Text for display: foreign text on one line and without passwords, and counts of things."""

import re
from collections.abc import Callable, Iterable
from math import isnan
from urllib.parse import unquote

__all__ = [
    "FEWEST_FOR_SHARE",
    "NOTHING",
    "SCHEME",
    "affine_text",
    "counted",
    "hide_passwords",
    "in_seconds",
    "percent",
    "printable",
    "sentence",
    "share_of",
]

NOTHING = "–"
"""Shown where there is no value."""

FEWEST_FOR_SHARE = 20
"""Of fewer things a share says nothing, only the count does."""

SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://(.*)", re.DOTALL)
"""A URL: its scheme, and the rest."""
WHOLE_URL = re.compile(r"\A([A-Za-z][\w+.-]*://[^:/@\s]*):(?!@[^@]*\Z).*@", re.DOTALL)
USER_PASSWORD = re.compile(r"(\w\w:/{0,2}[^:/@\s]*):(?!@[^\s@]*(?:\s|\Z))[^\s]*@")
OPTION = re.compile(r"([?&;])([^=&;?\s]+)=[^&\s\"']*")
WHOLE_OPTION = re.compile(r"([?&;])([^=&;?\s]+)=[^&]*")
KEYWORD = re.compile(r"(?<![?&;\w])((?:ssl)?password|passwd|pwd)(\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE)
SECRET = re.compile(r"pass|pwd|secret|token|credential|private_?key|odbc_connect", re.IGNORECASE)
"""Options whose values are never shown: drivers have many words for a password."""


def hide_passwords(text: str) -> str:
    """The text with the passwords of all URLs in it, and their secret options, replaced by ``***``.

    If the whole text is a URL, the password may contain spaces; in running text it ends at a space. Slashes of the URL
    may be missing there, because a URL that was taken for a file name loses them. The keywords of PostgreSQL's
    connection strings (``host=… password='…'``) count there, too.
    """
    if SCHEME.match(text):
        return WHOLE_OPTION.sub(_hide_secret, WHOLE_URL.sub(r"\1:***@", text))
    return KEYWORD.sub(r"\1\2***", OPTION.sub(_hide_secret, USER_PASSWORD.sub(r"\1:***@", text)))


def _hide_secret(option: re.Match[str]) -> str:
    """One option of a URL, without its value if that is secret; its name may be percent-encoded."""
    return f"{option[1]}{option[2]}=***" if SECRET.search(unquote(option[2])) else option[0]


def counted(number: int, thing: str) -> str:
    """``1 region``, ``2,153 regions``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def percent(share: float | None, *, digits: int = 1) -> str:
    """A share as a percentage with this many decimals; ``0 %`` and ``100 %`` without decimals are exact."""
    if share is None or isnan(share):
        return NOTHING
    return f"{100 * share:.{0 if share in (0, 1) else digits}f} %"


def sentence(text: str) -> str:
    """The text as a sentence: with a capital first, and a full stop unless it ends with a mark of its own."""
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "…")) else ".")


def in_seconds(seconds: float) -> str:
    """``0.123 s``."""
    return f"{seconds:.3g} s"


def affine_text(terms: Iterable[tuple[float, str]], number: Callable[[float], str]) -> str:
    """a x + b y + c in words like ``−1.5 · Age + Fare − 3``; a constant has no name."""
    text = ""
    for value, name in terms:
        size = number(abs(value)) if abs(value) != 1.0 or not name else ""
        sign = ("−" if value < 0 else "") if not text else (" − " if value < 0 else " + ")
        text += sign + " · ".join(filter(None, (size, name)))
    return text


def share_of(part: int, whole: int, thing: str = "") -> str:
    """``217 of 1,000 samples (21.7 %)``; of few things only how many: ``1 of 2 samples``."""
    counts = f"{part:,} of {whole:,}" + (f" {thing}" if thing else "")
    return counts if whole < FEWEST_FOR_SHARE else f"{counts} ({percent(part / whole)})"


def printable(text: str) -> str:
    """The text on one line, with control characters and lone surrogates escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
