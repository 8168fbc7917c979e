"""Adjacent regions against brute force over all pairs, theorems on arrangements, and laws of every partition."""

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import DEGENERATE, braid, generic, he_network, hidden, integer_network, layered, needle, tent_map, type_b
from oracles import (
    domain_forms,
    exact_layers,
    find_point,
    form_value,
    hull_dimension,
    rank,
    unit_forms,
)
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from relugeom.errors import InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.measures import adjacency as adjacency_module
from relugeom.measures.adjacency import Adjacency, find_adjacency
from relugeom.measures.facet_floats import FacetPace, HullFloats, Settled
from relugeom.measures.facets import find_facets
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts
from relugeom.search.enumeration import enumerate_regions

"""Small partitions take the way of large ones."""


def cube(n, size=1.0):
    return Domain.box(np.full(n, -size), np.full(n, size))


def signed_forms(layers, pattern):
    """Every unit's form, ≥ 0 on the closure of the region."""
    rows = []
    for forms, bits in zip(unit_forms(layers, pattern), pattern.split("/"), strict=False):
        rows += [form if bit == "1" else [-entry for entry in form] for form, bit in zip(forms, bits, strict=True)]
    return rows


def naive_pairs(partition):
    """Row pairs whose closures meet in dimension d − 1, and the units whose form in either region is 0 there."""
    layers, weak, n = exact_layers(partition.network), domain_forms(partition.domain), partition.domain.inputs
    d = hull_dimension(weak, n)
    regions = [signed_forms(layers, text) for text in pattern_texts(partition.packed, partition.network.widths)]
    found = {}
    for first, mine in enumerate(regions):
        for second in range(first + 1, len(regions)):
            both = [*weak, *mine, *regions[second]]
            if hull_dimension(both, n) == d - 1:
                found[first, second] = [
                    {unit for unit, form in enumerate(rows) if is_facet_row(form, both, weak, n)}
                    for rows in (mine, regions[second])
                ]
    return found


def is_facet_row(form, both, weak, n):
    """Whether a form is 0 on the common face, but not on the whole hull."""
    if find_point(both, [form], n) is not None:
        return False
    implicit = [row for row in weak if find_point(weak, [row], n) is None]
    return rank([*implicit, form]) > rank(implicit)


def as_mapping(adjacency: Adjacency):
    pairs = list(zip(adjacency.first.tolist(), adjacency.second.tolist(), strict=True))
    assert pairs == sorted(set(pairs)) and all(first < second for first, second in pairs)
    result = {}
    for number, pair in enumerate(pairs):
        part = slice(adjacency.starts[number], adjacency.starts[number + 1])
        units, sides = adjacency.units[part], (adjacency.on_first[part], adjacency.on_second[part])
        assert units.tolist() == sorted(set(units.tolist())) and len(units)
        assert (sides[0] | sides[1]).all()
        result[pair] = [set(units[side].tolist()) for side in sides]
    return result


def check(partition, *, boundary=True):
    """Laws that every complete partition keeps; all facets of all regions are found a second time, one by one."""
    adjacency, count = find_adjacency(partition), len(partition)
    assert adjacency.complete and adjacency.regions == count
    mapping = as_mapping(adjacency)
    if count > 1:
        graph = coo_array((np.ones(len(adjacency)), (adjacency.first, adjacency.second)), shape=(count, count))
        assert connected_components(graph, directed=False)[0] == 1
    inner = outer = 0
    for row in range(count):
        facets = find_facets(partition, row)
        inside = [facet for facet in facets if not facet.sides]
        inner, outer = inner + len(inside), outer + len(facets) - len(inside)
        assert all(facet.pattern is None and facet.neighbour is None for facet in facets if facet.sides)
        assert sorted(facet.neighbour for facet in inside) == adjacency.neighbours(row).tolist()
        for facet in inside:
            pair = tuple(sorted((row, facet.neighbour)))
            assert mapping[pair][pair.index(row)] == set(facet.units)
            assert str(partition[facet.neighbour].pattern) == str(facet.pattern)
            assert all(adjacency.across(row, unit) == facet.neighbour for unit in facet.units)
        assert adjacency.degrees[row] == len(inside)
    assert inner == 2 * len(adjacency)
    assert boundary == (outer > 0)
    return adjacency


# --- brute force --------------------------------------------------------------------------------------------------

