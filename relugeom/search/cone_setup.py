"""Start of a search by generators: the domain as a cone, and room for more (notation: `columns.py`).

A box is a product, so its generators need no arithmetic: the vertices choose a side of every input, inputs without a
far side add a direction to infinity, inputs without any side a line. Further rows of the domain cut it.
"""

import itertools

import numpy as np

from relugeom.geometry.double_description import NO_ROOM, cut_cone
from relugeom.geometry.generators import Cones, find_sides
from relugeom.linalg.arrays import FloatArray
from relugeom.search.columns import (
    COUNT,
    FIRST,
    LINES,
    MASK_BITS,
    ROWS,
    SIMPLE,
    UNIT,
    Pending,
    Problem,
    State,
)

__all__ = ["empty_cones", "grown_cones", "stand_at_domain"]

COLUMNS = 2000
LARGEST = 2.0**26
"""Generators start as integers if a power of two makes them this small."""


def empty_cones(problem: Problem, *, columns: int = COLUMNS, siblings: int = 64) -> tuple[Cones, Pending]:
    """Arrays with room for this many generators and waiting cones."""
    N, w = int(problem.starts[-1]), int(np.diff(problem.starts).max())
    arrays = _columns(len(problem.lower) + 1, columns)
    D = len(problem.lower) + 1
    cones = Cones(
        **arrays,
        scale=np.append(problem.reach, 1.0),
        rows=np.zeros((D, MASK_BITS)),
        row_errors=np.zeros(MASK_BITS),
        room=np.zeros((3, D, D)),
        lists=np.zeros((3, D)),
    )
    return cones, Pending(
        **_slots(siblings),
        bit_of=np.full(N, -1, dtype=np.int64),
        unit_of=np.full(MASK_BITS, -1, dtype=np.int64),
        infinity=np.zeros(1, dtype=np.int64),
        zero=np.zeros((2, w), dtype=np.int64),
    )


def grown_cones(cones: Cones, pending: Pending) -> tuple[Cones, Pending]:
    """The same stack with twice the room."""
    D, columns = cones.generators.shape
    arrays, slots = _columns(D, 2 * columns), _slots(2 * len(pending.unit))
    for old, new in ((cones, arrays), (pending, slots)):
        for name, array in new.items():
            array[..., : getattr(old, name).shape[-1]] = getattr(old, name)
    return cones._replace(**arrays), pending._replace(**slots)


def stand_at_domain(problem: Problem, state: State, cones: Cones, pending: Pending) -> bool:
    """Make the domain the present cone; False if a sign is uncertain, or more room is needed."""
    _put_box(problem, state, cones, pending)
    counters = state.counters
    for row in range(len(problem.domain_rows)):
        form, exact = _whole(problem.domain_rows[row])
        factor = float(np.abs(form).max() / np.abs(problem.domain_rows[row]).max())
        error = factor * float(problem.domain_errors[row] @ cones.scale)
        table = (cones.generators, cones.sizes, cones.errors, cones.values, cones.margins, cones.sides, cones.scale)
        block = counters[FIRST], counters[COUNT], counters[LINES]
        positive, negative, doubts = find_sides(*table, *block, form[:, None], 0, error, exact and error == 0.0)
        if doubts or not positive or counters[ROWS] == MASK_BITS:
            return False
        if negative:
            bit = counters[ROWS]
            cones.rows[:, bit], cones.row_errors[bit] = form, error
            above, _, lines, simple = cut_cone(*cones, *block, bool(counters[SIMPLE]), bit)
            if above == NO_ROOM:
                return False
            counters[COUNT], counters[LINES], counters[SIMPLE] = above, lines, simple
            counters[ROWS] += 1
            pending.unit_of[bit] = -1 - row
    return True


