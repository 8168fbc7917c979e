"""Clusters in words: how their samples differ from all samples, and which features move their output.

Notation: for a feature with mean x̄ and standard deviation σ over all samples, a cluster with mean x̄_c stands out by
z = (x̄_c − x̄) / σ.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relugeom.printing import counted, percent, sentence
from relugeom.report.content import ReportContent
from relugeom.report.formatting import FEWEST, display, percent_of

__all__ = ["ClusterPortrait", "cluster_portraits", "overall_of", "overall_profile"]

MAX_PORTRAITS, MAX_TRAITS, MAX_MOVERS = 8, 4, 3
LEAST_DEVIATION = 0.25
"""Standard deviations below which a feature does not stand out."""
STRONG_DEVIATION = 1.0


@dataclass(frozen=True, slots=True)
class ClusterPortrait:
    """One cluster in words.

    Attributes
    ----------
    cluster
        Number of the cluster.
    heading
        Size of the cluster, in words.
    outcome
        Decisions of the network for its samples, and the target; may be empty.
    traits
        Differences between its samples and all samples.
    movers
        Strongest effects on the first output within the cluster, with their directions.
    """

    cluster: int
    heading: str
    outcome: str
    traits: Sequence[str]
    movers: Sequence[str]


def overall_profile(clusters: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of every feature over all samples, combined from those of the clusters.

    Parameters
    ----------
    clusters, profiles
        As in `ReportContent`.

    Returns
    -------
    DataFrame
        Index feature, columns mean and spread.
    """
    joined = profiles.merge(clusters[["cluster", "samples"]], on="cluster")
    count = joined["samples"].astype(float)
    sums = pd.DataFrame(
        {
            "feature": joined["feature"],
            "count": count,
            "first": count * joined["mean"],
            "second": count * (joined["spread"] ** 2 + joined["mean"] ** 2),
        }
    )
    total = sums.groupby("feature", sort=False).sum()
    mean = total["first"] / total["count"]
    return pd.DataFrame({"mean": mean, "spread": np.sqrt(np.maximum(total["second"] / total["count"] - mean**2, 0.0))})


def overall_of(content: ReportContent) -> pd.DataFrame | None:
    """Mean and spread of every feature over all samples, if they are known."""
    if content.overall is not None or content.profiles.empty:
        return content.overall
    return overall_profile(content.clusters, content.profiles)


def cluster_portraits(
    clusters: pd.DataFrame, profiles: pd.DataFrame, importance: pd.DataFrame, overall: pd.DataFrame | None = None
) -> list[ClusterPortrait]:
    """Describe the largest clusters that have a profile; the tables are those of `ReportContent`."""
    if profiles.empty:
        return []
    if overall is None:
        overall = overall_profile(clusters, profiles)
    outputs = list(importance["output"].unique())
    portraits = []
    described = clusters[clusters["cluster"].isin(profiles["cluster"])]
    for row in described.head(MAX_PORTRAITS).to_dict("records"):
        own = profiles[profiles["cluster"] == row["cluster"]]
        pull = importance[(importance["cluster"] == row["cluster"]) & importance["output"].isin(outputs[:1])]
        portraits.append(
            ClusterPortrait(
                cluster=row["cluster"],
                heading=f"{counted(row['samples'], 'sample')}, {percent(row['share'])}",
                outcome=_outcome(row),
                traits=_traits(own, overall),
                movers=_movers(pull),
            )
        )
    return portraits


def _outcome(row: dict[Hashable, Any]) -> str:
    parts = []
    size: int = row["samples"]
    positive, mean, target, accuracy = (
        None if pd.isna(row[name]) else row[name]
        for name in ("positive_share", "prediction", "target_mean", "accuracy")
    )
    if positive is not None:
        of_them = " of them" if size >= FEWEST else ""
        parts.append(f"The network decides for class 1 in {percent_of(positive, size)}{of_them}")
    elif mean is not None:
        parts.append(f"The mean of the output is {display(mean)}")
    if target is not None:
        parts.append(f"the mean of the target is {display(target)}")
    if accuracy is not None:
        parts.append(f"{percent_of(accuracy, size)} {'of the ' if size >= FEWEST else ''}decisions are right")
    return sentence("; ".join(parts))


def _traits(own: pd.DataFrame, overall: pd.DataFrame) -> list[str]:
    """Features that stand out, the strongest first."""
    found = []
    for feature, mean in zip(own["feature"], own["mean"], strict=True):
        usual, spread = overall.loc[feature, "mean"], overall.loc[feature, "spread"]
        deviation = (mean - usual) / spread if spread > 0 else 0.0
        if abs(deviation) >= LEAST_DEVIATION:
            much = "much " if abs(deviation) >= STRONG_DEVIATION else ""
            word = "higher" if deviation > 0 else "lower"
            found.append((-abs(deviation), f"{feature} {much}{word} ({display(mean)} against {display(usual)})"))
    return [text for _, text in sorted(found)[:MAX_TRAITS]] or ["no feature stands out"]


def _movers(pull: pd.DataFrame) -> list[str]:
    """Features with the largest scaled coefficients, and the direction in which they move the output."""
    order = pull["scaled"].abs().to_numpy(dtype=float).argsort(kind="stable")[::-1]
    strongest = pull.iloc[order[:MAX_MOVERS]]
    pairs = zip(strongest["feature"], strongest["sign"], strict=True)
    return [f"{feature} {'raises' if sign > 0 else 'lowers'} it" for feature, sign in pairs if sign]
