"""Charts of a report as SVG: importance by cluster, measures of importance side by side, groups against error."""

from collections.abc import Callable
from math import ceil, isfinite

import pandas as pd

from relugeom.printing import printable
from relugeom.report.content import Chart, ChartKind
from relugeom.report.excerpt import RANKED, cluster_matrix
from relugeom.report.palette import LARGEST_DRAWN, NEGATIVE, PALETTE, POSITIVE, fitting
from relugeom.report.svg import TITLE, Picture, label_room, number, round_numbers

__all__ = ["draw_chart", "importance_bars", "importance_caption", "measure_bars", "tradeoff_lines"]

MAX_CLUSTERS, MAX_FEATURES, MAX_COMPARED = 6, 15, 10
PANELS_ABREAST = 3
PANEL, ROW, BAR = 165.0, 16.0, 0.7
"""Width of a panel and height of a row, in points; part of a row that its bar takes."""


def importance_bars(importance: pd.DataFrame, output: str) -> str:
    """Bar charts of the effective vectors of the largest clusters, one panel per cluster [paper, Fig. 2].

    Parameters
    ----------
    importance
        As in `ReportContent.importance`.
    output
        Output whose coefficients are drawn; all panels share one scale.
    """
    matrix = _drawn(importance, output).clip(-LARGEST_DRAWN, LARGEST_DRAWN).fillna(0.0)
    count, abreast = matrix.shape[1], min(matrix.shape[1], PANELS_ABREAST)
    if not count:
        return Picture(PANEL, ROW).element()
    names = [fitting(str(name)) for name in matrix.index]
    margin, height = label_room(names), ROW * len(names)
    picture = Picture(margin + abreast * PANEL + 10, ceil(count / abreast) * (height + 44))
    reach = 1.05 * float(matrix.abs().max(axis=None)) or 1.0
    for panel, (cluster, coefficients) in enumerate(matrix.items()):
        left, top = margin + panel % abreast * PANEL, panel // abreast * (height + 44) + 22
        middle, unit = left + PANEL / 2, (PANEL - 24) / 2
        picture.words(middle, top - 8, f"Cluster {cluster}", anchor="middle", size=TITLE)
        for value in round_numbers(-reach, reach):
            x = middle + value / reach * unit
            picture.grid_line(x, top, x, top + height)
            picture.words(x, top + height + 12, number(value), anchor="middle")
        picture.line(middle, top, middle, top + height, stroke_width=0.8)
        for row, (name, value) in enumerate(zip(names, coefficients.tolist(), strict=True)):
            if panel % abreast == 0:
                picture.words(left - 4, top + ROW * (row + 0.5) + 3, name, anchor="end")
            colour = POSITIVE if value > 0 else NEGATIVE
            picture.bar(middle, top + ROW * (row + (1 - BAR) / 2), value / reach * unit, ROW * BAR, colour)
    return picture.element()


def importance_caption(importance: pd.DataFrame, output: str) -> str:
    """Caption that says what `importance_bars` shows, and what it leaves out."""
    chosen = importance[importance["output"] == output]
    features, clusters = _drawn(importance, output).shape
    caption = f"Coefficients of the effective map of {printable(output)}, one panel for each cluster; "
    caption += f"features are {RANKED}."
    if hidden := chosen["cluster"].nunique() - clusters:
        caption += f" {hidden:,} smaller cluster{'s are' if hidden > 1 else ' is'} not shown."
    if hidden := chosen["feature"].nunique() - features:
        caption += f" {hidden:,} feature{'s' if hidden > 1 else ''} of less importance not shown."
    return caption


