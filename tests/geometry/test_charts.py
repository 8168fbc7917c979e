"""Affine hulls of domains, found exactly, against elimination in fractions."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import domain_forms, find_point, form_value, hull_dimension, vanishes

from relugeom.errors import DomainError, EmptyDomainError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain


def fractions(point):
    return [Fraction(int(x.p), int(x.q)) for x in point]


def check(domain):
    """Compare a chart with the oracle: emptiness, dimension, an interior point, the lift."""
    forms, n = domain_forms(domain), domain.inputs
    dimension = hull_dimension(forms, n)
    if dimension is None:
        with pytest.raises(EmptyDomainError, match="no input satisfies the domain"):
            domain_chart(domain)
        return None
    chart = domain_chart(domain)
    assert chart.dimension == dimension
    inside = fractions(chart.embed(chart.interior))
    # The interior point satisfies every row, with equality only where the row is 0 all over the domain.
    for form in forms:
        value = form_value(form, inside)
        assert value > 0 or (value == 0 and vanishes(form, forms, n))
    for row in chart.rows:
        assert form_value([int(c) for c in row], fractions(chart.interior)) > 0
    for low, y, high in zip(chart.lower, fractions(chart.interior), chart.upper, strict=True):
        assert low < y < high
    # The coordinates are inputs, and points of the domain have coordinates that lead back to them.
    assert [inside[j] for j in chart.free] == fractions(chart.interior)
    other = find_point(forms, [], n)
    assert fractions(chart.embed([other_y(other, j) for j in chart.free])) == other
    return chart


def other_y(point, j):
    from flint import fmpq

    return fmpq(point[j].numerator, point[j].denominator)


@st.composite
def small_systems(draw, n):
    """Constraint systems of small integers, often flat or empty."""

    def table(rows):
        return np.array(draw(st.lists(st.integers(-2, 2), min_size=rows * n, max_size=rows * n)), float).reshape(
            rows, n
        )

    def column(rows):
        return np.array(draw(st.lists(st.integers(-1, 2), min_size=rows, max_size=rows)), float)

    k, p = draw(st.integers(0, 3)), draw(st.integers(0, 1))
    lower = np.array(draw(st.lists(st.sampled_from([0.0, -1.0, -inf, 0.5]), min_size=n, max_size=n)))
    upper = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 2.0, inf]), min_size=n, max_size=n)))
    return Domain(lower, upper, A=table(k), b=column(k), E=table(p), f=column(p))


@given(small_systems(1))
def test_lines(domain):
    check(domain)


@given(small_systems(2))
def test_planes(domain):
    check(domain)


@given(small_systems(3))
def test_spaces(domain):
    check(domain)


FLAT = {
    "corner of the quadrant": (Domain([0, 0], [inf, inf], A=[[1, 1]], b=[0]), 0),
    "zero width": (Domain.box([0.0, 0.1, -1.0], [1.0, 0.1, 1.0]), 2),
    "face of a simplex": (Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1]), 2),
    "vertex of a simplex": (Domain([0, 0, 0], [1, 1, 1], A=[[-1, 0, 0]], b=[-1], E=[[1, 1, 1]], f=[1]), 0),
    "two opposite rows": (Domain([-inf] * 2, [inf] * 2, A=[[1, 1], [-1, -1]], b=[1, -1]), 1),
    "a chain of inequalities": (
        Domain([0, -inf, -inf], [inf, inf, 0], A=[[1, -1, 0], [0, 1, -1]], b=[0, 0]),
        0,
    ),
    "a cycle of inequalities": (
        Domain([-1] * 3, [1] * 3, A=[[1, -1, 0], [0, 1, -1], [-1, 0, 1]], b=[0, 0, 0]),
        1,
    ),
    "implied one after the other": (
        Domain([0, 0, 0], [1, 1, 1], A=[[1, 1, 0], [0, -1, 1]], b=[0, 0]),
        0,
    ),
    "a one-hot group": (Domain([0.0] * 3, [1.0] * 3, groups=((0, 2),)), 2),
    "a group of one": (Domain([0.0] * 2, [1.0] * 2, groups=((1,),)), 1),
    "two groups": (Domain([0.0] * 4, [1.0] * 4, groups=((0, 1), (2, 3))), 2),
    "a single point": (Domain.box([0.1, -0.3], [0.1, -0.3]), 0),
    "a point of an equality": (Domain([-inf] * 2, [inf] * 2, E=[[1, 2], [3, 4]], f=[1, 1]), 0),
    "dependent equalities": (Domain([-inf] * 2, [inf] * 2, E=[[1, 2], [2, 4]], f=[1, 2]), 1),
    "everything": (Domain.everything(3), 3),
    "half open": (Domain.box([0.0, -inf, -inf], [inf, 0.0, inf]), 3),
    "tenths": (Domain([0, 0], [1, 1], E=[[0.1, 0.2]], f=[0.3]), 1),
    "an empty row": (Domain([0, 0], [1, 1], A=[[0, 0]], b=[0]), 2),
    "a sliver": (Domain([0.0, 0.0], [1.0, 5e-324]), 2),
    "huge and tiny": (Domain.box([-1e308, -1e-308], [1e308, 1e-308]), 2),
}


@pytest.mark.parametrize("name", FLAT)
def test_named_domains(name):
    domain, dimension = FLAT[name]
    assert check(domain).dimension == dimension


EMPTY = {
    "rows against rows": Domain([-inf], [inf], A=[[1], [-1]], b=[0, -1]),
    "rows against sides": Domain([0, 0], [1, 1], A=[[-1, -1]], b=[-3]),
    "equalities": Domain([-inf] * 2, [inf] * 2, E=[[1, 1], [2, 2]], f=[1, 3]),
    "an equality against the box": Domain([0, 0], [1, 1], E=[[1, 1]], f=[3]),
    "an impossible row": Domain([0], [1], A=[[0]], b=[-1]),
    "an impossible equality": Domain([0], [1], E=[[0]], f=[1]),
    "a group against the box": Domain([0.0] * 2, [0.0] * 2, groups=((0, 1),)),
    "a side that an equality breaks": Domain([0, 0], [1, 1], E=[[1, 0]], f=[2]),
    "by the last bit": Domain([-inf] * 2, [inf] * 2, A=[[1, 0], [-1, 0]], b=[0.3, -(0.1 + 0.2)]),
    "after an implicit equality": Domain([0, 0], [inf, inf], A=[[1, 1], [-1, -2]], b=[0, -1]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_domains(name):
    assert check(EMPTY[name]) is None


def test_the_text_names_the_guilty():
    domain = Domain([0, 0], [1, 1], A=[[1, 0], [-1, -1]], b=[5, -3], feature_names=("Age", "Fare"))
    with pytest.raises(
        DomainError, match=r"inequality 2.*upper side of 'Age'.*upper side of 'Fare'.*contradict"
    ) as caught:
        domain_chart(domain)
    assert "inequality 1" not in str(caught.value)


def test_forms_on_the_hull():
    from flint import fmpz_mat

    chart = domain_chart(Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1]))
    reduced = chart.reduce(fmpz_mat(2, 4, [1, 1, 1, -1, 0, 0, 2, -1]))
    assert [int(c) for c in reduced.entries()[:3]] == [0, 0, 0]
    values = [form_value([int(reduced[1, j]) for j in range(3)], y) for y in ([0, 0], [1, 0], [Fraction(1, 2), 0])]
    plain = []
    for y in ([0, 0], [1, 0], [Fraction(1, 2), 0]):
        x = fractions(chart.embed([other_y([Fraction(c) for c in y], j) for j in range(2)]))
        plain.append(2 * x[2] - 1)
    scale = values[0] / plain[0]
    assert scale > 0 and values == [scale * value for value in plain]


def test_directions_span_the_hull():
    chart = domain_chart(Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1]))
    assert chart.directions.shape == (3, 2)
    assert np.abs(np.ones(3) @ chart.directions).max() == 0
    assert np.linalg.matrix_rank(chart.directions) == 2


def test_equal_domains_with_other_names_have_charts_of_their_own():
    for names in (("age", "fare"), ("fare", "age"), ()):
        domain = Domain([0, 0], [1, 1], A=[[1, 1]], b=[1], feature_names=names)
        assert domain_chart(domain).domain.feature_names == names
