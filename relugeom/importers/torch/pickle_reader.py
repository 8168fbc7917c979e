"""Plain data out of a pickle, without running it.

A pickle is a program for a stack machine. The one idea: this machine is small enough to be written again, with the
steps that plain data and tensors need and no others; nothing that a pickle names is ever looked up, let alone called.

The program may be hostile. Every step costs a time and a memory that do not grow with what is on the stack, and the
number of steps is limited. What the program builds is never hashed, compared or printed whole: a tuple that holds one
tuple twice, which holds another twice, … is small in memory and endless to walk.

References: `pickletools` of the standard library describes each step.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pickletools import opcodes
from typing import Any

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.torch.shown_names import shown

__all__ = ["LARGEST_PICKLE", "Name", "read_pickle"]

LARGEST_PICKLE = 1 << 24
"""Most bytes of a pickle that are read; arrays are stored outside it. A tensor takes about 150."""
STEPS = 1 << 20
"""Most steps of a pickle that are executed; a tensor takes about 40."""
PROTOCOLS = range(2, 6)
ADVICE = "torch.save(model.state_dict(), FILE) writes a file of tensors only"
TENSOR_ADVICE = "only plain tensors with numbers can be read: turn it into one (to_dense, dequantize) and save it again"

Call = Callable[[tuple[Any, ...]], object]


@dataclass(frozen=True, slots=True)
class Name:
    """What a pickle names: ``torch FloatStorage``. It stands for itself."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def read_pickle(content: bytes, calls: Mapping[Name, Call], load_persistent: Callable[[object], object]) -> object:
    """The value that a pickle describes.

    Parameters
    ----------
    content
        The pickle.
    calls
        What stands in for the calls that it may ask for. They get values that may be endless to walk.
    load_persistent
        Gives the value of a persistent identifier.

    Returns
    -------
    object
        Lists, tuples, texts, numbers, names, what the calls gave, and dictionaries whose keys are texts or integers.

    Raises
    ------
    UnsupportedModelError
        It asks for another call, or for a step that plain data does not need.
    ModelError
        It is damaged, or longer than any file of tensors needs.
    """
    if len(content) > LARGEST_PICKLE:
        raise ModelError(f"the pickle in it has {len(content):,} bytes: more than {LARGEST_PICKLE:,} are not read")
    return _Machine(content, calls, load_persistent).run()


