"""Lines above and below the difference of what a pair of units puts out, in integers, by the rule of FORMAT.md.

Notation: z and z' are what the units of a pair get, r and r' what they put out, d = z' − z and Δ = r' − r. A line
(p, q, t) is p z + q z' + t, p and q over 2^(2 SLOPE_BITS), t over 2^B more.
"""

from typing import NamedTuple

__all__ = ["SLOPE_BITS", "PairEnds", "PairLine", "line_above"]

SLOPE_BITS = 20
ONE = 1 << SLOPE_BITS
Line = tuple[int, int, int]
PairLine = tuple[Line, Line]
"""The line below a difference, and the one above it."""


class PairEnds(NamedTuple):
    """Bounds of z, z' and d over 2^B; of z and z' there may be none."""

    low: int | None
    high: int | None
    low2: int | None
    high2: int | None
    fall: int
    rise: int


def line_above(ends: PairEnds, share: int | None) -> Line:
    """The line above Δ: a mean of a line in d and of one in z or z', with a share of the first, or the usual one."""
    first, (second, is_usual) = _in_difference(ends), _in_units(ends)
    if second is None:
        p, q, t = first
        return p << SLOPE_BITS, q << SLOPE_BITS, t << SLOPE_BITS
    if share is None:
        share = 0 if is_usual else ONE
    p, q, t = (share * one + (ONE - share) * other for one, other in zip(first, second, strict=True))
    return p, q, t


def _in_difference(ends: PairEnds) -> Line:
    """Between min(0, d) and max(0, d), which are met at the bounds of d; Δ ≤ d where r' = z', as r ≥ z."""
    if _is_active(ends.low2) or ends.fall >= 0:
        return -ONE, ONE, 0
    if ends.rise <= 0:
        return 0, 0, 0
    slope = (ends.rise << SLOPE_BITS) // (ends.rise - ends.fall)
    return -slope, slope, (ONE - slope) * ends.rise


def _in_units(ends: PairEnds) -> tuple[Line | None, bool]:
    """The other line, if there is one, and whether it is the usual one."""
    low, high, low2, high2, fall, rise = ends
    if _is_active(low2):  # Δ = z' − r ≤ z'
        if _is_active(low):
            return None, False
        return (0, ONE, 0), low is None or (high is not None and high < -low)
    if (_is_active(low) or rise > 0) and (low2 is None or high2 is None):
        return None, False
    if _is_active(low):  # Δ = r' − z
        assert low2 is not None
        assert high2 is not None
        return (-ONE, *_ramp(low2, high2)), True
    if rise > 0:  # Δ is at most r' and at most the rise
        assert low2 is not None
        assert high2 is not None
        return (0, *_ramp(low2, min(rise, high2))), 2 * fall > rise and high2 + low2 < 2 * rise
    if rise == 0 or high is None:
        return None, False
    slope = ONE if high <= -rise else (-rise << SLOPE_BITS) // high  # −Δ is at least r, or at least −rise
    return (-slope, 0, 0), low is not None and high + low > 0


def _ramp(low: int, top: int) -> tuple[int, int]:
    """Slope and shift of a line above min(relu(z), top) for z ≥ low, where low < 0 < top."""
    slope = (top << SLOPE_BITS) // (top - low)
    return slope, (ONE - slope) * top


def _is_active(low: int | None) -> bool:
    return low is not None and low >= 0
