"""The short network: the same function with fewer units, by a rule that anybody can follow (FORMAT.md).

Notation: a row of a layer is (W, b) of one unit. The one idea: units whose rows are positive multiples of one another
are multiples of one function, as relu(c z) = c relu(z) for c > 0, so what is added to the level above may be added
before any bound is rounded. What cancels in it is gone, exactly; then so are units that nothing above uses.

What stays: units with opposite rows (relu(z) − relu(−z) = z is a form of inputs that skips a level, which no layer can
express), and sums that are no float64 numbers.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, isfinite

import numpy as np

from relugeom.linalg.exact import nearest_quotient
from relugeom.network.exact import exact_network
from relugeom.network.network import ReLUNetwork

__all__ = ["short_network"]

Rows = list[list[int]]


@dataclass(slots=True)
class _Layer:
    """Rows (W, b) of a layer, integers over 2^exponent."""

    rows: Rows
    exponent: int

    def is_float(self, value: int) -> bool:
        """Whether value / 2^exponent is a float64 number."""
        nearest = nearest_quotient(value, 1 << self.exponent)
        return isfinite(nearest) and Fraction(nearest) == Fraction(value, 1 << self.exponent)

    def keep_units(self, units: Sequence[int], above: "_Layer") -> None:
        """Leave out all units but some."""
        self.rows = [self.rows[unit] for unit in units]
        above.rows = [[*(row[unit] for unit in units), row[-1]] for row in above.rows]


@lru_cache(maxsize=4)
def short_network(network: ReLUNetwork) -> ReLUNetwork:
    """The short network, or an equal one where nothing can be left out; cached for the networks in use."""
    exact = exact_network(network)
    layers = [
        _Layer(_rows_of(list(map(int, matrix.entries())), int(matrix.ncols())), exponent)
        for matrix, exponent in zip(exact.layers, exact.exponents, strict=True)
    ]
    for layer, above in itertools.pairwise(layers):
        _merge(layer, above)
    for layer, above in reversed(list(itertools.pairwise(layers))):
        used = [unit for unit in range(len(layer.rows)) if any(row[unit] for row in above.rows)]
        layer.keep_units(used or [0], above)
    if [len(layer.rows) for layer in layers[:-1]] == list(network.widths):
        return network
    tables = [
        np.array([[nearest_quotient(entry, 1 << layer.exponent) for entry in row] for row in layer.rows])
        for layer in layers
    ]
    return ReLUNetwork.from_layers(*((table[:, :-1], table[:, -1]) for table in tables))


def _rows_of(entries: list[int], width: int) -> Rows:
    return [entries[start : start + width] for start in range(0, len(entries), width)]


def _merge(layer: _Layer, above: _Layer) -> None:
    """Merge the classes of a level's units, and leave out what is never active, but for the first unit at least."""
    left = {unit for unit, row in enumerate(layer.rows) if any(row[:-1]) or row[-1] > 0}
    for members, factors in list(_classes(layer.rows)):
        first, common = members[0], gcd(*factors)
        row = [entry // factors[0] * common for entry in layer.rows[first]]
        shares = [factor // common for factor in factors]
        sums = [sum(share * others[unit] for share, unit in zip(shares, members, strict=True)) for others in above.rows]
        if all(map(layer.is_float, row)) and all(map(above.is_float, sums)):
            layer.rows[first] = row
            for others, total in zip(above.rows, sums, strict=True):
                others[first] = total
            left.difference_update(members[1:])
    layer.keep_units(sorted(left) or [0], above)


def _classes(rows: Rows) -> Iterator[tuple[list[int], list[int]]]:
    """Units whose rows are positive multiples of one another, and the greatest common divisors of their entries."""
    found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for unit, row in enumerate(rows):
        factor = gcd(*row)
        if factor:
            found.setdefault(tuple(entry // factor for entry in row), []).append((unit, factor))
    for members in found.values():
        if len(members) > 1:
            units, factors = zip(*members, strict=True)
            yield list(units), list(factors)
