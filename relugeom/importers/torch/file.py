"""PyTorch's ``.pt`` and ``.pth``: an archive of a pickle, which is read without being run, and of the arrays.

Only a *state_dict* is read: names and tensors. Every float16, bfloat16, float32 and float64 is taken exactly.

A tensor is a *view*: an offset, a shape and strides into a storage, which several views may share. The one idea for
hostile files: views are values, and all of them are checked against each other and against the size of the file before
a number is read. Otherwise a stride of 0 makes a tensor of any size out of one number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.torch.archive import TorchArchive, is_archive, open_archive
from relugeom.importers.torch.pickle_reader import LARGEST_PICKLE, Name, read_pickle
from relugeom.importers.torch.shown_names import shown
from relugeom.importers.torch.state_dict import Tensor, chain_of_tensors, is_size
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["read_torch"]

KINDS = {
    "torch.DoubleStorage": "float64",
    "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
}
FORMATS = {"float64": "f8", "float32": "f4", "float16": "f2", "bfloat16": "u2"}
MOST_TIMES, SMALL = 16, 1 << 24
"""Arrays, as they are stored and again as float64, may take this many times the bytes of the file, and SMALL besides.

Honest files need 5 times for float16, more where tensors are shared, and many times where pruned weights were packed.
"""
LARGEST = 1 << 32
"""Most bytes that they may take in any case."""
MOST_AXES = 8
NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which a training checkpoint keeps its state_dict."""
ADVICE = "torch.save(model.state_dict(), FILE) writes a file that can be read"


@dataclass(frozen=True, slots=True)
class _Storage:
    """An array of the archive, not read yet."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor: part of a storage, read with the opposite sign where it is marked so."""

    kind: str
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    negated: bool


def read_torch(
    path: Path, *, layers: Sequence[str] | None = None, activations: Sequence[str] | None = None
) -> ReLUNetwork:
    """Read a network from a saved state_dict.

    Parameters
    ----------
    layers
        Names of the layers in their order, as ``fc1`` for ``fc1.weight``; by default from the names and shapes.
    activations
        ``relu`` or ``none`` after each layer; by default what a Sequential's numbers tell.

    Raises
    ------
    ModelError
        The file is damaged, needs more memory than its size explains, or its tensors make no chain.
    UnsupportedModelError
        It holds something other than a state_dict of linear layers.
    """
    if not is_archive(path):
        with path.open("rb") as file:
            start = file.read(2)
        if start in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise UnsupportedModelError(
                "a plain pickle, such as PyTorch wrote before 1.6: load it where it was written, and save "
                "model.state_dict() with a newer version"
            )
        raise ModelError(f"not a PyTorch file, or a damaged one: {ADVICE}")
    with open_archive(path) as archive:
        return chain_of_tensors(_tensors(archive), layers=layers, activations=activations, source="PyTorch state_dict")


def _tensors(archive: TorchArchive) -> dict[str, Tensor]:
    if "constants.pkl" in archive:
        raise UnsupportedModelError("a scripted module (TorchScript): save model.state_dict(), or export to ONNX")
    order = archive.read("byteorder", most=16) if "byteorder" in archive else b"little"
    if order not in (b"little", b"big"):
        raise ModelError("the archive names an unknown byte order")
    views = _state_dict(read_pickle(archive.read("data.pkl", most=LARGEST_PICKLE), CALLS, _storage))
    _check_storages(views, archive.size)
    contents: dict[str, bytes] = {}
    read = partial(_read_view, archive, contents, order == b"big")
    return {name: Tensor(view.kind, view.shape, partial(read, view)) for name, view in views.items()}


# --- what is in the pickle ----------------------------------------------------------------------------------------


def _state_dict(value: object) -> dict[str, _View]:
    """The names and tensors; out of a training checkpoint too."""
    if not isinstance(value, dict):
        raise UnsupportedModelError(f"not a state_dict: {ADVICE}")
    found = {f"under the key {key!r}": value[key] for key in NESTED if _has_views(value.get(key))}
    if _has_weights(value) or (not found and _has_views(value)):
        found["at the top"] = value
    if not found:
        keys = ", ".join(shown(key, most=24) for key in list(value)[:8])
        raise UnsupportedModelError(f"not a state_dict: there is no tensor under its keys ({keys}): {ADVICE}")
    if len(found) > 1:
        raise UnsupportedModelError(f"it holds several state_dicts ({', '.join(found)}): save the one that is meant")
    (table,) = found.values()
    for name, view in table.items():
        if not isinstance(name, str) or not isinstance(view, _View):
            raise UnsupportedModelError(f"'{shown(name)}' in its state_dict is not a tensor with a name: {ADVICE}")
    return dict(table)


def _has_views(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(entry, _View) for entry in value.values())


def _has_weights(table: Mapping[object, object]) -> bool:
    return any(isinstance(view, _View) and str(name).split(".")[-1] == "weight" for name, view in table.items())


