"""The plain enumerator: depth first over the split tree, one linear program per question.

Each node of the tree is a cell with a rational point inside it. To decide a unit, look at the sign of its
pre-activation z at that point: the unit takes that side somewhere, and a linear program shows whether it takes the
other side, too. A unit whose z is 0 on the whole hull is inactive. It is slow and short, and remains the oracle for
anything faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.cell import Cell
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import matrix_rows
from relugeom.geometry.linear_program import LPSolver
from relugeom.linalg.exact import RationalPoint
from relugeom.network.exact import ExactForms, exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import TreeToken

__all__ = ["Leaf", "ReferenceSearch"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A region: its bits, and a point in coordinates of the hull at which every z has the sign of its bit."""

    bits: tuple[int, ...]
    point: RationalPoint


class Undo(Enum):
    """State to restore when a subtree is done."""

    NOTHING = "nothing"
    PUSH = "push"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Step:
    """A decision to enter: the bit, its row, and a point of the child's cell."""

    bit: int
    form: Form
    undo: Undo
    point: RationalPoint


class ReferenceSearch:
    """One search of all regions of a network on a chart; at the deadline it raises DeadlinePassedError.

    Attributes
    ----------
    tree
        Tokens in preorder, as far as the search has got.
    """

    def __init__(self, network: ReLUNetwork, chart: Chart, solver: LPSolver, *, deadline: Deadline = NEVER) -> None:
        self.tree: list[int] = []
        self._exact, self._widths, self._chart = exact_network(network), network.widths, chart
        self._layer_of = np.repeat(np.arange(len(network.widths)), network.widths).tolist()
        self._start: list[int] = np.concatenate([[0], np.cumsum(network.widths)]).tolist()
        self._cell = Cell(chart, solver, deadline=deadline)
        self._bits: list[int] = []
        self._forms: list[ExactForms] = []
        self._rows: list[list[Form]] = []
        self._undo: list[Undo] = []
        self._pending: list[Step | None] = []

    def __iter__(self) -> Iterator[Leaf]:
        """Yield the regions in tree order."""
        yield from self.search_below(self._chart.interior)

    def search_below(self, point: RationalPoint) -> Iterator[Leaf]:
        """Yield the regions below the present node, given a point of its cell."""
        pending: list[Step | None] = []  # None: leave the node entered last
        self._pending = pending
        yield from self._descend(point)
        while pending:
            step = pending.pop()
            if step is None:
                self._leave()
            else:
                self._enter(step)
                yield from self._descend(step.point)

    @property
    def unexplored(self) -> int:
        """Number of subtrees that are still to be searched."""
        return sum(step is not None for step in self._pending)

    def go_to(self, bits: Sequence[int], splits: Sequence[bool]) -> None:
        """Go to the node with these decisions; those that were splits are rows of its cell."""
        common = 0
        while common < min(len(bits), len(self._bits)) and bits[common] == self._bits[common]:
            common += 1
        while len(self._bits) > common:
            self._leave()
        for unit in range(common, len(bits)):
            form = self.form(unit)
            side = form if bits[unit] else [-entry for entry in form]
            undo = Undo.NOTHING if not any(form) else Undo.PUSH if splits[unit] else Undo.WATCH
            self._enter(Step(bits[unit], side, undo, ()))

    def find_point(self, proposal: RationalPoint | None) -> RationalPoint | None:
        """A point of the present cell, the proposed one if it lies there; None if the cell is proved to be empty."""
        return proposal if proposal is not None and self._cell.holds(proposal) else self._cell.find_point()

    def _descend(self, point: RationalPoint) -> Iterator[Leaf]:
        """Decide the next unit at this node; a node without units left is a region."""
        unit = len(self._bits)
        if unit == len(self._layer_of):
            yield Leaf(tuple(self._bits), point)
            return
        steps = self.decide(point)
        self.tree.append(TreeToken.SPLIT if len(steps) == 2 else steps[0].bit)
        for step in reversed(steps):
            self._pending += [None, step]

    def decide(self, point: RationalPoint) -> list[Step]:
        """Steps for the sides that the next unit takes on the present cell, the inactive side first."""
        form = self.form(len(self._bits))
        opposite = [-entry for entry in form]
        if not any(form):
            return [Step(0, form, Undo.NOTHING, point)]
        below, above = self._cell.find_positive(opposite, point), self._cell.find_positive(form, point)
        if below is not None and above is not None:
            return [Step(0, opposite, Undo.PUSH, below), Step(1, form, Undo.PUSH, above)]
        if above is not None:
            return [Step(1, form, Undo.WATCH, above)]
        if below is None:
            raise AssertionError("a form that is not 0 on the hull has a sign somewhere on every cell")
        return [Step(0, opposite, Undo.WATCH, below)]

    def form(self, unit: int) -> Form:
        """Pre-activation of a unit on the cell; a layer's forms are computed when its first unit is reached."""
        layer = self._layer_of[unit]
        if unit == self._start[layer]:
            below = self._bits[self._start[layer - 1] : unit] if layer else []
            forms = (
                next_forms(self._exact, layer, self._forms[layer - 1], np.array(below, dtype=np.bool_))
                if layer
                else first_forms(self._exact)
            )
            del self._forms[layer:], self._rows[layer:]
            self._forms.append(forms)
            self._rows.append(matrix_rows(self._chart.reduce(forms.matrix)))
        rows: list[Form] = self._rows[layer]
        return rows[unit - self._start[layer]]

    def _enter(self, step: Step) -> None:
        self._bits.append(step.bit)
        self._undo.append(step.undo)
        if step.undo is Undo.PUSH:
            self._cell.push(step.form)
        elif step.undo is Undo.WATCH:
            self._cell.watch(step.form)

    def _leave(self) -> None:
        self._bits.pop()
        undo = self._undo.pop()
        if undo is Undo.PUSH:
            self._cell.pop()
        elif undo is Undo.WATCH:
            self._cell.unwatch()
