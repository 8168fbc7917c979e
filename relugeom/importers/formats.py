"""The formats of model files: their suffixes, readers and contents, in one table.

Help, documentation and messages take the formats from here. A new format is one line here and a module with its reader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["FORMATS", "Format", "find_format", "suffixes"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of model files.

    Attributes
    ----------
    suffixes
        Suffixes of its files; the first is the usual one.
    module, function
        Module of its reader, below `relugeom.importers`, and the function in it; they are loaded on first use, and h5py
        or onnx with them.
    holds
        What is read, in one sentence of Markdown.
    tensors_alone
        Whether its files are names and tensors, which do not say how the layers are connected.
    keeps_normalisation
        Whether its files keep a normalisation apart from the layers.
    """

    suffixes: tuple[str, ...]
    module: str
    function: str
    holds: str
    tensors_alone: bool = False
    keeps_normalisation: bool = False

    def reader(self) -> Callable[..., Any]:
        """Function that reads a file of this format."""
        reader: Callable[..., Any] = getattr(import_module(f"relugeom.importers.{self.module}"), self.function)
        return reader


STATE_DICT = "a state_dict of linear layers, with a ReLU at each gap in the numbering of a Sequential"
KERAS = (
    "whole models, chains of Dense, relu, BatchNormalization, Rescaling, Normalization, Flatten, Reshape, Dropout, as "
)
FORMATS = (
    Format((".npz",), "npz", "read_npz", "arrays `W0 b0 W1 b1 …` with y = W x + b"),
    Format(
        (".onnx",),
        "onnx.reader",
        "read_onnx",
        "the operators that exporters write: Gemm, MatMul + Add, Relu, BatchNormalization, …, with a sigmoid or "
        "softmax at the end. LeakyRelu, PRelu, Clip, Abs, Max, Min, residual connections, Concat, and convolutions "
        "and pooling on small inputs are rewritten exactly with additional ReLU units.",
    ),
    Format((".keras",), "keras.file", "read_keras", f"{KERAS}Keras 3 saves them"),
    Format((".h5", ".hdf5"), "keras.file", "read_h5", f"{KERAS}Keras 2 and 3 save them"),
    Format((".pt", ".pth"), "torch.file", "read_torch", STATE_DICT, tensors_alone=True),
    Format((".safetensors",), "torch.safetensors_file", "read_safetensors", STATE_DICT, tensors_alone=True),
    Format(
        (".nnet",),
        "nnet",
        "read_nnet",
        "ACAS Xu networks; their normalisation is left out, or folded in with "
        "`load_network(path, fold_normalisation=True)`",
        keeps_normalisation=True,
    ),
    Format(
        (".json",),
        "plain_json",
        "read_json",
        "one object with weights, names and decision, which any language can write: `relugeom/importers/plain_json.py` "
        "shows it. Numbers in quotes are exact decimals or fractions.",
    ),
)
_BY_SUFFIX = {suffix: known for known in FORMATS for suffix in known.suffixes}


def find_format(path: str | Path) -> Format | None:
    """Format for the suffix of a file, or None."""
    return _BY_SUFFIX.get(Path(path).suffix.lower())


def suffixes(*, tensors_alone: bool = False) -> tuple[str, ...]:
    """Suffixes of all formats, or only of formats for tensors."""
    return tuple(suffix for suffix, known in _BY_SUFFIX.items() if known.tensors_alone or not tensors_alone)
