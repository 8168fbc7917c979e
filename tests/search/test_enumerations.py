"""Every activation region, none twice, and a tree that proves it: both enumerators against theorems and oracles."""

from fractions import Fraction
from itertools import pairwise
from math import comb, factorial, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import (
    DEGENERATE,
    braid,
    generic,
    he_network,
    hidden,
    integer_network,
    layered,
    needle,
    resonance,
    shi,
    tent_map,
    threshold,
    type_b,
)
from oracles import (
    REGION,
    area,
    box_forms,
    classify,
    classify_all,
    domain_forms,
    evaluate_layers,
    exact_layers,
    find_point,
    form_value,
    hull_dimension,
    pattern_area,
    pattern_at,
    read_tree,
)

from relugeom.errors import DataError, EmptyDomainError, InputError, PatternError
from relugeom.geometry.cvxpy_solver import CvxpySolver
from relugeom.geometry.domain import Domain
from relugeom.geometry.highs import HighsSolver
from relugeom.network.pattern import pattern_texts
from relugeom.partition.partition import PartitionStatus
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions


def on_two_threads(network, domain, **options):
    return enumerate_regions(network, domain, threads=2, **options)


ENUMERATORS = [enumerate_regions, on_two_threads, enumerate_by_reference]


@pytest.fixture(params=ENUMERATORS, ids=["engine", "threads", "reference"])
def enumerate_all(request):
    return request.param


def texts_of(partition):
    return pattern_texts(partition.packed, partition.network.widths)


def exact_point(region):
    if region.exact_point is not None:
        return list(region.exact_point)
    return [Fraction(x) for x in region.point.tolist()]


def check(partition):
    """Everything that a partition promises and that can be checked without a search."""
    network, domain = partition.network, partition.domain
    layers, weak = exact_layers(network), domain_forms(domain)
    texts = texts_of(partition)
    assert texts == sorted(set(texts))
    for text, region in zip(texts, partition, strict=True):
        point = exact_point(region)
        assert str(region.pattern) == text == pattern_at(layers, point)
        assert all(form_value(form, point) >= 0 for form in weak)
        values = [z for layer in evaluate_layers(layers, point)[:-1] for z in layer]
        if 0 in values:  # the point lies on a hyperplane that the region touches from one side only
            assert classify(layers, weak, text) == REGION
        if region.exact_point is not None:
            nearest = [inf if abs(x) > 1e308 else float(x) for x in region.exact_point]
            assert np.abs(region.point).tolist() == np.abs(nearest).tolist()
            assert point != [Fraction(x) for x in region.point.tolist() if abs(x) < inf]
    leaves, unexplored = read_tree(partition.tree.tolist(), network.units)
    assert leaves == [text.replace("/", "").replace("-", "") for text in texts]
    assert bool(unexplored) == (partition.status is PartitionStatus.TRUNCATED) == bool(partition.reason)
    return texts


# --- theorems -----------------------------------------------------------------------------------------------------


def cube(n):
    return Domain.box(-np.ones(n), np.ones(n))


THEOREMS = [
    *[(f"resonance {n}", resonance(n), cube(n), count) for n, count in enumerate([2, 6, 32, 370], start=1)],
    *[(f"threshold {n}", threshold(n), cube(n), count) for n, count in enumerate([2, 4, 14, 104], start=1)],
    *[(f"braid {n}", braid(n), cube(n), factorial(n)) for n in (2, 3, 4, 5)],
    *[(f"type B {n}", type_b(n), cube(n), 2**n * factorial(n)) for n in (1, 2, 3)],
    *[(f"Shi {n}", shi(n), Domain.everything(n), (n + 1) ** (n - 1)) for n in (2, 3, 4)],
    *[
        (f"generic {m} in {n}", generic(m, n), Domain.everything(n), sum(comb(m, k) for k in range(n + 1)))
        for m, n in [(3, 1), (5, 2), (6, 3), (5, 4), (3, 5)]
    ],
    *[
        (f"tent {levels} in {d}", tent_map(levels, d), Domain.box(np.zeros(d), np.ones(d)), 2 ** (levels * d))
        for levels, d in [(1, 1), (5, 1), (2, 2), (3, 2), (2, 3)]
    ],
]


