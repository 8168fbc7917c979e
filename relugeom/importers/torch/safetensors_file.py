"""The ``.safetensors`` format: a header in JSON, then the numbers of all tensors without a gap.

The one idea: the format is so small that it is read here, with every rule that it has and nothing left to guess, so
that a file has one meaning: no name twice, no byte that belongs to two tensors or to none.

References: the description of the format at huggingface.co/docs/safetensors, "Format".
"""

import json
from collections.abc import Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from relugeom.errors import ModelError
from relugeom.importers.json_keys import different_keys
from relugeom.importers.torch.shown_names import shown
from relugeom.importers.torch.state_dict import Tensor, chain_of_tensors, is_size
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["read_safetensors"]

LARGEST_HEADER = 1 << 22
"""Most bytes of the header that are read; a tensor takes about 100."""
FLOATS = {"F64": ("float64", "<f8"), "F32": ("float32", "<f4"), "F16": ("float16", "<f2"), "BF16": ("bfloat16", "<u2")}
MOST_AXES = 8


def read_safetensors(
    path: Path, *, layers: Sequence[str] | None = None, activations: Sequence[str] | None = None
) -> ReLUNetwork:
    """Read a network from a file of linear layers.

    Parameters
    ----------
    layers
        Names of the layers in their order, as ``fc1`` for ``fc1.weight``; by default from the names and shapes.
    activations
        ``relu`` or ``none`` after each layer; by default what a Sequential's numbers tell.

    Raises
    ------
    ModelError
        The file is damaged, or its tensors make no chain.
    UnsupportedModelError
        It holds something other than linear layers, or numbers that are not floats.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise _damaged("it ends before its header does")
        if length > LARGEST_HEADER:
            raise _damaged(f"its header has {length:,} bytes, and more than {LARGEST_HEADER:,} are not read")
        header = _read_header(file.read(length))
        tensors = {name: _tensor(file, 8 + length, name, entry) for name, entry in header.items()}
        _check_places([entry["data_offsets"] for entry in header.values()], size - 8 - length)
        return chain_of_tensors(tensors, layers=layers, activations=activations, source="safetensors")


def _read_header(content: bytes) -> dict[str, Any]:
    if not content.startswith(b"{"):
        raise _damaged("its header is not a JSON object")
    try:
        header = json.loads(content.decode("utf-8"), object_pairs_hook=different_keys)
    except (ValueError, RecursionError) as error:
        raise _damaged(f"its header cannot be read: {shown(error)}") from error
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(note, str) for note in notes.values()):
        raise _damaged("its __metadata__ contains values other than text")
    return dict(header)


def _tensor(file: IO[bytes], start: int, name: str, entry: object) -> Tensor:
    match entry:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [begin, end], **others} if (
            not others and len(shape) <= MOST_AXES and all(map(is_size, (*shape, begin, end)))
        ):
            pass
        case _:
            raise _damaged(f"'{shown(name)}' is described in an unknown way")
    if kind not in FLOATS:
        return Tensor(shown(kind), tuple(shape), _unread)
    known, stored = FLOATS[kind]
    if prod(shape) * np.dtype(stored).itemsize != end - begin:
        raise _damaged(f"'{shown(name)}' has {end - begin:,} bytes, which are not those of its shape")
    return Tensor(known, tuple(shape), partial(_read_numbers, file, start + begin, known, stored, tuple(shape)))


def _check_places(places: list[tuple[int, int]], size: int) -> None:
    """Check that each byte after the header belongs to one tensor."""
    reached = 0
    for begin, end in sorted(places):
        if begin != reached or end < begin:
            raise _damaged("its tensors overlap, or leave bytes between them")
        reached = end
    if reached != size:
        raise _damaged(f"its header describes {reached:,} bytes of numbers, and {size:,} follow it")


def _read_numbers(file: IO[bytes], place: int, kind: str, stored: str, shape: tuple[int, ...]) -> FloatArray:
    file.seek(place)
    content = file.read(prod(shape) * np.dtype(stored).itemsize)
    numbers = np.frombuffer(content, stored).reshape(shape)
    if kind == "bfloat16":  # the upper half of a float32
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):  # a signalling NaN, which is refused later
        return np.array(numbers, dtype=np.float64)


def _unread() -> FloatArray:
    raise AssertionError("numbers that are not floats are refused before they are read")


def _damaged(reason: str) -> ModelError:
    return ModelError(f"not a safetensors file, or a damaged one ({reason}): save the model again")
