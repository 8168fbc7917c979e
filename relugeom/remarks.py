"""Remarks: what was done that nobody asked for, or looks as if it were not meant.

Whoever works takes a function that is called with each of them. The command line prints them; in Python they are
warnings, unless somebody listens.
"""

import warnings
from collections.abc import Callable

__all__ = ["OnRemark", "RelugeomWarning", "warn"]

OnRemark = Callable[[str], None]


class RelugeomWarning(UserWarning):
    """Something was taken in a way that is probably meant, or that probably is not."""


def warn(remark: str) -> None:
    """Say a remark as a warning."""
    warnings.warn(remark, RelugeomWarning, stacklevel=2)
