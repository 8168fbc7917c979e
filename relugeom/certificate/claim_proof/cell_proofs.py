"""Proofs on a cell: that a form is ≤ 0 there, how large it can be, that a set misses it.

One idea: a linear program in floats gives multipliers; rounded to short dyadic numbers they nearly always prove the
statement, because the maximum over the box or ball absorbs what rounding leaves. Where they do not, the exact simplex
decides. Whatever is returned has been verified in integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from operator import mul

import numpy as np
from flint import fmpq

from relugeom.certificate.claim_proof.joint_cell import CellRow, JointCell
from relugeom.certificate.claim_proof.proof_range import ProofRange
from relugeom.claims.ball import Norm
from relugeom.deadline import Deadline
from relugeom.geometry.exact_simplex import ExactOptimum, Form, maximise_form
from relugeom.geometry.forms import shadow
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSolution, LPStatus
from relugeom.geometry.nearest_point import project
from relugeom.geometry.proof_form import combine, rounded_multipliers
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point, RationalPoint, as_fraction, form_sign

__all__ = ["CellProof", "CellProver", "Extra", "Refuted", "proof_text"]

CLEAR = 1e-6
"""A float optimum above this, in multiples of the form's largest entry, is believed: the worst is a split too many."""
CUTS, RETRIES, HALVINGS = 20, 60, 200


@dataclass(frozen=True, slots=True)
class CellProof:
    """R = first · t + Σ multiplier · row (by number) has max R ≤ 0."""

    first: int
    multipliers: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Extra:
    """An inequality that is assumed on top of a cell's: form ≥ 0, or > 0."""

    form: Form
    strict: bool


@dataclass(frozen=True, slots=True)
class Refuted:
    """R = Σ weight · extra + Σ multiplier · row shows that the extras do not hold together on the cell."""

    weights: tuple[int, ...]
    multipliers: Mapping[int, int]


def proof_text(multipliers: Mapping[int, int], *first: int) -> str:
    """Numbers as they stand in a certificate, with a space in front of each."""
    pairs = (value for pair in sorted(multipliers.items()) for value in pair)
    return "".join(f" {value:x}" for value in (*first, *pairs))


