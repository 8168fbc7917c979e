"""Plain data out of a pickle, without running it.

A pickle is a program for a stack machine. The one idea: this machine is small enough to be written again, with the
steps that plain data and tensors need and no others; nothing that a pickle names is ever looked up, let alone called.
"""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relugeom.errors import ModelError, UnsupportedModelError

__all__ = ["Name", "read_pickle"]

LARGEST = 1 << 26
"""Bytes of a pickle that are read; arrays lie beside it."""
ADVICE = "torch.save(model.state_dict(), FILE) writes a file of tensors alone"
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
NUMBERS_AND_TEXTS = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
}  # fmt: skip
PUTS, GETS = {"BINPUT", "LONG_BINPUT"}, {"BINGET", "LONG_BINGET"}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()

Call = Callable[[tuple[Any, ...]], object]


@dataclass(frozen=True, slots=True)
class Name:
    """What a pickle names: ``torch FloatStorage``. It stands for itself."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def read_pickle(content: bytes, calls: Mapping[Name, Call], load_persistent: Call) -> object:
    """The value that a pickle describes.

    Parameters
    ----------
    content
        The pickle.
    calls
        What stands in for the calls that it may ask for.
    load_persistent
        Gives the value behind a persistent identifier, which is a tuple.

    Raises
    ------
    UnsupportedModelError
        It asks for another call, or for a step that plain data does not need.
    ModelError
        It is damaged.
    """
    if len(content) > LARGEST:
        raise ModelError(f"the pickle in it has {len(content):,} bytes: more than {LARGEST:,} are not read")
    try:
        return _Machine(calls, load_persistent).run(content)
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"the pickle in it is damaged ({type(error).__name__})") from error


class _Machine:
    """A stack, and a memo of values that are used again."""

    def __init__(self, calls: Mapping[Name, Call], load_persistent: Call) -> None:
        self._calls, self._load_persistent = calls, load_persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, content: bytes) -> object:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name == "STOP":
                (value,) = self._stack
                return value
            self._step(opcode.name, argument)
        raise ValueError("no STOP")

    def _step(self, step: str, argument: Any) -> None:
        stack = self._stack
        if step in ("PROTO", "FRAME"):
            pass
        elif step in CONSTANTS:
            stack.append(CONSTANTS[step])
        elif step in NUMBERS_AND_TEXTS:
            stack.append(argument)
        elif step == "GLOBAL":
            module, name = argument.split(" ", 1)
            stack.append(self._known(Name(module, name)))
        elif step == "STACK_GLOBAL":
            module, name = self._take(2)
            stack.append(self._known(Name(str(module), str(name))))
        elif step in PUTS:
            self._memo[argument] = stack[-1]
        elif step == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif step in GETS:
            stack.append(self._memo[argument])
        elif step == "MARK":
            stack.append(MARK)
        elif step in TUPLES:
            stack.append(self._take(TUPLES[step]))
        elif step in ("EMPTY_TUPLE", "TUPLE"):
            stack.append(self._take_marked() if step == "TUPLE" else ())
        elif step in ("EMPTY_LIST", "LIST"):
            stack.append(list(self._take_marked()) if step == "LIST" else [])
        elif step == "EMPTY_DICT":
            stack.append({})
        elif step in ("APPEND", "APPENDS"):
            values = self._take(1) if step == "APPEND" else self._take_marked()
            self._list().extend(values)
        elif step in ("SETITEM", "SETITEMS"):
            values = self._take(2) if step == "SETITEM" else self._take_marked()
            self._table().update(zip(values[::2], values[1::2], strict=True))
        elif step == "BINPERSID":
            (identifier,) = self._take(1)
            stack.append(self._load_persistent(identifier))
        elif step == "REDUCE":
            called, arguments = self._take(2)
            if called not in self._calls:
                raise UnsupportedModelError(f"it is a pickle that calls {called}, which is not done: {ADVICE}")
            stack.append(self._calls[called](arguments))
        elif step == "BUILD":
            self._take(1)  # attributes of an ordered dictionary, such as _metadata: of no use here
            self._table()
        else:
            raise _unsupported(step)

    def _known(self, name: Name) -> Name:
        if name in self._calls or name.module == "torch":
            return name
        raise UnsupportedModelError(f"it is a pickle that asks for {str(name)[:80]}, which is not run: {ADVICE}")

    def _take(self, count: int) -> tuple[Any, ...]:
        values = tuple(self._stack[-count:])
        if len(values) < count or any(value is MARK for value in values):
            raise IndexError("the stack is too short")
        del self._stack[-count:]
        return values

    def _take_marked(self) -> tuple[Any, ...]:
        place = max(place for place, value in enumerate(self._stack) if value is MARK)
        values = tuple(self._stack[place + 1 :])
        del self._stack[place:]
        return values

    def _list(self) -> list[Any]:
        if not isinstance(self._stack[-1], list):
            raise TypeError("no list")
        return self._stack[-1]

    def _table(self) -> dict[Any, Any]:
        if not isinstance(self._stack[-1], dict):
            raise TypeError("no dictionary")
        return self._stack[-1]


def _unsupported(step: str) -> UnsupportedModelError:
    return UnsupportedModelError(f"it is a pickle with the step {step}, which no file of tensors needs: it is not run")
