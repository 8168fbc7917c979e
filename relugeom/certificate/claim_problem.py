"""A claim as the engine takes it, and what an input that the engine proposes shows exactly.

The one idea: the engine needs floats, and may be given weaker inequalities and a larger box, but never stronger ones:
what it closes is closed. An input that it proposes counts only by exact arithmetic.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import frexp

import numpy as np

from relugeom.bounding.problem import Copy, DomainRows, Problem, SetRows, Slope
from relugeom.certificate.claim_box import cut_box, inner_box
from relugeom.certificate.claim_proof.counterexample import SET_IS_MET, FalseClaimError, excess_in, is_met
from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.certificate.claim_proof.joint_cell import Copies
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.claims.claim import Excluded, Monotone, Scope
from relugeom.claims.settlement import Counterexample
from relugeom.geometry.domain import Domain, contains, contains_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.exact import Point, nearest_quotient
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork

__all__ = ["ClaimJudge", "claim_problem"]

TRIFLE = 1e-9
"""How far below 0 an inequality of the inputs alone may come on the box, in multiples of its largest coefficient,
without being of any use.
"""
TINIEST = 1e-280
"""Units of inequalities between which, and its inverse, quotients are rounded as floats usually are."""
LONGEST_RANGE = 900
"""Binary orders of magnitude that products of a side, of weights along a path, and of a claim's coefficient may span,
so that no float under- or overflows.
"""


def claim_problem(task: ClaimTask) -> Problem | None:
    """The claim as arrays; None where the engine has no method.

    That is for balls, open sides, numbers out of its range, and slopes in a feature that cannot change alone.
    """
    claim, domain = task.claim, task.domain
    bounded = np.isfinite(domain.lower).all() and np.isfinite(domain.upper).all()
    if isinstance(claim, Monotone):
        return _slope_problem(task, claim) if bounded and _moves_alone(domain, claim.feature) else None
    if not isinstance(claim, Excluded) or claim.ball is not None or not bounded:
        return None
    sets = task.sets
    if not _is_in_range(task, sets):
        return None
    own = () if claim.twin is None else claim.twin.own
    networks = task.short_copies
    columns = [np.array(_copies(task).columns(number)) for number in range(len(networks))]
    lower, upper = (np.concatenate([side, side[list(own)]]) for side in (domain.lower, domain.upper))
    whole = np.concatenate([domain.integral, domain.integral[list(own)]])
    whole &= claim.scope is Scope.ADMISSIBLE
    inner_lower, inner_upper = inner_box(sets, lower, upper)
    lower, upper, cuts = cut_box(sets, lower, upper, whole)
    return Problem(
        copies=_copies_of(networks, columns),
        rows=_rows(sets, lower, upper, networks),
        lower=lower,
        upper=upper,
        inner_lower=inner_lower,
        inner_upper=inner_upper,
        whole=whole,
        groups=_groups(domain, own),
        cuts=cuts,
        domain_rows=_domain_rows(domain, columns, lower.size),
    )


def _slope_problem(task: ClaimTask, claim: Monotone) -> Problem | None:
    """A monotone claim, which is about the relaxation."""
    (network,), domain = task.short_copies, task.domain
    if not _is_in_range(task, ()):
        return None
    return Problem(
        copies=_copies_of((network,), [np.arange(domain.inputs)]),
        rows=_rows((), domain.lower, domain.upper, (network,)),
        lower=domain.lower,
        upper=domain.upper,
        inner_lower=domain.lower,
        inner_upper=domain.upper,
        whole=np.zeros(domain.inputs, dtype=np.bool_),
        groups=_groups(domain, ()),
        slope=Slope(claim.output, claim.feature, claim.direction),
    )


def _domain_rows(domain: Domain, columns: Sequence[IntArray], inputs: int) -> DomainRows:
    """The rows of a domain for the inputs of each copy: as they are, so that floats are exact."""
    normals = np.vstack([-domain.A, -domain.E, domain.E])
    constants = np.concatenate([domain.b, domain.f, -domain.f])
    found = np.zeros((len(columns), *normals.shape[:1], inputs))
    for table, places in zip(found, columns, strict=True):
        table[:, places] = normals
    kept = [found[:1]] + [found[k : k + 1] for k in range(1, len(columns)) if (columns[k] != columns[0]).any()]
    return DomainRows(np.concatenate(kept).reshape(-1, inputs), np.tile(constants, len(kept)))


def _moves_alone(domain: Domain, feature: int) -> bool:
    """Whether a feature may change while the others do not, as far as sides, groups and equalities tell."""
    grouped = any(feature in group for group in domain.groups)
    return bool(domain.lower[feature] < domain.upper[feature]) and not grouped and not domain.E[:, feature].any()


class ClaimJudge:
    """Judges joint inputs of a claim about sets.

    Attributes
    ----------
    shown
        The last input that was found to lie in a set, with its outputs.
    """

    def __init__(self, task: ClaimTask) -> None:
        claim = task.claim
        if not isinstance(claim, Excluded):
            raise AssertionError("only a claim about sets has inputs that lie in one")
        self.shown: Counterexample | None = None
        self._task, self._scope = task, claim.scope
        self._sets = task.sets
        copies = _copies(task)
        self._networks = copies.networks
        self._columns = [copies.columns(number) for number in range(len(copies.networks))]

    @property
    def refuted(self) -> FalseClaimError:
        """The error of a claim that was refuted."""
        assert self.shown is not None, "something was shown"
        return FalseClaimError(SET_IS_MET, self.shown, self._task.domain.names)

    def are_inside(self, x: FloatArray) -> BoolArray:
        """Which joint inputs, shape (k, m), are among those that the claim is about."""
        inside = contains_admissible if self._scope is Scope.ADMISSIBLE else contains
        found: BoolArray = np.all([inside(self._task.domain, x[:, columns]) for columns in self._columns], axis=0)
        return found

    def excess(self, x: FloatArray) -> Fraction | None:
        """How far a joint input is inside of a set at most, exactly, in units of the claim; None if conditions fail."""
        joint, every, _ = self._evaluated(x)
        found = [excess_in(members, joint, every) for members in self._sets]
        return max((value for value in found if value is not None), default=None)

    def is_met(self, x: FloatArray) -> bool:
        """Whether a joint input belongs to the claim's inputs and lies in a set."""
        if not self.are_inside(x[None, :])[0]:
            return False
        joint, every, shown = self._evaluated(x)
        if not any(is_met(members, joint, every) for members in self._sets):
            return False
        self.shown = shown
        return True

    def _evaluated(self, x: FloatArray) -> tuple[Point, list[Fraction], Counterexample]:
        """A joint input in rationals, the outputs of all copies there, and both by copies."""
        exact = [tuple(map(Fraction, x[columns].tolist())) for columns in self._columns]
        outputs = [evaluate_exactly(network, each)[1] for network, each in zip(self._networks, exact, strict=True)]
        every = [value for values in outputs for value in values]
        second = (exact[1], outputs[1]) if len(exact) > 1 else (None, None)
        return tuple(map(Fraction, x.tolist())), every, Counterexample(exact[0], outputs[0], *second)


