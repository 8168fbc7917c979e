"""Exact branch and bound for admissible points where some forms are positive and others not negative.

Notation: forms h = (c₁, …, c_n, c₀) are integer rows on R^n; a domain adds its inequalities, sides, equalities and
integer features. The one idea: a node is a polyhedron that has an admissible point, or is refuted, or is split in
x_j ≤ k and x_j ≥ k + 1. What refutes it is linear (multipliers λ with Σ λ_i h_i ≡ a constant ≤ 0), or arithmetic: a
combination of equalities with integer coefficients, on integer features only, and a constant that is not an integer (x
even and x odd never ends by branching). Floats propose points only.

Rows on integer features only are *tightened* first: divided by the greatest common divisor of their coefficients, with
c₀ rounded down; a strict one asks for c·x + c₀ ≥ 1 and so is strict no more. In a proof rows are numbered so: the forms
given, the domain's inequalities and sides (`named_inequalities`), its equalities (`domain_equalities`; multipliers of
any sign), then the branch rows on the path from the root.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, inf
from typing import NamedTuple

import highspy
import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_equalities, named_inequalities, shadow_rows, solution_space
from relugeom.geometry.integer_lattice import Lattice, find_lattice
from relugeom.geometry.linear_program import crashes_named
from relugeom.geometry.strict_point import Refutation, Witness, find_strict_point
from relugeom.linalg.exact import RationalPoint, nearest_float, primitive_row

__all__ = ["AdmissibleWitness", "Branch", "Congruence", "NoAdmissiblePoint", "Undecided", "find_admissible_point"]

MILP_AFTER = 12
"""Nodes after which HiGHS is asked, once, for a proposal; and the time that it may take."""
MILP_OPTIONS, MILP_SECONDS = {"output_flag": False, "threads": 1, "mip_max_nodes": 2000}, 5.0


@dataclass(frozen=True, slots=True)
class AdmissibleWitness:
    """An admissible point with every strict row positive and every other row not negative."""

    point: tuple[fmpq, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """x_feature ≤ bound or x_feature ≥ bound + 1, and the numbers of the nodes where these are searched."""

    feature: int
    bound: int
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class Congruence:
    """Σ multiplier_i h_i has integer coefficients, on integer features only, and a constant that is not an integer.

    Every h_i is an equality, or is proved to be 0 on the node by one of `implied`: Σ λ_k h_k ≡ 0 with λ > 0.
    """

    multipliers: Mapping[int, fmpq]
    implied: tuple[Refutation, ...]


Node = Branch | Refutation | Congruence


@dataclass(frozen=True, slots=True)
class NoAdmissiblePoint:
    """A proof that there is none.

    Attributes
    ----------
    rows
        The inequalities h_i ≥ 0 after tightening, the given ones first.
    strict
        Which of them ask for h_i > 0.
    equalities
        The domain's equalities; they are numbered behind `rows`.
    nodes
        The branch tree, the root first.
    """

    rows: tuple[Form, ...]
    strict: frozenset[int]
    equalities: tuple[Form, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The search stopped, and why."""

    reason: str
    nodes: int


def find_admissible_point(
    rows: Sequence[Form],
    strict: Collection[int],
    domain: Domain,
    *,
    node_limit: int = 10_000,
    time_limit: TimeLimit = None,
) -> AdmissibleWitness | NoAdmissiblePoint | Undecided:
    """Find an admissible input with h_i > 0 for the strict rows and h_i ≥ 0 for the others, or prove there is none.

    Parameters
    ----------
    rows
        Integer forms of length n + 1.
    strict
        Indices of the rows that must be positive.
    domain
        Its relaxation, integer features and one-hot groups are part of the question.
    node_limit
        Nodes of the branch tree, at least 1. On integer features without bounds nothing else may end the search.
    time_limit
        Seconds or a deadline.
    """
    search = _Search(rows, frozenset(strict), domain, Deadline.of(time_limit))
    try:
        return search.run(node_limit)
    except DeadlinePassedError:
        return search.undecided("within the time limit")


class _Zero(NamedTuple):
    """A form that is 0 on a node; `plus` and `minus` make it and its opposite of rows ≥ 0 (row → multiplier)."""

    form: Form
    number: int
    plus: Mapping[int, fmpq]
    minus: Mapping[int, fmpq]
    implied: Refutation | None = None


