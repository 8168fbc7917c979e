"""The numbers in an ONNX file: embedded and external tensors as NumPy arrays, bit for bit.

Nothing that a file claims is believed before it is compared with the bytes that are there: no size is allocated, and
no path outside the model's folder opened, on its word alone.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.budget import WEIGHTS

__all__ = ["FLOAT_TYPES", "MOST_AXES", "Array", "TensorReader", "type_name"]

Array = NDArray[Any]

MOST_AXES = 16
"""Most axes of one tensor."""

FLOAT_TYPES = frozenset({TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.FLOAT, TensorProto.DOUBLE})

# How each element type lies in raw bytes, and which field holds it otherwise.
LAYOUTS: dict[int, tuple[str, str]] = {
    TensorProto.FLOAT: ("<f4", "float_data"),
    TensorProto.DOUBLE: ("<f8", "double_data"),
    TensorProto.FLOAT16: ("<u2", "int32_data"),
    TensorProto.BFLOAT16: ("<u2", "int32_data"),
    TensorProto.INT64: ("<i8", "int64_data"),
    TensorProto.INT32: ("<i4", "int32_data"),
    TensorProto.BOOL: ("|u1", "int32_data"),
}


@dataclass(slots=True)
class TensorReader:
    """Reads the tensors of one model, which together may have as many numbers as a network.

    Attributes
    ----------
    folder
        Where the model lies: external files may not lie outside.
    numbers
        How many were read.
    """

    folder: Path
    numbers: int = 0

    def read(self, tensor: TensorProto, place: str) -> Array:
        """The values of a tensor.

        Parameters
        ----------
        tensor
            Embedded, or kept in an external file.
        place
            Name for messages.

        Raises
        ------
        ModelError
            The values do not fill the shape, an external file cannot be used, or there are too many of them.
        UnsupportedModelError
            The element type is none of float16, bfloat16, float, double, int32, int64, bool.
        """
        shape = tuple(tensor.dims)
        if len(shape) > MOST_AXES:
            raise ModelError(f"{place} has {len(shape)} axes: at most {MOST_AXES} can be read")
        self.numbers += max(0, prod(shape))
        if min(shape, default=0) < 0 or self.numbers > WEIGHTS:
            raise ModelError(
                f"{place} declares the shape {str(list(shape))[:80]}: all tensors together may have {WEIGHTS:,} numbers"
            )
        return _read_tensor(tensor, shape, place, self.folder)


def _read_tensor(tensor: TensorProto, shape: tuple[int, ...], place: str, folder: Path) -> Array:
    if tensor.data_type not in LAYOUTS:
        raise UnsupportedModelError(
            f"{place} holds {type_name(tensor.data_type)} values: export the model with float weights"
        )
    layout, field = LAYOUTS[tensor.data_type]
    dtype = np.dtype(layout)
    if tensor.data_location == TensorProto.EXTERNAL:
        values = np.frombuffer(_external_bytes(tensor, prod(shape) * dtype.itemsize, place, folder), dtype)
    elif tensor.HasField("raw_data"):
        whole = len(tensor.raw_data) // dtype.itemsize * dtype.itemsize
        values = np.frombuffer(tensor.raw_data[:whole], dtype)
    else:
        held = getattr(tensor, field)
        wide = np.dtype(np.int64) if field == "int32_data" else dtype
        values = np.fromiter(held, dtype=wide, count=len(held)).astype(dtype)
    if values.size != prod(shape):
        raise ModelError(
            f"{place} has the shape {list(shape)} but {values.size} values: the file is damaged, export the model again"
        )
    return _decoded(values, tensor.data_type).reshape(shape)


def type_name(data_type: int) -> str:
    """The name of an element type."""
    known = data_type in TensorProto.DataType.values()
    return TensorProto.DataType.Name(TensorProto.DataType.ValueType(data_type)).lower() if known else f"#{data_type}"


def _decoded(values: Array, data_type: int) -> Array:
    if data_type == TensorProto.FLOAT16:
        return values.view("<f2").astype(np.float16)
    if data_type == TensorProto.BFLOAT16:  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    if data_type == TensorProto.BOOL:
        return values.astype(np.bool_)
    return values.astype(values.dtype.newbyteorder("="))


def _external_bytes(tensor: TensorProto, size: int, place: str, folder: Path) -> bytes:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    place = f"{place} in {location[:80]!r}"
    path = _external_path(location, place, folder)
    start = _whole_number(entries.get("offset", "0"), place)
    length = _whole_number(entries.get("length", str(size)), place)
    available = path.stat().st_size
    if length != size or start + size > available:
        raise ModelError(
            f"{place} needs {size} bytes, but {length} from byte {start} on are declared and {available} are present: "
            f"the file is damaged, or belongs to another model"
        )
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _external_path(location: str, place: str, folder: Path) -> Path:
    pure = PurePosixPath(location)
    if not location or "\0" in location or PureWindowsPath(location).drive or pure.is_absolute() or ".." in pure.parts:
        raise ModelError(f"{place}: external data must be named relative to the model's folder")
    path = folder.joinpath(pure).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ModelError(f"{place}: this is a link to a place outside the model's folder; put the file itself there")
    if not path.is_file():
        raise ModelError(f"{place}: there is no such file; put it beside the model")
    return path


def _whole_number(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ModelError(f"{place}: {text[:40]!r} is not a whole number of bytes")
    return int(text)
