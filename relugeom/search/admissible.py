"""Patterns of admissible inputs, each with an input that proves it or a proof that there is none.

An admissible input has a pattern s iff z > 0 for the active and z ≤ 0 for the inactive units, integer features being
integers. Its region can miss all of them, and patterns that are not regions can have some (x + y − 1 and its negative
on {0, 1}² have 2 regions, but half of the inputs lie between). If all features are integers with few values, admissible
inputs are listed; otherwise each question is an exact branch and bound (`integer_search`), and cheap candidates come
first: points of regions with their integer features rounded, and every input found on the way.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import EmptyDomainError
from relugeom.geometry.domain import Domain, contains_admissible, list_admissible, round_to_rules
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import float_point, is_float_point, matrix_rows, named_inequalities
from relugeom.geometry.integer_search import (
    AdmissibleWitness,
    Branch,
    Congruence,
    NoAdmissiblePoint,
    Undecided,
    find_admissible_point,
)
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import RationalPoint, as_fraction
from relugeom.network.activation import activation_patterns
from relugeom.network.exact import ExactForms, exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import group_rows, pack_patterns, unpack_patterns
from relugeom.partition.census import AdmissibleInputs, AdmissiblePatterns, Met, PrefixProof
from relugeom.partition.partition import Partition, check_inputs

__all__ = ["admissible_patterns", "admissible_regions", "check_admissible"]

NODE_LIMIT = 10_000
"""Most nodes of one branch tree."""


def check_admissible(
    domain: Domain, *, node_limit: int = NODE_LIMIT, time_limit: TimeLimit = None
) -> AdmissibleWitness | Undecided:
    """Find an admissible input of a domain, or the reason why a limit left the question open.

    Raises
    ------
    EmptyDomainError
        It is proved that there is none; the text names the contradiction.
    """
    found = find_admissible_point([], [], domain, node_limit=node_limit, time_limit=time_limit)
    if isinstance(found, NoAdmissiblePoint):
        raise EmptyDomainError(f"no input is admissible: {_contradiction(found, domain)}")
    return found


def admissible_regions(
    partition: Partition,
    *,
    samples: FloatArray | None = None,
    node_limit: int = NODE_LIMIT,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> AdmissibleInputs:
    """Decide for each region of a partition whether it has an admissible input.

    Parameters
    ----------
    samples
        Inputs, shape (s, n), that may serve as witnesses; those that are not admissible are skipped.
    node_limit
        Nodes of the branch tree of one region; beyond them its answer is UNKNOWN.
    time_limit
        Seconds or a deadline; regions not reached by then are UNKNOWN.
    on_progress
        Called with the number of regions decided.
    """
    network, domain, size = partition.network, partition.domain, len(partition)
    deadline = Deadline.of(time_limit)
    pool = _Pool(network, domain)
    counts = pool.add_list()
    if counts is None:
        pool.add_floats(round_to_rules(domain, partition.points))
        pool.add_floats(np.zeros((0, domain.inputs)) if samples is None else samples)
        if not domain.has_integers:
            for point in partition.exact_points.values():
                pool.add([fmpq(x.numerator, x.denominator) for x in point])
    bits = [row.tobytes() for row in unpack_patterns(partition.packed, network.units)]
    points = {row: pool.points[key] for row, key in enumerate(bits) if key in pool.points}
    met = np.full(size, Met.NO if counts is not None else Met.UNKNOWN, dtype=np.int64)
    met[list(points)] = Met.YES
    proofs: dict[int, PrefixProof] = {}
    reasons: dict[int, str] = {}
    search = _PrefixSearch(pool, node_limit, deadline)
    for done, row in enumerate(np.flatnonzero(met == Met.UNKNOWN).tolist(), start=len(points) + 1):
        found = search.decide(bits[row])
        if isinstance(found, PrefixProof):
            proofs[row], met[row] = found, Met.NO
        elif isinstance(found, Undecided):
            reasons[row] = found.reason
        else:
            points[row], met[row] = found, Met.YES
        if on_progress is not None:
            on_progress(done)
    table = None if counts is None else np.array([counts.get(key, 0) for key in bits], dtype=np.int64)
    total = None if counts is None else sum(counts.values())
    return AdmissibleInputs(met, *_columns(points, size, domain.inputs), proofs, reasons, table, total)


def admissible_patterns(
    network: ReLUNetwork,
    domain: Domain,
    *,
    candidates: FloatArray | None = None,
    node_limit: int = NODE_LIMIT,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> AdmissiblePatterns:
    """List every pattern that an admissible input has.

    Parameters
    ----------
    candidates
        Inputs, shape (s, n), such as interior points of regions: with integer features rounded they may be witnesses,
        which saves searches.
    node_limit
        Most nodes of the branch tree of one question; there is about one question per pattern and unit.
    time_limit
        Seconds or a deadline.
    on_progress
        Called from time to time with the number of patterns found.

    Raises
    ------
    InputError
        The domain has another number of inputs than the network.
    """
    deadline = Deadline.of(time_limit)
    check_inputs(network, domain)
    pool = _Pool(network, domain)
    counts = pool.add_list()
    search = _PatternSearch(pool, node_limit, deadline)
    if counts is None:
        if candidates is not None:
            pool.add_floats(round_to_rules(domain, candidates))
        search.run(on_progress)
    keys = sorted(pool.points)
    columns = _columns({row: pool.points[key] for row, key in enumerate(keys)}, len(keys), domain.inputs)
    bits = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), network.units)
    return AdmissiblePatterns(
        pack_patterns(bits.astype(np.bool_)),
        *columns,
        counts=None if counts is None else np.array([counts[key] for key in keys], dtype=np.int64),
        complete=not search.reason,
        reason=search.reason,
        undecided=tuple("".join(map(str, prefix)) for prefix in search.undecided),
    )


class _Pool:
    """Patterns (one byte per unit, 0 or 1) with an admissible input each, and their order."""

    def __init__(self, network: ReLUNetwork, domain: Domain) -> None:
        self.network, self.domain = network, domain
        self.points: dict[bytes, FloatArray | Sequence[fmpq]] = {}
        self.order: list[bytes] = []

    def add_list(self) -> dict[bytes, int] | None:
        """Add all admissible inputs and count them by pattern, or None if they cannot be listed."""
        listed = list_admissible(self.domain)
        return None if listed is None else self._add_table(listed)

    def add_floats(self, table: FloatArray) -> None:
        """Add those of many inputs, shape (s, n), that are admissible."""
        table = np.asarray(table, dtype=np.float64)
        self._add_table(table[contains_admissible(self.domain, table)])

    def _add_table(self, table: FloatArray) -> dict[bytes, int]:
        if len(table) == 0:
            return {}
        packed = activation_patterns(self.network, table).packed
        first, _, size = group_rows(packed)
        keys = [row.tobytes() for row in unpack_patterns(packed[first], self.network.units)]
        for key, row in zip(keys, first.tolist(), strict=True):
            self.points.setdefault(key, table[row])
        self.order = sorted(self.points)
        return dict(zip(keys, size.tolist(), strict=True))

    def add(self, point: RationalPoint) -> None:
        """Add one admissible input."""
        exact, values, bits = exact_network(self.network), list(point), b""
        for layer, exponent in zip(exact.layers[:-1], exact.exponents, strict=False):
            z = (fmpq_mat(layer) * fmpq_mat(len(values) + 1, 1, [*values, fmpq(1)])).entries()
            bits += bytes(entry > 0 for entry in z)
            values = [max(entry, fmpq(0)) / (1 << exponent) for entry in z]
        if bits not in self.points:
            self.points[bits] = point
            insort(self.order, bits)

    def has(self, prefix: bytes) -> bool:
        """Whether some known pattern has this prefix."""
        position = bisect_left(self.order, prefix)
        return position < len(self.order) and self.order[position].startswith(prefix)

    def shared(self, pattern: bytes) -> int:
        """Length of the longest prefix that some known pattern shares with this one."""
        position = bisect_left(self.order, pattern)
        length = 0
        for near in self.order[max(0, position - 1) : position + 1]:
            while length < len(pattern) and near.startswith(pattern[: length + 1]):
                length += 1
        return length


class _InputForms:
    """z of a unit, as an integer form on R^n, under the decisions of all units before it."""

    def __init__(self, network: ReLUNetwork) -> None:
        self._exact = exact_network(network)
        self._starts: list[int] = np.cumsum([0, *network.widths]).tolist()
        self._layer_of = np.repeat(np.arange(len(network.widths)), network.widths).tolist()
        self._forms: list[tuple[bytes, ExactForms, list[Form]]] = []

    def form(self, prefix: bytes) -> Form:
        """Form of the unit that follows a prefix."""
        layer = self._layer_of[len(prefix)]
        for level in range(layer + 1):
            key = prefix[: self._starts[level]]
            if level < len(self._forms) and self._forms[level][0] == key:
                continue
            del self._forms[level:]
            if level:
                below = np.frombuffer(key[self._starts[level - 1] :], dtype=np.uint8).astype(np.bool_)
                forms = next_forms(self._exact, level, self._forms[-1][1], below)
            else:
                forms = first_forms(self._exact)
            self._forms.append((key, forms, matrix_rows(forms.matrix)))
        rows = self._forms[layer][2]
        return rows[len(prefix) - self._starts[layer]]


class _PrefixSearch:
    """Decides patterns one by one, in ascending order; refuting a prefix settles all patterns that begin with it."""

    def __init__(self, pool: _Pool, node_limit: int, deadline: Deadline) -> None:
        self._pool, self._node_limit, self._deadline = pool, node_limit, deadline
        self._forms, self._domain = _InputForms(pool.network), pool.domain
        self._refuted: tuple[bytes, PrefixProof] | None = None

    def decide(self, pattern: bytes) -> Sequence[fmpq] | FloatArray | PrefixProof | Undecided:
        """Find an admissible input with the pattern, a proof that there is none, or the reason why neither was found.

        The shortest prefix that no known input has is asked first, then the whole pattern.
        """
        if self._refuted is not None and pattern.startswith(self._refuted[0]):
            return self._refuted[1]
        rows = [_side(self._forms.form(pattern[:unit]), bit) for unit, bit in enumerate(pattern)]
        for length in (self._pool.shared(pattern) + 1, len(pattern)):
            if pattern in self._pool.points:
                break
            if self._deadline.passed:
                return Undecided("not reached within the time limit", 0)
            prefix = pattern[:length]
            active = [unit for unit, bit in enumerate(prefix) if bit]
            found = find_admissible_point(
                rows[:length], active, self._domain, node_limit=self._node_limit, time_limit=self._deadline
            )
            if isinstance(found, NoAdmissiblePoint):
                self._refuted = prefix, PrefixProof(len(prefix), found)
                return self._refuted[1]
            if isinstance(found, AdmissibleWitness):
                self._pool.add(found.point)
            elif length >= len(pattern):
                return found
        return self._pool.points[pattern]


class _Answer(Enum):
    """Whether some admissible input lies in a cell; NONE_AT_ONCE if that took no branching."""

    SOME = "some"
    NONE = "none"
    NONE_AT_ONCE = "none at once"
    OPEN = "open"


class _Cell(NamedTuple):
    """A node of the pattern tree: its prefix, and the rows that are kept with it (which of them are strict)."""

    prefix: bytes
    rows: tuple[Form, ...]
    strict: tuple[int, ...]


class _PatternSearch:
    """The tree of patterns, depth first: a side is entered iff some admissible input is there."""

    def __init__(self, pool: _Pool, node_limit: int, deadline: Deadline) -> None:
        self.pool, self.reason = pool, ""
        self.undecided: list[bytes] = []
        self._node_limit, self._deadline = node_limit, deadline

    def run(self, on_progress: Callable[[int], None] | None) -> None:
        """Fill the pool; `reason` says what is missing, if anything."""
        forms, units = _InputForms(self.pool.network), self.pool.network.units
        root = _Cell(b"", (), ())
        pending = [root] if self._ask(root) is _Answer.SOME else []
        while pending:
            if self._deadline.passed:
                self.reason = "time ran out"
                return
            cell = pending.pop()
            if len(cell.prefix) == units:
                if on_progress is not None:
                    on_progress(len(self.pool.points))
                continue
            form = forms.form(cell.prefix)
            sides = [_child(cell, form, bit) for bit in (0, 1)]
            answers = [self._ask(side) for side in sides]
            for bit in (1, 0):
                if answers[bit] is _Answer.SOME:
                    # Where the other side is empty at once, this one is the whole cell and needs no row; a row that
                    # took branching to prove keeps the programs below tight.
                    bare = answers[1 - bit] is _Answer.NONE_AT_ONCE
                    pending.append(_Cell(sides[bit].prefix, cell.rows, cell.strict) if bare else sides[bit])

    def _ask(self, cell: _Cell) -> _Answer:
        if self.pool.has(cell.prefix):
            return _Answer.SOME
        found = find_admissible_point(
            cell.rows, cell.strict, self.pool.domain, node_limit=self._node_limit, time_limit=self._deadline
        )
        if isinstance(found, AdmissibleWitness):
            self.pool.add(found.point)
            return _Answer.SOME
        if isinstance(found, Undecided):
            self.undecided.append(cell.prefix)
            self.reason = self.reason or found.reason
            return _Answer.OPEN
        return _Answer.NONE_AT_ONCE if len(found.nodes) == 1 else _Answer.NONE


def _child(cell: _Cell, form: Form, bit: int) -> _Cell:
    strict = (*cell.strict, len(cell.rows)) if bit else cell.strict
    return _Cell(cell.prefix + bytes([bit]), (*cell.rows, _side(form, bit)), strict)


def _side(form: Form, bit: int) -> Form:
    return form if bit else [-entry for entry in form]


def _columns(
    points: Mapping[int, FloatArray | Sequence[fmpq]], size: int, inputs: int
) -> tuple[FloatArray, dict[int, tuple[Fraction, ...]]]:
    """Witnesses by row as float64 columns, and in rationals where they are not floats."""
    table, exact = np.full((size, inputs), np.nan), {}
    for row, point in points.items():
        table[row] = point if isinstance(point, np.ndarray) else float_point(point)
        if not isinstance(point, np.ndarray) and not is_float_point(point, table[row]):
            exact[row] = tuple(map(as_fraction, point))
    return table, exact


def _contradiction(found: NoAdmissiblePoint, domain: Domain) -> str:
    """The contradiction in one line."""
    root = found.nodes[0]
    if isinstance(root, Branch):
        features = sorted({node.feature for node in found.nodes if isinstance(node, Branch)})
        names = ", ".join(repr(domain.names[feature]) for feature in features)
        return f"no integers for {names} satisfy the domain ({len(found.nodes):,} cases were searched)"
    named = named_inequalities(domain)
    numbers = sorted(root.multipliers)
    sides = {named[number].side if number < len(named) else None for number in numbers}
    only = sides.pop() if len(sides) == 1 else None
    if only is not None:
        low, high = domain.lower[only], domain.upper[only]
        return f"feature {domain.names[only]!r}: no integer lies between its bounds {low:g} and {high:g}"
    rows = [named[number].name for number in numbers if number < len(named)]
    for equality in (number - len(named) for number in numbers if number >= len(named)):
        group = equality - len(domain.f)
        rows.append(f"equality {equality + 1}" if group < 0 else f"one-hot group {group + 1}")
    trouble = "no solution in integers" if isinstance(root, Congruence) else "no admissible input in common"
    return f"{', '.join(rows)}: {trouble}"