class CellProver:
    """Asks one warm solver session about a cell that moves up and down its tree.

    What takes long raises `DeadlinePassedError` after the deadline.

    Attributes
    ----------
    seen
        The input at which the last linear program ended, shape (n,), or None.
    """

    def __init__(self, cell: JointCell, reach: ProofRange, *, deadline: Deadline) -> None:
        self.cell, self.reach, self.deadline = cell, reach, deadline
        free = np.full(cell.size, np.inf)
        self._session = HighsSolver(deadline=deadline).open(np.zeros((0, cell.size)), np.zeros(0), -free, free)
        self._held: list[CellRow] = []
        self.seen: FloatArray | None = None

    def prove(self, target: Form) -> CellProof | None:
        """A proof that the form is ≤ 0 on the cell, which is not empty; None if it is not."""
        alone = self.prove_alone(target)
        if alone is not None:
            return alone
        if self._is_range:
            corner = self.reach.corner(target)
            self.seen = None if corner is None else np.array([float(x) for x in corner])
            return None
        proposal, rows = self._maximise(target, [])
        if proposal.status is LPStatus.UNBOUNDED:
            return None
        if proposal.status is LPStatus.OPTIMAL:
            if self._value(target, proposal) > CLEAR:
                return None
            first, values = self._rounded(target, rows, proposal)
            if self._sign(rows, values, (first, target)) <= 0:
                return _shortened(first, _by_number(rows, values))
        columns = _used_columns([*(row.form for row in rows), target])
        optimum = maximise_form(
            [_taken(row.form, columns) for row in rows],
            _taken(target, columns),
            hint=proposal.tight_rows,
            deadline=self.deadline,
        )
        if not isinstance(optimum, ExactOptimum) or optimum.value > 0:
            return None
        scale, values = _as_integers(optimum.multipliers)
        if self._sign(rows, values, (scale, target)) > 0:
            return None
        return _shortened(scale, _by_number(rows, values))

    def prove_alone(self, target: Form) -> CellProof | None:
        """The proof that needs no row of the cell, if there is one."""
        return CellProof(1, {}) if self.reach.sign(target, self.cell.high) <= 0 else None

    def bound(self, form: Form) -> tuple[Fraction, CellProof] | None:
        """An upper bound of a form on the cell, with R = first · form + … ≤ first · bound; None without one."""
        if self._is_range:
            most = self.reach.above(form, self.cell.high)
            return None if most is None else (most, CellProof(1, {}))
        proposal, rows = self._maximise(form, [])
        if proposal.status is not LPStatus.OPTIMAL:
            return None
        first, values = self._rounded(form, rows, proposal)
        written = [(value, rows[row].form) for row, value in values.items() if rows[row].number is not None]
        most = self.reach.above(combine([(first, form), *written]), self.cell.high)
        return None if most is None else (most / first, CellProof(first, _by_number(rows, values)))

    def refute_quickly(self, extras: Sequence[Extra]) -> Refuted | None:
        """Multipliers that show that the extras fail on the cell, if rounded ones do."""
        alone = self._refute_alone(extras)
        if alone is not None:
            return alone
        target = extras[-1].form if extras else self.cell.row({}, 0)
        proposal, rows = self._maximise(target, extras[:-1])
        if proposal.status is LPStatus.OPTIMAL and extras:
            if self._value(target, proposal) > CLEAR:
                return None
            first, values = self._rounded(target, rows, proposal)
        elif proposal.status is LPStatus.INFEASIBLE and len(proposal.row_multipliers):
            # The target does not count here; any row's scale does for it.
            first, (_, values) = 0, self._rounded(target, rows, proposal)
        else:
            return None
        return self._refuted(rows, values, extras, first)

    def refute(self, extras: Sequence[Extra]) -> Refuted | Point | None:
        """Why the extras do not hold together on the cell, or an input where they do; None if neither was found."""
        found = self._settle_on_range(extras) or self._settle_near_centre(extras) or self.refute_quickly(extras)
        found = found or self._known_point(extras) or self._settle_on_l2_ball(extras)
        if found is not None:
            return found
        for attempt in range(RETRIES):
            rows = [*self._rows(), *(CellRow(-1 - k, extra.form) for k, extra in enumerate(extras))]
            strict = [k for k, row in enumerate(rows) if row.strict]
            strict += [len(rows) - len(extras) + k for k, extra in enumerate(extras) if extra.strict]
            if attempt % 2:  # keep away from the tangents of an l2 ball, outside of which it is not
                strict += [k for k, row in enumerate(rows) if any(row is other for other in self.reach.rows)]
            columns = _used_columns([row.form for row in rows])
            taken = [_taken(row.form, columns) for row in rows]
            answer = find_strict_point(taken, strict, len(columns), deadline=self.deadline)
            if not isinstance(answer, Witness):
                _, values = _as_integers(answer.multipliers)
                refuted = self._refuted(rows, values, extras, 0)
                if refuted is not None or not attempt % 2:
                    return refuted
                continue
            point = self._inputs(answer.point, columns)
            if not self.reach.cut(point):
                return point
        return None

    @property
    def _is_range(self) -> bool:
        """Whether the cell is all over which the left side of a proof is maximised: then the box alone proves."""
        return self.cell.is_box and self.reach.ball is None

    def _refute_alone(self, extras: Sequence[Extra]) -> Refuted | None:
        """One extra that fails whatever the rows of the cell say."""
        for place, extra in enumerate(extras):
            sign = self.reach.sign(extra.form, self.cell.high)
            if sign < 0 or (sign == 0 and extra.strict):
                return Refuted(tuple(int(k == place) for k in range(len(extras))), {})
        return None

    def _settle_on_range(self, extras: Sequence[Extra]) -> Refuted | Point | None:
        """Where the cell is the whole box, at most one extra holds at its best corner or nowhere."""
        if not self._is_range or len(extras) > 1:
            return None
        return self._refute_alone(extras) or self.reach.corner(extras[0].form if extras else self.cell.row({}, 0))

    def _settle_near_centre(self, extras: Sequence[Extra]) -> Refuted | Point | None:
        """On a ball, the sum of the rows that its centre violates may refute the cell, or the nearest point that
        single inputs allow lie in it: this settles cells that only branches cut out.
        """
        ball = self.reach.ball
        if ball is None or self.cell.high:
            return None
        rows = self.cell.rows
        scale = lcm(*(x.denominator for x in ball.centre))
        centre = [int(x * scale) for x in ball.centre]
        violated = [k for k, row in enumerate(rows) if sum(map(mul, row.form, centre)) + row.form[-1] * scale < 0]
        for chosen in (violated, violated[-1:]) if violated else ():
            refuted = self._refuted(rows, dict.fromkeys(chosen, 1), [], 0)
            if refuted is not None:
                return Refuted((0,) * len(extras), refuted.multipliers)
        point = list(ball.centre)
        for row in (rows[k] for k in violated):
            columns = [k for k, value in enumerate(row.form[:-1]) if value]
            if len(columns) == 1:
                point[columns[0]] = Fraction(-row.form[-1], row.form[columns[0]])
        return tuple(point) if self._holds_at(point, extras) else None

    def _known_point(self, extras: Sequence[Extra]) -> Point | None:
        """The input at which the last linear program ended, rounded where it should be an integer, if it is in the
        cell and the extras hold there.
        """
        if self.seen is None:
            return None
        seen = [Fraction(x) for x in self.seen.tolist()]
        rounded = [Fraction(round(x)) if whole else x for x, whole in zip(seen, self.cell.copies.whole, strict=True)]
        return next((tuple(point) for point in (rounded, seen) if self._holds_at(point, extras)), None)

    def _holds_at(self, point: Sequence[Fraction], extras: Sequence[Extra]) -> bool:
        """Whether an input lies in the cell, none of whose units is relaxed, and the extras hold there, exactly."""
        if self.cell.high or not self.reach.contains(point):
            return False
        scale = lcm(*(x.denominator for x in point))
        entries = [int(x * scale) for x in point]
        asked = [(row.form, row.strict) for row in self.cell.rows] + [(extra.form, extra.strict) for extra in extras]
        for form, strict in asked:
            value = sum(map(mul, form, entries)) + form[-1] * scale
            if value < 0 or (strict and value == 0):
                return False
        return True

    def _settle_on_l2_ball(self, extras: Sequence[Extra]) -> Refuted | Point | None:
        """The nearest point to the centre: with x* − c = Σ λ c_i, R = Σ λ h is ≤ r ‖x* − c‖ − ‖x* − c‖² on the ball."""
        ball, n = self.reach.ball, self.cell.copies.inputs
        if ball is None or ball.norm is not Norm.L2 or self.cell.high:
            return None
        rows = [*self.cell.rows, *(CellRow(-1 - k, extra.form, strict=extra.strict) for k, extra in enumerate(extras))]
        forms = [_taken(row.form, range(n)) for row in rows]
        nearest = project(forms, ball.centre, deadline=self.deadline)
        if nearest is None:
            return None
        point = tuple(map(as_fraction, nearest.point))
        distance = sum(((x - c) ** 2 for x, c in zip(point, ball.centre, strict=True)), Fraction(0))
        if distance >= ball.size:
            refuted = self._refuted(rows, _as_integers(nearest.multipliers)[1], extras, 0)
            if refuted is not None or distance > ball.size:
                return refuted
        strict = [k for k, row in enumerate(rows) if row.strict]
        if all(form_sign(forms[k], nearest.point) > 0 for k in strict):
            return point
        inner = find_strict_point(forms, strict, n, deadline=self.deadline)
        if not isinstance(inner, Witness):
            return None
        share = Fraction(1)  # between the two, near the nearest point, all rows hold and the ball is not left
        for _ in range(HALVINGS):
            found = tuple(x + share * (as_fraction(y) - x) for x, y in zip(point, inner.point, strict=True))
            if self.reach.contains(found):
                return found
            share /= 4
        return None

    def _rows(self) -> list[CellRow]:
        return self.reach.rows + self.cell.rows

    def _maximise(self, target: Form, extras: Sequence[Extra]) -> tuple[LPSolution, list[CellRow]]:
        """The float optimum over the cell and the extras, and the rows that its multipliers belong to."""
        objective = shadow(target)[0][:-1]
        more = [CellRow(-1 - k, extra.form) for k, extra in enumerate(extras)]
        for _ in range(CUTS):
            rows = [*self._rows(), *more]
            self._hold(rows)
            proposal = self._session.maximise(objective)
            self.seen = proposal.x[: self.cell.copies.inputs] if proposal.status is LPStatus.OPTIMAL else None
            if self.seen is None or self._value(target, proposal) < -CLEAR or not np.isfinite(self.seen).all():
                break
            if not self.reach.is_beyond(self.seen) or not self.reach.cut([Fraction(x) for x in self.seen.tolist()]):
                break
        return proposal, rows

    def _hold(self, rows: list[CellRow]) -> None:
        """Let the session have these rows."""
        same = 0
        while same < min(len(rows), len(self._held)) and rows[same] is self._held[same]:
            same += 1
        for _ in range(len(self._held) - same):
            self._session.drop_row()
        for row in rows[same:]:
            values = shadow(row.form)[0]
            self._session.add_row(-values[:-1], float(values[-1]))
        self._held = rows

    def _value(self, target: Form, proposal: LPSolution) -> float:
        values = shadow(target)[0]
        return float(values[:-1] @ proposal.x + values[-1])

    def _rounded(self, target: Form, rows: Sequence[CellRow], proposal: LPSolution) -> tuple[int, dict[int, int]]:
        values = {row: value for row, value in enumerate(proposal.row_multipliers.tolist()) if value > 0}
        return rounded_multipliers(target, [row.form for row in rows], values)

    def _sign(self, rows: Sequence[CellRow], values: Mapping[int, int], *parts: tuple[int, Form]) -> int:
        """The sign of max R; rows without a number are left out."""
        known = [(value, rows[row].form) for row, value in values.items() if rows[row].number is not None]
        form = combine([*parts, *known]) if parts or known else self.cell.row({}, 0)
        return self.reach.sign(form, self.cell.high)

    def _refuted(
        self, rows: Sequence[CellRow], values: Mapping[int, int], extras: Sequence[Extra], first: int
    ) -> Refuted | None:
        """The refutation with these multipliers, and weight `first` of the last extra, if it is one."""
        weights = [0] * len(extras)
        if first:
            weights[-1] = first
        for row, value in values.items():
            number = rows[row].number
            if number is not None and number < 0:
                weights[-1 - number] += value
        parts = [(weight, extra.form) for weight, extra in zip(weights, extras, strict=True)]
        cell_values = {row: value for row, value in values.items() if (rows[row].number or 0) >= 0}
        sign = self._sign(rows, cell_values, *parts)
        strict = any(weight and extra.strict for weight, extra in zip(weights, extras, strict=True))
        strict = strict or any(value > 0 and rows[row].strict for row, value in cell_values.items())
        if sign > 0 or (sign == 0 and not strict):
            return None
        multipliers = _by_number(rows, cell_values)
        divisor = gcd(*weights, *multipliers.values()) or 1
        return Refuted(
            tuple(weight // divisor for weight in weights),
            {number: value // divisor for number, value in multipliers.items()},
        )

    def _inputs(self, point: RationalPoint, columns: Sequence[int]) -> Point:
        n = self.cell.copies.inputs
        found = [Fraction(0)] * n
        for column, value in zip(columns, point, strict=True):
            if column < n:
                found[column] = as_fraction(value)
        return tuple(found)


def _used_columns(forms: Sequence[Form]) -> list[int]:
    """Columns in which some form has a coefficient."""
    return [k for k in range(len(forms[0]) - 1) if any(form[k] for form in forms)] if forms else []


def _taken(form: Form, columns: Sequence[int]) -> list[int]:
    return [*(form[k] for k in columns), form[-1]]


def _as_integers(values: Mapping[int, fmpq]) -> tuple[int, dict[int, int]]:
    """Rationals over their common denominator."""
    scale = lcm(*(int(value.q) for value in values.values()))
    return scale, {row: int(value.p) * (scale // int(value.q)) for row, value in values.items() if value}


def _by_number(rows: Sequence[CellRow], values: Mapping[int, int]) -> dict[int, int]:
    """Multipliers by the number of their row; rows without one are left out."""
    found: dict[int, int] = {}
    for row, value in values.items():
        number = rows[row].number
        if number is not None:
            found[number] = found.get(number, 0) + rows[row].sign * value
    return {number: value for number, value in found.items() if value}


def _shortened(first: int, multipliers: Mapping[int, int]) -> CellProof:
    divisor = gcd(first, *multipliers.values())
    return CellProof(first // divisor, {number: value // divisor for number, value in multipliers.items()})
