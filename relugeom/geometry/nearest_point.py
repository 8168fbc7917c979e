"""Nearest points: the point of a polyhedron that is nearest to a given one, exactly, in three norms.

Notation: the polyhedron is {x : h_i(x) ≥ 0} with integer forms h = (c₁, …, c_n, c₀); p is the given point, rational.
For l1 and linf the nearest point solves a linear program. For l2 it is the projection: x = p + Σ λ_i c_i with λ_i ≥ 0
on the rows that are 0 at x; floats propose those rows [Lawson & Hanson, *Solving least squares problems* (1974),
chapter 23], rational arithmetic solves for λ, and the primal active-set method continues from there if the proposal is
wrong [Nocedal & Wright, *Numerical optimization* (2006), section 16.5].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpq, fmpq_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactOptimum, Form
from relugeom.geometry.forms import form_signs, shadow_rows
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.exact import as_fraction, evaluate_form

__all__ = ["Projection", "nearest_in_l1", "nearest_in_l2", "nearest_in_linf", "project"]

Nearest = tuple[Fraction, tuple[Fraction, ...]]


@dataclass(frozen=True, slots=True)
class Projection:
    """The nearest point x in l2: x − p = Σ multiplier_i c_i, with multipliers ≥ 0 of rows that are 0 at x."""

    point: list[fmpq]
    multipliers: dict[int, fmpq]


def nearest_in_linf(rows: Sequence[Form], p: Sequence[Fraction], *, deadline: Deadline = NEVER) -> Nearest | None:
    """The least max |x_k − p_k| and a point that has it; None if the polyhedron is empty."""
    n, scale = len(p), lcm(*(value.denominator for value in p))
    program = [[*row[:n], 0, row[n]] for row in rows]
    for k, value in enumerate(p):
        gap = [scale * (j == k) for j in range(n)], int(value * scale)
        program += [[*(-c for c in gap[0]), scale, gap[1]], [*gap[0], scale, -gap[1]]]  # t ≥ ±(x_k − p_k)
    return _least(program, [*[0] * n, -1, 0], n, deadline)


def nearest_in_l1(rows: Sequence[Form], p: Sequence[Fraction], *, deadline: Deadline = NEVER) -> Nearest | None:
    """The least Σ |x_k − p_k| and a point that has it; None if the polyhedron is empty."""
    n, scale = len(p), lcm(*(value.denominator for value in p))
    program = [[*row[:n], *[0] * n, row[n]] for row in rows]
    for k, value in enumerate(p):
        gap = [scale * (j == k) for j in range(n)], int(value * scale)
        program += [[*(-c for c in gap[0]), *gap[0], gap[1]], [*gap[0], *gap[0], -gap[1]]]  # t_k ≥ ±(x_k − p_k)
    return _least(program, [*[0] * n, *[-1] * n, 0], n, deadline)


def nearest_in_l2(rows: Sequence[Form], p: Sequence[Fraction], *, deadline: Deadline = NEVER) -> Nearest | None:
    """The least Σ (x_k − p_k)² and the point that has it; None if the polyhedron is empty."""
    found = project(rows, p, deadline=deadline)
    if found is None:
        return None
    point = tuple(map(as_fraction, found.point))
    return sum(((x - c) ** 2 for x, c in zip(point, p, strict=True)), Fraction(0)), point


def project(rows: Sequence[Form], p: Sequence[Fraction], *, deadline: Deadline = NEVER) -> Projection | None:
    """The nearest point in l2 with its multipliers; None if the polyhedron is empty.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before it was found.
    """
    centre = [fmpq(value.numerator, value.denominator) for value in p]
    proposed = _proposed_rows(rows, p)
    guess = _projection(rows, proposed, centre)
    if guess is not None and min(guess[1], default=fmpq(0)) >= 0 and _holds(rows, guess[0], deadline):
        return Projection(guess[0], dict(zip(proposed, guess[1], strict=True)))
    found = find_strict_point(rows, [], len(p), deadline=deadline)
    return _active_set(rows, centre, list(found.point), deadline) if isinstance(found, Witness) else None


def _least(program: Sequence[Form], objective: Form, n: int, deadline: Deadline) -> Nearest | None:
    found = maximise_exactly(program, objective, deadline=deadline)
    if not isinstance(found, ExactOptimum):
        return None
    return -as_fraction(found.value), tuple(map(as_fraction, found.point[:n]))


def _holds(rows: Sequence[Form], x: Sequence[fmpq], deadline: Deadline) -> bool:
    return all(sign >= 0 for sign in form_signs(rows, x, deadline=deadline))


def _proposed_rows(rows: Sequence[Form], p: Sequence[Fraction]) -> list[int]:
    """Rows that are probably 0 at the nearest point, by least distance programming in floats."""
    if not rows:  # SciPy 1.17 frees memory twice on a table without columns
        return []
    from scipy.optimize import nnls  # loaded only where there are l2 balls, as it takes long

    A, b = shadow_rows(rows, len(p))  # A x ≤ b; with u = x − p: −A u ≥ A p − b
    table = np.vstack([-A.T, A @ np.array([float(value) for value in p]) - b])
    try:
        weights = nnls(table, np.append(np.zeros(len(p)), 1.0))[0]
    except RuntimeError:  # it gave up: nothing is proposed
        return []
    return [int(row) for row in np.argsort(-weights, kind="stable") if weights[row] > 0]


def _projection(rows: Sequence[Form], chosen: Sequence[int], p: Sequence[fmpq]) -> tuple[list[fmpq], list[fmpq]] | None:
    """The projection of p onto the points where the chosen rows are 0, and its λ; None if they are dependent.

    A row about one coordinate, such as a side of a box, fixes it: such rows may be many, and only the others make a
    system, of the coordinates that are left.
    """
    used = {row: [k for k, c in enumerate(rows[row][:-1]) if c] for row in chosen}
    fixing = {places[0]: row for row, places in used.items() if len(places) == 1}
    others = [row for row in chosen if len(used[row]) != 1]
    if len(fixing) + len(others) < len(chosen):
        return None
    x = list(p)
    for k, row in fixing.items():
        x[k] = fmpq(-int(rows[row][-1]), int(rows[row][k]))
    free = [k for k in range(len(p)) if k not in fixing]
    C = fmpq_mat(len(others), len(free), [fmpq(int(rows[row][k])) for row in others for k in free])
    gaps = fmpq_mat(len(others), 1, [-evaluate_form(rows[row], x) for row in others])
    try:
        solved = (C * C.transpose()).solve(gaps) if others else gaps
    except ZeroDivisionError:
        return None
    found = {row: solved[place, 0] for place, row in enumerate(others)}
    for place, k in enumerate(free):
        x[k] += sum((C[number, place] * found[row] for number, row in enumerate(others)), fmpq(0))
    for k, row in fixing.items():
        pulled = sum((int(rows[each][k]) * found[each] for each in others), fmpq(0))
        found[row] = (x[k] - p[k] - pulled) / int(rows[row][k])
    return x, [found[row] for row in chosen]


def _active_set(rows: Sequence[Form], p: Sequence[fmpq], x: list[fmpq], deadline: Deadline) -> Projection:
    """The projection of p onto the polyhedron, from a point x of it; the smallest index leaves, so that it ends."""
    working: list[int] = []
    while True:
        deadline.check()
        solved = _projection(rows, working, p)
        if solved is None:
            raise AssertionError("rows enter the working set only where they are independent of it")
        target, multipliers = solved
        steps = [t - c for t, c in zip(target, x, strict=True)]
        if not any(steps):
            wrong = [row for row, value in zip(working, multipliers, strict=True) if value < 0]
            if not wrong:
                return Projection(x, dict(zip(working, multipliers, strict=True)))
            working.remove(min(wrong))
            continue
        share, entering = fmpq(1), -1
        for number, row in enumerate(rows):
            deadline.check()
            slope = sum((c * s for c, s in zip(row[:-1], steps, strict=True)), fmpq(0))
            if slope < 0 and number not in working:
                reach = evaluate_form(row, x) / -slope
                if reach < share:
                    share, entering = reach, number
        x = [c + share * s for c, s in zip(x, steps, strict=True)]
        if entering >= 0:
            working.append(entering)
