"""Proofs on a flat domain: multipliers of equalities, added to those found in coordinates of its affine hull.

Notation: `chart.py`. On the hull R = λ₀ t + Σ λ_i h_i ≤ 0 was proved as a form of the free inputs. As a form of all
inputs it has coefficients at the others too: at inputs of zero width they are constants, which the maximum over the box
takes care of; the rest lose theirs by the one combination Σ μ_j e_j of the equalities with E_P μ = −R_P.
"""

from collections.abc import Mapping
from math import gcd, lcm

import numpy as np
from flint import fmpq_mat, fmpz_mat

from relugeom.certificate.header import domain_exponent, domain_forms
from relugeom.certificate.partition_proof.exact_proof import Proof
from relugeom.certificate.partition_proof.path_forms import PathForms
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.exact import exact_network
from relugeom.network.network import ReLUNetwork

__all__ = ["HullProofs"]


class HullProofs:
    """What proofs on a chart's hull need to hold on its domain.

    Attributes
    ----------
    is_plain
        Whether every input is a coordinate of the hull or has zero width, so that nothing is needed.
    """

    def __init__(self, network: ReLUNetwork, chart: Chart) -> None:
        domain, n = chart.domain, chart.domain.inputs
        self._chart, self._exponent = chart, domain_exponent(domain)
        self._scale = sum(exact_network(network).exponents)
        self._inequalities, self._equalities, self._sides = domain_forms(domain)
        self._first_row = 2 * network.units
        bound = [k for k in range(n) if k not in chart.free and domain.lower[k] != domain.upper[k]]
        self.is_plain = not bound
        self._bound, self._chosen, self._inverse = bound, list[int](), fmpq_mat(0, 0)
        self.is_explicit = True  # whether the equalities alone tie the bound inputs to the free ones
        if bound:
            table = fmpz_mat(len(bound), len(self._equalities), [e[k] for k in bound for e in self._equalities])
            reduced, _, rank = table.rref()
            self.is_explicit = rank == len(bound)
            for row in range(rank):
                self._chosen.append(next(j for j in range(len(self._equalities)) if reduced[row, j]))
            if self.is_explicit:
                entries = [self._equalities[j][k] for k in bound for j in self._chosen]
                self._inverse = fmpq_mat(len(bound), len(bound), entries).inv()

    def row_scales(self, rows: FloatArray) -> tuple[IntArray, FloatArray]:
        """For each float row on the hull: its number in a certificate, and how often it is the domain's row.

        Chart's rows are the domain's inequalities and the sides of inputs that are not coordinates, in order, where
        they are not constant on the hull.
        """
        numbers, scales = np.full(len(rows), -1, dtype=np.int64), np.ones(len(rows))
        start, q = self._first_row, int(self._chart.lift[self._chart.domain.inputs, self._chart.dimension])
        named = [(start + place, form) for place, form in enumerate(self._inequalities)]
        start += len(self._inequalities) + len(self._equalities)
        for place, form in enumerate(self._sides):
            if not any(form[k] for k in self._chart.free):
                named.append((start + place, form))
        kept = 0
        for number, form in named:
            reduced = self._reduced(form)
            largest = max(range(len(reduced)), key=lambda k: abs(reduced[k]))
            if any(reduced[:-1]) and kept < len(rows):
                numbers[kept] = number
                scales[kept] = rows[kept, largest] / (reduced[largest] / (q << self._exponent))
                kept += 1
        return numbers, scales

    def complete(
        self, forms: PathForms, known: bytes, unit: int, bit: int, first: int, weights: Mapping[int, int]
    ) -> Proof | None:
        """The proof with multipliers of equalities, or None if the hull needs more than these.

        Sides of inputs that are not coordinates of the hull are rows there, but no rows of the certificate: R without
        them has its maximum over the box where they are 0.
        """
        if not self.is_explicit:
            return None
        n, e = self._chart.domain.inputs, self._exponent
        rows = [*self._inequalities, *self._equalities, *self._sides]
        total = [0] * (n + 1)  # over 2^(scale + e)
        for row, weight in ((unit, first if bit == 0 else -first), *weights.items()):
            if row < self._first_row:
                (constant, *slopes), exponent = forms.form(known, row)
                turn = 1 if row == unit or known[row] == 1 else -1
                factor = turn * weight << (self._scale - exponent + e)
                form = [*slopes, constant]
            else:
                factor, form = weight << self._scale, rows[row - self._first_row]
            total = [entry + factor * term for entry, term in zip(total, form, strict=True)]
        gaps = fmpq_mat(len(self._bound), 1, [-total[k] for k in self._bound])
        solution = (self._inverse * gaps).entries()
        # Rows of units count 2^scale in a certificate and all others 2^(scale + e); `solution` is over 2^scale.
        factor = lcm(*(int(value.q) for value in solution)) << self._scale
        start = self._first_row + len(self._inequalities)
        multipliers = {
            row: (weight * factor) << (e if row < self._first_row else 0)
            for row, weight in weights.items()
            if row < start + len(self._equalities)
        }
        for j, value in zip(self._chosen, solution, strict=True):
            multipliers[start + j] = int(value * factor) >> self._scale
        first = (first * factor) << e
        common = gcd(first, *multipliers.values())
        return Proof(first // common, {row: value // common for row, value in multipliers.items() if value})

    def _reduced(self, form: Form) -> list[int]:
        row = self._chart.reduce(fmpz_mat(1, len(form), list(form)))
        return [int(entry) for entry in row.entries()]
