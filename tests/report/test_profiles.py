"""Clusters in words, against numbers computed from the samples themselves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from networks import he_network
from report_samples import made_up_content

from relugeom.analysis.importance import cluster_importance
from relugeom.partition.clusters import cluster_samples
from relugeom.report.clusters import cluster_content
from relugeom.report.privacy import LEAST_SAMPLES, without_rows
from relugeom.report.profiles import cluster_portraits, overall_profile


@pytest.fixture(scope="module")
def sampled():
    X = np.random.default_rng(2).normal([0.1, -0.5, 0.0], [1.0, 0.1, 2.0], (150, 3))
    clusters = cluster_samples(he_network(3, 3, 8, 1), X)
    return X, cluster_content("data", clusters, cluster_importance(clusters, X.std(axis=0)))


def test_means_and_spreads_of_all_samples_come_back(sampled):
    X, content = sampled
    overall = overall_profile(content.clusters, content.profiles)
    assert overall["mean"].to_numpy() == pytest.approx(X.mean(axis=0), rel=1e-12)
    assert overall["spread"].to_numpy() == pytest.approx(X.std(axis=0), rel=1e-9)


def portraits_of(means: list[float], scaled: list[float], **columns):
    row = {"cluster": 1, "samples": 10, "share": 0.25, "positive_share": None, "prediction": 0.5}
    row |= {"target_mean": None, "accuracy": None} | columns
    other = row | {"cluster": 2, "samples": 30, "share": 0.75}
    names = [f"x{at}" for at in range(len(means))]
    profiles = [(1, name, mean, 1.0) for name, mean in zip(names, means, strict=True)]
    profiles += [(2, name, 0.0, 1.0) for name in names]
    pull = [
        (cluster, "y", name, value, np.sign(value))
        for cluster in (1, 2)
        for name, value in zip(names, scaled, strict=True)
    ]
    return cluster_portraits(
        pd.DataFrame([row, other]),
        pd.DataFrame(profiles, columns=["cluster", "feature", "mean", "spread"]),
        pd.DataFrame(pull, columns=["cluster", "output", "feature", "scaled", "sign"]),
    )[0]


def test_what_stands_out_is_named_strongest_first():
    portrait = portraits_of([0.5, -9.0, 0.01], [0.5, 0.0, -2.0], positive_share=1.0, accuracy=0.9, target_mean=0.8)
    assert portrait.traits == ["x1 much lower (-9 against -2.250)", "x0 higher (0.5000 against 0.1250)"]
    assert portrait.movers == ["x2 lowers it", "x0 raises it"]
    assert portrait.heading == "10 samples, 25.0 %"
    assert portrait.outcome == (
        "The network decides for class 1 in 10 of 10; the mean of the target is 0.8000; 9 of 10 decisions are right."
    )
    many = portraits_of([0.5], [0.5], positive_share=1.0, accuracy=0.9, target_mean=0.8, samples=20)
    assert many.outcome == (
        "The network decides for class 1 in 100 % of them; the mean of the target is 0.8000; 90.0 % of the "
        "decisions are right."
    )


def test_a_regression_is_told_by_its_mean_and_nothing_stands_out_of_nothing():
    portrait = portraits_of([0.0, 0.0], [0.0, 0.0])
    assert portrait.outcome == "The mean of the output is 0.5000."
    assert portrait.traits == ["no feature stands out"]
    assert portrait.movers == []


def test_without_samples_there_is_nothing_to_tell():
    content = made_up_content(clusters=0)
    assert cluster_portraits(content.clusters, content.profiles, content.importance) == []


def test_means_of_few_samples_are_withheld(sampled):
    _, content = sampled
    small = content.clusters["samples"] < LEAST_SAMPLES
    assert small.any()
    assert not small.all()
    kept = without_rows(content)
    assert kept.withheld
    assert set(kept.profiles["cluster"]) == set(content.clusters.loc[~small, "cluster"])
    assert kept.clusters.loc[small, ["prediction", "positive_share", "accuracy"]].isna().all(axis=None)
    assert kept.clusters.loc[~small, "prediction"].equals(content.clusters.loc[~small, "prediction"])
    numbers = set(content.clusters.loc[small, "cluster"])
    assert kept.importance.loc[kept.importance["cluster"].isin(numbers), "contribution"].isna().all()
    assert kept.importance["coefficient"].equals(content.importance["coefficient"]), "weights are no samples"
    assert kept.clusters["samples"].equals(content.clusters["samples"])
    assert any("fewer than 5 samples" in note for note in kept.notes)
    told = cluster_portraits(kept.clusters, kept.profiles, kept.importance, kept.overall)
    assert told == cluster_portraits(content.clusters, content.profiles, content.importance)[: len(told)]
    assert told


@pytest.mark.parametrize(
    ("sizes", "withheld"),
    [
        ([90, 30, 6, 2, 1], [3, 4, 5]),
        ([90, 30, 6, 3, 2], [4, 5]),
        ([90, 30, 6], []),
        ([90, 4], [1, 2]),
        ([3], [1]),
        ([5, 5, 5, 5, 4, 4, 4], [5, 6, 7]),
    ],
)
def test_no_mean_can_be_found_as_what_the_others_lack(sizes, withheld):
    content = made_up_content(clusters=len(sizes))
    content = replace(content, clusters=content.clusters.assign(samples=sizes))
    kept = without_rows(content)
    assert sorted(set(content.profiles["cluster"]) - set(kept.profiles["cluster"])) == withheld
    assert kept.clusters.loc[kept.clusters["cluster"].isin(withheld), "prediction"].isna().all()
