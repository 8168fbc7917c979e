"""New bounds of units on a cell, and which of them are worth their place in a file."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from math import frexp, isfinite

from relugeom.certificate.claim_proof.tree import Lines
from relugeom.certificate.cover_proof.enclosure import Ends
from relugeom.certificate.cover_proof.state import CoverState
from relugeom.certificate.cover_proof.substitution import Substitution
from relugeom.certificate.header import hexadecimal
from relugeom.deadline import Deadline

__all__ = ["bound_all", "rebound", "rebound_pairs", "write_bounded"]

BOUND_BITS = 30
"""Significant bits of the largest bound of a level."""
LONGEST_EXPONENT = 1100
BATCH = 128
"""Units that are bounded together."""
MOST_UNITS = 1 << 15
"""Units in one line."""


def bound_all(substitution: Substitution, state: CoverState, deadline: Deadline) -> None:
    """Bound all units, level by level, and choose the exponents of bounds.

    Raises
    ------
    DeadlinePassedError
        Time ran out.
    """
    problem, half = substitution.problem, len(substitution.problem.levels) // 2
    for level in problem.levels:
        units = range(level.first, level.first + level.count)
        if problem.pairs and level.number >= half:  # levels of a pair have the same exponent
            substitution.bits[level.number] = substitution.bits[level.number - half]
            for unit, ends in zip(units, _bounds(substitution, state, units, deadline), strict=True):
                state.tighten(unit, *ends)
            continue
        largest = 0.0
        for start in range(0, len(units), BATCH):
            deadline.check()
            largest = max(largest, substitution.size(state, units[start : start + BATCH]))
        length = frexp(largest)[1] if isfinite(largest) else 0
        substitution.bits[level.number] = max(0, min(BOUND_BITS - length, LONGEST_EXPONENT))
        for unit, ends in zip(units, _bounds(substitution, state, units, deadline), strict=True):
            state.tighten(unit, *ends)
    for level in problem.levels[:half] if problem.pairs else ():
        pairs = range(problem.units + level.first, problem.units + level.first + level.count)
        for pair, ends in zip(pairs, _bounds(substitution, state, pairs, deadline), strict=True):
            state.tighten(pair, *ends)
    state.paired_at = state.sides_of_pairs() if problem.pairs else None


def rebound_pairs(substitution: Substitution, state: CoverState, deadline: Deadline) -> list[int]:
    """Bound differences of pairs anew whose units are not both stable. Returns the pairs that have new bounds."""
    problem, found = substitution.problem, list[int]()
    for level in problem.levels[: len(problem.levels) // 2]:
        sides = state.sides_of_pairs() if level.number == 0 else None
        if sides is not None and sides == state.paired_at:
            continue
        state.paired_at = sides or state.paired_at
        units = range(level.first, level.first + level.count)
        open_ = [
            problem.units + unit for unit in units if state.is_unstable(unit) or state.is_unstable(unit + problem.pairs)
        ]
        for pair, (low, high) in zip(open_, _bounds(substitution, state, open_, deadline), strict=True):
            before = state.low[pair], state.high[pair]
            state.tighten(pair, low, high)
            if before != (state.low[pair], state.high[pair]):
                found.append(pair)
    return found


def rebound(
    substitution: Substitution, state: CoverState, units: Iterable[int], kept: Fraction, deadline: Deadline
) -> list[int]:
    """Bound units anew, and keep what improves enough. Returns the units that have new bounds.

    Units that are stable by their bounds are left alone; those that are split count where they show a contradiction.

    Parameters
    ----------
    kept
        Bounds are kept if the unit becomes stable, or if less than this part of its range is left.
    """
    found: list[int] = []
    asked = sorted({unit for unit in units if unit in state.signs or state.is_unstable(unit)})
    for _, members in groupby(asked, key=substitution.problem.level_of.__getitem__):
        chosen = list(members)
        for unit, (low, high) in zip(chosen, _bounds(substitution, state, chosen, deadline), strict=True):
            if _is_better(state, unit, low, high, kept):
                state.tighten(unit, low, high)
                found.append(unit)
        if state.contradiction:
            break
    return found


def write_bounded(units: Sequence[int], lines: Lines) -> None:
    """The lines that bound some units."""
    for start in range(0, len(units), MOST_UNITS):
        part = units[start : start + MOST_UNITS]
        lines.add(f"n {hexadecimal(part)}", proofs=2 * len(part))


def _bounds(substitution: Substitution, state: CoverState, units: Sequence[int], deadline: Deadline) -> list[Ends]:
    """Bounds of units of one level, which do not depend on each other."""
    found = []
    for start in range(0, len(units), BATCH):
        deadline.check()
        found += substitution.bound_rounded(state, units[start : start + BATCH])
    return found


def _is_better(state: CoverState, unit: int, low: int | None, high: int | None, kept: Fraction) -> bool:
    """Whether new bounds of a unit are worth a number in the file."""
    old_low, old_high = state.low[unit], state.high[unit]
    low = old_low if low is None or (old_low is not None and old_low > low) else low
    high = old_high if high is None or (old_high is not None and old_high < high) else high
    if unit in state.signs:
        return low is not None and high is not None and low > high
    if (low is not None and low >= 0) or (high is not None and high <= 0):
        return True
    if low is None or high is None or old_low is None or old_high is None:
        return (low, high) != (old_low, old_high)
    return high - low < kept * (old_high - old_low)