SIMPLEX = Domain(lower=[-2, -2, -2], upper=[2, 2, 2], A=[[1, 1, 1]], b=[1], E=[[1.0, -1, 0.5]], f=[0.25])
DOMAINS = {
    "square": (2, cube(2, 2.0)),
    "plane": (2, Domain.everything(2)),
    "half-open": (2, Domain.box([0, -np.inf], [np.inf, 3])),
    "flat": (3, SIMPLEX),
    "zero width": (3, Domain.box([-1, 0.5, -1], [1, 0.5, 1])),
    "interval": (1, cube(1, 3.0)),
    "line": (1, Domain.everything(1)),
    "triangle by implicit equality": (3, Domain([-1, -1, -1], [2, 2, 2], A=[[1, 1, 0], [-1, -1, 0]], b=[1, -1])),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks(name: str) -> None:
    partition = enumerate_regions(DEGENERATE[name][0], cube(2, 4.0))
    assert as_mapping(check(partition)) == naive_pairs(partition)


@pytest.mark.parametrize("name", DOMAINS)
@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), two_layers=st.booleans())
def test_all_pairs(name: str, seed: int, two_layers: bool) -> None:
    inputs, domain = DOMAINS[name]
    sizes = (inputs, 2, 2, 1) if two_layers else (inputs, 3, 1)
    partition = enumerate_regions(integer_network(np.random.default_rng(seed), *sizes), domain)
    assert as_mapping(find_adjacency(partition)) == naive_pairs(partition)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), inputs=st.integers(1, 3), bound=st.sampled_from([1.0, 4.0, np.inf]))
def test_every_facet_twice(seed: int, inputs: int, bound: float) -> None:
    network = integer_network(np.random.default_rng(seed), inputs, 3, 3, 2, 1)
    check(enumerate_regions(network, cube(inputs, bound)), boundary=bound < np.inf)


@settings(max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_ordinary_networks(seed: int) -> None:
    check(enumerate_regions(he_network(seed, 3, 5, 3, 1), cube(3)))


def test_what_floats_leave_open_is_settled_exactly(monkeypatch) -> None:
    """Without any help from floats the same pairs come out."""
    partition = enumerate_regions(he_network(3, 3, 6, 5, 1), cube(3))
    expected = as_mapping(find_adjacency(partition))
    monkeypatch.setattr(adjacency_module, "prove_crossing", lambda bits, *_: np.zeros(len(bits), dtype=np.bool_))
    by_programs = as_mapping(find_adjacency(partition))
    monkeypatch.setattr(adjacency_module, "settle", lambda floats, bits, candidates: nothing(len(candidates.row)))
    assert as_mapping(find_adjacency(partition)) == by_programs == expected


def nothing(count: int) -> Settled:
    return Settled(np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_), np.zeros((count, 0)))


# --- theorems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4])
def test_braid_arrangements(n: int) -> None:
    partition = enumerate_regions(braid(n), Domain.everything(n))
    assert find_adjacency(partition).degrees.tolist() == [n - 1] * factorial(n)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_type_b_arrangements(n: int) -> None:
    partition = enumerate_regions(type_b(n), Domain.everything(n))
    assert find_adjacency(partition).degrees.tolist() == [n] * 2**n * factorial(n)


@pytest.mark.parametrize(("m", "n"), [(6, 1), (5, 2), (6, 3)])
def test_simple_arrangements(m: int, n: int) -> None:
    """Each of m hyperplanes in general position is cut into as many facets as m − 1 make regions of dimension n − 1."""
    adjacency = check(enumerate_regions(generic(m, n), Domain.everything(n)), boundary=False)
    cut = len(enumerate_regions(generic(m - 1, n - 1), Domain.everything(n - 1))) if n > 1 else 1
    assert len(adjacency) == m * cut


def test_tent_maps_are_paths() -> None:
    adjacency = check(enumerate_regions(tent_map(6), Domain.box([0], [1])))
    assert len(adjacency) == 63
    assert sorted(adjacency.degrees.tolist()) == [1, 1] + [2] * 62


# --- attacks ------------------------------------------------------------------------------------------------------


