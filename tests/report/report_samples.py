"""Made-up report contents."""

from collections.abc import Sequence

import pandas as pd

from relugeom.report.content import ReportContent

FEATURES = ("Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone")
HOSTILE = (
    r"$\bad{$",
    "[bold]loud[/bold]",
    "<script>alert('x')</script>",
    "\"quotes\" & 'apostrophes'",
    "=1+1",
    "line\nbreak",
    "\x1b[31mred\x1b[0m",
    "nul\x00 surrogate\ud800 direction\u202e",
    "Größe 漢字",
    "{{ 7 * 7 }}",
    "]]> --> </style>",
)


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
        summary={"samples": "891", **dict.fromkeys(features, title)},
        network={"shape": "7-4-2-1", title: title},
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
                *("cluster", "pattern", "samples", "share", "outside", "verdict", "prediction", "positive_share"),
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
            columns=["pattern", "verdict", "samples", "admissible"],
        ),
        provenance={"relugeom": "0.1.0", title: title},
        constraints=[title],
        notes=[title],
    )