@pytest.mark.parametrize(
    ("network", "domain", "count"), [row[1:] for row in THEOREMS], ids=[row[0] for row in THEOREMS]
)
def test_counts_that_are_theorems(enumerate_all, network, domain, count):
    partition = enumerate_all(network, domain)
    assert len(partition) == count
    assert partition.status is PartitionStatus.COMPLETE
    if count <= 150:
        check(partition)


@pytest.mark.slow
@pytest.mark.parametrize(("network", "n", "count"), [(threshold(5), 5, 1882), (braid(6), 6, 720)])
def test_larger_counts_that_are_theorems(network, n, count):
    assert len(enumerate_regions(network, cube(n))) == count


@pytest.mark.parametrize("name", [name for name, network, *_ in THEOREMS if network.inputs <= 3])
def test_central_arrangements_on_everything_and_on_a_box(name):
    network, _, count = next(row[1:] for row in THEOREMS if row[0] == name)
    if not any(bias.any() for bias in network.biases):
        assert len(enumerate_regions(network, Domain.everything(network.inputs))) == count


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks(enumerate_all, name):
    network, count = DEGENERATE[name]
    partition = enumerate_all(network, Domain.everything(2))
    assert len(partition) == count
    check(partition)


def test_a_region_without_a_float(enumerate_all):
    partition = enumerate_all(needle(), Domain.box([-1.0], [1.0]))
    assert check(partition) == ["0/1", "1/0", "1/1"]
    (x,) = partition[2].exact_point
    assert Fraction(1, 3) < x < Fraction(1, 3) + Fraction(1, 3 * 2**60)
    assert partition[2].point[0] == float(x)


# --- random networks ----------------------------------------------------------------------------------------------

FLAT = {
    "box": (lambda n: Domain.box([-1.0] * n, [2.0] * n)),
    "everything": Domain.everything,
    "half": (lambda n: Domain.box([0.0] + [-inf] * (n - 1), [inf] * (n - 1) + [1.0])),
    "zero width": (lambda n: Domain.box([-1.0] * (n - 1) + [0.0], [2.0] * (n - 1) + [0.0])),
    "point": (lambda n: Domain.box([1.0] * n, [1.0] * n)),
    "simplex": (lambda n: Domain([0.0] * n, [inf] * n, A=[[1.0] * n], b=[1.0])),
    "face": (lambda n: Domain([0.0] * n, [1.0] * n, E=[[1.0] * n], f=[1.0])),
    "implicit": (lambda n: Domain([0.0] * n, [inf] * n, A=[[1.0] * n], b=[0.0])),
    "wedge": (lambda n: Domain([-inf] * n, [inf] * n, A=[[1.0] * n, [-1.0] + [1.0] * (n - 1)], b=[0.0, 0.0])),
    "one-hot": (lambda n: Domain([0.0] * n, [1.0] * n, groups=(tuple(range(n)),))),
    "oblique": (lambda n: Domain([-inf] * n, [inf] * n, E=[[3.0] + [1.0] * (n - 1)], f=[1.0])),
}
SHAPES = [(1, 3, 1), (1, 2, 2, 1), (2, 4, 1), (2, 2, 2, 1), (2, 2, 1, 2, 1), (3, 3, 1), (3, 2, 1, 1)]


@pytest.mark.parametrize("name", FLAT)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), shape=st.sampled_from(SHAPES))
def test_integer_networks_against_all_patterns(name, seed, shape):
    network, domain = integer_network(np.random.default_rng(seed), *shape), FLAT[name](shape[0])
    expected = [
        text for text, kind in classify_all(exact_layers(network), domain_forms(domain)).items() if kind == REGION
    ]
    for enumerator in (enumerate_regions, enumerate_by_reference):
        partition = enumerator(network, domain)
        assert check(partition) == expected
        assert partition.dimension == hull_dimension(domain_forms(domain), shape[0])