def _put_box(problem: Problem, state: State, cones: Cones, pending: Pending) -> None:
    """Lay out the generators of the box."""
    d = len(problem.lower)
    sides: list[list[tuple[float, int]]] = []  # the finite sides of each input, with their mask bits
    bit = 0
    for low, high in zip(problem.lower.tolist(), problem.upper.tolist(), strict=True):
        finite = [bound for bound in (low, high) if np.isfinite(bound)]
        sides.append([(bound, 1 << (bit + place)) for place, bound in enumerate(finite)])
        bit += len(finite)
    every = (1 << bit) - 1
    if not problem.bounded:
        pending.infinity[0], every, bit = 1 << bit, (2 << bit) - 1, bit + 1
    lines = [(np.eye(d + 1)[k], every) for k in range(d) if not sides[k]]
    rays: list[tuple[FloatArray, int]] = []
    _put_rows(problem, cones, sides)
    for k in range(d):
        if len(sides[k]) == 1:
            direction = 1.0 if np.isfinite(problem.lower[k]) else -1.0
            rays.append((direction * np.eye(d + 1)[k], every & ~sides[k][0][1]))
    choices = list(itertools.product(*(options or [(0.0, 0)] for options in sides)))
    corners = _whole_rows(np.array([[*(bound for bound, _ in choice), 1.0] for choice in choices]))
    rays += zip(corners, (sum(mask for _, mask in choice) for choice in choices), strict=True)
    table = np.array([generator for generator, _ in (*lines, *rays)])
    count = len(table)
    cones.generators[:, :count], cones.masks[:count] = table.T, [mask for _, mask in (*lines, *rays)]
    sizes = (np.abs(table) / cones.scale).max(axis=1)
    cones.sizes[:count] = 1.0001 * sizes
    cones.errors[:count] = np.where((table == np.floor(table)).all(axis=1), 0.0, UNIT * sizes)
    counters = state.counters
    counters[FIRST], counters[COUNT], counters[LINES] = 0, len(lines) + len(rays), len(lines)
    rows_each = [mask.bit_count() for _, mask in rays]
    counters[SIMPLE] = all(rows == d - len(lines) for rows in rows_each)
    counters[ROWS] = bit
    pending.unit_of[:bit] = -1 - len(problem.domain_rows) - np.arange(bit)


def _put_rows(problem: Problem, cones: Cones, sides: list[list[tuple[float, int]]]) -> None:
    """Forms y_k − bound of the box's sides, and t if a side is open, by mask bit."""
    d, bit = len(problem.lower), 0
    for k, options in enumerate(sides):
        for bound, _ in options:
            cones.rows[[k, d], bit] = 1.0, -bound
            bit += 1
    cones.rows[d, bit] = 1.0 - problem.bounded


def _whole(values: FloatArray) -> tuple[FloatArray, bool]:
    """The values times a power of two that makes all of them small integers, or unchanged; and whether they are
    integers.
    """
    for exponent in range(27):
        scaled = values * 2.0**exponent
        if np.abs(scaled).max() > LARGEST:
            break
        if (scaled == np.floor(scaled)).all():
            return scaled, True
    return values, False


def _whole_rows(rows: FloatArray) -> FloatArray:
    """Each row, made whole as above if it can be."""
    if (rows == np.floor(rows)).all() and np.abs(rows).max() <= LARGEST:
        return rows
    return np.array([_whole(row)[0] for row in rows])


def _columns(D: int, columns: int) -> dict[str, np.ndarray]:
    floats = {name: np.zeros(columns) for name in ("sizes", "errors", "values", "margins", "copy_sizes", "copy_errors")}
    tables = {name: np.zeros((D, columns)) for name in ("generators", "copy")}
    places = {"places": np.zeros((2, columns), dtype=np.int64)}
    integers = {name: np.zeros(columns, dtype=np.int64) for name in ("masks", "sides", "copy_masks")}
    return floats | tables | places | integers


def _slots(siblings: int) -> dict[str, np.ndarray]:
    return {
        name: np.zeros(siblings, dtype=np.int64) for name in ("unit", "first", "generators", "lines", "simple", "rows")
    }
