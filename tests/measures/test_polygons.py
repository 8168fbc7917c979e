"""Polygons cut along levels: nothing is lost, and every part is where it should be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relugeom.measures.polygons import clip_polygon, cut_by_largest, cut_by_levels, evaluate_form, level_segment

COEFFICIENTS = st.lists(st.integers(-8, 8), min_size=3, max_size=3).map(lambda form: np.array(form, dtype=np.float64))


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def circle(corners: int) -> np.ndarray:
    turns = 2 * np.pi * np.arange(corners) / corners
    return np.column_stack([np.cos(turns), np.sin(turns)])


@given(st.integers(3, 9), COEFFICIENTS, st.lists(st.integers(-9, 9), min_size=3, max_size=6, unique=True).map(sorted))
def test_bands_cover_the_polygon_and_keep_to_their_levels(corners, form, levels):
    polygon, levels = circle(corners), np.array(levels, dtype=np.float64)
    parts = cut_by_levels(polygon, form, levels)
    assert sum(area(part) for _, part in parts) == pytest.approx(area(polygon), abs=1e-9)
    for band, part in parts:
        values = evaluate_form(part, form)
        assert band == 0 or values.min() >= levels[band] - 1e-9
        assert band == len(levels) - 2 or values.max() <= levels[band + 1] + 1e-9


@given(st.integers(3, 9), st.lists(COEFFICIENTS, min_size=2, max_size=4))
def test_the_largest_form_is_the_largest_on_its_part(corners, forms):
    polygon, table = circle(corners), np.array(forms)
    parts = cut_by_largest(polygon, table)
    for output, part in parts:
        values = np.array([evaluate_form(part, form) for form in table])
        assert (values[output] >= values.max(axis=0) - 1e-9).all()
    if len({tuple(form) for form in table.tolist()}) == len(table):  # equal forms share their part
        assert sum(area(part) for _, part in parts) == pytest.approx(area(polygon), abs=1e-9)


@given(st.integers(3, 9), COEFFICIENTS, st.integers(-6, 6))
def test_a_level_is_reached_on_its_segment_and_parts_the_polygon(corners, form, level):
    polygon = circle(corners)
    ends = level_segment(polygon, form, level)
    values = evaluate_form(polygon, form) - level
    if ends is None:
        assert (values > 0).all() or (values <= 0).all()
        return
    assert evaluate_form(ends, form) == pytest.approx(level, abs=1e-9)
    sides = [clip_polygon(polygon, sign * (form - [0, 0, level])) for sign in (1.0, -1.0)]
    assert sum(area(side) for side in sides if len(side) > 2) == pytest.approx(area(polygon), abs=1e-9)


def test_nothing_is_left_of_nothing():
    assert clip_polygon(np.zeros((0, 2)), [1, 0, 0]).shape == (0, 2)
    assert len(clip_polygon(circle(4), [0, 0, -1])) == 0
