"""The report as one self-contained HTML page: no font, picture or script from elsewhere.

Every expression of the templates passes through `display` and is then escaped, so a name is never read as HTML. The one
script is fixed text whose digest is in the page's content policy: nothing else can run, and it reads words from the
page only as text.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from relugeom.claims.settlement import Verdict
from relugeom.files import write_whole
from relugeom.graph.region_graph import RegionGraph
from relugeom.printing import counted, percent, printable
from relugeom.report.charts import draw_chart, importance_bars, importance_caption
from relugeom.report.content import ChartKind, ReportContent, Section
from relugeom.report.excerpt import RANKED, outputs_of
from relugeom.report.formatting import display, shortened
from relugeom.report.front_page import front_page, tally
from relugeom.report.graph_drawing import graph_svg
from relugeom.report.graph_layers import LayeredGraph
from relugeom.report.page_tables import (
    PageTable,
    answer_table,
    cluster_table,
    direction_table,
    domain_table,
    free_table,
    map_table,
    matrix_table,
    pattern_table,
    records_of,
    verdict_table,
)
from relugeom.report.profiles import cluster_portraits
from relugeom.report.region_map import RegionMap
from relugeom.report.scene import MapScene, graph_scene, map_scene
from relugeom.report.two_sides import BETWEEN

__all__ = ["render_report", "write_report"]

MAX_OUTPUTS, MAX_FIXED = 10, 40
EMPTY = PageTable("", (), ())
SEVERAL: Mapping[str, str] = {
    Verdict.HOLDS.value: "hold",
    Verdict.FAILS.value: "fail",
    BETWEEN: BETWEEN,
    Verdict.UNKNOWN.value: "unknown",
}
"""Verdicts as they are shown, and the word behind a number of them."""
"""Verdicts on several statements, as verbs."""


def render_report(content: ReportContent) -> str:
    """Render the page as text; equal contents give equal pages."""
    outputs = outputs_of(content.importance)
    charts = [_chart(content.importance, output) for output in outputs[:MAX_OUTPUTS]]
    environment = _environment()
    script = environment.get_template("report.js").render()
    profiles = (
        matrix_table(content.profiles, "mean", "spread", caption="Mean and standard deviation of each feature")
        if len(content.profiles)
        else EMPTY
    )
    return environment.get_template("report.html.j2").render(
        content=content,
        contents=_contents(content),
        script=Markup(script),
        script_hash=_policy_hash(script),
        masthead=_masthead(content),
        verdicts=verdict_table(content.headlines),
        requirements=verdict_table(content.requirements, caption="Requirements", about="requirement"),
        front=front_page(content),
        answers=answer_table(content.answers, directions=False),
        directions=direction_table(content.answers),
        steps=answer_table(content.answers, directions=True),
        tally=_tally(content),
        domain=domain_table(content),
        clusters=cluster_table(content.clusters),
        portraits=cluster_portraits(content.clusters, content.profiles, content.importance, content.overall),
        charts=charts,
        hidden_charts=max(len(outputs) - MAX_OUTPUTS, 0),
        profiles=profiles,
        census=records_of(content.census),
        patterns=pattern_table(content.patterns, content.hidden_patterns),
        maps=[_map(region_map) for region_map in content.maps],
        graph=None if content.graph is None else _graph(content.graph),
        subnetworks=[_subnetwork(cluster, graph) for cluster, graph in content.subnetworks.items()],
        sections=[_section(section) for section in content.sections],
    )


def write_report(content: ReportContent, path: str | Path) -> None:
    """Write the page to a file, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_whole(path, render_report(content).encode())