class _Cut(NamedTuple):
    """One branch row."""

    feature: int
    above: bool
    bound: int


class _Search:
    """One question: the rows that all nodes share, and how a node is settled."""

    def __init__(self, rows: Sequence[Form], strict: frozenset[int], domain: Domain, deadline: Deadline) -> None:
        self.domain, self.n, self.deadline = domain, domain.inputs, deadline
        self.done = 0
        self.whole, self.rest = (np.flatnonzero(domain.integral == whole).tolist() for whole in (True, False))
        self.grouped = {feature for group in domain.groups for feature in group}
        inequalities, self.equalities = _domain_rows(domain)
        tightened = [self._tightened(form, row in strict) for row, form in enumerate([*rows, *inequalities])]
        self.rows = [form for form, _ in tightened]
        self.strict = frozenset(row for row, (_, is_strict) in enumerate(tightened) if is_strict)
        self.first_cut = len(self.rows) + len(self.equalities)

    def _tightened(self, form: Form, is_strict: bool) -> tuple[Form, bool]:
        divisor = gcd(*form[:-1])
        if divisor == 0 or any(form[feature] for feature in self.rest):
            return primitive_row(form), is_strict
        return [*(entry // divisor for entry in form[:-1]), (form[-1] - is_strict) // divisor], False

    def undecided(self, limit: str) -> Undecided:
        """What is said at a limit."""
        return Undecided(f"no answer {limit} of branching on integer features", self.done)

    def run(self, node_limit: int) -> AdmissibleWitness | NoAdmissiblePoint | Undecided:
        """Depth first, the child nearer to the present point first; every fourth time the oldest open node.

        Raises
        ------
        DeadlinePassedError
            The deadline has passed.
        """
        nodes: list[Node | None] = [None]
        waiting: list[tuple[int, tuple[_Cut, ...]]] = [(0, ())]
        while waiting:
            if self.done >= node_limit:
                return self.undecided(f"after {node_limit:,} nodes")
            self.deadline.check()
            number, cuts = waiting.pop(0 if self.done % 4 == 3 else -1)
            self.done += 1
            settled = self._settle(cuts)
            if isinstance(settled, AdmissibleWitness):
                return settled
            if isinstance(settled, Refutation | Congruence):
                nodes[number] = settled
                continue
            found = self._complete(self._milp_proposal()) if self.done == MILP_AFTER else None
            if found is not None:
                return found
            feature, value = self._branching(settled, cuts)
            bound = int(value.floor())
            nodes[number] = Branch(feature, bound, len(nodes), len(nodes) + 1)
            children = [(len(nodes) + above, (*cuts, _Cut(feature, bool(above), bound + above))) for above in (0, 1)]
            nodes += [None, None]
            waiting += children if value - bound > fmpq(1, 2) else reversed(children)
        proof = tuple(node for node in nodes if node is not None)
        return NoAdmissiblePoint(tuple(self.rows), self.strict, tuple(self.equalities), proof)

    def _branching(self, point: RationalPoint, cuts: Sequence[_Cut]) -> tuple[int, fmpq]:
        """The feature to branch on, and its value: the largest of a one-hot group, else one of narrow range."""
        fractional = [feature for feature in self.whole if point[feature].q != 1]
        grouped = [feature for feature in fractional if feature in self.grouped]
        if grouped:
            return max(((feature, point[feature]) for feature in grouped), key=lambda choice: choice[1])
        width = self.domain.upper - self.domain.lower
        for feature in fractional:
            sides = {cut.above: cut.bound for cut in cuts if cut.feature == feature}
            if len(sides) == 2:
                width[feature] = min(width[feature], nearest_float(fmpq(sides[False] - sides[True])))
        feature = min(
            fractional, key=lambda feature: (width[feature], abs(point[feature] - point[feature].floor() - fmpq(1, 2)))
        )
        return feature, point[feature]

    def _settle(self, cuts: Sequence[_Cut]) -> AdmissibleWitness | Refutation | Congruence | Sequence[fmpq]:
        """An admissible point, a refutation, or a point in the relative interior of the node's polyhedron."""
        inequalities = self._inequalities(cuts)
        numbered = enumerate(self.equalities, start=len(self.rows))
        zeros = [_Zero(form, number, {number: fmpq(1)}, {number: fmpq(-1)}) for number, form in numbered]
        zeros += self._opposite_pairs(inequalities)
        found = self._interior(inequalities, zeros)
        if isinstance(found, Refutation):
            return found
        lattice = find_lattice([zero.form for zero in zeros], self.whole, self.rest)
        if not isinstance(lattice, Lattice):
            used = {zero.number: share for zero, share in zip(zeros, lattice, strict=True) if share}
            return Congruence(used, tuple(zero.implied for zero in zeros if zero.number in used and zero.implied))
        if all(found[feature].q == 1 for feature in self.whole):
            return AdmissibleWitness(tuple(found))
        return self._complete(self._nearest(found, lattice)) or found

    def _interior(self, inequalities: dict[int, Form], zeros: list[_Zero]) -> Refutation | Sequence[fmpq]:
        """A point in the relative interior, or a refutation; rows that are 0 everywhere become zeros."""
        while True:
            space = solution_space([zero.form for zero in zeros], self.n)
            if space is None:
                return _refutation({}, fmpq(-1), inequalities, zeros, self.n)
            found = self._inside(inequalities, zeros, space[1])
            if not isinstance(found, Refutation):
                return found
            if found.constant < 0 or any(row in self.strict for row in found.multipliers):
                return found
            for row in [row for row in found.multipliers if row in inequalities]:
                form, own = inequalities.pop(row), found.multipliers[row]
                others = {other: share / own for other, share in found.multipliers.items() if other != row}
                zeros.append(_Zero(form, row, {row: fmpq(1)}, others, found))

    def _inequalities(self, cuts: Sequence[_Cut]) -> dict[int, Form]:
        """The rows of a node by number, without branch rows that a later one makes superfluous."""
        last = {(cut.feature, cut.above): depth for depth, cut in enumerate(cuts)}
        forms: dict[int, Form] = dict(enumerate(self.rows))
        for depth in sorted(last.values()):
            feature, above, bound = cuts[depth]
            row = [0] * self.n + [-bound if above else bound]
            row[feature] = 1 if above else -1
            forms[self.first_cut + depth] = row
        return forms

    def _opposite_pairs(self, inequalities: dict[int, Form]) -> list[_Zero]:
        """Equalities that two opposite rows make; the rows are taken out, all of them."""
        first: dict[tuple[int, ...], int] = {}
        for number, form in inequalities.items():
            if number not in self.strict:
                first.setdefault(tuple(form), number)
        zeros = []
        for content, number in first.items():
            other = first.get(tuple(-entry for entry in content))
            if other is not None and number < other:
                relation = Refutation({number: fmpq(1), other: fmpq(1)}, fmpq(0))
                zeros.append(_Zero(content, number, {number: fmpq(1)}, {other: fmpq(1)}, relation))
                del inequalities[number], inequalities[other]
        return zeros

    def _inside(self, inequalities: Mapping[int, Form], zeros: list[_Zero], M: fmpz_mat) -> Refutation | list[fmpq]:
        """A point with every inequality positive, on the affine hull of the zeros, or why there is none."""
        d, scale = M.ncols() - 1, int(M[self.n, M.ncols() - 1])
        raw = fmpz_mat(len(inequalities), self.n + 1, [e for row in inequalities.values() for e in row]) * M
        kept: list[tuple[int, int]] = []
        reduced: list[Form] = []
        for number, image in zip(inequalities, raw.table(), strict=True):
            form = [int(entry) for entry in image]
            if any(form[:-1]):
                kept.append((number, gcd(*form)))
                reduced.append(primitive_row(form))
            elif form[-1] < 0 or (form[-1] == 0 and number in self.strict):
                return _refutation({number: fmpq(1)}, fmpq(form[-1], scale), inequalities, zeros, self.n)
        found = find_strict_point(reduced, range(len(reduced)), d, deadline=self.deadline)
        if isinstance(found, Refutation):
            weights = {kept[row][0]: value / kept[row][1] for row, value in found.multipliers.items() if value}
            return _refutation(weights, found.constant / scale, inequalities, zeros, self.n)
        lifted = (fmpq_mat(M) * fmpq_mat(d + 1, 1, [*found.point, fmpq(1)])).entries()
        return [entry / lifted[-1] for entry in lifted[:-1]]

    def _nearest(self, point: RationalPoint, lattice: Lattice) -> list[int] | None:
        """A point of the lattice near a rational one."""
        origin, basis = lattice.origin, lattice.basis
        if not basis:
            return origin
        goal = [nearest_float(point[feature] - entry) for feature, entry in zip(self.whole, origin, strict=True)]
        try:
            nearest = np.linalg.lstsq(np.array(basis, dtype=np.float64).T, np.array(goal), rcond=None)[0]
            rounded = [round(step) for step in nearest.tolist()]
        except (OverflowError, ValueError, np.linalg.LinAlgError):  # integers beyond all floats
            return None
        columns = zip(origin, *basis, strict=True)
        return [entry + sum(k * b for k, b in zip(rounded, steps, strict=True)) for entry, *steps in columns]

    def _milp_proposal(self) -> list[int] | None:
        """Integers that HiGHS finds for the integer features, as far inside the strict rows as t ≤ 1 asks."""
        n, count = self.n, len(self.rows)
        A, b = shadow_rows([*self.rows, *self.equalities], n)
        highs = highspy.Highs()
        for option, value in (MILP_OPTIONS | {"time_limit": min(MILP_SECONDS, self.deadline.seconds_left)}).items():
            highs.setOptionValue(option, value)
        highs.addVars(n + 1, np.full(n + 1, -inf), np.append(np.full(n, inf), 1.0))
        for row in range(len(A)):
            entries = np.append(A[row], float(row in self.strict))
            highs.addRow(-inf if row < count else b[row], b[row], n + 1, np.arange(n + 1, dtype=np.int32), entries)
        for feature in self.whole:
            highs.changeColIntegrality(feature, highspy.HighsVarType.kInteger)
        highs.changeColCost(n, -1.0)
        with crashes_named("HiGHS"):
            highs.run()
        solution = highs.getSolution()
        usable = solution.value_valid and np.isfinite(solution.col_value).all()
        return [round(solution.col_value[feature]) for feature in self.whole] if usable else None

    def _complete(self, values: Sequence[int] | None) -> AdmissibleWitness | None:
        """An admissible point with these integers, if there is one: the continuous features are solved for."""
        if values is None:
            return None
        fixed = dict(zip(self.whole, values, strict=True))
        asked = [(form, row in self.strict) for row, form in enumerate(self.rows)]
        asked += [(side, False) for form in self.equalities for side in (form, [-entry for entry in form])]
        forms: list[Form] = []
        strict: list[int] = []
        for form, is_strict in asked:
            constant = form[-1] + sum(form[feature] * value for feature, value in fixed.items())
            reduced = [*(form[feature] for feature in self.rest), constant]
            if any(reduced[:-1]):
                strict += [len(forms)] * is_strict
                forms.append(reduced)
            elif constant < 0 or (is_strict and constant == 0):
                return None
        found = find_strict_point(forms, strict, len(self.rest), deadline=self.deadline)
        if not isinstance(found, Witness):
            return None
        known = fixed | dict(zip(self.rest, found.point, strict=True))
        return AdmissibleWitness(tuple(fmpq(known[feature]) for feature in range(self.n)))


@lru_cache(maxsize=8)
def _domain_rows(domain: Domain) -> tuple[list[Form], list[Form]]:
    """A domain's inequalities and equalities; remembered, as one domain is asked about often."""
    return [named.form for named in named_inequalities(domain)], domain_equalities(domain)


def _refutation(
    weights: dict[int, fmpq], constant: fmpq, inequalities: Mapping[int, Form], zeros: Sequence[_Zero], n: int
) -> Refutation:
    """Multipliers that give the constant where the zeros vanish, joined by those of the zeros: then everywhere."""
    missing = [fmpq(0)] * n + [constant]
    for number, weight in weights.items():
        missing = [m - weight * entry for m, entry in zip(missing, inequalities[number], strict=True)]
    system = fmpq_mat(len(zeros) + 1, n + 1, [*(entry for zero in zeros for entry in zero.form), *missing]).transpose()
    reduced, rank = system.rref()
    total = dict(weights)
    for row in range(rank):
        zero = zeros[next(column for column in range(len(zeros)) if reduced[row, column])]
        share = reduced[row, len(zeros)]
        for number, part in (zero.plus if share > 0 else zero.minus).items():
            total[number] = total.get(number, fmpq(0)) + abs(share) * part
    return Refutation({number: weight for number, weight in total.items() if weight}, constant)