def _check_storages(views: Mapping[str, _View], size: int) -> None:
    """Whether the views of floats fit their storages, and all of it a file of this size."""
    storages: dict[str, _Storage] = {}
    needed = 0
    for name, view in views.items():
        if view.kind not in FORMATS:
            continue  # refused for its kind, and never read
        label = f"'{shown(name)}'"
        storage = storages.setdefault(view.storage.key, view.storage)
        if storage != view.storage:
            raise ModelError(f"the storage of {label} is described in two ways: save the model again")
        last = view.offset + sum((n - 1) * stride for n, stride in zip(view.shape, view.strides, strict=True))
        if prod(view.shape) and last >= storage.size:
            raise ModelError(f"the tensor {label} reaches beyond its storage: save the model again")
        needed += prod(view.shape) * 8
    needed += sum(storage.size * np.dtype(FORMATS[storage.kind]).itemsize for storage in storages.values())
    if needed > min(LARGEST, MOST_TIMES * size + SMALL):
        raise ModelError(
            f"its tensors are too large: they take {needed:.3g} bytes, and the file has {size:,}; save "
            "{name: tensor.clone() for name, tensor in model.state_dict().items()} if they are right"
        )


def _storage(identifier: object) -> _Storage:
    match identifier:
        case ("storage", Name() as kind, str(key), str(), int(size)) if is_size(size):
            return _Storage(KINDS.get(str(kind), shown(kind)), key, size)
    raise UnsupportedModelError(f"a tensor is stored in an unknown way: {ADVICE}")


def _tensor(arguments: tuple[Any, ...]) -> _View:
    """Storage, offset, shape, strides, whether gradients are wanted, hooks, and now and then marks."""
    match arguments:
        case (_Storage() as storage, offset, tuple(shape), tuple(strides), _, dict(hooks), *marks) if not hooks:
            numbers = (offset, *shape, *strides)
            fits = len(shape) == len(strides) <= MOST_AXES and all(map(is_size, numbers))
            if fits and len(marks) <= 1:
                return _View(storage.kind, storage, offset, shape, strides, _is_negated(*marks))
    raise ModelError(f"a tensor is described in an unknown way: {ADVICE}")


def _is_negated(marks: object = None) -> bool:
    """The mark of a tensor whose numbers all stand for their opposites."""
    if marks is None:
        return False
    known = isinstance(marks, dict) and marks.keys() <= {"neg", "conj"}
    if not isinstance(marks, dict) or not known or not all(isinstance(mark, bool) for mark in marks.values()):
        raise UnsupportedModelError(f"a tensor is marked in an unknown way: {ADVICE}")
    if marks.get("conj", False):
        raise UnsupportedModelError("a tensor is marked as complex: a network's weights are real numbers")
    return bool(marks.get("neg", False))


def _tensor_of_newer_kind(arguments: tuple[Any, ...]) -> _View:
    """As `_tensor`, from a storage of bytes: for kinds such as float8, which are named and refused."""
    match arguments:
        case (*usual, Name() as kind) | (*usual, Name() as kind, dict()):
            view = _tensor(tuple(usual))
            return _View(shown(kind), view.storage, view.offset, view.shape, view.strides, view.negated)
    raise ModelError(f"a tensor is described in an unknown way: {ADVICE}")


def _parameter(arguments: tuple[Any, ...]) -> _View:
    match arguments:
        case (_View() as view, *_):
            return view
    raise ModelError(f"a parameter is described in an unknown way: {ADVICE}")


def _ordered_dictionary(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments:
        raise ModelError(f"a dictionary is described in an unknown way: {ADVICE}")
    return {}


def _ignored(_arguments: tuple[Any, ...]) -> None:
    """A part of a training checkpoint that says nothing of the network."""


CALLS = {
    Name("collections", "OrderedDict"): _ordered_dictionary,
    Name("collections", "Counter"): _ignored,
    Name("torch", "Size"): _ignored,
    Name("torch", "device"): _ignored,
    Name("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Name("torch._utils", "_rebuild_tensor_v3"): _tensor_of_newer_kind,
    Name("torch._utils", "_rebuild_parameter"): _parameter,
}


# --- the arrays ---------------------------------------------------------------------------------------------------


def _read_view(archive: TorchArchive, contents: dict[str, bytes], big_endian: bool, view: _View) -> FloatArray:
    """A tensor's numbers, each of them exactly; `contents` keeps storages that other tensors may share."""
    storage, dtype = view.storage, np.dtype(FORMATS[view.kind]).newbyteorder(">" if big_endian else "<")
    if storage.key not in contents:
        size = storage.size * dtype.itemsize
        content = archive.read(f"data/{storage.key}", most=size)
        if len(content) != size:
            raise ModelError(
                f"'{shown(storage.key)}' in the archive has {len(content):,} bytes for {storage.size:,} numbers: save "
                "the model again"
            )
        contents[storage.key] = content
    # An axis of length 1 has any stride, even one that no integer of the machine holds.
    strides = [stride * dtype.itemsize if n > 1 else 0 for n, stride in zip(view.shape, view.strides, strict=True)]
    numbers = np.ndarray(view.shape, dtype, contents[storage.key], view.offset * dtype.itemsize, strides)
    if view.kind == "bfloat16":  # the upper half of a float32
        numbers = (np.array(numbers, dtype=np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):  # a signalling NaN, which is refused later
        values = np.array(numbers, dtype=np.float64)
    return -values if view.negated else values
