"""Set-up of the compiled search: a network and a chart as columns, with room for a path."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from relugeom.budget import SearchBudget
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.search.columns import COUNTERS, TINY, Problem, State, Waiting
from relugeom.search.coordinates import Coordinates, hull_coordinates, row_space, size_of_form
from relugeom.search.path import start

__all__ = ["Setup", "grown"]

USUAL = SearchBudget()
BY_ROW = (
    *("row_forms", "row_units", "row_form_errors", "row_errors", "row_magnitudes"),
    *("value", "basic", "floors", "ceilings", "column"),
)
"""Arrays of a state that have an entry for each row of the cell."""


class Setup:
    """Data that all tasks of a search share."""

    def __init__(
        self,
        network: ReLUNetwork,
        chart: Chart,
        budget: SearchBudget = USUAL,
        *,
        coordinates: Coordinates | None = None,
    ) -> None:
        self.network, self.chart, self.budget = network, chart, budget
        self.units, self.dimension = network.units, chart.dimension
        self.coordinates = coordinates or hull_coordinates(network, chart)
        self.problem = _problem(network, chart, self.coordinates)

    @classmethod
    def in_row_space(cls, network: ReLUNetwork, chart: Chart, budget: SearchBudget = USUAL) -> "Setup":
        """The same, with forms in few coordinates if there are many more inputs than first forms."""
        hull = hull_coordinates(network, chart)
        by_cones = chart.dimension <= max(budget.cone_dimensions, budget.integer_dimensions)
        return cls(network, chart, budget, coordinates=None if by_cones else row_space(hull, chart))

    def point_at(self, y: FloatArray) -> FloatArray:
        """A point of the hull as the search keeps it: in row space, the forms' coordinates come first."""
        return np.concatenate([y @ self.problem.spread_of, y]) if len(self.problem.spread) else y

    def on_hull(self, point: FloatArray) -> FloatArray:
        """The point of the hull that a search keeps."""
        return point[len(point) - self.dimension :]

    def first_state(self) -> tuple[State, Waiting]:
        """The root of the tree."""
        state, waiting = self.empty_state(len(self.problem.domain_rows) + len(self.problem.spread) + 66, 64)
        state.point[:] = self.problem.middle
        start(self.problem, state)
        return state, waiting

    def empty_state(self, rows: int, siblings: int) -> tuple[State, Waiting]:
        """Arrays for a search with room for at least this many rows and waiting siblings."""
        rows = _spaced(rows)
        d, N, D = self.coordinates.dimension, self.units, len(self.problem.lower)
        n = D - d
        c = min(d + 2, D)
        widths = np.diff(self.problem.starts)
        L, w = len(widths), int(widths.max())
        m = max(d, w)
        integers, floats = _zeros(np.int64), _zeros(np.float64)
        state = State(
            counters=integers(COUNTERS),
            bits=integers(N),
            kinds=integers(N),
            known=integers(N),
            copies=integers(N),
            keys=floats(L, w),
            forms=floats(L, d + 1, w),
            form_errors=floats(L, w, d + 1),
            errors=floats(L, w),
            largest=np.full(L, np.inf),
            magnitudes=floats(L, w),
            row_forms=floats(rows, d + 1),
            row_units=integers(rows),
            row_form_errors=floats(rows, d + 1),
            row_errors=floats(rows),
            row_magnitudes=floats(rows),
            table=floats(c, rows),
            value=floats(rows),
            basic=integers(rows),
            nonbasic=integers(c),
            resting=floats(c),
            status=integers(c),
            point=floats(D),
            heights=floats(w),
            form=floats(d + 1),
            rests=np.zeros(m, dtype=np.bool_),
            lows=floats(m),
            highs=floats(m),
            proof_rows=floats(d, m + 1),
            proof_errors=floats(d + 1, m + 1),
            multipliers=floats(d),
            goal=floats(m + 1),
            matrix=floats(d, d),
            inverse=floats(d, d),
            far=floats(D),
            places=integers(d + 1),
            floors=floats(rows),
            ceilings=floats(rows),
            costs=floats(c),
            gains=floats(c),
            column=floats(rows),
            corner=floats(D if n else 0),
            turns=floats(n),
            loose=floats(n),
            prices=floats(n),
            offers=floats(n),
            blend=floats(len(self.problem.spread)),
        )
        return state, _waiting(siblings, c, rows, D, n)


def _zeros(dtype: type) -> Callable[..., Any]:
    return lambda *shape: np.zeros(shape, dtype=dtype)


def _waiting(siblings: int, columns: int, rows: int, coordinates: int, inputs: int) -> Waiting:
    integers, floats = _zeros(np.int64), _zeros(np.float64)
    return Waiting(
        unit=integers(siblings),
        rows=integers(siblings),
        pivots=integers(siblings),
        table=floats(siblings, columns, rows),
        value=floats(siblings, rows),
        basic=integers(siblings, rows),
        nonbasic=integers(siblings, columns),
        resting=floats(siblings, columns),
        status=integers(siblings, columns),
        point=floats(siblings, coordinates),
        corner=floats(siblings, coordinates if inputs else 0),
        turns=floats(siblings, inputs),
        loose=floats(siblings, inputs),
        columns=integers(siblings),
        delegated=np.zeros(siblings, dtype=np.bool_),
    )


