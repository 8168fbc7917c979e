"""Degenerate networks with float weights: the engine against the plain enumerator, and what it leaves to it."""

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import arrangement, layered

from relugeom import certify_partition, check_certificate
from relugeom.budget import Pace, SearchBudget
from relugeom.errors import EmptyDomainError
from relugeom.geometry.compiled import interpreted_for
from relugeom.geometry.domain import Domain
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.engine import Task
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions

TRICKS = ("repeat", "scale", "negate", "sum", "no bias", "meet", "sparse", "dead", "copy the layer below")
MOST = 100
"""Regions above which the plain enumerator takes too long."""


def degenerate_layer(random: np.random.Generator, below: int, here: int) -> tuple[np.ndarray, np.ndarray]:
    """Float weights, and up to two tricks that make ties."""
    weight, bias = random.normal(size=(here, below)), 0.3 * random.normal(size=here)
    for trick in random.choice(TRICKS, random.integers(3)):
        if trick in ("sum", "meet"):  # short enough for sums without rounding
            weight, bias = np.round(weight * 2**20) / 2**20, np.round(bias * 2**20) / 2**20
        if trick == "no bias":
            bias[:] = 0.0
        elif trick == "meet":
            bias = -(weight @ (random.integers(-4, 5, below) / 8))
        elif trick == "sparse":
            weight *= random.random(weight.shape) < 0.4
        elif trick == "dead":
            weight[0], bias[0] = 0.0, 0.0
        elif trick == "copy the layer below":
            weight, bias = np.zeros((here, below)), np.zeros(here)
            weight[np.arange(here), random.integers(below, size=here)] = random.choice([1.0, 0.5, -2.0], here)
        elif trick == "sum":
            for unit in range(2, here):
                one, two = random.choice(unit, 2, replace=False)
                weight[unit], bias[unit] = weight[one] - weight[two], bias[one] - bias[two]
        else:
            factors = {"repeat": [1.0], "scale": [2.0, 0.5, 2.0**-20], "negate": [-1.0, -4.0]}[trick]
            for unit in range(1, here):
                if random.random() < 0.6:
                    original, factor = random.integers(unit), random.choice(factors)
                    weight[unit], bias[unit] = factor * weight[original], factor * bias[original]
    return weight, bias


def degenerate_network(random: np.random.Generator) -> ReLUNetwork:
    """Up to three layers on up to eight inputs, sometimes twice beside each other."""
    depth = int(random.integers(1, 4))
    sizes = [int(random.integers(1, 9)), *(int(random.integers(1, (7, 5, 4)[depth - 1])) for _ in range(depth))]
    layers = [degenerate_layer(random, below, here) for below, here in itertools.pairwise(sizes)]
    if depth > 1 and random.random() < 0.2:
        streams = [np.vstack([layers[0][0]] * 2), *(np.kron(np.eye(2), weight) for weight, _ in layers[1:])]
        layers = [(weight, np.tile(bias, 2)) for weight, (_, bias) in zip(streams, layers, strict=True)]
    return layered(*layers, (np.ones((1, len(layers[-1][1]))), [0.0]))


def some_domain(random: np.random.Generator, n: int) -> Domain:
    lower, upper, rows = -np.ones(n), np.ones(n), random.normal(size=(2, n))
    kind = random.choice(["box", "shifted", "all", "half", "flat", "polytope", "open polytope"])
    if kind == "all":
        return Domain.everything(n)
    if kind == "half":
        return Domain.box(np.where(random.random(n) < 0.5, 0.0, -np.inf), np.full(n, np.inf))
    if kind == "flat":
        return Domain(lower, upper, E=np.round(rows[:1]), f=np.zeros(1))
    if kind == "polytope":
        return Domain(lower, upper, A=rows, b=np.array([1.0, 0.0]))
    if kind == "open polytope":
        return Domain(np.full(n, -np.inf), np.full(n, np.inf), A=rows, b=np.array([1.0, 0.0]))
    return Domain.box(lower, upper) if kind == "box" else Domain.box(lower - 0.3, upper * random.uniform(0.1, 2.0, n))


def assert_same(found: Partition, expected: Partition) -> None:
    assert found.status is expected.status is PartitionStatus.COMPLETE
    assert found.packed.tobytes() == expected.packed.tobytes()
    assert found.tree.tobytes() == expected.tree.tobytes()


