"""Closures of activation regions in exact forms, and the way from one to the next.

Notation: the closed cell of a pattern is {x of the domain : z ≥ 0 for active units, z ≤ 0 for inactive ones}; on it the
network is one affine map. Forms are integer rows (c₁, …, c_n, c₀) over a power of two. Several networks with the same
inputs have cells in common. The one idea: the best point of one closed cell leads to the next through the units that
are 0 there, whose bits name the neighbours.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from relugeom.errors import DeadlinePassedError
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_equalities, form_signs, named_inequalities
from relugeom.linalg.exact import Point
from relugeom.network.exact import ExactForms, exact_network, pattern_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern

__all__ = ["Best", "ClosedCell", "climb", "closed_cell", "domain_forms"]

Patterns = tuple[ActivationPattern, ...]


@dataclass(frozen=True, slots=True)
class ClosedCell:
    """One closed cell, without the rows of a domain.

    Attributes
    ----------
    units
        A form ≥ 0 per unit: z if it is active, else −z.
    outputs
        Forms of the outputs.
    """

    units: tuple[Form, ...]
    outputs: ExactForms


@dataclass(frozen=True, slots=True)
class Best:
    """Best value of a cell.

    Attributes
    ----------
    value
        The value, larger being better; None if there is no limit.
    point
        Input of the closed cell at which it is reached.
    """

    value: Fraction | None
    point: Point


def domain_forms(domain: Domain) -> list[Form]:
    """Forms ≥ 0 on the relaxation; an equality becomes two of them."""
    rows: list[Form] = [named.form for named in named_inequalities(domain)]
    for form in domain_equalities(domain):
        rows += [form, [-entry for entry in form]]
    return rows


def closed_cell(network: ReLUNetwork, pattern: ActivationPattern) -> ClosedCell:
    """The closed cell of a pattern."""
    *layers, outputs = pattern_forms(exact_network(network), pattern)
    units: list[Form] = []
    for forms, bits in zip(layers, pattern.layers, strict=True):
        units += [row if bit else [-c for c in row] for row, bit in zip(forms.rows(), bits.tolist(), strict=True)]
    return ClosedCell(tuple(units), outputs)


def climb(
    networks: Sequence[ReLUNetwork],
    start: Patterns,
    best_of: Callable[[Patterns], Best | None],
    *,
    steps: int = 1000,
) -> Best | None:
    """Go from cell to cell as long as the value improves and `best_of` has time.

    Parameters
    ----------
    networks, start
        Networks with the same inputs, and the pattern of each at which to begin.
    best_of
        Best value of the cell that patterns have in common, or None if that is empty; if it raises DeadlinePassedError,
        the best so far is the answer.
    steps
        Most cells that are entered.
    """
    here, found = start, None
    with suppress(DeadlinePassedError):
        found = best_of(start)
        for _ in range(steps):
            if found is None or found.value is None:
                break
            for near in _neighbours(networks, here, found.point):
                other = best_of(near)
                if other is not None and (other.value is None or other.value > found.value):
                    here, found = near, other
                    break
            else:
                break
    return found


def _neighbours(networks: Sequence[ReLUNetwork], patterns: Patterns, point: Point) -> Iterator[Patterns]:
    """Patterns in which one unit that is 0 at the point is on its other side."""
    for place, (network, pattern) in enumerate(zip(networks, patterns, strict=True)):
        units = closed_cell(network, pattern).units
        for unit, sign in enumerate(form_signs(units, [fmpq(x.numerator, x.denominator) for x in point])):
            if not sign and any(units[unit][:-1]):
                bits = pattern.bits.copy()
                bits[unit] = not bits[unit]
                yield (*patterns[:place], ActivationPattern.from_bits(network.widths, bits), *patterns[place + 1 :])
