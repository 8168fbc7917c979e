"""A cell of the split tree: where some forms are positive on a domain, and what another form does there.

Notation: in coordinates y of the domain's affine hull, the cell is {y in the domain : h_i(y) > 0} for the rows that
were pushed; `inside` is a rational point of it. Its closure is what linear programs see. Whether a form t is positive
somewhere on the cell follows from max t on the closure: if that is positive, at y* say, so is t at a point of the
cell on the segment from `inside` to y*; if not, t ≤ 0 on the whole cell.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.chart import Chart
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, Form, maximise_form
from relugeom.geometry.forms import domain_sides, float_point, shadow, shadow_rows
from relugeom.geometry.linear_program import LPSolution, LPSolver, LPStatus
from relugeom.geometry.proof_form import box_maximum, combine, integer_box, rounded_multipliers
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import RationalPoint, evaluate_form, form_sign, rational_point

__all__ = ["Cell"]


KEPT = 8
"""Proofs that are kept of each form."""


class Cell:
    """The rows of the cell being visited, as a stack, with one warm solver session; it raises at the deadline."""

    def __init__(self, chart: Chart, solver: LPSolver, *, deadline: Deadline = NEVER) -> None:
        self._deadline = deadline
        self._domain_rows = [*domain_sides(chart.lower, chart.upper), *chart.rows]
        self._rows: list[Form] = list(self._domain_rows)
        self._present = Counter(map(tuple, self._rows))
        self._refuted: dict[tuple[int, ...], list[list[tuple[int, ...]]]] = {}
        self._watched: list[Form] = []
        self._box = integer_box(chart.lower, chart.upper)
        self._dimension = chart.dimension
        A, b = shadow_rows(self._rows, chart.dimension)
        free = np.full(chart.dimension, np.inf)
        self._session = solver.open(A, b, -free, free)

    def push(self, form: Form) -> None:
        """Keep only the part of the cell where the form is positive."""
        self._rows.append(form)
        self._present[tuple(form)] += 1
        row = shadow(form)[0]
        self._session.add_row(-row[:-1], float(row[-1]))

    def pop(self) -> None:
        """Take back the last push."""
        self._present[tuple(self._rows.pop())] -= 1
        self._session.drop_row()

    def watch(self, form: Form) -> None:
        """Ask of points that the form is positive there; it is known to be ≥ 0 on the cell, so programs need no row."""
        self._watched.append(form)

    def unwatch(self) -> None:
        """Take back the last watch."""
        self._watched.pop()

    def holds(self, point: RationalPoint) -> bool:
        """Whether a point lies in the cell, exactly."""
        if any(form_sign(form, point) <= 0 for form in self._watched):
            return False
        first = len(self._domain_rows)
        signs = (form_sign(form, point) for form in self._rows)
        return all(sign > 0 or (sign == 0 and row < first) for row, sign in enumerate(signs))

    def find_point(self) -> RationalPoint | None:
        """A point of the cell, or None if it is proved to be empty."""
        rows = [*self._rows, *self._watched]
        found = find_strict_point(
            rows, range(len(self._domain_rows), len(rows)), self._dimension, deadline=self._deadline
        )
        return found.point if isinstance(found, Witness) else None

    def find_positive(self, form: Form, inside: RationalPoint) -> RationalPoint | None:
        """A point of the cell where the form is positive, or None if it is proved to be ≤ 0 on the cell.

        Parameters
        ----------
        inside
            A point of the cell.
        """
        if form_sign(form, inside) > 0:
            return inside
        if self._is_refuted(form):
            return None
        proposal = self._session.maximise(shadow(form)[0][:-1])
        if proposal.status is LPStatus.OPTIMAL:
            candidate = _between(float_point(inside), proposal.x, form)
            if candidate is not None and form_sign(form, candidate) > 0 and self.holds(candidate):
                return candidate
            if self._proves(form, proposal):
                self._remember(form, proposal.tight_rows)
                return None
        optimum = maximise_form(self._rows, form, hint=proposal.tight_rows, deadline=self._deadline)
        if isinstance(optimum, ExactInfeasible):
            raise AssertionError("a cell with a point cannot be infeasible")
        if isinstance(optimum, ExactOptimum):
            if optimum.value <= 0:
                self._remember(form, optimum.multipliers)
                return None
            return self._towards(form, inside, optimum.point)
        far = [x + step for x, step in zip(inside, optimum.ray, strict=True)]
        while form_sign(form, far) <= 0:
            far = [2 * y - x for x, y in zip(inside, far, strict=True)]
        return self._towards(form, inside, far)

    def _is_refuted(self, form: Form) -> bool:
        """Whether rows of the cell were seen before that prove the form to be ≤ 0."""
        known = self._refuted.get(tuple(form), ())
        return any(all(self._present[row] > 0 for row in rows) for rows in known)

    def _remember(self, form: Form, rows: Iterable[int]) -> None:
        """Keep which rows prove a form to be ≤ 0: they do so on every cell that has them."""
        known = self._refuted.setdefault(tuple(form), [])
        known.insert(0, [tuple(self._rows[row]) for row in rows])
        del known[KEPT:]

    def _towards(self, form: Form, inside: RationalPoint, peak: RationalPoint) -> RationalPoint:
        """A point of the cell between `inside` and a point of the closure where the form is positive."""
        candidate = _between(float_point(inside), float_point(peak), form)
        if candidate is not None and form_sign(form, candidate) > 0 and self.holds(candidate):
            return candidate
        low, high = evaluate_form(form, inside), evaluate_form(form, peak)
        share = (1 - low / (high - low)) / 2  # half-way between the crossing, at −low / (high − low), and the peak
        return [x + share * (y - x) for x, y in zip(inside, peak, strict=True)]

    def _proves(self, form: Form, proposal: LPSolution) -> bool:
        """Whether the float multipliers, rounded, prove the form to be ≤ 0 on the cell."""
        values = {row: float(proposal.row_multipliers[row]) for row in proposal.tight_rows}
        scale, multipliers = rounded_multipliers(form, self._rows, values)
        parts = [(scale, form), *((value, self._rows[row]) for row, value in multipliers.items())]
        maximum = box_maximum(combine(parts), self._box)
        return maximum is not None and maximum <= 0


def _between(inside: FloatArray, peak: FloatArray, form: Form) -> RationalPoint | None:
    """The float point half-way between where the segment enters {form > 0} and its end, or None if it does not."""
    row = shadow(form)[0]
    with np.errstate(over="ignore", invalid="ignore"):  # rational points may lie beyond the largest float
        low, high = float(row[:-1] @ inside + row[-1]), float(row[:-1] @ peak + row[-1])
        if not high > max(low, 0.0):
            return None
        entry = max(0.0, -low / (high - low))
        point = inside + (1.0 + entry) / 2.0 * (peak - inside)
    return rational_point(point) if np.isfinite(point).all() else None
