"""Charts of the further chapters: measures of importance side by side, and number of groups against error."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from relugeom.report.content import Chart, ChartKind
from relugeom.report.plots import FRAME, PALETTE, plain_text

__all__ = ["draw_chart", "measure_axes", "tradeoff_axes"]

MAX_FEATURES = 20


def measure_axes(shares: pd.DataFrame, *, axes: Axes | None = None) -> Axes:
    """Draw shares of importance as grouped bars, with the features from top to bottom in the given order.

    Parameters
    ----------
    shares
        Columns measure, feature, share, for one output.
    """
    table = shares.pivot_table(index="feature", columns="measure", values="share", sort=False, dropna=False)
    table = table[[measure for measure in dict.fromkeys(shares["measure"]) if table[measure].notna().any()]]
    table = table.head(MAX_FEATURES)
    count = max(table.shape[1], 1)
    drawn = Figure(figsize=(7.4, 1.2 + len(table) * (0.14 + 0.075 * count)), layout="constrained").add_subplot()
    drawn = drawn if axes is None else axes
    places, height = np.arange(len(table)), 0.84 / count
    for at, (measure, values) in enumerate(table.items()):
        offset = (at - (count - 1) / 2) * height
        colour = PALETTE[at % len(PALETTE)]
        drawn.barh(places + offset, values.fillna(0.0), height=height, color=colour, label=plain_text(str(measure)))
    drawn.set_yticks(places, [plain_text(str(name)) for name in table.index])
    drawn.invert_yaxis()
    drawn.xaxis.set_major_formatter("{x:.0%}")
    drawn.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _plain(drawn, "x")


def tradeoff_axes(steps: pd.DataFrame, *, axes: Axes | None = None) -> Axes:
    """Draw the number of groups against the error.

    Parameters
    ----------
    steps
        Columns groups, error, rms.
    """
    drawn = Figure(figsize=(6.4, 3.2), layout="constrained").add_subplot() if axes is None else axes
    for column, words, colour in (("error", "largest", PALETTE[1]), ("rms", "root mean square", PALETTE[0])):
        drawn.plot(steps["groups"], steps[column], color=colour, label=words, marker="o", markersize=3, linewidth=1.4)
    drawn.set_ylim(bottom=0.0)
    drawn.set_xlabel("groups")
    drawn.set_ylabel("change of the output")
    drawn.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawn.legend(frameon=False, fontsize=8)
    return _plain(drawn, "y")


DRAWN: dict[ChartKind, Callable[[pd.DataFrame], Axes]] = {
    ChartKind.MEASURES: measure_axes,
    ChartKind.TRADEOFF: tradeoff_axes,
}


def draw_chart(chart: Chart) -> Figure:
    """Draw a chart."""
    axes = DRAWN[chart.kind](chart.data)
    figure = axes.get_figure(root=True)
    if figure is None:
        raise AssertionError("axes stand on a figure")
    figure.patch.set_alpha(0.0)
    return figure


def _plain(axes: Axes, grid: str) -> Axes:
    """Remove the box, and add lines to read numbers by."""
    axes.patch.set_alpha(0.0)
    axes.grid(axis="x" if grid == "x" else "y", color=FRAME, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set_visible(False)
    return axes
