"""Clusters against their definition, computed sample by sample in exact fractions."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from networks import he_network, integer_network

from relugeom.analysis.importance import cluster_importance
from relugeom.errors import DataError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples

RANDOM = np.random.default_rng(11)
NETWORKS = {
    "one output": he_network(1, 3, 4, 2, 1),
    "several outputs": he_network(2, 3, 5, 3),
    "integers, full of ties": integer_network(RANDOM, 3, 4, 3, 2),
    "one input": he_network(4, 1, 6, 1),
    "no hidden layer": he_network(5, 3, 2),
}


def naive_forward(network: ReLUNetwork, x: list[float]) -> tuple[str, bool, list[Fraction]]:
    """Pattern, whether some pre-activation is 0, and outputs of one sample."""
    values, parts, boundary = [Fraction(value) for value in x], [], False
    layers = list(zip(network.weights, network.biases, strict=True))
    for number, (weight, bias) in enumerate(layers):
        rows = zip(weight.tolist(), bias.tolist(), strict=True)
        values = [sum((Fraction(w) * v for w, v in zip(row, values, strict=True)), Fraction(b)) for row, b in rows]
        if number < len(layers) - 1:
            parts.append("".join("1" if value > 0 else "0" for value in values))
            boundary |= any(value == 0 for value in values)
            values = [max(value, Fraction(0)) for value in values]
    return "/".join(parts) or "-", boundary, values


@pytest.mark.filterwarnings("ignore:the decision is right for")  # the target is drawn
@pytest.mark.parametrize("name", NETWORKS)
def test_every_statistic(name: str) -> None:
    network = NETWORKS[name]
    n, m = network.inputs, network.outputs
    X = np.random.default_rng(7).integers(-4, 5, (150, n)) / 2
    target = np.random.default_rng(8).integers(0, 2, len(X)).astype(float)
    domain = Domain.box(np.full(n, -1.5), np.full(n, 2.0))
    clusters = cluster_samples(network, X, target=target, domain=domain)
    found = [naive_forward(network, row) for row in X.tolist()]
    patterns = [pattern for pattern, _, _ in found]
    inside = [all(-1.5 <= value <= 2 for value in row) for row in X.tolist()]
    outputs = np.array([[float(value) for value in values] for _, _, values in found])
    classes = np.array([naive_class(values) for _, _, values in found])

    assert {str(cluster.pattern): cluster.size for cluster in clusters} == dict(Counter(patterns))
    assert clusters.size.tolist() == sorted(clusters.size, reverse=True)
    assert clusters.inside.tolist() == inside
    assert [str(clusters[row].pattern) for row in clusters.assignment] == patterns
    for row, cluster in enumerate(clusters):
        mine = np.array([pattern == str(cluster.pattern) for pattern in patterns])
        assert cluster.share == mine.mean()
        assert cluster.outside == sum(not inside[sample] for sample in np.flatnonzero(mine))
        assert cluster.feature_mean == pytest.approx(X[mine].mean(axis=0), abs=1e-12)
        assert clusters.feature_spread[row] == pytest.approx(X[mine].std(axis=0), abs=1e-12)
        assert cluster.prediction_mean == pytest.approx(outputs[mine].mean(axis=0), abs=1e-9)
        if network.classes > 2:
            assert cluster.target_mean is None  # the mean of numbers of classes is none
        else:
            assert cluster.target_mean == pytest.approx(target[mine].mean())
        if network.classes:
            shares = [(target[mine] == number).mean() for number in range(network.classes)]
            assert clusters.target_share[row] == pytest.approx(shares)
        if m > 1:
            assert cluster.accuracy == pytest.approx((classes == target)[mine].mean())
            shares = [(classes[mine] == number).mean() for number in range(m)]
            assert clusters.class_share[row] == pytest.approx(shares)
        else:
            assert network.rule.rule is DecisionRule.NONE
            assert (cluster.accuracy, cluster.positive_share) == (None, None)
        chosen = clusters.representative[row]
        assert mine[chosen]
        clear = [inside[sample] and not found[sample][1] for sample in np.flatnonzero(mine)]
        assert clusters.clear[row] == any(clear)
        assert inside[chosen] == any(inside[sample] for sample in np.flatnonzero(mine))


def naive_class(values: list[Fraction]) -> int:
    """The class of the largest output; −1 where two are largest."""
    return values.index(max(values)) if values.count(max(values)) == 1 else -1


@pytest.mark.parametrize("name", NETWORKS)
def test_contributions_and_bias_sum_to_the_mean_output(name: str) -> None:
    network = NETWORKS[name]
    X = np.random.default_rng(9).normal(size=(200, network.inputs))
    clusters = cluster_samples(network, X)
    importance = cluster_importance(clusters, X.std(axis=0))
    outputs = np.array([[float(value) for value in naive_forward(network, row)[2]] for row in X.tolist()])
    for row in range(len(clusters)):
        mean = outputs[clusters.assignment == row].mean(axis=0)
        assert importance.contribution[row].sum(axis=1) + importance.maps.biases[row] == pytest.approx(mean, abs=1e-9)
        assert importance.scaled[row] == pytest.approx(importance.coefficients[row] * X.std(axis=0))


def test_nearly_every_sample_its_own_cluster() -> None:
    network = he_network(6, 4, 40, 40, 1)
    X = np.random.default_rng(10).normal(size=(5000, 4)) * 3
    clusters = cluster_samples(network, X)
    assert len(clusters) > 4000
    assert clusters.size.sum() == len(X)
    assert sorted(clusters.representative[clusters.size == 1]) == sorted(
        row for row, cluster in enumerate(clusters.assignment) if clusters.size[cluster] == 1
    )


def test_what_is_refused() -> None:
    network = NETWORKS["one output"]
    with pytest.raises(DataError, match="no samples"):
        cluster_samples(network, np.zeros((0, 3)))
    with pytest.raises(DataError):
        cluster_samples(network, np.zeros((2, 4)))
    with pytest.raises(DataError):
        cluster_samples(network, np.full((2, 3), np.nan))
    with pytest.raises(DataError, match="target"):
        cluster_samples(network, np.zeros((2, 3)), target=[1.0])
