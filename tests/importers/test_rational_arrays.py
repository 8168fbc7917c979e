"""Laws of exact arithmetic that is counted: results are exact, and never have more bits than were announced."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from relugeom.importers.budget import BYTES, WORK, BeyondBudgetError, Budget
from relugeom.importers.rational_arrays import matrix_product, product, rationals, total
from relugeom.linalg.exact import as_fraction

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
FRACTIONS = st.fractions() | FLOATS.map(Fraction)


class Announced(Budget):
    """An account that remembers the bits of the results that were announced."""

    __slots__ = ("bits",)

    def __init__(self) -> None:
        super().__init__()
        self.bits: list[int] = []

    def rationals(self, count: int, bits: int, *, shorter: int = 0, kept: bool = True) -> None:
        super().rationals(count, bits, shorter=shorter, kept=kept)
        self.bits.append(bits)


def array(values: list[Fraction]) -> Any:
    return np.array([fmpq(value.numerator, value.denominator) for value in values], dtype=object)


def fractions(values: Any) -> list[Fraction]:
    return [as_fraction(value) for value in values.ravel().tolist()]


def bits(values: Any) -> int:
    return sum(int(value.p.bit_length() + value.q.bit_length()) for value in values.ravel().tolist())


@given(pairs=st.lists(st.tuples(FRACTIONS, FRACTIONS), min_size=1, max_size=6))
def test_products_and_sums_have_no_more_bits_than_announced(pairs: list[tuple[Fraction, Fraction]]) -> None:
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    account = Announced()
    found = product(array(left), array(right), account)
    assert fractions(found) == [one * two for one, two in pairs]
    assert bits(found) <= account.bits[-1]
    found = total(array(left), array(right), account)
    assert fractions(found) == [one + two for one, two in pairs]
    assert bits(found) <= account.bits[-1]


@given(data=st.data())
def test_a_product_with_floats_has_no_more_bits_than_announced(data: st.DataObject) -> None:
    rows, inner, columns = (data.draw(st.integers(1, 3)) for _ in range(3))
    left = np.array(data.draw(st.lists(FLOATS, min_size=rows * inner, max_size=rows * inner))).reshape(rows, inner)
    entries = data.draw(st.lists(FRACTIONS, min_size=inner * columns, max_size=inner * columns))
    account = Announced()
    found = matrix_product(left, array(entries).reshape(inner, columns), account)
    exact = [
        sum((Fraction(left[i, k]) * entries[k * columns + j] for k in range(inner)), Fraction(0))
        for i in range(rows)
        for j in range(columns)
    ]
    assert fractions(found) == exact
    if any(entries):
        assert bits(found) <= account.bits[0]
    assert fractions(product(left, rationals(np.ones((1, inner))), account)) == [Fraction(x) for x in left.ravel()]
    assert bits(rationals(left)) <= account.bits[-1]


@pytest.mark.parametrize("spend", [lambda budget: budget.floats(BYTES), lambda budget: budget.steps(WORK // 2 + 1, 1)])
def test_what_is_spent_is_never_given_back(spend: Any) -> None:
    budget = Budget()
    budget.floats(1)
    budget.steps(WORK // 2, 1)
    with pytest.raises(BeyondBudgetError, match="than can be analysed"):
        spend(budget)
    with pytest.raises(BeyondBudgetError):
        budget.floats(0)
