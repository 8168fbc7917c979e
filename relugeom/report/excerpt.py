"""Excerpts of long tables for reading: features as rows, the largest clusters as columns."""

import pandas as pd

__all__ = ["RANKED", "cluster_matrix", "outputs_of", "rank_features"]

RANKED = "ranked by coefficient × spread"
"""Words for the order of features that `rank_features` gives."""


def outputs_of(importance: pd.DataFrame) -> list[str]:
    """Outputs in an importance table, in order of appearance."""
    return list(importance["output"].unique())


def cluster_matrix(table: pd.DataFrame, column: str, *, max_clusters: int) -> pd.DataFrame:
    """Matrix (features, clusters) of one column of a table with one row per cluster and feature.

    Parameters
    ----------
    table
        Profiles, or the importance for one output; clusters are numbered from 1, the largest first.
    column
        Column that holds the entries.
    max_clusters
        Smaller clusters are left out.
    """
    largest = sorted(table["cluster"].unique())[:max_clusters]
    chosen = table[table["cluster"].isin(largest)]
    return chosen.pivot(index="feature", columns="cluster", values=column).reindex(chosen["feature"].unique())


def rank_features(importance: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Sort an importance table so that the features of each output are in order of importance.

    Features are ranked by one measure everywhere: the mean over the samples of |coefficient × spread|, which does not
    depend on the units of the features. Ties stay in the order of the inputs.

    Parameters
    ----------
    importance
        Columns cluster, output, feature, coefficient, sign, scaled, contribution.
    clusters
        Columns cluster, samples.
    """
    if importance.empty:
        return importance
    samples = dict(zip(clusters["cluster"].tolist(), clusters["samples"].tolist(), strict=True))
    effect = importance["scaled"].abs().fillna(0.0) * importance["cluster"].map(samples).fillna(0)
    strength = effect.groupby([importance["output"], importance["feature"]]).transform("sum")
    outputs = importance["output"].map({name: place for place, name in enumerate(outputs_of(importance))})
    keys = pd.DataFrame({"cluster": importance["cluster"], "output": outputs, "weak": -strength})
    return importance.loc[keys.sort_values(["cluster", "output", "weak"], kind="stable").index].reset_index(drop=True)
