"""The cell at a node of a claim's tree, for one network or two copies, with the row numbers of FORMAT.md.

Notation: a form (c₁, …, c_m, c₀) has a coefficient per input x (a copy's own inputs behind), one per unit for the
variable a that stands for relu(z) where the unit is relaxed, further ones for auxiliary variables of a ball, and its
constant last. Forms of units are times 2^s, s the scale; rows are integers in the multiples that FORMAT.md fixes. A row
without a number is never written: the maximum over the box, the ball or a's own range implies it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from operator import mul
from typing import NamedTuple

from flint import fmpz_mat

from relugeom.certificate.header import domain_forms
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.proof_form import IntegerBox
from relugeom.network.exact import exact_network
from relugeom.network.network import ReLUNetwork

__all__ = ["RELAXED", "CellRow", "Copies", "JointCell"]

RELAXED = 2
"""What a unit can be besides 0, 1 and None (undecided)."""
LONGEST_PATH = 64
"""Units of which each decision is shown."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What a tree is about: one copy of a network, or two.

    Attributes
    ----------
    networks
        One network per copy.
    domain, exponent
        The domain of each input, and the exponent e of its numbers in the header.
    own
        Inputs that the second copy has of its own.
    """

    networks: tuple[ReLUNetwork, ...]
    domain: Domain
    exponent: int
    own: tuple[int, ...] = ()

    @property
    def inputs(self) -> int:
        """Inputs of the first copy and own inputs of the second."""
        return self.domain.inputs + len(self.own)

    @property
    def units(self) -> int:
        """Units of all copies."""
        return sum(network.units for network in self.networks)

    @property
    def whole(self) -> list[bool]:
        """Which inputs take integers only."""
        whole: list[bool] = self.domain.integral.tolist()
        return whole + [whole[k] for k in self.own]

    @property
    def names(self) -> list[str]:
        """Names of all inputs; those of a copy's own have a stroke."""
        return [*self.domain.names, *(f"{self.domain.names[k]}'" for k in self.own)]

    def columns(self, copy: int) -> list[int]:
        """Where each input of a copy stands among all."""
        n = self.domain.inputs
        return [n + self.own.index(k) if copy and k in self.own else k for k in range(n)]


class CellRow(NamedTuple):
    """A row ≥ 0 of the cell; number and sign say how its multiplier is written. Strict: > 0, by a split or taken."""

    number: int | None
    form: Form
    sign: int = 1
    strict: bool = False


@dataclass(slots=True)
class _Step:
    """One step down the path, and what it added."""

    rows: int
    unit: int | None = None
    level: int = 0
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class _Level:
    """One layer of one copy; count is 0 for the outputs."""

    copy: int
    layer: int
    first: int
    count: int
    exponent: int


@dataclass(slots=True)
class _Known:
    """Forms of a level, and the bits under which they hold."""

    key: tuple[int | None, ...] = ()
    forms: list[list[int]] = field(default_factory=list)


