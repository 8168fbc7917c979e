"""What the analyses of a run found, as rows.

Ranges of a partition that is measured twice are one set of rows; everything else belongs to one run.
"""

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.store import finding_tables as tables
from relugeom.store.answers import proof_file
from relugeom.store.database.insertion import ONCE, insert_columns

if TYPE_CHECKING:  # slow to load
    from relugeom.analysis.group_bounds import GroupBounds
    from relugeom.analysis.parsimony import ClusterGroups
    from relugeom.analysis.performance import Performance
    from relugeom.analysis.region_ranges import RegionRanges
    from relugeom.analysis.relevance import ClusterRelevance
    from relugeom.analysis.unobserved import UnobservedRegions
    from relugeom.analysis.whole_domain import ImportanceComparison
    from relugeom.questions.sample_robustness import SampleRobustness

__all__ = [
    "save_comparison",
    "save_groups",
    "save_performance",
    "save_ranges",
    "save_relevance",
    "save_robustness",
    "save_unobserved",
]


def save_comparison(connection: Connection, run_id: int, comparison: "ImportanceComparison") -> None:
    """Record measures of importance side by side."""
    t, m, n = comparison.shares.shape
    columns = {
        "run_id": run_id,
        "position": np.repeat(np.arange(t), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), t),
        "feature": np.tile(np.arange(n), t * m),
        "measure": [measure for measure in comparison.measures for _ in range(m * n)],
        "share": comparison.shares.ravel(),
    }
    insert_columns(connection, tables.importance_shares, columns)


def save_performance(
    connection: Connection,
    run_id: int,
    clusters: tuple["Performance", IntArray],
    regions: "tuple[int, Performance] | None",
) -> None:
    """Record scores.

    Parameters
    ----------
    clusters
        Scores, and the number of the cluster, from 0, that each row is about.
    regions
        The partition's row and the scores of its regions.
    """
    performance, numbers = clusters
    whole = performance.overall
    columns = {
        "run_id": [run_id],
        "samples": [whole.count],
        "response_mean": [whole.response_mean],
        "accuracy": [whole.accuracy],
        "auc": [whole.global_auc],
        "r2": [whole.global_r2],
    }
    insert_columns(connection, tables.run_scores, columns)
    of_clusters = {"run_id": run_id, "cluster": numbers + 1} | _scores(performance, slice(None))
    insert_columns(connection, tables.cluster_scores, of_clusters)
    if regions is None:
        return
    partition_id, performance = regions
    rows = np.flatnonzero(performance.count)
    of_regions = {
        "run_id": run_id,
        "partition_id": partition_id,
        "position": rows,
        "samples": performance.count[rows],
        "response_mean": performance.response_mean[rows],
        "accuracy": performance.accuracy[rows],
    }
    insert_columns(connection, tables.region_scores, of_regions | _scores(performance, rows))


def _scores(performance: "Performance", rows: "slice | IntArray") -> dict[str, FloatArray]:
    names = ("local_auc", "global_auc", "local_r2", "global_r2")
    return {name: np.asarray(getattr(performance, name)[rows]) for name in names}


def save_unobserved(connection: Connection, run_id: int, partition_id: int, found: "UnobservedRegions") -> None:
    """Record the regions without a sample, and how far their maps depart from observed ones."""
    columns = {
        "run_id": run_id,
        "partition_id": partition_id,
        "position": found.rows,
        "departure": found.departure,
        "nearest_cluster": [int(row) + 1 if row >= 0 else None for row in found.nearest],
    }
    insert_columns(connection, tables.region_departures, columns)


def save_ranges(connection: Connection, partition_id: int, ranges: "RegionRanges") -> None:
    """Record the range of each output over each region, and inputs that reach its ends."""
    known = ranges.known
    m, n = ranges.lowest_at.shape[1:]
    columns = {
        "partition_id": partition_id,
        "position": np.repeat(np.arange(known), m),
        "output": np.tile(np.arange(m), known),
        "lowest": ranges.lowest[:known].ravel(),
        "highest": ranges.highest[:known].ravel(),
    }
    insert_columns(connection, tables.region_extremes, columns, conflict=ONCE)
    points = {
        "partition_id": partition_id,
        "position": np.repeat(np.arange(known), m * n),
        "output": np.tile(np.repeat(np.arange(m), n), known),
        "feature": np.tile(np.arange(n), known * m),
        "lowest_at": ranges.lowest_at[:known].ravel(),
        "highest_at": ranges.highest_at[:known].ravel(),
    }
    insert_columns(connection, tables.region_extreme_points, points, conflict=ONCE)


