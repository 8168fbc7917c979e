"""Pictures as matplotlib figures, without pyplot and its global state."""

import re
import warnings
from io import StringIO
from math import ceil

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from relugeom.report.excerpt import cluster_matrix, strongest_rows
from relugeom.report.formatting import visible

__all__ = ["FRAME", "NEGATIVE", "POSITIVE", "figure_svg", "importance_bars", "importance_caption", "plain_text"]

POSITIVE, NEGATIVE, FRAME = "#3a86c8", "#e07b39", "#8a929c"
"""Colours that stand out on light and dark paper and to the colour-blind."""

MAX_CLUSTERS, MAX_FEATURES = 6, 30
PANELS_ABREAST = 3
LARGEST_DRAWN = 1e300  # an axis cannot reach the largest floats


def plain_text(text: str, *, max_length: int = 40) -> str:
    """A name as it shall be drawn: shortened, and safe from matplotlib's mathematics between dollar signs."""
    shortened = text if len(text) <= max_length else text[:max_length] + "…"
    return visible(shortened).replace("$", r"\$")


def importance_bars(importance: pd.DataFrame, output: str) -> Figure:
    """Bar charts of the effective vectors of the largest clusters, one panel a cluster [paper, Fig. 2].

    Parameters
    ----------
    importance
        As in `ReportContent.importance`.
    output
        The output whose coefficients are drawn; all panels share one scale.
    """
    matrix = _drawn(importance, output).clip(-LARGEST_DRAWN, LARGEST_DRAWN)
    positions = np.arange(len(matrix))
    rows, abreast = ceil(matrix.shape[1] / PANELS_ABREAST), min(matrix.shape[1], PANELS_ABREAST)
    figure = Figure(figsize=(2.0 + 2.4 * abreast, (0.7 + 0.22 * len(matrix)) * max(rows, 1)), layout="constrained")
    figure.patch.set_alpha(0.0)
    reach = 1.05 * float(matrix.abs().max(axis=None)) if matrix.size else 0.0
    for panel, (cluster, coefficients) in enumerate(matrix.items()):
        axes = figure.add_subplot(rows, abreast, panel + 1)
        axes.patch.set_alpha(0.0)
        axes.barh(positions, coefficients, color=np.where(coefficients > 0, POSITIVE, NEGATIVE), height=0.7)
        axes.axvline(0.0, color=FRAME, linewidth=0.8)
        axes.set_title(f"Cluster {cluster}", fontsize=10)
        axes.set_yticks(positions, [plain_text(name) for name in matrix.index])
        axes.invert_yaxis()
        axes.set_xlim(-reach or -1.0, reach or 1.0)
        axes.locator_params(axis="x", nbins=4)  # room between the numbers of neighbouring panels
        axes.tick_params(length=0, labelsize=9, labelleft=panel % PANELS_ABREAST == 0)
        axes.grid(axis="x", color=FRAME, alpha=0.3, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
    return figure


def importance_caption(importance: pd.DataFrame, output: str) -> str:
    """What `importance_bars` shows, and what it leaves out."""
    chosen = importance[importance["output"] == output]
    features, clusters = _drawn(importance, output).shape
    caption = f"Coefficients of the effective map of {visible(output)}, one panel for each cluster."
    if hidden := chosen["cluster"].nunique() - clusters:
        caption += f" {hidden:,} smaller cluster{'s are' if hidden > 1 else ' is'} not shown."
    if hidden := chosen["feature"].nunique() - features:
        caption += f" {hidden:,} feature{'s' if hidden > 1 else ''} with smaller coefficients not shown."
    return caption


def figure_svg(figure: Figure, *, name: str = "figure") -> str:
    """A figure as one ``<svg>`` element: equal figures give equal text, and words stay text.

    Parameters
    ----------
    name
        Two figures on one page need different names: the identifiers in them are derived from it.
    """
    buffer = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's fonts draw the words
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    document = buffer.getvalue()
    return re.sub('<g id="[^"]*"', "<g", document[document.index("<svg") :])


def _drawn(importance: pd.DataFrame, output: str) -> pd.DataFrame:
    chosen = importance[importance["output"] == output]
    return strongest_rows(cluster_matrix(chosen, "coefficient", max_clusters=MAX_CLUSTERS), MAX_FEATURES)
