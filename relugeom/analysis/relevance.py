"""Valid relevance under correlation: which coefficients of a cluster's map does the data pin down? [paper, section 6]

Notation: in a cluster the network is f(x) = ω x + b. Where its samples are correlated, other maps (ω', b') predict them
equally well, and the size of one coefficient ω_k means little by itself. Let w > 0 be a spread of each feature and
‖ω‖ = Σ w_k |ω_k|. The *equivalent maps* of a cluster and an output are those that

* predict every sample of the cluster equally well: |ω' x + b' − f(x)| ≤ ε, where ε = 0 (the default) means the
  same predictions, exactly, on the whole affine hull of the samples;
* have a norm of at most (1 + δ) times the least norm μ of such a map: without a bound the intervals are infinite.

The one idea: the interval of a coefficient over the equivalent maps tells what its value alone cannot. The network's
own ω_k may lie outside it, where a shorter map predicts as well. A feature is

    strong              the interval excludes 0: every equivalent map uses it
    weak                it holds 0 and something else: some map uses it, another does without
    irrelevant          it is {0}: no equivalent map uses it
    not identifiable    the feature is constant in the cluster: no sample shows what its coefficient does

The ends are rational optima of linear programs and the classes are read off them, so no class rests on a tolerance;
what is stored is the float64 nearest to each end. Samples that are correlated only up to rounding determine every
coefficient when ε = 0: a small ε > 0 is the question to ask of measured data. The answer is about the samples given,
not about inputs of the same region that were never seen.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike

from relugeom.analysis.coefficient_ranges import GroupMaps, coefficient_range, least_norm
from relugeom.analysis.equivalent_maps import SampleHull, sample_hull
from relugeom.analysis.importance import as_spread
from relugeom.errors import DataError, InputError
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.linalg.exact import nearest_float, rational, rational_point
from relugeom.network.exact import exact_network, many_output_forms
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns
from relugeom.partition.clusters import Clusters

__all__ = ["ClusterRelevance", "Relevance", "cluster_relevance"]

CLUSTERS = 1000
"""Clusters that are looked at unless more are asked for."""
SIZE = 20_000
"""Entries (rows times variables) of a linear program that is still settled exactly."""

RelevanceArray = np.ndarray[tuple[int, int, int], np.dtype[np.int8]]


class Relevance(IntEnum):
    """What the equivalent maps say of a feature."""

    UNKNOWN = 0
    STRONG = 1
    WEAK = 2
    IRRELEVANT = 3
    NOT_IDENTIFIABLE = 4

    @property
    def words(self) -> str:
        """As it is printed: "not identifiable"."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRelevance:
    """Relevance of n features for m outputs in the first k clusters, the largest.

    Attributes
    ----------
    network
        Its `feature_names` and `target_names` name the last two axes.
    spread
        w, the weight of each feature in the norm, shape (n,).
    norm_excess
        δ.
    output_change
        ε of each output, before squashing, shape (m,).
    rank
        Dimension of the affine hull of the cluster's samples, shape (k,).
    least_norm
        μ, the least norm of a map that predicts equally well, shape (k, m); NaN where unknown.
    lower, upper
        Ends of each coefficient's interval over the equivalent maps, shape (k, m, n); NaN where the coefficient is not
        identifiable or unknown.
    relevance
        A `Relevance` for each, shape (k, m, n).
    doubt
        For each cluster why something in it is UNKNOWN, or "".
    """

    network: ReLUNetwork
    spread: FloatArray
    norm_excess: float
    output_change: FloatArray
    rank: IntArray
    least_norm: FloatArray
    lower: FloatArray
    upper: FloatArray
    relevance: RelevanceArray
    doubt: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("spread", "output_change", "least_norm", "lower", "upper"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        self.rank.setflags(write=False)
        self.relevance.setflags(write=False)

    def __len__(self) -> int:
        return len(self.relevance)

    def of(self, cluster: int, output: int = 0) -> tuple[Relevance, ...]:
        """The relevance of every feature for one output in one cluster."""
        return tuple(Relevance(int(code)) for code in self.relevance[cluster, output])

    def counts(self) -> IntArray:
        """How many features are of each `Relevance`, in the order of its values, shape (k, m, 5)."""
        return np.stack([(self.relevance == kind).sum(axis=2) for kind in Relevance], axis=2)


def cluster_relevance(
    clusters: Clusters,
    X: ArrayLike,
    *,
    spread: ArrayLike | None = None,
    norm_excess: float = 0.1,
    output_change: ArrayLike = 0.0,
    limit: int = CLUSTERS,
    time_limit: float | None = None,
) -> ClusterRelevance:
    """Which features every equivalent map of a cluster uses, which some, and which none.

    Parameters
    ----------
    X
        The samples that were clustered, shape (s, n).
    spread
        w, shape (n,): the standard deviation over all samples where none is given. All ones gives the plain ‖ω‖₁, which
        depends on the units of the features.
    norm_excess
        δ ≥ 0. The larger, the wider the intervals; 0 keeps the maps of least norm only.
    output_change
        ε ≥ 0 before squashing, one for all outputs or one each, shape (m,).
    limit
        How many clusters, the largest first.
    time_limit
        Seconds; clusters not reached by then are UNKNOWN, with the reason.

    Raises
    ------
    DataError
        X does not fit the clusters, or the spread is not positive for a feature that varies.
    InputError
        δ, ε, the limit or the time limit is negative or not a number.

    References
    ----------
    Frénay, Hofmann, Schulz, Biehl & Hammer, "Valid interpretation of feature relevance for linear data mappings", IEEE
    CIDM (2014), 149-156; strong and weak in the sense of Kohavi & John, "Wrappers for feature subset selection",
    *Artificial Intelligence* 97 (1997).
    """
    network, samples = clusters.network, as_samples(clusters.network, X)
    if len(samples) != len(clusters.assignment):
        expected = len(clusters.assignment)
        raise DataError(f"there are {len(samples)} samples, but {expected} were clustered: give the same table")
    _check_not_negative("the norm excess", norm_excess)
    _check_not_negative("the limit", limit)
    changes = _as_changes(network, output_change)
    if time_limit is not None:
        _check_not_negative("the time limit", time_limit)
    weights = _as_weights(network, samples, spread)
    count = min(len(clusters), int(limit))
    order = np.argsort(clusters.assignment, kind="stable")
    starts = np.concatenate([[0], np.cumsum(clusters.size)])
    table = _Table(network, weights, norm_excess, changes, count)
    deadline = np.inf if time_limit is None else time.monotonic() + time_limit
    for row in range(count):
        if time.monotonic() > deadline:
            table.doubt[row:] = [f"the time limit of {time_limit:g} s had passed"] * (count - row)
            break
        members = samples[order[starts[row] : starts[row + 1]]]
        table.fill(row, members, clusters.packed[row])
    return table.finish()


class _Table:
    """The answer in the making."""

    def __init__(
        self, network: ReLUNetwork, weights: FloatArray, excess: float, changes: FloatArray, count: int
    ) -> None:
        shape = (count, network.outputs, network.inputs)
        self.network, self.weights, self.excess, self.changes = network, weights, excess, changes
        self.rank = np.zeros(count, dtype=np.int64)
        self.norm = np.full(shape[:2], np.nan)
        self.lower, self.upper = np.full(shape, np.nan), np.full(shape, np.nan)
        self.relevance = np.zeros(shape, dtype=np.int8)
        self.doubt = [""] * count

    def fill(self, row: int, members: FloatArray, packed: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> None:
        """Look at one cluster."""
        hull = sample_hull(members)
        self.rank[row] = hull.rank
        self.relevance[row][:, list(hull.constant)] = Relevance.NOT_IDENTIFIABLE
        bits = unpack_patterns(packed[None, :], self.network.units)
        forms, exponent = many_output_forms(exact_network(self.network), bits)
        for output in range(self.network.outputs):
            omega = [fmpq(entry, 1 << exponent) for entry in forms[0, output, :-1].tolist()]
            if self.changes[output] > 0:
                self.doubt[row] = "predictions that may change are not settled yet"
                continue
            self._same_predictions(row, output, hull, omega)

    def finish(self) -> ClusterRelevance:
        return ClusterRelevance(
            network=self.network,
            spread=self.weights,
            norm_excess=float(self.excess),
            output_change=self.changes,
            rank=self.rank,
            least_norm=self.norm,
            lower=self.lower,
            upper=self.upper,
            relevance=self.relevance,
            doubt=tuple(self.doubt),
        )

    def _same_predictions(self, row: int, output: int, hull: SampleHull, omega: Sequence[fmpq]) -> None:
        """ε = 0: what is determined is known, and each group is a small problem of its own."""
        weights = rational_point(self.weights)
        for feature in hull.determined:
            self._record(row, output, feature, omega[feature], omega[feature])
        large = [group for group in hull.groups if 2 * len(group.features) * (len(group.equations) + 1) > SIZE]
        if large:
            self.doubt[row] = f"{len(large[0].features)} features trade their coefficients: too many for exact programs"
            return
        groups = [
            GroupMaps.around(
                group, [omega[feature] for feature in group.features], [weights[f] for f in group.features]
            )
            for group in hull.groups
        ]
        least = [least_norm(maps) for maps in groups]
        norm = sum((weights[f] * abs(omega[f]) for f in hull.determined), fmpq(0)) + sum(least, fmpq(0))
        self.norm[row, output] = nearest_float(norm)
        slack = rational(self.excess) * norm
        for group, maps, own in zip(hull.groups, groups, least, strict=True):
            for place, feature in enumerate(group.features):
                self._record(row, output, feature, *coefficient_range(maps, place, own + slack))

    def _record(self, row: int, output: int, feature: int, lower: fmpq, upper: fmpq) -> None:
        self.lower[row, output, feature], self.upper[row, output, feature] = nearest_float(lower), nearest_float(upper)
        within = Relevance.WEAK if lower < upper else Relevance.IRRELEVANT
        self.relevance[row, output, feature] = within if lower <= 0 <= upper else Relevance.STRONG


def _as_changes(network: ReLUNetwork, output_change: ArrayLike) -> FloatArray:
    changes = np.asarray(output_change, dtype=np.float64)
    if changes.shape not in ((), (network.outputs,)):
        raise InputError(
            f"the output change has shape {changes.shape}, but the network has {network.outputs} outputs: "
            "give one number, or one each"
        )
    changes = np.broadcast_to(changes, (network.outputs,))
    for value in changes.tolist():
        _check_not_negative("the output change", value)
    return changes


def _as_weights(network: ReLUNetwork, samples: FloatArray, spread: ArrayLike | None) -> FloatArray:
    """The weight of each feature in the norm; positive where it varies."""
    low, high = samples.min(axis=0), samples.max(axis=0)
    if spread is None:
        # Scaled by the largest value first, so that squares neither overflow nor vanish.
        size = np.maximum(np.abs(low), np.abs(high))
        unit = np.where(size > 0, size, 1.0)
        deviation = (samples / unit).std(axis=0) * unit
        # Where rounding left no deviation the range stands in: any positive weight bounds the norm.
        return np.where(low < high, np.where(deviation > 0, deviation, high / 2 - low / 2), 0.0)
    weights = as_spread(network, spread)
    bad = np.flatnonzero((low < high) & (weights == 0))
    if bad.size:
        name = network.feature_names[bad[0]]
        raise DataError(f"the spread of {name!r} is 0, but the samples differ in it: give a positive number")
    return weights


def _check_not_negative(name: str, value: float) -> None:
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{name} is {value}: give a number that is not negative")