@cache
def _environment() -> Environment:
    """The templates, which are compiled once."""
    environment = Environment(
        loader=PackageLoader("relugeom.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else display(value),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["short"] = shortened
    environment.filters["lines"] = _lines
    return environment


def _lines(text: str) -> Markup:
    """Text with its line breaks kept and everything else made printable and escaped."""
    return Markup("\n").join(escape(printable(line)) for line in text.split("\n"))


def _policy_hash(script: str) -> str:
    """Digest of the script, as written in a content policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _contents(content: ReportContent) -> list[tuple[str, str]]:
    """Chapters of the page: anchor and title."""
    further = [(f"section-{at}", section.title) for at, section in enumerate(content.sections, start=1)]
    chapters = [
        ("summary", "Summary", True),
        ("signature", "Signature", True),
        ("statements", "Statements", content.answers is not None and bool(len(content.answers))),
        ("network", "Network and domain", True),
        ("clusters", "Clusters", True),
        ("patterns", "Patterns", bool(len(content.census) or len(content.patterns))),
        ("maps", "Map of regions", bool(content.maps)),
        ("graph", "Region graph", content.graph is not None),
        ("subnetworks", "Active subnetworks", bool(content.subnetworks)),
        *((anchor, title, True) for anchor, title in further),
        ("limits", "Limits", True),
        ("provenance", "Provenance", True),
        ("checking", "Checking", True),
    ]
    return [(anchor, title) for anchor, title, present in chapters if present]


def _masthead(content: ReportContent) -> str:
    """Date, run, version of relugeom, and the first digits of the network's digest."""
    about = content.masthead
    if about is None:
        return ""
    parts = (
        f"{about.finished.replace('T', ' ').removesuffix('Z')} UTC" if about.finished else "",
        f"run {about.run}",
        f"relugeom {about.version}" if about.version else "",
        f"network {about.network[:16]}…",
    )
    return " · ".join(filter(None, parts))


def _tally(content: ReportContent) -> list[tuple[str, int, str]]:
    """Numbers of statements that hold, fail, are between bounds and are unknown: class, number, and what follows it."""
    counts = tally(content)
    return [
        (word.split()[0], counts[word], word if counts[word] == 1 else several)
        for word, several in SEVERAL.items()
        if counts[word]
    ]


def _chart(importance: pd.DataFrame, output: str) -> Mapping[str, object]:
    """Importance of features for one output, as a picture and as numbers."""
    chosen = importance[importance["output"] == output]
    name = shortened(output)
    return {
        "caption": importance_caption(importance, output),
        "svg": Markup(importance_bars(importance, output)),
        "table": matrix_table(
            chosen, "coefficient", caption=f"Coefficients of the effective maps of {name}; features are {RANKED}"
        ),
    }


def _map(region_map: RegionMap) -> Mapping[str, object]:
    """A map, its caption, and its regions as a table."""
    across, up = (shortened(name, 40) for name in region_map.names)
    regions, scene = counted(len(region_map.cut), "activation region"), map_scene(region_map)
    fixed = islice(region_map.fixed.items(), MAX_FIXED)
    return {
        "title": f"{across} and {up}",
        "scene": scene,
        "label": f"Map of {regions} along {across} and {up}. Arrow keys move through the regions; a table follows.",
        "caption": f"{regions} of the slice along {across} and {up}" + " ".join(_caption(region_map, scene)),
        "table": map_table(region_map),
        "fixed": [(shortened(name, 120), display(value)) for name, value in fixed],
        "hidden_fixed": max(len(region_map.fixed) - MAX_FIXED, 0),
    }


def _caption(region_map: RegionMap, scene: MapScene) -> Iterator[str]:
    """How the first sentence of a caption ends, and the sentences after it."""
    where = f" through {region_map.through}" if region_map.through else ""
    yield f"{where}; every other feature is fixed at its value there, listed below." if region_map.fixed else "."
    yield "Thin lines are borders of regions; shades are levels of the output."
    if scene.boundary:
        yield "The heavy line marks where the decision changes."
    if len(region_map.dots):
        drawn = f"Dots are {int(region_map.dots['samples'].sum()) - scene.hidden_dots:,} samples"
        yield f"{drawn} in the colours of their clusters, projected onto the plane: their other features differ."
    if scene.hidden_dots:
        yield f"{scene.hidden_dots:,} more samples are not drawn."
    if region_map.cut.covered:
        yield "The exact areas of the polygons add up to that of the slice, so nothing is missing."
    else:
        reason = region_map.cut.partition.reason or "a part of it was not searched"
        yield f"The slice is not complete: {reason}."


def _graph(graph: RegionGraph) -> Mapping[str, object]:
    observed = int((graph.samples > 0).sum())
    size = f"{counted(len(graph.patterns), 'activation region')} and {counted(len(graph.edges), 'shared facet')}"
    part = "" if graph.complete else " The list of regions is truncated, so neighbours may be missing."
    return {
        "scene": graph_scene(graph),
        "label": f"Graph of {size}. Arrow keys move through the regions.",
        "caption": f"{size[0].upper()}{size[1:]}: two regions are joined if they share a facet, which lies on the "
        f"hyperplane of the unit that the line names. The larger a disc, the more samples it has; {observed:,} "
        f"regions contain samples."
        f"{part}",
    }


def _subnetwork(cluster: int, graph: LayeredGraph) -> Mapping[str, object]:
    return {"cluster": cluster, "pattern": graph.graph["pattern"], "svg": Markup(graph_svg(graph))}


def _section(section: Section) -> Mapping[str, object]:
    pictures = [{"caption": chart.caption, "svg": Markup(draw_chart(chart))} for chart in section.charts]
    return {
        "title": section.title,
        "paragraphs": section.paragraphs,
        "facts": section.facts,
        "charts": pictures,
        "repeated": bool(pictures) and all(chart.kind is ChartKind.MEASURES for chart in section.charts),
        "tables": [free_table(table, caption) for caption, table in section.tables.items()],
    }
