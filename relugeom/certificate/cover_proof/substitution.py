"""Back-substitution in integers: what a mixed form is at most on a cell, by the rule of FORMAT.md.

The one idea: from the top level down, relu(z) of each unit is replaced by a line in z that is above coefficient ·
relu(z), so that in the end a form in the inputs is left. Nothing is rounded but the slope of the upper line; all forms
of a batch go through each level as one product of integer matrices.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import chain

from flint import fmpz, fmpz_mat

from relugeom.certificate.cover_proof.enclosure import Enclosure, Ends
from relugeom.certificate.cover_proof.float_cell import FloatProblem
from relugeom.certificate.cover_proof.input_form import Choice, InputForm
from relugeom.certificate.cover_proof.problem import CoverProblem, Level, MixedForm
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState, LevelLines
from relugeom.linalg.exact import nearest_quotient

__all__ = ["Substitution"]

FEW_FORMS = 2
"""Forms up to which a whole matrix is multiplied, and not what is alive of it."""


class Substitution:
    """Replaces forms on the cells of one problem.

    Attributes
    ----------
    bits
        B per level with units: its bounds are integers over 2^B.
    floats
        The same problem in floats.
    """

    def __init__(self, problem: CoverProblem, bits: list[int]) -> None:
        self.problem, self.bits = problem, bits
        self._grouped = {column for group in problem.groups for column in group}
        self._parts: dict[tuple[int, int], tuple[list[int], list[int], fmpz_mat]] = {}
        self._all_entries: dict[tuple[int, int], list[fmpz]] = {}
        self._free = [column for column in range(len(problem.lower)) if column not in self._grouped]
        self.floats = FloatProblem(problem)
        self._enclosure = Enclosure(self.floats)

    def maxima(self, state: CoverState, forms: Sequence[MixedForm]) -> list[Fraction | None]:
        """What each form is at most on the cell; None without a bound."""
        found = self.replace(state, forms)
        return [None if form is None else self.maximum(state, form) for form in found]

    def size(self, state: CoverState, units: Sequence[int]) -> float:
        """About how large the bounds of some units of one level are; 0 if none has a bound."""
        found = self._enclosure.sizes(state, units, self.bits)
        if found is None:
            ends = [end for pair in self.bound(state, units) for end in pair if end is not None]
            return max((nearest_quotient(abs(end.numerator), end.denominator) for end in ends), default=0.0)
        return float(found.max(initial=0.0))

    def bound_rounded(self, state: CoverState, units: Sequence[int]) -> list[Ends]:
        """Bounds of z of some units of one level, integers over 2^B, rounded outwards; None without a bound.

        Numbers behind those of units are pairs: their bounds are those of the differences.
        """
        are_pairs = units[0] >= self.problem.units
        found = [None] * len(units) if are_pairs else self._enclosure.bounds(state, units, self.bits)
        others = [unit for unit, ends in zip(units, found, strict=True) if ends is None]
        exact = iter(self.bound(state, others) if others else ())
        bits = self.bits[self.problem.level_of[units[0] % self.problem.units]]
        return [_rounded(next(exact), bits) if ends is None else ends for ends in found]

    def bound(self, state: CoverState, units: Sequence[int]) -> list[tuple[Fraction | None, Fraction | None]]:
        """Lower and upper bounds of z of some units of one level."""
        forms = [MixedForm(units=self._entry(unit, sign)) for unit in units for sign in (-1, 1)]
        values = self.maxima(state, forms)
        return [
            (None if least is None else -least, most) for least, most in zip(values[0::2], values[1::2], strict=True)
        ]

    def _entry(self, unit: int, sign: int) -> dict[int, int]:
        """sign · z of a unit, or sign · (z' − z) of a pair."""
        if unit < self.problem.units:
            return {unit: sign}
        pair = unit - self.problem.units
        return {pair: -sign, pair + self.problem.pairs: sign}

    def replace(
        self,
        state: CoverState,
        forms: Sequence[MixedForm],
        *,
        record: Choice | None = None,
        choice: Choice | None = None,
    ) -> list[InputForm | None]:
        """The forms in the inputs; None where a unit that nothing bounds above gets in the way.

        Parameters
        ----------
        record
            Takes the lines that the (only) form chooses.
        choice
            The lines to take, whatever the coefficients say: only the combination that chose them is bounded then.
        """
        exponent, columns = max((form.exponent for form in forms), default=0), len(self.problem.lower)
        top = max(self.bits, default=0)
        shifts = [exponent - form.exponent for form in forms]
        rows = [[0] * columns for _ in forms]
        constants = [form.constant << (shift + top) for form, shift in zip(forms, shifts, strict=True)]
        for row, form, shift in zip(rows, forms, shifts, strict=True):
            for column, value in form.inputs.items():
                row[column] = value << shift
        total, unlimited = exponent, set[int]()
        for places, pass_down in self._descents(state, forms, exponent, top, record, choice, unlimited):
            if pass_down.exponent > total:
                up = pass_down.exponent - total
                rows = [[value << up for value in row] for row in rows]
                constants = [value << up for value in constants]
                total = pass_down.exponent
            down = total - pass_down.exponent
            for place, row in enumerate(rows):
                constants[place] += int(pass_down.constants[place]) << down
                for column, entry in zip(places, pass_down.rows[place], strict=False):
                    row[column] += int(entry) << down
        return [
            None if place in unlimited else InputForm(row, total, constant, total + top)
            for place, (row, constant) in enumerate(zip(rows, constants, strict=True))
        ]

    def _descents(
        self,
        state: CoverState,
        forms: Sequence[MixedForm],
        exponent: int,
        top: int,
        record: Choice | None,
        choice: Choice | None,
        unlimited: set[int],
    ) -> list[tuple[Sequence[int], "_Descent"]]:
        """The ways down the copies, with the columns of their inputs; together, where forms are of both copies."""
        ways = [_Descent(self, state, forms, exponent, top, record, choice) for _ in self.problem.copies]
        if self.problem.pairs and len({self._copy_of(*entry) for form in forms for entry in _entries(form)}) > 1:
            go_together(ways, self.problem.copies, unlimited)
        else:
            for way, copy in zip(ways, self.problem.copies, strict=True):
                way.go(copy, unlimited)
        return list(zip(self.problem.columns, ways, strict=True))

    def _copy_of(self, is_output: bool, number: int) -> int:
        """The copy of a unit or an output."""
        firsts = [copy[-1].first if is_output else copy[0].first for copy in self.problem.copies]
        return sum(number >= first for first in firsts)

    def part(self, level: Level, places: list[int], lines: LevelLines | None) -> fmpz_mat:
        """A level's matrix for some of its units and for what is alive below them, with the biases."""
        known = self._parts.get((level.number, level.first))
        width = level.matrix.ncols()
        columns = [*range(width)] if lines is None else [*lines.alive, width - 1]
        if known is None or known[0] != places or known[1] != columns:
            entries = self._entries(level)
            part = [entries[place * width + column] for place in places for column in columns]
            known = places, columns, fmpz_mat(len(places), len(columns), part)
            self._parts[level.number, level.first] = known
        return known[2]

    def _entries(self, level: Level) -> list[fmpz]:
        found = self._all_entries.get((level.number, level.first))
        if found is None:
            found = self._all_entries[level.number, level.first] = level.matrix.entries()
        return found

    def maximum(self, state: CoverState, form: InputForm) -> Fraction | None:
        """The maximum of a form in the inputs over the box and its groups; None if it has none."""
        total = 0
        for column in self._free:
            value = form.coefficients[column]
            if value:
                side = state.upper[column] if value > 0 else state.lower[column]
                if side is None:
                    return None
                total += value * side
        for group in self.problem.groups:
            most = self._group_maximum(state, form, group)
            if most is None:
                return None
            total += most
        scale = form.exponent + self.problem.exponent
        total <<= form.constant_exponent - form.exponent
        total += form.constant << self.problem.exponent
        return Fraction(total, 1 << (scale + form.constant_exponent - form.exponent))

    def _group_maximum(self, state: CoverState, form: InputForm, group: Sequence[int]) -> int | None:
        """Start at the lower sides, and give what is left of 1 to the largest coefficients first."""
        left, total = 1 << self.problem.exponent, 0
        if not any(form.coefficients[column] for column in group):
            return 0
        for column in group:
            lower = state.lower[column]
            if lower is None:
                return None
            left -= lower
            total += lower * form.coefficients[column]
        for column in sorted(group, key=form.coefficients.__getitem__, reverse=True):
            lower, upper = state.lower[column], state.upper[column]
            if lower is not None:
                step = left if upper is None else min(left, upper - lower)
                total += step * form.coefficients[column]
                left -= step
        return total


def _rounded(ends: tuple[Fraction | None, Fraction | None], bits: int) -> Ends:
    """Bounds over 2^bits, rounded outwards."""
    low, high = ends
    least = None if low is None else (low.numerator << bits) // low.denominator
    return least, None if high is None else -((-high.numerator << bits) // high.denominator)


class _Descent:
    """The way of a batch down the levels of one copy; `rows` ends as coefficients of the copy's inputs."""

    def __init__(
        self,
        substitution: Substitution,
        state: CoverState,
        forms: Sequence[MixedForm],
        exponent: int,
        top: int,
        record: Choice | None,
        choice: Choice | None,
    ) -> None:
        self._substitution, self.state, self._forms = substitution, state, forms
        self._top = top
        self._record, self._choice = record, choice
        self.exponent = exponent
        self._places: list[int] = []  # units of the present level that have coefficients
        self.rows: list[list[fmpz]] = [[] for _ in forms]
        self.constants: list[fmpz] = [fmpz(0)] * len(forms)

    def go(self, levels: Sequence[Level], unlimited: set[int]) -> None:
        """Down to the inputs; `rows` are empty if all coefficients there are 0."""
        for below, level in zip((*reversed(levels[:-1]), None), reversed(levels), strict=True):
            lines = self.step(level, below)
            if self._places and below is not None and lines is not None:
                self.relax(below, lines, unlimited)

    def step(self, level: Level, below: Level | None) -> LevelLines | None:
        """From z of a level to what units below put out, or to inputs; returns the lines of these units."""
        self._join(level)
        lines = None if below is None else self.state.lines(below.number, below.first, below.count)
        if self._places:
            columns, entries, width = self._product(level, lines)
            self.exponent += level.exponent
            self.rows = []
            for place, constant in enumerate(self.constants):
                start = place * width
                self.rows.append([entries[start + column] for column in columns])
                self.constants[place] = (constant << level.exponent) + (entries[start + width - 1] << self._top)
        return lines

    def _product(self, level: Level, lines: LevelLines | None) -> tuple[Sequence[int], list[fmpz], int]:
        """The forms times a level's matrix, row by row: where columns that are alive stand, entries and their number.

        To take the part of the matrix that is alive pays for many forms only.
        """
        if len(self.rows) > FEW_FORMS:
            matrix, inner, flat = self._substitution.part(level, self._places, lines), len(self._places), self.rows
        else:
            matrix, inner, flat = level.matrix, level.count, [[fmpz(0)] * level.count for _ in self.rows]
            for full, row in zip(flat, self.rows, strict=True):
                for place, value in zip(self._places, row, strict=True):
                    full[place] = value
        entries = (fmpz_mat(len(flat), inner, [*chain.from_iterable(flat)]) * matrix).entries()
        width = matrix.ncols()
        is_part = len(self.rows) > FEW_FORMS or lines is None
        return range(width - 1) if is_part or lines is None else lines.alive, entries, width

    @property
    def is_used(self) -> bool:
        """Whether any form has coefficients here."""
        return bool(self._places)

    def lift(self, exponent: int) -> None:
        """Write rows and constants over a larger exponent."""
        up, self.exponent = exponent - self.exponent, exponent
        self.rows = [[value << up for value in row] for row in self.rows]
        self.constants = [value << up for value in self.constants]

    def add(self, place: int, unit: int, coefficient: fmpz, shift: fmpz, level: Level) -> None:
        """Add to a form of z of a level's units, and to its constant."""
        self.rows[place][unit] += coefficient
        self.constants[place] += shift << self._top - self._substitution.bits[level.number]

    def _join(self, level: Level) -> None:
        """Add the coefficients of the level's z that the forms have themselves."""
        inside = range(level.first, level.first + level.count)
        entries = [form.outputs if level.number < 0 else form.units for form in self._forms]
        own = [(row, unit) for row, pairs in enumerate(entries) for unit in pairs if unit in inside]
        if own:
            places = sorted({*self._places, *(unit - level.first for _, unit in own)})
            where = {place: k for k, place in enumerate(places)}
            rows = [[fmpz(0)] * len(places) for _ in self._forms]
            for merged, values in zip(rows, self.rows, strict=True):
                for place, value in zip(self._places, values, strict=True):
                    merged[where[place]] = value
            for row, unit in own:
                up = self.exponent - self._forms[row].exponent
                rows[row][where[unit - level.first]] += entries[row][unit] << up
            self._places, self.rows = places, rows
        elif not any(map(any, self.rows)):
            self._places, self.rows = [], [[] for _ in self._forms]

    def relax(self, level: Level, lines: LevelLines, unlimited: set[int]) -> None:
        """Go from coefficients of relu(z) to coefficients of z."""
        up = self._top - self._substitution.bits[level.number]
        for place, row in enumerate(self.rows):
            above = self._above(level, row)
            constant = self.constants[place] << SLOPE_BITS
            for unit, shift in lines.shifts:
                if above[unit]:
                    constant += row[unit] * shift << up
            self.constants[place] = constant
            if any(above[unit] and row[unit] for unit in lines.unlimited):
                unlimited.add(place)
            self.rows[place] = [
                value * (high if taken else low)
                for value, taken, high, low in zip(row, above, lines.above, lines.below, strict=True)
            ]
        self._places = lines.alive
        self.exponent += SLOPE_BITS

    def _above(self, level: Level, row: Sequence[fmpz]) -> list[bool]:
        """Which units take their upper line."""
        if self._choice is not None and level.number in self._choice:
            return self._choice[level.number]
        above = [value > 0 for value in row]
        if self._record is not None:
            self._record[level.number] = above
        return above


def _entries(form: MixedForm) -> list[tuple[bool, int]]:
    """Units and outputs of a form: whether it is an output, and its number."""
    return [(False, unit) for unit in form.units] + [(True, output) for output in form.outputs]


def go_together(ways: Sequence[_Descent], copies: Sequence[Sequence[Level]], unlimited: set[int]) -> None:
    """Down both copies at once: of opposite coefficients of a pair, the smaller one goes to the difference.

    V h + V' h' is (V + V') h + V' Δ and (V + V') h' − V Δ.
    """
    for depth in range(len(copies[0]) - 1, -1, -1):
        levels = [copy[depth] for copy in copies]
        below = [copy[depth - 1] if depth else None for copy in copies]
        lines = [way.step(level, under) for way, level, under in zip(ways, levels, below, strict=True)]
        moved: list[tuple[int, int, int, Sequence[fmpz]]] = []
        if all(way.is_used for way in ways) and depth:
            largest = max(way.exponent for way in ways)
            for way in ways:
                way.lift(largest)
            moved = _exchange(ways, lines, below)
        for way, under, own in zip(ways, below, lines, strict=True):
            if way.is_used and under is not None and own is not None:
                way.relax(under, own, unlimited)
        for way in ways if moved else ():
            way.lift(way.exponent + SLOPE_BITS)  # lines of differences are over 2^(2 SLOPE_BITS)
        for place, first, second, (p, q, shift) in moved:
            assert below[0] is not None
            assert below[1] is not None
            ways[0].add(place, first, p, shift, below[0])
            ways[1].add(place, second, q, fmpz(0), below[1])


def _exchange(
    ways: Sequence[_Descent], lines: Sequence[LevelLines | None], below: Sequence[Level | None]
) -> list[tuple[int, int, int, Sequence[fmpz]]]:
    """Take differences out of the rows: the form, both units, and what is added to z, to z' and to the constant."""
    (one, two), level = lines, below[0]
    assert one is not None
    assert two is not None
    assert level is not None
    found = list[tuple[int, int, int, Sequence[fmpz]]]()
    where = {unit: place for place, unit in enumerate(two.alive)}
    every = ways[0].state.pair_lines(level.number, level.first, level.count)
    pairs = [(place, where[unit], every[unit]) for place, unit in enumerate(one.alive) if unit in where]
    for number, (row, row2) in enumerate(zip(ways[0].rows, ways[1].rows, strict=True)):
        for first, second, line in pairs:
            v, w = row[first], row2[second]
            if line is None or v * w >= 0:
                continue
            if abs(v) >= abs(w):
                row[first], row2[second], c = v + w, fmpz(0), w
            else:
                row[first], row2[second], c = fmpz(0), v + w, -v
            found.append((number, first, second, [c * part for part in line[c > 0]]))
    return found
