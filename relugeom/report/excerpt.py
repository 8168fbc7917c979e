"""The part of a long table that people can look at: features as rows, the largest clusters as columns."""

import pandas as pd

__all__ = ["cluster_matrix", "outputs_of", "strongest_rows"]


def outputs_of(importance: pd.DataFrame) -> list[str]:
    """The outputs in an importance table, in order of appearance."""
    return list(importance["output"].unique())


def cluster_matrix(table: pd.DataFrame, column: str, *, max_clusters: int) -> pd.DataFrame:
    """One column of a table with a row per cluster and feature, as a matrix (features, clusters).

    Parameters
    ----------
    table
        Profiles, or the importance for one output; clusters are numbered from 1, the largest first.
    column
        What the entries are.
    max_clusters
        Smaller clusters are left out.
    """
    largest = sorted(table["cluster"].unique())[:max_clusters]
    chosen = table[table["cluster"].isin(largest)]
    return chosen.pivot(index="feature", columns="cluster", values=column).reindex(chosen["feature"].unique())


def strongest_rows(matrix: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """The rows with the largest entry in absolute value, in their old order."""
    strength = matrix.abs().max(axis="columns")
    return matrix[strength.rank(ascending=False, method="first") <= max_rows]
