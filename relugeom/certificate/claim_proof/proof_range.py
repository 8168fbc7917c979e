"""Over what the left side R of a proof is maximised: the box or a ball for the inputs, its own bounds for each a.

Notation: forms as in `joint_cell.py`, their value times some 2^k; e is the domain's exponent, a relaxed unit's variable
lies in [0, HIGH / 2^e]. Over a ball around c, max R is R(c) plus the radius times the dual norm of the coefficients.
Linear programs see the ball as rows: exactly for l1 (with an auxiliary variable per input) and linf, for l2 as tangent
halfspaces, to which more are added where a point outside the ball is met.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt, lcm

import numpy as np

from relugeom.certificate.claim_proof.joint_cell import CellRow
from relugeom.claims.ball import Ball, Norm
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.proof_form import IntegerBox
from relugeom.linalg.arrays import FloatArray

__all__ = ["ProofRange", "root_above"]

ROOT_BITS = 64
"""Bits to which irrational radii are rounded up."""
TANGENTS, CLOSE = 400, 1e-9
"""How many tangents linear programs may have, and from which relative distance on they are worth adding."""


class ProofRange:
    """The box or ball of a claim, for forms of a size.

    Attributes
    ----------
    rows
        Rows ≥ 0 that hold on the ball, for linear programs; empty for a box, whose sides are rows of the cell.
    """

    def __init__(self, box: IntegerBox, ball: Ball | None, inputs: int, units: int) -> None:
        self._box, self.ball, self._n, self._units = box, ball, inputs, units
        self._size = inputs + units + self.auxiliary(ball, inputs)
        self.rows: list[CellRow] = []
        if ball is not None:
            self._scale = lcm(*(value.denominator for value in (*ball.centre, ball.size)))
            self.rows = [CellRow(None, form) for form in self._ball_rows(ball)]

    @staticmethod
    def auxiliary(ball: Ball | None, inputs: int) -> int:
        """How many auxiliary variables a ball's rows need."""
        return inputs if ball is not None and ball.norm is Norm.L1 else 0

    def sign(self, form: Form, high: Mapping[int, int]) -> int:
        """The sign of max R, exactly; 1 where it is infinite.

        Parameters
        ----------
        form
            R.
        high
            HIGH of every relaxed unit.
        """
        rest, square = self._parts(form, high)
        if rest is None:
            return 1
        if square and rest <= 0:
            return (square > rest**2) - (square < rest**2)
        return 1 if square else (rest > 0) - (rest < 0)

    def above(self, form: Form, high: Mapping[int, int]) -> Fraction | None:
        """An upper bound of max R, as close as may be; None if it is infinite."""
        rest, square = self._parts(form, high)
        return None if rest is None else rest + root_above(square)

    def corner(self, form: Form) -> tuple[Fraction, ...] | None:
        """An input of the box at which a form is largest there; None if that is infinite."""
        scale, found = 1 << self._box.exponent, []
        for slope, low, up in zip(form[: self._n], self._box.lower, self._box.upper, strict=True):
            side = (up if slope > 0 else low) if slope else next((s for s in (low, up) if s is not None), 0)
            if side is None:
                return None
            found.append(Fraction(side, scale))
        return tuple(found)

    def contains(self, point: Sequence[Fraction]) -> bool:
        """Whether an input lies in the ball, exactly; without a ball it does."""
        if self.ball is None:
            return True
        steps = [abs(x - c) for x, c in zip(point, self.ball.centre, strict=True)]
        if self.ball.norm is Norm.L2:
            return sum((step**2 for step in steps), Fraction(0)) <= self.ball.size
        return (sum(steps, Fraction(0)) if self.ball.norm is Norm.L1 else max(steps)) <= self.ball.size

    def is_beyond(self, point: FloatArray) -> bool:
        """Whether a float point lies so far outside an l2 ball that one more tangent would help."""
        if self.ball is None or self.ball.norm is not Norm.L2 or len(self.rows) > 2 * self._n + TANGENTS:
            return False
        steps = point - np.array([float(c) for c in self.ball.centre])
        return float(steps @ steps) > float(self.ball.size) * (1.0 + CLOSE)

    def cut(self, point: Sequence[Fraction]) -> bool:
        """Add a row of an l2 ball that a point outside violates; False where there is none to add."""
        if self.ball is None or self.ball.norm is not Norm.L2 or self.contains(point):
            return False
        steps = [x - c for x, c in zip(point, self.ball.centre, strict=True)]
        largest = max(map(abs, steps))
        normal = [round(step / largest * (1 << 30)) for step in steps]
        self.rows.append(CellRow(None, self._tangent(normal)))
        return True

    def _parts(self, form: Form, high: Mapping[int, int]) -> tuple[Fraction | None, Fraction]:
        """max R as a rational (None: infinite) plus the square root of a rational."""
        n, e = self._n, self._box.exponent
        relaxed = sum(max(0, form[n + unit]) * value for unit, value in high.items())
        if self.ball is None:
            total = (form[-1] << e) + relaxed
            for slope, low, up in zip(form[:n], self._box.lower, self._box.upper, strict=True):
                if slope:
                    side = up if slope > 0 else low
                    if side is None:
                        return None, Fraction(0)
                    total += slope * side
            return Fraction(total, 1 << e), Fraction(0)
        slopes = form[:n]
        rest = form[-1] + Fraction(relaxed, 1 << e)
        rest += sum((slope * c for slope, c in zip(slopes, self.ball.centre, strict=True) if slope), Fraction(0))
        if self.ball.norm is Norm.L2:
            return rest, self.ball.size * sum(slope**2 for slope in slopes)
        steep = (max if self.ball.norm is Norm.L1 else sum)(map(abs, slopes))
        return rest + self.ball.size * steep, Fraction(0)

    def _ball_rows(self, ball: Ball) -> list[list[int]]:
        rows = []
        for k in range(self._n):
            for sign in (1, -1):
                if ball.norm is Norm.L2:
                    rows.append(self._tangent([sign * int(place == k) for place in range(self._n)]))
                    continue
                form = [0] * (self._size + 1)  # radius − sign (x − c) ≥ 0; for l1, s − sign (x − c) ≥ 0
                form[k], form[-1] = -sign * self._scale, int(sign * ball.centre[k] * self._scale)
                if ball.norm is Norm.L1:
                    form[self._n + self._units + k] = self._scale
                else:
                    form[-1] += int(ball.size * self._scale)
                rows.append(form)
        if ball.norm is Norm.L1:
            form = [0] * (self._size + 1)
            form[self._n + self._units : -1] = [-self._scale] * self._n
            form[-1] = int(ball.size * self._scale)
            rows.append(form)
        return rows

    def _tangent(self, normal: Sequence[int]) -> list[int]:
        """normal·(x − c) ≤ radius ‖normal‖, the right side rounded up."""
        assert self.ball is not None
        reach = root_above(self.ball.size * sum(entry**2 for entry in normal))
        reach += sum((entry * c for entry, c in zip(normal, self.ball.centre, strict=True)), Fraction(0))
        form = [0] * (self._size + 1)
        form[: self._n] = [-entry * reach.denominator for entry in normal]
        form[-1] = reach.numerator
        return form


def root_above(value: Fraction) -> Fraction:
    """The square root of a rational ≥ 0, exactly where it is one, else a little more."""
    p, q = value.numerator, value.denominator
    root = Fraction(isqrt(p), isqrt(q))
    if root**2 == value:
        return root
    return Fraction(isqrt((p << 2 * ROOT_BITS) // q) + 1, 1 << ROOT_BITS)
