"""Reports without rows of the data: nothing about a single sample, and no means over so few that they reveal one.

Counts stay: the number of samples with a pattern says nothing about their values. The domain stays, too; if it is the
box around the data, under whatever name, its bounds are values of extreme samples, and a note says so. The input that
an answer shows is left out if its question calls for it and the search for it started from samples.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from relugeom.claims.subject import Question
from relugeom.report.content import ReportContent
from relugeom.report.profiles import overall_of

__all__ = ["LEAST_SAMPLES", "WITHHELD", "few_samples", "without_inputs", "without_rows"]

LEAST_SAMPLES = 5
"""Means over fewer samples than this are left out."""
WITHHELD = "withheld: an input that may be a row of the data"
"""Text in place of such an input."""
SHOWN_BY_UNITS = {Question.SIMPLIFICATION}
"""Questions whose answers are shown by units of the network; what shows the others are inputs."""
BOUNDS: Mapping[str | None, str] = {
    "yes": "The bounds of the domain are the least and largest values in the data.",
    "unknown": "The bounds of the domain may be the least and largest values in the data.",
}
"""Notes on the domain's bounds, by whether they are the range of the data."""
MEANS = ["prediction", "positive_share", "target_mean", "accuracy"]


def without_rows(content: ReportContent) -> ReportContent:
    """The content without samples on maps, and without the means of clusters of fewer than five samples.

    If all such clusters together have fewer than five samples, the means of the next larger cluster are left out, too:
    otherwise those of the small ones could be computed from the means over all samples.
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
    notes = [*content.notes, "Rows of the data were left out of this page (--no-samples): maps show no samples."]
    if len(small):
        notes.append(
            f"Means are left out for the {len(small):,} smallest clusters, because means over fewer than "
            f"{LEAST_SAMPLES} samples reveal single rows."
        )
    if (said := BOUNDS.get(content.domain_is_range_of_data)) is not None:
        notes.append(said)
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


def without_inputs(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers without inputs that may be samples or reveal them; columns question, witness, from_samples.

    Older stores do not say where the search for an input started, so all of their inputs are left out.
    """
    kept = answers["from_samples"].map(lambda told: told is not None and not told).astype(bool)
    tell = ~answers["question"].isin(SHOWN_BY_UNITS) & answers["witness"].astype(bool) & ~kept
    return answers.assign(witness=answers["witness"].mask(tell, WITHHELD))


def few_samples(clusters: pd.DataFrame) -> pd.Series:
    """Numbers of the clusters whose means are withheld; `clusters` has the columns cluster, samples."""
    ordered = clusters.sort_values("samples", kind="stable")
    before = ordered["samples"].cumsum() - ordered["samples"]
    withheld: pd.Series = ordered.loc[
        (ordered["samples"] < LEAST_SAMPLES) | ((before > 0) & (before < LEAST_SAMPLES)), "cluster"
    ]
    return withheld