def save_robustness(
    connection: Connection, run_id: int, found: "SampleRobustness", samples: IntArray, *, with_inputs: bool
) -> None:
    """Record how far samples are from another decision.

    Parameters
    ----------
    samples
        The number, in the data, of each row that the samples were given as.
    with_inputs
        Whether to keep the counterfactuals: with their distance they tell of the sample.
    """
    numbers = samples[found.rows]
    columns = {
        "run_id": run_id,
        "sample": numbers,
        "norm": found.norm.value,
        "verdict": [verdict.value for verdict in found.verdicts],
        "distance": found.distance,
        "file": [None if proof is None else proof_file(proof) for proof in found.proofs],
        "sha256": [None if proof is None else proof.digest or None for proof in found.proofs],
    }
    insert_columns(connection, tables.sample_distances, columns)
    has_one = ~np.isnan(found.counterfactual).any(axis=1)
    if not with_inputs or not has_one.any():
        return
    n = found.counterfactual.shape[1]
    features = {
        "run_id": run_id,
        "sample": np.repeat(numbers[has_one], n),
        "feature": np.tile(np.arange(n), int(has_one.sum())),
        "value": found.counterfactual[has_one].ravel(),
        "change": found.change[has_one].ravel(),
    }
    insert_columns(connection, tables.counterfactual_features, features)


def save_groups(
    connection: Connection, run_id: int, groups: "ClusterGroups", clusters: IntArray, bounds: "GroupBounds | None"
) -> None:
    """Record clusters merged into groups.

    Parameters
    ----------
    clusters
        The number, from 0, of the cluster in each row that the groups were made of.
    bounds
        What is proved of the groups' maps over all regions.
    """
    g, m, n = groups.weights.shape
    numbers = np.arange(1, g + 1)
    bound = np.full(g, np.nan) if bounds is None else bounds.group_bound
    columns = {
        "run_id": run_id,
        "group_number": numbers,
        "samples": groups.size,
        "clusters": groups.clusters,
        "error": groups.error,
        "rms": groups.rms,
        "bound": np.where(np.isfinite(bound), bound, np.nan),
        "conditions": [conditions_in_words(groups, row) for row in range(g)],
    }
    insert_columns(connection, tables.run_groups, columns)
    weights = {
        "run_id": run_id,
        "group_number": np.repeat(numbers, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), g),
        "feature": np.tile(np.arange(n), g * m),
        "coefficient": groups.weights.ravel(),
    }
    insert_columns(connection, tables.group_coefficients, weights)
    biases = {
        "run_id": run_id,
        "group_number": np.repeat(numbers, m),
        "output": np.tile(np.arange(m), g),
        "bias": groups.biases.ravel(),
    }
    insert_columns(connection, tables.group_biases, biases)
    members = {"run_id": run_id, "cluster": clusters + 1, "group_number": groups.group + 1}
    insert_columns(connection, tables.cluster_groups, members)
    curve = groups.curve
    steps = {
        "run_id": run_id,
        "groups": np.arange(1, len(curve) + 1),
        "error": curve.error,
        "rms": curve.rms,
        "entropy": curve.entropy,
        "alignment": curve.alignment,
    }
    insert_columns(connection, tables.tradeoff_steps, steps)


def save_relevance(connection: Connection, run_id: int, found: "ClusterRelevance", clusters: IntArray) -> None:
    """Record intervals of coefficients and what they say.

    Parameters
    ----------
    clusters
        The number, from 0, of each cluster that relevance was found among.
    """
    from relugeom.analysis.relevance import Relevance  # slow to load

    k, m, n = found.lower.shape
    columns = {
        "run_id": run_id,
        "cluster": np.repeat(clusters[:k] + 1, m * n),
        "output": np.tile(np.repeat(np.arange(m), n), k),
        "feature": np.tile(np.arange(n), k * m),
        "low": found.lower.ravel(),
        "high": found.upper.ravel(),
        "relevance": [Relevance(value).words for value in found.relevance.ravel().tolist()],
    }
    insert_columns(connection, tables.cluster_relevance, columns)


def conditions_in_words(groups: "ClusterGroups", row: int) -> str:
    """What makes a group, like ``unit 0.3 active, unit 1.0 inactive``: hidden layer and index, from 0."""
    parts = groups.conditions(row)
    words = [f"unit {layer}.{unit} {'active' if active else 'inactive'}" for layer, unit, active in parts]
    return ", ".join(words) or "all samples"
