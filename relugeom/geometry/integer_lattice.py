"""The integers that satisfy linear equations: an origin and a basis, or a combination of the equations that has none.

Notation: equations are integer forms (c₁, …, c_n, c₀) = 0 on R^n; some features must be integers, the others are free.
Combinations that are free of the others are a system C x = d in integers; with unimodular U and U Cᵀ in Hermite form H,
x = Uᵀ w turns it into Hᵀ w = d, which is solved from the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

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
        that is no integer.
    """
    size = len(whole)
    if not forms:
        return Lattice([0] * size, np.eye(size, dtype=np.int64).tolist())
    p, c = len(forms), len(rest)
    stacked = [e for i, form in enumerate(forms) for e in (*(form[f] for f in rest), *(int(i == j) for j in range(p)))]
    table = fmpq_mat(p, c + p, stacked).rref()[0].table()
    system: list[list[int]] = []
    combinations: list[list[fmpq]] = []
    for row in table:
        if not any(row[:c]):
            sums = [sum((s * form[f] for s, form in zip(row[c:], forms, strict=True)), fmpq(0)) for f in (*whole, -1)]
            scale = lcm(*(int(entry.q) for entry in sums))
            system.append([int((entry * scale).p) for entry in sums])
            combinations.append([entry * scale for entry in row[c:]])
    q = len(system)
    augmented = [e for i in range(size) for e in (*(row[i] for row in system), *(int(i == j) for j in range(size)))]
    H = [[int(entry) for entry in row] for row in fmpz_mat(size, q + size, augmented).hnf().table()]
    pivots: list[int] = []
    w: list[int] = []
    while len(w) < size and any(H[len(w)][:q]):
        i = len(w)
        pivots.append(next(column for column in range(q) if H[i][column]))
        right = -system[pivots[i]][-1] - sum(H[k][pivots[i]] * w[k] for k in range(i))
        if right % H[i][pivots[i]]:
            upper = fmpq_mat(i + 1, i + 1, [H[k][column] for k in range(i + 1) for column in pivots])
            y = upper.solve(fmpq_mat(i + 1, 1, [0] * i + [1])).entries()
            return [sum((y[k] * combinations[c][row] for k, c in enumerate(pivots)), fmpq(0)) for row in range(p)]
        w.append(right // H[i][pivots[i]])
    origin = [sum(w[k] * H[k][q + j] for k in range(len(w))) for j in range(size)]
    basis = [row[q:] for row in H[len(w) :]]
    if basis:
        reduced = fmpz_mat(len(basis), size, [entry for row in basis for entry in row]).lll()
        basis = [[int(entry) for entry in row] for row in reduced.table()]
    return Lattice(origin, basis)
