"""Equivalent maps: which coefficients some samples determine, and which can be traded, decided exactly.

Notation: samples x_i in R^n; V is a basis of the span of the differences x_i − x_0, of rank r. Two affine maps (ω, b)
and (ω', b') agree on the samples (hence on their affine hull) iff V ω' = V ω, and then b' = b + (ω − ω')·x_0.

The one idea: the reduced row echelon form of V, in rationals, tells everything. A feature that is constant leaves V; no
sample sees its coefficient. A pivot without an entry in a free column has its coefficient determined. The others fall
into *groups*: features joined by an entry of the form (the connected components of the matroid of V). A group trades
coefficients inside itself only, so each is a small problem of its own, V_g ω'_g = V_g ω_g. Floats look for samples that
raise the rank; that all of them lie in the hull is checked in integers.
"""

from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import integer_matrix

__all__ = ["FeatureGroup", "SampleHull", "sample_hull"]

CHUNK = 4096
"""Samples whose place in the hull is checked at once."""
SEARCHED = 20
"""Samples per feature among which floats look for a first basis."""


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """Features whose coefficients can be traded: c of them under r < c equations.

    Attributes
    ----------
    features
        Their numbers, c of them.
    equations
        V_g, r rows of c rationals, of full rank: maps agree on the samples iff V_g ω'_g = V_g ω_g in every group and
        the determined coefficients are equal.
    """

    features: tuple[int, ...]
    equations: tuple[tuple[fmpq, ...], ...]


@dataclass(frozen=True, slots=True)
class SampleHull:
    """Affine hull of some samples, and what it says about the coefficients of maps on it.

    Attributes
    ----------
    rank
        Dimension r of the hull.
    constant
        Features that have one value in all samples.
    determined
        Features that have the same coefficient in every map that agrees on the samples.
    groups
        The other features.
    """

    rank: int
    constant: tuple[int, ...]
    determined: tuple[int, ...]
    groups: tuple[FeatureGroup, ...]


def sample_hull(samples: FloatArray) -> SampleHull:
    """The affine hull of at least one sample, shape (s, n), finite."""
    moves = samples.min(axis=0) < samples.max(axis=0)
    varying, constant = np.flatnonzero(moves), tuple(np.flatnonzero(~moves).tolist())
    if not varying.size:
        return SampleHull(0, constant, (), ())
    table = np.ascontiguousarray(samples[:, varying])
    chosen = _promising_rows(table)
    while True:
        reduced, rank = _reduced_differences(table[chosen])
        if reduced is None:
            return SampleHull(rank, constant, tuple(varying.tolist()), ())
        outside = _find_outside(table, reduced, rank)
        if outside is None:
            break
        chosen = np.append(chosen, outside)
    determined, groups = _split(reduced, rank, varying)
    return SampleHull(rank, constant, determined, groups)


def _promising_rows(table: FloatArray) -> IntArray:
    """Row 0 and rows whose differences from it look independent, the longest next one first."""
    step = max(1, len(table) // (SEARCHED * table.shape[1]))
    rows = np.arange(0, len(table), step)
    with np.errstate(over="ignore", invalid="ignore"):
        left = table[rows] - table[0]
        left /= np.maximum(np.abs(left).max(axis=0), np.finfo(np.float64).tiny)
    left[~np.isfinite(left).all(axis=1)] = 0.0
    chosen, first = [0], 0.0
    for _ in range(table.shape[1]):
        length = np.sqrt((left**2).sum(axis=1))
        longest = int(length.argmax())
        first = max(first, float(length[longest]))
        if length[longest] <= 1e-9 * first or length[longest] == 0.0:
            break
        chosen.append(int(rows[longest]))
        direction = left[longest] / length[longest]
        left -= np.outer(left @ direction, direction)
    return np.array(chosen, dtype=np.int64)


def _reduced_differences(rows: FloatArray) -> tuple[fmpq_mat | None, int]:
    """The reduced row echelon form of the differences from row 0, and its rank; no form where the rank is full."""
    count, n = rows.shape
    integers, _ = integer_matrix(rows)
    differences = fmpz_mat(
        count - 1, n, [integers[row, column] - integers[0, column] for row in range(1, count) for column in range(n)]
    )
    if differences.rank() == n:
        return None, n
    reduced, rank = fmpq_mat(differences).rref()
    return reduced, int(rank)


def _pivots(reduced: fmpq_mat, rank: int) -> list[int]:
    pivots: list[int] = []
    for row in range(rank):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(column for column in range(start, reduced.ncols()) if reduced[row, column]))
    return pivots


def _find_outside(table: FloatArray, reduced: fmpq_mat, rank: int) -> int | None:
    """A row that does not lie in the hull of the rows that gave the form, or None."""
    kernel = _kernel(reduced, rank)
    n, free = kernel.nrows(), kernel.ncols()
    scale = [max(abs(int(kernel[row, column])) for row in range(n)) for column in range(free)]
    floats = np.array([[int(kernel[row, column]) / scale[column] for column in range(free)] for row in range(n)])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        moved = table - table[0]
        relative = np.abs(moved @ floats) / (np.abs(moved) @ np.abs(floats))
    relative = np.where(np.isfinite(relative), relative, 0.0).max(axis=1)
    if relative.max() > 1e-9:
        return int(relative.argmax())  # a row of floats proposes; the rank after it is exact
    for start in range(0, len(table), CHUNK):
        integers, _ = integer_matrix(np.vstack([table[0], table[start : start + CHUNK]]))
        places = integers * kernel
        entries = places.entries()
        first = entries[:free]
        for row in range(1, places.nrows()):
            if entries[row * free : (row + 1) * free] != first:
                return start + row - 1
    return None


def _kernel(reduced: fmpq_mat, rank: int) -> fmpz_mat:
    """Integer vectors, as columns, that span {v : V v = 0}."""
    pivots, n = _pivots(reduced, rank), reduced.ncols()
    free = [column for column in range(n) if column not in set(pivots)]
    kernel = fmpz_mat(n, len(free))
    for place, column in enumerate(free):
        entries = [reduced[row, column] for row in range(rank)]
        common = fmpz(1)
        for entry in entries:
            common = common.lcm(entry.q)
        kernel[column, place] = common
        for pivot, entry in zip(pivots, entries, strict=True):
            kernel[pivot, place] = -(entry * common).p
    return kernel


def _split(reduced: fmpq_mat, rank: int, names: IntArray) -> tuple[tuple[int, ...], tuple[FeatureGroup, ...]]:
    """The determined features, and the groups of the others."""
    pivots, n = _pivots(reduced, rank), reduced.ncols()
    label = list(range(n))
    for row, pivot in enumerate(pivots):
        for column in range(pivot + 1, n):
            if reduced[row, column] and label[column] != label[pivot]:
                old, new = label[column], label[pivot]
                label = [new if entry == old else entry for entry in label]
    determined, groups = [], []
    for number in sorted(set(label)):
        members = [column for column in range(n) if label[column] == number]
        inside = [row for row, pivot in enumerate(pivots) if label[pivot] == number]
        if len(members) == len(inside):
            determined += [int(names[column]) for column in members]
            continue
        equations = tuple(tuple(reduced[row, column] for column in members) for row in inside)
        groups.append(FeatureGroup(tuple(int(names[column]) for column in members), equations))
    return tuple(sorted(determined)), tuple(groups)
