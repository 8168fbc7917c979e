"""The rows of a polyhedron as affine forms, in integers and as a float shadow.

Notation: a form h = (c₁, …, c_d, c₀) is integer; a polyhedron is {y : h_i(y) ≥ 0}. Its *shadow* is the same row
in float64, divided by a power of two so that its largest entry is near 1: what a float solver sees.
"""

from collections.abc import Iterator, Sequence
from math import isfinite, lcm
from typing import NamedTuple

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import (
    RationalPoint,
    nearest_float,
    nearest_quotient,
    primitive_row,
    rational,
    scaled_integers,
)
from relugeom.linalg.rounding import sum_error

__all__ = [
    "domain_equalities",
    "domain_sides",
    "float_point",
    "form_exponent",
    "form_signs",
    "is_float_point",
    "matrix_rows",
    "shadow",
    "shadow_rows",
    "solution_space",
]


SHORT = 256
"""Bits of a denominator up to which integers are as quick as floats."""
TINIEST = 2.0**-1073
"""More than an entry of a shadow, or a coordinate, loses where it is below the least float that is normal."""


class NamedForm(NamedTuple):
    """A form that is ≥ 0 on a domain, its name for messages, and the input whose side it is (None for a row)."""

    name: str
    form: Form
    side: int | None = None


def named_inequalities(domain: Domain) -> list[NamedForm]:
    """b − A x ≥ 0 row by row, then the finite sides of every input."""
    rows = _integer_rows(np.column_stack([-domain.A, domain.b]))
    named = [NamedForm(f"inequality {number}", form) for number, form in enumerate(rows, start=1)]
    for index, name in enumerate(domain.names):
        for form in domain_sides(domain.lower, domain.upper, only=index):
            side = "lower" if form[index] > 0 else "upper"
            named.append(NamedForm(f"the {side} side of {name!r}", form, index))
    return named


def domain_equalities(domain: Domain) -> list[Form]:
    """E x − f = 0, one form per row, one-hot groups last."""
    E, f = domain.equalities
    return _integer_rows(np.column_stack([E, -f]))


def solution_space(forms: Sequence[Form], n: int) -> tuple[list[int], fmpz_mat] | None:
    """The space where all forms are 0: its free inputs and its lift M (see `chart`), or None if it is empty."""
    reduced, rank = fmpq_mat(len(forms), n + 1, [entry for form in forms for entry in form]).rref()
    pivots = [next(column for column in range(n + 1) if reduced[row, column]) for row in range(rank)]
    if pivots and pivots[-1] == n:
        return None
    free = [column for column in range(n) if column not in pivots]
    lift = fmpq_mat(n + 1, len(free) + 1)
    for position, column in enumerate([*free, n]):
        lift[column, position] = 1
        for row, pivot in enumerate(pivots):
            lift[pivot, position] = -reduced[row, column]
    return free, lift.numer_denom()[0]


def domain_sides(lower: FloatArray, upper: FloatArray, *, only: int | None = None) -> list[Form]:
    """x − lower ≥ 0 and upper − x ≥ 0, for every finite side in turn, or for the sides of one input only."""
    sides: list[Form] = []
    for index in range(len(lower)) if only is None else [only]:
        for bound, sign in ((lower[index], 1), (upper[index], -1)):
            if np.isfinite(bound):
                (value,), k = scaled_integers(np.array([bound]))
                row = [0] * (len(lower) + 1)
                row[index], row[-1] = sign << k, -sign * value
                sides.append(row)
    return sides


def matrix_rows(matrix: fmpz_mat) -> list[Form]:
    """The rows of an integer matrix, each divided by the common divisor of its entries."""
    columns, flat = matrix.ncols(), [int(entry) for entry in matrix.entries()]
    return [primitive_row(flat[start : start + columns]) for start in range(0, len(flat), columns)]


def form_exponent(form: Form) -> int:
    """The least e such that all entries lie between −2^e and 2^e."""
    return max(max(form), -min(form)).bit_length()


def shadow(form: Form) -> tuple[FloatArray, int]:
    """The form as float64, divided by 2^e, and e."""
    if 2 * form.count(0) < len(form):
        exponent = form_exponent(form)
        scale = 1 << exponent
        return np.array([entry / scale for entry in form]), exponent
    used = [(place, entry) for place, entry in enumerate(form) if entry]  # a side of a box has two of thousands
    exponent = max((abs(entry) for _, entry in used), default=0).bit_length()
    scale, values = 1 << exponent if exponent else 1, np.zeros(len(form))
    for place, entry in used:
        values[place] = entry / scale
    return values, exponent


def shadow_rows(forms: Sequence[Form], dimension: int) -> tuple[FloatArray, FloatArray]:
    """The forms as A y ≤ b in float64, shapes (k, d) and (k,)."""
    table = np.array([shadow(form)[0] for form in forms]).reshape(-1, dimension + 1)
    return -table[:, :-1], table[:, -1]


def form_signs(forms: Sequence[Form], point: RationalPoint, *, deadline: Deadline = NEVER) -> Iterator[int]:
    """Signs of forms at one point: −1, 0 or 1 each, exactly.

    Where the point's denominators are long, floats settle what is far from 0 in comparison with their rounding.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before the next one was known.
    """
    common = lcm(*(int(x.denominator) for x in point))
    exact = [int(x.numerator) * (common // int(x.denominator)) for x in point]
    nearest = None if common.bit_length() <= SHORT else np.array([nearest_quotient(c, common) for c in exact] + [1.0])
    for form in forms:
        deadline.check()
        if nearest is not None:
            with np.errstate(over="ignore", invalid="ignore"):  # what is not a number settles nothing
                terms = shadow(form)[0] * nearest
                value, size = float(terms.sum()), float(np.abs(terms).sum())
            if abs(value) > 2.0 * sum_error(np.array(size), 3 * len(form)) + np.abs(nearest).sum() * TINIEST:
                yield 1 if value > 0.0 else -1
                continue
        total = sum((c * x for c, x in zip(form, exact, strict=False) if c), form[-1] * common)
        yield (total > 0) - (total < 0)


def _integer_rows(table: FloatArray) -> list[Form]:
    rows = (scaled_integers(row)[0] for row in table)
    return [primitive_row(row) for row in rows]


def float_point(point: RationalPoint) -> FloatArray:
    """The float64 point nearest to a rational one, coordinate by coordinate; ±inf beyond the largest float."""
    return np.array([nearest_float(x) for x in point], dtype=np.float64)


def is_float_point(point: RationalPoint, nearest: FloatArray) -> bool:
    """Whether a rational point is the float64 point nearest to it."""
    return all(isfinite(x) and rational(x) == exact for x, exact in zip(nearest.tolist(), point, strict=True))
