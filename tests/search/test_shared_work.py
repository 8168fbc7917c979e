"""Threads that share a search: whatever is given away, the answer is the same."""

import numpy as np
import pytest
from networks import he_network, hidden, integer_network, layered, resonance, strip

from relugeom.budget import Pace, SearchBudget
from relugeom.geometry.domain import Domain
from relugeom.partition.partition import PartitionStatus
from relugeom.search import engine
from relugeom.search.enumeration import enumerate_by_reference, enumerate_regions


def scaled(network, seed):
    """The same network with every unit scaled by a power of ten: nothing is an integer any more."""
    random = np.random.default_rng(seed)
    layers = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        scale = 10.0 ** random.integers(-9, 9, len(bias))
        layers.append((weight * scale[:, None], bias * scale))
    return layered(*layers)


def cube(n):
    return Domain.box(-np.ones(n), np.ones(n))


RESTLESS = SearchBudget(pace=Pace(3, 3))  # a look at idle threads after every third node
NETWORKS = {
    "random": he_network(0, 3, 7, 6, 1),
    "random, three layers": he_network(1, 2, 6, 6, 6, 1),
    "integers": integer_network(np.random.default_rng(2), 3, 6, 5, 1),
    "integers of many sizes": scaled(integer_network(np.random.default_rng(3), 3, 6, 5, 1), 4),
    "nearly integers": hidden(
        (
            [[-2, 1, 2], [1, -1, 1], [2, 2, -2], [2, 2, -2], [1, 2, 0], [-1, 1, 1]],
            [0, -1, 1e-13, 2, 1, 1e-13],
        )
    ),
    "tenths": hidden(
        ([[1.5, -0.5], [0.5, 1.5], [-1.5, 0.5], [2.5, 2.5]], [0.25, -0.75, 0.5, -1.25]),
        ([[1.5, -2.5, 0.5, 1.5], [-1.5, 2.5, -0.5, -1.5], [0.5, 0.5, -1.5, 0.5]], [-0.25, 0.25, 0.5]),
    ),
    "resonance": resonance(3),
    "a thin strip": strip(1e-12),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bounded", [True, False], ids=["box", "all"])
def test_many_gifts_change_nothing(name, bounded):
    network = NETWORKS[name]
    domain = cube(network.inputs) if bounded else Domain.everything(network.inputs)
    expected = enumerate_by_reference(network, domain)
    for threads in (1, 2, 4):
        for _ in range(3):
            found = enumerate_regions(network, domain, threads=threads, budget=RESTLESS)
            assert found.status is PartitionStatus.COMPLETE
            assert found.packed.tolist() == expected.packed.tolist()
            assert found.tree.tolist() == expected.tree.tolist()


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_limits_cut_at_the_same_place(limit):
    network, domain = NETWORKS["random"], cube(3)
    expected = enumerate_by_reference(network, domain, max_regions=limit)
    for threads in (1, 2, 4):
        found = enumerate_regions(network, domain, threads=threads, max_regions=limit, budget=RESTLESS)
        assert found.status is PartitionStatus.TRUNCATED
        assert found.packed.tolist() == expected.packed.tolist()
        assert found.tree.tolist() == expected.tree.tolist()


def test_errors_of_a_worker_are_raised(monkeypatch):
    def broken(self, steps=None):
        if steps != 0:
            raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(engine.Task, "run", broken)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        enumerate_regions(NETWORKS["random"], cube(3), threads=2)