def measure_bars(shares: pd.DataFrame) -> str:
    """Shares of importance as grouped bars, with the features from top to bottom in the given order.

    Parameters
    ----------
    shares
        Columns measure, feature, share, for one output.
    """
    table = shares.pivot_table(index="feature", columns="measure", values="share", sort=False, dropna=False)
    table = table[[measure for measure in dict.fromkeys(shares["measure"]) if table[measure].notna().any()]]
    table = table.head(MAX_COMPARED).fillna(0.0)
    names, measures = ([fitting(str(name)) for name in labels] for labels in (table.index, table.columns))
    count = max(len(measures), 1)
    row, width, margin = 10.0 + 5.4 * count, 300.0, label_room(names)
    height = row * len(names)
    picture = Picture(margin + width + 40 + label_room(measures), max(height + 28, 13.0 * count) + 8)
    low, high = min(float(table.min(axis=None)), 0.0), max(float(table.max(axis=None)), 0.0)
    unit = width / ((high - low) * 1.05 or 1.0)
    for value in round_numbers(low, high or 1.0):
        x = margin + (value - low) * unit
        picture.grid_line(x, 6, x, 6 + height)
        picture.words(x, height + 18, f"{value:.0%}", anchor="middle")
    bar = 0.84 * row / count
    for at, measure in enumerate(table.columns):
        for place, value in enumerate(table[measure].tolist()):
            y = 6 + row * place + 0.08 * row + at * bar
            picture.bar(margin - low * unit, y, value * unit, bar, PALETTE[at % len(PALETTE)])
    for place, name in enumerate(names):
        picture.words(margin - 4, 6 + row * (place + 0.5) + 3, name, anchor="end")
    colours = [PALETTE[at % len(PALETTE)] for at in range(len(measures))]
    picture.legend(margin + width + 12, 8, list(zip(colours, measures, strict=True)))
    return picture.element()


def tradeoff_lines(steps: pd.DataFrame) -> str:
    """The number of groups against the error.

    Parameters
    ----------
    steps
        Columns groups, error, rms.
    """
    picture, (left, top, width, height) = Picture(460, 230), (56.0, 10.0, 390.0, 172.0)
    curves = []
    for column, words, colour in (("error", "largest", PALETTE[1]), ("rms", "root mean square", PALETTE[0])):
        pairs = zip(steps["groups"].tolist(), steps[column].tolist(), strict=True)
        curves.append(([(x, min(y, LARGEST_DRAWN)) for x, y in pairs if isfinite(y)], words, colour))
    points = [point for curve, _, _ in curves for point in curve]
    first, last = min((x for x, _ in points), default=0), max((x for x, _ in points), default=1)
    across, reach = (last - first) or 1, 1.05 * max((y for _, y in points), default=0.0) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return left + 12 + (x - first) / across * (width - 24), top + height * (1 - y / reach)

    for value in round_numbers(0.0, reach):
        _, y = place(first, value)
        picture.grid_line(left, y, left + width, y)
        picture.words(left - 6, y + 3, number(value), anchor="end")
    for value in round_numbers(first, last, most=8, whole=True):
        picture.words(place(value, 0.0)[0], top + height + 14, f"{value:,.0f}", anchor="middle")
    for curve, _, colour in curves:
        picture.path([place(x, y) for x, y in curve], colour, 1.4)
        for x, y in curve:
            picture.disc(*place(x, y), 1.6, colour)
    picture.words(left + width / 2, top + height + 32, "groups", anchor="middle", size=TITLE)
    picture.words(left + 8, top + 8, "change of the output")
    picture.legend(left + width - 110, top + 4, [(colour, words) for _, words, colour in curves])
    return picture.element()


DRAWN: dict[ChartKind, Callable[[pd.DataFrame], str]] = {
    ChartKind.MEASURES: measure_bars,
    ChartKind.TRADEOFF: tradeoff_lines,
}


def draw_chart(chart: Chart) -> str:
    """Draw a chart."""
    return DRAWN[chart.kind](chart.data)


def _drawn(importance: pd.DataFrame, output: str) -> pd.DataFrame:
    chosen = importance[importance["output"] == output]
    return cluster_matrix(chosen, "coefficient", max_clusters=MAX_CLUSTERS).head(MAX_FEATURES)
