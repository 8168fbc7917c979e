"""PyTorch's ``.pt`` and ``.pth``: an archive of a pickle, which is read without being run, and of the arrays.

Only a *state_dict* is read: names and tensors. Every float16, bfloat16, float32 and float64 is taken exactly.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.linalg.arrays import FloatArray
from relugeom.network.importers.pickle_reader import Name, read_pickle
from relugeom.network.importers.state_dict import Tensor, chain_of_tensors
from relugeom.network.network import ReLUNetwork

__all__ = ["read_torch"]

STORAGES = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "BFloat16Storage": "bfloat16",
    "LongStorage": "i8", "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1",
    "BoolStorage": "?",
}  # fmt: skip
LARGEST_ARRAY = 1 << 31
NESTED = ("state_dict", "model_state_dict", "model")
"""Under which keys a training checkpoint keeps its state_dict."""


@dataclass(frozen=True, slots=True)
class _Storage:
    """An array of the archive, not read yet."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor: part of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(path: Path, *, layers: Sequence[str] | None = None) -> ReLUNetwork:
    """Read a network from a saved state_dict.

    Parameters
    ----------
    layers
        Names of the layers in their order, as ``fc1`` for ``fc1.weight``; by default from the names and shapes.

    Raises
    ------
    ModelError
        The file is damaged, or its tensors make no chain.
    UnsupportedModelError
        It holds something else than a state_dict of linear layers.
    """
    if not zipfile.is_zipfile(path):
        if path.read_bytes()[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise UnsupportedModelError(
                "a file of PyTorch before 1.6: load it there, and save model.state_dict() with a newer version"
            )
        raise ModelError("no file of PyTorch, or a damaged one")
    try:
        with zipfile.ZipFile(path) as archive:
            return chain_of_tensors(_read_archive(archive), layers=layers, source="PyTorch state_dict")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"the archive is damaged: {error}") from error


def _read_archive(archive: zipfile.ZipFile) -> dict[str, Tensor]:
    names = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(names) != 1:
        raise ModelError("no archive that torch.save writes: it has no data.pkl")
    folder = names[0].removesuffix("data.pkl")
    if f"{folder}constants.pkl" in archive.namelist():
        raise UnsupportedModelError("a scripted module (TorchScript): save model.state_dict(), or export to ONNX")
    order = b"little"
    if f"{folder}byteorder" in archive.namelist():
        order = _read(archive, f"{folder}byteorder", 16)
    if order not in (b"little", b"big"):
        raise ModelError("the archive names no byte order that there is")
    value = read_pickle(_read(archive, names[0], 1 << 26), CALLS, _storage)
    table = _state_dict(value)
    return {
        str(name): Tensor(view.storage.kind, _load(archive, folder, view, big_endian=order == b"big"))
        for name, view in table.items()
        if isinstance(view, _View)
    }


def _state_dict(value: object) -> dict[Any, Any]:
    """The names and tensors; out of a training checkpoint too."""
    if not isinstance(value, dict):
        raise UnsupportedModelError("no state_dict: torch.save(model.state_dict(), FILE) writes one")
    if not any(isinstance(entry, _View) for entry in value.values()):
        for key in NESTED:
            if isinstance(value.get(key), dict):
                return dict(value[key])
        keys = ", ".join(str(key)[:40] for key in list(value)[:8])
        raise UnsupportedModelError(f"no state_dict: no tensor lies under its keys ({keys})")
    return value


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise ModelError(f"{name} in the archive is longer than {most:,} bytes")
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ModelError(f"{name} in the archive is longer than {most:,} bytes")
    return content


def _load(archive: zipfile.ZipFile, folder: str, view: _View, *, big_endian: bool) -> FloatArray:
    """A tensor's numbers, each of them exactly."""
    storage, shape = view.storage, view.shape
    kind = "u2" if storage.kind == "bfloat16" else storage.kind
    dtype = np.dtype(kind).newbyteorder(">" if big_endian else "<")
    last = view.offset + sum((size - 1) * stride for size, stride in zip(shape, view.strides, strict=True))
    if storage.size * dtype.itemsize > LARGEST_ARRAY or prod(shape) * 8 > LARGEST_ARRAY:
        raise ModelError("a tensor is too large to be read")
    if prod(shape) and last >= storage.size:
        raise ModelError("a tensor reaches beyond its storage")
    name = f"{folder}data/{storage.key}"
    if name not in archive.namelist():
        raise ModelError(f"the archive has no member {name[:80]!r}")
    content = _read(archive, name, storage.size * dtype.itemsize)
    if len(content) != storage.size * dtype.itemsize:
        raise ModelError(f"{name[:80]} in the archive has {len(content):,} bytes for {storage.size:,} numbers")
    flat = np.frombuffer(content, dtype)
    if storage.kind == "bfloat16":  # the upper half of a float32
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    strides = [stride * flat.itemsize for stride in view.strides]
    if not prod(shape):
        return np.zeros(shape)
    window = np.lib.stride_tricks.as_strided(flat[view.offset :], shape, strides, writeable=False)
    return np.array(window, dtype=np.float64)


def _storage(identifier: object) -> _Storage:
    match identifier:
        case ("storage", Name("torch", kind), str(key), str(), int(size)) if kind in STORAGES and size >= 0:
            return _Storage(STORAGES[kind], key, size)
    raise UnsupportedModelError("a tensor is kept in a way that is not understood")


def _tensor(arguments: tuple[Any, ...]) -> _View:
    match arguments:
        case (_Storage() as storage, int(offset), tuple(shape), tuple(strides), *_):
            numbers = (offset, *shape, *strides)
            if len(shape) == len(strides) and all(type(number) is int and number >= 0 for number in numbers):
                return _View(storage, offset, shape, strides)
    raise ModelError("a tensor is described in a way that is not understood")


def _parameter(arguments: tuple[Any, ...]) -> _View:
    if arguments and isinstance(arguments[0], _View):
        return arguments[0]
    raise ModelError("a parameter is described in a way that is not understood")


CALLS = {
    Name("collections", "OrderedDict"): lambda _arguments: {},
    Name("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Name("torch._utils", "_rebuild_parameter"): _parameter,
}
