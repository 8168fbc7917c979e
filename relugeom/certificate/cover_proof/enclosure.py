"""Bounds that the rule of FORMAT.md gives, without exact arithmetic where floats settle their rounding.

The one idea: a bound is a maximum that is rounded outwards to a multiple of 2^-B. Back-substitution in floats, with a
bound on all of its own rounding, encloses that maximum; if both ends of the enclosure are rounded to the same integer,
this is the bound that the rule gives. Only the few others are computed exactly.

Notation: R are coefficients of what units put out, or of z, and C constants, one row per maximum; E and D bound how far
these are from the exact ones. A sum of n products, in any order, is wrong by at most γ Σ |products|, where γ = n u /
(1 − n u).
"""

from collections.abc import Sequence

import numpy as np

from relugeom.certificate.cover_proof.float_cell import FloatProblem, box_maxima
from relugeom.certificate.cover_proof.state import SLOPE_BITS, CoverState, LevelLines
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import nearest_quotient

__all__ = ["Enclosure", "Ends"]

UNIT = 2.0**-53
MARGIN = 1.0 + 1e-6
"""What the computation of error bounds may be wrong by itself."""
UNDERFLOW = 1e-250
"""More than all underflows of a sum together."""
LARGEST = 2.0**52
"""Below this all integers are floats."""
Ends = tuple[int | None, int | None]
"""Bounds over 2^B."""


class Enclosure:
    """Encloses maxima on the cells of one problem."""

    def __init__(self, floats: FloatProblem) -> None:
        self._floats, self._problem = floats, floats.problem
        self._sizes = [[(np.abs(level.weights), np.abs(level.biases)) for level in copy] for copy in floats.copies]

    def bounds(self, state: CoverState, units: Sequence[int], bits: Sequence[int]) -> list[Ends | None]:
        """Bounds of z of units of one level over 2^B, B in bits by level; None where floats do not tell."""
        number = self._problem.level_of[units[0]]
        found = self._enclosed(state, units, bits)
        if found is None:
            return [None] * len(units)
        values, errors, sure = found
        with np.errstate(all="ignore"):
            low = np.ceil(np.nextafter(np.ldexp(values - errors, bits[number]), -np.inf))
            high = np.ceil(np.nextafter(np.ldexp(values + errors, bits[number]), np.inf))
            sure &= (low == high) & (np.abs(high) < LARGEST)
        ends = high.tolist()
        flags, count = sure.tolist(), len(units)
        return [(-int(ends[k]), int(ends[count + k])) if flags[k] and flags[count + k] else None for k in range(count)]

    def sizes(self, state: CoverState, units: Sequence[int], bits: Sequence[int]) -> FloatArray | None:
        """About how large the bounds of units of one level are; None if floats do not tell."""
        found = self._enclosed(state, units, bits)
        if found is None or not np.isfinite(found[0]).all():
            return None
        return np.abs(found[0])

    @np.errstate(all="ignore")
    def _enclosed(
        self, state: CoverState, units: Sequence[int], bits: Sequence[int]
    ) -> tuple[FloatArray, FloatArray, BoolArray] | None:
        """Maxima of −z of all units, then of z; bounds of their errors; and whether both are to be trusted."""
        copy, layer = self._floats.place_of[self._problem.level_of[units[0]]]
        levels = self._floats.copies[copy]
        if state.contradiction or None in state.lower or None in state.upper:
            return None
        asked = np.array(units) - levels[layer].level.first
        rows, biases = levels[layer].weights[asked], levels[layer].biases[asked]
        R, C = np.vstack([-rows, rows]), np.concatenate([-biases, biases])
        E, D, sure = np.zeros_like(R), np.zeros_like(C), np.ones(len(C), dtype=np.bool_)
        for place in range(layer - 1, -1, -1):
            level, (weights, offsets) = levels[place].level, self._sizes[copy][place]
            lines = state.lines(level.number, level.first, level.count)
            if lines.unlimited:
                return None
            below, above, shift = _float_lines(lines, level.count, bits[level.number])
            g = _gamma(level.count)
            rising = R > 0
            sure &= ~((np.abs(R) <= E) & (E > 0) & ((below != above) | (shift != 0))).any(axis=1)
            shifts = np.where(rising, shift, 0.0)
            slopes = np.where(rising, above, below)
            terms = R * shifts
            D = D + (E * shifts).sum(axis=1) + g * (np.abs(C) + np.abs(terms).sum(axis=1))
            C = C + terms.sum(axis=1)
            R = R * slopes
            spread = E * slopes + g * np.abs(R) + UNDERFLOW
            D = D + spread @ offsets + g * np.abs(C) + UNDERFLOW
            C = C + R @ levels[place].biases
            E = spread @ weights + UNDERFLOW
            R = R @ levels[place].weights
        return (*self._on_box(state, copy, R, C, E, D), sure)

    def _on_box(
        self, state: CoverState, copy: int, R: FloatArray, C: FloatArray, E: FloatArray, D: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Maxima of forms in a copy's inputs on the box, and bounds of their errors."""
        scale = 1 << self._problem.exponent
        lower = np.array([nearest_quotient(side, scale) for side in state.lower if side is not None])
        upper = np.array([nearest_quotient(side, scale) for side in state.upper if side is not None])
        columns = list(self._problem.columns[copy])
        table = np.zeros((len(C), len(lower)))
        table[:, columns] = R
        reach = np.maximum(np.abs(lower), np.abs(upper))
        for group in self._floats.groups:  # what is left of 1 is known up to as many roundings as there are members
            reach[group] = 2.0 + (np.abs(lower[group]) + np.abs(upper[group])).sum()
        reach, g = reach[columns], 2 * _gamma(len(lower))
        errors = D + E @ reach + g * (np.abs(C) + np.abs(R) @ reach) + UNDERFLOW
        return box_maxima(self._floats, lower, upper, table, C), errors * MARGIN


def _gamma(count: int) -> float:
    """γ of a sum of as many products, each of which may be rounded twice before."""
    return (count + 4) * UNIT * MARGIN


def _float_lines(lines: LevelLines, count: int, bits: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lower slopes, upper slopes and shifts of all units of a level; the shifts are rounded."""
    below, above, shift = np.zeros(count), np.zeros(count), np.zeros(count)
    alive = np.array(lines.alive, dtype=np.intp)
    below[alive] = lines.below
    above[alive] = lines.above
    for place, value in lines.shifts:
        shift[lines.alive[place]] = nearest_quotient(value, 1 << SLOPE_BITS + bits)
    return below * 2.0**-SLOPE_BITS, above * 2.0**-SLOPE_BITS, shift
