"""Exact ranges of coefficients of maps that keep their values on the samples and have a small norm.

Notation: a group's maps are {v : V v = g}, V of shape (r, c) in rationals; the norm is ‖v‖ = Σ w_j |v_j| with w > 0.

    least norm            μ = max { λ·g : |Vᵀλ|_j ≤ w_j }
    range of v_k          max { v_k : V v = g, ‖v‖ ≤ B } = min { λ·g + τ B : |Vᵀλ − e_k|_j ≤ τ w_j }

The one idea: the linear programs are solved on their dual side, in r + 1 variables, however many features trade. Floats
propose a basis; the rational optimum is returned.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpz

from relugeom.analysis.equivalent_maps import FeatureGroup
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactOptimum

__all__ = ["GroupMaps", "coefficient_range", "integer_form", "least_norm"]

Row = Sequence[fmpq]


@dataclass(frozen=True, slots=True)
class GroupMaps:
    """The maps {v : V v = g} of a group of features, and the weights of their norm.

    Attributes
    ----------
    equations
        V, r rows of c rationals, of full rank.
    values
        g, r rationals.
    weights
        w > 0, c rationals.
    """

    equations: Sequence[Row]
    values: Row
    weights: Row

    @classmethod
    def around(cls, group: FeatureGroup, omega: Row, weights: Row) -> "GroupMaps":
        """Those that agree with ω on the samples; ω and the weights are of the group's features, c each."""
        return cls(group.equations, [_dot(row, omega) for row in group.equations], weights)


def least_norm(maps: GroupMaps) -> fmpq:
    """μ, the least norm of a map."""
    rows = []
    for column, weight in enumerate(maps.weights):
        slopes = [row[column] for row in maps.equations]
        rows += [integer_form([*slopes, weight])[0], integer_form([*(-slope for slope in slopes), weight])[0]]
    return _maximum(rows, [*maps.values, fmpq(0)])


def coefficient_range(maps: GroupMaps, feature: int, bound: fmpq) -> tuple[fmpq, fmpq]:
    """The least and the largest coefficient of the group's feature, over all maps with norm ≤ bound ≥ μ."""
    rows = []
    for column, weight in enumerate(maps.weights):
        slopes, own = [row[column] for row in maps.equations], fmpq(column == feature)
        rows += [
            integer_form([*slopes, weight, -own])[0],
            integer_form([*(-slope for slope in slopes), weight, own])[0],
        ]
    # |Vᵀλ − e_k| ≤ τ w is kept when (λ, e_k) becomes (−λ, −e_k): both ends are optima over one polyhedron.
    return (
        _maximum(rows, [*maps.values, -bound, fmpq(0)]),
        -_maximum(rows, [*(-value for value in maps.values), -bound, fmpq(0)]),
    )


def integer_form(row: Row) -> tuple[list[int], int]:
    """A rational form times its common denominator, and that denominator."""
    common = fmpz(1)
    for entry in row:
        common = common.lcm(entry.q)
    return [int(entry.p * (common // entry.q)) for entry in row], int(common)


def _maximum(rows: Sequence[Sequence[int]], objective: Row) -> fmpq:
    form, scale = integer_form(objective)
    optimum = maximise_exactly(rows, form)
    if not isinstance(optimum, ExactOptimum):
        raise AssertionError("a map exists and its norm is bounded, so both programs have an optimum")
    return optimum.value / scale


def _dot(a: Row, b: Row) -> fmpq:
    return sum((x * y for x, y in zip(a, b, strict=True)), fmpq(0))
