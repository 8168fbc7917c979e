"""Tables of a report for the terminal.

Cells are `rich.text.Text` made of visible characters: no name is read as markup, and none contains a terminal's escape
codes.
"""

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from relugeom.partition.partition import PatternStatus
from relugeom.printing import percent, printable
from relugeom.report.content import ReportContent
from relugeom.report.excerpt import RANKED, cluster_matrix, outputs_of
from relugeom.report.formatting import display, percent_of
from relugeom.report.outcomes import TITLE, outcome_table
from relugeom.report.plain_tables import add_rows, fact_table, plain_table, section

__all__ = ["cluster_tables", "summary_tables"]

MAX_CLUSTERS, MAX_MATRIX_CLUSTERS, MAX_FEATURES, MAX_OUTPUTS = 20, 6, 20, 4

_CLUSTER_COLUMNS = (
    ("cluster", "#", display),
    ("pattern", "pattern", display),
    ("samples", "samples", display),
    ("share", "share", percent),
    ("outside", "out of\ndomain", display),
    ("status", "status", lambda status: "lower-dim." if status == PatternStatus.LOWER_DIMENSIONAL else display(status)),
    ("prediction", "mean\noutput", display),
    ("positive_share", "pos.\nshare", percent),
    ("target_mean", "mean\ntarget", display),
    ("accuracy", "accu-\nracy", percent),
)
"""Column, heading and format of its cells: together 80 characters wide when patterns are short."""
_SHARES_OF_SAMPLES = ("positive_share", "accuracy")


def summary_tables(content: ReportContent) -> list[RenderableType]:
    """The summary, the census, the largest clusters, their importance and the notes, in printing order."""
    parts: list[RenderableType] = [fact_table(content.title, content.summary)]
    if len(content.census):
        parts.append(_census(content.census))
    if len(content.clusters):
        parts += [_clusters(content.clusters), *_more(len(content.clusters) - MAX_CLUSTERS, "cluster")]
        parts += _outcomes(content)
    outputs = outputs_of(content.importance)
    for output in outputs[:MAX_OUTPUTS]:
        parts += _importance(content.importance, output)
    parts += _more(len(outputs) - MAX_OUTPUTS, "output")
    if content.notes:
        parts.append(section("Notes", *(Text(f"- {printable(note)}") for note in content.notes)))
    return parts


def cluster_tables(content: ReportContent) -> list[RenderableType]:
    """The summary, the clusters with their means, and their importance."""
    profiles = cluster_matrix(content.profiles, "mean", max_clusters=MAX_MATRIX_CLUSTERS)
    parts: list[RenderableType] = [fact_table(content.title, content.summary), _clusters(content.clusters)]
    parts += _more(len(content.clusters) - MAX_CLUSTERS, "cluster")
    parts += _outcomes(content)
    parts.append(section("Means of the features", _matrix_table(profiles.head(MAX_FEATURES))))
    for output in outputs_of(content.importance)[:MAX_OUTPUTS]:
        parts += _importance(content.importance, output)
    return parts


def _census(census: pd.DataFrame) -> Group:
    table = plain_table()
    table.add_column("patterns", overflow="fold")
    table.add_column("count", justify="right")
    add_rows(table, zip(map(display, census["patterns"]), map(display, census["count"]), strict=True))
    return section("Activation patterns", table)


def _clusters(clusters: pd.DataFrame) -> Group:
    """The largest clusters; columns without information (no value, no sample outside) are left out."""
    shown = clusters.head(MAX_CLUSTERS)
    table = plain_table()
    columns = []
    for column, heading, write in _CLUSTER_COLUMNS:
        if shown[column].isna().all() or (column == "outside" and not shown[column].any()):
            continue
        if column == "pattern":
            table.add_column(heading, overflow="fold", min_width=7)
        else:
            table.add_column(heading, justify="left" if column == "status" else "right", no_wrap=True)
        if column in _SHARES_OF_SAMPLES:
            columns.append([percent_of(*pair) for pair in zip(shown[column], shown["samples"], strict=True)])
        else:
            columns.append([write(value) for value in shown[column]])
    add_rows(table, zip(*columns, strict=True))
    return section("Clusters", table)


def _outcomes(content: ReportContent) -> list[RenderableType]:
    """Means of the outputs and shares of the classes, if there are several outputs."""
    if content.outcomes is None or content.outcomes.empty:
        return []
    found = outcome_table(content.outcomes, content.clusters)
    table = plain_table()
    for column in found.columns:
        table.add_column(printable(str(column)), justify="right", overflow="fold")
    add_rows(table, ([display(cell) for cell in row] for row in found.itertuples(index=False)))
    return [section(TITLE, table)]


def _importance(importance: pd.DataFrame, output: str) -> list[RenderableType]:
    """Coefficients of the effective maps."""
    chosen = importance[importance["output"] == output]
    matrix = cluster_matrix(chosen, "coefficient", max_clusters=MAX_MATRIX_CLUSTERS)
    strongest = matrix.head(MAX_FEATURES)
    return [
        section(f"Importance for {output}: coefficients of the effective map ({RANKED})", _matrix_table(strongest)),
        *_more(len(matrix) - len(strongest), "feature"),
        *_more(chosen["cluster"].nunique() - matrix.shape[1], "cluster"),
    ]


def _matrix_table(matrix: pd.DataFrame) -> Table:
    """One row per feature, one column per cluster."""
    table = plain_table()
    table.add_column("feature", overflow="fold")
    for cluster in matrix.columns:
        table.add_column(f"cluster {cluster}", justify="right")
    add_rows(table, ([display(name), *map(display, row)] for name, row in matrix.iterrows()))
    return table


def _more(hidden: int, what: str) -> list[RenderableType]:
    plural = "s" if hidden != 1 else ""
    return [Text(f"… and {hidden:,} more {what}{plural}", style="dim")] if hidden > 0 else []
