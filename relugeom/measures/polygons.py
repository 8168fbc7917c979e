"""Convex polygons of a slice cut along levels of affine functions, in floats: for drawing, where nothing is proved.

Notation: a polygon is its corners in order, shape (c, 2); a form (a, b, c) is the function a s + b t + c.
"""

import numpy as np
from numpy.typing import ArrayLike

from relugeom.linalg.arrays import FloatArray

__all__ = ["clip_polygon", "cut_by_largest", "cut_by_levels", "evaluate_form", "level_segment"]


def evaluate_form(corners: FloatArray, form: ArrayLike) -> FloatArray:
    """The values of a form at the corners, shape (c,)."""
    a, b, c = np.asarray(form, dtype=np.float64)
    values: FloatArray = corners @ np.array([a, b]) + c
    return values


def clip_polygon(corners: FloatArray, form: ArrayLike) -> FloatArray:
    """Part of a polygon where a form is ≥ 0; without corners if there is none."""
    if len(corners) == 0:
        return corners
    values = evaluate_form(corners, form)
    kept = []
    for at in range(len(corners)):
        after = (at + 1) % len(corners)
        if values[at] >= 0:
            kept.append(corners[at])
        if (values[at] > 0) != (values[after] > 0) and values[at] * values[after] < 0:
            share = values[at] / (values[at] - values[after])
            kept.append(corners[at] + share * (corners[after] - corners[at]))
    return np.array(kept).reshape(-1, 2)


def cut_by_levels(corners: FloatArray, form: FloatArray, levels: FloatArray) -> list[tuple[int, FloatArray]]:
    """A polygon cut where a form reaches ascending levels: the number of each band, and the part in it.

    Band k lies between level k and level k + 1; parts beyond the ends belong to the first and the last band.
    """
    values, last_band = evaluate_form(corners, form), len(levels) - 2
    ends = np.searchsorted(levels, [values.min(), values.max()], side="right") - 1
    first, last = ends.clip(0, last_band).tolist()
    if first == last:
        return [(first, corners)]
    parts = []
    for band in range(first, last + 1):
        part = corners
        if band > first:
            part = clip_polygon(part, form - [0.0, 0.0, levels[band]])
        if band < last:
            part = clip_polygon(part, [0.0, 0.0, levels[band + 1]] - form)
        parts.append((band, part))
    return [(band, part) for band, part in parts if len(part) > 2]


def cut_by_largest(corners: FloatArray, forms: FloatArray) -> list[tuple[int, FloatArray]]:
    """A polygon cut into the parts where one of several forms, shape (m, 3), is the largest: its number, and the
    part.
    """
    met = set((np.column_stack([corners, np.ones(len(corners))]) @ forms.T).argmax(axis=1).tolist())
    if len(met) == 1:  # largest at every corner, so everywhere in the polygon
        return [(met.pop(), corners)]
    parts = []
    for output in range(len(forms)):
        part = corners
        for other in range(len(forms)):
            if other != output and len(part) > 2:
                part = clip_polygon(part, forms[output] - forms[other])
        if len(part) > 2:
            parts.append((output, part))
    return parts


def level_segment(corners: FloatArray, form: FloatArray, level: float) -> FloatArray | None:
    """The segment of a polygon on which a form has a level, shape (2, 2), or None."""
    values = evaluate_form(corners, form) - level
    ends = []
    for at in range(len(corners)):
        after = (at + 1) % len(corners)
        if (values[at] > 0) != (values[after] > 0):
            share = values[at] / (values[at] - values[after])
            ends.append(corners[at] + share * (corners[after] - corners[at]))
    return np.array(ends) if len(ends) == 2 else None
