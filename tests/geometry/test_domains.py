"""Domains as values, and which inputs they hold."""

from fractions import Fraction
from itertools import product
from math import inf, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import domain_forms, form_value

from relugeom.errors import DomainError
from relugeom.geometry.domain import Domain, FeatureKind, contains, contains_admissible, list_admissible


def naive_contains(domain, point):
    return all(form_value(form, [Fraction(c) for c in point]) >= 0 for form in domain_forms(domain))


def test_a_box():
    domain = Domain.box([0.0, -1.0], [1.0, inf])
    points = np.array([[0.0, -1.0], [1.0, 1e308], [nextafter(0.0, -1), 0.0], [0.5, nextafter(-1.0, -2)], [0.5, 0.5]])
    assert contains(domain, points).tolist() == [True, True, False, False, True]


def test_rows_are_settled_exactly():
    # 0.1 x + 0.2 y ≤ 0.3 at (1, 1): the floats 0.1 + 0.2 exceed the float 0.3 as rationals
    points = np.array([[1.0, 1.0], [nextafter(1.0, 0), 1.0], [1.0, nextafter(1.0, 0)]])
    for right in (0.3, 0.1 + 0.2):
        domain = Domain([-9.0, -9.0], [9.0, 9.0], A=[[0.1, 0.2]], b=[right])
        assert contains(domain, points).tolist() == [naive_contains(domain, p) for p in points.tolist()]
    equal = Domain([-9.0, -9.0], [9.0, 9.0], E=[[1.0, 1.0]], f=[0.1 + 0.2])
    assert not contains(equal, np.array([[0.1, 0.2]]))[0]  # the exact sum of the floats is no float
    assert contains(equal, np.array([[0.1 + 0.2, 0.0]]))[0]


@given(st.integers(0, 2**32 - 1))
def test_contains_against_rationals(seed):
    random = np.random.default_rng(seed)
    tenths = np.array([0.0, 0.1, 0.2, 0.3, -0.1, 0.7, 1.0])
    rows = int(random.integers(0, 3))
    A, E = random.choice(tenths, (rows, 2)), random.choice(tenths, (1, 2))
    points = random.choice(tenths, (12, 2))
    domain = Domain([-0.1, 0.0], [0.7, 1.0], A=A, b=A @ points[0], E=E[: seed % 2], f=(E @ points[1])[: seed % 2])
    assert contains(domain, points).tolist() == [naive_contains(domain, p) for p in points.tolist()]


def test_admissible_inputs():
    domain = Domain([0.0] * 4, [3.0] * 4, kinds=("continuous", "integer", "binary", "binary"), groups=((2, 3),))
    points = np.array([[0.5, 2.0, 1.0, 0.0], [0.5, 1.5, 1.0, 0.0], [0.5, 2.0, 1.0, 1.0], [0.5, 2.0, 0.5, 0.5]])
    assert contains(domain, points).tolist() == [True, True, False, True]
    assert contains_admissible(domain, points).tolist() == [True, False, False, False]


def test_binary_features_and_groups_lie_in_the_unit_interval():
    domain = Domain([-5.0, 0.5, -inf], [5.0, 9.0, inf], kinds=("binary", "integer", "continuous"), groups=((2,),))
    assert domain.lower.tolist() == [0.0, 0.5, 0.0] and domain.upper.tolist() == [1.0, 9.0, 1.0]
    assert domain.kinds == (FeatureKind.BINARY, FeatureKind.INTEGER, FeatureKind.BINARY)
    E, f = domain.equalities
    assert E.tolist() == [[0.0, 0.0, 1.0]] and f.tolist() == [1.0]


@given(st.integers(0, 2**32 - 1))
def test_listing_against_all_products(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 5))
    kinds = tuple(random.choice(["integer", "binary"], n))
    lower = random.integers(-2, 1, n) + random.choice([0.0, 0.25], n)
    upper = lower + random.integers(0, 4, n) / 2
    grouped = random.permutation(n)[: int(random.integers(0, n + 1))].tolist()
    groups = [group for group in (grouped[:2], grouped[2:]) if group]
    rows = int(random.integers(0, 3))
    A, b = random.integers(-2, 3, (rows, n)).astype(float), random.integers(-1, 4, rows).astype(float)
    try:
        domain = Domain(lower, upper, A=A, b=b, kinds=kinds, groups=groups)
    except DomainError:  # a binary feature whose box misses [0, 1]
        return
    expected = [list(p) for p in product(range(-3, 4), repeat=n) if naive_contains(domain, p)]
    found = list_admissible(domain)
    assert found.shape[1] == n
    assert found.tolist() == expected