class JointCell:
    """The rows of a cell as a stack of decisions, relaxed units and branches.

    Attributes
    ----------
    copies, size
        What the cell is about; number m of columns of a form, the constant not counted.
    scale
        s.
    box
        Sides of all inputs over 2^e, None if open.
    bits, proved
        Per unit: 0, 1, RELAXED or None, and whether by proof.
    high
        HIGH per relaxed unit.
    """

    def __init__(self, copies: Copies, *, auxiliary: int = 0, sides_numbered: bool = False) -> None:
        self.copies = copies
        self._exact = [exact_network(network) for network in copies.networks]
        self.scale = max(sum(exact.exponents) for exact in self._exact)
        self.size = copies.inputs + copies.units + auxiliary
        self.bits: list[int | None] = [None] * copies.units
        self.proved = [False] * copies.units
        self.high: dict[int, int] = {}
        self._levels: list[_Level] = []
        first = 0
        for copy, exact in enumerate(self._exact):
            exponent = 0
            for layer, matrix in enumerate(exact.layers):
                exponent += exact.exponents[layer]
                count = 0 if layer == len(exact.layers) - 1 else int(matrix.nrows())
                self._levels.append(_Level(copy, layer, first, count, exponent))
                first += count
        self._left = [level.count for level in self._levels]
        self._known: list[_Known | None] = [None] * len(self._levels)
        self.level = 0
        self._advance()
        self.box, self._base = self._domain_rows(sides_numbered)
        self._stack: list[CellRow] = []
        self._trail: list[_Step] = []
        self._cuts = int(any(row.number is not None for row in self._base))

    def _domain_rows(self, sides_numbered: bool) -> tuple[IntegerBox, list[CellRow]]:
        """The sides of all inputs, and the rows that hold on every cell."""
        copies, e, n = self.copies, self.copies.exponent, self.copies.domain.inputs
        inequalities, equalities, sides = domain_forms(copies.domain, exponent=e)
        lists: list[list[Form]] = []
        for forms in (inequalities, equalities):
            lists.append([self._spread(form, range(n)) for form in forms])
            if len(copies.networks) > 1:
                lists[-1] += [self._spread(form, copies.columns(1)) for form in forms]
        number, rows = 2 * copies.units, []
        for form in lists[0]:
            rows.append(CellRow(number, form))
            number += 1
        for form in lists[1]:
            rows += [CellRow(number, form), CellRow(number, [-entry for entry in form], -1)]
            number += 1
        self._first_branch = number + 2 * copies.inputs
        lower: list[int | None] = [None] * n
        upper: list[int | None] = [None] * n
        for form in sides:
            k = next(k for k in range(n) if form[k])
            if form[k] > 0:
                lower[k] = -form[n]
            else:
                upper[k] = form[n]
        for column in (lower, upper):
            column += [column[k] for k in copies.own]
        for k in range(copies.inputs):
            for bound, sign in ((lower[k], 1), (upper[k], -1)):
                if bound is not None:
                    form = self.row({k: sign << e}, -sign * bound)
                    rows.append(CellRow(number if sides_numbered else None, [entry << self.scale for entry in form]))
                    number += 1
        return IntegerBox(tuple(lower), tuple(upper), e), rows

    def _spread(self, form: Form, columns: Iterable[int]) -> list[int]:
        """A form of one copy's inputs in the columns of all, times 2^s."""
        pairs = {k: entry << self.scale for k, entry in zip(columns, form, strict=False)}
        return self.row(pairs, form[-1] << self.scale)

    def row(self, coefficients: dict[int, int], constant: int) -> list[int]:
        """The form with these coefficients by column."""
        form = [0] * (self.size + 1)
        for column, value in coefficients.items():
            form[column] = value
        form[-1] = constant
        return form

    @property
    def rows(self) -> list[CellRow]:
        """All rows ≥ 0 of the cell, those of the domain first."""
        return self._base + self._stack

    @property
    def depth(self) -> int:
        """How many steps lead here."""
        return len(self._trail)

    @property
    def complete(self) -> bool:
        """Whether every unit is decided or relaxed."""
        return self.level == len(self._levels)

    @property
    def is_box(self) -> bool:
        """Whether the cell is the whole box: neither the domain nor a step on the path cuts anything off."""
        return not self._cuts

    @property
    def path(self) -> str:
        """The decisions, in words: of few units each by its character 0, 1, r (relaxed) or - (undecided)."""
        if len(self.bits) <= LONGEST_PATH:
            return "the decisions " + "".join("-" if bit is None else "01r"[bit] for bit in self.bits)
        return f"the decisions of {sum(bit is not None for bit in self.bits):,} of {len(self.bits):,} units"

    def contains(self, point: Sequence[Fraction]) -> bool:
        """Whether an input lies in the box and satisfies the domain's rows, exactly; own inputs of a copy as well."""
        scale = lcm(*(x.denominator for x in point))
        entries = [int(x * scale) for x in point]
        return all(sum(map(mul, row.form, entries)) + row.form[-1] * scale >= 0 for row in self._base)

    def undecided(self) -> list[int]:
        """Units of the present layer that are to be decided."""
        if self.complete:
            return []
        level = self._levels[self.level]
        return [unit for unit in range(level.first, level.first + level.count) if self.bits[unit] is None]

    def form(self, unit: int) -> Form:
        """z of a unit of the present layer or one below, times 2^s."""
        index = next(k for k, level in enumerate(self._levels) if level.first <= unit < level.first + level.count)
        return self._forms(index)[unit - self._levels[index].first]

    def outputs(self) -> list[Form]:
        """The outputs of all copies, times 2^s."""
        return [form for index, level in enumerate(self._levels) if not level.count for form in self._forms(index)]

    def decide(self, unit: int, bit: int, *, proved: bool) -> None:
        """Go to the side of a unit where it has this bit."""
        form = self.form(unit)
        row = CellRow(unit, form if bit else [-entry for entry in form], strict=bool(bit) and not proved)
        self._go([row], unit, bit, proved)

    def relax(self, unit: int, low: int, high: int) -> None:
        """Let a variable stand for relu(z), with low ≤ 2^e z ≤ high proved."""
        e, form, column = self.copies.exponent, self.form(unit), self.copies.inputs + unit
        above = [-entry for entry in form]
        above[column] += 1 << self.scale
        below = [(high << e) * entry for entry in form]
        below[column] -= ((high - low) << e) << self.scale
        below[-1] -= (high * low) << self.scale
        rows = [
            CellRow(unit, above),
            CellRow(self.copies.units + unit, below),
            CellRow(None, self.row({column: 1 << self.scale}, 0)),
            CellRow(None, self.row({column: -1 << (self.scale + e)}, high << self.scale)),
        ]
        self.high[unit] = high
        self._go(rows, unit, RELAXED, False)

    def branch(self, k: int, value: int, *, above: bool) -> None:
        """Go to x_k ≤ value, or to x_k ≥ value + 1."""
        entry, constant = (1, -value - 1) if above else (-1, value)
        form = self.row({k: entry << self.scale}, constant << self.scale)
        self._go([CellRow(self._first_branch + self.depth, form)])

    def undo(self, depth: int) -> None:
        """Go back up until this many steps are left."""
        while len(self._trail) > depth:
            step = self._trail.pop()
            del self._stack[step.rows :]
            if step.unit is not None:
                self.bits[step.unit], self.proved[step.unit], self.level = None, False, step.level
                self._left[step.level] += 1
                self.high.pop(step.unit, None)
            self._cuts -= step.cuts

    def _go(self, rows: list[CellRow], unit: int | None = None, bit: int = 0, proved: bool = False) -> None:
        self._trail.append(_Step(len(self._stack), unit, self.level, not proved))
        self._stack += rows
        self._cuts += not proved
        if unit is not None:
            self.bits[unit], self.proved[unit] = bit, proved
            self._left[self.level] -= 1
            self._advance()

    def _advance(self) -> None:
        while not self.complete and not self._left[self.level]:
            self.level += 1

    def _forms(self, index: int) -> list[list[int]]:
        """The forms of a level, computed when they are first needed under the present bits below."""
        level = self._levels[index]
        start = self._levels[index - level.layer].first
        key = tuple(self.bits[start : level.first])
        known = self._known[index]
        if known is None or known.key != key:
            matrix = self._exact[level.copy].layers[level.layer]
            if level.layer == 0:
                below, shift = self._input_rows(level.copy), 0
            else:
                below, shift = self._relu_rows(index - 1), self._levels[index - 1].exponent
            below.append(self.row({}, 1 << shift))
            used = self._used_columns()
            product = matrix * fmpz_mat(len(below), len(used), [row[column] for row in below for column in used])
            up, known = self.scale - level.exponent, _Known(key)
            for entries in product.table():
                form = [0] * (self.size + 1)
                for column, entry in zip(used, entries, strict=True):
                    form[column] = int(entry) << up
                known.forms.append(form)
            self._known[index] = known
        return known.forms

    def _used_columns(self) -> list[int]:
        """Where the forms of units may have coefficients: inputs, relaxed units, and the constant."""
        n = self.copies.inputs
        return [*range(n), *(n + unit for unit in sorted(self.high)), self.size]

    def _input_rows(self, copy: int) -> list[list[int]]:
        return [self.row({column: 1}, 0) for column in self.copies.columns(copy)]

    def _relu_rows(self, index: int) -> list[list[int]]:
        """relu(z) of the units of a level over its exponent: 0, the form, or the variable."""
        level, found = self._levels[index], []
        down = self.scale - level.exponent
        for place, form in enumerate(self._forms(index)):
            bit = self.bits[level.first + place]
            if bit == RELAXED:
                found.append(self.row({self.copies.inputs + level.first + place: 1 << level.exponent}, 0))
            else:
                found.append([entry >> down for entry in form] if bit else self.row({}, 0))
        return found
