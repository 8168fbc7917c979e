"""Proofs by multipliers: what they accept is true, whatever multipliers are offered."""

from fractions import Fraction
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import box_forms, find_point, form_value

from relugeom.geometry.forms import float_point, shadow, shadow_rows
from relugeom.geometry.proof_form import box_maximum, combine, integer_box, rounded_multipliers
from relugeom.linalg.exact import rational

FORM = st.lists(st.integers(-3, 3), min_size=3, max_size=3)
SIDES = st.sampled_from([0.0, -1.0, 0.1, 1.5, 2.0**-40])


@st.composite
def boxes(draw):
    lower = [draw(st.one_of(SIDES, st.just(-inf))) for _ in range(2)]
    upper = [
        draw(st.sampled_from([low + 1.0, low + 2.0**-30, low, inf])) if low > -inf else draw(SIDES) for low in lower
    ]
    return np.array(lower), np.array(upper)


@given(FORM, boxes())
def test_box_maximum_against_corners(form, box):
    lower, upper = box
    found = box_maximum(form, integer_box(lower, upper))
    ranges = [(0.0,) if c == 0 else (low, high) for c, low, high in zip(form, lower, upper, strict=False)]
    corners = list(product(*ranges))
    open_side = any(
        (c > 0 and high == inf) or (c < 0 and low == -inf) for c, low, high in zip(form, lower, upper, strict=False)
    )
    assert (found is None) == open_side
    if not open_side:
        finite = [corner for corner in corners if all(abs(side) < inf for side in corner)]
        best = max(form_value(form, [Fraction(side) for side in corner]) for corner in finite)
        assert Fraction(found, 1 << integer_box(lower, upper).exponent) == best


@given(
    st.lists(FORM, min_size=1, max_size=4),
    FORM,
    st.lists(st.one_of(st.floats(-3, 3), st.sampled_from([1e-30, 1e12, 0.0])), min_size=4, max_size=4),
    boxes(),
)
def test_a_proof_never_proves_a_falsehood(rows, target, offered, box):
    lower, upper = box
    scale, multipliers = rounded_multipliers(target, rows, dict(zip(range(len(rows)), offered, strict=False)))
    assert scale > 0
    assert all(value > 0 for value in multipliers.values())
    total = combine([(scale, target), *((value, rows[row]) for row, value in multipliers.items())])
    maximum = box_maximum(total, integer_box(lower, upper))
    if maximum is not None and maximum <= 0:
        sides = box_forms(lower.tolist(), upper.tolist())
        assert find_point([*rows, *sides], [target], 2) is None


def test_rounded_multipliers_belong_to_forms_not_to_shadows():
    # target x − 3 on the row 2^40 (2 − x) ≥ 0: the form's multiplier is 2^-40, the shadow's is near 1
    target, row = [1, -3], [-(1 << 40), 1 << 41]
    (target_shadow, _), (row_shadow, _) = shadow(target), shadow(row)
    share = -target_shadow[0] / row_shadow[0]
    scale, multipliers = rounded_multipliers(target, [row], {0: float(share)})
    total = combine([(scale, target), (multipliers[0], row)])
    assert total[0] == 0 and total[1] < 0


def test_negative_and_vanishing_multipliers_are_left_out():
    assert rounded_multipliers([1, 0], [[1, 0], [1, 0], [1, 0]], {0: -1.0, 1: 0.0, 2: 1e-40})[1] == {}


@given(st.lists(st.integers(-(1 << 200), 1 << 200), min_size=2, max_size=4))
def test_shadows_are_scaled_and_near(form):
    row, exponent = shadow(form)
    if not any(form):
        assert not row.any()
        return
    assert 0.5 <= np.abs(row).max() <= 1.0
    for entry, value in zip(form, row, strict=True):
        assert abs(Fraction(float(value)) - Fraction(entry, 1 << exponent)) <= Fraction(1, 1 << 53)


def test_shadow_rows():
    A, b = shadow_rows([[2, -4, 1], [0, 0, 0]], 2)
    assert A.tolist() == [[-0.25, 0.5], [0.0, 0.0]] and b.tolist() == [0.125, 0.0]
    A, b = shadow_rows([], 2)
    assert A.shape == (0, 2) and b.shape == (0,)


def test_float_points():
    assert float_point([rational(0.1), rational(-3.0)]).tolist() == [0.1, -3.0]
    far = rational(1e308) * 1000
    assert float_point([far, -far]).tolist() == [inf, -inf]


def test_sides_of_a_box():
    box = integer_box(np.array([-inf, 0.5]), np.array([0.25, inf]))
    assert box.lower == (None, 2) and box.upper == (1, None) and box.exponent == 2
    assert box_maximum([1, 0, 0], box) == 1
    assert box_maximum([-1, 0, 0], box) is None
    with pytest.raises(ValueError, match="zip"):
        box_maximum([1, 0], box)
