"""Files of PyTorch written by hand, opcode by opcode and member by member, to be bent in tests."""

import struct
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

__all__ = [
    "FOUR",
    "TENSOR",
    "Call",
    "Named",
    "Persistent",
    "Raw",
    "archive",
    "assembled",
    "promptly",
    "special_tensors",
    "storage",
    "tensor",
    "tensor_pickle",
]

FOUR = np.arange(4, dtype="<f4").tobytes()
"""A storage of four numbers."""


@dataclass(frozen=True)
class Named:
    """A name, such as a class."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """What a call would give."""

    called: object
    arguments: object


@dataclass(frozen=True)
class Persistent:
    """What is kept elsewhere."""

    identifier: object


@dataclass(frozen=True)
class Raw:
    """Steps that leave one value."""

    steps: bytes


def assembled(value: Any) -> bytes:
    """The steps of a pickle (protocol 2) that leave a value on the stack."""
    match value:
        case Raw(steps):
            return steps
        case Named(module, name):
            return b"c" + module.encode() + b"\n" + name.encode() + b"\n"
        case Call(called, arguments):
            return assembled(called) + assembled(arguments) + b"R"
        case Persistent(identifier):
            return assembled(identifier) + b"Q"
        case None | True | False:
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        case int():
            content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            return b"\x8a" + bytes([len(content)]) + content
        case float():
            return b"G" + struct.pack(">d", value)
        case str():
            content = value.encode("utf-8", "surrogatepass")
            return b"X" + struct.pack("<I", len(content)) + content
        case tuple():
            return b"(" + b"".join(map(assembled, value)) + b"t"
        case list():
            return b"](" + b"".join(map(assembled, value)) + b"e"
        case dict():
            return b"}(" + b"".join(assembled(key) + assembled(entry) for key, entry in value.items()) + b"u"
    raise TypeError(value)


def storage(kind: str = "FloatStorage", key: str = "0", size: Any = 4, module: str = "torch") -> Persistent:
    return Persistent(("storage", Named(module, kind), key, "cpu", size))


def tensor(
    kept: object = None, offset: object = 0, shape: object = (2, 2), strides: object = (2, 1), *marks: object
) -> Call:
    """A tensor, by default of `FOUR`."""
    no_hooks = Call(Named("collections", "OrderedDict"), ())
    arguments = (storage() if kept is None else kept, offset, shape, strides, False, no_hooks, *marks)
    return Call(Named("torch._utils", "_rebuild_tensor_v2"), arguments)


def tensor_pickle(value: object = None) -> bytes:
    """A pickle, by default of a state_dict of one tensor."""
    return b"\x80\x02" + assembled({"a.weight": tensor()} if value is None else value) + b"."


TENSOR = tensor_pickle()


def archive(
    path: Path, pickled: bytes = TENSOR, members: Mapping[str, bytes] | None = None, *, packed: bool = False
) -> Path:
    """An archive as torch.save lays it out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as file:
        file.writestr("m/data.pkl", pickled)
        file.writestr("m/byteorder", "little")
        for name, content in ({"m/data/0": FOUR} if members is None else members).items():
            file.writestr(name, content)
    return path


@contextmanager
def promptly(seconds: float = 8, memory: int = 60_000_000) -> Iterator[None]:
    """What is done within takes no more time of the processor, and no more bytes."""
    tracemalloc.start()
    start = process_time()
    try:
        yield
    finally:
        spent = process_time() - start
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert spent < seconds
    assert peak < memory


def special_tensors(dtype: Any) -> list[Any]:
    """Two by two numbers in all the ways in which PyTorch keeps them; small, so that sums are exact."""
    import torch  # where it is installed

    numbers = torch.arange(4, dtype=dtype).reshape(2, 2) + 1
    negated = torch.complex(numbers, numbers + 8).conj().imag
    assert negated.is_neg()
    base = torch.arange(24, dtype=dtype).reshape(4, 6)
    return [
        numbers, numbers.T, base[1:4:2, 2:6:3], base.T[::3, 1:3], numbers[:1].expand(2, 2), negated, negated.T,
        torch.complex(numbers, numbers + 8).real, numbers.flip(0), torch.tensor(7.0, dtype=dtype).expand(2, 2),
    ]  # fmt: skip
