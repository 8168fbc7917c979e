"""The one form that proofs have: R = λ₀ t + Σ λ_i h_i + Σ μ_j e_j in integers, and its maximum over a box.

Every h_i is ≥ 0 and every e_j is 0 on the cell; so with λ₀ > 0 and λ_i ≥ 0, max R ≤ 0 over the box proves t ≤ 0 on
the cell. The maximum is taken input by input. Because it absorbs what is left of R, multipliers found in floats and
rounded to integers close nearly every proof with a margin on a bounded box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import form_exponent
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import scaled_integers

__all__ = ["IntegerBox", "box_maximum", "combine", "integer_box", "rounded_multipliers"]

PRECISION = 60
"""Bits to which float multipliers are rounded."""


@dataclass(frozen=True, slots=True)
class IntegerBox:
    """Sides of a box as integers over 2^exponent; None if a side is open."""

    lower: tuple[int | None, ...]
    upper: tuple[int | None, ...]
    exponent: int


def integer_box(lower: FloatArray, upper: FloatArray) -> IntegerBox:
    """The sides of a float64 box, exactly."""
    sides = np.concatenate([lower, upper])
    closed = np.isfinite(sides)
    entries, exponent = scaled_integers(np.where(closed, sides, 0.0))
    values = [entry if is_closed else None for entry, is_closed in zip(entries, closed.tolist(), strict=True)]
    return IntegerBox(tuple(values[: len(lower)]), tuple(values[len(lower) :]), exponent)


def combine(parts: Sequence[tuple[int, Form]]) -> list[int]:
    """Σ multiplier · form."""
    total = [0] * len(parts[0][1])
    for multiplier, form in parts:
        total = [entry + multiplier * term for entry, term in zip(total, form, strict=True)]
    return total


def box_maximum(form: Form, box: IntegerBox) -> int | None:
    """2^exponent times the maximum of a form over the box; None if it is infinite."""
    total = form[-1] << box.exponent
    for coefficient, low, high in zip(form[:-1], box.lower, box.upper, strict=True):
        if coefficient:
            side = high if coefficient > 0 else low
            if side is None:
                return None
            total += coefficient * side
    return total


def rounded_multipliers(
    target: Form, rows: Sequence[Form], multipliers: Mapping[int, float]
) -> tuple[int, dict[int, int]]:
    """λ₀ and λ in integers, from multipliers found for the shadows of the target and the rows.

    Shadows are forms divided by powers of two; here those powers come back, and everything is scaled to integers.
    """
    exponents = {row: form_exponent(rows[row]) for row, value in multipliers.items() if value > 0}
    own = form_exponent(target)
    top = max([own, *exponents.values()])
    scaled = {row: round(multipliers[row] * 2.0**PRECISION) << (top - e) for row, e in exponents.items()}
    return 1 << (PRECISION + top - own), {row: value for row, value in scaled.items() if value}
