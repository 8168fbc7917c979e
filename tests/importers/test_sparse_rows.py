"""Laws of matrices without zeros: each operation gives what the same operation gives on fractions, zeros included."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from relugeom.importers.budget import Budget
from relugeom.importers.rational_arrays import RationalArray, rationals
from relugeom.importers.sparse_rows import DENSE, SparseRows
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import as_fraction

ENTRIES = st.sampled_from([0.0, 0.0, 0.0, 1.0, -1.0, 2.0, 3.0, 0.1, -1 / 3, 5e-324, 1e-200, 1e200, 1.7e308])


@st.composite
def matrices(draw: Callable[..., int], rows: int | None = None, columns: int | None = None) -> FloatArray:
    shape = rows or draw(st.integers(1, 4)), columns or draw(st.integers(1, 4))
    size = shape[0] * shape[1]
    return np.array(draw(st.lists(ENTRIES, min_size=size, max_size=size)), dtype=np.float64).reshape(shape)  # type: ignore[call-overload]


def exact(matrix: FloatArray | RationalArray | SparseRows) -> list[list[Fraction]]:
    array = matrix.dense() if isinstance(matrix, SparseRows) else matrix
    return [[as_fraction(value) for value in row] for row in rationals(array).tolist()]


def check(found: SparseRows, expected: list[list[Fraction]]) -> None:
    assert exact(found) == expected
    assert (found.values != 0).all()
    for number in range(len(found)):
        assert (np.diff(found.row(number)[0]) > 0).all()


def naive_product(left: FloatArray, right: FloatArray) -> list[list[Fraction]]:
    columns = list(zip(*exact(right), strict=True))
    return [[sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns]
            for row in exact(left)]  # fmt: skip


@given(data=st.data(), terms=st.integers(1, 20), dense=st.sampled_from([0, DENSE]))
def test_a_product_is_exact_whatever_way_it_takes(data: st.DataObject, terms: int, dense: int) -> None:
    left = data.draw(matrices())
    right = data.draw(matrices(rows=left.shape[1]))
    for second in (right, rationals(right)):
        found = SparseRows.of(left).times(SparseRows.of(second), Budget(), at_a_time=terms, dense=dense)
        check(found, naive_product(left, right))


@given(data=st.data())
def test_rows_are_picked_stacked_and_scaled(data: st.DataObject) -> None:
    first = data.draw(matrices())
    second = data.draw(matrices(columns=first.shape[1]))
    rows, order = SparseRows.of(first), data.draw(st.lists(st.integers(0, len(first) - 1), min_size=1, max_size=6))
    check(rows.picked(np.array(order), Budget()), exact(first[order]))
    for other in (SparseRows.of(second), SparseRows.of(rationals(second))):
        check(SparseRows.stacked([rows, other]), exact(first) + exact(second))
    factors = st.sampled_from([fmpq(1), fmpq(0), fmpq(-2, 3)])
    across, down = (
        np.array(data.draw(st.lists(factors, min_size=size, max_size=size)), dtype=object) for size in first.shape
    )
    expected = [
        [value * as_fraction(r) * as_fraction(c) for value, c in zip(row, down, strict=True)]
        for row, r in zip(exact(first), across, strict=True)
    ]
    check(rows.scaled(across, down, Budget()), expected)
    check(SparseRows.identity(3), [[Fraction(i == j) for j in range(3)] for i in range(3)])


def test_where_terms_stay_alone_and_factors_are_powers_of_2_no_rational_is_made() -> None:
    weights = np.random.default_rng(0).normal(size=(5, 4))
    gaps = np.hstack([np.eye(4), -2.0 * np.eye(4)])
    assert SparseRows.of(weights).times(SparseRows.of(gaps), Budget()).values.dtype == np.float64
    assert (
        SparseRows.of(gaps[:2]).times(SparseRows.of(np.vstack([weights.T, weights.T])), Budget()).values.dtype == object
    )
