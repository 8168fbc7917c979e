"""The report as one self-contained HTML page: no script, no font and no picture from elsewhere.

Every expression of the template passes through `display` and is then escaped, so a name is never read as HTML.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from relugeom.files import write_whole
from relugeom.report.content import ReportContent
from relugeom.report.excerpt import cluster_matrix, outputs_of
from relugeom.report.formatting import display, percent
from relugeom.report.plots import figure_svg, importance_bars, importance_caption

__all__ = ["render_report", "write_report"]

MAX_CLUSTERS, MAX_MATRIX_CLUSTERS, MAX_FEATURES, MAX_OUTPUTS, MAX_PATTERNS, MAX_ANSWERS = 100, 6, 200, 10, 500, 200

Record = dict[Hashable, object]


def render_report(content: ReportContent) -> str:
    """The page as text; equal contents give equal pages."""
    outputs = outputs_of(content.importance)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            content=content,
            domain=_head(content.domain, MAX_FEATURES),
            census=_records(content.census),
            clusters=_head(content.clusters, MAX_CLUSTERS),
            profiles=_matrix(content.profiles, "mean", "spread"),
            charts=[_chart(content.importance, number, output) for number, output in enumerate(outputs[:MAX_OUTPUTS])],
            hidden_charts=max(len(outputs) - MAX_OUTPUTS, 0),
            patterns=_head(content.patterns, MAX_PATTERNS),
            answers={"rows": [], "hidden": 0} if content.answers is None else _head(content.answers, MAX_ANSWERS),
        )
    )


def write_report(content: ReportContent, path: str | Path) -> None:
    """Write the page to a file, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_whole(path, render_report(content).encode())


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("relugeom.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else display(value),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["file_name"] = lambda path: Path(path).name
    return environment


def _records(frame: pd.DataFrame) -> list[Record]:
    records: list[Record] = frame.to_dict("records")
    return records


def _head(frame: pd.DataFrame, limit: int) -> Mapping[str, object]:
    """The first rows of a table, and how many follow."""
    return {"rows": _records(frame.head(limit)), "hidden": max(len(frame) - limit, 0)}


def _matrix(table: pd.DataFrame, *columns: str) -> Mapping[str, object]:
    """Columns of a long table with features as rows, the largest clusters side by side; a cell holds all columns."""
    matrices = [cluster_matrix(table, column, max_clusters=MAX_MATRIX_CLUSTERS) for column in columns]
    features, clusters = matrices[0].index, matrices[0].columns
    return {
        "clusters": list(clusters),
        "rows": [
            (feature, list(zip(*(matrix.loc[feature] for matrix in matrices), strict=True)))
            for feature in features[:MAX_FEATURES]
        ],
        "hidden_features": max(len(features) - MAX_FEATURES, 0),
        "hidden_clusters": table["cluster"].nunique() - len(clusters),
    }


def _chart(importance: pd.DataFrame, number: int, output: str) -> Mapping[str, object]:
    """The importance of features for one output, as a picture and as numbers."""
    return {
        "caption": importance_caption(importance, output),
        "svg": Markup(figure_svg(importance_bars(importance, output), name=f"importance-{number}")),
        "table": _matrix(importance[importance["output"] == output], "coefficient"),
    }
