"""Exact volumes of polytopes that are given by their rows.

Notation: a polyhedron {y ∈ R^d : h_i(y) ≥ 0} is the cone {(y, t) : h_i(y, t) ≥ 0, t ≥ 0} at t = 1, kept by its extreme
rays, primitive integer vectors: a ray with t > 0 is a vertex, one with t = 0 a direction to infinity. Each ray has a
*mask*, the bits of the rows that cut and vanish on it. To cut by h, keep the rays with h ≥ 0, and add, for every edge
from a ray with h > 0 to one with h < 0, the ray on it with h = 0 [Motzkin, Raiffa, Thompson & Thrall, *The double
description method*, 1953]. The volume is the sum over a triangulation: an apex, joined to the triangulated facets that
do not hold it [Cohen & Hickey, *Two algorithms for determining volumes of convex polyhedra*, J. ACM 26, 1979].

The one idea: most rows of a region are far away. One float product of all rows with all rays, and a bound of its error,
proves them to be positive on the polytope; only rows that may cut are looked at in integers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial, gcd, prod

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.errors import UnboundedPolytopeError
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import shadow
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.rounding import sum_error

__all__ = [
    "VertexCell",
    "bounded_volume",
    "cell_volume",
    "cut_cell",
    "extend_path",
    "find_cut",
    "is_bounded",
    "polytope_cell",
    "polytope_volume",
    "shadow_table",
]

Ray = list[int]
Term = tuple[fmpz, frozenset[int]]
"""A numerator, and the rays whose t make up its denominator."""


@dataclass(frozen=True, slots=True, eq=False)
class VertexCell:
    """A full-dimensional polyhedron by its vertices and directions.

    Attributes
    ----------
    rays
        (y₁, …, y_d, t) in integers, t ≥ 0, up to a positive factor; a vertex is y / t.
    masks
        For each ray, the bits of the rows that vanish on it.
    next_bit
        The bit of the next row that cuts.
    floats
        Each ray rounded to nearest and scaled by a power of two to entries of at most 1, shape (number of rays, d + 1).
    """

    rays: tuple[Ray, ...]
    masks: tuple[int, ...]
    next_bit: int
    floats: FloatArray


def polytope_volume(rows: Sequence[Form], dimension: int, *, deadline: Deadline = NEVER) -> fmpq:
    """Volume of {y : h_i(y) ≥ 0 for every row}, in rationals.

    Parameters
    ----------
    rows
        Integer forms of length d + 1; any of them may be redundant, equal to another one, or constant.
    dimension
        d; for d = 0 the volume of the one point is 1.

    Returns
    -------
    fmpq
        Exact; 0 where the polytope is empty or has no interior.

    Raises
    ------
    UnboundedPolytopeError
        The polytope is unbounded and has an interior.
    DeadlinePassedError
        The deadline passed before the volume was known.
    """
    cell = polytope_cell(rows, dimension, deadline=deadline)
    return fmpq(0) if cell is None else cell_volume(cell, deadline=deadline)


def bounded_volume(rows: Sequence[Form], dimension: int, *, deadline: Deadline = NEVER) -> fmpq | None:
    """`polytope_volume`, or None if that is unbounded."""
    try:
        return polytope_volume(rows, dimension, deadline=deadline)
    except UnboundedPolytopeError:
        return None


def polytope_cell(rows: Sequence[Form], dimension: int, *, deadline: Deadline = NEVER) -> VertexCell | None:
    """The vertices and directions of {y : h_i(y) ≥ 0 for every row}, or None if it has no interior.

    Raises
    ------
    UnboundedPolytopeError
        The polyhedron has an interior and holds a whole line, so that it has no vertices.
    DeadlinePassedError
        The deadline passed before all rows had cut.
    """
    forms = [[*[0] * dimension, 1], *rows]
    system = fmpq_mat(len(forms), dimension + 1, [entry for form in forms for entry in form])
    columns = _pivots(system)
    if len(columns) < dimension + 1:
        # Some direction changes no row. What is left when it is projected out has an interior iff the polyhedron has.
        forms = [[form[column] for column in columns] for form in forms]
    cell: VertexCell | None = _simplicial_cell([forms[row] for row in _pivots(system.transpose())])
    table = shadow_table(forms, len(columns) - 1)
    while cell is not None:
        # The deepest cut first: rows that would cut only what is cut off anyway are never used.
        order = np.argsort((table @ cell.floats.T).min(axis=1), kind="stable")
        found = find_cut(cell, [forms[row] for row in order], table[order])
        if found is None:
            break
        cell = cut_cell(cell, forms[order[found]], deadline=deadline)
    if cell is not None and len(columns) < dimension + 1:
        raise UnboundedPolytopeError("the polytope has no volume: it is unbounded, and holds a whole line")
    return cell


def find_cut(cell: VertexCell, rows: Sequence[Form], table: FloatArray) -> int | None:
    """The first row that is negative somewhere on the cell, exactly, or None.

    Parameters
    ----------
    table
        `shadow_table` of the rows.
    """
    error = sum_error(np.abs(table) @ np.abs(cell.floats.T), table.shape[1] + 4)
    doubtful = table @ cell.floats.T <= error
    for row in np.flatnonzero(doubtful.any(axis=1)).tolist():
        form = rows[row]
        if any(_value(form, cell.rays[ray]) < 0 for ray in np.flatnonzero(doubtful[row]).tolist()):
            return row
    return None


def extend_path(
    path: list[VertexCell | None], rows: Sequence[Form], table: FloatArray, *, deadline: Deadline = NEVER
) -> None:
    """Cut by one row after the other: path[k] is the start, path[0], cut by the first k rows; None if that is empty.

    Parameters
    ----------
    path
        A beginning of the path, of at least one cell; the rest is added.
    table
        `shadow_table` of the rows.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before all rows had cut.
    """
    while len(path) <= len(rows):
        done, cell = len(path) - 1, path[-1]
        found = None if cell is None else find_cut(cell, rows[done:], table[done:])
        if cell is None or found is None:
            path += [cell] * (len(rows) - done)
        else:
            path += [*[cell] * found, cut_cell(cell, rows[done + found], deadline=deadline)]


def cut_cell(cell: VertexCell, form: Form, *, deadline: Deadline = NEVER) -> VertexCell | None:
    """The part of the cell where a form is ≥ 0, or None if that has no interior.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before all edges were cut.
    """
    deadline.check()
    values = [_value(form, ray) for ray in cell.rays]
    positive = [index for index, value in enumerate(values) if value > 0]
    negative = [index for index, value in enumerate(values) if value < 0]
    if not positive:
        return None
    if not negative:
        return cell
    bit, dimension = 1 << cell.next_bit, len(form) - 1
    kept = [index for index, value in enumerate(values) if value >= 0]
    rays = [cell.rays[index] for index in kept]
    masks = [cell.masks[index] | (0 if values[index] else bit) for index in kept]
    added: list[Ray] = []
    for above in positive:
        deadline.check()
        for below in negative:
            common = cell.masks[above] & cell.masks[below]
            if _is_edge(cell.masks, above, below, common, dimension):
                p, q = values[above], -values[below]
                added.append(
                    _primitive([q * a + p * b for a, b in zip(cell.rays[above], cell.rays[below], strict=True)])
                )
                masks.append(common | bit)
    floats = np.concatenate([cell.floats[kept], shadow_table(added, dimension)])
    return VertexCell((*rays, *added), tuple(masks), cell.next_bit + 1, floats)


def is_bounded(cell: VertexCell) -> bool:
    """Whether no ray is a direction to infinity."""
    return all(ray[-1] for ray in cell.rays)


def cell_volume(cell: VertexCell, *, deadline: Deadline = NEVER) -> fmpq:
    """Volume of a cell, in rationals.

    Raises
    ------
    UnboundedPolytopeError
        The cell is unbounded.
    DeadlinePassedError
        The deadline passed before the volume was known.
    """
    if not is_bounded(cell):
        raise UnboundedPolytopeError("the polytope has no volume: it is unbounded")
    dimension = len(cell.rays[0]) - 1
    facets: dict[int, None] = {}  # the rays on each row that cut, as bits
    for bit in range(cell.next_bit):
        deadline.check()
        members = sum(1 << ray for ray, mask in enumerate(cell.masks) if mask >> bit & 1)
        if members.bit_count() >= dimension:
            facets[members] = None
    rays = [[fmpz(entry) for entry in ray] for ray in cell.rays]
    terms = []
    for simplex in _simplices((1 << len(rays)) - 1, list(facets), dimension, deadline):
        entries = [entry for index in simplex for entry in rays[index]]
        determinant = fmpz_mat(dimension + 1, dimension + 1, entries).det()
        terms.append((abs(determinant), frozenset(simplex)))
    numerator, corners = _sum_terms(terms, [ray[-1] for ray in rays])
    return fmpq(numerator, prod((rays[index][-1] for index in corners), start=fmpz(factorial(dimension))))


def shadow_table(rows: Sequence[Form], dimension: int) -> FloatArray:
    """Each form rounded to nearest and scaled by a power of two to entries of at most 1, shape (k, d + 1)."""
    return np.array([shadow(row)[0] for row in rows]).reshape(-1, dimension + 1)


def _is_edge(masks: Sequence[int], above: int, below: int, common: int, dimension: int) -> bool:
    """Whether two rays span an edge: no third ray lies on all the rows that both lie on."""
    count = common.bit_count()
    if count < dimension - 1:
        return False
    # d rows through a ray are independent, and so are d − 1 of them: they leave one line.
    if count == dimension - 1 and (masks[above].bit_count() == dimension or masks[below].bit_count() == dimension):
        return True
    return not any(mask & common == common for index, mask in enumerate(masks) if index != above and index != below)


def _simplices(face: int, facets: Sequence[int], dimension: int, deadline: Deadline) -> Iterator[list[int]]:
    """The corners of the simplices that triangulate a face; faces are sets of rays, as bits."""
    deadline.check()
    if dimension < 2 or face.bit_count() == dimension + 1:
        yield _members(face)
        return
    apex = (face & -face).bit_length() - 1
    parts = {face & facet for facet in facets} - {face}
    parts = {part for part in parts if part.bit_count() >= dimension}
    for part in parts:
        # Where rows only touch the face, their part is smaller than a facet and lies in one.
        if not part >> apex & 1 and not any(part & other == part and part != other for other in parts):
            for simplex in _simplices(part, facets, dimension - 1, deadline):
                simplex.append(apex)
                yield simplex


def _members(bits: int) -> list[int]:
    found = []
    while bits:
        found.append((bits & -bits).bit_length() - 1)
        bits &= bits - 1
    return found


def _sum_terms(terms: Sequence[Term], weights: Sequence[fmpz]) -> Term:
    """Σ p_k / ∏ weights of the set k, pair by pair, with unions as common denominators: no divisor has to be found."""
    while len(terms) > 1:
        sums = []
        for (p, first), (q, second) in zip(terms[::2], terms[1::2], strict=False):
            left = prod((weights[index] for index in second - first), start=p)
            right = prod((weights[index] for index in first - second), start=q)
            sums.append((left + right, first | second))
        terms = sums + list(terms[len(terms) // 2 * 2 :])
    return terms[0]


def _simplicial_cell(forms: Sequence[Form]) -> VertexCell:
    """{x : h_i(x) ≥ 0} for D independent linear forms on R^D: ray j vanishes on all of them but the j-th."""
    size = len(forms)
    inverse = fmpq_mat(size, size, [entry for form in forms for entry in form]).inv()
    rays = []
    for column in range(size):
        integers, _ = fmpq_mat(1, size, [inverse[row, column] for row in range(size)]).numer_denom()
        rays.append(_primitive([int(entry) for entry in integers.entries()]))
    everything = (1 << size) - 1
    masks = tuple(everything ^ (1 << column) for column in range(size))
    return VertexCell(tuple(rays), masks, size, shadow_table(rays, size - 1))


def _pivots(matrix: fmpq_mat) -> list[int]:
    """The first independent columns."""
    reduced, rank = matrix.rref()
    found: list[int] = []
    for row in range(rank):
        found.append(
            next(column for column in range(found[-1] + 1 if found else 0, matrix.ncols()) if reduced[row, column])
        )
    return found


def _value(form: Form, ray: Ray) -> int:
    return sum(c * x for c, x in zip(form, ray, strict=True))


def _primitive(ray: Ray) -> Ray:
    divisor = gcd(*ray)
    return [entry // divisor for entry in ray] if divisor > 1 else ray
