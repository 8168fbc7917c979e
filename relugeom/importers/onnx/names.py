"""Names of the outputs of an ONNX model.

In this order: the metadata's ``output_names``; its ``class_names``, where there are several outputs; the labels of a
ZipMap at the end, as skl2onnx writes it; the name of the graph's output tensor, with a number behind it where the
tensor holds several values. A tensor always has a name, and most are made up by an exporter ("dense_2", "12",
"/fc/Gemm_output_0"): where nothing but an operation, a place in the file or the word "output" is in it, it is not a
name.
"""

import re
from dataclasses import dataclass

from relugeom.importers.onnx.file import Graph

__all__ = ["OutputNames", "output_names"]

MADE_UP = frozenset(
    re.findall(
        "[a-z]+",
        "output outputs out y variable identity tensor result node layer model main graph net network sequential "
        "functional linear dense fc gemm addmm add sub mul div matmul mm bias biasadd relu sigmoid softmax activation "
        "reshape flatten squeeze cast concat clip statefulpartitionedcall partitionedcall",
    )
)
NUMBERED = re.compile(r"(?<=[a-z])[0-9]+$")


@dataclass(frozen=True, slots=True)
class OutputNames:
    """Names of outputs, and of classes; empty if the model says none."""

    outputs: tuple[str, ...]
    classes: tuple[str, ...]


def output_names(graph: Graph, size: int) -> OutputNames:
    """Names of this many outputs, and of the classes."""
    classes = graph.names("class_names") or _zipped(graph)
    named = graph.names("output_names") or (classes if size > 1 else ())
    if named or _is_made_up(graph.output_name):
        return OutputNames(named, classes)
    name = graph.output_name
    return OutputNames((name,) if size == 1 else tuple(f"{name}_{k}" for k in range(size)), classes)


def _zipped(graph: Graph) -> tuple[str, ...]:
    """The labels that a ZipMap puts on the outputs."""
    for node in graph.nodes:
        if node.operator == "ai.onnx.ml.ZipMap" and graph.output_name in node.outputs:
            for key in ("classlabels_strings", "classlabels_int64s"):
                labels = node.attributes.get(key)
                if isinstance(labels, tuple) and labels:
                    return tuple(map(str, labels))
    return ()


def _is_made_up(name: str) -> bool:
    if not name.isprintable() or name[:1].isdigit() or re.search(r"[/:]", name):
        return True
    parts = [NUMBERED.sub("", part) for part in name.lower().split("_")]
    return all(not part or part.isdigit() or part in MADE_UP for part in parts)
