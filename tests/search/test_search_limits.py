"""Limits of a search: how often they are looked at, and what is there when they end it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network
from oracles import read_tree

from relugeom.budget import Pace, SearchBudget
from relugeom.deadline import Deadline
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.compiled import interpreted_for
from relugeom.geometry.domain import Domain
from relugeom.geometry.highs import HighsSolver
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns
from relugeom.partition.partition import PartitionStatus
from relugeom.search import engine, enumeration
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions
from relugeom.search.reference import ReferenceSearch


def cube(n):
    return Domain.box(-np.ones(n), np.ones(n))


def slow_network():
    """Each node of its search takes a good while: thousands of inputs, and several layers."""
    return he_network(3, 500, 30, 16, 1)


class Told(Pace):
    """A pace that says the same whatever the clock says."""

    def after(self, steps, seconds):
        return self.most


@given(
    first=st.integers(1, 100),
    most=st.integers(1, 10**6),
    steps=st.integers(1, 10**6),
    seconds=st.floats(0, 1e6),
)
def test_the_slower_steps_are_the_fewer_there_are_between_two_looks(first, most, steps, seconds):
    pace = Pace(first, most)
    after = pace.after(steps, seconds)
    assert 1 <= after <= most and after <= 8 * steps
    if after > 1 and seconds:
        assert after * seconds / steps <= pace.seconds * (1 + 1e-9)  # as long as they take what the last ones took
    assert pace.after(steps, 2 * seconds) <= after


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_goes_on_for_as_many_nodes_as_its_pace_says(threads, monkeypatch):
    searched = []
    advance = engine.Task._advance
    monkeypatch.setattr(engine.Task, "_advance", lambda self, budget: (searched.append(budget), advance(self, budget)))
    network = slow_network()
    slowly = SearchBudget(pace=Told(4, 100))
    part = enumerate_regions(network, cube(500), max_regions=10, time_limit=60, threads=threads, budget=slowly)
    assert len(part) == 10 and part.reason == "stopped after 10 regions"
    assert max(searched) == 100 and searched.count(100) > 5
    assert part.packed.tobytes() == enumerate_regions(network, cube(500), max_regions=20).packed[:10].tobytes()


def test_fast_nodes_are_searched_in_long_blocks(monkeypatch):
    searched = []
    advance = engine.Task._advance
    monkeypatch.setattr(engine.Task, "_advance", lambda self, budget: (searched.append(budget), advance(self, budget)))
    fast = SearchBudget(pace=Told(100_000, 100_000))
    with interpreted_for(0):
        whole = enumerate_regions(he_network(1, 5, 10, 10, 1), cube(5), budget=fast)
    assert whole.status is PartitionStatus.COMPLETE
    assert len(searched) < 40


@pytest.mark.parametrize("seed", range(3))
def test_a_search_in_exact_arithmetic_stops_in_front_of_its_node(seed, monkeypatch):
    """Wherever the deadline falls, the prefix is honest: nothing after it, and what is missing is marked."""
    by_node = SearchBudget(pace=Pace(1, 1), cone_dimensions=0, integer_dimensions=0)
    network = integer_network(np.random.default_rng(seed), 3, 4, 4, 1)
    whole = enumerate_regions(network, cube(3), budget=by_node)
    for allowed in range(0, 60, 7):
        looks = iter(range(allowed))
        exact = engine.Task._exact_node

        def late(self, exact=exact, looks=looks):
            if next(looks, None) is None:
                self._deadline = Deadline(0)
            return exact(self)

        with monkeypatch.context() as patch:
            patch.setattr(engine.Task, "_exact_node", late)
            part = enumerate_regions(network, cube(3), time_limit=60, budget=by_node)
        assert part.packed.tobytes() == whole.packed[: len(part)].tobytes()
        leaves, unexplored = read_tree(part.tree.tolist(), 8)
        assert len(leaves) == len(part)
        assert bool(unexplored) == (len(part) < len(whole)) == (part.status is PartitionStatus.TRUNCATED)


def test_a_deadline_that_has_passed_finds_little_and_says_so():
    network = he_network(1, 3, 10, 10, 1)
    some = enumerate_regions(network, cube(3), max_regions=5)
    for resume in (None, some):
        part = enumerate_regions(network, cube(3), time_limit=Deadline(0), resume=resume)
        assert part.status is PartitionStatus.TRUNCATED and "time ran out" in part.reason
        assert len(part) >= (0 if resume is None else 5)
    assert enumerate_by_reference(network, cube(3), time_limit=Deadline(0)).status is PartitionStatus.TRUNCATED


@pytest.mark.parametrize("allowed", [1, 2, 9])
def test_points_in_rationals_take_time_too(allowed, monkeypatch):
    """Where inputs follow from others, the list ends with the last region whose point there was time for."""
    network = he_network(4, 4, 8, 6, 1)
    domain = Domain(-np.ones(4), np.ones(4), E=[[1.0, 1.0, 1.0, 0.0]], f=[0.1])
    whole = enumerate_regions(network, domain)
    assert len(whole) > 20 and len(whole.exact_points) > 10
    looks = []
    embed = enumeration.embed_points

    def ended(*arguments):
        monkeypatch.setattr(Deadline, "passed", property(lambda _: len(looks) >= allowed or looks.append(1)))
        return embed(*arguments)

    monkeypatch.setattr(enumeration, "embed_points", ended)
    part = enumerate_regions(network, domain, time_limit=3600)
    assert part.status is PartitionStatus.TRUNCATED and part.reason == "stopped after 3600 seconds"
    assert 0 < len(part) < len(whole)
    assert part.packed.tobytes() == whole.packed[: len(part)].tobytes()
    assert part.exact_points == {row: point for row, point in whole.exact_points.items() if row < len(part)}
    leaves, unexplored = read_tree(part.tree.tolist(), 14)
    assert len(leaves) == len(part) and unexplored


def near_copies(planes: int, inputs: int) -> ReLUNetwork:
    """Random hyperplanes, and each again, times a factor that rounds: between the two lie regions without a float64."""
    random = np.random.default_rng(1)
    W, b = random.normal(size=(planes, inputs)), 0.3 * random.normal(size=planes)
    return ReLUNetwork.from_layers(
        (np.vstack([W, -3.0 * W]), np.concatenate([b, -3.0 * b])), (np.ones((1, 2 * planes)), np.zeros(1))
    )


def test_regions_between_near_copies_stay_where_the_deadline_cuts_their_exact_search():
    network = near_copies(4, 3)
    whole = enumerate_regions(network, cube(3))
    assert whole.status is PartitionStatus.COMPLETE
    assert sorted(map(bytes, whole.packed)) == sorted(map(bytes, enumerate_by_reference(network, cube(3)).packed))
    assert whole.exact_points
    counts = set()
    for looks in range(0, 400, 37):
        part = enumerate_regions(network, cube(3), time_limit=Looks.until(looks))
        counts.add(len(part))
        assert part.packed.tobytes() == whole.packed[: len(part)].tobytes()
        leaves, unexplored = read_tree(part.tree.tolist(), network.units)
        assert len(leaves) == len(part)
        assert bool(unexplored) == (len(part) < len(whole)) == (part.status is PartitionStatus.TRUNCATED)
        if 0 < len(part) < len(whole):
            rest = enumerate_regions(network, cube(3), resume=part)
            assert rest.status is PartitionStatus.COMPLETE
            assert rest.packed.tobytes() == whole.packed.tobytes()
    assert len(counts) > 5


def test_what_proves_a_stable_unit_is_kept_for_the_cells_with_the_same_rows():
    """Programs are solved for fewer questions than are asked, and no answer changes."""
    network, asked = near_copies(5, 3), []
    chart = domain_chart(cube(3))

    class Counting(HighsSolver):
        def open(self, *arguments):
            session = super().open(*arguments)
            maximise = session.maximise
            session.maximise = lambda objective: (asked.append(1), maximise(objective))[1]
            return session

    search = ReferenceSearch(network, chart, Counting())
    leaves = list(search)
    assert {leaf.bits for leaf in leaves} == {
        tuple(row) for row in unpack_patterns(enumerate_regions(network, cube(3)).packed, 10).astype(int).tolist()
    }
    questions = len(search.tree)
    assert len(asked) < questions