@pytest.fixture(autouse=True)
def machine_code() -> Iterator[None]:
    with interpreted_for(0):
        yield


@settings(max_examples=70)
@given(seed=st.integers(0, 2**32 - 1), threads=st.sampled_from([1, 2]))
def test_degenerate_floats_come_out_as_the_plain_enumerator_has_them(seed: int, threads: int) -> None:
    random = np.random.default_rng(seed)
    network = degenerate_network(random)
    domain = some_domain(random, network.inputs)
    try:
        expected = enumerate_by_reference(network, domain, max_regions=MOST)
    except EmptyDomainError:
        return
    if expected.status is not PartitionStatus.COMPLETE:
        return
    found = enumerate_regions(network, domain, threads=threads)
    assert_same(found, expected)
    for row in range(min(len(found), 20)):
        point = found.exact_points.get(row) or [Fraction(x) for x in found.points[row].tolist()]
        pattern, _ = evaluate_exactly(network, point)
        assert np.packbits(np.concatenate(pattern.layers)).tobytes() == found.packed[row].tobytes()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_certificates_of_degenerate_floats_are_accepted(tmp_path_factory, seed: int) -> None:
    random = np.random.default_rng(seed)
    network = degenerate_network(random)
    partition = enumerate_regions(network, Domain.box(-np.ones(network.inputs), np.ones(network.inputs)))
    if len(partition) > MOST:
        return
    place = tmp_path_factory.getbasetemp() / "ties.cert"
    certify_partition(partition, place)
    report = check_certificate(place)
    assert report.accepted
    assert report.regions == len(partition)


def central(units: int, inputs: int, layers: int = 1) -> ReLUNetwork:
    random = np.random.default_rng(units)
    weights = [random.normal(size=(units, inputs)), *(random.normal(size=(units, units)) for _ in range(layers - 1))]
    return layered(*((weight, np.zeros(units)) for weight in weights), (np.ones((1, units)), [0.0]))


def repeated(inputs: int, factor: float) -> ReLUNetwork:
    random = np.random.default_rng(inputs)
    normals, offsets = random.normal(size=(5, inputs)), 0.3 * random.normal(size=5)
    return arrangement([*normals, *factor * normals], [*offsets, *factor * offsets])


TIED = {
    "repeated, cones": (repeated(4, 1.0), repeated(4, 1.0)),
    "repeated, dictionary": (repeated(6, 1.0), repeated(6, 1.0)),
    "scaled": (repeated(6, 2.0**-30), repeated(6, 1.0)),
    "negated": (repeated(6, -1.0), repeated(6, -2.0)),
    "central, cones": (central(6, 4), central(6, 4)),
    "central, dictionary": (central(7, 6), central(7, 6)),
    "central, two layers, cones": (central(5, 3, 2), central(5, 3, 2)),
    "central, two layers, dictionary": (central(5, 6, 2), central(5, 6, 2)),
}


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("name", TIED)
def test_ties_do_not_leave_compiled_code(monkeypatch: pytest.MonkeyPatch, name: str, everywhere: bool) -> None:
    network, same = TIED[name]
    n = network.inputs
    domain = Domain.everything(n) if everywhere else Domain.box(-np.ones(n), np.ones(n))
    expected = enumerate_by_reference(same, domain)
    exact = []
    monkeypatch.setattr(Task, "_exact_node", lambda task: exact.append(task))
    assert enumerate_regions(network, domain).packed.tobytes() == expected.packed.tobytes()
    assert not exact


@pytest.mark.parametrize("name", ["central, two layers, cones", "central, two layers, dictionary"])
@pytest.mark.parametrize("steps", [1, 7, 30])
def test_points_do_not_depend_on_how_the_work_was_shared(name: str, steps: int) -> None:
    network = TIED[name][0]
    domain = Domain.box(-np.ones(network.inputs), np.ones(network.inputs))
    alone = enumerate_regions(network, domain)
    often = SearchBudget(pace=Pace(steps, steps))
    for threads in (1, 3):
        shared = enumerate_regions(network, domain, threads=threads, budget=often)
        assert_same(shared, alone)
        assert shared.points.tobytes() == alone.points.tobytes()
