"""Coordinates that forms are written in, exactly: those of the domain's hull, or in row space a few functions of these.

Notation: a network whose first layer has far fewer units than the domain has dimensions sees an input x only through
the linear parts of its first forms and of the domain's rows. In *row space* the forms are written in y = W x, whose
rows are some of these linear parts, linearly independent and enough for all of them. Deeper layers need no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat, nmod_mat

from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.network.exact import exact_network, first_forms
from relugeom.network.network import ReLUNetwork

__all__ = ["Coordinates", "hull_coordinates", "row_space", "size_of_form"]

PRIME = (1 << 61) - 1
WIDE = 3
"""Row space is used if the hull has at least this many times as many dimensions."""
MOST_MIXED = 64
"""Largest number of coordinates if some forms are combinations of others, which takes long to find."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The first layer and the domain in some coordinates.

    Attributes
    ----------
    first, scale
        Forms of the first layer, integers divided by `scale`.
    rows
        Rows of the domain, forms ≥ 0, each up to a positive factor.
    spread, scales
        In row space, the rows of W, each in integers divided by its scale; else empty.
    """

    first: Sequence[Form]
    scale: int
    rows: Sequence[Form]
    spread: Sequence[Sequence[int]] = ()
    scales: Sequence[int] = ()

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return len(self.first[0]) - 1


def hull_coordinates(network: ReLUNetwork, chart: Chart) -> Coordinates:
    """The coordinates of the domain's hull."""
    exact = first_forms(exact_network(network))
    matrix = chart.reduce(exact.matrix)
    lifted = int(chart.lift[network.inputs, chart.dimension]) if matrix is not exact.matrix else 1
    first = [[int(entry) for entry in row] for row in matrix.tolist()]
    return Coordinates(first, lifted << exact.exponent, chart.rows)


def row_space(hull: Coordinates, chart: Chart) -> Coordinates | None:
    """Row space, if it has far fewer dimensions than the hull and the domain is bounded; else None."""
    d, units, forms = hull.dimension, len(hull.first), [*hull.first, *hull.rows]
    bounded = np.isfinite(chart.lower).all() and np.isfinite(chart.upper).all()
    if not bounded or len(forms) > d:
        return None
    linear = [form[:-1] for form in forms]
    found = _basis(linear, d // WIDE)
    if found is None:
        return None
    chosen, mixture = found
    scales = [hull.scale if row < units else size_of_form(forms[row]) for row in chosen]
    # Each form is Σ mixture · scale · y, and its constant.
    table = [
        [*(entry * scale for entry, scale in zip(entries, scales, strict=True)), fmpq(form[-1])]
        for entries, form in zip(mixture, forms, strict=True)
    ]
    first, common = _in_integers(table[:units])
    return Coordinates(
        first=first,
        scale=hull.scale * common,
        rows=[_in_integers([row])[0][0] for row in table[units:]],
        spread=[linear[row] for row in chosen],
        scales=scales,
    )


def _basis(rows: Sequence[Form], most: int) -> tuple[list[int], list[list[fmpq]]] | None:
    """Numbers of some independent rows, and all rows as combinations of these; None if it takes more than `most`."""
    columns = list(zip(*rows, strict=True))
    chosen = _pivots(columns)
    rank = len(chosen)
    if not 0 < rank <= most or (rank < len(rows) and rank > MOST_MIXED):
        return None
    if rank == len(rows):
        return chosen, [[fmpq(int(row == other)) for other in chosen] for row in range(rank)]
    pivots = _pivots(rows)
    square = _rational([[columns[place][row] for row in chosen] for place in pivots])
    mixture = square.solve(_rational([columns[place] for place in pivots]))
    if _rational([[column[row] for row in chosen] for column in columns]) * mixture != _rational(columns):
        return None  # the rank modulo a prime is not the rank
    return chosen, [[mixture[i, row] for i in range(rank)] for row in range(len(rows))]


def _rational(rows: Sequence[Sequence[int]]) -> fmpq_mat:
    return fmpq_mat(fmpz_mat([list(row) for row in rows]))


def _pivots(rows: Sequence[Sequence[int]]) -> list[int]:
    """The first columns that are linearly independent, modulo a prime."""
    columns, pivots = len(rows[0]), list[int]()
    reduced, rank = nmod_mat(len(rows), columns, [entry % PRIME for row in rows for entry in row], PRIME).rref()
    for row in range(rank):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(column for column in range(start, columns) if int(reduced[row, column])))
    return pivots


def _in_integers(rows: Sequence[Sequence[fmpq]]) -> tuple[list[Form], int]:
    """Rows of rational numbers as integers divided by one number."""
    common = lcm(*(int(entry.q) for row in rows for entry in row))
    return [[int(entry * common) for entry in row] for row in rows], common


def size_of_form(form: Sequence[int]) -> int:
    """A power of two above every coefficient."""
    return 1 << max(abs(entry) for entry in form).bit_length()
