"""Chapters of the report on the findings of the analyses, made from plain tables.

Each function returns one chapter, or None if the run did not ask its question. A chapter says first what it answers,
then how.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import pandas as pd

from relugeom.analysis.kept_decisions import kept_decisions
from relugeom.analysis.whole_domain import Measure
from relugeom.claims.ball import Norm
from relugeom.claims.settlement import Verdict
from relugeom.claims.words import between_in_words
from relugeom.printing import percent
from relugeom.report.content import Chart, ChartKind, Section
from relugeom.report.excerpt import RANKED
from relugeom.report.formatting import FEWEST, HEADINGS, PERCENT, display, estimated_share
from relugeom.report.page_tables import proof_name
from relugeom.report.privacy import LEAST_SAMPLES, few_samples

__all__ = ["FindingTables", "chapters"]

MAX_OUTPUTS, MAX_ROWS, MAX_GROUPS = 3, 20, 100
MOST_RANGES = 300
RADII = (0.25, 0.5, 0.75)
"""Quantiles of the distances that the chapter on robustness names as radii."""
SHORT = {Measure.BY_SAMPLES: "by samples", Measure.BY_VOLUME: "by volume", Measure.BY_REGIONS: "by regions"}
"""Headings of measures that are long."""
NORMS = {Norm.L1: "ℓ1 (sum of changes)", Norm.L2: "ℓ2", Norm.LINF: "ℓ∞ (largest change)"}
MEASURES = ["accuracy", "local_auc", "local_r2"]
"""Scores that are measured on the samples of a cluster, which may be few."""
SCORES = {
    "target_mean": "mean target",
    "local_auc": "local AUC",
    "global_auc": "global AUC",
    "local_r2": "local R²",
    "global_r2": "global R²",
}
"""Headings of scores by cluster."""
SCORES_OF_ALL = {"response_mean": "mean target", "accuracy": "accuracy", "auc": "AUC", "r2": "R²"}
"""Labels of scores over all samples."""


@dataclass(frozen=True, slots=True, eq=False)
class FindingTables:
    """Findings of one run beyond clusters, regions and answers; tables that were not asked for are empty.

    Attributes
    ----------
    measures
        Columns measure, output, feature, share.
    scores
        One row: samples, response_mean, accuracy, auc, r2.
    performance
        Columns cluster, samples, target_mean, accuracy, local_auc, global_auc, local_r2, global_r2.
    unobserved
        Columns region, pattern, volume_share, departure, nearest_cluster, admissible; the largest share first.
    ranges
        Columns region, pattern, output, lowest, highest.
    distances
        Columns sample, cluster, norm, distance, lower, upper, verdict, file, sha256; the nearest first.
    counterfactuals
        Columns sample, feature, value, change: changes only.
    groups
        Columns group, samples, clusters, error, rms, bound, conditions.
    effects
        Columns group, output, feature, coefficient, bias.
    tradeoff
        Columns groups, error, rms, entropy, alignment.
    relevance
        Columns cluster, output, feature, coefficient, low, high, relevance.
    """

    measures: pd.DataFrame
    scores: pd.DataFrame
    performance: pd.DataFrame
    unobserved: pd.DataFrame
    ranges: pd.DataFrame
    distances: pd.DataFrame
    counterfactuals: pd.DataFrame
    groups: pd.DataFrame
    effects: pd.DataFrame
    tradeoff: pd.DataFrame
    relevance: pd.DataFrame


def chapters(found: FindingTables, *, show_samples: bool) -> Sequence[Section]:
    """All chapters that have something to say."""
    return [section for section in _chapters(found, show_samples=show_samples) if section is not None]


def _chapters(found: FindingTables, *, show_samples: bool) -> Iterator[Section | None]:
    yield _measures(found.measures)
    yield _relevance(found.relevance)
    yield _performance(found, show_samples=show_samples)
    for norm, distances in () if found.distances.empty else found.distances.groupby("norm", sort=False):
        yield _robustness(Norm(norm), distances, found.counterfactuals, show_samples=show_samples)
    yield _unobserved(found.unobserved)
    yield _ranges(found.ranges)
    yield _groups(found)


def _measures(measures: pd.DataFrame) -> Section | None:
    if measures.empty:
        return None
    charts, tables = [], {}
    for output, rows in list(measures.groupby("output", sort=False))[:MAX_OUTPUTS]:
        rows = _ranked(rows)
        caption = f"Shares of importance for {output}, by measure; features are {RANKED}."
        charts.append(Chart(ChartKind.MEASURES, rows, caption))
        table = rows.pivot_table(index="feature", columns="measure", values="share", sort=False, dropna=False)
        table = table[list(dict.fromkeys(rows["measure"]))].reset_index()
        tables[f"Shares of importance for {output}"] = _shown(table, SHORT, shares=table.columns[1:])
    return Section(
        "Importance measured in several ways",
        [
            "This chapter compares measures of how strongly each feature moves the output, over the whole domain and "
            "on the data. Effective vectors are weighted by the number of samples, the share of the domain, or the "
            "number of regions that have them. Gradients are taken at the samples. Integrated gradients are exact "
            "sums along the straight path from the mean to each sample. Permutation importance is the loss in the "
            "score, or the change of the output, when a feature is shuffled. The shares of each measure sum to 100 %.",
            "The measures answer different questions: if they disagree, none of them is the one true importance.",
        ],
        charts=charts,
        tables=tables,
    )


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the first measure: effective vectors of scaled features, by samples."""
    there = set(rows["measure"])
    ranking = next((measure for measure in Measure if measure in there), min(there))
    shares = rows[rows["measure"] == ranking].set_index("feature")["share"]
    return rows.loc[(-rows["feature"].map(shares).fillna(0.0)).sort_values(kind="stable").index]


