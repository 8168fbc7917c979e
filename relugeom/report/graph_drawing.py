"""Drawings of active subnetworks, as SVG and as files."""

import warnings
from io import BytesIO
from pathlib import Path

from relugeom.errors import InputError
from relugeom.files import write_whole
from relugeom.report.graph_layers import FILLS, LayeredGraph, Node, layered
from relugeom.report.palette import FRAME, fitting
from relugeom.report.svg import TITLE, Picture, label_room

__all__ = ["PICTURE_SUFFIXES", "graph_svg", "write_drawing"]

PICTURE_SUFFIXES = (".png", ".svg")
"""The kinds of file that `write_drawing` writes."""


def graph_svg(graph: LayeredGraph) -> str:
    """Draw a subnetwork as SVG."""
    layout = layered(graph)
    picture, ends = Picture(layout.width, layout.height), [layout.layers[0], layout.layers[-1]]
    rooms = [label_room([_name(node) for node in nodes]) if layout.is_named(nodes) else 12.0 for nodes in ends]
    columns = [column for column, _ in layout.positions.values()]
    first, across = min(columns), (max(columns) - min(columns)) or 1.0
    left, top, height = rooms[0] + 16, 28.0, layout.height - 56
    width = max(layout.width - left - rooms[1] - 16, 72.0)

    def place(key: str) -> tuple[float, float]:
        column, row = layout.positions[key]
        return left + (column - first) / across * width, top - row * height

    for arc in layout.arcs:
        dashes = "none" if arc.weight else "1 2"
        picture.line(
            *place(arc.tail), *place(arc.head),
            stroke=arc.colour, stroke_width=arc.width, stroke_opacity=0.8, stroke_dasharray=dashes,
        )  # fmt: skip
    for nodes in layout.layers:
        named = layout.is_named(nodes)
        for key, attributes in nodes:
            x, y = place(key)
            picture.disc(x, y, 6.5 if named else 1.8, FILLS[attributes["kind"]], stroke=FRAME, stroke_width=0.8)
            if named and attributes["kind"] == "unit":
                picture.words(x, y + 2.5, str(attributes["index"]), anchor="middle", size=7.0)
            elif named:
                side = -1 if attributes["kind"] == "input" else 1
                picture.words(x + 10 * side, y + 3, _name((key, attributes)), anchor="end" if side < 0 else "start")
    picture.words(layout.width / 2, 14, layout.title(), anchor="middle", size=TITLE)
    picture.words(layout.width / 2, layout.height - 8, layout.legend, anchor="middle", size=8.0)
    return picture.element()


def write_drawing(graph: LayeredGraph, path: str | Path) -> None:
    """Draw a subnetwork into a ``.png`` or ``.svg`` file; equal graphs give equal files.

    Raises
    ------
    InputError
        The suffix is another one, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise InputError(f"{str(path)!r}: a picture is written to a file that ends in {' or '.join(PICTURE_SUFFIXES)}")
    if suffix == ".svg":
        write_whole(path, f"{graph_svg(graph)}\n".encode())
        return
    from relugeom.report.graph_figure import draw_graph  # matplotlib takes long to load

    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # boxes
        draw_graph(graph).savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _name(node: Node) -> str:
    _, attributes = node
    return fitting(attributes["name"]) if attributes["kind"] != "unit" else str(attributes["index"])