@pytest.mark.parametrize(
    ("sizes", "seed"),
    [((2, 8, 8, 1), 0), ((3, 8, 6, 1), 1), ((4, 6, 5, 4, 2), 2), ((1, 12, 12, 12, 1), 3), ((4, 9, 1), 4)],
)
@pytest.mark.parametrize("bounded", [True, False])
def test_the_engine_and_the_reference_agree(sizes, seed, bounded):
    network, n = he_network(seed, *sizes), sizes[0]
    domain = cube(n) if bounded else Domain.everything(n)
    fast, plain = enumerate_regions(network, domain), enumerate_by_reference(network, domain)
    assert (fast.packed == plain.packed).all() and (fast.tree == plain.tree).all()
    assert fast.status is plain.status is PartitionStatus.COMPLETE
    assert texts_of(fast) == sorted(set(texts_of(fast)))
    layers = exact_layers(network)
    for region in list(fast)[:: max(1, len(fast) // 40)]:
        assert pattern_at(layers, exact_point(region)) == str(region.pattern)


def test_dense_samples_meet_known_regions():
    network = he_network(12, 3, 10, 8, 1)
    partition = enumerate_regions(network, cube(3))
    X = np.random.default_rng(0).uniform(-1, 1, (4000, 3))
    for x in X:
        assert partition.region_of(x) is not None


@pytest.mark.parametrize("solver", [CvxpySolver(), HighsSolver()], ids=["cvxpy", "highs"])
def test_the_solver_of_the_reference_does_not_matter(solver):
    network = integer_network(np.random.default_rng(5), 2, 3, 2, 1)
    partition = enumerate_by_reference(network, cube(2), solver=solver)
    assert texts_of(partition) == texts_of(enumerate_regions(network, cube(2)))


# --- laws ---------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_areas_sum_to_the_domains(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1) if seed % 2 else he_network(seed, 2, 5, 4, 1)
    domain = Domain.box([-1.0, -0.5], [1.0, 1.5])
    square = [(Fraction(x), Fraction(y)) for x, y in ((-1, -0.5), (1, -0.5), (1, 1.5), (-1, 1.5))]
    layers = exact_layers(network)
    shares = [pattern_area(layers, square, text) for text in texts_of(enumerate_regions(network, domain))]
    assert all(share > 0 for share in shares)
    assert sum(shares) == area(square) == 4


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), unit=st.integers(0, 3))
def test_permuting_and_scaling_units(seed, unit):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    (w0, w1, w2), (b0, b1, b2) = network.weights, network.biases
    scale = np.where(np.arange(4) == unit, 2.0, 1.0)
    scaled = layered((w0 * scale[:, None], b0 * scale), (w1 / scale, b1), (w2, b2))
    plain = texts_of(enumerate_regions(network, cube(2)))
    assert texts_of(enumerate_regions(scaled, cube(2))) == plain
    order = random.permutation(4)
    shuffled = layered((w0[order], b0[order]), (w1[:, order], b1), (w2, b2))
    moved = sorted("".join(text[k] for k in order) + text[4:] for text in plain)
    assert texts_of(enumerate_regions(shuffled, cube(2))) == moved


def test_a_smaller_box_has_fewer_regions():
    network = he_network(9, 2, 8, 8, 1)
    counts = [set(texts_of(enumerate_regions(network, Domain.box([-r] * 2, [r] * 2)))) for r in (0.25, 0.5, 1.0, 4.0)]
    assert all(small <= large for small, large in pairwise(counts))
    assert len(counts[0]) < len(counts[-1])


# --- thin, far and flat -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [1e-7, 1e-9, 1e-12, 1e-14, 2.0**-52, 1e-200, 5e-324])
@pytest.mark.parametrize("domain", [Domain.everything(2), Domain.box([-3.0, -1e6], [1e6, 1.0])], ids=["all", "box"])
def test_thin_strips(enumerate_all, epsilon, domain):
    network = hidden(([[1, 0], [1, 0], [0, 1]], [0.0, -epsilon, 0.0]))
    assert check(enumerate_all(network, domain)) == ["000", "001", "100", "101", "110", "111"]


