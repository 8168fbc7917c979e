"""Linear rows of a domain in bounds over cells: what an inequality allows in a box beyond its sides.

Notation: a row is r(x) = c + a·x with r ≥ 0 on the domain, for the inputs of each copy; an equality is two. For a form
R and λ ≥ 0, R + λ r is at least R wherever the row holds, so its maximum over the box is a bound as well.

The one idea: that maximum is convex in λ and its derivative is r at the input that reaches it, so where lines through
both ends of an interval meet is the next λ; the best one is found after finitely many of them. Rows take their turn. A
cell in which a row is < 0 everywhere holds no input of the domain, and the bound there is −∞.

Floats err as they do in `relaxation.py`.
"""

from dataclasses import dataclass, field

import numpy as np

from relugeom.bounding.cells import Cells
from relugeom.bounding.relaxation import Forms, Relaxation
from relugeom.linalg.arrays import BoolArray, FloatArray

__all__ = ["within_rows"]

TURNS, TRIED, WIDER = 2, 12, 8
"""Turns of all rows if there are several, values of λ of each that are tried, and how often an interval is widened."""


def within_rows(relaxation: Relaxation, forms: Forms, cells: Cells) -> Forms:
    """Forms that are at least the given ones on the domain, and whose maxima over the cells are no larger."""
    rows = relaxation.problem.domain_rows
    if not len(rows.constant):
        return forms
    for _ in range(TURNS if len(rows.constant) > 1 else 1):
        for a, c in zip(rows.inputs, rows.constant.tolist(), strict=True):
            forms = _with_row(relaxation, forms, cells, _Row(relaxation, a, c))
    empty = cells_without_inputs(relaxation, cells)
    if empty.any():
        constant, slopes = forms.constant.copy(), forms.slopes.copy()
        constant[empty], slopes[empty] = -np.inf, 0.0
        forms = Forms(slopes, constant, forms.error)
    return forms


def cells_without_inputs(relaxation: Relaxation, cells: Cells) -> BoolArray:
    """Cells in which some row is < 0 everywhere, shape (B,)."""
    rows = relaxation.problem.domain_rows
    shape = (len(cells), len(rows.constant))
    slopes = np.broadcast_to(rows.inputs, (*shape, relaxation.problem.inputs))
    error = np.broadcast_to(relaxation.gamma * relaxation.size_of(rows.inputs, rows.constant), shape)
    forms = Forms(slopes, np.array(np.broadcast_to(rows.constant, shape)), error)
    return np.asarray((relaxation.maximum(forms, cells) < 0.0).any(axis=1))


@dataclass(slots=True)
class _Row:
    """One row, and what a multiple of it errs by."""

    relaxation: Relaxation
    a: FloatArray
    c: float
    size: float = field(init=False)

    def __post_init__(self) -> None:
        self.size = float(self.relaxation.size_of(self.a, np.array(self.c)))

    def added(self, forms: Forms, share: FloatArray) -> Forms:
        """Forms with multiples of the row, shape (B, R)."""
        moved = np.abs(forms.slopes) @ self.relaxation.reach + share * self.size
        error = forms.error + np.where(share > 0.0, self.relaxation.gamma * moved, 0.0)
        return Forms(forms.slopes + share[:, :, None] * self.a, forms.constant + share * self.c, error)


def _with_row(relaxation: Relaxation, forms: Forms, cells: Cells, row: _Row) -> Forms:
    """Forms with the multiple of a row by which their maxima are least, as floats see it."""

    def at(share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The maxima, and their derivatives."""
        moved = row.added(forms, share)
        return relaxation.maximum(moved, cells), relaxation.maximiser(moved, cells) @ row.a + row.c

    low = np.zeros(forms.constant.shape)
    value, fall = at(low)
    best, reached, may_fall = low, value, fall < 0.0
    if not may_fall.any():
        return forms
    high = np.abs(forms.slopes).max(axis=-1, initial=0.0) / max(float(np.abs(row.a).max()), 1e-300)
    for _ in range(WIDER):
        value_high, rise = at(high)
        short = may_fall & (rise < 0.0)
        best, reached = _better(best, reached, high, value_high)
        if not short.any():
            break
        low, value, fall = (np.where(short, new, old) for new, old in ((high, low), (value_high, value), (rise, fall)))
        high = np.where(short, 4.0 * high, high)
    for _ in range(TRIED):
        crossing = (value - value_high + rise * high - fall * low) / (rise - fall)
        share = np.clip(np.where(np.isfinite(crossing), crossing, low), low, high)
        found, slope = at(share)
        best, reached = _better(best, reached, share, found)
        left = slope < 0.0
        same = (share <= low) | (share >= high)
        low, value, fall = (np.where(left, new, old) for new, old in ((share, low), (found, value), (slope, fall)))
        high, value_high, rise = (
            np.where(left, old, new) for new, old in ((share, high), (found, value_high), (slope, rise))
        )
        if (same | ~may_fall).all():
            break
    return row.added(forms, np.where(may_fall, best, 0.0))


def _better(
    best: FloatArray, reached: FloatArray, share: FloatArray, found: FloatArray
) -> tuple[FloatArray, FloatArray]:
    better = found < reached
    return np.where(better, share, best), np.where(better, found, reached)
