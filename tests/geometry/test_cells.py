"""Cells: a form is positive somewhere on them iff a point of the cell is given where it is."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import domain_forms, find_point, form_value

from relugeom.geometry.cell import Cell
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSolution, LPStatus, SolverBase


class Mute(SolverBase):
    """A solver that never answers: everything is settled exactly."""

    def open(self, A, b, lower, upper):
        return self

    def add_row(self, a, b):
        pass

    def drop_row(self):
        pass

    def maximise(self, c):
        return LPSolution(LPStatus.UNKNOWN, reason="mute")


class Liar(HighsSolver):
    """A solver whose points and multipliers are nonsense."""

    name = "liar"

    def open(self, A, b, lower, upper):
        self.rows, self.n = len(A), len(lower)
        return self

    def add_row(self, a, b):
        self.rows += 1

    def drop_row(self):
        self.rows -= 1

    def maximise(self, c):
        rows = np.arange(self.rows)
        return LPSolution(
            LPStatus.OPTIMAL,
            x=np.full(self.n, 7.5),
            row_multipliers=np.cos(rows),
            bound_multipliers=np.zeros(self.n),
            tight_rows=rows[::2].tolist(),
            tight_sides=[0] * self.n,
        )


def fractions(point):
    return [Fraction(int(x.p), int(x.q)) for x in point]


DOMAINS = {
    "box": Domain.box([-1.0, -1.0], [1.0, 2.0]),
    "everything": Domain.everything(2),
    "half": Domain.box([0.0, -inf], [inf, 1.0]),
    "triangle": Domain([0, 0], [inf, inf], A=[[1, 2]], b=[3]),
}
FORMS = st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=7)


@pytest.mark.parametrize("solver", [HighsSolver(), Mute(), Liar()], ids=["highs", "mute", "liar"])
@pytest.mark.parametrize("name", DOMAINS)
@given(forms=FORMS)
def test_descending_against_elimination(name, solver, forms):
    domain = DOMAINS[name]
    chart = domain_chart(domain)
    cell, inside = Cell(chart, solver), chart.interior
    assert cell.holds(inside)
    weak, strict = domain_forms(domain), []
    for form in forms:
        found = cell.find_positive(form, inside)
        expected = find_point(weak, [*strict, form], 2)
        assert (found is None) == (expected is None)
        if found is not None:
            assert form_value(form, fractions(found)) > 0
            assert cell.holds(found)
            assert all(form_value(row, fractions(found)) > 0 for row in strict)
            assert all(form_value(row, fractions(found)) >= 0 for row in weak)
            cell.push(form)
            strict.append(form)
            inside = found


@given(forms=FORMS, point=st.tuples(st.integers(-3, 3), st.integers(-3, 3)))
def test_what_a_cell_holds(forms, point):
    from flint import fmpq

    domain = DOMAINS["box"]
    cell = Cell(domain_chart(domain), HighsSolver())
    weak, strict = domain_forms(domain), []
    place = [Fraction(c, 2) for c in point]
    rational = [fmpq(c, 2) for c in point]

    def expected():
        return all(form_value(f, place) >= 0 for f in weak) and all(form_value(f, place) > 0 for f in strict)

    for number, form in enumerate(forms):
        assert cell.holds(rational) == expected()
        (cell.push if number % 2 else cell.watch)(form)
        strict.append(form)
    for number in reversed(range(len(forms))):
        assert cell.holds(rational) == expected()
        (cell.pop if number % 2 else cell.unwatch)()
        strict.pop()
    assert cell.holds(rational) == expected()


def test_peaks_far_away_from_the_point_inside():
    # The form is positive only on the last part of the segment to its maximum: half-way is not far enough.
    chart = domain_chart(Domain.box([0.0], [1.0]))
    cell = Cell(chart, Mute())
    for k in (1, 2, 10, 200):
        form = [1 << k, 1 - (1 << k)]  # x > 1 − 2^-k
        found = cell.find_positive(form, chart.interior)
        assert form_value(form, fractions(found)) > 0 and cell.holds(found)


@pytest.mark.parametrize("solver", [HighsSolver(), Mute()], ids=["highs", "mute"])
def test_beyond_the_largest_float(solver):
    chart = domain_chart(Domain.everything(1))
    cell = Cell(chart, solver)
    far = [1, -(10**400)]
    found = cell.find_positive(far, chart.interior)
    assert fractions(found)[0] > 10**400
    cell.push(far)
    assert cell.holds(found)
    further = cell.find_positive([1, -(10**500)], found)
    assert fractions(further)[0] > 10**500
    assert cell.find_positive([-1, 10**300], further) is None
    cell.pop()
    assert cell.find_positive([-1, 10**300], chart.interior) is not None


def test_a_cell_of_a_single_point():
    chart = domain_chart(Domain.box([0.5], [0.5]))
    cell = Cell(chart, HighsSolver())
    assert cell.find_positive([1], chart.interior) == chart.interior
    assert cell.find_positive([0], chart.interior) is None
    assert cell.find_positive([-1], chart.interior) is None
