"""Performance: how well the network predicts, cluster by cluster and region by region.

Notation: a group g of samples shares a pattern, hence one affine map f_g. *Local* measures look at f_g on the samples
of the group (where it is the network itself); *global* ones at f_g on all samples, as if it were the whole model: a
map that does well beyond its own region has found more than a local rule.

The one idea: the area under the ROC curve is a count of pairs, (pairs in order + ½ pairs tied) / all pairs. Ranks count
them in integers, so ties cost nothing, and one sort serves all groups. Scores are float64; a map without coefficients
gives equal scores, which tie. A measure that does not exist (one class only, a constant response, no sample) is NaN in
a column and None in a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.region_of_cluster import cluster_regions
from relugeom.budget import Counts
from relugeom.data.labels import CodedTarget, read_target
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DataError, InputError
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray, frozen_array
from relugeom.network.decision import DecisionRule, squash
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.forward import as_samples, decide, evaluate, predict
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition

__all__ = [
    "GroupPerformance",
    "Performance",
    "area_under_curve",
    "cluster_performance",
    "determination",
    "region_performance",
]

GLOBAL_LIMIT = Counts().maps
"""Maps that are applied to all samples, the largest groups first: each costs a pass and a sort."""
CHUNK = 8192


@dataclass(frozen=True, slots=True)
class GroupPerformance:
    """One group: a view on a row of `Performance`, with the same attributes; None if a measure does not exist."""

    count: int
    response_mean: float | None
    predicted_mean: FloatArray
    accuracy: float | None
    local_auc: float | None
    global_auc: float | None
    local_r2: float | None
    global_r2: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Measures of k groups of samples, as columns of shape (k,); NaN if a measure does not exist.

    Attributes
    ----------
    count
        Number of samples.
    response_mean
        Mean of the target; NaN if it would be a mean of the numbers of more than two classes.
    predicted_mean
        Mean of each output after squashing, shape (k, m).
    accuracy
        Share of samples whose decision equals the target; ties and undecided samples count as wrong.
    local_auc, global_auc
        Area under the ROC curve of the group's map, on the group's and on all samples: for a 0/1 target and one output,
        or two of which the larger decides (the score is their difference).
    local_r2, global_r2
        1 − Σ (y − f_g)² / Σ (y − ȳ)², on the group's and on all samples, for one output without a decision;
        ȳ is the mean over the same samples.
    has_global
        Whether the map of each group was applied to all samples: the largest groups, as far as the limits allow.
    overall
        Scores of the network itself on all samples; its local and global measures are the same.
    """

    count: IntArray
    response_mean: FloatArray
    predicted_mean: FloatArray
    accuracy: FloatArray
    local_auc: FloatArray
    global_auc: FloatArray
    local_r2: FloatArray
    global_r2: FloatArray
    has_global: BoolArray
    overall: GroupPerformance

    def __post_init__(self) -> None:
        for name in ("response_mean", "predicted_mean", "accuracy", "local_auc", "global_auc", "local_r2", "global_r2"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        for name in ("count", "has_global"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.count)

    def __getitem__(self, row: int) -> GroupPerformance:
        row = range(len(self))[row]
        return GroupPerformance(
            count=int(self.count[row]),
            response_mean=_known(self.response_mean[row]),
            predicted_mean=self.predicted_mean[row],
            accuracy=_known(self.accuracy[row]),
            local_auc=_known(self.local_auc[row]),
            global_auc=_known(self.global_auc[row]),
            local_r2=_known(self.local_r2[row]),
            global_r2=_known(self.global_r2[row]),
        )

    def __iter__(self) -> Iterator[GroupPerformance]:
        return (self[row] for row in range(len(self)))


def cluster_performance(
    clusters: Clusters,
    X: ArrayLike,
    target: ArrayLike | CodedTarget | None = None,
    *,
    global_limit: int = GLOBAL_LIMIT,
    time_limit: TimeLimit = None,
) -> Performance:
    """Measure how well the network predicts in every cluster.

    Parameters
    ----------
    X
        The samples that were clustered, shape (s, n).
    target
        What the network should predict, shape (s,): classes 0, 1, … or other labels (`relugeom.data.labels`) if it
        takes a decision, numbers otherwise.
    global_limit
        Number of groups, the largest first, that get global measures.
    time_limit
        Seconds or a deadline for global measures; local ones are always computed. `Performance.has_global` says which
        there are.

    Raises
    ------
    DataError
        X or the target does not fit the clusters.
    InputError
        A limit is negative, or the time limit not positive.
    """
    deadline = Deadline.of(time_limit)
    samples, wanted = _checked(clusters, X, target)
    return _measure(clusters.network, clusters.packed, clusters.assignment, samples, wanted, global_limit, deadline)


def region_performance(
    partition: Partition,
    clusters: Clusters,
    X: ArrayLike,
    target: ArrayLike | CodedTarget | None = None,
    *,
    global_limit: int = GLOBAL_LIMIT,
    time_limit: TimeLimit = None,
) -> Performance:
    """Measure every activation region of a partition on the samples inside the domain.

    Parameters are those of `cluster_performance`. Regions without a sample have count 0 and no measures. Samples whose
    pattern is not a region of the partition belong to no row, but to `overall` and the global measures, which are about
    all samples inside the domain.

    Raises
    ------
    DataError
        X or the target does not fit the clusters.
    InputError
        The partition is about another network, a limit is negative, or the time limit not positive.
    """
    deadline = Deadline.of(time_limit)
    samples, wanted = _checked(clusters, X, target)
    inside = clusters.inside
    group = cluster_regions(partition, clusters)[clusters.assignment][inside]
    kept = None if wanted is None else wanted[inside]
    return _measure(partition.network, partition.packed, group, samples[inside], kept, global_limit, deadline)


def area_under_curve(score: ArrayLike, positive: ArrayLike) -> float | None:
    """Area under the ROC curve, tied pairs counting half; None if there is only one class.

    Parameters
    ----------
    score
        Scores that rank the samples, shape (s,).
    positive
        True for samples of class 1, shape (s,).
    """
    values, flags = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=np.bool_)
    return _known(_areas(values, flags, np.zeros(len(values), dtype=np.int64), 1)[0])