@pytest.mark.parametrize("epsilon", [1e-3, 1e-9, 1e-13])
def test_strips_in_the_second_layer(enumerate_all, epsilon):
    # |x| − 1 and |x| − 1 − ε: two strips, one on either side
    network = hidden(([[1, 0], [-1, 0]], [0, 0]), ([[1, 1], [1, 1]], [-1, -1 - epsilon]))
    expected = ["01/00", "01/10", "01/11", "10/00", "10/10", "10/11"]
    assert check(enumerate_all(network, Domain.box([-2, -2], [2, 2]))) == expected
    assert check(enumerate_all(network, Domain.everything(2))) == expected


def test_regions_beyond_the_largest_float(enumerate_all):
    network = hidden(([[1e-300]], [-1e300]))
    partition = enumerate_all(network, Domain.everything(1))
    assert check(partition) == ["0", "1"]
    assert partition[1].point[0] == inf and partition[1].exact_point[0] > Fraction(10) ** 599


def test_overflow_and_underflow_inside(enumerate_all):
    huge = hidden(([[1e200]], [-1e200]), ([[1e200]], [-1e200]))
    assert check(enumerate_all(huge, Domain.box([-3.0], [3.0]))) == ["0/0", "1/0", "1/1"]
    tiny = hidden(([[-1e-162] * 3], [5e-324]))  # each product is less than half of the smallest float
    assert check(enumerate_all(tiny, Domain.box([2.3e-162] * 3, [2.45e-162] * 3))) == ["0"]
    deep = hidden(([[1e-200], [-1e-200]], [0, 0]), ([[1e-200, 0], [0, 1e-200]], [0, 0]))
    for domain in (Domain.box([-1.0], [1.0]), Domain.everything(1)):
        assert check(enumerate_all(deep, domain)) == ["01/01", "10/10"]


def test_cancellation_that_floats_do_not_see(enumerate_all):
    # 0.1 + 0.2 − 0.3 is 2^-55 · 1 in rationals: the unit is active for x > 0
    network = hidden(([[0.1], [0.2], [0.3]], [0, 0, 0]), ([[1, 1, -1], [-1, -1, 1]], [0, 0]))
    for domain in (Domain.box([-1.0], [1.0]), Domain.everything(1), Domain.box([0.25], [1.0])):
        expected = ["000/00", "111/10"] if domain.lower[0] < 0 else ["111/10"]
        assert check(enumerate_all(network, domain)) == expected


def test_units_that_vanish_on_a_flat_domain(enumerate_all):
    network = hidden(([[1, -1], [-1, 1], [1, 1]], [0, 0, 0]))
    line = Domain([-1, -1], [1, 1], E=[[1, -1]], f=[0])
    assert check(enumerate_all(network, line)) == ["000", "001"]


def test_a_single_point_is_one_region(enumerate_all):
    network = he_network(3, 3, 6, 5, 1)
    for point in ([0.1, 0.2, -0.3], [0.0, 0.0, 0.0]):
        partition = enumerate_all(network, Domain.box(point, point))
        assert check(partition) == [pattern_at(exact_layers(network), point)]
        assert partition.dimension == 0
    on_line = hidden(([[1.0, -1.0]], [0.0]))
    assert check(enumerate_all(on_line, Domain.box([0.5, 0.5], [0.5, 0.5]))) == ["0"]


def test_no_hidden_layer(enumerate_all):
    partition = enumerate_all(layered(([[1.0, 2.0]], [0.5])), cube(2))
    assert check(partition) == ["-"]
    assert partition.packed.shape == (1, 0) and len(partition.tree) == 0
    assert str(partition.region_of([0.5, 0.5]).pattern) == "-"


