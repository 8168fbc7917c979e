"""What is loaded equals what was saved, bit by bit."""

from fractions import Fraction

import hand_made
import numpy as np
import pytest
from networks import he_network

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import Origin, ReLUNetwork
from relugeom.partition.partition import PartitionStatus
from relugeom.store.records import PartitionRecord


def flags(*shapes):
    random = np.random.default_rng(5)
    return tuple(random.integers(0, 2, shape).astype(bool) for shape in shapes)


NETWORKS = {
    "named": hand_made.network(),
    "unnamed": hand_made.network(names=()),
    "rounded": hand_made.network(origin=Origin("onnx", "float32", flags((3, 2), (1, 3)), flags(3, 1))),
    "deep": he_network(3, 4, 9, 3, 5, 2),
    "no hidden layer": ReLUNetwork.from_layers(([[0.1, -0.2]], [1e-300])),
    "extremes": ReLUNetwork.from_layers(([[5e-324, -1.7e308]], [-0.0]), ([[2.0**-1074]], [1 / 3])),
    "probability": ReLUNetwork(
        (np.eye(2)[:1], np.ones((1, 1))),
        (np.zeros(1), np.zeros(1)),
        squashing=Squashing.SIGMOID,
        decision=Decision.at_probability(0.3),
    ),
    "softmax": ReLUNetwork(
        (np.eye(3, 2), np.ones((3, 3))),
        (np.zeros(3), np.arange(3.0)),
        output_names=("a", "b\n", "'; DROP TABLE runs; --"),
        squashing=Squashing.SOFTMAX,
        decision=Decision.largest(("", "%s", "π")),
    ),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_comes_back(store, network):
    with store.run("inspect", network=network):
        pass
    loaded = store.load_network(1)
    assert (loaded.digest, loaded.meaning_digest) == (network.digest, network.meaning_digest)
    assert [w.tobytes() for w in loaded.weights] == [w.tobytes() for w in network.weights]
    assert [b.tobytes() for b in loaded.biases] == [b.tobytes() for b in network.biases]
    assert (loaded.input_names, loaded.output_names) == (network.input_names, network.output_names)
    assert (loaded.squashing, loaded.decision) == (network.squashing, network.decision)
    assert (loaded.origin.source, loaded.origin.precision) == (network.origin.source, network.origin.precision)
    for name in ("rounded_weights", "rounded_biases"):
        pairs = zip(getattr(loaded.origin, name), getattr(network.origin, name), strict=True)
        assert all(np.array_equal(found, wanted) for found, wanted in pairs)


DOMAINS = {
    "integer": hand_made.domain(),
    "everything": Domain.everything(2, ("a", "b")),
    "half open": Domain.box([-np.inf, 0.1], [1 / 3, np.inf]),
    "rows": Domain(
        np.zeros(3),
        np.ones(3),
        A=np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]),
        b=np.array([0.1, 1.0]),
        E=np.array([[0.0, 1 / 3, -2.0]]),
        f=np.array([-0.0]),
        feature_names=("a", "b'c", "d\n"),
    ),
    "groups": Domain(np.zeros(5), np.full(5, 3.0), kinds=("integer",) + ("binary",) * 4, groups=((3, 1), (2, 4))),
}


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_a_domain_comes_back(store, domain):
    with store.run("locate", network=he_network(1, domain.inputs, 1, 1), domain=domain):
        pass
    loaded = store.load_domain(1)
    assert loaded == domain
    assert loaded.feature_names == domain.feature_names


def assert_same(loaded, partition):
    for name in ("packed", "points", "tree"):
        found, wanted = getattr(loaded, name), getattr(partition, name)
        assert (found.shape, found.dtype, found.tobytes()) == (wanted.shape, wanted.dtype, wanted.tobytes())
    for name in ("network", "domain", "dimension", "exact_points", "status", "reason", "seconds"):
        assert getattr(loaded, name) == getattr(partition, name)


def test_a_partition_comes_back(store):
    partitions = [
        hand_made.partition(),
        hand_made.truncated_partition(),
        hand_made.partition(points=np.full((5, 2), 0.1), seconds=7.5),
    ]
    runs = [store.save(partition) for partition in partitions]
    for run, partition in zip(runs, partitions, strict=True):
        assert_same(store.load_partition(run), partition)


def test_a_partition_without_regions_comes_back(store):
    nothing = hand_made.partition(
        packed=hand_made.packed(), points=np.zeros((0, 2)), tree=[3], status=PartitionStatus.TRUNCATED, reason="time"
    )
    assert_same(store.load_partition(store.save(nothing)), nothing)


def test_a_partition_without_units_comes_back(store, ask):
    network = ReLUNetwork.from_layers(([[1.0, 2.0]], [0.0]))
    whole = hand_made.partition(network=network, packed=np.zeros((1, 0), np.uint8), points=[[0.0, 0.5]], tree=[])
    assert_same(store.load_partition(store.save(whole)), whole)
    assert ask("SELECT pattern, active_units FROM region_list") == [("-", 0)]


def test_long_fractions_come_back(store):
    point = (Fraction(10**5000 + 1, 3**9000), Fraction(-1, 7**6000))
    partition = hand_made.partition(exact_points={2: point, 4: (Fraction(1, 3), Fraction(2))})
    assert_same(store.load_partition(store.save(partition)), partition)


def test_many_patterns_come_back_in_order(store):
    """More than fit into one statement."""
    random = np.random.default_rng(1)
    numbers = np.sort(random.choice(2**20, 25_000, replace=False)).astype(">u4") << 12
    columns = {"packed": numbers.astype(">u4").view(np.uint8).reshape(-1, 4)[:, :3], "tree": np.full(50_000, 2)}
    network, domain = he_network(2, 2, 12, 8, 1), Domain.box([0, 0], [1, 1])
    partition = hand_made.partition(network=network, domain=domain, points=random.uniform(size=(25_000, 2)), **columns)
    with store.run("enumerate", network=network, domain=domain) as run:
        run.save(PartitionRecord(partition, maps=False))
    assert_same(store.load_partition(run.id), partition)


def test_what_is_not_there_is_named(store):
    with store.run("cluster", network=hand_made.network()):
        pass
    for load, missing in [
        (store.load_network, "no network 7"),
        (store.load_domain, "no domain 7"),
        (store.load_partition, "run 7 does not exist"),
    ]:
        with pytest.raises(StoreError, match=missing):
            load(7)
    with pytest.raises(StoreError, match="run 1 has no partition"):
        store.load_partition(1)