class _Machine:
    """A program, a stack (in pieces, from mark to mark), and a memo of values that are used again."""

    def __init__(self, content: bytes, calls: Mapping[Name, Call], load_persistent: Callable[[object], object]) -> None:
        self._content, self._place = content, 0
        self._calls, self._load_persistent = calls, load_persistent
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> object:
        for _ in range(STEPS):
            code = self._content[self._place : self._place + 1]
            self._place += 1
            if code == b".":
                (value,) = self.take(1)
                if self._stack or self._below:
                    raise _damaged("it leaves values behind")
                return value
            step = _STEPS.get(code)
            if step is None:
                raise _unknown(code)
            step(self)
        raise ModelError(f"the pickle in it takes more than {STEPS:,} steps, and no file of tensors needs that many")

    # --- the program ---

    def read(self, count: int) -> bytes:
        start, self._place = self._place, self._place + count
        if self._place > len(self._content):
            raise _damaged("it ends too early")
        return self._content[start : self._place]

    def number(self, count: int) -> int:
        return int.from_bytes(self.read(count), "little")

    def line(self) -> str:
        end = self._content.find(b"\n", self._place)
        if end < 0:
            raise _damaged("it ends too early")
        text = self.decoded(end - self._place)
        self._place = end + 1
        return text

    def decoded(self, count: int) -> str:
        try:
            return self.read(count).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise _damaged("a text in it is not UTF-8") from None

    # --- the stack ---

    def push(self, value: object) -> None:
        self._stack.append(value)

    def take(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise _damaged("a step finds too few values")
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def take_marked(self) -> list[Any]:
        if not self._below:
            raise _damaged("a step finds no mark")
        values, self._stack = self._stack, self._below.pop()
        return values

    def _last(self, kind: type) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise _damaged(f"a step finds no {kind.__name__}")
        return self._stack[-1]

    # --- steps ---

    def begin(self) -> None:
        protocol = self.number(1)
        if protocol not in PROTOCOLS:
            raise _damaged(f"it claims protocol {protocol}")

    def mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def put(self, place: int | None = None) -> None:
        self._memo[len(self._memo) if place is None else place] = self._last(object)

    def get(self, place: int) -> None:
        if place not in self._memo:
            raise _damaged("it reuses a value that it never had")
        self.push(self._memo[place])

    def name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise _damaged("a name in it is not text")
        found = Name(module, name)
        if found not in self._calls and module not in ("torch", "torch.storage"):
            advice = TENSOR_ADVICE if module == "torch._utils" else ADVICE
            raise UnsupportedModelError(f"it is a pickle that asks for {shown(found)}, which is not run: {advice}")
        self.push(found)

    def tuple_of(self, count: int | None = None) -> None:
        self.push(tuple(self.take_marked() if count is None else self.take(count)))

    def extend(self, *, marked: bool) -> None:
        values = self.take_marked() if marked else self.take(1)
        self._last(list).extend(values)

    def set_items(self, *, marked: bool) -> None:
        values = self.take_marked() if marked else self.take(2)
        table = self._last(dict)
        if len(values) % 2:
            raise _damaged("a key in it has no value")
        for key, value in zip(values[::2], values[1::2], strict=True):
            # Integers of any length could be chosen to share one hash, and a table of these takes quadratic time.
            if type(key) is not str and not (type(key) is int and key.bit_length() < 64):
                raise UnsupportedModelError(f"it is a pickle with a key that is a {type(key).__name__}: {ADVICE}")
            if key in table:
                raise _damaged(f"it gives two values to one key, {shown(key)}")
            table[key] = value

    def load_persistent(self) -> None:
        (identifier,) = self.take(1)
        self.push(self._load_persistent(identifier))

    def reduce(self) -> None:
        called, arguments = self.take(2)
        if not isinstance(called, Name) or not isinstance(arguments, tuple):
            raise _damaged("it calls something without a name")
        if called not in self._calls:
            raise UnsupportedModelError(f"it is a pickle that calls {shown(called)}, which is not done: {ADVICE}")
        self.push(self._calls[called](arguments))

    def build(self) -> None:
        self.take(1)  # attributes of an ordered dictionary, such as _metadata: of no use here
        self._last(dict)

    def framed(self) -> None:
        if self.number(8) > len(self._content) - self._place:
            raise _damaged("it ends too early")


_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.begin,
    b"\x95": _Machine.framed,
    b"N": lambda machine: machine.push(None),
    b"\x88": lambda machine: machine.push(True),
    b"\x89": lambda machine: machine.push(False),
    b"J": lambda machine: machine.push(int.from_bytes(machine.read(4), "little", signed=True)),
    b"K": lambda machine: machine.push(machine.number(1)),
    b"M": lambda machine: machine.push(machine.number(2)),
    b"\x8a": lambda machine: machine.push(int.from_bytes(machine.read(machine.number(1)), "little", signed=True)),
    b"G": lambda machine: machine.push(struct.unpack(">d", machine.read(8))[0]),
    b"\x8c": lambda machine: machine.push(machine.decoded(machine.number(1))),
    b"X": lambda machine: machine.push(machine.decoded(machine.number(4))),
    b"\x8d": lambda machine: machine.push(machine.decoded(machine.number(8))),
    b"c": lambda machine: machine.name(machine.line(), machine.line()),
    b"\x93": lambda machine: machine.name(*machine.take(2)),
    b"q": lambda machine: machine.put(machine.number(1)),
    b"r": lambda machine: machine.put(machine.number(4)),
    b"\x94": _Machine.put,
    b"h": lambda machine: machine.get(machine.number(1)),
    b"j": lambda machine: machine.get(machine.number(4)),
    b"(": _Machine.mark,
    b")": lambda machine: machine.push(()),
    b"\x85": lambda machine: machine.tuple_of(1),
    b"\x86": lambda machine: machine.tuple_of(2),
    b"\x87": lambda machine: machine.tuple_of(3),
    b"t": _Machine.tuple_of,
    b"]": lambda machine: machine.push([]),
    b"l": lambda machine: machine.push(machine.take_marked()),
    b"a": lambda machine: machine.extend(marked=False),
    b"e": lambda machine: machine.extend(marked=True),
    b"}": lambda machine: machine.push({}),
    b"s": lambda machine: machine.set_items(marked=False),
    b"u": lambda machine: machine.set_items(marked=True),
    b"Q": _Machine.load_persistent,
    b"R": _Machine.reduce,
    b"b": _Machine.build,
}


def _damaged(reason: str) -> ModelError:
    return ModelError(f"the pickle in it is damaged ({reason}): save the model again")


def _unknown(code: bytes) -> ModelError:
    opcode = next((opcode for opcode in opcodes if opcode.code == code.decode("latin-1")), None)
    if opcode is None:
        return _damaged("it ends too early" if not code else f"there is no step {code.hex()}")
    return UnsupportedModelError(
        f"it is a pickle with the step {opcode.name}, which no file of tensors needs: it is not run"
    )
