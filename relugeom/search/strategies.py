"""The two ways to search a subtree: with a simplex dictionary of each cell, or with the generators of its cone.

Notation: `columns.py`. A strategy is a value without a state of its own: it works on a `Position`, and `engine` drives
either with one loop. Cones are faster on inputs of few dimensions. If a cone is too complex, the dictionary searches
the subtree below that node, and the cones continue after it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from relugeom.geometry.generators import Cones
from relugeom.linalg.arrays import IntArray
from relugeom.search.columns import BASE, BOTTOM, DELEGATED, PHASE, TOP, Output, Pending, S, State, Waiting
from relugeom.search.cone_search import give_cone, next_cone, search_cones
from relugeom.search.cone_setup import empty_cones, grown_cones, stand_at_domain
from relugeom.search.kernel import search
from relugeom.search.path import give_sibling, next_sibling
from relugeom.search.residue_columns import Residues, make_residues, no_residues
from relugeom.search.setup import Setup, grown

__all__ = ["BY_CONES", "BY_DICTIONARY", "Position", "Strategy", "add_lanes", "first_position"]

SIBLINGS = 64
"""Initial room for waiting siblings."""


@dataclass(slots=True)
class Position:
    """Position of a search: the present node, and the nodes that wait for each strategy.

    Attributes
    ----------
    state
        The path to the present node, and the dictionary of its cell.
    waiting
        Siblings that wait for the dictionary.
    residues
        Integers for ties.
    cones, pending
        The cones of the present and of waiting nodes; None if the dictionary searches everything.
    """

    state: State
    waiting: Waiting
    residues: Residues
    cones: Cones | None = None
    pending: Pending | None = None


class Strategy(ABC):
    """A way to go from node to node."""

    @abstractmethod
    def advance(self, setup: Setup, at: Position, output: Output, budget: int) -> int:
        """Search this many nodes; returns a code that says what is needed next."""

    @abstractmethod
    def grow(self, at: Position) -> None:
        """Double the room."""

    @abstractmethod
    def go_on(self, setup: Setup, at: Position) -> bool:
        """Go to the next waiting node; False if there is none."""

    @abstractmethod
    def units_waiting(self, at: Position) -> IntArray:
        """Unit at which each waiting node was split off."""

    @abstractmethod
    def give(self, setup: Setup, at: Position) -> Position | None:
        """Give away the last node in tree order; None if there is none to give."""

    def is_delegated(self, at: Position) -> bool:
        """Whether the present node needs exact arithmetic."""
        return False


class _ByDictionary(Strategy):
    """A warm simplex dictionary of each cell."""

    def advance(self, setup: Setup, at: Position, output: Output, budget: int) -> int:
        return int(search(setup.problem, at.state, at.residues, at.waiting, output, budget))

    def grow(self, at: Position) -> None:
        at.state, at.waiting = grown(at.state, at.waiting)

    def go_on(self, setup: Setup, at: Position) -> bool:
        return bool(next_sibling(setup.problem, at.state, at.waiting))

    def is_delegated(self, at: Position) -> bool:
        return bool(at.state.counters[PHASE] == DELEGATED)

    def units_waiting(self, at: Position) -> IntArray:
        found: IntArray = at.waiting.unit[at.state.counters[BASE] : at.state.counters[S]]
        return found

    def give(self, setup: Setup, at: Position) -> Position | None:
        base, end = at.state.counters[BASE], at.state.counters[S]
        if end - base < 1 or at.waiting.delegated[base]:
            return None
        given = Position(*setup.empty_state(len(at.state.value), SIBLINGS), no_residues(setup.problem))
        give_sibling(setup.problem, at.state, at.waiting, given.state)
        return given


class _ByCones(Strategy):
    """Vertices and directions of each cell."""

    def advance(self, setup: Setup, at: Position, output: Output, budget: int) -> int:
        return int(search_cones(setup.problem, at.state, at.residues, *_stack(at), output, budget))

    def grow(self, at: Position) -> None:
        at.cones, at.pending = grown_cones(*_stack(at))

    def go_on(self, setup: Setup, at: Position) -> bool:
        return bool(next_cone(at.state, _stack(at)[1]))

    def units_waiting(self, at: Position) -> IntArray:
        found: IntArray = _stack(at)[1].unit[at.state.counters[BOTTOM] : at.state.counters[TOP]]
        return found

    def give(self, setup: Setup, at: Position) -> Position | None:
        cones, pending = _stack(at)
        if at.state.counters[TOP] == at.state.counters[BOTTOM]:
            return None
        room = empty_cones(setup.problem, columns=cones.generators.shape[1])
        given = Position(*setup.empty_state(len(at.state.value), SIBLINGS), no_residues(setup.problem), *room)
        give_cone(setup.problem, at.state, cones, pending, given.state, *room)
        return given


BY_DICTIONARY: Strategy = _ByDictionary()
BY_CONES: Strategy = _ByCones()


def first_position(setup: Setup) -> tuple[Strategy, Position]:
    """The root of the tree, and the strategy that suits the domain."""
    state, waiting = setup.first_state()
    residues = no_residues(setup.problem)
    whole = bool(np.isfinite(setup.problem.integral).all())
    if setup.dimension <= (setup.budget.integer_dimensions if whole else setup.budget.cone_dimensions):
        stack = empty_cones(setup.problem)
        if stand_at_domain(setup.problem, state, *stack):
            return BY_CONES, Position(state, waiting, residues, *stack)
    return BY_DICTIONARY, Position(state, waiting, residues)


def add_lanes(setup: Setup, at: Position) -> None:
    """Make as many lanes as the tie at hand needs."""
    sides = None if at.cones is None else setup.chart
    at.residues = make_residues(setup.network, setup.coordinates, setup.problem, at.residues, sides=sides)


def _stack(at: Position) -> tuple[Cones, Pending]:
    if at.cones is None or at.pending is None:
        raise AssertionError("a search by cones has some")
    return at.cones, at.pending
