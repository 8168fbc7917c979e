"""Forms of units under a path in exact integers, kept from path to path; and proofs from rows that floats propose.

Notation: as the checker does, a form c₀ + Σ c_k x_k is kept as one integer with a slot of B bits per coefficient, so
that a layer's forms follow from those under the path before by what has changed below. A unit's form is an integer over
2^K, K the sum of the exponents of the layers up to its own.

On an open domain a proof needs λ₀ t + Σ λ_i h_i to lose every coordinate exactly. Where the rows proposed are as many
as the inputs and independent, that is one linear system [Cramer's rule for two inputs, python-flint beyond].
"""

from collections.abc import Sequence
from itertools import pairwise
from math import gcd, isfinite
from typing import cast

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relugeom.certificate.header import domain_exponent
from relugeom.geometry.domain import Domain
from relugeom.linalg.exact import rational, scaled_integers
from relugeom.network.network import ReLUNetwork

__all__ = ["PathForms"]


class PathForms:
    """The forms under the path that was asked about last."""

    def __init__(self, network: ReLUNetwork, domain: Domain) -> None:
        self.inputs = network.inputs
        self._box_exponent = domain_exponent(domain)
        self._box = [
            tuple(int(rational(side) * (1 << self._box_exponent)) if isfinite(side) else None for side in sides)
            for sides in zip(domain.lower.tolist(), domain.upper.tolist(), strict=True)
        ]
        self.starts = np.cumsum([0, *network.widths]).tolist()
        self._layer_of = [layer for layer, width in enumerate(network.widths) for _ in range(width)]
        self._rows, self._exponents, bound, exponent, longest = [], [], 1, 0, 1
        for W, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
            entries, e = scaled_integers(np.column_stack([W, b]))
            width = W.shape[1] + 1
            rows = [entries[start : start + width] for start in range(0, len(entries), width)]
            bound = max(sum(map(abs, row[:-1])) * bound + (abs(row[-1]) << exponent) for row in rows)
            exponent, longest = exponent + e, max(longest, bound)  # a later layer can have shorter forms
            self._rows.append(rows)
            self._exponents.append(exponent)
        self._slot = longest.bit_length() + 2
        self._bias = sum(1 << (k * self._slot + self._slot - 1) for k in range(self.inputs + 1))
        first = [sum(c << (k * self._slot) for k, c in enumerate((row[-1], *row[:-1]))) for row in self._rows[0]]
        self._paths: list[bytes] = [b""]
        self._forms: list[list[int]] = [first]
        self._unpacked: list[dict[int, list[int]]] = [{}]

    def form(self, bits: bytes, unit: int) -> tuple[list[int], int]:
        """Coefficients (c₀, c₁, …, c_n) of a unit under the bits of the layers below its own, and their exponent."""
        layer = self._layer_of[unit]
        path = bits[: self.starts[layer]]
        if len(self._paths) <= layer or self._paths[layer] != path:
            self._follow(path, layer)
        local, known = unit - self.starts[layer], self._unpacked[layer]
        if local not in known:
            known[local] = self._unpack(self._forms[layer][local])
        return known[local], self._exponents[layer]

    def solve(
        self, known: bytes, unit: int, bit: int, support: Sequence[int], moving: Sequence[int]
    ) -> tuple[int, list[int]] | None:
        """Multipliers of a unit and of the rows of others that prove its bit, or None if these give none.

        Parameters
        ----------
        known
            Per unit, 1 where it is active on the path; anything else counts as inactive.
        support
            The units whose rows may have multipliers.
        moving
            The inputs whose coefficients have to vanish: at the others the domain has the side that it takes.
        """
        if support and not 0 <= min(support) <= max(support) < len(self._layer_of):
            return None  # rows of the domain
        target, scale = self.form(known, unit)
        rows, exponents = [], []
        for row in support:
            form, exponent = self.form(known, row)
            rows.append(form if known[row] == 1 else [-entry for entry in form])
            exponents.append(exponent)
        if bit == 1:
            target = [-entry for entry in target]
        first, weights = _cancel(target, rows, [k + 1 for k in moving])
        if first <= 0 or min(weights, default=0) < 0:
            return None
        # R counts nothing but the forms' own denominators here: those of other layers are made up for.
        least = min(scale, *exponents) if exponents else scale
        if self._maximum_is_positive(target, rows, first, weights, len(moving) == len(support) == self.inputs):
            return None
        first <<= scale - least
        weights = [weight << exponent - least for weight, exponent in zip(weights, exponents, strict=True)]
        common = gcd(first, *weights)
        return (first // common, [weight // common for weight in weights]) if common > 1 else (first, weights)

    def _maximum_is_positive(
        self, target: Sequence[int], rows: Sequence[Sequence[int]], first: int, weights: Sequence[int], vanishes: bool
    ) -> bool:
        """Whether R = first · target + Σ weight · row exceeds 0 somewhere on the box."""
        total = first * target[0] + sum([weight * row[0] for weight, row in zip(weights, rows, strict=True)])
        if vanishes:
            return total > 0
        total <<= self._box_exponent
        for k, (low, high) in enumerate(self._box, start=1):
            slope = first * target[k] + sum([weight * row[k] for weight, row in zip(weights, rows, strict=True)])
            side = high if slope > 0 else low
            if slope and side is None:
                return True
            total += slope * side if slope and side is not None else 0
        return total > 0

    def _follow(self, path: bytes, layer: int) -> None:
        """Make `layer` hold the forms under a path."""
        for index, (start, end) in enumerate(pairwise(self.starts[: layer + 1]), start=1):
            below, here = path[:start], path[:end]
            rows, e = self._rows[index], self._exponents[index - 1]
            if len(self._paths) <= index:
                self._paths.append(below + bytes(end - start))
                self._forms.append([row[-1] << e for row in rows])
                self._unpacked.append({})
            known = self._paths[index]
            if known == here:
                continue
            if known[:start] != below:
                known, self._forms[index] = below + bytes(end - start), [row[-1] << e for row in rows]
                self._unpacked[index] = {}
            changes = []
            for j in range(end - start):
                old, new = known[start + j] == 1, here[start + j] == 1
                if old != new:
                    changes.append((j, self._forms[index - 1][j] * (new - old)))
            if changes:
                self._forms[index] = [
                    form + sum([row[j] * change for j, change in changes])
                    for form, row in zip(self._forms[index], rows, strict=True)
                ]
                self._unpacked[index] = {}
            self._paths[index] = here

    def _unpack(self, packed: int) -> list[int]:
        width, half, packed = self._slot, 1 << (self._slot - 1), packed + self._bias
        mask = (1 << width) - 1
        return [((packed >> shift) & mask) - half for shift in range(0, (self.inputs + 1) * width, width)]


def _cancel(target: Sequence[int], rows: Sequence[Sequence[int]], places: Sequence[int]) -> tuple[int, list[int]]:
    """first > 0 and weights with first · target + Σ weight · row = 0 at some places; (0, []) where there are none."""
    size = len(rows)
    if len(places) > size:
        places = _independent(rows, places)
    if len(places) != size:
        return 0, []
    if size == 0:
        return 1, []
    if size == 1:
        (k,), (a,) = places, rows
        first, weights = a[k], [-target[k]]
    elif size == 2:
        (k, m), (a, b) = places, rows
        first = a[k] * b[m] - a[m] * b[k]
        weights = [b[k] * target[m] - target[k] * b[m], target[k] * a[m] - a[k] * target[m]]
    elif size == 3:
        k, m, p = places
        (a1, a2, a3), (b1, b2, b3), (c1, c2, c3) = ((row[k], row[m], row[p]) for row in rows)
        t1, t2, t3 = target[k], target[m], target[p]
        u1, u2, u3 = b2 * c3 - b3 * c2, b3 * c1 - b1 * c3, b1 * c2 - b2 * c1
        v1, v2, v3 = a2 * t3 - a3 * t2, a3 * t1 - a1 * t3, a1 * t2 - a2 * t1
        first = a1 * u1 + a2 * u2 + a3 * u3
        weights = [-(t1 * u1 + t2 * u2 + t3 * u3), -(c1 * v1 + c2 * v2 + c3 * v3), b1 * v1 + b2 * v2 + b3 * v3]
    else:
        matrix = fmpz_mat(size, size, [row[k] for k in places for row in rows])
        try:
            solution = cast(fmpq_mat, matrix.solve(fmpz_mat(size, 1, [-target[k] for k in places])))
        except ZeroDivisionError:
            return 0, []
        numerators, denominator = solution.numer_denom()
        return int(denominator), [int(entry) for entry in numerators.entries()]
    return (first, weights) if first > 0 else (-first, [-weight for weight in weights])


def _independent(rows: Sequence[Sequence[int]], places: Sequence[int]) -> list[int]:
    """Places at which the rows are independent, as many as there are."""
    if not rows:
        return []
    reduced, _, rank = fmpz_mat(len(rows), len(places), [row[k] for row in rows for k in places]).rref()
    return [places[next(j for j in range(len(places)) if reduced[i, j])] for i in range(rank)]
