"""The engine against the plain enumerator: the same patterns and the same tree, on every kind of domain."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relugeom.budget import Pace, SearchBudget
from relugeom.errors import EmptyDomainError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.found import SearchProgress
from relugeom.partition.partition import Partition, PartitionStatus, TreeToken
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions


def random_network(*sizes: int, seed: int) -> ReLUNetwork:
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(size=(here, below)) * np.sqrt(2 / below), rng.normal(size=here) * 0.3)
        for below, here in itertools.pairwise(sizes)
    ]
    return ReLUNetwork.from_layers(*layers)


def assert_same(found: Partition, expected: Partition) -> None:
    assert found.status is expected.status is PartitionStatus.COMPLETE
    assert found.packed.tobytes() == expected.packed.tobytes()
    assert found.tree.tobytes() == expected.tree.tobytes()


@st.composite
def degenerate_networks(draw: st.DrawFn) -> ReLUNetwork:
    """Small integers: most of these have coinciding, concurrent or dead units."""
    sizes = [draw(st.integers(1, 3)), *draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), 1]
    layers = []
    for below, here in itertools.pairwise(sizes):
        weight = draw(arrays(np.int64, (here, below), elements=st.integers(-2, 2)))
        bias = draw(arrays(np.int64, (here,), elements=st.integers(-1, 1)))
        layers.append((weight, bias))
    return ReLUNetwork.from_layers(*layers)


@st.composite
def domains(draw: st.DrawFn, inputs: int) -> Domain:
    kind = draw(st.sampled_from(["box", "all", "half", "flat", "polytope", "open polytope", "zero width"]))
    lower, upper = np.full(inputs, -1.0), np.full(inputs, 1.0)
    rows = draw(arrays(np.int64, (2, inputs), elements=st.integers(-2, 2))).astype(np.float64)
    values = np.array([1.0, 0.0])
    if kind == "all":
        return Domain.everything(inputs)
    if kind == "half":
        return Domain.box(np.zeros(inputs), np.full(inputs, np.inf))
    if kind == "flat":
        return Domain(lower, upper, E=rows[:1], f=np.zeros(1))
    if kind == "polytope":
        return Domain(lower, upper, A=rows, b=values)
    if kind == "open polytope":
        return Domain(np.full(inputs, -np.inf), np.full(inputs, np.inf), A=rows, b=values)
    if kind == "zero width":
        lower[0] = upper[0] = draw(st.sampled_from([-1.0, 0.0, 0.1]))
    return Domain.box(lower, upper)


@settings(max_examples=150)
@given(data=st.data(), network=degenerate_networks(), threads=st.sampled_from([1, 2]))
def test_degenerate_networks_come_out_as_the_plain_enumerator_has_them(
    data: st.DataObject, network: ReLUNetwork, threads: int
) -> None:
    domain = data.draw(domains(network.inputs))
    try:
        expected = enumerate_by_reference(network, domain)
    except EmptyDomainError:
        with pytest.raises(EmptyDomainError):
            enumerate_regions(network, domain)
        return
    assert_same(enumerate_regions(network, domain, threads=threads), expected)


@pytest.mark.parametrize("sizes", [(2, 8, 8, 1), (3, 10, 1), (4, 6, 6, 2), (6, 5, 5, 1), (1, 12, 6, 1)])
@pytest.mark.parametrize("everywhere", [False, True])
def test_random_networks_come_out_as_the_plain_enumerator_has_them(sizes: tuple[int, ...], everywhere: bool) -> None:
    network = random_network(*sizes, seed=sum(sizes))
    n = sizes[0]
    domain = Domain.everything(n) if everywhere else Domain.box(-np.ones(n), np.ones(n))
    assert_same(enumerate_regions(network, domain), enumerate_by_reference(network, domain))


def test_an_inner_point_has_the_pattern_of_its_region() -> None:
    from relugeom.network.activation import activation_patterns

    network = random_network(5, 12, 8, 1, seed=3)
    partition = enumerate_regions(network, Domain.box(-np.ones(5), np.ones(5)))
    assert not partition.exact_points
    assert (activation_patterns(network, partition.points).packed == partition.packed).all()


def test_points_lie_off_the_sides_of_a_box_without_exact_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relugeom.search.region_points._step_inside", None)
    network = random_network(300, 8, 6, 1, seed=0)  # walks that end on a side twice
    partition = enumerate_regions(network, Domain.box(-np.ones(300), np.ones(300)), max_regions=3000)
    assert len(partition) == 3000
    assert not partition.exact_points
    assert (np.abs(partition.points) < 1.0).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_work_is_shared_without_changing_the_answer(threads: int) -> None:
    often = SearchBudget(pace=Pace(16, 40))  # a look at idle threads every 40 nodes
    network = random_network(4, 10, 10, 1, seed=1)
    domain = Domain.box(-np.ones(4), np.ones(4))
    alone = enumerate_regions(network, domain)
    together = enumerate_regions(network, domain, threads=threads, budget=often)
    assert_same(together, alone)
    assert together.points.tobytes() == alone.points.tobytes()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("limit", [1, 2, 37, 200])
def test_a_limit_gives_the_first_regions_in_tree_order(threads: int, limit: int) -> None:
    often = SearchBudget(pace=Pace(16, 30))
    network = random_network(3, 8, 8, 1, seed=2)
    domain = Domain.box(-np.ones(3), np.ones(3))
    whole = enumerate_regions(network, domain)
    assert len(whole) > 200
    part = enumerate_regions(network, domain, max_regions=limit, threads=threads, budget=often)
    assert part.status is PartitionStatus.TRUNCATED
    assert f"{limit:,} regions" in part.reason
    assert part.packed.tobytes() == whole.packed[:limit].tobytes()
    explored = part.tree[part.tree != TreeToken.UNEXPLORED]
    assert explored.tobytes() == whole.tree[: len(explored)].tobytes()
    splits = int((explored == TreeToken.SPLIT).sum())
    assert limit + int((part.tree == TreeToken.UNEXPLORED).sum()) == splits + 1


def test_a_limit_that_is_exactly_reached_truncates_nothing() -> None:
    network = random_network(2, 6, 1, seed=4)
    domain = Domain.box(-np.ones(2), np.ones(2))
    whole = enumerate_regions(network, domain)
    again = enumerate_regions(network, domain, max_regions=len(whole))
    assert again.status is PartitionStatus.COMPLETE
    assert_same(again, whole)


def test_time_runs_out_with_an_honest_prefix() -> None:
    network = random_network(10, 24, 24, 1, seed=5)
    domain = Domain.box(-np.ones(10), np.ones(10))
    part = enumerate_regions(network, domain, time_limit=0.3, threads=2)
    assert part.status is PartitionStatus.TRUNCATED
    assert "0.3 seconds" in part.reason
    longer = enumerate_regions(network, domain, max_regions=max(1, len(part)))
    assert part.packed.tobytes() == longer.packed[: len(part)].tobytes()


def test_progress_is_told() -> None:
    steps: list[SearchProgress] = []
    network = random_network(4, 12, 12, 1, seed=6)
    partition = enumerate_regions(network, Domain.box(-np.ones(4), np.ones(4)), on_progress=steps.append)
    counts = [step.regions for step in steps]
    assert counts == sorted(counts)
    assert counts[-1] <= len(partition)
    assert steps[-1].explored == 1.0
    assert steps[-1].seconds <= partition.seconds


def test_progress_reads_well() -> None:
    assert str(SearchProgress(0, 0.0, 0.0)) == "0 regions, 0 per second"
    text = "12,000 regions, 1,000 per second, about 25 % of the tree; at this pace 36 s left"
    assert str(SearchProgress(12_000, 12.0, 0.25)) == text
    assert str(SearchProgress(500, 10_000.0, 0.5)).endswith("at this pace 3 h left")
    assert str(SearchProgress(5, 2.0, 0.5, known=1000)) == "1,005 regions, 2 per second"


def test_weights_whose_sums_overflow_still_come_out_right() -> None:
    huge = 1e300
    network = ReLUNetwork.from_layers(
        ([[huge, huge], [huge, -huge], [-huge, huge]], [0.0, 0.0, 0.0]),
        ([[huge, huge, 1.0]], [-huge]),
        ([[1.0]], [0.0]),
    )
    domain = Domain.box([-1.0, -1.0], [1.0, 1.0])
    assert_same(enumerate_regions(network, domain), enumerate_by_reference(network, domain))
