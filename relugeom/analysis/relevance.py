"""Valid relevance under correlation: which coefficients of a cluster's map the data determine [paper, section 6].

Notation: in a cluster the network is f(x) = ω x + b. If features are correlated in its samples, other maps (ω', b')
predict them equally well, and the size of one coefficient ω_k means little by itself. Let w > 0 be a spread of each
feature and ‖ω‖ = Σ w_k |ω_k|. The *equivalent maps* of a cluster and an output are those that

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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike

from relugeom.analysis.coefficient_ranges import GroupMaps, coefficient_range, least_norm
from relugeom.analysis.deviation_ranges import DeviationPrograms
from relugeom.analysis.equivalent_maps import SampleHull, sample_hull
from relugeom.analysis.importance import as_spread
from relugeom.deadline import Deadline, TimeLimit
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
"""Clusters that are examined unless more are asked for."""
SIZE = 20_000
"""Entries (rows times variables) of a linear program that is still settled exactly."""

LATE = "time ran out"
TOO_LARGE = "{} features can trade their coefficients, too many for programs in exact arithmetic"

RelevanceArray = np.ndarray[tuple[int, int, int], np.dtype[np.int8]]


class Relevance(IntEnum):
    """Relevance of a feature according to the equivalent maps."""

    UNKNOWN = 0
    STRONG = 1
    WEAK = 2
    IRRELEVANT = 3
    NOT_IDENTIFIABLE = 4

    @property
    def words(self) -> str:
        """Relevance as it is printed: "not identifiable"."""
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
        Dimension of the affine hull of the cluster's samples, shape (k,); −1 if time ran out before.
    least_norm
        μ, the least norm of a map that predicts equally well, shape (k, m); NaN if unknown.
    lower, upper
        Ends of each coefficient's interval over the equivalent maps, shape (k, m, n); NaN if the coefficient is not
        identifiable or unknown.
    relevance
        A `Relevance` for each, shape (k, m, n).
    doubt
        Why something in each cluster is UNKNOWN, or "".
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
        """Relevance of every feature for one output in one cluster."""
        return tuple(Relevance(int(code)) for code in self.relevance[cluster, output])

    def counts(self) -> IntArray:
        """Number of features with each `Relevance`, in the order of its values, shape (k, m, 5)."""
        return np.stack([(self.relevance == kind).sum(axis=2) for kind in Relevance], axis=2)


def cluster_relevance(
    clusters: Clusters,
    X: ArrayLike,
    *,
    spread: ArrayLike | None = None,
    norm_excess: float = 0.1,
    output_change: ArrayLike = 0.0,
    limit: int = CLUSTERS,
    time_limit: TimeLimit = None,
) -> ClusterRelevance:
    """Determine which features every equivalent map of a cluster uses, which only some use, and which none.

    Parameters
    ----------
    X
        The samples that were clustered, shape (s, n).
    spread
        w, shape (n,); by default the standard deviation over all samples. All ones gives the plain ‖ω‖₁, which
        depends on the units of the features.
    norm_excess
        δ ≥ 0. The larger, the wider the intervals; 0 keeps the maps of least norm only.
    output_change
        ε ≥ 0 before squashing, one for all outputs or one each, shape (m,).
    limit
        Number of clusters, the largest first.
    time_limit
        Seconds or a deadline; clusters not reached by then are UNKNOWN, with the reason.

    Raises
    ------
    DataError
        X does not fit the clusters, or the spread is not positive for a feature that varies.
    InputError
        δ, ε or the limit is negative or not a number, or the time limit is not positive.

    References
    ----------
    Frénay, Hofmann, Schulz, Biehl & Hammer, "Valid interpretation of feature relevance for linear data mappings", IEEE
    CIDM (2014), 149-156; strong and weak in the sense of Kohavi & John, "Wrappers for feature subset selection",
    *Artificial Intelligence* 97 (1997).
    """
    deadline = Deadline.of(time_limit)
    network, samples = clusters.network, as_samples(clusters.network, X)
    if len(samples) != len(clusters.assignment):
        expected = len(clusters.assignment)
        raise DataError(f"there are {len(samples)} samples, but {expected} were clustered: give the same table")
    _check_not_negative("the norm excess", norm_excess)
    _check_not_negative("the limit", limit)
    changes = _as_changes(network, output_change)
    weights = _as_weights(network, samples, spread)
    count = min(len(clusters), int(limit))
    order = np.argsort(clusters.assignment, kind="stable")
    starts = np.concatenate([[0], np.cumsum(clusters.size)])
    answer = _Answer(network, count)
    for row in range(count):
        if deadline.passed:
            answer.doubt[row:] = [LATE] * (count - row)
            break
        members = samples[order[starts[row] : starts[row + 1]]]
        hull = sample_hull(members)
        answer.start(row, hull)
        bits = unpack_patterns(clusters.packed[row][None, :], network.units)
        forms, exponent = many_output_forms(exact_network(network), bits)
        for output in range(network.outputs):
            omega = [fmpq(entry, 1 << exponent) for entry in forms[0, output, :-1].tolist()]
            question = _Question(omega, weights, rational(norm_excess), lambda: LATE if deadline.passed else "")
            change = float(changes[output])
            found = question.same_predictions(hull) if change == 0 else question.like_predictions(members, hull, change)
            answer.record(row, output, found)
    return ClusterRelevance(
        network=network,
        spread=weights,
        norm_excess=float(norm_excess),
        output_change=changes,
        rank=answer.rank,
        least_norm=answer.norm,
        lower=answer.lower,
        upper=answer.upper,
        relevance=answer.relevance,
        doubt=tuple(answer.doubt),
    )


@dataclass(slots=True)
class _Found:
    """What is known of one map: μ, the ends of intervals by feature, and why something is missing."""

    norm: fmpq | None = None
    ends: dict[int, tuple[fmpq, fmpq]] = field(default_factory=dict)
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """One map ω, the weights, δ, and a function that says why to stop ("" to continue)."""

    omega: Sequence[fmpq]
    weights: FloatArray
    excess: fmpq
    stop: Callable[[], str]

    def same_predictions(self, hull: SampleHull) -> _Found:
        """ε = 0: what is determined is known, and each group is a small problem of its own."""
        found = _Found(ends={feature: (self.omega[feature], self.omega[feature]) for feature in hull.determined})
        for group in hull.groups:
            if 2 * len(group.features) * (len(group.equations) + 1) > SIZE:
                found.doubt = TOO_LARGE.format(len(group.features))
                return found
        weights, groups, least = rational_point(self.weights), [], []
        norm = sum((weights[feature] * abs(self.omega[feature]) for feature in hull.determined), fmpq(0))
        for group in hull.groups:
            found.doubt = self.stop()
            if found.doubt:
                return found
            groups.append(
                GroupMaps.around(
                    group, *([row[feature] for feature in group.features] for row in (self.omega, weights))
                )
            )
            least.append(least_norm(groups[-1]))
        found.norm = sum(least, norm)
        for group, maps, own in zip(hull.groups, groups, least, strict=True):
            for place, feature in enumerate(group.features):
                found.doubt = self.stop()
                if found.doubt:
                    return found
                found.ends[feature] = coefficient_range(maps, place, own + self.excess * found.norm)
        return found

    def like_predictions(self, members: FloatArray, hull: SampleHull, change: float) -> _Found:
        """ε > 0: one problem of all features that vary."""
        varying = [feature for feature in range(len(self.omega)) if feature not in set(hull.constant)]
        if not varying:
            return _Found(norm=fmpq(0))
        if (2 * len(varying) + 1) * (3 * len(varying) + 4) > SIZE:
            return _Found(doubt=TOO_LARGE.format(len(varying)))
        programs = DeviationPrograms(
            np.unique(members[:, varying], axis=0),
            [self.omega[feature] for feature in varying],
            self.weights[varying],
            change,
            expired=lambda: bool(self.stop()),
        )
        found = _Found(norm=programs.least_norm())
        if found.norm is not None:
            programs.bound_norm((1 + self.excess) * found.norm)
        for place, feature in enumerate(varying):
            ends = None if found.norm is None else programs.coefficient_range(place)
            if ends is None:
                found.doubt = self.stop()
                break
            found.ends[feature] = ends
        return found


class _Answer:
    """The columns of a `ClusterRelevance` in the making."""

    def __init__(self, network: ReLUNetwork, count: int) -> None:
        shape = (count, network.outputs, network.inputs)
        self.rank = np.full(count, -1, dtype=np.int64)
        self.norm = np.full(shape[:2], np.nan)
        self.lower, self.upper = np.full(shape, np.nan), np.full(shape, np.nan)
        self.relevance = np.zeros(shape, dtype=np.int8)
        self.doubt = [""] * count

    def start(self, row: int, hull: SampleHull) -> None:
        """What the samples alone say of a cluster."""
        self.rank[row] = hull.rank
        self.relevance[row][:, list(hull.constant)] = Relevance.NOT_IDENTIFIABLE

    def record(self, row: int, output: int, found: _Found) -> None:
        """What was found of one map."""
        self.doubt[row] = self.doubt[row] or found.doubt
        if found.norm is not None:
            self.norm[row, output] = nearest_float(found.norm)
        for feature, (lower, upper) in found.ends.items():
            self.lower[row, output, feature] = nearest_float(lower)
            self.upper[row, output, feature] = nearest_float(upper)
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
        raise DataError(f"the spread of {name!r} is 0, but the feature varies in the samples: give a positive number")
    return weights


def _check_not_negative(name: str, value: float) -> None:
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{name} is {value}: give a number that is not negative")
