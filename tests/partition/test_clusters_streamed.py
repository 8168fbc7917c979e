"""Clusters of a table that is read in chunks, from memory and from disk, against those of plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from networks import integer_network

from relugeom.analysis.margins import sample_margins
from relugeom.data.source import PieceSizes
from relugeom.data.table import SampleTable, TableWriter
from relugeom.geometry.domain import Domain, contains
from relugeom.network.activation import activation_patterns
from relugeom.network.forward import predict
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters, cluster_samples

COLUMNS = Clusters.__slots__
SIZES = PieceSizes(values=100)


def same(ours: Clusters, theirs: Clusters) -> bool:
    """Bit by bit."""
    return all(np.array_equal(getattr(ours, name), getattr(theirs, name)) for name in COLUMNS if name != "network")


def on_disk(X: np.ndarray) -> SampleTable:
    writer = TableWriter(X.shape[1], sizes=replace(SIZES, memory=0))
    for start in range(0, len(X), 41):
        writer.append(X[start : start + 41])
    table = writer.close()
    assert not table.in_memory
    return table


@pytest.mark.parametrize("seed", range(6))
def test_in_chunks_from_memory_and_from_disk(seed: int) -> None:
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1)
    X = random.integers(-3, 4, size=(700, 2)) / 2  # many samples on boundaries, and many repeated
    target = random.integers(0, 2, size=700).astype(float)
    domain = Domain.box([-1, -1], [1, 1])
    whole = cluster_samples(network, X, target=target, domain=domain)
    told: list[int] = []
    table = SampleTable.of(X, sizes=SIZES)
    memory = cluster_samples(network, table, target=target, domain=domain, on_progress=told.append)
    disk = cluster_samples(network, on_disk(X), target=target, domain=domain)
    assert told == list(range(50, 701, 50))
    assert same(memory, disk)
    assert np.array_equal(whole.assignment, memory.assignment)
    assert np.array_equal(whole.packed, memory.packed)
    assert np.allclose(whole.feature_spread, memory.feature_spread, rtol=1e-12)
    margins = sample_margins(memory, table), sample_margins(disk, on_disk(X))
    assert np.array_equal(margins[0].distance, margins[1].distance)
    assert np.array_equal(margins[0].unit, margins[1].unit)
    check_by_loops(network, X, target, domain, disk)


def check_by_loops(network: ReLUNetwork, X: np.ndarray, target: np.ndarray, domain: Domain, found: Clusters) -> None:
    patterns, inside, outputs = activation_patterns(network, X), contains(domain, X), predict(network, X)
    groups: dict[bytes, list[int]] = {}
    for row, pattern in enumerate(patterns.packed):
        groups.setdefault(pattern.tobytes(), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))  # stable: ties stay in the order seen
    assert [row.tobytes() for row in found.packed] == [pattern for pattern, _ in ordered]
    for cluster, (_, rows) in enumerate(ordered):
        assert np.flatnonzero(found.assignment == cluster).tolist() == rows
        assert found.size[cluster] == len(rows)
        assert found.outside[cluster] == sum(not inside[row] for row in rows)
        best = min(rows, key=lambda row: (not inside[row], patterns.on_boundary[row], row))
        assert found.representative[cluster] == best
        assert found.clear[cluster] == (inside[best] and not patterns.on_boundary[best])
        assert np.allclose(found.feature_mean[cluster], X[rows].mean(axis=0), atol=1e-12)
        assert np.allclose(found.feature_spread[cluster], X[rows].std(axis=0), atol=1e-12)
        assert np.allclose(found.prediction_mean[cluster], outputs[rows].mean(axis=0))
        assert np.isclose(found.target_mean[cluster], target[rows].mean())