def _copies(task: ClaimTask) -> Copies:
    twin = task.claim.twin if isinstance(task.claim, Excluded) else None
    if twin is None:
        return Copies(task.networks[:1], task.domain, task.exponent)
    return Copies((task.networks[0], task.networks[-1]), task.domain, task.exponent, twin.own)


def _copies_of(networks: Sequence[ReLUNetwork], columns: Sequence[IntArray]) -> tuple[Copy, ...]:
    firsts = np.cumsum([0, *(network.units for network in networks)])
    return tuple(
        Copy(network, of_copy, int(first))
        for network, of_copy, first in zip(networks, columns, firsts[:-1], strict=True)
    )


def _groups(domain: Domain, own: Sequence[int]) -> tuple[IntArray, ...]:
    """Columns of the groups of the first copy, and of those that the second one has to itself."""
    place = {feature: domain.inputs + k for k, feature in enumerate(own)}
    second = [[place[k] for k in group] for group in domain.groups if set(group) <= set(own)]
    return tuple(np.array(group) for group in [*map(list, domain.groups), *second])


def _rows(
    sets: Sequence[Sequence[SetRow]], lower: FloatArray, upper: FloatArray, networks: Sequence[ReLUNetwork]
) -> SetRows:
    """The inequalities that count, each divided by its largest coefficient."""
    kept: list[SetRow] = []
    places, first, place = [], [0], 0
    for members in sets:
        useful = [k for k, row in enumerate(members) if any(row.outputs) or not _is_trifle(row, lower, upper)]
        for k in useful or range(len(members)):
            kept.append(members[k])
            places.append(place + k)
        place += len(members)
        first.append(len(kept))
    scales = [max(map(abs, (row.constant, *row.inputs, *row.outputs))) or 1 for row in kept]
    ends = np.cumsum([0, *(network.outputs for network in networks)])
    outputs = _quotients([row.outputs for row in kept], scales, int(ends[-1]))
    return SetRows(
        constant=_quotients([(row.constant,) for row in kept], scales, 1)[:, 0],
        inputs=_quotients([row.inputs for row in kept], scales, lower.size),
        outputs=tuple(outputs[:, a:b] for a, b in pairwise(ends)),
        first=np.array(first),
        places=np.array(places, dtype=np.int64),
        total=place,
        measure=_measure(kept, scales, first),
    )


