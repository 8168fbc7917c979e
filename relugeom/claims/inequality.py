"""Linear inequalities over the inputs and outputs of a network, in exact numbers.

Notation: x is an input, y the outputs there (before any squashing); if a claim compares two inputs or two networks, x'
are the second input's own coordinates and y' the outputs of the second copy. A float64 stands for the rational number
that it is.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from relugeom.errors import InputError

__all__ = ["Inequality", "Number", "exact_number", "exact_numbers"]

Number = Fraction | float | int


def exact_number(value: Number) -> Fraction:
    """Rational number that a finite number equals.

    Raises
    ------
    InputError
        It is NaN or infinite.
    """
    if type(value) is Fraction:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"a claim needs finite numbers, not {value}")
    return Fraction(value)


def exact_numbers(values: Iterable[Number]) -> tuple[Fraction, ...]:
    """Rational numbers that finite numbers equal."""
    return tuple(exact_number(value) for value in values)


@dataclass(frozen=True, slots=True)
class Inequality:
    """constant + inputs·x + own_inputs·x' + outputs·y + copy_outputs·y' ≥ 0, or > 0 if it is strict.

    Attributes
    ----------
    constant
        c₀.
    inputs, outputs
        One coefficient per input and per output of the first copy; empty if all are 0.
    own_inputs, copy_outputs
        The same for the coordinates and outputs that a second copy has of its own.
    strict
        Whether the value must be > 0.
    """

    constant: Fraction = Fraction(0)
    inputs: tuple[Fraction, ...] = ()
    outputs: tuple[Fraction, ...] = ()
    own_inputs: tuple[Fraction, ...] = ()
    copy_outputs: tuple[Fraction, ...] = ()
    strict: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "constant", exact_number(self.constant))
        for name in ("inputs", "outputs", "own_inputs", "copy_outputs"):
            object.__setattr__(self, name, exact_numbers(getattr(self, name)))
        object.__setattr__(self, "strict", bool(self.strict))