def determination(response: ArrayLike, prediction: ArrayLike) -> float | None:
    """R², 1 − Σ (y − ŷ)² / Σ (y − ȳ)²; None if the response is constant or there is no sample."""
    y, fitted = np.asarray(response, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    return _known(_determinations(y, fitted, np.zeros(len(y), dtype=np.int64), 1)[0])


@dataclass(frozen=True, slots=True)
class _Table:
    """Samples with the network's outputs and decisions."""

    network: ReLUNetwork
    X: FloatArray
    y: FloatArray | None

    @property
    def has_auc(self) -> bool:
        """Whether the samples of two classes can be ranked by one score."""
        rankable = self.network.outputs == 1 or (
            self.network.outputs == 2 and self.network.rule.rule is DecisionRule.ARGMAX
        )
        return self.y is not None and rankable and bool(np.isin(self.y, (0.0, 1.0)).all())

    @property
    def has_r2(self) -> bool:
        """Whether the one output is meant to be the target."""
        return self.y is not None and self.network.outputs == 1 and self.network.rule.rule is DecisionRule.NONE

    def means(self, group: IntArray, count: IntArray) -> dict[str, FloatArray]:
        """Mean response, mean prediction and accuracy of each group."""
        nothing = np.full(len(count), np.nan)
        decides = self.network.rule.rule is not DecisionRule.NONE
        found = {"response_mean": nothing, "accuracy": nothing}
        found["predicted_mean"] = _means(predict(self.network, self.X), group, count)
        if self.y is not None:
            if self.network.classes <= 2:  # a mean of the numbers of more classes would mean nothing
                found["response_mean"] = _means(self.y[:, None], group, count)[:, 0]
            if decides:
                found["accuracy"] = _means((decide(self.network, self.X) == self.y)[:, None], group, count)[:, 0]
        return found

    def fits(self, outputs: FloatArray, group: IntArray, k: int) -> tuple[FloatArray, FloatArray]:
        """AUC and R² of outputs before squashing, shape (s, m), within each of k groups."""
        area = r2 = np.full(k, np.nan)
        rows = group >= 0
        if self.y is not None and self.has_auc:
            score = outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs[:, 0]
            area = _areas(score[rows], self.y[rows] == 1.0, group[rows], k)
        if self.y is not None and self.has_r2:
            fitted = squash(self.network.squashing, outputs)[:, 0]
            r2 = _determinations(self.y[rows], fitted[rows], group[rows], k)
        return area, r2


def _measure(
    network: ReLUNetwork,
    packed: ByteArray,
    group: IntArray,
    X: FloatArray,
    y: FloatArray | None,
    global_limit: int,
    deadline: Deadline,
) -> Performance:
    """All measures of the groups of rows `packed`; group −1 is none of them."""
    if global_limit < 0:
        raise InputError(f"the number of groups with global measures must not be negative, but it is {global_limit}")
    table, k, whole = _Table(network, X, y), len(packed), np.zeros(len(X), dtype=np.int64)
    count = np.bincount(group[group >= 0], minlength=k)
    seen = np.flatnonzero(count)  # maps of groups without a sample are not needed, and there may be very many of them
    maps = effective_maps(network, packed[seen])
    place = np.zeros(k + 1, dtype=np.int64)  # the last entry serves group −1, whose outputs nobody reads
    place[seen] = np.arange(len(seen))
    local_auc, local_r2 = table.fits(_own_outputs(maps, X, place[group]), group, k)
    global_auc, global_r2 = np.full(k, np.nan), np.full(k, np.nan)
    chosen = seen[np.argsort(-count[seen], kind="stable")][:global_limit]
    if table.has_auc or table.has_r2:
        for done, row in enumerate(chosen):
            if deadline.passed:
                chosen = chosen[:done]
                break
            outputs = X @ maps.weights[place[row]].T + maps.biases[place[row]]
            global_auc[row], global_r2[row] = (column[0] for column in table.fits(outputs, whole, 1))
    means = table.means(group, count)
    return Performance(
        count,
        **means,
        local_auc=local_auc,
        global_auc=global_auc,
        local_r2=local_r2,
        global_r2=global_r2,
        overall=_overall(table),
        has_global=np.isin(np.arange(k), chosen),
    )


def _overall(table: _Table) -> GroupPerformance:
    """The network itself on all samples, as one group."""
    samples = len(table.X)
    whole = np.zeros(samples, dtype=np.int64)
    means = table.means(whole, np.array([samples]))
    area, r2 = (_known(column[0]) for column in table.fits(evaluate(table.network, table.X), whole, 1))
    response, accuracy = _known(means["response_mean"][0]), _known(means["accuracy"][0])
    return GroupPerformance(samples, response, means["predicted_mean"][0], accuracy, area, area, r2, r2)


def _own_outputs(maps: EffectiveMaps, X: FloatArray, place: IntArray) -> FloatArray:
    """Each sample through the map of its own group, shape (s, m)."""
    outputs = np.zeros((len(X), maps.weights.shape[1]))
    if len(maps.weights) == 0:
        return outputs
    for start in range(0, len(X), CHUNK):
        part = slice(start, start + CHUNK)
        chosen = place[part]
        outputs[part] = np.einsum("smn,sn->sm", maps.weights[chosen], X[part]) + maps.biases[chosen]
    return outputs


def _means(values: FloatArray | BoolArray, group: IntArray, count: IntArray) -> FloatArray:
    """Means of columns by group, shape (k, c); NaN for groups without a sample."""
    rows = group >= 0
    sums = [np.bincount(group[rows], weights=column[rows], minlength=len(count)) for column in values.T]
    table = np.array(sums).reshape(values.shape[1], len(count)).T
    return np.where(count[:, None] > 0, table / np.maximum(count, 1)[:, None], np.nan)


def _areas(score: FloatArray, positive: BoolArray, group: IntArray, k: int) -> FloatArray:
    """Area under the ROC curve in each group, shape (k,); NaN if a class is missing."""
    areas = np.full(k, np.nan)
    if len(score) == 0:
        return areas
    order = np.lexsort((score, group))
    values, labels, flags = score[order], group[order], positive[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(values) != 0) | (np.diff(labels) != 0)])
    # Runs of equal scores: p positives and q negatives, behind `below` negatives of the same group with lower scores.
    p = np.add.reduceat(flags.astype(np.int64), starts)
    q = np.diff(np.r_[starts, len(values)]) - p
    owner = labels[starts]
    positives, negatives = (np.bincount(labels[flags == side], minlength=k) for side in (True, False))
    below = np.cumsum(q) - q - (np.cumsum(negatives) - negatives)[owner]
    twice = np.zeros(k, dtype=np.int64)
    np.add.at(twice, owner, p * (2 * below + q))
    pairs = positives * negatives
    areas[pairs > 0] = twice[pairs > 0] / (2 * pairs[pairs > 0])
    return areas


