"""Words in print: texts of others on one line and without the passwords of URLs, and numbers of things."""

import re

__all__ = ["SCHEME", "counted", "hide_passwords", "printable"]

SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://(.*)", re.DOTALL)
"""A URL: its scheme, and the rest."""
WHOLE_URL = re.compile(r"\A([A-Za-z][\w+.-]*://[^:/@\s]*):(?!@[^@]*\Z).*@", re.DOTALL)
USER_PASSWORD = re.compile(r"(\w://[^:/@\s]*):(?!@[^\s@]*(?:\s|\Z))[^\s]*@")
QUERY_PASSWORD = re.compile(r"([?&;](?:password|passwd|pwd|sslpassword)=)[^&\s\"']*", re.IGNORECASE)
WHOLE_QUERY_PASSWORD = re.compile(r"([?&;](?:password|passwd|pwd|sslpassword)=)[^&]*", re.IGNORECASE)


def hide_passwords(text: str) -> str:
    """The text with the password of every URL in it replaced by ``***``.

    In a text that is a URL from its first letter on, a password may hold spaces; in running text it ends at a space.
    """
    if SCHEME.match(text):
        return WHOLE_QUERY_PASSWORD.sub(r"\1***", WHOLE_URL.sub(r"\1:***@", text))
    return QUERY_PASSWORD.sub(r"\1***", USER_PASSWORD.sub(r"\1:***@", text))


def counted(number: int, thing: str) -> str:
    """``1 region``, ``2,153 regions``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def printable(text: str) -> str:
    """The text on one line: control characters and lone surrogates as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
