"""Drafts: a network while units are removed from it, with every change in rationals.

Notation: a_i = max(z_i, 0) is the output of a unit; `takes over` c_k means that column k of the next layer gains c_k
times column i. The one idea: a change is computed exactly, and made only if every new weight is a float64 number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import gcd, isfinite

import numpy as np
from flint import fmpq_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import as_fraction, integer_matrix, nearest_quotient, scaled_integers
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork

__all__ = ["Draft", "Removal", "RemovalReason"]

NOTHING: Mapping[int, Fraction] = {}


class RemovalReason(StrEnum):
    """Reason why a unit is not needed."""

    NEVER_FIRES = "never fires"
    CONSTANT = "constant"
    UNUSED = "unused"
    DUPLICATE = "duplicate"
    DEPENDENT = "dependent"
    OPPOSITE = "opposite"
    LINEAR_LAYER = "linear layer"


@dataclass(frozen=True, slots=True)
class Removal:
    """One unit that is removed, or could be.

    Attributes
    ----------
    layer, unit
        Position of the unit in the original network.
    reason
        Why the function does not need it.
    rounded
        Number of weights of the next layer that are rounded for it.
    """

    layer: int
    unit: int
    reason: RemovalReason
    rounded: int


class Draft:
    """The present layers, and the changes that were made to them."""

    def __init__(
        self,
        network: ReLUNetwork,
        signs: Sequence[IntArray] | None,
        *,
        rounds: bool,
        deadline: Deadline = NEVER,
    ) -> None:
        self.weights, self.biases = list(network.weights), list(network.biases)
        self.signs = list(signs) if signs is not None else [np.zeros(width, np.int64) for width in network.widths]
        self.source_layers = list(range(len(network.widths)))
        self.source_units: list[IntArray] = [np.arange(width) for width in network.widths]
        self.removed: list[Removal] = []
        self.refused: list[Removal] = []
        self.late = False
        self._rounds, self._deadline = rounds, deadline

    def sweep(self) -> bool:
        """Go once through all layers; returns whether anything changed."""
        if self._is_late():
            return False
        before, self.refused = len(self.removed), []
        layer = 0
        while layer < len(self.signs):
            gone: set[int] = set()
            self._take_out_silent(layer, gone)
            self._close(layer, gone)
            if layer < len(self.signs) and (self._is_late() or not self._merge_linear(layer)):
                gone = set()
                if not self._is_late():
                    self._take_out_duplicates(layer, gone)
                if not self._is_late():
                    self._take_out_dependent(layer, gone)
                self._close(layer, gone)
                layer += 1
        return len(self.removed) > before

    def _is_late(self) -> bool:
        """Whether the time is up; from then on every unit stays that is there."""
        self.late = self.late or self._deadline.passed
        return self.late

    # --- which units can go ---------------------------------------------------------------------------------------

    def _take_out_silent(self, layer: int, gone: set[int]) -> None:
        """Remove units without effect: never firing, constant, or unused."""
        for unit in range(len(self.biases[layer])):
            if not self.weights[layer + 1][:, unit].any():
                self._take_out(layer, unit, gone, RemovalReason.UNUSED)
            elif self.signs[layer][unit] < 0:
                self._take_out(layer, unit, gone, RemovalReason.NEVER_FIRES)
            elif not self.weights[layer][unit].any():
                constant = max(Fraction(float(self.biases[layer][unit])), Fraction(0))
                self._take_out(layer, unit, gone, RemovalReason.CONSTANT, constant=constant)

    def _take_out_duplicates(self, layer: int, gone: set[int]) -> None:
        """Replace positive multiples of each other by the smallest of them."""
        groups: dict[tuple[int, ...], list[tuple[Fraction, int]]] = {}
        for unit, (direction, size) in enumerate(self._directions(layer)):
            groups.setdefault(direction, []).append((size, unit))
        for members in groups.values():
            (least, first), *others = sorted(members)
            for size, unit in others:
                self._take_out(layer, unit, gone, RemovalReason.DUPLICATE, {first: size / least})

    def _take_out_dependent(self, layer: int, gone: set[int]) -> None:
        """Remove units whose linear part is a combination of others."""
        directions = self._directions(layer)
        places = {direction: (unit, size) for unit, (direction, size) in enumerate(directions) if unit not in gone}
        # What is linear in the layer below: z of units that are never negative, and z_k of opposite pairs (i, k), as
        # z_k = a_k − a_i / t. Each is named by the unit to take out where the others can express it.
        linear = [unit for unit in range(len(directions)) if unit not in gone and self.signs[layer][unit] > 0]
        opposite: dict[int, tuple[int, Fraction]] = {}
        for unit, (direction, size) in enumerate(directions):
            partner = places.get(tuple(-entry for entry in direction))
            if unit in gone or unit in linear or partner is None or partner[0] in linear:
                continue
            if partner[0] < unit:
                opposite[unit] = (partner[0], size / partner[1])
        candidates = [*linear, *opposite]
        forms = [linear_unit if linear_unit in linear else opposite[linear_unit][0] for linear_unit in candidates]
        for position, combination in self._combinations(layer, forms).items():
            unit = candidates[position]
            constant = combination.pop(-1, Fraction(0))
            takes = _outputs_of({candidates[place]: factor for place, factor in combination.items()}, opposite)
            if unit not in opposite:
                self._take_out(layer, unit, gone, RemovalReason.DEPENDENT, takes, constant)
                continue
            partner_unit, t = opposite[unit]
            takes = {k: -t * c for k, c in takes.items()}
            takes[partner_unit] = takes.get(partner_unit, Fraction(0)) + t
            self._take_out(layer, unit, gone, RemovalReason.OPPOSITE, takes, -t * constant)

    def _merge_linear(self, layer: int) -> bool:
        """Multiply a layer that is linear on the domain into the next one."""
        if not (self.signs[layer] > 0).all():
            return False
        upper, k = integer_matrix(self.weights[layer + 1])
        lower, j = integer_matrix(np.column_stack([self.weights[layer], self.biases[layer]]))
        product, scale = upper * lower, 1 << (k + j)
        rows = [[Fraction(int(entry), scale) for entry in row] for row in product.tolist()]
        for row, bias in zip(rows, self.biases[layer + 1].tolist(), strict=True):
            row[-1] += Fraction(bias)
        values, rounded = _as_floats(rows)
        units = self.source_units[layer].tolist()
        removals = [Removal(self.source_layers[layer], unit, RemovalReason.LINEAR_LAYER, rounded) for unit in units]
        if values is None or (rounded and not self._rounds):
            self.refused += removals
            return False
        self.removed += removals
        self.weights[layer : layer + 2], self.biases[layer : layer + 2] = [values[:, :-1]], [values[:, -1]]
        del self.signs[layer], self.source_layers[layer], self.source_units[layer]
        return True

    # --- exact changes --------------------------------------------------------------------------------------------

    def _take_out(
        self,
        layer: int,
        unit: int,
        gone: set[int],
        reason: RemovalReason,
        takes: Mapping[int, Fraction] = NOTHING,
        constant: Fraction = Fraction(0),
    ) -> None:
        """Let the next layer take a unit over, or refuse to; all units stay once the time is up."""
        if self._is_late():
            return
        weight, bias = self.weights[layer + 1].copy(), self.biases[layer + 1].copy()
        column = [Fraction(entry) for entry in weight[:, unit].tolist()]
        count = 0
        for targets, factor in [*((weight[:, k], c) for k, c in takes.items()), (bias, constant)]:
            if factor:
                rows = [[Fraction(t) + factor * c] for t, c in zip(targets.tolist(), column, strict=True)]
                values, rounded = _as_floats(rows)
                if values is None:
                    self._refuse(layer, unit, reason, len(rows))
                    return
                targets[:] = values[:, 0]
                count += rounded
        if count and not self._rounds:
            self._refuse(layer, unit, reason, count)
            return
        weight[:, unit] = 0.0
        self.weights[layer + 1], self.biases[layer + 1] = weight, bias
        gone.add(unit)
        self.removed.append(Removal(self.source_layers[layer], int(self.source_units[layer][unit]), reason, count))

    def _refuse(self, layer: int, unit: int, reason: RemovalReason, rounded: int) -> None:
        self.refused.append(Removal(self.source_layers[layer], int(self.source_units[layer][unit]), reason, rounded))

    def _close(self, layer: int, gone: set[int]) -> None:
        """Close the gap in a layer; a layer without units makes the network a constant."""
        kept = [unit for unit in range(len(self.biases[layer])) if unit not in gone]
        if not gone:
            return
        if not kept and not self._become_constant(layer):
            kept = [min(gone)]  # a layer needs a unit: this one stays, and the next layer does not listen to it
            place = (self.source_layers[layer], int(self.source_units[layer][kept[0]]))
            self.removed = [removal for removal in self.removed if (removal.layer, removal.unit) != place]
        if kept:
            self.weights[layer], self.biases[layer] = self.weights[layer][kept], self.biases[layer][kept]
            self.weights[layer + 1] = self.weights[layer + 1][:, kept]
            self.signs[layer], self.source_units[layer] = self.signs[layer][kept], self.source_units[layer][kept]

    def _become_constant(self, layer: int) -> bool:
        """Replace everything by the outputs, which no longer depend on anything."""
        rest = ReLUNetwork(tuple(self.weights[layer + 1 :]), tuple(self.biases[layer + 1 :]))
        _, outputs = evaluate_exactly(rest, [Fraction(0)] * rest.inputs)
        values, rounded = _as_floats([[value] for value in outputs])
        if values is None or (rounded and not self._rounds):
            return False
        listed = {(removal.layer, removal.unit) for removal in self.removed}
        for source, units in zip(self.source_layers, self.source_units, strict=True):
            left = [unit for unit in units.tolist() if (source, unit) not in listed]
            self.removed += [Removal(source, unit, RemovalReason.UNUSED, rounded) for unit in left]
        self.weights = [np.zeros((len(outputs), self.weights[0].shape[1]))]
        self.biases = [values[:, 0]]
        self.signs, self.source_layers, self.source_units = [], [], []
        return True

    # --- exact facts ----------------------------------------------------------------------------------------------

    def _directions(self, layer: int) -> list[tuple[tuple[int, ...], Fraction]]:
        """(W_i, b_i) of each unit as a primitive integer row and the positive number that it is multiplied by."""
        hatted = np.column_stack([self.weights[layer], self.biases[layer]])
        return [_direction(row) for row in hatted]

    def _combinations(self, layer: int, units: Sequence[int]) -> dict[int, dict[int, Fraction]]:
        """Forms that are combinations of earlier ones and of 1: position → {position (−1 for the 1): factor}."""
        inputs = self.weights[layer].shape[1]
        hatted = np.column_stack([self.weights[layer], self.biases[layer]])[list(units)]
        columns = [[Fraction(0)] * inputs + [Fraction(1)], *([Fraction(x) for x in row] for row in hatted.tolist())]
        scales = [max(entry.denominator for entry in column) for column in columns]
        scaled = [[int(entry * scale) for entry in column] for column, scale in zip(columns, scales, strict=True)]
        entries = [column[row] for row in range(inputs + 1) for column in scaled]
        reduced, rank = fmpq_mat(inputs + 1, len(columns), entries).rref()
        pivots: list[int] = []
        for row in range(rank):
            start = pivots[-1] + 1 if pivots else 0
            pivots.append(next(column for column in range(start, len(columns)) if reduced[row, column] != 0))
        found = {}
        for column in set(range(len(columns))) - set(pivots):
            factors = {
                pivot - 1: as_fraction(reduced[row, column]) * scales[pivot] / scales[column]
                for row, pivot in enumerate(pivots)
                if reduced[row, column] != 0
            }
            found[column - 1] = factors
        return dict(sorted(found.items()))


def _direction(row: FloatArray) -> tuple[tuple[int, ...], Fraction]:
    """A row as a primitive integer one and the positive number that this is multiplied by."""
    entries, exponent = scaled_integers(row)
    divisor = gcd(*entries) or 1
    return tuple(entry // divisor for entry in entries), Fraction(divisor, 1 << exponent)


def _as_floats(rows: Sequence[Sequence[Fraction]]) -> tuple[FloatArray | None, int]:
    """The nearest float64 numbers, and how many of them are not exact; None beyond the largest."""
    values = [[nearest_quotient(entry.numerator, entry.denominator) for entry in row] for row in rows]
    if not all(isfinite(value) for row in values for value in row):
        return None, 0
    pairs = (
        (value, entry) for got, row in zip(values, rows, strict=True) for value, entry in zip(got, row, strict=True)
    )
    return np.array(values), sum(Fraction(value) != entry for value, entry in pairs)


def _outputs_of(linear: Mapping[int, Fraction], opposite: Mapping[int, tuple[int, Fraction]]) -> dict[int, Fraction]:
    """A sum of linear terms in the layer below as a sum of outputs: a, or a_i − a_k / t for an opposite pair (i, k)."""
    takes: dict[int, Fraction] = {}
    for unit, factor in linear.items():
        if unit in opposite:
            partner, t = opposite[unit]
            takes[partner] = takes.get(partner, Fraction(0)) + factor
            factor = -factor / t
        takes[unit] = takes.get(unit, Fraction(0)) + factor
    return takes