def _relevance(relevance: pd.DataFrame) -> Section | None:
    if relevance.empty:
        return None
    counts = relevance["relevance"].value_counts()
    first = relevance[relevance["cluster"] <= MAX_OUTPUTS]
    return Section(
        "Relevance when features are correlated",
        [
            "Correlated features can replace each other: other coefficients would predict a cluster's samples just as "
            "well. The interval of a coefficient contains its values over all such maps whose absolute coefficients "
            "sum to little more than the least possible. A feature is strongly relevant if 0 is outside the interval, "
            "weakly relevant if only some of these maps use it, irrelevant if none does, and not identifiable if it "
            "does not vary in the cluster.",
        ],
        facts=[(str(word), f"{count:,}") for word, count in counts.items()],
        tables={"Intervals of coefficients in the largest clusters": first},
    )


def _performance(found: FindingTables, *, show_samples: bool) -> Section | None:
    if found.scores.empty:
        return None
    scores, table = found.scores.iloc[0], found.performance
    if scores[list(SCORES_OF_ALL)].isna().all():
        return None  # without a target there is nothing to predict
    if not show_samples:
        table = table[~table["cluster"].isin(few_samples(table))]
    table = table.copy()
    table.loc[table["samples"] < FEWEST, MEASURES] = None
    used = [column for column in table.columns if table[column].notna().any()]
    table = table[used].head(MAX_GROUPS)
    return Section(
        "Predictions of the maps",
        [
            f"The map of each cluster is applied to the cluster's own samples (local) and to all samples (global). A "
            f"map that also does well on the other samples suggests that clusters could be merged. Scores of fewer "
            f"than {FEWEST} samples are meaningless and are left out.",
        ],
        facts=list(_score_facts(scores)),
        tables={"Scores by cluster": _shown(table, SCORES, shares=["accuracy"])},
    )


def _score_facts(scores: pd.Series) -> Iterator[tuple[str, str]]:
    """Number of samples, and the scores over all of them that there are; accuracy with its interval."""
    samples = int(scores["samples"])
    yield "samples", display(samples)
    for name, label in SCORES_OF_ALL.items():
        if pd.notna(scores[name]):
            value = float(scores[name])
            is_share = name == "accuracy"
            yield label, estimated_share(round(value * samples), samples) if is_share else display(value)