def _determinations(y: FloatArray, fitted: FloatArray, group: IntArray, k: int) -> FloatArray:
    """R² in each group, shape (k,); NaN if the response is constant."""
    count = np.bincount(group, minlength=k)
    low, high = np.full(k, np.inf), np.full(k, -np.inf)
    np.minimum.at(low, group, y)
    np.maximum.at(high, group, y)
    centred = y - _means(y[:, None], group, count)[group, 0]
    total = np.bincount(group, weights=centred**2, minlength=k)
    error = np.bincount(group, weights=(y - fitted) ** 2, minlength=k)
    varies = (low < high) & (total > 0)  # rounding can give a constant response a tiny variance, and the reverse
    return np.where(varies, 1.0 - error / np.where(varies, total, 1.0), np.nan)


def _checked(
    clusters: Clusters, X: ArrayLike, target: ArrayLike | CodedTarget | None
) -> tuple[FloatArray, FloatArray | None]:
    samples, expected = as_samples(clusters.network, X), len(clusters.assignment)
    if len(samples) != expected:
        raise DataError(f"there are {len(samples)} samples, but {expected} were clustered: give the same table")
    if target is None:
        return samples, None
    network = clusters.network
    wanted = read_target(target, expected, classes=network.classes, class_names=network.rule.class_names)
    return samples, wanted


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
