"""Refitted maps of groups, which are as near to the network as possible between the samples, too.

The one idea: the inputs where a group's map is worst, region by region, are found with its bounds. Fitted to these as
well as to the samples, the map comes nearer; after a few rounds of that hardly any region has a worse input to show. A
group keeps its new map only where its certified bound fell.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.affine_fits import bounded_outputs, deviations, minimax_map
from relugeom.analysis.group_bounds import GroupBounds, bound_groups
from relugeom.analysis.parsimony import ClusterGroups
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.network.forward import as_samples, evaluate
from relugeom.partition.clusters import Clusters

__all__ = ["refit_groups"]


def refit_groups(
    bounds: GroupBounds, clusters: Clusters, X: ArrayLike, *, rounds: int = 3, time_limit: TimeLimit = None
) -> GroupBounds:
    """Lower the certified bounds of groups by better maps; the groups stay the same.

    Parameters
    ----------
    bounds
        Of every region, each with a limit: groups that lack a bound are left alone.
    clusters, X
        Those that the groups were made of; the errors on them are measured again, and may rise. The `curve` stays that
        of the maps that were fitted to the samples alone.
    rounds
        Number of times that worst inputs are found and maps fitted; each costs as much as `bound_groups`.
    time_limit
        Seconds or a deadline; the maps are then the best that were proved to be better by then, and `reason` says so.

    Raises
    ------
    InputError
        X has another number of rows than the clusters, or the clusters are not those of the groups.
    """
    samples = as_samples(clusters.network, X)
    first = bounds.groups
    if clusters.network != first.network or len(clusters) != len(first.group):
        raise InputError("the clusters are not those that the groups were made of: use the same ones")
    if len(samples) != len(clusters.assignment):
        raise InputError(
            f"the clusters are of {len(clusters.assignment)} samples, but X has {len(samples)} rows: use the same X"
        )
    group_of_sample = first.group[clusters.assignment]
    points, group_of_point = samples, group_of_sample
    best = tried = bounds
    deadline, reason = Deadline.of(time_limit), bounds.reason
    for done in range(rounds):
        found = np.isfinite(tried.worst_point).all(axis=1)
        points = np.concatenate([points, tried.worst_point[found]])
        group_of_point = np.concatenate([group_of_point, tried.group[found]])
        maps = tried.groups.weights.copy(), tried.groups.biases.copy()
        outputs = evaluate(first.network, points)
        for group in np.flatnonzero(np.isfinite(best.group_bound)).tolist():
            if deadline.passed:
                break
            rows = np.flatnonzero(group_of_point == group)
            start = maps[0][group], maps[1][group]
            maps[0][group], maps[1][group] = minimax_map(points[rows], outputs[rows], start, deadline=deadline)
        refitted = replace(tried.groups, weights=maps[0], biases=maps[1])
        tried = bound_groups(refitted, bounds.partition, time_limit=deadline)
        best = _better(best, tried)
        if tried.reason:
            late = f"time ran out in round {done + 1} of {rounds}"
            reason = f"{reason}; {late}" if reason else late
            break
    error, rms = _measured(best.groups, samples, group_of_sample)
    return replace(best, groups=replace(best.groups, error=error, rms=rms), reason=reason)


def _better(one: GroupBounds, other: GroupBounds) -> GroupBounds:
    """Of each group, the map with the lower bound."""
    gained: BoolArray = other.group_bound < one.group_bound
    regions = gained[one.group]
    groups = replace(
        one.groups,
        weights=np.where(gained[:, None, None], other.groups.weights, one.groups.weights),
        biases=np.where(gained[:, None], other.groups.biases, one.groups.biases),
        own_map=one.groups.own_map & ~gained,
    )
    return replace(
        one,
        groups=groups,
        bound=np.where(regions, other.bound, one.bound),
        worst_point=np.where(regions[:, None], other.worst_point, one.worst_point),
    )


def _measured(groups: ClusterGroups, X: FloatArray, group: IntArray) -> tuple[FloatArray, FloatArray]:
    """Error and root mean square of each group on the samples."""
    Y, doubt = bounded_outputs(groups.network, X)
    error, rms = np.zeros(len(groups)), np.zeros(len(groups))
    for number in range(len(groups)):
        rows = np.flatnonzero(group == number)
        gaps = deviations(X[rows], Y[rows], doubt[rows], (groups.weights[number], groups.biases[number]))
        error[number], rms[number] = gaps.max(), np.sqrt((gaps**2).mean())
    return error, rms
