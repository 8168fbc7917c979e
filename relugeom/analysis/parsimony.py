"""Parsimony: a few groups of clusters, each with one affine map, and the change of output that this causes.

Notation: f is the network before any squashing, and g(x) = W_G x + b_G the map of the group G of x; the *error* of a
group is the largest |f(x) − g(x)| over the samples in it and the outputs. A group is made by splits (`group_tree.py`):
what a few units say. H = −Σ p log₂ p is the entropy of the groups' sizes, p the shares of the samples.

The one idea: begin with one group and always split the one that is worst, so that a single run yields groups for every
number of them, and with them the curve of groups against error. Each group's map is the one with the least maximum
error over its samples (or the least mean square, where that is asked for); a group that is a single cluster keeps the
network's own map.

Errors here are *measured on the samples*: float64 numbers, rounded so that no sample of the group, as a real point of
the real function, is further off. What holds between the samples is certified by `group_bounds.py`.
"""

import heapq
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.affine_fits import bounded_outputs, deviations, least_squares_map, minimax_map
from relugeom.analysis.group_tree import Criterion, SplitScorer, unit_normals
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.linalg.arrays import BoolArray, ByteArray, FloatArray, IntArray, frozen_array, frozen_flags
from relugeom.network.effective import effective_map
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, unpack_patterns
from relugeom.partition.clusters import Clusters

__all__ = ["ClusterGroups", "Fit", "ParsimonyCurve", "evaluate_groups", "group_clusters", "group_of_patterns"]


class Fit(StrEnum):
    """Quantity that a group's map minimises over its samples: the largest residual, or the mean squared one."""

    MINIMAX = "minimax"
    LEAST_SQUARES = "least squares"


@dataclass(frozen=True, slots=True, eq=False)
class ParsimonyCurve:
    """Error of c groups, for c = 1, 2, …; row c − 1 is about c groups.

    Attributes
    ----------
    error
        The largest error of all groups, measured on the samples, in units of the output.
    rms
        Root mean square of |f − g|, for the worst output of each sample.
    entropy
        H of the groups' sizes in bits.
    alignment
        Mean |cosine| between hyperplanes of which one splits what the other has made: 0 where all are orthogonal
        (features in units of their spread), 1 where all are parallel; 0 before the second split.
    """

    error: FloatArray
    rms: FloatArray
    entropy: FloatArray
    alignment: FloatArray

    def __post_init__(self) -> None:
        for name in ("error", "rms", "entropy", "alignment"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.error)

    def groups_within(self, error: float) -> int | None:
        """Least number of groups on the curve with at most this error, or None."""
        found = np.flatnonzero(self.error <= error)
        return int(found[0]) + 1 if len(found) else None