def _spaced(rows: int) -> int:
    """The next odd multiple of 8: columns of a table then begin at a vector, and in different sets of the cache."""
    return 8 * (-(-rows // 8) | 1)


def grown(state: State, waiting: Waiting) -> tuple[State, Waiting]:
    """The same search with at least twice the room."""
    c, rows = state.table.shape
    siblings = len(waiting.unit)
    larger = {name: getattr(state, name) for name in State._fields}
    end = _spaced(2 * rows)
    for name in BY_ROW:
        more = np.zeros((end - rows, *larger[name].shape[1:]), dtype=larger[name].dtype)
        larger[name] = np.concatenate([larger[name], more])
    larger["table"] = np.concatenate([state.table, np.zeros((c, end - rows))], axis=1)
    room = _waiting(2 * siblings, c, end, len(state.point), len(state.turns))
    for name in Waiting._fields:
        old, new = getattr(waiting, name), getattr(room, name)
        new[tuple(slice(size) for size in old.shape)] = old
    return State(**larger), room


def _problem(network: ReLUNetwork, chart: Chart, coordinates: Coordinates) -> Problem:
    starts = np.concatenate([[0], np.cumsum(network.widths)]).astype(np.int64)
    L, w = len(network.widths), max(network.widths)
    weights, biases = np.zeros((L, w, w)), np.zeros((L, w))
    for layer in range(1, L):
        below, here = network.widths[layer - 1], network.widths[layer]
        weights[layer, :below, :here] = network.weights[layer].T
        biases[layer, :here] = network.biases[layer]
    lower, upper = chart.lower.copy(), chart.upper.copy()
    first, first_errors = _rounded(coordinates.first, coordinates.scale)
    domain_rows, domain_errors = _rounded(coordinates.rows, None)
    columns = coordinates.dimension + 1
    reach, middle = np.maximum(np.abs(lower), np.abs(upper)), float_point(chart.interior)
    reach[~np.isfinite(reach)] = 1.0
    spread, peaks, mids, halves = np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.zeros(0)
    if coordinates.spread:
        spread = np.array(
            [
                [entry / scale for entry in row]
                for row, scale in zip(coordinates.spread, coordinates.scales, strict=True)
            ]
        )
        peaks, mids, halves = np.abs(spread).max(axis=1), lower / 2.0 + upper / 2.0, upper / 2.0 - lower / 2.0
        reach, middle = (np.abs(spread) @ reach) * (1.0 + 1e-9) + TINY, np.concatenate([spread @ middle, middle])
        anywhere = np.full(len(spread), np.inf)
        lower, upper = np.concatenate([-anywhere, lower]), np.concatenate([anywhere, upper])
    return Problem(
        starts=starts,
        weights=weights,
        biases=biases,
        bounded=bool(np.isfinite(chart.lower).all() and np.isfinite(chart.upper).all()),
        integral=_integral(network, first, first_errors),
        first=first.reshape(-1, columns),
        first_errors=first_errors.reshape(-1, columns),
        lower=lower,
        upper=upper,
        reach=reach,
        middle=middle,
        domain_rows=domain_rows.reshape(-1, columns),
        domain_errors=domain_errors.reshape(-1, columns),
        guard=TINY * (1.0 + float(reach.max(initial=0.0))),
        spread=np.concatenate([spread, np.zeros((-len(spread) % 4, spread.shape[1]))]),
        spread_of=np.ascontiguousarray(spread.T),
        peaks=peaks,
        mids=mids,
        halves=halves,
    )


def _rounded(forms: Sequence[Form], scale: int | None) -> tuple[FloatArray, FloatArray]:
    """Integer forms divided by a scale (their own size if None), in float64, and the error of each coefficient."""
    values = [[entry / (scale or size_of_form(form)) for entry in form] for form in forms]
    errors = []
    for form, nearest in zip(forms, values, strict=True):
        divisor = scale or size_of_form(form)
        ratios = [x.as_integer_ratio() for x in nearest]
        exact = [p * divisor == entry * q for (p, q), entry in zip(ratios, form, strict=True)]
        errors.append(
            [0.0 if right else 2.0**-53 * abs(x) + 2.0**-1074 for x, right in zip(nearest, exact, strict=True)]
        )
    return np.array(values), np.array(errors)


def _integral(network: ReLUNetwork, first: FloatArray, first_errors: FloatArray) -> FloatArray:
    """Largest entry of each hidden layer (of its forms, for the first) if all are integers, else inf."""
    later = zip(network.weights[1:-1], network.biases[1:-1], strict=True)
    tables = [first, *(np.column_stack(layer) for layer in later)]
    whole = [bool((table == np.floor(table)).all()) for table in tables]
    whole[0] = whole[0] and not first_errors.any()
    return np.array([np.abs(table).max() if kept else np.inf for table, kept in zip(tables, whole, strict=True)])
