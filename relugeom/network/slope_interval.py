"""The slope of an output in an input, exactly, where it is known of some units whether they are active.

The one idea: from the output's row down, a coefficient of relu(z) is one of z where the unit is active, 0 where it is
inactive, and anything between 0 and itself else; intervals go through the weights.
"""

from collections.abc import Sequence

from flint import fmpz, fmpz_mat

from relugeom.linalg.arrays import BoolArray

__all__ = ["slope_interval"]

Known = Sequence[bool] | BoolArray


def slope_interval(
    layers: Sequence[fmpz_mat], output: int, place: int, active: Known, inactive: Known
) -> tuple[fmpz, fmpz]:
    """The least and the largest slope of an output in the input at a place, times what the layers are divided by.

    Parameters
    ----------
    layers
        Columns (W, b) of each layer, outputs last, in integers.
    active, inactive
        What is known of all units, one after the other; a unit that is both is inactive.
    """
    lows = _row(layers[-1], output)
    highs = lows
    end = len(active)
    for layer in reversed(layers[:-1]):
        start = end - int(layer.nrows())
        lows, highs = _through_relu(active[start:end], inactive[start:end], lows, highs)
        lows, highs = _times(layer, lows, highs)
        end = start
    return lows[place], highs[place]


def _row(matrix: fmpz_mat, place: int) -> list[fmpz]:
    width = matrix.ncols()
    entries: list[fmpz] = matrix.entries()[place * width : (place + 1) * width - 1]
    return entries


def _through_relu(active: Known, inactive: Known, lows: list[fmpz], highs: list[fmpz]) -> tuple[list[fmpz], list[fmpz]]:
    """Coefficients of z from those of relu(z)."""
    zero = fmpz(0)
    found = [
        (zero, zero) if off else (low, high) if on else (min(low, zero), max(high, zero))
        for on, off, low, high in zip(active, inactive, lows, highs, strict=True)
    ]
    return [low for low, _ in found], [high for _, high in found]


def _times(matrix: fmpz_mat, lows: list[fmpz], highs: list[fmpz]) -> tuple[list[fmpz], list[fmpz]]:
    """An interval of rows times the weights of a layer."""
    width, entries = int(matrix.ncols()), matrix.entries()
    least, most = [fmpz(0)] * (width - 1), [fmpz(0)] * (width - 1)
    for place, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if not low and not high:
            continue
        for column in range(width - 1):
            weight = entries[place * width + column]
            ends = (low, high) if weight > 0 else (high, low)
            least[column] += weight * ends[0]
            most[column] += weight * ends[1]
    return least, most
