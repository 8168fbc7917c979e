"""The ``.safetensors`` format: names and arrays, read by its own library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.network.importers.state_dict import Tensor, chain_of_tensors
from relugeom.network.network import ReLUNetwork

__all__ = ["read_safetensors"]

FLOATS = {"F64", "F32", "F16"}


def read_safetensors(path: Path, *, layers: Sequence[str] | None = None) -> ReLUNetwork:
    """Read a network from a file of linear layers.

    Parameters
    ----------
    layers
        Names of the layers in their order, as ``fc1`` for ``fc1.weight``; by default from the names and shapes.

    Raises
    ------
    ModelError
        The file is damaged, or its tensors make no chain.
    UnsupportedModelError
        It holds something else than linear layers.
    """
    tensors = {}
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a dictionary
                kind = file.get_slice(name).get_dtype()
                if kind not in FLOATS:
                    raise UnsupportedModelError(f"{name[:80]!r} holds numbers of type {kind}: save it as float32")
                tensors[name] = Tensor(kind, np.asarray(file.get_tensor(name), dtype=np.float64))
    except SafetensorError as error:
        raise ModelError(f"no file of safetensors, or a damaged one: {' '.join(str(error).split())[:120]}") from error
    return chain_of_tensors(tensors, layers=layers, source="safetensors")
