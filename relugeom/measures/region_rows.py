"""The exact rows of activation regions, in coordinates of the domain's hull.

Notation: the closure of a region is {y in the domain : s_u z_u(y) ≥ 0 for every unit u}, with s_u = 1 for active units
and −1 for the others. Regions that follow each other in tree order share the forms of the layers on which they agree.
"""

from flint import fmpz_mat

from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import matrix_rows
from relugeom.measures.pattern_forms import PatternForms
from relugeom.network.exact import ExactForms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["RegionRows"]


class RegionRows:
    """Rows of one region after the other, for one network on one chart."""

    def __init__(self, network: ReLUNetwork, chart: Chart) -> None:
        self._chart = chart
        self._forms = PatternForms(network, self._on_hull)

    def unit_forms(self, pattern: ActivationPattern) -> list[Form]:
        """z of every unit under a pattern, integer forms of length d + 1; a form that is 0 on the hull is all zeros."""
        return self._forms.under(pattern)

    def region_rows(self, pattern: ActivationPattern) -> list[Form]:
        """s_u z_u of every unit: ≥ 0 on the closure of the region."""
        bits = (bit for layer in pattern.layers for bit in layer.tolist())
        forms = self.unit_forms(pattern)
        return [form if bit else [-entry for entry in form] for form, bit in zip(forms, bits, strict=True)]

    def _on_hull(self, forms: ExactForms) -> list[Form]:
        matrix: fmpz_mat = self._chart.reduce(forms.matrix)
        return matrix_rows(matrix)
