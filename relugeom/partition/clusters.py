"""The paper's clusters: the samples of a data set that share an activation pattern [paper, section 3].

Clusters are columns, the largest first (of equal ones, the one seen first); `Clusters` hands out a `Cluster` view on
request. Samples outside a domain stay in their clusters, are counted, and never make a pattern a region. Samples are
processed chunk by chunk, and sums are computed in the same order whether samples come from memory or from disk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.data.labels import CodedTarget, read_target
from relugeom.data.table import SampleTable
from relugeom.errors import DataError
from relugeom.geometry.domain import Domain, contains
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray
from relugeom.linalg.confidence import confidence_interval
from relugeom.linalg.scaling import safe_factors
from relugeom.network.activation import activation_patterns
from relugeom.network.decision import classify, squash
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, group_rows, packed_width
from relugeom.printing import FEWEST_FOR_SHARE, percent
from relugeom.remarks import OnRemark, warn

__all__ = ["Cluster", "Clusters", "cluster_samples"]

LARGEST = 1e150
"""Squares of larger numbers exceed float64."""
UNRANKED = 4
"""No representative yet."""
FAR_BELOW, CONFIDENCE = 0.9, 0.99
"""Part of the commonest class's share that the accuracy must reach, and the confidence needed to say that it does
not.
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: a view on a row of `Clusters`, with the same attributes."""

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
        Patterns, eight units per byte, shape (k, ⌈N/8⌉).
    size
        Number of samples, shape (k,).
    outside
        Number of samples outside the domain, shape (k,); 0 without a domain.
    representative
        Row number of one sample of the cluster, shape (k,): if possible inside the domain, and off the hyperplanes of
        all units.
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
    target_share
        Share of samples whose target is each class, shape (k, c), or None without a target or a decision.
    target_mean
        Mean of the target, shape (k,): of a regression, or the rate of class 1 if there are two classes; None without a
        target, and if it would be a mean of class numbers.
    accuracy
        Share of samples whose decision equals the target, shape (k,), or None without a target or a decision.
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
    target_share: FloatArray | None
    target_mean: FloatArray | None
    accuracy: FloatArray | None
    assignment: IntArray
    inside: BoolArray
    float32_doubtful: BoolArray

    def __len__(self) -> int:
        return len(self.packed)

    @property
    def samples_outside(self) -> int:
        """Number of all samples outside the domain; 0 without a domain."""
        return int(self.outside.sum())

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
    network: ReLUNetwork,
    X: ArrayLike | SampleTable,
    *,
    target: ArrayLike | CodedTarget | None = None,
    domain: Domain | None = None,
    on_remark: OnRemark = warn,
    on_progress: Callable[[int], None] | None = None,
) -> Clusters:
    """Group samples by activation pattern.

    Parameters
    ----------
    X
        Samples, shape (s, n); the columns of a DataFrame are matched by name if the network names its inputs.
    target
        What the network should predict, shape (s,): classes 0, 1, … or other labels (`relugeom.data.labels`) if the
        network takes a decision, numbers otherwise.
    domain
        Domain outside which samples are counted as such.
    on_remark
        Called if labels had to be numbered, or if the network does worse than always deciding for the commonest class;
        issues a warning by default.
    on_progress
        Called with the number of samples that are done.

    Raises
    ------
    DataError
        There are no samples, X has the wrong number of columns or holds a value that is not finite, or the target has
        another length.
    """
    table = X if isinstance(X, SampleTable) else SampleTable.of(as_samples(network, X))
    if len(table) == 0:
        raise DataError("there are no samples to cluster")
    wanted = None
    if target is not None:
        names = network.rule.class_names
        wanted = read_target(target, len(table), classes=network.classes, class_names=names, on_remark=on_remark)
    grouping = _Grouping(network, domain, len(table), wanted)
    for rows, chunk in table.chunks():
        grouping.add(rows, as_samples(network, chunk))
        if on_progress is not None:
            on_progress(rows.stop)
    clusters = grouping.finish(table)
    if doubt := _doubt_about_accuracy(clusters):
        on_remark(doubt)
    return clusters


class _Grouping:
    """Clusters under construction, numbered in the order in which they are first seen."""

    def __init__(self, network: ReLUNetwork, domain: Domain | None, samples: int, wanted: FloatArray | None) -> None:
        self._network, self._domain, self._wanted = network, domain, wanted
        self._known: dict[bytes, int] = {}
        self._classes = np.arange(network.classes)
        self._size, self._outside = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._representative, self._rank = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._sums = np.zeros((0, network.inputs + network.outputs + 2 * len(self._classes) + 2))
        self._assignment = np.empty(samples, dtype=np.int64)
        self._inside = np.ones(samples, dtype=np.bool_)
        self._doubtful = np.empty(samples, dtype=np.bool_)

    def add(self, rows: slice, samples: FloatArray) -> None:
        """Take in the next samples."""
        network = self._network
        patterns = activation_patterns(network, samples)
        inside = self._inside[rows]
        if self._domain is not None:
            inside[:] = contains(self._domain, samples)
        self._doubtful[rows] = patterns.float32_doubtful
        first, group, size = group_rows(patterns.packed)
        ids = self._number(patterns.packed, first)
        self._assignment[rows] = ids[group]
        self._size[ids] += size
        self._outside[ids] += np.bincount(group[~inside], minlength=len(ids))
        # The best representative is in the domain, and then off every boundary; of these the first.
        rank = 2 * ~inside + patterns.on_boundary
        best = np.lexsort((rank, group))[np.cumsum(size) - size]
        better = rank[best] < self._rank[ids]
        self._representative[ids[better]] = rows.start + best[better]
        self._rank[ids[better]] = rank[best[better]]
        outputs = evaluate(network, samples)
        classes = classify(network.rule, outputs)
        wanted = np.zeros(len(samples)) if self._wanted is None else self._wanted[rows]
        sizes = (("input", network.feature_names, samples), ("output", network.target_names, outputs))
        for kind, names, values in (*sizes, ("value of", ("the target",), wanted[:, None])):
            _check_sizes(kind, names, values, rows.start)
        flags = [labels[:, None] == self._classes for labels in (classes, wanted)]
        values = np.column_stack([samples, squash(network.squashing, outputs), *flags, wanted, classes == wanted])
        self._sums[ids] += _sum_by(group, len(ids), values)

    def finish(self, table: SampleTable) -> Clusters:
        """Clusters of all samples in the table."""
        network, known = self._network, len(self._known)
        order = np.lexsort((np.arange(known), -self._size[:known]))
        rank = np.empty_like(order)
        rank[order] = np.arange(known)
        for rows, _ in table.chunks():
            self._assignment[rows] = rank[self._assignment[rows]]
        assignment, size = self._assignment, self._size[order]
        classes = len(self._classes)
        ends = np.cumsum([network.inputs, network.outputs, classes, classes, 1])
        mean, prediction, share, labels, wanted, accurate = np.split(self._sums[order] / size[:, None], ends, axis=1)
        has_target = self._wanted is not None
        packed = np.frombuffer(b"".join(self._known), dtype=np.uint8).reshape(known, packed_width(network.units))
        return Clusters(
            network=network,
            packed=packed[order],
            size=size,
            outside=self._outside[order],
            representative=self._representative[order],
            clear=self._rank[order] == 0,
            feature_mean=mean,
            feature_spread=_spread_by(table, assignment, mean, size),
            prediction_mean=prediction,
            class_share=share,
            target_share=labels if has_target and classes else None,
            target_mean=wanted[:, 0] if has_target and classes <= 2 else None,
            accuracy=accurate[:, 0] if has_target and classes else None,
            assignment=assignment,
            inside=self._inside,
            float32_doubtful=self._doubtful,
        )

    def _number(self, packed: ByteArray, first: IntArray) -> IntArray:
        """Number of the pattern in each of these rows; new ones are numbered in the order of the rows."""
        ids = np.empty(len(first), dtype=np.int64)
        for place in np.argsort(first).tolist():
            ids[place] = self._known.setdefault(packed[first[place]].tobytes(), len(self._known))
        if len(self._known) > len(self._size):
            more = max(len(self._known), 2 * len(self._size)) - len(self._size)
            self._size, self._outside, self._representative, self._sums = (
                np.concatenate([column, np.zeros((more, *column.shape[1:]), dtype=column.dtype)])
                for column in (self._size, self._outside, self._representative, self._sums)
            )
            self._rank = np.concatenate([self._rank, np.full(more, UNRANKED)])
        return ids


def _doubt_about_accuracy(clusters: Clusters) -> str:
    """Remark for a network that does clearly worse than always deciding for the commonest class, else an empty text."""
    if clusters.accuracy is None or clusters.target_share is None:
        return ""
    samples = len(clusters.assignment)
    if samples < FEWEST_FOR_SHARE:
        return ""
    right = round(float(clusters.accuracy @ clusters.size))
    share = clusters.size @ clusters.target_share / samples
    commonest = int(share.argmax())
    if right / samples >= FAR_BELOW * share[commonest]:
        return ""
    highest = confidence_interval(np.array([right]), samples, CONFIDENCE)[1][0]
    if highest >= share[commonest]:
        return ""
    names = clusters.network.rule.class_names
    return (
        f"the decision is right for {right:,} of {samples:,} samples ({percent(right / samples)}), but would be "
        f"right for {percent(float(share[commonest]))} if it were always class "
        f"{names[commonest] if names else commonest}: "
        f"are the columns in the right order, and are the classes numbered as the model numbers them?"
    )


def _spread_by(table: SampleTable, assignment: IntArray, mean: FloatArray, size: IntArray) -> FloatArray:
    """Standard deviations by cluster, shape (k, n)."""
    factor = safe_factors(np.abs(table.range()).max(axis=0))
    squares, centre = np.zeros_like(mean), mean * factor
    for rows, chunk in table.chunks():
        met, group = np.unique(assignment[rows], return_inverse=True)
        squares[met] += _sum_by(group, len(met), (chunk * factor - centre[assignment[rows]]) ** 2)
    return np.sqrt(squares / size[:, None]) / factor


def _check_sizes(kind: str, names: Sequence[str], values: FloatArray, before: int) -> None:
    """Refuse numbers that cannot be squared and added up in float64."""
    beyond = np.argwhere(~(np.abs(values) <= LARGEST))
    if len(beyond):
        row, column = beyond[0]
        raise DataError(
            f"sample {before + row + 1}: the {kind} {names[column]!r} is {values[row, column]:g}, and means and "
            f"spreads are computed up to {LARGEST:.0g}: drop the sample, or write it in other units"
        )


def _sum_by(group: IntArray, groups: int, values: FloatArray) -> FloatArray:
    """Sums of rows by group, shape (groups, columns)."""
    sums = np.empty((groups, values.shape[1]))
    for column in range(values.shape[1]):
        sums[:, column] = np.bincount(group, weights=values[:, column], minlength=groups)
    return sums