def _measure(rows: Sequence[SetRow], scales: Sequence[int], first: Sequence[int]) -> FloatArray:
    """What each row is multiplied by to be an inequality of the claim; 0 for conditions, or all 0 if out of range."""
    found = np.zeros(len(rows))
    for a, b in pairwise(first):
        of_outputs = [k for k in range(a, b) if any(rows[k].outputs)]
        for k in of_outputs or range(a, b):
            found[k] = nearest_quotient(scales[k], rows[k].scale)
            if not TINIEST < found[k] < 1.0 / TINIEST:
                return np.zeros(len(rows))
    return found


def _quotients(rows: Sequence[Sequence[int]], scales: Sequence[int], width: int) -> FloatArray:
    found = [[nearest_quotient(entry, scale) for entry in row] for row, scale in zip(rows, scales, strict=True)]
    return np.array(found).reshape(len(rows), width)


def _is_trifle(row: SetRow, lower: FloatArray, upper: FloatArray) -> bool:
    """Whether an inequality of the inputs alone holds, or very nearly so, in the whole box."""
    least = row.constant + sum(
        entry * Fraction(low if entry > 0 else high)
        for entry, low, high in zip(row.inputs, lower.tolist(), upper.tolist(), strict=True)
        if entry
    )
    return least >= -TRIFLE * max(map(abs, (row.constant, *row.inputs, 1)))


def _is_in_range(task: ClaimTask, sets: Sequence[Sequence[SetRow]]) -> bool:
    """Whether floats hold whatever comes up, without an under- or overflow."""
    ranges = (_binary_range((row.constant, *row.inputs, *row.outputs)) for members in sets for row in members)
    claimed = max(ranges, default=0)
    beside = _exponents(np.concatenate([task.domain.lower, task.domain.upper]))
    for network in task.short_copies:
        low, high = beside
        for W, b in zip(network.weights, network.biases, strict=True):
            least, most = _exponents(np.concatenate([W.ravel(), b]))
            low, high = low + least, high + most + int(W.shape[1]).bit_length()
        if high - low + claimed > LONGEST_RANGE:
            return False
    return True


def _exponents(values: FloatArray) -> tuple[int, int]:
    """Binary exponents of the least and the largest absolute value that is not 0, and of 1."""
    used = np.abs(values[values != 0.0])
    if not used.size:
        return 0, 0
    return min(0, frexp(float(used.min()))[1]), max(0, frexp(float(used.max()))[1])


def _binary_range(entries: Sequence[int]) -> int:
    """Binary orders of magnitude that integers other than 0 span."""
    lengths = [entry.bit_length() for entry in entries if entry]
    return max(lengths, default=0) - min(lengths, default=0)