def test_one_flip_is_no_proof() -> None:
    """Left and right of x = 0, |x| − 1 is active far out only: 0/1 and 1/1 differ in one bit and do not touch."""
    network = layered(([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0]], [-1.0]), ([[1.0]], [0.0]))
    partition = enumerate_regions(network, cube(1, 3.0))
    assert pattern_texts(partition.packed, network.widths) == ["01/0", "01/1", "10/0", "10/1"]
    assert as_mapping(check(partition)) == {(0, 1): [{2}, {2}], (0, 2): [{0, 1}, {0, 1}], (2, 3): [{2}, {2}]}

    slanted = layered(([[1.0, 0.0]], [0.0]), ([[2.0], [0.0]], [-1.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    partition = enumerate_regions(slanted, cube(2))
    assert as_mapping(check(partition)) == naive_pairs(partition)


def test_a_unit_that_wakes_beyond_a_facet() -> None:
    """relu(x) − relu(y) is 0 below both axes: across x = 0 it wakes, across y = 0 it stays."""
    network = layered((np.eye(2), [0, 0]), ([[1.0, -1.0]], [0.0]), ([[1.0]], [0.0]))
    partition = enumerate_regions(network, cube(2))
    texts = pattern_texts(partition.packed, network.widths)
    adjacency = check(partition)
    mapping = {(texts[first], texts[second]): units for (first, second), units in as_mapping(adjacency).items()}
    assert mapping == {
        ("00/0", "01/0"): [{1}, {1, 2}],
        ("00/0", "10/1"): [{0}, {0, 2}],
        ("01/0", "11/0"): [{0}, {0}],
        ("10/1", "11/1"): [{1}, {1}],
        ("11/0", "11/1"): [{2}, {2}],
    }
    at = {text: row for row, text in enumerate(texts)}
    assert adjacency.across(at["10/1"], (1, 0)) == at["00/0"]
    assert adjacency.across(at["00/0"], (1, 0)) is None
    assert adjacency.across(at["00/0"], (0, 0)) == adjacency.across(at["00/0"], 0) == at["10/1"]


@pytest.mark.parametrize("exponent", [-300, -40, 60, 300])
def test_scales(exponent: int) -> None:
    """Powers of two change no region, also where products of values leave the range of floats."""
    small = he_network(5, 2, 4, 3, 1)
    scaled = layered(
        *[(w, b * 2.0**exponent) for w, b in zip(small.weights, small.biases, strict=True)],
    )
    expected = as_mapping(find_adjacency(enumerate_regions(small, cube(2))))
    assert as_mapping(find_adjacency(enumerate_regions(scaled, cube(2, 2.0**exponent)))) == expected


def test_a_region_without_floats() -> None:
    partition = enumerate_regions(needle(), cube(1))
    assert partition.exact_points
    assert as_mapping(check(partition)) == naive_pairs(partition)


def test_patterns_beyond_64_units() -> None:
    network = hidden((np.ones((70, 1)), -np.arange(1, 71) / 100))
    adjacency = check(enumerate_regions(network, Domain.box([0], [1])))
    assert adjacency.units.tolist() == list(range(70))


def test_nothing_to_share() -> None:
    without_units = layered(([[1.0, 2.0]], [0.0]))
    a_point = Domain.box([0.5, 0.5], [0.5, 0.5])
    for network, domain in [(without_units, cube(2)), (DEGENERATE["plateau"][0], a_point)]:
        partition = enumerate_regions(network, domain)
        adjacency = find_adjacency(partition)
        assert (len(adjacency), adjacency.degrees.tolist(), adjacency.neighbours(0).tolist()) == (0, [0], [])
        assert [facet.units for facet in find_facets(partition, 0)] == ([()] * 4 if domain is not a_point else [])


def test_names_of_the_boundary() -> None:
    domain = Domain(lower=[0, 0], upper=[1, np.inf], A=[[1, 1], [2, 2]], b=[3, 6], feature_names=("age", "fare"))
    (upper, lower) = (find_facets(enumerate_regions(hidden(([[0, 1.0]], [-1.0])), domain), row) for row in (1, 0))
    assert sorted(facet.sides for facet in upper) == [
        (),
        ("inequality 1", "inequality 2"),
        ("the lower side of 'age'",),
        ("the upper side of 'age'",),
    ]
    assert upper[0].units == lower[0].units == (0,) and upper[0].neighbour == 0 and lower[0].neighbour == 1
    assert upper[0].point[1] == 1 and 0 < upper[0].point[0] < 1


def test_points_lie_on_their_facets_alone() -> None:
    partition = enumerate_regions(integer_network(np.random.default_rng(4), 2, 4, 3, 1), cube(2, 4.0))
    layers, weak = exact_layers(partition.network), domain_forms(partition.domain)
    for row, text in enumerate(pattern_texts(partition.packed, partition.network.widths)):
        forms = signed_forms(layers, text)
        for facet in find_facets(partition, row):
            point = [Fraction(x) for x in facet.point.tolist()]
            near = {unit for unit, form in enumerate(forms) if abs(form_value(form, point)) < Fraction(1, 10**12)}
            assert set(facet.units) <= near
            assert all(form_value(form, point) > -Fraction(1, 10**12) for form in [*forms, *weak])


def test_truncated_partitions() -> None:
    network, domain = he_network(2, 2, 8, 4, 1), cube(2)
    complete = enumerate_regions(network, domain)
    part = enumerate_regions(network, domain, max_regions=len(complete) // 2)
    whole, known = as_mapping(find_adjacency(complete)), find_adjacency(part)
    assert not known.complete
    assert as_mapping(known) == {pair: units for pair, units in whole.items() if max(pair) < len(part)}
    facets = [facet for row in range(len(part)) for facet in find_facets(part, row) if not facet.sides]
    assert sum(facet.neighbour is not None for facet in facets) == 2 * len(known)
    missing = [facet.pattern for facet in facets if facet.neighbour is None]
    assert missing and all(complete.find_row(pattern) >= len(part) for pattern in missing)


def test_progress_and_blocks() -> None:
    partition = enumerate_regions(he_network(1, 2, 10, 5, 1), cube(2))
    expected = as_mapping(find_adjacency(partition))
    told: list[int] = []
    assert as_mapping(find_adjacency(partition, pace=FacetPace(bits=100), on_progress=told.append)) == expected
    assert told == sorted(told) and len(told) > 2 and told[-1] == len(partition)


def test_unknown_units_and_rows() -> None:
    adjacency = find_adjacency(enumerate_regions(DEGENERATE["plateau"][0], cube(2, 4.0)))
    for unit in (4, -1, (0, 2), (2, 0), (-1, 0)):
        with pytest.raises(InputError, match="no unit"):
            adjacency.across(0, unit)
    with pytest.raises(IndexError):
        adjacency.neighbours(4)
    assert adjacency.neighbours(-1).tolist() == adjacency.neighbours(3).tolist()


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_error_bounds_of_values(seed: int) -> None:
    """Values of forms in floats against fractions."""
    random = np.random.default_rng(seed)
    network: ReLUNetwork = he_network(seed, 3, 4, 4, 2)
    floats = HullFloats(network, domain_chart(cube(3)))
    bits, y = random.integers(0, 2, (1, 8)).astype(bool), random.normal(size=(1, 3)) * 10.0 ** random.integers(-8, 8)
    text = "/".join("".join(map(str, part)) for part in bits.astype(int).reshape(2, 4))
    point = [Fraction(x) for x in y[0].tolist()]
    exact = [form_value(form, point) for layer in unit_forms(exact_layers(network), text) for form in layer]
    hidden_values, outputs = floats.values(bits, y), floats.values(bits, y, outputs=True)
    values = np.concatenate([hidden_values.value, outputs.value], axis=1)[0].tolist()
    errors = np.concatenate([hidden_values.error, outputs.error], axis=1)[0].tolist()
    for value, error, truth in zip(values, errors, exact, strict=True):
        assert abs(Fraction(value) - truth) <= Fraction(error)
        assert error <= 1e-12 * (1 + np.abs(y).max()) * 100


def test_facets_that_were_found_in_time() -> None:
    partition = enumerate_regions(he_network(2, 3, 8, 4, 1), cube(3))
    whole, counts = find_facets(partition, 3), []
    for looks in (0, 1, 2, 5, 10, 20, 10**6):
        found = find_facets(partition, 3, time_limit=Looks.until(looks))
        known = {(facet.units, facet.sides) for facet in whole}
        assert {(facet.units, facet.sides) for facet in found} <= known
        assert bool(found.reason) is (looks < 10**6) and found.reason in repr(found)
        counts.append(len(found))
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == len(whole) and len(set(counts)) > 2
