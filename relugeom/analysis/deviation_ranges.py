"""Exact ranges of coefficients of maps that change no prediction by more than ε and have a small norm.

Notation: samples x_i and a map ω; another one is ω + d, with its constant moved so that the prediction at x_0 moves by
c. The linear programs stand in (d, c, t) with t_j ≥ |ω_j + d_j| − |ω_j|, what the change adds to the norm:

    |d·(x_i − x_0) + c| ≤ ε for every sample,        Σ w_j (|ω_j| + t_j) ≤ B

The one idea: few samples matter to an optimum. Floats find them, adding the samples that a proposed map misses most
until none is missed; the program over these few is settled in rationals; then its optimum is held against every sample,
by floats where their error bound allows it and exactly elsewhere, and samples that it misses join the program. An
optimum over some samples that keeps to all of them is the optimum over all.

Features are measured in powers of two near 1 / w, and d, c and t in one near ε: that changes no digit, and floats see
numbers near 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
from flint import fmpq

from relugeom.analysis.coefficient_ranges import integer_form
from relugeom.geometry.exact_simplex import ExactOptimum, Form, maximise_form
from relugeom.geometry.forms import float_point, shadow
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSession, LPStatus
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational, rational_point
from relugeom.linalg.rounding import sum_error

__all__ = ["DeviationPrograms"]

ROUNDS = 100
"""Most float programs of one search; after them, the exact program continues alone."""
MISSED = 1e-9
"""Relative excess over ε in floats at which a sample joins a program."""

Side = tuple[int, int]
"""A sample, and 1 where its prediction may not rise by more than ε, −1 where it may not fall."""


class DeviationPrograms:
    """The maps that keep within ε of ω on some samples, asked for their least norm and their coefficients.

    Parameters
    ----------
    samples
        At least one, shape (s, n); each feature varies.
    omega
        ω, n rationals.
    weights
        w > 0, shape (n,).
    change
        ε > 0.
    expired
        Whether time has run out, asked before each exact program; answers are then None.
    """

    def __init__(
        self,
        samples: FloatArray,
        omega: Sequence[fmpq],
        weights: FloatArray,
        change: float,
        *,
        expired: Callable[[], bool] = lambda: False,
    ) -> None:
        self._n, self._samples, self._first = len(omega), samples, rational_point(samples[0])
        exact_weights = rational_point(weights)
        self._norm = sum((w * abs(o) for w, o in zip(exact_weights, omega, strict=True)), fmpq(0))
        self._change, self._expired = rational(change), expired
        # With x = y / unit the weights are w · unit, near 1, and coefficients are those of x divided by unit.
        self._units = [1 / _power(weight) for weight in exact_weights]
        self._step = _power(self._change)
        self._weights = [weight * unit for weight, unit in zip(exact_weights, self._units, strict=True)]
        self._omega = [o / unit / self._step for o, unit in zip(omega, self._units, strict=True)]
        self._bound = self._change / self._step
        self._table = _differences(samples, float_point(self._units))
        self._rows: list[Form] = []
        self._held: list[Side] = [(0, 1), (0, -1)]
        self._session: LPSession
        self._open([])

    def least_norm(self) -> fmpq | None:
        """μ, the least norm of a map."""
        objective = [fmpq(0)] * (self._n + 1) + [-weight for weight in self._weights] + [fmpq(0)]
        gain = self._maximum(objective)
        return None if gain is None else self._norm - gain * self._step

    def bound_norm(self, bound: fmpq) -> None:
        """Keep to maps with norm ≤ bound, at least μ, from now on."""
        spare = (bound - self._norm) / self._step
        self._open([_form([*[fmpq(0)] * (self._n + 1), *(-weight for weight in self._weights), spare])])

    def coefficient_range(self, feature: int) -> tuple[fmpq, fmpq] | None:
        """The least and the largest coefficient of a feature; the norm is bounded."""
        objective = [fmpq(place == feature) for place in range(2 * self._n + 1)] + [self._omega[feature]]
        scale = self._step * self._units[feature]
        highest, depth = self._maximum(objective), self._maximum([-entry for entry in objective])
        return None if highest is None or depth is None else (-depth * scale, highest * scale)

    def _open(self, bounds: list[Form]) -> None:
        """Start from the bounds, the rows t_j ≥ ±(ω_j + d_j) − |ω_j|, and the samples held so far."""
        self._rows = []
        free = np.full(2 * self._n + 1, np.inf)
        self._session = HighsSolver().open(np.zeros((0, len(free))), np.zeros(0), -free, free)
        for form in bounds:
            self._add(form)
        for feature, own in enumerate(self._omega):
            for sign in (1, -1):
                row = [fmpq(0)] * (2 * self._n + 2)
                row[feature], row[self._n + 1 + feature], row[-1] = fmpq(-sign), fmpq(1), abs(own) - sign * own
                self._add(_form(row))
        held, self._held = self._held, []
        for side in held:
            self._hold(side)

    def _add(self, form: Form) -> None:
        """One more row, h ≥ 0, for both programs."""
        self._rows.append(form)
        values = shadow(form)[0]
        values /= np.abs(values[:-1]).max()
        self._session.add_row(-values[:-1], float(values[-1]))

    def _hold(self, side: Side) -> int:
        """Add ε − sign (d·(x_i − x_0) + c) ≥ 0, unless it is there; the number of the row."""
        own = len(self._rows) - len(self._held)
        if side in self._held:
            return own + self._held.index(side)
        sample, sign = side
        moved = self._moved(sample)
        self._add(_form([*(-sign * entry for entry in moved), fmpq(-sign), *[fmpq(0)] * self._n, self._bound]))
        self._held.append(side)
        return len(self._rows) - 1

    def _maximum(self, objective: Sequence[fmpq]) -> fmpq | None:
        if self._expired():
            return None
        form, scale = integer_form(objective)
        tight = self._search(shadow(form)[0][:-1])
        own = len(self._rows) - len(self._held)
        chosen = [*range(own + 2), *(row for row in tight if row >= own + 2)]
        hint = [chosen.index(row) for row in tight]
        while not self._expired():
            optimum = maximise_form([self._rows[row] for row in chosen], form, hint=hint)
            if not isinstance(optimum, ExactOptimum):
                raise AssertionError("ω itself is a map, and the norm or the objective bounds the program")
            missed = self._missed(optimum.point[: self._n], optimum.point[self._n])
            if not missed:
                return optimum.value / scale
            hint = [*optimum.multipliers]
            chosen += [self._hold(side) for side in missed]
        return None

    def _search(self, objective: FloatArray) -> list[int]:
        """Hold the samples that matter to floats; the rows that are tight at the end."""
        tight: list[int] = []
        change = float_point([self._bound])[0] * (1 + MISSED)
        for _ in range(ROUNDS):
            solution = self._session.maximise(objective)
            if solution.status is not LPStatus.OPTIMAL:
                break
            tight = list(solution.tight_rows)
            value = self._table @ solution.x[: self._n] + solution.x[self._n]
            missed = [
                (sample, sign)
                for sample, sign in ((int(value.argmax()), 1), (int(value.argmin()), -1))
                if sign * value[sample] > change and (sample, sign) not in self._held
            ]
            if not missed:
                break
            for side in missed:
                self._hold(side)
        return tight

    def _missed(self, d: list[fmpq], c: fmpq) -> list[Side]:
        """The sample that (d, c) misses most on either side; none where |d·(x_i − x_0) + c| ≤ ε for all."""
        slopes, constant, change = float_point(d), float_point([c])[0], float_point([self._bound])[0]
        with np.errstate(over="ignore", invalid="ignore"):
            value = self._table @ slopes + constant
            # Each entry of the table and each coefficient was rounded too; the factor 2 inside the bound covers it.
            error = sum_error(np.abs(self._table) @ np.abs(slopes) + np.abs(constant) + change, self._n + 2)
            doubtful = ~(np.abs(value) + error <= change)
        worst = {1: (self._bound, -1), -1: (self._bound, -1)}
        for sample in np.flatnonzero(doubtful).tolist():
            exact = sum((slope * entry for slope, entry in zip(d, self._moved(sample), strict=True)), c)
            sign = 1 if exact > 0 else -1
            if abs(exact) > worst[sign][0]:
                worst[sign] = (abs(exact), sample)
        return [(sample, sign) for sign, (_, sample) in worst.items() if sample >= 0]

    def _moved(self, sample: int) -> list[fmpq]:
        """(x_i − x_0) · unit, exactly."""
        here = rational_point(self._samples[sample])
        return [(a - b) * unit for a, b, unit in zip(here, self._first, self._units, strict=True)]


def _form(row: Sequence[fmpq]) -> Form:
    return integer_form(row)[0]


def _power(value: fmpq) -> fmpq:
    """The power of two next to a positive rational."""
    exponent = int(value.p).bit_length() - int(value.q).bit_length()
    return fmpq(1 << exponent) if exponent >= 0 else fmpq(1, 1 << -exponent)


def _differences(samples: FloatArray, units: FloatArray) -> FloatArray:
    """(x_i − x_0) · unit, each rounded at most once; NaN, which no float decides, where that is not possible."""
    with np.errstate(all="ignore"):
        differences = samples - samples[0]
        table = differences * units
        faithful = (np.abs(table) >= np.finfo(np.float64).tiny) | (differences == 0)
    return np.where(faithful & np.isfinite(table), table, np.nan)
