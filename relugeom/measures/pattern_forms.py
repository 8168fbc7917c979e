"""Exact forms of all units under one pattern after the other, for one network.

The one idea: patterns that follow each other in tree order agree on their first layers, and keep those layers' forms.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from relugeom.network.exact import ExactForms, exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["PatternForms"]

Row = TypeVar("Row")


class PatternForms(Generic[Row]):
    """Forms of the units of one network, each turned into a row.

    Parameters
    ----------
    turn
        Makes one row of each form of a layer.
    """

    def __init__(self, network: ReLUNetwork, turn: Callable[[ExactForms], list[Row]]) -> None:
        self._exact, self._turn = exact_network(network), turn
        first = first_forms(self._exact)
        self._forms: list[ExactForms] = [first]
        self._rows: list[list[Row]] = [turn(first)]
        self._below: list[bytes] = []

    def under(self, pattern: ActivationPattern) -> list[Row]:
        """Rows of all units under a pattern, layer by layer."""
        layers = pattern.layers
        for layer in range(1, len(layers)):
            active = layers[layer - 1]
            key = active.tobytes()
            if layer <= len(self._below) and self._below[layer - 1] == key:
                continue
            del self._below[layer - 1 :], self._forms[layer:], self._rows[layer:]
            self._below.append(key)
            self._forms.append(next_forms(self._exact, layer, self._forms[-1], active))
            self._rows.append(self._turn(self._forms[-1]))
        return [row for rows in self._rows[: len(layers)] for row in rows]