def test_listing_gives_up_where_it_must():
    assert list_admissible(Domain.box([0.0], [1.0])) is None
    assert list_admissible(Domain([0.0], [inf], kinds=("integer",))) is None
    assert list_admissible(Domain([0.0], [9.0], kinds=("integer",)), limit=9) is None
    assert len(list_admissible(Domain([0.0], [9.0], kinds=("integer",)), limit=10)) == 10
    assert list_admissible(Domain([0.0] * 8, [9.0] * 8, kinds=("integer",) * 8)) is None
    assert list_admissible(Domain([-1e308], [1e308], kinds=("integer",))) is None


def test_listing_of_large_integers():
    for low in (2.0**52, 1e17, -1e17):
        found = list_admissible(Domain([low], [low], kinds=("integer",)))
        assert found is None or found.tolist() == [[low]]
    # Between 2^53 and 2^53 + 4 lie integers that are no floats: the list cannot be complete.
    assert list_admissible(Domain([2.0**53], [2.0**53 + 4], kinds=("integer",))) is None
    assert len(list_admissible(Domain([2.0**53 - 4], [2.0**53], kinds=("integer",)))) == 5


def test_a_domain_without_admissible_inputs():
    assert list_admissible(Domain([0.2], [0.8], kinds=("integer",))).shape == (0, 1)
    assert list_admissible(Domain([0.2, 0.0], [0.8, 1.0], kinds=("integer",) * 2)).shape == (0, 2)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"lower": [1.0], "upper": [0.0]}, "'x0': no number lies between its bounds 1 and 0"),
        ({"lower": [inf], "upper": [inf]}, "'x0': no number"),
        ({"lower": [-inf], "upper": [-inf]}, "'x0': no number"),
        ({"lower": [float("nan")], "upper": [0.0]}, "'x0': a bound is NaN"),
        ({"lower": [], "upper": []}, "one lower and one upper bound"),
        ({"lower": [0.0, 0.0], "upper": [1.0]}, "one lower and one upper bound"),
        ({"lower": [0.0], "upper": [1.0], "A": [[1.0, 2.0]], "b": [1.0]}, "A has shape"),
        ({"lower": [0.0], "upper": [1.0], "A": [[1.0]], "b": [1.0, 2.0]}, "A has shape"),
        ({"lower": [0.0], "upper": [1.0], "E": [[inf]], "f": [1.0]}, "E: .* finite"),
        ({"lower": [0.0], "upper": [1.0], "A": [[1.0]], "b": [float("nan")]}, "A: .* finite"),
        ({"lower": [0.0], "upper": [1.0], "kinds": ("integer", "integer")}, "2 kinds"),
        ({"lower": [0.0], "upper": [1.0], "feature_names": ("a", "b")}, "2 names"),
        ({"lower": [0.0], "upper": [1.0], "groups": ((1,),)}, "indices of features from 0 to 0"),
        ({"lower": [0.0], "upper": [1.0], "groups": ((),)}, "one-hot group needs"),
        ({"lower": [0.0], "upper": [1.0], "groups": ((0,), (0,))}, "two one-hot groups"),
        ({"lower": [2.0], "upper": [3.0], "kinds": ("binary",)}, "no number lies between its bounds 2 and 1"),
        ({"lower": [2.0], "upper": [1.0], "feature_names": ("a'b\n",)}, "no number"),
    ],
)
def test_domains_that_are_not_well_formed(options, complaint):
    with pytest.raises(DomainError, match=complaint):
        Domain(**options)


def test_digests_and_equality():
    box = Domain.box([0.0], [1.0])
    assert box == Domain.box([-0.0], [1.0], ["named"])
    assert hash(box) == hash(Domain.box([0], [1]))
    others = [
        Domain.box([0.0], [2.0]),
        Domain([0.0], [1.0], kinds=("integer",)),
        Domain([0.0], [1.0], kinds=("binary",)),
        Domain([0.0], [1.0], groups=((0,),)),
        Domain([0.0], [1.0], A=[[1.0]], b=[0.5]),
        Domain([0.0], [1.0], E=[[1.0]], f=[0.5]),
        Domain.box([0.0, 0.0], [1.0, 1.0]),
        Domain.everything(1),
    ]
    assert len({domain.digest for domain in [box, *others]}) == len(others) + 1
    assert box != "a box"


def test_arrays_are_private_and_read_only():
    lower = np.zeros(1)
    domain = Domain.box(lower, [1.0])
    lower[0] = 0.5
    assert domain.lower[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        domain.upper[0] = 2.0
    assert "1 inputs" in repr(domain) and domain.names == ("x0",)
