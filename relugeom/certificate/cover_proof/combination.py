"""Combinations of inequalities and rows that show that no point of a cell satisfies them all.

The one idea: once every unit has its line, the forms are affine in the inputs, and a linear program in floats finds the
combination whose maximum is least. Rounded to integers it is judged exactly; the lines that it chooses for itself begin
the next round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isfinite, lcm

import numpy as np
from flint import fmpq

from relugeom.certificate.cover_proof.input_form import Choice, InputForm
from relugeom.certificate.cover_proof.problem import CoverProblem, MixedForm, combine_forms
from relugeom.certificate.cover_proof.state import CoverState
from relugeom.certificate.cover_proof.substitution import Substitution
from relugeom.deadline import Deadline
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactOptimum
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPStatus
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["Combination", "cell_rows", "exact_combination", "find_combination", "judge", "rounded_weights", "shortfall"]

ROUNDS = 4
MULTIPLIER_BITS = 30
"""Binary places of the largest share of a combination."""


@dataclass(frozen=True, slots=True)
class Combination:
    """R = Σ weight · inequality + Σ multiplier · row, rows by number.

    Attributes
    ----------
    excess
        Maximum of R on the cell; None if there is no bound.
    inputs
        R in the inputs.
    """

    weights: tuple[int, ...]
    multipliers: Mapping[int, int]
    excess: Fraction | None
    inputs: InputForm | None

    def closes(self, members: Sequence[tuple[bool, MixedForm]]) -> bool:
        """Whether it shows that the inequalities fail somewhere at every point of the cell."""
        if self.excess is None:
            return False
        strict = any(weight and member[0] for weight, member in zip(self.weights, members, strict=True))
        return self.excess < 0 or (self.excess == 0 and strict)

    def as_written(self, members: Sequence[tuple[bool, MixedForm]]) -> tuple[list[int], dict[int, int]]:
        """Weights and multipliers of the same combination of the inequalities as a claim states them, in integers."""
        exponents = [form.exponent for _, form in members]
        most = max((e for e, weight in zip(exponents, self.weights, strict=True) if weight), default=0)
        weights = [weight << max(most - e, 0) for e, weight in zip(exponents, self.weights, strict=True)]
        divisor = gcd(*weights, *(value << most for value in self.multipliers.values())) or 1
        multipliers = {number: (value << most) // divisor for number, value in self.multipliers.items()}
        return [weight // divisor for weight in weights], multipliers

    @property
    def numbers(self) -> tuple[int, ...]:
        """All integers that are written, for the limit of their length."""
        return (*self.weights, *self.multipliers.values())


def rounded_weights(
    weights: Sequence[float], multipliers: Mapping[int, float], bits: int
) -> tuple[tuple[int, ...], dict[int, int]]:
    """Integers in the proportions of weights and multipliers; all weights are 1 if these are of no use."""
    sizes = [*weights, *map(abs, multipliers.values())]
    largest = max(sizes, default=0.0)
    if not 0.0 < largest < np.inf or not all(map(isfinite, sizes)) or not any(weight > 0 for weight in weights):
        return (1,) * len(weights), {}
    values = [round(weight / largest * (1 << bits)) if weight > 0 else 0 for weight in weights]
    rows = {number: round(value / largest * (1 << bits)) for number, value in multipliers.items()}
    divisor = gcd(*values, *rows.values()) or 1
    return (
        tuple(value // divisor for value in values),
        {number: value // divisor for number, value in rows.items() if value},
    )


def judge(
    substitution: Substitution,
    state: CoverState,
    members: Sequence[tuple[bool, MixedForm]],
    weights: tuple[int, ...],
    multipliers: Mapping[int, int],
    *,
    record: Choice | None = None,
) -> Combination:
    """A combination with its exact maximum."""
    rows = cell_rows(substitution.problem, state)
    parts = [(weight, form) for weight, (_, form) in zip(weights, members, strict=True) if weight]
    parts += [(value, rows[number][0]) for number, value in multipliers.items() if number in rows]
    [form] = substitution.replace(state, [combine_forms(parts)], record=record)
    excess = None if form is None else substitution.maximum(state, form)
    return Combination(weights, multipliers, excess, form)


def find_combination(
    substitution: Substitution,
    state: CoverState,
    members: Sequence[tuple[bool, MixedForm]],
    weights: tuple[int, ...],
    deadline: Deadline,
) -> Combination:
    """The best combination of inequalities and rows that was found, starting from some weights; perhaps it closes.

    Parameters
    ----------
    members
        Inequalities of a set (strict, form); none if the cell is to be shown empty.
    """
    rows = cell_rows(substitution.problem, state)
    record: Choice = {}
    best = judge(substitution, state, members, weights, {}, record=record)
    forms = [form for _, form in members] + [form for form, _ in rows.values()]
    free = [False] * len(members) + [equality for _, equality in rows.values()]
    if len(forms) < 2 and not any(free):
        return best
    for _ in range(ROUNDS):
        deadline.check()
        replaced = substitution.replace(state, forms, choice=record)
        shares = _best_shares(substitution.problem, state, replaced, free, len(members), deadline)
        if shares is None:
            break
        weights, values = shares[: len(members)], shares[len(members) :]
        multipliers = {number: value for number, value in zip(rows, values, strict=True) if value}
        record = {}
        found = judge(substitution, state, members, weights, multipliers, record=record)
        if found.closes(members):
            return found
        if shortfall(found) >= shortfall(best):
            break
        best = found
    return best


def exact_combination(
    substitution: Substitution,
    state: CoverState,
    members: Sequence[tuple[bool, MixedForm]],
    near: Combination,
    deadline: Deadline,
) -> Combination:
    """The best combination with the weights of one that nearly closes, its multipliers of rows found exactly.

    Where a claim is met with equality, multipliers in floats leave a trifle; those of a vertex leave nothing.
    """
    problem = substitution.problem
    record: Choice = {}
    judge(substitution, state, members, near.weights, near.multipliers, record=record)
    rows = cell_rows(problem, state)
    parts = [(weight, form) for weight, (_, form) in zip(near.weights, members, strict=True) if weight]
    asked = [combine_forms(parts), *(form for form, _ in rows.values())]
    objective, *replaced = substitution.replace(state, asked, choice=record)
    if objective is None or None in (*state.lower, *state.upper):
        return near
    used = {number: form for number, form in zip(rows, replaced, strict=True) if form is not None}
    scale = max(form.constant_exponent for form in (objective, *used.values())) + problem.exponent
    sides = list[list[int]]()
    for column, (low, high) in enumerate(zip(state.lower, state.upper, strict=True)):
        for sign, side in ((1, low), (-1, high)):
            assert side is not None, "the box has all its sides"
            unit = [0] * (len(state.lower) + 1)
            unit[column], unit[-1] = sign << problem.exponent, -sign * side
            sides.append(unit)
    for group in problem.groups:
        total = [int(column in group) for column in range(len(state.lower))]
        sides += [[*total, -1], [*(-entry for entry in total), 1]]
    forms = [_whole(form, scale) for form in used.values()]
    equal = [_negative(form) for number, form in zip(used, forms, strict=True) if rows[number][1]]
    names = [*used, *(number for number in used if rows[number][1])]
    best = maximise_exactly([*forms, *equal, *sides], _whole(objective, scale), deadline=deadline)
    if not isinstance(best, ExactOptimum):
        return near
    values = dict[int, fmpq]()
    for place, multiplier in best.multipliers.items():
        if place < len(names):
            sign = 1 if place < len(forms) else -1
            values[names[place]] = values.get(names[place], fmpq(0)) + sign * multiplier
    common = lcm(*(int(value.q) for value in values.values()))
    multipliers = {number: int(value * common) for number, value in values.items() if value}
    weights = tuple(weight * common for weight in near.weights)
    return judge(substitution, state, members, weights, multipliers)


def _whole(form: InputForm, scale: int) -> list[int]:
    """A form as integers over 2^scale."""
    up = scale - form.exponent
    return [*(value << up for value in form.coefficients), form.constant << (scale - form.constant_exponent)]


def _negative(form: Sequence[int]) -> list[int]:
    return [-entry for entry in form]


def cell_rows(problem: CoverProblem, state: CoverState) -> dict[int, tuple[MixedForm, bool]]:
    """Rows of the cell by number, and whether they are equalities."""
    found = {unit: (MixedForm(units={unit: sign}), False) for unit, sign in sorted(state.signs.items())}
    for place, form in enumerate(problem.rows):
        found[problem.units + place] = (form, place >= problem.equalities)
    return found


def shortfall(combination: Combination) -> float:
    """What is missing in multiples of the combination's size, so that combinations can be compared.

    Its weights count for its size, too: where it is best, all that is left of the form may be next to nothing.
    """
    form = combination.inputs
    if combination.excess is None or form is None:
        return np.inf
    size = max([abs(Fraction(value, 1 << form.exponent)) for value in form.coefficients], default=Fraction(0))
    size = max(
        size, abs(Fraction(form.constant, 1 << form.constant_exponent)), Fraction(max(combination.weights, default=0))
    )
    return float(combination.excess / size) if size else 0.0


def _best_shares(
    problem: CoverProblem,
    state: CoverState,
    forms: Sequence[InputForm | None],
    free: Sequence[bool],
    preferred: int,
    deadline: Deadline,
) -> tuple[int, ...] | None:
    """Integer multiples of the forms whose sum has the least maximum, those of free forms of either sign.

    Of combinations that are as good, that with more of the first, preferred ones is taken: only these may be strict.
    """
    lower, upper = _float_box(problem, state)
    width = upper - lower
    width[~np.isfinite(width) | (width == 0)] = 1.0
    anchor = np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), upper, 0.0))
    used = [place for place, form in enumerate(forms) if form is not None]
    table = np.array([_floats(form, anchor, width) for form in forms if form is not None])
    if not used or not np.isfinite(table).all():
        return None
    sizes = np.abs(table).max(axis=1)
    sizes[sizes == 0] = 1.0
    table /= sizes[:, None]
    equal = [row for row, place in enumerate(used) if free[place]]
    signed = np.vstack([table, -table[equal]])
    signed[sum(place < preferred for place in used) :, -1] += PREFERENCE
    columns = len(lower) + 1  # the last one is t, the least of all forms, which is maximised
    A = np.column_stack([-signed[:, :-1], np.ones(len(signed))])
    one_hot = np.zeros((2 * len(problem.groups), columns))
    sums = np.zeros(2 * len(problem.groups))
    for row, group in enumerate(problem.groups):
        one_hot[2 * row, list(group)] = width[list(group)]
        sums[2 * row] = 1.0 - anchor[list(group)].sum()
        one_hot[2 * row + 1], sums[2 * row + 1] = -one_hot[2 * row], -sums[2 * row]
    sides = [np.append((side - anchor) / width, limit) for side, limit in ((lower, -np.inf), (upper, np.inf))]
    solver = HighsSolver(deadline=deadline)
    session = solver.open(np.vstack([A, one_hot]), np.concatenate([signed[:, -1], sums]), sides[0], sides[1])
    answer = session.maximise(np.append(np.zeros(columns - 1), 1.0))
    if answer.status is not LPStatus.OPTIMAL:
        return None
    shares = answer.row_multipliers[: len(signed)].clip(min=0.0)
    shares = shares[: len(table)] - np.bincount(equal, shares[len(table) :], minlength=len(table))
    shares[np.abs(shares) < SMALLEST] = 0.0
    scale = (1 << MULTIPLIER_BITS) * Fraction(float(sizes[shares != 0].max(initial=1.0)))
    whole = {
        place: round(scale * Fraction(float(share)) / Fraction(float(size)))
        for place, share, size in zip(used, shares, sizes, strict=True)
    }
    divisor = gcd(*whole.values()) or 1
    return tuple(whole.get(place, 0) // divisor for place in range(len(forms)))


PREFERENCE = 1e-5
"""What rows count for too much, in comparison with inequalities: beyond a solver's tolerance."""
SMALLEST = 1e-9
"""Shares of a combination below this are noise."""


def _float_box(problem: CoverProblem, state: CoverState) -> tuple[FloatArray, FloatArray]:
    scale = 1 << problem.exponent
    lower = [-np.inf if side is None else nearest_quotient(side, scale) for side in state.lower]
    upper = [np.inf if side is None else nearest_quotient(side, scale) for side in state.upper]
    return np.array(lower), np.array(upper)


def _floats(form: InputForm, anchor: FloatArray, width: FloatArray) -> FloatArray:
    """Coefficients in multiples of the box's widths, and the value at the anchor."""
    coefficients = np.array([nearest_quotient(value, 1 << form.exponent) for value in form.coefficients])
    constant = nearest_quotient(form.constant, 1 << form.constant_exponent)
    return np.append(coefficients * width, constant + coefficients @ anchor)
