"""The slope of an output in an input on a cell, by intervals from the output down."""

from collections.abc import Sequence

from flint import fmpz

from relugeom.certificate.cover_proof.problem import CoverProblem, Level
from relugeom.certificate.cover_proof.state import CoverState
from relugeom.claims.claim import Monotone

__all__ = ["has_slope"]


def has_slope(problem: CoverProblem, claim: Monotone, state: CoverState) -> bool:
    """Whether intervals show that the slope has the claimed sign on the whole cell."""
    levels = problem.copies[0]
    low = high = _row(levels[-1], claim.output)
    for below in reversed(levels[:-1]):
        low, high = _through_relu(state, below, low, high)
        low, high = _times(below, low, high)
    return low[claim.feature] >= 0 if claim.direction > 0 else high[claim.feature] <= 0


def _row(level: Level, place: int) -> list[fmpz]:
    width = level.matrix.ncols()
    entries: list[fmpz] = level.matrix.entries()[place * width : (place + 1) * width - 1]
    return entries


def _through_relu(
    state: CoverState, level: Level, low: Sequence[fmpz], high: Sequence[fmpz]
) -> tuple[list[fmpz], list[fmpz]]:
    """Coefficients of z from those of relu(z): the same, 0, or all between."""
    zero, lows, highs = fmpz(0), [], []
    for place in range(level.count):
        unit = level.first + place
        most, least = state.high[unit], state.low[unit]
        if most is not None and most <= 0:
            lows.append(zero)
            highs.append(zero)
        elif least is not None and least >= 0:
            lows.append(low[place])
            highs.append(high[place])
        else:
            lows.append(min(low[place], zero))
            highs.append(max(high[place], zero))
    return lows, highs


def _times(level: Level, low: Sequence[fmpz], high: Sequence[fmpz]) -> tuple[list[fmpz], list[fmpz]]:
    """An interval of rows times the weights of a level."""
    width, entries = level.matrix.ncols(), level.matrix.entries()
    lows, highs = [fmpz(0)] * (width - 1), [fmpz(0)] * (width - 1)
    for place in range(level.count):
        least, most = low[place], high[place]
        if not least and not most:
            continue
        for column in range(width - 1):
            weight = entries[place * width + column]
            ends = (least, most) if weight > 0 else (most, least)
            lows[column] += weight * ends[0]
            highs[column] += weight * ends[1]
    return lows, highs
