"""Set-up of the compiled search: a network and a chart as columns, with room for a path."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from relugeom.budget import SearchBudget
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray
from relugeom.network.exact import exact_network, first_forms
from relugeom.network.network import ReLUNetwork
from relugeom.search.columns import COUNTERS, TINY, Problem, State, Waiting
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

    def __init__(self, network: ReLUNetwork, chart: Chart, budget: SearchBudget = USUAL) -> None:
        self.network, self.chart, self.budget = network, chart, budget
        self.units, self.dimension = network.units, chart.dimension
        self.problem = _problem(network, chart)

    def first_state(self) -> tuple[State, Waiting]:
        """The root of the tree."""
        state, waiting = self.empty_state(len(self.problem.domain_rows) + 66, 64)
        state.point[:] = self.problem.middle
        start(self.problem, state)
        return state, waiting

    def empty_state(self, rows: int, siblings: int) -> tuple[State, Waiting]:
        """Arrays for a search with room for at least this many rows and waiting siblings."""
        rows = _spaced(rows)
        d, N = self.dimension, self.units
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
            table=floats(d, rows),
            value=floats(rows),
            basic=integers(rows),
            nonbasic=integers(d),
            resting=floats(d),
            status=integers(d),
            point=floats(d),
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
            far=floats(d),
            places=integers(d + 1),
            floors=floats(rows),
            ceilings=floats(rows),
            costs=floats(d),
            gains=floats(d),
            column=floats(rows),
        )
        return state, _waiting(siblings, d, rows)


def _zeros(dtype: type) -> Callable[..., Any]:
    return lambda *shape: np.zeros(shape, dtype=dtype)


def _waiting(siblings: int, d: int, rows: int) -> Waiting:
    integers, floats = _zeros(np.int64), _zeros(np.float64)
    return Waiting(
        unit=integers(siblings),
        rows=integers(siblings),
        pivots=integers(siblings),
        table=floats(siblings, d, rows),
        value=floats(siblings, rows),
        basic=integers(siblings, rows),
        nonbasic=integers(siblings, d),
        resting=floats(siblings, d),
        status=integers(siblings, d),
        point=floats(siblings, d),
        delegated=np.zeros(siblings, dtype=np.bool_),
    )


def _spaced(rows: int) -> int:
    """The next odd multiple of 8: columns of a table then begin at a vector, and in different sets of the cache."""
    return 8 * (-(-rows // 8) | 1)


def grown(state: State, waiting: Waiting) -> tuple[State, Waiting]:
    """The same search with at least twice the room."""
    d, rows = state.table.shape
    siblings = len(waiting.unit)
    larger = {name: getattr(state, name) for name in State._fields}
    end = _spaced(2 * rows)
    for name in BY_ROW:
        more = np.zeros((end - rows, *larger[name].shape[1:]), dtype=larger[name].dtype)
        larger[name] = np.concatenate([larger[name], more])
    larger["table"] = np.concatenate([state.table, np.zeros((d, end - rows))], axis=1)
    room = _waiting(2 * siblings, d, end)
    for name in Waiting._fields:
        old, new = getattr(waiting, name), getattr(room, name)
        new[tuple(slice(size) for size in old.shape)] = old
    return State(**larger), room


def _problem(network: ReLUNetwork, chart: Chart) -> Problem:
    starts = np.concatenate([[0], np.cumsum(network.widths)]).astype(np.int64)
    L, w = len(network.widths), max(network.widths)
    weights, biases = np.zeros((L, w, w)), np.zeros((L, w))
    for layer in range(1, L):
        below, here = network.widths[layer - 1], network.widths[layer]
        weights[layer, :below, :here] = network.weights[layer].T
        biases[layer, :here] = network.biases[layer]
    lower, upper = chart.lower.copy(), chart.upper.copy()
    exact = first_forms(exact_network(network))
    on_hull = chart.reduce(exact.matrix)
    scale = (1 << exact.exponent) * (
        int(chart.lift[network.inputs, chart.dimension]) if on_hull is not exact.matrix else 1
    )
    first, first_errors = _rounded([[int(entry) for entry in row] for row in on_hull.tolist()], scale)
    domain_rows, domain_errors = _rounded(chart.rows, None)
    columns = chart.dimension + 1
    reach = np.maximum(np.abs(lower), np.abs(upper))
    reach[~np.isfinite(reach)] = 1.0
    return Problem(
        starts=starts,
        weights=weights,
        biases=biases,
        bounded=bool(np.isfinite(lower).all() and np.isfinite(upper).all()),
        integral=_integral(network, first, first_errors),
        first=first.reshape(-1, columns),
        first_errors=first_errors.reshape(-1, columns),
        lower=lower,
        upper=upper,
        reach=reach,
        middle=float_point(chart.interior),
        domain_rows=domain_rows.reshape(-1, columns),
        domain_errors=domain_errors.reshape(-1, columns),
        guard=TINY * (1.0 + float(reach.max(initial=0.0))),
    )


def _rounded(forms: Sequence[Form], scale: int | None) -> tuple[FloatArray, FloatArray]:
    """Integer forms divided by a scale (their own size if None), in float64, and the error of each coefficient."""
    values = [[entry / (scale or _size(form)) for entry in form] for form in forms]
    errors = []
    for form, nearest in zip(forms, values, strict=True):
        divisor = scale or _size(form)
        ratios = [x.as_integer_ratio() for x in nearest]
        exact = [p * divisor == entry * q for (p, q), entry in zip(ratios, form, strict=True)]
        errors.append(
            [0.0 if right else 2.0**-53 * abs(x) + 2.0**-1074 for x, right in zip(nearest, exact, strict=True)]
        )
    return np.array(values), np.array(errors)


def _size(form: Form) -> int:
    return 1 << max(abs(entry) for entry in form).bit_length()


def _integral(network: ReLUNetwork, first: FloatArray, first_errors: FloatArray) -> FloatArray:
    """Largest entry of each hidden layer (of its forms, for the first) if all are integers, else inf."""
    later = zip(network.weights[1:-1], network.biases[1:-1], strict=True)
    tables = [first, *(np.column_stack(layer) for layer in later)]
    whole = [bool((table == np.floor(table)).all()) for table in tables]
    whole[0] = whole[0] and not first_errors.any()
    return np.array([np.abs(table).max() if kept else np.inf for table, kept in zip(tables, whole, strict=True)])
