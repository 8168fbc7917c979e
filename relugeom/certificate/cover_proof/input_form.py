"""Forms in the inputs alone, in which units were replaced by lines, and which lines were taken."""

from dataclasses import dataclass

__all__ = ["Choice", "InputForm"]

Choice = dict[int, list[bool]]
"""Which units that are alive take their upper line, by level."""


@dataclass(frozen=True, slots=True)
class InputForm:
    """A form in the inputs that is above another one on a cell.

    Attributes
    ----------
    coefficients, exponent
        One per input, over 2^exponent.
    constant, constant_exponent
        c₀ over 2^constant_exponent.
    """

    coefficients: list[int]
    exponent: int
    constant: int
    constant_exponent: int
