"""A domain in coordinates of its affine hull: no equalities left, and an interior.

Notation: the hull of the relaxation is {x = (M ŷ) / q : y ∈ R^d} with ŷ = (y, 1) and M integer of shape (n + 1, d +
1), whose last row is (0, …, 0, q); the y are d of the inputs themselves. A form c on R^n becomes the form c M on R^d
(times q > 0). The hull is found exactly: the equalities first, then every inequality that a linear program proves to
be 0 on the whole relaxation (an *implicit equality*: the two sides of an input of zero width, for one), until a point
is found where all that is left is positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from relugeom.errors import EmptyDomainError
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import NamedForm, domain_equalities, matrix_rows, named_inequalities, solution_space
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational

__all__ = ["Chart", "domain_chart"]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A domain seen from inside its affine hull.

    Attributes
    ----------
    domain
        The domain, with n inputs.
    free
        The inputs that serve as coordinates y, in ascending order.
    lift
        M, shape (n + 1, d + 1).
    rows
        Forms on R^d, ≥ 0 on the domain and not constant: its inequalities, then the sides of inputs that are not free.
        The sides of the free inputs are `lower` and `upper`.
    interior
        A point of R^d with every row and side positive.
    """

    domain: Domain
    free: tuple[int, ...]
    lift: fmpz_mat
    rows: tuple[Form, ...]
    interior: tuple[fmpq, ...]

    @property
    def dimension(self) -> int:
        """Dimension d of the hull."""
        return len(self.free)

    @property
    def lower(self) -> FloatArray:
        """Lower sides of the coordinates, shape (d,)."""
        return self.domain.lower[list(self.free)]

    @property
    def upper(self) -> FloatArray:
        """Upper sides of the coordinates, shape (d,)."""
        return self.domain.upper[list(self.free)]

    def reduce(self, forms: fmpz_mat) -> fmpz_mat:
        """Forms on R^n, shape (k, n + 1), as forms on R^d, shape (k, d + 1), times a positive factor."""
        return forms * self.lift if self.dimension < self.domain.inputs else forms

    def embed(self, y: Sequence[fmpq]) -> list[fmpq]:
        """The point x of R^n with coordinates y."""
        image = fmpq_mat(self.lift) * fmpq_mat(len(y) + 1, 1, [*y, fmpq(1)])
        return [image[row, 0] / image[self.domain.inputs, 0] for row in range(self.domain.inputs)]

    @property
    def directions(self) -> FloatArray:
        """The change of x per unit of each coordinate, shape (n, d): a basis of the hull's directions."""
        n, d = self.domain.inputs, self.dimension
        q = int(self.lift[n, d])
        return np.array([[int(self.lift[row, column]) / q for column in range(d)] for row in range(n)]).reshape(n, d)


def domain_chart(domain: Domain) -> Chart:
    """Find the affine hull of a domain's relaxation, exactly; those of the last domains are kept.

    Raises
    ------
    EmptyDomainError
        No input satisfies the domain; the text names rows that contradict each other.
    """
    return replace(_find_chart(domain), domain=domain)  # equal domains may have other names


@lru_cache(maxsize=16)
def _find_chart(domain: Domain) -> Chart:
    n = domain.inputs
    equalities = domain_equalities(domain)
    if not equalities and not domain.b.size and (domain.lower < domain.upper).all():
        free, lift = _solve_equalities(equalities, n)
        return Chart(domain, tuple(free), lift, (), _box_middle(domain))
    named = named_inequalities(domain)
    while True:
        free, lift = _solve_equalities(equalities, n)
        forms = fmpz_mat(len(named), n + 1, [entry for inequality in named for entry in inequality.form])
        reduced = matrix_rows(forms * lift)
        _check_constants(named, reduced)
        kept = [k for k, row in enumerate(reduced) if any(row[:-1])]
        found = find_strict_point([reduced[k] for k in kept], range(len(kept)), len(free))
        if isinstance(found, Witness):
            break
        guilty = [named[kept[row]] for row in found.multipliers]
        if found.constant < 0:
            names = ", ".join(inequality.name for inequality in guilty)
            others = " and its equalities" if equalities else ""
            raise EmptyDomainError(f"no input satisfies the domain: {names}{others} contradict each other")
        equalities += [inequality.form for inequality in guilty]
    rows = [reduced[k] for k in kept if named[k].side not in free]
    return Chart(domain, tuple(free), lift, tuple(rows), tuple(found.point))


def _check_constants(named: Sequence[NamedForm], reduced: Sequence[Form]) -> None:
    """No inequality is negative on the whole hull."""
    for inequality, row in zip(named, reduced, strict=True):
        if row[-1] < 0 and not any(row[:-1]):
            raise EmptyDomainError(f"no input satisfies the domain: {inequality.name} breaks an equality")


def _box_middle(domain: Domain) -> tuple[fmpq, ...]:
    """A point inside a box of full dimension: the middle of each input, or a unit away from its only side."""
    middle = []
    for low, high in zip(domain.lower.tolist(), domain.upper.tolist(), strict=True):
        if isfinite(low) and isfinite(high):
            middle.append((rational(low) + rational(high)) / 2)
        elif isfinite(low):
            middle.append(rational(low) + 1)
        else:
            middle.append(rational(high) - 1 if isfinite(high) else fmpq(0))
    return tuple(middle)


def _solve_equalities(equalities: Sequence[Form], n: int) -> tuple[list[int], fmpz_mat]:
    """The free inputs and M of {x : e(x) = 0 for every equality}."""
    space = solution_space(equalities, n)
    if space is None:
        raise EmptyDomainError("no input satisfies the domain: its equalities contradict each other")
    return space
