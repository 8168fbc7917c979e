"""Made-up report contents."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from mutants import NAMES
from networks import he_network

from relugeom.analysis.importance import cluster_importance
from relugeom.audit.pictures import Depicted, with_pictures
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision, Squashing
from relugeom.network.pattern import pattern_texts
from relugeom.partition.clusters import cluster_samples
from relugeom.report.clusters import cluster_content
from relugeom.report.content import Chart, ChartKind, Headline, Masthead, ReportContent, Section
from relugeom.search.enumeration import enumerate_regions

pd.set_option("mode.string_storage", "python")  # pyarrow, where it is installed, refuses lone surrogates

FEATURES = ("Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone")
HOSTILE = (
    *NAMES,
    "nul\x00 surrogate\ud800 direction\u202e",
    "]]> --> </style>",
    "</script><script>alert(2)</script>",
    "</title></svg><img onerror=alert(3)>",
    "עברית \u200f mark",
)
LONG = "long " + "a" * 10_000
NOTHING = (None, None, None)
OPEN = (None, 0.0, 0.25)
STOPPED = ("time ran out (after 3 cells)", "time ran out")


def made_up_content(
    features: Sequence[str] = FEATURES,
    outputs: Sequence[str] = ("Survived",),
    *,
    clusters: int = 3,
    patterns: int = 5,
    title: str = "An audit",
) -> ReportContent:
    """A report with some cells of every kind; `clusters` and `patterns` may be 0."""
    numbers = range(1, clusters + 1)
    verdicts = ("region", "lower-dimensional", "infeasible", "unknown")
    coefficients = [
        (cluster, output, feature, (-1.0) ** (cluster + at) * (at + 1) / cluster)
        for cluster in numbers
        for output in outputs
        for at, feature in enumerate(features)
    ]
    return ReportContent(
        title=title,
        summary=[("samples", "891"), *((feature, title) for feature in features)],
        network=[("shape", "7-4-2-1"), (title, title)],
        domain=pd.DataFrame(
            [(feature, "integer", 0.0, float("inf"), None) for feature in features],
            columns=["feature", "kind", "lower", "upper", "group"],
        ),
        census=pd.DataFrame({"patterns": ["all", "regions"], "count": ["2^80", "not known"]}),
        clusters=pd.DataFrame(
            [
                (number, f"{number:04b}/11", 1000 * number, 1 / 3, 0, verdicts[number % 4], 0.25, 1.0, None, None)
                for number in numbers
            ],
            columns=[
                *("cluster", "pattern", "samples", "share", "outside", "status", "prediction", "positive_share"),
                *("target_mean", "accuracy"),
            ],
        ),
        profiles=pd.DataFrame(
            [(cluster, feature, float(cluster), 0.5) for cluster in numbers for feature in features],
            columns=["cluster", "feature", "mean", "spread"],
        ),
        importance=pd.DataFrame(
            [(*row, 1 if row[-1] > 0 else -1, row[-1] / 2, row[-1] * 3) for row in coefficients],
            columns=["cluster", "output", "feature", "coefficient", "sign", "scaled", "contribution"],
        ),
        patterns=pd.DataFrame(
            [(f"{number:04b}/11", verdicts[number % 4], number, None) for number in range(patterns)],
            columns=["pattern", "status", "samples", "admissible"],
        ),
        provenance=[("relugeom", "0.1.0"), (title, title)],
        masthead=Masthead("2026-11-30T14:05:00Z", 3, title, "d" * 64),
        constraints=[title],
        notes=[title],
    )


def pictured_content(
    features: Sequence[str] = ("Age", "Fare", "Class"), output: str = "Survived", *, samples: int = 300, units: int = 6
) -> ReportContent:
    """The report of a random network on [−2, 2]^n with random samples: nothing in it is made up but the answers."""
    random = np.random.default_rng(4)
    n = len(features)
    network = replace(he_network(11, n, units, 4, 1), input_names=tuple(features), output_names=(output,))
    network = replace(network, squashing=Squashing.SIGMOID, decision=Decision.at_threshold(0.0))
    domain = Domain(np.full(n, -2.0), np.full(n, 2.0), feature_names=tuple(features))
    X = random.uniform(-2.0, 2.0, (samples, n))
    clusters = cluster_samples(network, X, target=(X[:, 0] > 0).astype(float), domain=domain)
    content = cluster_content("passengers", clusters, cluster_importance(clusters, X.std(axis=0)))
    partition = enumerate_regions(network, domain)
    observed = dict(zip(content.clusters["pattern"], content.clusters["samples"], strict=True))
    patterns = pattern_texts(partition.packed, network.widths)
    content = replace(
        content,
        domain=pd.DataFrame(
            [(name, "continuous", -2.0, 2.0, None) for name in features], columns=list(content.domain.columns)
        ),
        patterns=pd.DataFrame(
            [(pattern, "region", observed.get(pattern, 0), None) for pattern in patterns],
            columns=["pattern", "status", "samples", "admissible"],
        ),
        answers=pd.DataFrame(
            [
                (
                    "range",
                    f"{output} ≤ 3",
                    "holds",
                    3.0,
                    3.0,
                    3.0,
                    f"reached at {features[0]} = 2",
                    "",
                    "",
                    None,
                    "proofs/0001.cert",
                    "a" * 64,
                ),
                ("range", f"{output} is above", "unknown", 1.0, 0.5, 1.0, "x", "a gap", "a gap", None, None, None),
                ("monotonicity", f"{output} never falls", "fails", *NOTHING, "x", "", "", "rises", None, None),
                ("monotonicity", f"{output} never rises", "unknown", *OPEN, "", *STOPPED, "falls", None, None),
            ],
            columns=[
                *("question", "statement", "verdict", "value", "lower", "upper", "witness"),
                *("reason", "short_reason", "direction", "file", "sha256"),
            ],
        ).assign(output=output, feature=features[0], output_position=0, position=0),
        headlines=[
            Headline(
                "the list of activation regions is complete", "holds", "5 of 32 patterns", ("out/partition.cert",)
            ),
            Headline(f"{output} ≤ 3", "holds", "", ("out/proofs/0001.cert",)),
            Headline(f"{output} never falls when one of these alone rises: {', '.join(features)}", "fails", "pairs"),
            Headline(f"{output} moves one way only with {features[0]}", "unknown", "time ran out"),
            *(Headline(f"statement {number}", "holds", "", ("a", "b", "c")) for number in range(8)),
            Headline("ranges of 3 more outputs", None, "see the statements"),
        ],
        certificate=[("file", "partition.cert"), ("SHA-256", "b" * 64)],
        certificate_file="partition.cert",
        sections=[
            Section(
                title=f"Robustness to {features[0]}",
                paragraphs=[f"How far samples are from a boundary in {features[0]}."],
                facts=[("radius", "0.25")],
                charts=[
                    Chart(
                        ChartKind.MEASURES,
                        pd.DataFrame(
                            [(name, feature, 0.5) for name in ("gradients", output) for feature in features],
                            columns=["measure", "feature", "share"],
                        ),
                        f"Measures of {features[0]}",
                    ),
                    Chart(
                        ChartKind.TRADEOFF,
                        pd.DataFrame({"groups": [1, 2, 3], "error": [1.0, 0.5, 0.0], "rms": [0.5, 0.25, 0.0]}),
                        "Groups against error",
                    ),
                ],
                tables={
                    "Distances": pd.DataFrame(
                        {"sample": [1, 2], "distance": [0.5, 0.125], "feature": [features[0], output]}
                    )
                },
            )
        ],
    )
    return with_pictures(content, Depicted(network, domain, partition, X, clusters.assignment))
