"""Signs of forms at points with long denominators: floats may settle them only where rounding cannot matter."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq

from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.forms import form_signs
from relugeom.geometry.nearest_point import nearest_in_l2


def _points(random: np.random.Generator, bits: int) -> list[Fraction]:
    return [Fraction(int(random.integers(-99, 100)) * 2**bits + 1, 3 * 2**bits + k) for k in range(5)]


@pytest.mark.parametrize("bits", [3, 400, 5000])
def test_signs_agree_with_rational_arithmetic_also_next_to_zero(bits: int) -> None:
    random = np.random.default_rng(bits)
    for _ in range(40):
        x = _points(random, bits)
        forms = []
        for _ in range(4):
            row = [int(value) for value in random.integers(-9, 10, 5)]
            row[int(random.integers(5))] <<= int(random.integers(0, 2000))
            at = sum((c * v for c, v in zip(row, x, strict=True)), Fraction(0))
            exact = [*(c * at.denominator for c in row), -at.numerator]  # 0 at the point
            forms += [exact, [*exact[:-1], exact[-1] + 1], [*exact[:-1], exact[-1] - 1], [*row, 1]]
        expected = [sum((c * v for c, v in zip(form, x, strict=False)), Fraction(form[-1])) for form in forms]
        found = list(form_signs(forms, [fmpq(v.numerator, v.denominator) for v in x]))
        assert found == [(value > 0) - (value < 0) for value in expected]


def test_coordinates_beyond_all_floats_are_settled_exactly() -> None:
    huge, tiny = fmpq(1 << 5000, 3), fmpq(1, 3 << 5000)
    assert list(form_signs([[1, -1, 0], [0, 1, 0], [-1, 0, 1 << 4998], [0, -3 << 5000, 1]], [huge, tiny])) == [
        1,
        1,
        -1,
        0,
    ]


def test_a_deadline_is_looked_at_between_forms() -> None:
    with pytest.raises(DeadlinePassedError):
        list(form_signs([[1, 0]], [fmpq(1)], deadline=Deadline.of(0)))


def test_a_projection_with_long_denominators_is_the_nearest_point() -> None:
    random = np.random.default_rng(5)
    normals = [[int(value) * 2**40 + 1 for value in row] for row in random.integers(-(2**30), 2**30, (4, 6))]
    rows = [[*row, -abs(sum(row))] for row in normals]
    centre = [Fraction(0)] * 6
    found = nearest_in_l2(rows, centre)
    assert found is not None
    square, point = found
    assert square == sum(value**2 for value in point)
    assert all(sum(c * v for c, v in zip(row, point, strict=False)) + row[-1] >= 0 for row in rows)
