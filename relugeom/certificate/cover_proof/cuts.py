"""Where inputs are bisected, in short numbers, and the exponent of the box in which all of them are integers."""

from math import floor, inf, isfinite, log2

from relugeom.claims.cover_tree import CoverTree, NodeKind
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import scaled_integers

__all__ = ["LONGEST_EXPONENT", "box_exponent", "short_cuts"]

LONGEST_EXPONENT = 1100
CUT_BITS = 16
"""A cut is moved by less than the width of its cell over 2^CUT_BITS, so that it is short."""


def short_cuts(tree: CoverTree, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Values at which to bisect, or below which to branch, one per node (0 at others).

    Parameters
    ----------
    lower, upper
        The box of all inputs, those of a copy's own after x.
    """
    values = tree.value.copy()
    low, high = lower.tolist(), upper.tolist()
    later: list[tuple[list[float], list[float]]] = []
    for node, (kind, column) in enumerate(zip(tree.kind.tolist(), tree.index.tolist(), strict=True)):
        if kind <= NodeKind.EMPTY:
            low, high = later.pop() if later else (low, high)
        elif kind == NodeKind.SPLIT:
            later.append((low[:], high[:]))
        else:
            value = float(values[node])
            if kind == NodeKind.BISECT:
                values[node] = value = _short(value, low[column], high[column])
            second = low[:]
            second[column] = max(low[column], value + (kind == NodeKind.BRANCH))
            later.append((second, high[:]))
            high[column] = min(high[column], value)
    return values


def box_exponent(least: int, cuts: FloatArray, lower: FloatArray, upper: FloatArray) -> int:
    """An exponent from the least one of the domain up: all cuts are integers over it, and every side can be cut."""
    widths = [high - low for low, high in zip(lower.tolist(), upper.tolist(), strict=True) if 0 < high - low < inf]
    finest = max((CUT_BITS - floor(log2(width)) for width in widths), default=0)
    return max(least, scaled_integers(cuts)[1], min(finest, LONGEST_EXPONENT))


def _short(value: float, low: float, high: float) -> float:
    """A number with few digits near a value, if that lies inside."""
    if not (isfinite(high - low) and low < value < high):
        return value
    grid = 2.0 ** (floor(log2(high - low)) - CUT_BITS)
    moved = round(value / grid) * grid if grid > 0 and isfinite(value / grid) else value
    return moved if low < moved < high else value
