"""All admissible inputs of a small domain of integers, and which of them is nearest to another input.

The one idea: where the admissible inputs can be counted, the outputs of all of them are evaluated exactly, once, and
the nearest one in a set is looked up. Floats choose which distances are compared as fractions.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np

from relugeom.claims.ball import Norm
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.exact import IntegerTable, exact_network, exact_values
from relugeom.network.network import ReLUNetwork

__all__ = ["ListedInputs", "distance_in", "list_inputs"]

PRODUCTS = 2**19
"""Most products of a weight and a value, over all inputs."""
CLOSE = 1e-9
"""Relative difference of two distances from which on floats tell which is smaller."""


class ListedInputs:
    """The admissible inputs of a domain, with their outputs."""

    def __init__(self, network: ReLUNetwork, table: FloatArray) -> None:
        self._table = table
        entries, self._exponent = exact_values(exact_network(network), table)[-1]
        self._outputs: IntegerTable = np.array(list(map(int, entries.entries())), dtype=object).reshape(
            network.outputs, len(table)
        )
        self._met: dict[tuple[Inequality, ...], BoolArray] = {}

    def nearest(
        self, sets: Sequence[Inequality], p: Point, norm: Norm, domain: Domain
    ) -> tuple[Fraction, Point] | None:
        """Distance (squared for L2) and place of the input nearest to p that is in one of the sets, inside a box.

        Parameters
        ----------
        domain
            Where to look: the domain that was listed, with a smaller box.
        """
        inside = ((self._table >= domain.lower) & (self._table <= domain.upper)).all(axis=1)
        rows = np.flatnonzero(inside & self._in_any(tuple(sets)))
        if not len(rows):
            return None
        steps = np.abs(self._table[rows] - np.array([float(value) for value in p]))
        sizes = {Norm.L1: steps.sum(axis=1), Norm.L2: (steps**2).sum(axis=1), Norm.LINF: steps.max(axis=1)}[norm]
        close = rows[sizes <= sizes.min() * (1 + CLOSE)]
        points = [tuple(map(Fraction, self._table[row].tolist())) for row in close]
        return min((distance_in(norm, point, p), point) for point in points)

    def _in_any(self, sets: tuple[Inequality, ...]) -> BoolArray:
        if sets not in self._met:
            met = np.zeros(len(self._table), dtype=np.bool_)
            for part in sets:
                scale = lcm(part.constant.denominator, *(weight.denominator for weight in part.outputs))
                value = np.full(len(self._table), int(part.constant * scale) << self._exponent, dtype=object)
                for weight, outputs in zip(part.outputs, self._outputs, strict=True):
                    value = value + int(weight * scale) * outputs
                met |= np.asarray(value > 0 if part.strict else value >= 0, dtype=np.bool_)
            self._met[sets] = met
        return self._met[sets]


@lru_cache(maxsize=2)
def list_inputs(network: ReLUNetwork, domain: Domain) -> ListedInputs | None:
    """The list, kept for the next question, or None if features are continuous or there are too many inputs."""
    table = list_admissible(domain, limit=PRODUCTS // max(1, sum(weight.size for weight in network.weights)))
    return None if table is None else ListedInputs(network, table)


def distance_in(norm: Norm, x: Point, p: Point) -> Fraction:
    """Distance of two points, squared for L2."""
    steps = [abs(a - b) for a, b in zip(x, p, strict=True)]
    if norm is Norm.LINF:
        return max(steps, default=Fraction(0))
    return sum((step if norm is Norm.L1 else step * step for step in steps), Fraction(0))