def test_networks_of_zeros(enumerate_all):
    network = hidden((np.zeros((3, 2)), [0.0, 1.0, -1.0]), (np.zeros((2, 3)), [0.0, 0.0]))
    assert check(enumerate_all(network, cube(2))) == ["010/00"]
    assert check(enumerate_all(network, Domain.everything(2))) == ["010/00"]


def test_more_than_63_units(enumerate_all):
    offsets = -np.arange(70.0)
    network = hidden((np.ones((70, 1)), offsets))
    partition = enumerate_all(network, Domain.box([-0.5], [69.5]))
    assert texts_of(partition) == ["1" * k + "0" * (70 - k) for k in range(71)]


def test_empty_domains(enumerate_all):
    with pytest.raises(EmptyDomainError):
        enumerate_all(he_network(0, 2, 3, 1), Domain([0, 0], [1, 1], A=[[-1, -1]], b=[-3]))


# --- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 7, 156, 157, 158])
def test_truncated_runs_are_prefixes(enumerate_all, limit):
    network = he_network(21, 2, 10, 8, 1)
    whole = enumerate_regions(network, cube(2))
    count = len(whole)
    limit = {156: count - 1, 157: count, 158: count + 1}.get(limit, limit)
    part = enumerate_all(network, cube(2), max_regions=limit)
    kept = min(limit, count)
    assert (part.packed == whole.packed[:kept]).all() and len(part) == kept
    assert (part.tree == enumerate_by_reference(network, cube(2), max_regions=limit).tree).all()
    tokens = part.tree[part.tree != 3]
    assert (tokens == whole.tree[: len(tokens)]).all()
    if limit < count:
        assert part.status is PartitionStatus.TRUNCATED
        assert part.reason == f"stopped after {limit:,} regions"
        leaves, unexplored = read_tree(part.tree.tolist(), network.units)
        assert len(leaves) == limit and unexplored
    else:
        assert part.status is PartitionStatus.COMPLETE and part.reason == ""
        assert (part.tree == whole.tree).all()
    check(part)


def test_a_time_limit_gives_a_prefix(enumerate_all):
    network = he_network(2, 6, 30, 30, 30, 1)
    part = enumerate_all(network, cube(6), time_limit=0.05)
    assert part.status is PartitionStatus.TRUNCATED
    assert part.reason == "stopped after 0.05 seconds"
    texts = texts_of(part)
    assert texts == sorted(set(texts))
    leaves, unexplored = read_tree(part.tree.tolist(), network.units)
    assert len(leaves) == len(part) and unexplored


def test_a_search_that_stops_before_its_first_region():
    part = enumerate_regions(he_network(0, 40, 60, 60, 60, 1), Domain.everything(40), time_limit=1e-9)
    assert part.status is PartitionStatus.TRUNCATED and part.points.shape == (len(part), 40)
    leaves, _ = read_tree(part.tree.tolist(), 180)
    assert len(leaves) == len(part)


