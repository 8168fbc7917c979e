"""A report without rows of the data: nothing of a single sample, and no means over so few that they tell of one.

Counts stay: how many samples a pattern has says nothing of their values. The domain stays too; where it was taken from
the range of the data, its bounds are values of extreme samples, and a note says so.
"""

from dataclasses import replace

import pandas as pd

from relugeom.report.content import ReportContent
from relugeom.report.profiles import overall_of

__all__ = ["LEAST_SAMPLES", "few_samples", "without_rows"]

LEAST_SAMPLES = 5
"""Means of fewer samples are left out."""
MEANS = ["prediction", "positive_share", "target_mean", "accuracy"]


def without_rows(content: ReportContent) -> ReportContent:
    """The content without samples on maps, and without the means of clusters of fewer than five samples.

    Where all such clusters together hold fewer than five samples, the means of the next larger cluster go too: they
    could be found as what the other clusters lack of all samples.
    """
    small = few_samples(content.clusters)
    clusters = content.clusters.copy()
    for column in MEANS:
        clusters[column] = clusters[column].mask(clusters["cluster"].isin(small).to_numpy(), None)
    importance = content.importance.copy()
    importance["contribution"] = importance["contribution"].mask(importance["cluster"].isin(small).to_numpy(), None)
    profiles: pd.DataFrame = content.profiles[~content.profiles["cluster"].isin(small)]
    outcomes = content.outcomes
    if outcomes is not None:
        outcomes = outcomes[~outcomes["cluster"].isin(small)]
    notes = [*content.notes, "Rows of the data were kept out of this page (--no-samples): maps show no samples."]
    if len(small):
        notes.append(
            f"Means are left out for the {len(small):,} smallest clusters, because means of fewer than {LEAST_SAMPLES} "
            f"samples tell of single rows."
        )
    if content.provenance.get("domain") == "the range of the data":
        notes.append("The bounds of the domain are the least and largest values in the data.")
    return replace(
        content,
        clusters=clusters,
        outcomes=outcomes,
        importance=importance,
        profiles=profiles,
        maps=[replace(region_map, dots=region_map.dots.iloc[:0]) for region_map in content.maps],
        notes=notes,
        overall=overall_of(content),
        withheld=True,
    )


def few_samples(clusters: pd.DataFrame) -> pd.Series:
    """The numbers of the clusters whose means are withheld; columns cluster, samples."""
    ordered = clusters.sort_values("samples", kind="stable")
    before = ordered["samples"].cumsum() - ordered["samples"]
    withheld: pd.Series = ordered.loc[
        (ordered["samples"] < LEAST_SAMPLES) | ((before > 0) & (before < LEAST_SAMPLES)), "cluster"
    ]
    return withheld
