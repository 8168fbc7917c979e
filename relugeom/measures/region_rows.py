"""The exact rows of activation regions, in coordinates of the domain's hull.

Notation: the closure of a region is {y in the domain : s_u z_u(y) ≥ 0 for every unit u}, with s_u = 1 for active units
and −1 for the others. Regions that follow each other in tree order share the forms of the layers on which they agree.
"""

from flint import fmpz_mat

from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import matrix_rows
from relugeom.network.exact import ExactForms, exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["RegionRows"]


class RegionRows:
    """Rows of one region after the other, for one network on one chart."""

    def __init__(self, network: ReLUNetwork, chart: Chart) -> None:
        self._exact, self._chart = exact_network(network), chart
        first = first_forms(self._exact)
        self._forms: list[ExactForms] = [first]
        self._rows: list[list[Form]] = [self._on_hull(first)]
        self._below: list[bytes] = []

    def unit_forms(self, pattern: ActivationPattern) -> list[Form]:
        """z of every unit under a pattern, integer forms of length d + 1; a form that is 0 on the hull is all zeros."""
        layers = pattern.layers
        for layer in range(1, len(layers)):
            active = layers[layer - 1]
            key = active.tobytes()
            if layer <= len(self._below) and self._below[layer - 1] == key:
                continue
            del self._below[layer - 1 :], self._forms[layer:], self._rows[layer:]
            self._below.append(key)
            self._forms.append(next_forms(self._exact, layer, self._forms[-1], active))
            self._rows.append(self._on_hull(self._forms[-1]))
        return [form for rows in self._rows[: len(layers)] for form in rows]

    def region_rows(self, pattern: ActivationPattern) -> list[Form]:
        """s_u z_u of every unit: ≥ 0 on the closure of the region."""
        bits = (bit for layer in pattern.layers for bit in layer.tolist())
        forms = self.unit_forms(pattern)
        return [form if bit else [-entry for entry in form] for form, bit in zip(forms, bits, strict=True)]

    def _on_hull(self, forms: ExactForms) -> list[Form]:
        matrix: fmpz_mat = self._chart.reduce(forms.matrix)
        return matrix_rows(matrix)
