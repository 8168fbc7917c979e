"""The paper's clusters: the samples of a data set that share an activation pattern [paper, section 3].

Clusters stand largest first (ties: the one seen first), as columns; `Clusters` hands out a `Cluster` view on request.
Samples outside a domain stay in their clusters, are counted, and never make a pattern a region.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.errors import DataError
from relugeom.geometry.domain import Domain, contains
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray
from relugeom.network.activation import activation_patterns
from relugeom.network.decision import DecisionRule, classify, squash
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, group_rows

__all__ = ["Cluster", "Clusters", "cluster_samples"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: a view on a row of `Clusters`, same words."""

    pattern: ActivationPattern
    size: int
    share: float
    outside: int
    feature_mean: FloatArray
    prediction_mean: FloatArray
    positive_share: float | None
    target_mean: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Samples grouped by activation pattern; k clusters of s samples.

    Attributes
    ----------
    packed
        Patterns, eight units a byte, shape (k, ⌈N/8⌉).
    size
        Number of samples, shape (k,).
    outside
        How many of them lie outside the domain, shape (k,); 0 without a domain.
    representative
        A sample of the cluster (row number), inside the domain where there is one and off every unit's boundary where
        there is one, shape (k,).
    clear
        True where the representative is inside the domain and none of its pre-activations is 0: then the pattern is a
        region.
    feature_mean, feature_spread
        Mean and standard deviation of each feature in the cluster, shape (k, n).
    prediction_mean
        Mean of each squashed output, shape (k, m).
    class_share
        Share of samples decided for each class, shape (k, c); c = 0 for a regression. Rows sum to less than 1 where
        samples are tied or undecided.
    target_mean
        Mean of the target (the target rate of a 0/1 target), shape (k,), or None without a target.
    accuracy
        Share of samples whose decision is the target, shape (k,), or None without a target or a decision.
    assignment
        For each sample, its cluster, shape (s,).
    inside
        For each sample, whether it lies in the domain, shape (s,).
    float32_doubtful
        For each sample, whether a float32 evaluation could give another pattern, shape (s,).
    """

    network: ReLUNetwork
    packed: ByteArray
    size: IntArray
    outside: IntArray
    representative: IntArray
    clear: BoolArray
    feature_mean: FloatArray
    feature_spread: FloatArray
    prediction_mean: FloatArray
    class_share: FloatArray
    target_mean: FloatArray | None
    accuracy: FloatArray | None
    assignment: IntArray
    inside: BoolArray
    float32_doubtful: BoolArray

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, row: int) -> Cluster:
        row = range(len(self))[row]
        decides = self.class_share.shape[1] == 2
        return Cluster(
            pattern=ActivationPattern(self.network.widths, self.packed[row].tobytes()),
            size=int(self.size[row]),
            share=float(self.size[row] / len(self.assignment)),
            outside=int(self.outside[row]),
            feature_mean=self.feature_mean[row],
            prediction_mean=self.prediction_mean[row],
            positive_share=float(self.class_share[row, 1]) if decides else None,
            target_mean=None if self.target_mean is None else float(self.target_mean[row]),
            accuracy=None if self.accuracy is None else float(self.accuracy[row]),
        )

    def __iter__(self) -> Iterator[Cluster]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"Clusters({len(self)} clusters of {len(self.assignment)} samples)"


def cluster_samples(
    network: ReLUNetwork, X: ArrayLike, *, target: ArrayLike | None = None, domain: Domain | None = None
) -> Clusters:
    """Group samples by activation pattern.

    Parameters
    ----------
    X
        Samples, shape (s, n).
    target
        What the network should predict, shape (s,): classes 0, 1, … where the network decides, numbers otherwise.
    domain
        Where given, samples outside it are counted as such.

    Raises
    ------
    DataError
        There are no samples, X has the wrong number of columns or holds a value that is not finite, or the target has
        another length.
    """
    samples = as_samples(network, X)
    if len(samples) == 0:
        raise DataError("there are no samples to cluster")
    patterns = activation_patterns(network, samples)
    _, assignment, size = group_rows(patterns.packed)
    inside = np.ones(len(samples), dtype=np.bool_) if domain is None else contains(domain, samples)
    # The best representative of a cluster comes first when sorted by cluster, then outside, then on a boundary.
    order = np.lexsort((patterns.on_boundary, ~inside, assignment))
    representative = order[np.searchsorted(assignment[order], np.arange(len(size)))]
    outputs = evaluate(network, samples)
    mean = _mean_by(assignment, size, samples)
    variance = _mean_by(assignment, size, (samples - mean[assignment]) ** 2)
    classes = classify(network.rule, outputs)
    wanted = None if target is None else _as_target(target, len(samples))
    accuracy = None
    if wanted is not None and network.rule.rule is not DecisionRule.NONE:
        accuracy = _mean_by(assignment, size, (classes == wanted)[:, None])[:, 0]
    return Clusters(
        network=network,
        packed=patterns.packed[representative],
        size=size,
        outside=np.bincount(assignment[~inside], minlength=len(size)),
        representative=representative,
        clear=inside[representative] & ~patterns.on_boundary[representative],
        feature_mean=mean,
        feature_spread=np.sqrt(variance),
        prediction_mean=_mean_by(assignment, size, squash(network.squashing, outputs)),
        class_share=_mean_by(assignment, size, classes[:, None] == _class_numbers(network)),
        target_mean=None if wanted is None else _mean_by(assignment, size, wanted[:, None])[:, 0],
        accuracy=accuracy,
        assignment=assignment,
        inside=inside,
        float32_doubtful=patterns.float32_doubtful,
    )


def _class_numbers(network: ReLUNetwork) -> IntArray:
    counts = {DecisionRule.NONE: 0, DecisionRule.THRESHOLD: 2, DecisionRule.ARGMAX: network.outputs}
    return np.arange(counts[network.rule.rule])


def _as_target(target: ArrayLike, samples: int) -> FloatArray:
    wanted = np.asarray(target, dtype=np.float64)
    if wanted.shape != (samples,):
        raise DataError(f"the target has shape {wanted.shape}, but there are {samples} samples")
    return wanted


def _mean_by(group: IntArray, size: IntArray, values: FloatArray | BoolArray) -> FloatArray:
    columns = [np.bincount(group, weights=column, minlength=len(size)) for column in values.T.astype(np.float64)]
    means: FloatArray = np.array(columns).reshape(len(columns), len(size)).T / size[:, None]
    return means
