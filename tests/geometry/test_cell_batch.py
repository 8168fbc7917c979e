"""Many cells at once against linear programs one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from relugeom.geometry.cell_batch import CellBatch


def highest(rows: np.ndarray, form: np.ndarray) -> float:
    """Maximum of a form on {|y| ≤ 1, rows ≥ 0}."""
    d = len(form) - 1
    found = linprog(-form[:-1], A_ub=-rows[:, :-1], b_ub=rows[:, -1], bounds=[(-1, 1)] * d)
    assert found.status == 0
    return float(form[-1] - found.fun)


def cell(random: np.random.Generator, d: int, k: int, *, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows that hold at a point, and the point; small whole numbers make vertices where many rows meet."""
    normals = random.integers(-2, 3, (k, d)).astype(float) if whole else random.normal(size=(k, d))
    point = np.zeros(d) if whole else random.uniform(-0.9, 0.9, d)
    offsets = -normals @ point + (random.integers(0, 2, k) if whole else random.uniform(0.0, 0.5, k))
    return np.column_stack([normals, offsets]), point


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), d=st.integers(1, 6), k=st.integers(0, 12), whole=st.booleans())
def test_a_climb_without_end_reaches_the_maximum(seed: int, d: int, k: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    rows, point = cell(random, d, k, whole=whole)
    cells = CellBatch.at(-np.ones(d), np.ones(d), rows, point, 3)
    for _ in range(4):  # a warm dictionary, after other climbs
        forms = random.normal(size=(3, d + 1))
        signs = random.choice([-1.0, 1.0], 3)
        cells.append(forms)
        assert not cells.climb(signs, np.full(3, np.inf), np.ones(3, dtype=np.bool_)).any()
        tops = [highest(rows, sign * form) for sign, form in zip(signs, forms, strict=True)]
        assert signs * cells.heights == pytest.approx(tops, abs=1e-7)
        inside = cells.points() @ rows[:, :-1].T + rows[:, -1]
        assert (inside >= -1e-7).all() and (np.abs(cells.points()) <= 1.0 + 1e-7).all()


def test_rows_that_are_kept_bound_later_climbs() -> None:
    """Cells that were cut by different rows, on different sides, and copied, have their own maxima."""
    random = np.random.default_rng(7)
    d, count = 4, 5
    cells = CellBatch.at(-np.ones(d), np.ones(d), np.zeros((0, d + 1)), np.zeros(d), count)
    own: list[list[np.ndarray]] = [[] for _ in range(count)]
    everyone = np.ones(count, dtype=np.bool_)
    for _ in range(40):
        form = random.normal(size=(count, d + 1)) * np.append(np.ones(d), 0.3)
        cells.append(form)
        cells.climb(np.ones(count), np.zeros(count), everyone)
        up = cells.heights > 1e-6
        signs = np.where(up, 1.0, -1.0)
        chosen = (np.abs(cells.heights) > 1e-6) & (random.random(count) < 0.7)
        cells.keep(chosen, signs)
        for row in np.flatnonzero(chosen):
            own[row].append(signs[row] * form[row])
        numbers = random.integers(0, count, count)
        cells = cells.mixed(cells.copy(), numbers, random.random(count) < 0.5)
        own = [list(own[number]) for number in numbers]
        cells.refactorise()
    forms = random.normal(size=(count, d + 1))
    cells.append(forms)
    cells.climb(np.ones(count), np.full(count, np.inf), everyone)
    tops = [highest(np.array(rows), form) for rows, form in zip(own, forms, strict=True)]
    assert cells.heights == pytest.approx(tops, abs=1e-6)
    assert cells.rows.max() > 16 and cells.pivots.max() < 500


def test_rebuilding_changes_no_vertex() -> None:
    random = np.random.default_rng(2)
    rows, point = cell(random, 5, 15, whole=False)
    cells = CellBatch.at(-np.ones(5), np.ones(5), rows, point, 2)
    cells.append(random.normal(size=(2, 6)))
    cells.climb(np.ones(2), np.full(2, np.inf), np.ones(2, dtype=np.bool_))
    cells.keep(np.zeros(2, dtype=np.bool_), np.ones(2))
    before, table = cells.points(), cells.table.copy()
    cells.pivots[:] = 1000
    cells.refactorise()
    assert cells.points() == pytest.approx(before, abs=1e-9) and not cells.pivots.any()
    assert cells.table[:, :15] == pytest.approx(table[:, :15], abs=1e-8)