class Interrupting(HighsSolver):
    """Like a person who presses Ctrl-C while the solver works."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def open(self, A, b, lower, upper):
        session, outer = super().open(A, b, lower, upper), self
        maximise = session.maximise

        def counted(c):
            outer.left -= 1
            if outer.left < 0:
                raise KeyboardInterrupt
            return maximise(c)

        session.maximise = counted
        return session


@pytest.mark.parametrize("after", [0, 1, 2, 3, 10, 50, 51, 52, 53])
def test_interrupts_inside_the_solver_leave_an_honest_prefix(after):
    network = he_network(21, 2, 8, 6, 1)
    whole = enumerate_regions(network, cube(2))
    part = enumerate_by_reference(network, cube(2), solver=Interrupting(after))
    assert part.status is PartitionStatus.TRUNCATED and part.reason == "interrupted"
    assert (part.packed == whole.packed[: len(part)]).all()
    check(part)


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupts_of_the_engine_leave_an_honest_prefix(threads):
    calls = []

    def interrupt(step):
        calls.append(step.regions)
        if len(calls) == 3:
            raise KeyboardInterrupt

    network = he_network(2, 6, 30, 30, 30, 1)
    part = enumerate_regions(network, cube(6), threads=threads, on_progress=interrupt)
    assert part.status is PartitionStatus.TRUNCATED and part.reason == "interrupted"
    assert calls == sorted(calls) and len(part) >= calls[-1]
    leaves, unexplored = read_tree(part.tree.tolist(), network.units)
    assert leaves == [text.replace("/", "") for text in texts_of(part)] and unexplored


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"max_regions": 0}, "limit of regions must be at least 1"),
        ({"max_regions": -3}, "limit of regions"),
        ({"time_limit": -1.0}, "time limit must be 0 or more seconds"),
        ({"time_limit": -1.0}, "time limit"),
        ({"time_limit": float("nan")}, "time limit"),
        ({"threads": 0}, "number of threads"),
    ],
)
def test_limits_that_are_none(options, complaint):
    with pytest.raises(InputError, match=complaint):
        enumerate_regions(he_network(0, 2, 3, 1), cube(2), **options)


def test_a_domain_of_another_dimension(enumerate_all):
    with pytest.raises(InputError, match="the network has 2 inputs, but the domain has 3"):
        enumerate_all(he_network(0, 2, 3, 1), cube(3))


# --- looking things up --------------------------------------------------------------------------------------------


def test_finding_rows_and_regions():
    network = he_network(21, 2, 10, 8, 1)
    partition = enumerate_regions(network, cube(2))
    texts = texts_of(partition)
    assert [partition.find_row(text) for text in texts] == list(range(len(texts)))
    assert partition.find_row(partition[3].pattern) == 3
    missing = next(t for t in ("1" * 10 + "/" + "1" * 8, "0" * 10 + "/" + "1" * 8) if t not in texts)
    assert partition.find_row(missing) is None
    with pytest.raises(PatternError):
        partition.find_row("01")
    with pytest.raises(IndexError):
        partition[len(partition)]
    assert str(partition[-1].pattern) == texts[-1]
    assert len(partition[-1].point) == 2


def test_the_region_of_an_input():
    network = hidden(([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]))
    partition = enumerate_regions(network, cube(2))
    assert str(partition.region_of([0.5, -0.5]).pattern) == "100"
    assert partition.region_of([0.0, 0.5]) is None  # 001 only on a line
    assert str(partition.region_of(np.array([0.5, 0.0])).pattern) == "100"
    with pytest.raises(DataError, match="outside the domain"):
        partition.region_of([1.5, 0.0])
    with pytest.raises(DataError, match="takes 2 inputs"):
        partition.region_of([1.5])
    with pytest.raises(DataError, match="not finite"):
        partition.region_of([np.nan, 0.0])


def test_partitions_cannot_be_changed():
    partition = enumerate_regions(he_network(0, 2, 3, 1), cube(2))
    for column in (partition.packed, partition.points, partition.tree):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
    with pytest.raises(TypeError):
        partition.exact_points[0] = ()
    assert "activation regions, complete, dimension 2" in repr(partition)


def test_progress_is_told():
    calls = []
    partition = enumerate_regions(he_network(2, 4, 16, 16, 1), cube(4), on_progress=calls.append)
    counts = [step.regions for step in calls]
    assert counts == sorted(counts) and all(0 <= count <= len(partition) for count in counts)
    assert all(0 <= step.explored <= 1 for step in calls)


def test_the_oracle_itself_on_a_known_plane():
    # x, y and x + y − 1 on [0, 1]²: the line cuts the square once
    network = hidden(([[1, 0], [0, 1], [1, 1]], [0, 0, -1]))
    kinds = classify_all(exact_layers(network), box_forms([0, 0], [1, 1]))
    assert [text for text, kind in kinds.items() if kind == REGION] == ["110", "111"]
    assert kinds["000"] == "lower-dimensional" and kinds["001"] == "infeasible"
    assert find_point([[1, 0, 0], [0, 1, 0]], [[-1, -1, 0]], 2) is None
