"""A look at the bytes of an ONNX file before they become objects.

An empty node takes two bytes of a file and a hundred and sixty of memory. The one idea: the format is a tree of fields,
each with its number and its length, so that everything that would become an object can be counted by walking over it,
and whatever is stored as a block of bytes is stepped over.

References: Protocol Buffers, "Encoding"; the schema is onnx's own.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor  # type: ignore[import-untyped]
from onnx import ModelProto

from relugeom.errors import ModelError
from relugeom.importers.budget import WEIGHTS

__all__ = ["check_wire"]

MOST_PARTS = 2**18
"""Nodes, attributes, tensors and other parts."""
MOST_ENTRIES = 2**21
"""Names, and numbers that are not tensor's."""
VARINT, FIXED_64, BLOCK, FIXED_32 = 0, 1, 2, 5
SIZES = {FIXED_64: 8, FIXED_32: 4}
TENSOR = "TensorProto"


def check_wire(content: bytes) -> None:
    """Refuse what describes more than a network can have, or cannot be walked to its end.

    Raises
    ------
    ModelError
        The file is damaged, or holds more parts, names or numbers than any network that can be read.
    """
    parts = entries = numbers = 0
    waiting: list[tuple[Descriptor, int, int]] = [(ModelProto.DESCRIPTOR, 0, len(content))]
    try:
        while waiting:
            kind, place, end = waiting.pop()
            parts += 1
            known = _fields(kind)
            while place < end:
                key, place = _varint(content, place)
                entries += 1
                if entries > MOST_ENTRIES or parts + len(waiting) > MOST_PARTS:
                    break
                wire = key & 7
                if wire == BLOCK:
                    length, place = _varint(content, place)
                    if length > end - place:
                        raise IndexError
                    field = known.get(key >> 3)
                    if field is not None and field.type == FieldDescriptor.TYPE_MESSAGE:
                        waiting.append((field.message_type, place, place + length))
                    elif field is not None and field.type in PACKED:
                        count = length // PACKED[field.type]
                        if kind.name == TENSOR:
                            numbers += count
                        else:
                            entries += count
                    place += length
                elif wire == VARINT:
                    _, place = _varint(content, place)
                elif wire in SIZES:
                    place += SIZES[wire]
                else:
                    raise IndexError  # groups, which ONNX has none of
            _check(parts + len(waiting), entries, numbers)
            if place != end:
                raise IndexError
    except IndexError:
        raise ModelError("this is not an ONNX model, or it is truncated: export it again") from None


PACKED = {
    FieldDescriptor.TYPE_FLOAT: 4,
    FieldDescriptor.TYPE_DOUBLE: 8,
    FieldDescriptor.TYPE_INT32: 1,
    FieldDescriptor.TYPE_INT64: 1,
    FieldDescriptor.TYPE_UINT64: 1,
    FieldDescriptor.TYPE_ENUM: 1,
}
"""Least bytes of a number in a block of them."""


@cache
def _fields(kind: Descriptor) -> Mapping[int, Any]:
    return {field.number: field for field in kind.fields}


def _check(parts: int, entries: int, numbers: int) -> None:
    for count, most, what in (
        (parts, MOST_PARTS, "nodes and other parts"),
        (entries, MOST_ENTRIES, "names and attributes"),
        (numbers, WEIGHTS, "numbers"),
    ):
        if count > most:
            raise ModelError(f"the model has more than {most:,} {what}: no network that can be analysed has that many")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, and the position after it."""
    value = content[place]
    place += 1
    if value < 128:
        return value, place
    value &= 127
    for shift in range(7, 70, 7):
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise IndexError
