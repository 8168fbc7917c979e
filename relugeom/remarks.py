"""Remarks: notes on something that was assumed, or that looks unintended.

A function that makes remarks takes another one that is called with each of them. The command line prints them; in
Python they are warnings by default.
"""

import warnings
from collections.abc import Callable

__all__ = ["OnRemark", "RelugeomWarning", "warn"]

OnRemark = Callable[[str], None]


class RelugeomWarning(UserWarning):
    """Something was assumed that is probably meant, or found that probably is not."""


def warn(remark: str) -> None:
    """Issue a remark as a warning."""
    warnings.warn(remark, RelugeomWarning, stacklevel=2)