def _robustness(norm: Norm, distances: pd.DataFrame, counterfactuals: pd.DataFrame, *, show_samples: bool) -> Section:
    """Of the samples whose distance was asked in one norm."""
    nearest = _nearest_samples(distances, counterfactuals) if show_samples else distances.head(0)
    tables = {
        "The samples nearest to another decision (numbered by row of the data, from 0)": nearest,
        "Distances by cluster": _distances_by_cluster(distances, show_samples=show_samples),
    }
    return Section(
        "Robustness and counterfactuals",
        [
            "This chapter measures how far samples are from the nearest input that gets another decision. That input "
            "is a counterfactual: it shows what would have to change. It lies in the domain and respects integer "
            "features and groups. The verdict holds if it is proved that no nearer one exists; if not, the distance "
            "lies between the proved bound and that of the nearest input found.",
            "The store names the certificate of each sample."
            if distances["file"].notna().any()
            else "The certificates were not kept, because they contain the samples.",
        ],
        facts=list(_distance_facts(norm, distances)),
        tables={caption: table for caption, table in tables.items() if len(table)},
    )


def _distance_facts(norm: Norm, distances: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Counts of the distances that are known and proved; with enough of them, how far decisions are kept."""
    known, settled = distances["distance"].dropna(), distances["verdict"] != Verdict.UNKNOWN
    yield "samples examined", f"{len(distances):,}, evenly chosen"
    yield "norm", f"{NORMS[norm]}, in input units"
    yield "samples with another decision found", f"{len(known):,} of {len(distances):,}"
    yield "distances that are proved", f"{int(settled.sum()):,} of {len(distances):,}"
    if len(known) < FEWEST:
        return
    yield "median distance", display(float(known.median()))
    radii = sorted({float(known.quantile(quantile)) for quantile in RADII})
    for kept in kept_decisions(distances["distance"].to_numpy(dtype=float), settled.to_numpy(), radii):
        words = estimated_share(kept.most, len(distances))
        if kept.least < kept.most:
            words = f"at least {kept.least:,} and at most {kept.most:,} of {len(distances):,}"
        yield f"samples that keep their decision within {display(kept.radius)}", words


def _nearest_samples(distances: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
    """The samples nearest to another decision, and what would have to change."""
    nearest = distances.head(MAX_ROWS).copy()
    changes = {
        sample: "; ".join(
            f"{row.feature} {display(row.value - row.change)} → {display(row.value)}" for row in rows.itertuples()
        )
        for sample, rows in counterfactuals.groupby("sample", sort=False)
    }
    nearest["changes"] = [changes.get(sample, "") for sample in nearest["sample"]]
    sides = zip(nearest["verdict"], nearest["lower"], nearest["upper"], strict=True)
    nearest["distance"] = [
        _distance_in_words(lower, upper) if verdict == Verdict.UNKNOWN else distance
        for (verdict, lower, upper), distance in zip(sides, nearest["distance"], strict=True)
    ]
    nearest["certificate"] = [proof_name(file) for file in nearest["file"]]
    columns = ["sample", "cluster", "distance", "verdict", "changes"]
    columns += ["certificate"] if nearest["certificate"].any() else []
    return _shown(nearest[columns], {"changes": "smallest change of the decision"})


def _distance_in_words(lower: float | None, upper: float | None) -> str:
    """Between which bounds a distance lies that is not known exactly."""
    found = [None if value is None or not isfinite(value) else Fraction(value) for value in (lower, upper)]
    return between_in_words(*found) or "not known"


def _distances_by_cluster(distances: pd.DataFrame, *, show_samples: bool) -> pd.DataFrame:
    """Least and median distance in each cluster; without samples, only medians over enough of them.

    The table is empty if it would only repeat the distances of single samples.
    """
    table = distances.groupby("cluster", sort=True)["distance"].agg(["count", "min", "median"]).reset_index()
    if (table["count"] <= 1).all():
        table = table.head(0)
    if not show_samples:
        table = table[table["count"] >= LEAST_SAMPLES].drop(columns="min")
    return _shown(table, {"count": "samples", "min": "least distance", "median": "median distance"})


def _unobserved(unobserved: pd.DataFrame) -> Section | None:
    if unobserved.empty:
        return None
    shares = unobserved["volume_share"].dropna()
    possible = int((unobserved["admissible"] == "yes").sum())
    headings = {
        "volume_share": "share of the domain",
        "nearest_cluster": "nearest cluster",
        "admissible": "contains an admissible input",
    }
    return Section(
        "Unobserved regions",
        [
            "Unobserved regions are activation regions that contain no sample: the data have never shown what the "
            "network does there. The departure is the largest difference, in units of the output, between a region's "
            "map and that of the nearest observed cluster within one standard deviation around a point of the region.",
        ],
        facts=[
            ("regions without a sample", f"{len(unobserved):,}"),
            *([("their share of the domain", percent(float(shares.sum())))] if len(shares) else []),
            ("known to contain an admissible input", f"{possible:,}"),
        ],
        tables={
            "The largest unobserved regions": _shown(unobserved.head(MAX_ROWS), headings, shares=["volume_share"]),
        },
    )


def _ranges(ranges: pd.DataFrame) -> Section | None:
    if ranges.empty:
        return None
    shown = ranges.head(MOST_RANGES).copy()
    for column, end in (("lowest", "-∞"), ("highest", "∞")):
        shown[column] = [end if pd.isna(value) or not isfinite(value) else value for value in shown[column]]
    return Section(
        "Range of each region",
        [
            "This table lists the lowest and the highest value of each output on each region, before squashing. They "
            "are exact optima of linear programs, rounded to the nearest float. They are taken over the relaxation, "
            "in which integer features may take any value, so they can exceed the ranges over admissible inputs in "
            "the summary. The store has the inputs that reach them.",
        ],
        facts=[("regions with a range", f"{ranges['region'].nunique():,}")],
        tables={"Ranges of outputs": shown},
    )


def _groups(found: FindingTables) -> Section | None:
    if len(found.groups) < 2 or found.tradeoff.empty:
        return None
    groups, steps = found.groups, found.tradeoff
    bound = "bound" if groups["bound"].notna().any() else None
    columns = ["group", "samples", "clusters", "error", *([bound] if bound else []), "conditions"]
    clusters = int(groups["clusters"].sum())
    return Section(
        "Fewer groups",
        [
            f"This chapter shows how few affine maps could replace those of the {clusters:,} clusters. Clusters are "
            f"merged by the states of a few units, and each group gets the map that changes the output least. The "
            f"error is the largest change, measured on the samples in floating point with all rounding added; tiny "
            f"errors are nothing but rounding. The bound is exact and covers every input of the group's regions.",
        ],
        facts=[
            ("groups", f"{len(groups):,}"),
            ("largest change on the samples", display(float(groups["error"].max()))),
            ("entropy of the groups' sizes", f"{display(float(steps['entropy'].iloc[-1]))} bits"),
            ("alignment of the separating hyperplanes (0: orthogonal)", display(float(steps["alignment"].iloc[-1]))),
        ],
        charts=[
            Chart(
                ChartKind.TRADEOFF, steps, "Number of groups against the change of the output, measured on the samples."
            )
        ],
        tables={"Groups": groups[columns].head(MAX_GROUPS)},
    )


def _shown(table: pd.DataFrame, headings: Mapping[Any, str], *, shares: Iterable[str] = ()) -> pd.DataFrame:
    """The table, marked with the headings of its columns and with those of shares, which are written as percentages."""
    marked = table.copy()
    marked.attrs[HEADINGS] = {str(column): heading for column, heading in headings.items()}
    marked.attrs[PERCENT] = tuple(map(str, shares))
    return marked
