"""Outcomes of each cluster for networks with several outputs: the mean of each output, and the share of each class.

One number is not enough: the mean of class numbers has no meaning, and the first output is only one of several.
"""

import pandas as pd

from relugeom.partition.clusters import Clusters
from relugeom.report.content import Section
from relugeom.report.formatting import display, percent_of
from relugeom.report.privacy import few_samples

__all__ = ["TITLE", "cluster_outcomes", "outcome_section", "outcome_table"]

MEAN, DECIDED, TARGET = "mean", "decided", "target"
TITLE = "Decisions, target and outputs by cluster"
MOST_NAMES, MOST_CLUSTERS = 8, 20


def cluster_outcomes(clusters: Clusters) -> pd.DataFrame:
    """Means of outputs and shares of classes; columns cluster, kind, name, value; empty for a single output."""
    network = clusters.network
    columns = ["cluster", "kind", "name", "value"]
    if network.outputs < 2:
        return pd.DataFrame(columns=columns)
    classes = network.rule.class_names or network.target_names
    parts = [(MEAN, network.target_names, clusters.prediction_mean), (DECIDED, classes, clusters.class_share)]
    if clusters.target_share is not None:
        parts.append((TARGET, classes, clusters.target_share))
    rows = [
        (cluster, kind, name, float(value))
        for kind, names, table in parts
        for cluster, values in enumerate(table, start=1)
        for name, value in zip(names, values, strict=False)
    ]
    return pd.DataFrame(rows, columns=columns)


def outcome_section(outcomes: pd.DataFrame, clusters: pd.DataFrame, *, show_samples: bool) -> Section | None:
    """Chapter on several outputs; None for a single output, or if nothing may be shown."""
    if not show_samples:
        outcomes = outcomes[~outcomes["cluster"].isin(few_samples(clusters))]
    if outcomes.empty:
        return None
    text = (
        "This table lists, for each cluster, the share of samples that are decided for each class, the share whose "
        "target is each class (if it was recorded), and the mean of each output after squashing."
    )
    return Section(TITLE, [text], tables={"The largest clusters": outcome_table(outcomes, clusters)})


def outcome_table(outcomes: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Table of texts with one row per cluster, the largest first, and columns for the first outputs and classes."""
    samples = dict(zip(clusters["cluster"].tolist(), clusters["samples"].tolist(), strict=True))
    shown = outcomes[outcomes["cluster"].isin(list(samples)[:MOST_CLUSTERS])]
    numbers = sorted(set(shown["cluster"].tolist()))
    columns = [("samples", {cluster: display(samples[cluster]) for cluster in numbers})]
    for kind in (DECIDED, TARGET, MEAN):
        own = shown[shown["kind"] == kind]
        for name in list(dict.fromkeys(own["name"]))[:MOST_NAMES]:
            rows = own[own["name"] == name]
            pairs = zip(rows["cluster"].tolist(), rows["value"].tolist(), strict=True)
            cells = {
                cluster: display(value) if kind == MEAN else percent_of(value, samples[cluster])
                for cluster, value in pairs
            }
            columns.append((f"{kind} {name}", cells))
    found = pd.DataFrame({"cluster": numbers})
    for heading, texts in columns:
        found[heading] = [texts.get(cluster, "") for cluster in numbers]
    return found
