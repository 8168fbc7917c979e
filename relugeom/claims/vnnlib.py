"""Properties in the VNN-LIB language (version 1.0), as exact inequalities on the inputs and outputs that would violate
them.

A property declares constants X_0, X_1, … (inputs) and Y_0, Y_1, … (outputs) and asserts what a counterexample
satisfies: the property holds iff no input does. Numbers are exact decimals. The one idea: an assertion becomes a union
of *cases*, each the conjunction of linear inequalities; inequalities in one input alone form a case's box. Parts that
all cases share are kept once, so that the work is in proportion to the text and the result.

Numbers are within parentheses, so a truncated file keeps all digits of the numbers that it has; a file that was cut
between two assertions is another property, with fewer conditions.

A relation of more than two terms holds between each and the next one, as in SMT-LIB.

Source: Demarchi et al., *The VNN-LIB standard for benchmarks* (2023); SMT-LIB 2.6 for the syntax.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

from relugeom.claims.inequality import Inequality
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import InputError

__all__ = ["Case", "Property", "read_property"]

TOKEN = re.compile(
    r"\s+|;[^\n]*|[()]|\"[^\"]*\"|[^\s();\"]+", re.ASCII
)  # other spaces stand within numbers, if anywhere
NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,3})?\Z", re.ASCII)
NAME = re.compile(r"([XY])_(0|[1-9]\d{0,5})\Z", re.ASCII)
IGNORED = {"set-logic", "set-info", "set-option", "check-sat", "get-model", "exit"}
DEEPEST, MOST_CASES, MOST_SIDES = 64, 100_000, 1 << 24
"""Nested parentheses, cases, and bounds of inputs in all cases."""
ZERO = Fraction(0)
RELATIONS = ("<=", ">=", "<", ">", "=")


@dataclass(frozen=True, slots=True)
class Case:
    """One way to violate a property: all of its inequalities hold, in its box.

    Attributes
    ----------
    lower, upper
        Bounds of each input; None if it has no bound.
    inequalities
        Inequalities that are not bounds of one input; empty if every input of the box violates the property.
    """

    lower: tuple[Fraction | None, ...]
    upper: tuple[Fraction | None, ...]
    inequalities: tuple[Inequality, ...]


@dataclass(frozen=True, slots=True)
class Property:
    """A property, given by its violations.

    Attributes
    ----------
    inputs, outputs
        Number of declared inputs and outputs.
    cases
        A counterexample lies in one of these cases; there are none if the assertions contradict each other.
    """

    inputs: int
    outputs: int
    cases: tuple[Case, ...]

    @property
    def is_about_outputs(self) -> bool:
        """Whether some case has a condition on an output."""
        return any(inequality.outputs for case in self.cases for inequality in case.inequalities)


class _Linear(NamedTuple):
    """constant + Σ coefficient · name."""

    constant: Fraction
    terms: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True, eq=False)
class _Atom:
    """value ≥ 0, or > 0; equal to itself only, since many cases share one."""

    value: _Linear
    strict: bool


class _Bound(NamedTuple):
    """A bound of one input."""

    place: int
    value: Fraction
    above: bool


class _List(NamedTuple):
    """A list of the text, and the line on which it begins."""

    line: int
    items: "list[str | _List]"


Conjunction = tuple[_Atom, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """Numbers of inputs (X) and outputs (Y) declared so far, and the deadline for reading the text."""

    count: dict[str, int]
    deadline: Deadline


def read_property(text: str, *, deadline: Deadline = NEVER) -> Property:
    """Read the property that a text in VNN-LIB states.

    Raises
    ------
    InputError
        The text is not VNN-LIB, not linear, or beyond a limit; the message names the line.
    DeadlinePassedError
        The deadline passed before the text was read.
    """
    names = _Names({"X": 0, "Y": 0}, deadline)
    common: list[_Atom] = []
    cases: list[Conjunction] = [()]
    for command in _commands(text):
        match command.items:
            case ["declare-const", str(name), "Real"] | ["declare-fun", str(name), _List(_, []), "Real"]:
                _declare(name, names.count, command.line)
            case ["assert", condition]:
                added = _cases(condition, names, command.line, negated=False)
                if len(added) == 1:
                    common += added[0]
                else:
                    cases = _both(cases, added, command.line)
            case [str(word), *_] if word in IGNORED:
                pass
            case _:
                raise _error(command.line, f"unknown command: {_shown(command)}")
    inputs, outputs = names.count["X"], names.count["Y"]
    if not inputs or not outputs:
        raise InputError("a property declares inputs X_0, X_1, … and outputs Y_0, Y_1, … with declare-const")
    shared = _Draft.without_bounds(inputs, outputs)
    shared.add(common)
    if 2 * inputs * len(cases) > MOST_SIDES:
        many = f"{len(cases):,} cases of {inputs:,} inputs"
        raise InputError(f"the property has {many}, more than can be kept: divide it into several files")
    found = []
    for atoms in cases:
        deadline.check()
        case = shared.case(atoms)
        if case is not None:
            found.append(case)
    return Property(inputs, outputs, tuple(found))


def _commands(text: str) -> Iterator[_List]:
    """Lists of the text, read without recursion."""
    line, place, open_lists = 1, 0, list[_List]()
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise _error(line, f"no VNN-LIB: {text[place : place + 20]!r}")
        token, place = found.group(), found.end()
        if token == "(":
            if len(open_lists) >= DEEPEST:
                raise _error(line, f"more than {DEEPEST} nested parentheses")
            open_lists.append(_List(line, []))
        elif token == ")":
            if not open_lists:
                raise _error(line, "a parenthesis is closed that was never opened")
            done = open_lists.pop()
            if open_lists:
                open_lists[-1].items.append(done)
            else:
                yield done
        elif not (token.isspace() and token.isascii()) and token[0] != ";":
            if not open_lists:
                raise _error(line, f"a command begins with a parenthesis, not with {token[:40]!r}")
            open_lists[-1].items.append(token)
        line += token.count("\n")
    if open_lists:
        raise _error(open_lists[0].line, "the parenthesis that opens here is never closed")


def _declare(name: str, names: dict[str, int], line: int) -> None:
    found = NAME.match(name)
    if found is None:
        raise _error(
            line, f"{name[:40]!r} is not the name of an input or output: the names are X_0, X_1, … and Y_0, Y_1, …"
        )
    kind, index = found.group(1), int(found.group(2))
    if index != names[kind]:
        raise _error(line, f"{name} is declared where {kind}_{names[kind]} is expected")
    names[kind] += 1


def _cases(condition: "str | _List", names: _Names, line: int, *, negated: bool) -> list[Conjunction]:
    """A condition as a union of conjunctions."""
    names.deadline.check()
    match condition:
        case _List(here, ["not", inner]):
            return _cases(inner, names, here, negated=not negated)
        case _List(here, ["and" | "or" as word, *parts]) if parts:
            found = [_cases(part, names, here, negated=negated) for part in parts]
            if (word == "and") is negated:
                return [atoms for cases in found for atoms in cases]
            cases = [tuple(atom for only in found if len(only) == 1 for atom in only[0])]
            for more in found:
                if len(more) > 1:
                    cases = _both(cases, more, here)
            return cases
        case _List(here, [str(relation), first, second]) if relation in RELATIONS:
            return _relation(relation, _difference(first, second, names, here), negated=negated)
        case _List(here, [str(relation), _, _, _, *_]) if relation in RELATIONS:  # each stands so to the next one
            pairs = pairwise(condition.items[1:])
            links: list[str | _List] = [_List(here, [relation, first, second]) for first, second in pairs]
            return _cases(_List(here, ["and", *links]), names, here, negated=negated)
        case _List(here, _):
            raise _error(here, f"unknown condition: {_shown(condition)}")
    raise _error(line, f"unknown condition: {condition[:40]!r}")


def _difference(first: "str | _List", second: "str | _List", names: _Names, line: int) -> _Linear:
    """first − second."""
    minuend, subtrahend = _linear(first, names, line), _linear(second, names, line)
    if not subtrahend.terms:
        return _Linear(minuend.constant - subtrahend.constant, minuend.terms)
    return _sum([minuend, _scaled(subtrahend, -1)])


def _relation(relation: str, value: _Linear, *, negated: bool) -> list[Conjunction]:
    """first − second in a relation to 0."""
    opposite = _scaled(value, -1)
    if relation == "=":
        if negated:
            return [(_Atom(value, True),), (_Atom(opposite, True),)]
        return [(_Atom(value, False), _Atom(opposite, False))]
    larger, strict = relation[0] == ">", len(relation) == 1
    return [(_Atom(value if larger is not negated else opposite, strict is not negated),)]


def _both(first: Sequence[Conjunction], second: Sequence[Conjunction], line: int) -> list[Conjunction]:
    """The conjunction of two unions."""
    if len(first) * len(second) > MOST_CASES:
        raise _error(line, f"the property has more than {MOST_CASES:,} cases: divide it into several files")
    return [(*one, *other) for one, other in product(first, second)]


def _linear(term: "str | _List", names: _Names, line: int) -> _Linear:
    """A sum of multiples of names."""
    match term:
        case str(text) if found := NAME.match(text):
            if int(found.group(2)) >= names.count[found.group(1)]:
                raise _error(line, f"{text} is not declared")
            return _Linear(ZERO, {text: Fraction(1)})
        case str(text) if NUMBER.match(text):
            return _Linear(Fraction(text), {})
        case _List(here, ["+", first, *more]):
            return _sum([_linear(part, names, here) for part in (first, *more)])
        case _List(here, ["-", only]):
            return _scaled(_linear(only, names, here), -1)
        case _List(here, ["-", first, *more]):
            return _sum([_linear(first, names, here), *(_scaled(_linear(part, names, here), -1) for part in more)])
        case _List(here, ["*", *parts]) if parts:
            product_so_far = _Linear(Fraction(1), {})
            for part in parts:
                factor = _linear(part, names, here)
                if factor.terms and product_so_far.terms:
                    raise _error(here, f"a product of variables is not linear: {_shown(term)}")
                by, other = (product_so_far, factor) if factor.terms else (factor, product_so_far)
                product_so_far = _scaled(other, by.constant)
            return product_so_far
        case _List(here, _):
            raise _error(here, f"unknown term: {_shown(term)}")
    raise _error(line, f"neither a number nor a declared name: {term[:40]!r}")


def _sum(parts: Sequence[_Linear]) -> _Linear:
    terms: dict[str, Fraction] = {}
    for part in parts:
        for name, value in part.terms.items():
            terms[name] = terms.get(name, Fraction(0)) + value
    return _Linear(sum((part.constant for part in parts), Fraction(0)), {n: v for n, v in terms.items() if v})


def _scaled(value: _Linear, factor: Fraction | int) -> _Linear:
    return _Linear(value.constant * factor, {name: entry * factor for name, entry in value.terms.items() if factor})


Sides = tuple[Fraction | None, ...]


@dataclass(slots=True)
class _Draft:
    """A conjunction as a box and inequalities; impossible if a constant has the wrong sign.

    What atoms mean is known to all drafts of a property, so that cases share inequalities, and sides where these are
    the same.
    """

    lower: Sides
    upper: Sides
    rest: dict[Inequality, None]
    outputs: int
    known: dict[_Atom, "_Bound | Inequality | bool"]
    impossible: bool = False

    @classmethod
    def without_bounds(cls, inputs: int, outputs: int) -> "_Draft":
        """The empty conjunction."""
        return cls((None,) * inputs, (None,) * inputs, {}, outputs, {})

    def case(self, atoms: Conjunction) -> Case | None:
        """This conjunction with further atoms; None if they cannot all hold."""
        own = _Draft(self.lower, self.upper, {**self.rest}, self.outputs, self.known, self.impossible)
        own.add(atoms)
        sides = zip(own.lower, own.upper, strict=True)
        if own.impossible or any(low is not None and high is not None and low > high for low, high in sides):
            return None
        return Case(own.lower, own.upper, tuple(own.rest))

    def add(self, atoms: Sequence[_Atom]) -> None:
        """Add atoms to the conjunction."""
        bounds = list[_Bound]()
        for atom in atoms:
            if atom not in self.known:
                self.known[atom] = self._meaning(atom)
            match self.known[atom]:
                case bool(possible):
                    self.impossible |= not possible
                case _Bound() as bound:
                    bounds.append(bound)
                case Inequality() as inequality:
                    self.rest[inequality] = None
        self.lower = _tightened(self.lower, [bound for bound in bounds if not bound.above])
        self.upper = _tightened(self.upper, [bound for bound in bounds if bound.above])

    def _meaning(self, atom: _Atom) -> "_Bound | Inequality | bool":
        """A bound of one input, another inequality, or whether constants satisfy it."""
        constant, terms = atom.value
        if not terms:
            return constant > 0 or (constant == 0 and not atom.strict)
        if len(terms) == 1 and not atom.strict:
            ((name, slope),) = terms.items()
            if name[0] == "X":
                return _Bound(int(name[2:]), -constant / slope, above=slope < 0)
        x, y = _row(terms, "X", len(self.lower)), _row(terms, "Y", self.outputs)
        return Inequality(constant, x, y, strict=atom.strict)


def _tightened(sides: Sides, bounds: Sequence[_Bound]) -> Sides:
    """Sides with further bounds; the same ones if these change nothing."""
    changed = dict[int, Fraction]()
    for place, value, above in bounds:
        old = changed.get(place, sides[place])
        if old is None or (value < old if above else value > old):
            changed[place] = value
    return tuple(changed.get(place, side) for place, side in enumerate(sides)) if changed else sides


def _row(terms: Mapping[str, Fraction], kind: str, size: int) -> tuple[Fraction, ...]:
    """Coefficients of one kind; empty if all are 0."""
    found = {int(name[2:]): value for name, value in terms.items() if name[0] == kind}
    return tuple(found.get(place, ZERO) for place in range(size)) if found else ()


def _shown(part: "str | _List") -> str:
    """Beginning of a part of the text."""
    if isinstance(part, str):
        return part[:40]
    first = " ".join(item if isinstance(item, str) else "(…)" for item in part.items[:4])
    return f"({first[:60]}{' …' if len(part.items) > 4 else ''})"


def _error(line: int, text: str) -> InputError:
    return InputError(f"line {line}: {text}")
