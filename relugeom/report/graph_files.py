"""Graph files, for other programs or as pictures, by the suffix of the name."""

from pathlib import Path

from relugeom.errors import InputError
from relugeom.graph.export import GRAPH_SUFFIXES, write_graph
from relugeom.report.graph_drawing import PICTURE_SUFFIXES, write_drawing
from relugeom.report.graph_layers import LayeredGraph

__all__ = ["check_graph_file", "write_graph_file"]


def check_graph_file(path: str | Path) -> None:
    """Refuse a file name whose suffix is not that of a graph.

    Raises
    ------
    InputError
        The name has another suffix.
    """
    suffixes = (*GRAPH_SUFFIXES, *PICTURE_SUFFIXES)
    if Path(path).suffix.lower() not in suffixes:
        raise InputError(f"--out {str(path)!r}: a graph is written to a file that ends in {', '.join(suffixes)}")


def write_graph_file(graph: LayeredGraph, path: str | Path) -> None:
    """Write a graph in the format that the suffix of the file asks for.

    Raises
    ------
    InputError
        The suffix is not that of a graph, or the file cannot be written.
    """
    check_graph_file(path)
    write = write_graph if Path(path).suffix.lower() in GRAPH_SUFFIXES else write_drawing
    write(graph, path)
