"""Proofs found in exact arithmetic: multipliers of the rows of a cell, as integers.

Notation: forms (c₁, …, c_n, c₀) on inputs of the network are integers over one common denominator, as the checker
computes them: units' over 2^s, s the network's scale, those of the domain over 2^(s + e). A row's *number* is the one
that the certificate calls it by: a unit's own, then 2N and on for the domain's inequalities and its equalities.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np
from flint import fmpq

from relugeom.certificate.header import domain_exponent, domain_forms
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, maximise_form
from relugeom.network.exact import ExactForms, exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork

__all__ = ["ExactCell", "Proof", "proof_tokens"]


@dataclass(frozen=True, slots=True)
class Proof:
    """λ₀ and the multipliers of rows by their number: R = λ₀ t + Σ multiplier · row has max R ≤ 0 over the box."""

    first: int
    multipliers: Mapping[int, int]


def proof_tokens(proof: Proof, *, with_first: bool = True) -> bytes:
    """A proof as it stands in a certificate."""
    pairs = " ".join(f"{row:x} {value:x}" for row, value in sorted(proof.multipliers.items()))
    first = f"{proof.first:x}" if with_first else ""
    return " ".join(text for text in (first, pairs) if text).encode("ascii")


class ExactCell:
    """The rows of a cell, given the decisions on its path: a stack of units with their bits."""

    def __init__(self, network: ReLUNetwork, domain: Domain) -> None:
        self.network, self.domain = network, domain
        self._exact = exact_network(network)
        self.scale = sum(self._exact.exponents)
        self.starts = np.cumsum([0, *network.widths]).tolist()
        inequalities, equalities, sides = domain_forms(domain)
        first = 2 * network.units
        self._domain_rows = [(first + place, form) for place, form in enumerate(inequalities)]
        first += len(inequalities)
        self._equalities = [(first + place, form) for place, form in enumerate(equalities)]
        self._sides = sides
        self._scaled = [form for _, form in self._domain_rows] + sides
        for _, form in self._equalities:
            self._scaled += [form, [-entry for entry in form]]
        self._scaled = [[entry << self.scale for entry in form] for form in self._scaled]
        self._numbers: list[tuple[int, int]] = [(number, 1) for number, _ in self._domain_rows]
        self._numbers += [(-1, 0)] * len(sides)
        for number, _ in self._equalities:
            self._numbers += [(number, 1), (number, -1)]
        self._layers: list[tuple[bytes, ExactForms]] = []

    @property
    def exponent(self) -> int:
        """The domain's exponent e."""
        return domain_exponent(self.domain)

    def unit_form(self, bits: Sequence[int], unit: int) -> list[int]:
        """The form of a unit, given the bits of the layers below it."""
        layer = int(np.searchsorted(self.starts, unit, side="right")) - 1
        for index in range(layer + 1):
            below = bytes(bits[: self.starts[index]])
            if index < len(self._layers) and self._layers[index][0] == below:
                continue
            del self._layers[index:]
            if index == 0:
                forms = first_forms(self._exact)
            else:
                active = np.array(bits[self.starts[index - 1] : self.starts[index]], dtype=np.bool_)
                forms = next_forms(self._exact, index, self._layers[index - 1][1], active)
            self._layers.append((below, forms))
        forms = self._layers[layer][1]
        columns, row = forms.matrix.ncols(), unit - self.starts[layer]
        return [int(forms.matrix[row, k]) << (self.scale - forms.exponent) for k in range(columns)]

    def prove(
        self, bits: Sequence[int], decided: Sequence[int], unit: int, bit: int, *, hint: Sequence[int] = ()
    ) -> Proof | None:
        """A proof that a unit has a bit on the whole cell, or None if it has not.

        Parameters
        ----------
        bits
            Bits of the units by number; those of layers below the unit's and of decided units count.
        decided
            The units decided on the path so far: their rows make up the cell.
        hint
            Units whose rows a float solver proposes.
        """
        target = self.unit_form(bits, unit)
        if bit == 1:
            target = [-entry for entry in target]
        rows, numbers = list(self._scaled), list(self._numbers)
        for other in decided:
            form = self.unit_form(bits, other)
            rows.append(form if bits[other] else [-entry for entry in form])
            numbers.append((other, 1))
        places = {other: place for place, (other, _) in enumerate(numbers)}
        optimum = maximise_form(rows, target, hint=[places[other] for other in hint if other in places])
        if isinstance(optimum, ExactInfeasible):
            return _as_proof(fmpq(0), optimum.multipliers, numbers)
        if not isinstance(optimum, ExactOptimum) or optimum.value > 0:
            return None
        return _as_proof(fmpq(1), optimum.multipliers, numbers)


def _as_proof(first: fmpq, multipliers: Mapping[int, fmpq], numbers: Sequence[tuple[int, int]]) -> Proof:
    denominator = lcm(int(first.q), *(int(value.q) for value in multipliers.values()))
    found: dict[int, int] = {}
    for row, value in multipliers.items():
        number, sign = numbers[row]
        if sign:
            found[number] = found.get(number, 0) + sign * int(value * denominator)
    return Proof(int(first * denominator), {number: value for number, value in found.items() if value})
