"""Graphs as files for other programs: GraphML and node-link JSON, chosen by the suffix."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import networkx

from relugeom.errors import InputError
from relugeom.files import write_whole

__all__ = ["GRAPH_SUFFIXES", "write_graph"]

_NOT_KEPT_BY_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graph(graph: networkx.DiGraph, path: str | Path) -> None:
    """Write a graph with all attributes to a ``.graphml`` or ``.json`` file.

    Numbers are written so that they read back as the same float64. Characters that XML cannot represent (controls, lone
    surrogates) appear in GraphML as escapes such as ``\\x1b``.

    Raises
    ------
    InputError
        The file has another suffix, or cannot be written.
    """
    encode = _ENCODERS.get(Path(path).suffix.lower())
    if encode is None:
        raise InputError(f"{str(path)!r}: a graph is written to a file that ends in {' or '.join(GRAPH_SUFFIXES)}")
    write_whole(path, encode(graph))


def _graphml(graph: networkx.DiGraph) -> bytes:
    escaped = graph.copy()
    for _, attributes in escaped.nodes(data=True):
        attributes["name"] = _NOT_KEPT_BY_XML.sub(_escape, attributes["name"])
    buffer = BytesIO()
    networkx.write_graphml_xml(escaped, buffer)
    return buffer.getvalue()


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def _node_link(graph: networkx.DiGraph) -> bytes:
    return json.dumps(networkx.node_link_data(graph, edges="edges"), allow_nan=False).encode("ascii")


_ENCODERS: dict[str, Callable[[networkx.DiGraph], bytes]] = {".graphml": _graphml, ".json": _node_link}

GRAPH_SUFFIXES = tuple(_ENCODERS)
"""Suffixes of the files that `write_graph` writes."""
