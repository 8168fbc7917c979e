"""A report without rows of the data: nothing of a single sample, and no means over so few that they tell of one.

Counts stay: how many samples a pattern has says nothing of their values. The domain stays too; where it is the box
around the data, whatever it is called, its bounds are values of extreme samples, and a note says so. What an answer
shows is kept out by what it is about, and by whether it was sought from samples.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from relugeom.claims.subject import Question
from relugeom.report.content import ReportContent
from relugeom.report.profiles import overall_of

__all__ = ["LEAST_SAMPLES", "WITHHELD", "few_samples", "without_inputs", "without_rows"]

LEAST_SAMPLES = 5
"""Means of fewer samples are left out."""
WITHHELD = "withheld: an input that may be a row of the data"
"""What stands in the place of such an input."""
SHOWN_BY_INPUTS = {Question.RANGE, Question.MONOTONICITY, Question.FAIRNESS}
"""Questions whose answers are shown by inputs."""
BOUNDS: Mapping[str | None, str] = {
    "yes": "The bounds of the domain are the least and largest values in the data.",
    "unknown": "The bounds of the domain may be the least and largest values in the data.",
}
"""What is said of the domain's bounds, by whether they are the range of the data."""
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
    """The answers without inputs that may be samples or tell of them; columns question, witness, from_samples.

    Of runs of older stores nobody knows from where their inputs were sought, so that all of them are kept out.
    """
    kept = answers["from_samples"].map(lambda told: told is not None and not told).astype(bool)
    tell = answers["question"].isin(SHOWN_BY_INPUTS) & answers["witness"].astype(bool) & ~kept
    return answers.assign(witness=answers["witness"].mask(tell, WITHHELD))


def few_samples(clusters: pd.DataFrame) -> pd.Series:
    """The numbers of the clusters whose means are withheld; columns cluster, samples."""
    ordered = clusters.sort_values("samples", kind="stable")
    before = ordered["samples"].cumsum() - ordered["samples"]
    withheld: pd.Series = ordered.loc[
        (ordered["samples"] < LEAST_SAMPLES) | ((before > 0) & (before < LEAST_SAMPLES)), "cluster"
    ]
    return withheld