@dataclass(frozen=True, slots=True, eq=False)
class ClusterGroups:
    """Clusters in g groups, the largest first, each with one affine map.

    Attributes
    ----------
    group
        The group of each cluster, shape (k,).
    size, clusters
        Number of samples and of clusters in each group, shape (g,).
    weights, biases
        The maps, shapes (g, m, n) and (g, m): y ≈ W x + b before squashing.
    error
        Error measured on the samples, rounded up, shape (g,).
    rms
        Root mean square of |f − g| over the group, shape (g,).
    own_map
        Whether the group is one cluster with the network's own map, shape (g,).
    node
        Node of each group in the tree of splits, shape (g,).
    split_node, split_unit
        Which node split j cuts, and by which unit (counted through all layers), shapes (g − 1,).
    curve
        Errors of fewer groups of the same tree.
    reason
        Why there are not more groups.
    """

    network: ReLUNetwork
    criterion: Criterion
    group: IntArray
    size: IntArray
    clusters: IntArray
    weights: FloatArray
    biases: FloatArray
    error: FloatArray
    rms: FloatArray
    own_map: BoolArray
    node: IntArray
    split_node: IntArray
    split_unit: IntArray
    curve: ParsimonyCurve
    reason: str

    def __post_init__(self) -> None:
        for name in ("weights", "biases", "error", "rms"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        for name in ("group", "size", "clusters", "node", "split_node", "split_unit"):
            column = np.array(getattr(self, name), dtype=np.int64)
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        object.__setattr__(self, "own_map", frozen_flags(self.own_map))

    def __len__(self) -> int:
        return len(self.size)

    def __repr__(self) -> str:
        worst = f"{self.error.max():.3g}"
        return f"ClusterGroups({len(self)} groups of {len(self.group)} clusters, error {worst} on the samples)"

    def conditions(self, group: int) -> tuple[tuple[int, int, bool], ...]:
        """Definition of a group: (layer, index, active) of its units, the first split first."""
        node, found = int(self.node[group]), list[tuple[int, int, bool]]()
        places = [(layer, index) for layer, width in enumerate(self.network.widths) for index in range(width)]
        while node:
            split, active = divmod(node - 1, 2)
            found.append((*places[self.split_unit[split]], bool(active)))
            node = int(self.split_node[split])
        return tuple(reversed(found))


def group_clusters(
    clusters: Clusters,
    X: ArrayLike,
    *,
    groups: int = 100,
    error: float = 0.0,
    criterion: Criterion = Criterion.ERROR,
    fit: Fit = Fit.MINIMAX,
    time_limit: TimeLimit = None,
) -> ClusterGroups:
    """Group clusters until there are enough groups, or the error is small enough.

    Parameters
    ----------
    clusters
        Clusters of X.
    X
        Samples, shape (s, n).
    groups
        Most groups wanted.
    error
        Error at which to stop, in units of the output.
    criterion
        Criterion by which the splitting units are chosen.
    fit
        Quantity that the maps minimise; the worst group is split next in either case.
    time_limit
        Seconds or a deadline, after which there are fewer groups, and the last maps are less good.

    Returns
    -------
    ClusterGroups
        The same for the same input; a group has at least 2 (n + 1) samples or is a single cluster.

    Raises
    ------
    InputError
        `groups` is less than 1 or `error` is negative, or X has another number of rows than the clusters were made of.
    DataError
        X does not fit the network.
    """
    deadline = Deadline.of(time_limit)
    samples = as_samples(clusters.network, X)
    if groups < 1 or not error >= 0:
        raise InputError(f"groups must be 1 or more and the error 0 or more, not {groups} and {error}")
    if len(samples) != len(clusters.assignment):
        raise InputError(
            f"the clusters are of {len(clusters.assignment)} samples, but X has {len(samples)} rows: use the same X"
        )
    growth = _Growth(clusters, samples, Criterion(criterion), Fit(fit), deadline)
    while len(growth.leaves) < groups and growth.worst > error and not deadline.passed and growth.split():
        pass
    reason = f"{groups} groups were asked for"
    if growth.worst <= error:
        reason = f"the error is at most {error:g}"
    elif len(growth.leaves) < groups:
        reason = "time ran out" if deadline.passed else "no unit splits the groups further"
    return growth.finish(reason)


def group_of_patterns(groups: ClusterGroups, packed: ByteArray) -> IntArray:
    """Group of each of the packed patterns, shape (k, ⌈N/8⌉), by the states of their units; they need not have
    samples.
    """
    bits = unpack_patterns(packed, groups.network.units)
    node = np.zeros(len(bits), dtype=np.int64)
    for split, (cut, unit) in enumerate(zip(groups.split_node.tolist(), groups.split_unit.tolist(), strict=True)):
        here = np.flatnonzero(node == cut)
        node[here] = 2 * split + 1 + bits[here, unit]
    order = np.argsort(groups.node)
    return np.asarray(order[np.searchsorted(groups.node[order], node)], dtype=np.int64)


def evaluate_groups(groups: ClusterGroups, X: ArrayLike, packed: ByteArray) -> FloatArray:
    """g(x) of the rows of X, shape (k, m), whose patterns are given; float64, before squashing."""
    group = group_of_patterns(groups, packed)
    samples = as_samples(groups.network, X)
    return np.asarray(np.einsum("kmn,kn->km", groups.weights[group], samples) + groups.biases[group])


@dataclass(frozen=True, slots=True, eq=False)
class _Leaf:
    """A node: its samples, its map and its error."""

    node: int
    rows: IntArray
    weights: FloatArray
    biases: FloatArray
    error: float
    squares: float
    own_map: bool
    ancestors: tuple[FloatArray, ...] = ()


class _Growth:
    """The tree while it grows."""

    def __init__(self, clusters: Clusters, X: FloatArray, criterion: Criterion, fit: Fit, deadline: Deadline) -> None:
        self.clusters, self.X, self.fit, self.deadline = clusters, X, fit, deadline
        self.network = clusters.network
        self.criterion = criterion
        self.Y, self.doubt = bounded_outputs(self.network, X)
        if not np.isfinite(self.doubt).all():
            raise InputError("outputs of the network overflow on the samples: scale the inputs or remove those samples")
        spread = self.Y.std(axis=0)
        self.bits = unpack_patterns(clusters.packed, self.network.units)[clusters.assignment]
        self.scorer = SplitScorer(
            network=self.network,
            X=X,
            Y=self.Y / np.where(spread > 0, spread, 1.0),
            bits=self.bits,
            cluster=clusters.assignment,
            least=2 * (self.network.inputs + 1),
            criterion=criterion,
        )
        self.splits: list[tuple[int, int]] = []
        self.cosines: list[float] = []
        self.leaves: dict[int, _Leaf] = {}
        self.open: list[tuple[float, int]] = []
        self.rows_of_curve: list[tuple[float, float, float, float]] = []
        self._add(0, np.arange(len(X)), ())
        self._note()

    @property
    def worst(self) -> float:
        """The largest error of the groups so far."""
        return max(leaf.error for leaf in self.leaves.values())

    def split(self) -> bool:
        """Split the worst group that a unit can split; False where there is none."""
        while self.open:
            leaf = self.leaves[heapq.heappop(self.open)[1]]
            unit = None if leaf.own_map else self.scorer.best_unit(leaf.rows, leaf.ancestors)
            if unit is None:
                continue
            active = self.bits[leaf.rows]
            normal = unit_normals(self.network, active, self.X.std(axis=0))[unit]
            self.cosines += [float(min(abs(normal @ other), 1.0)) for other in leaf.ancestors]
            node = 2 * len(self.splits)
            self.splits.append((leaf.node, unit))
            del self.leaves[leaf.node]
            for side in (0, 1):
                rows = leaf.rows[active[:, unit] == side]
                self._add(node + 1 + side, rows, (*leaf.ancestors, normal))
            self._note()
            return True
        return False

    def finish(self, reason: str) -> ClusterGroups:
        """The groups, the largest first."""
        leaves = sorted(self.leaves.values(), key=lambda leaf: (-len(leaf.rows), leaf.node))
        group = np.zeros(len(self.clusters), dtype=np.int64)
        for number, leaf in enumerate(leaves):
            group[self.clusters.assignment[leaf.rows]] = number
        splits = np.array(self.splits, dtype=np.int64).reshape(-1, 2)
        size = np.array([len(leaf.rows) for leaf in leaves])
        return ClusterGroups(
            network=self.network,
            criterion=self.criterion,
            group=group,
            size=size,
            clusters=np.bincount(group, minlength=len(leaves)),
            weights=np.array([leaf.weights for leaf in leaves]),
            biases=np.array([leaf.biases for leaf in leaves]),
            error=np.array([leaf.error for leaf in leaves]),
            rms=np.sqrt(np.array([leaf.squares for leaf in leaves]) / size),
            own_map=np.array([leaf.own_map for leaf in leaves]),
            node=np.array([leaf.node for leaf in leaves]),
            split_node=splits[:, 0],
            split_unit=splits[:, 1],
            curve=ParsimonyCurve(*np.array(self.rows_of_curve).T),
            reason=reason,
        )

    def _add(self, node: int, rows: IntArray, ancestors: tuple[FloatArray, ...]) -> None:
        X, Y, doubt = self.X[rows], self.Y[rows], self.doubt[rows]
        cluster = int(self.clusters.assignment[rows[0]])
        own = bool((self.clusters.assignment[rows] == cluster).all())
        if own:
            content = self.clusters.packed[cluster].tobytes()
            exact = effective_map(self.network, ActivationPattern(self.network.widths, content))
            fitted = (exact.weight, exact.bias)
        else:
            fitted = least_squares_map(X, Y)
            if self.fit is Fit.MINIMAX:
                fitted = minimax_map(X, Y, fitted, deadline=self.deadline)
        gaps = deviations(X, Y, doubt, fitted)
        error, squares = float(gaps.max()), float((gaps**2).sum())
        self.leaves[node] = _Leaf(node, rows, *fitted, error, squares, own, ancestors)
        heapq.heappush(self.open, (-error, node))

    def _note(self) -> None:
        share = np.array([len(leaf.rows) for leaf in self.leaves.values()]) / len(self.X)
        squares = sum(leaf.squares for leaf in self.leaves.values())
        alignment = float(np.mean(self.cosines)) if self.cosines else 0.0
        entropy = float(np.abs((share * np.log2(share)).sum()))
        self.rows_of_curve.append((self.worst, (squares / len(self.X)) ** 0.5, entropy, alignment))
