"""Chapters of the report about what the analyses found, made of plain tables.

Each function is one chapter, or None where the run did not ask. A chapter says first what it answers, then how.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from relugeom.analysis.kept_decisions import kept_decisions
from relugeom.analysis.whole_domain import Measure
from relugeom.claims.ball import Norm
from relugeom.claims.settlement import Verdict
from relugeom.printing import percent
from relugeom.report.content import Chart, ChartKind, Section
from relugeom.report.excerpt import RANKED
from relugeom.report.formatting import FEWEST, PERCENT, display, estimated_share
from relugeom.report.page_tables import proof_name
from relugeom.report.privacy import LEAST_SAMPLES, few_samples

__all__ = ["FindingTables", "chapters"]

MAX_OUTPUTS, MAX_ROWS, MAX_GROUPS = 3, 20, 100
MOST_RANGES = 300
RADII = (0.25, 0.5, 0.75)
"""Quantiles of the distances whose radii the chapter on robustness names."""
SHORT = {Measure.BY_SAMPLES: "by samples", Measure.BY_VOLUME: "by volume", Measure.BY_REGIONS: "by regions"}
"""Headings of measures that are long."""
NORMS = {Norm.L1: "ℓ1 (sum of changes)", Norm.L2: "ℓ2", Norm.LINF: "ℓ∞ (largest change)"}
MEASURES = ["accuracy", "local_auc", "local_r2"]
"""What is measured on the samples of a cluster, which may be few."""
SCORES = {"local_auc": "local AUC", "global_auc": "global AUC", "local_r2": "local R²", "global_r2": "global R²"}


@dataclass(frozen=True, slots=True, eq=False)
class FindingTables:
    """What is known of one run beyond clusters, regions and answers; what was not asked for is empty.

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
        Columns sample, cluster, norm, distance, verdict, file, sha256; the nearest first.
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
    """Every chapter that there is something to say in."""
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
        table = table.rename(columns=SHORT)
        tables[f"Shares of importance for {output}"] = _as_percent(table, table.columns[1:])
    return Section(
        "Importance measured in several ways",
        [
            "Which features move the output, over the whole domain and on the data. Effective vectors are weighed by "
            "how many samples, how much of the domain, or how many regions have them; gradients are those at the "
            "samples; integrated gradients are exact sums along the straight path from the mean to each sample; "
            "permutation importance is what is lost when a feature is shuffled. Shares of each measure sum to 100 %.",
            "The measures answer different questions: where they disagree, none of them is the importance.",
        ],
        charts=charts,
        tables=tables,
    )


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Features in the order of the first measure there is: effective vectors of scaled features, by samples."""
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
            "Correlated features can stand in for each other: other coefficients would predict a cluster's samples "
            "just as well. The interval of a coefficient holds its values over all such maps whose absolute "
            "coefficients sum to little more than the least possible. A feature is strongly relevant where 0 is not "
            "among them, weakly relevant where some of them use it, irrelevant where none does, and not identifiable "
            "where it does not vary in the cluster.",
        ],
        facts={str(word): f"{count:,}" for word, count in counts.items()},
        tables={"Intervals of coefficients in the largest clusters": first},
    )


def _performance(found: FindingTables, *, show_samples: bool) -> Section | None:
    if found.scores.empty:
        return None
    scores, table = found.scores.iloc[0], found.performance
    facts = {
        "samples": display(scores["samples"]),
        "mean target": display(scores["response_mean"]),
        "accuracy": _accuracy(scores),
        "AUC": display(scores["auc"]),
        "R²": display(scores["r2"]),
    }
    kept = {label: text for label, text in facts.items() if text != "–"}
    if len(kept) < 2:
        return None  # without a target there is nothing to predict
    if not show_samples:
        table = table[~table["cluster"].isin(few_samples(table))]
    table = table.copy()
    table.loc[table["samples"] < FEWEST, MEASURES] = None
    used = [column for column in table.columns if table[column].notna().any()]
    table = table[used].rename(columns=SCORES | {"target_mean": "mean target"}).head(MAX_GROUPS)
    return Section(
        "How well each map predicts",
        [
            "A cluster's map is tried on its own samples (local) and on all samples (global): a map that does well "
            "on the others too hints at clusters that could be merged. Measures of fewer than "
            f"{FEWEST} samples say nothing, and are left out.",
        ],
        facts=kept,
        tables={"Scores by cluster": _as_percent(table, [name for name in ("accuracy",) if name in table])},
    )


def _accuracy(scores: pd.Series) -> str:
    """The accuracy of all samples with its interval."""
    if pd.isna(scores["accuracy"]):
        return "–"
    return estimated_share(round(float(scores["accuracy"]) * int(scores["samples"])), int(scores["samples"]))


def _robustness(norm: Norm, distances: pd.DataFrame, counterfactuals: pd.DataFrame, *, show_samples: bool) -> Section:
    """Of the samples whose distance was asked in one norm."""
    known, settled = distances["distance"].dropna(), distances["verdict"] != Verdict.UNKNOWN
    facts = {
        "samples asked about": f"{len(distances):,}, evenly chosen",
        "norm": f"{NORMS[norm]}, in input units",
        "another decision was found for": f"{len(known):,} of {len(distances):,}",
        "proved to be the distance": f"{int(settled.sum()):,} of {len(distances):,}",
    }
    if len(known) >= FEWEST:
        facts["median distance"] = display(float(known.median()))
        radii = sorted({float(known.quantile(quantile)) for quantile in RADII})
        for kept in kept_decisions(distances["distance"].to_numpy(dtype=float), settled.to_numpy(), radii):
            words = estimated_share(kept.most, len(distances))
            if kept.least < kept.most:
                words = f"at least {kept.least:,} and at most {kept.most:,} of {len(distances):,}"
            facts[f"keep their decision within {display(kept.radius)}"] = words
    tables: dict[str, pd.DataFrame] = {}
    if show_samples:
        nearest = distances.head(MAX_ROWS).copy()
        changes = {
            sample: "; ".join(
                f"{row.feature} {display(row.value - row.change)} → {display(row.value)}" for row in rows.itertuples()
            )
            for sample, rows in counterfactuals.groupby("sample", sort=False)
        }
        nearest["what would change the decision"] = [changes.get(sample, "") for sample in nearest["sample"]]
        nearest["certificate"] = [proof_name(file) for file in nearest["file"]]
        columns = ["sample", "cluster", "distance", "verdict", "what would change the decision", "certificate"]
        tables["The samples nearest to another decision, by their row in the data, from 0"] = nearest[columns]
    by_cluster = distances.groupby("cluster", sort=True)["distance"].agg(["count", "min", "median"]).reset_index()
    by_cluster = by_cluster.rename(columns={"count": "samples", "min": "least distance", "median": "median distance"})
    if not show_samples:
        by_cluster = by_cluster[by_cluster["samples"] >= LEAST_SAMPLES].drop(columns="least distance")
    if len(by_cluster):
        tables["Distances by cluster"] = by_cluster
    return Section(
        "Robustness and counterfactuals",
        [
            "How far a sample is from the nearest input that gets another decision. The nearest input is a "
            "counterfactual: what would have to change. It is an input of the domain, with whole numbers and groups "
            "of features respected; that no nearer one exists is proved where the verdict says that it holds.",
            "The store names the certificate of each sample."
            if distances["file"].notna().any()
            else "The certificates were not kept: they hold the samples.",
        ],
        facts=facts,
        tables=tables,
    )


def _unobserved(unobserved: pd.DataFrame) -> Section | None:
    if unobserved.empty:
        return None
    shares = unobserved["volume_share"].dropna()
    facts = {"regions without a sample": f"{len(unobserved):,}"}
    if len(shares):
        facts["their share of the domain"] = percent(float(shares.sum()))
    possible = int((unobserved["admissible"] == "yes").sum())
    facts["known to hold an admissible input"] = f"{possible:,}"
    shown = unobserved.head(MAX_ROWS).rename(
        columns={
            "volume_share": "share of the domain",
            "nearest_cluster": "nearest cluster",
            "admissible": "holds an admissible input",
        }
    )
    return Section(
        "Unobserved regions",
        [
            "Activation regions that no sample has entered: what the network would do there has never been seen in the "
            "data. The departure tells how far a region's map comes apart from that of the nearest observed cluster "
            "within one standard deviation around a point of the region, in units of the output.",
        ],
        facts=facts,
        tables={"The largest unobserved regions": _as_percent(shown, ["share of the domain"])},
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
            "The lowest and the highest value that each output takes on a region, before squashing: exact optima of "
            "linear programs, rounded to the nearest float. They are over the relaxation, in which whole numbers may "
            "take any value, so that they can exceed the ranges over admissible inputs that the summary names. The "
            "store has the inputs that reach them.",
        ],
        facts={"regions with a range": f"{ranges['region'].nunique():,}"},
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
            f"How few affine maps could stand for the {clusters:,} clusters. Clusters are merged by what a few units "
            "say, and each group gets the map that changes the output least. The error is the largest change, measured "
            "on the samples in floating point, with all rounding added: tiny ones are rounding alone. The bound is an "
            "exact one for every input of the group's regions.",
        ],
        facts={
            "groups": f"{len(groups):,}",
            "largest change on the samples": display(float(groups["error"].max())),
            "entropy of their sizes": f"{display(float(steps['entropy'].iloc[-1]))} bits",
            "alignment of their hyperplanes (0: orthogonal)": display(float(steps["alignment"].iloc[-1])),
        },
        charts=[Chart(ChartKind.TRADEOFF, steps, "Groups against the change of the output, measured on the samples.")],
        tables={"Groups": groups[columns].head(MAX_GROUPS)},
    )


def _as_percent(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The table with these columns marked as shares, to be written as percentages."""
    marked = table.copy()
    marked.attrs[PERCENT] = tuple(map(str, columns))
    return marked
