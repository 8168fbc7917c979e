"""The integers that satisfy linear equations: an origin and a basis, or a combination of the equations that has none.

Notation: equations are integer forms (c₁, …, c_n, c₀) = 0 on R^n; some features must be integers, the others are free.
Combinations that are free of the others are a system C x = d in integers; with unimodular U and U Cᵀ in Hermite form H,
x = Uᵀ w turns it into Hᵀ w = d, which is solved from the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from relugeom.geometry.exact_simplex import Form

__all__ = ["Lattice", "find_lattice"]


@dataclass(frozen=True, slots=True)
class Lattice:
    """All integer points: the origin, to which integer combinations of the basis are added."""

    origin: list[int]
    basis: list[list[int]]


def find_lattice(forms: Sequence[Form], whole: Sequence[int], rest: Sequence[int]) -> Lattice | list[fmpq]:
    """The integers that equations allow the integer features, or multipliers of the equations that show there are none.

    Parameters
    ----------
    whole, rest
        The features that must be integers, and the others.

    Returns
    -------
    Lattice | list[fmpq]
        Multipliers, one per form: their combination has integer coefficients on integer features only, and a constant
        that is not an integer.
    """
    size = len(whole)
    if not forms:
        return Lattice([0] * size, np.eye(size, dtype=np.int64).tolist())
    system = _without_others(forms, whole, rest)
    hermite = _hermite_form(system, size)
    solved = _solve(system, hermite)
    if isinstance(solved, _Contradiction):
        return _combined(system, solved, len(forms))
    origin = [sum(w * row[j] for w, row in zip(solved, hermite.basis, strict=False)) for j in range(size)]
    return Lattice(origin, _reduced(hermite.basis[len(solved) :], size))


class _System(NamedTuple):
    """Equations on integer features alone, in integers, and the combination of the forms that each of them is."""

    rows: list[list[int]]
    combinations: list[list[fmpq]]


class _Hermite(NamedTuple):
    """H and U, row by row."""

    rows: list[list[int]]
    basis: list[list[int]]


class _Contradiction(NamedTuple):
    """Multipliers of some equations of the system: their sum has integer coefficients, and no integer as constant."""

    equations: list[int]
    multipliers: list[fmpq]


def _without_others(forms: Sequence[Form], whole: Sequence[int], rest: Sequence[int]) -> _System:
    """The combinations of the forms that are free of the others."""
    p, c = len(forms), len(rest)
    stacked = [e for i, form in enumerate(forms) for e in (*(form[f] for f in rest), *_unit_row(i, p))]
    system = _System([], [])
    for row in fmpq_mat(p, c + p, stacked).rref()[0].table():
        if not any(row[:c]):
            sums = [sum((s * form[f] for s, form in zip(row[c:], forms, strict=True)), fmpq(0)) for f in (*whole, -1)]
            scale = lcm(*(int(entry.q) for entry in sums))
            system.rows.append([int((entry * scale).p) for entry in sums])
            system.combinations.append([entry * scale for entry in row[c:]])
    return system


def _hermite_form(system: _System, size: int) -> _Hermite:
    q = len(system.rows)
    augmented = [e for i in range(size) for e in (*(row[i] for row in system.rows), *_unit_row(i, size))]
    table = [[int(entry) for entry in row] for row in fmpz_mat(size, q + size, augmented).hnf().table()]
    return _Hermite([row[:q] for row in table], [row[q:] for row in table])


def _unit_row(place: int, length: int) -> list[int]:
    return [int(place == column) for column in range(length)]


def _solve(system: _System, hermite: _Hermite) -> list[int] | _Contradiction:
    """The first w, one per row of H that is not zero."""
    H, pivots, w = hermite.rows, list[int](), list[int]()
    while len(w) < len(H) and any(H[len(w)]):
        i = len(w)
        pivots.append(next(column for column, entry in enumerate(H[i]) if entry))
        right = -system.rows[pivots[i]][-1] - sum(H[k][pivots[i]] * w[k] for k in range(i))
        if right % H[i][pivots[i]]:
            upper = fmpq_mat(i + 1, i + 1, [H[k][column] for k in range(i + 1) for column in pivots])
            return _Contradiction(pivots, upper.solve(fmpq_mat(i + 1, 1, [0] * i + [1])).entries())
        w.append(right // H[i][pivots[i]])
    return w


def _combined(system: _System, found: _Contradiction, forms: int) -> list[fmpq]:
    """The same as multipliers of the forms."""
    used = [system.combinations[equation] for equation in found.equations]
    return [
        sum((y * row[form] for y, row in zip(found.multipliers, used, strict=True)), fmpq(0)) for form in range(forms)
    ]


def _reduced(basis: list[list[int]], size: int) -> list[list[int]]:
    """A basis of short vectors for the same lattice."""
    if not basis:
        return []
    reduced = fmpz_mat(len(basis), size, [entry for row in basis for entry in row]).lll()
    return [[int(entry) for entry in row] for row in reduced.table()]
