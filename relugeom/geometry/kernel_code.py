"""How kernels are compiled, in half of the time that Numba needs by itself.

Numba optimises and translates every function that it compiles, and optimises it again in each of its callers. But
nobody calls a part of a kernel except kernels: its code is kept as it is until a kernel links it, which is then
optimised and translated once. And Numba looks through all that it knows of an operation whenever one occurs; but what
an addition or an index does to given types was found the first time.
"""

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.typing import Context

from relugeom.errors import DeadlinePassedError

__all__ = ["KernelCompiler", "PartCompiler", "wanted_unless"]

_OPERATORS = frozenset(getattr(operator, name) for name in operator.__all__)


class _Operation(types.Function):
    """An operator, which remembers what it does to which types."""

    def __init__(self, function: Any) -> None:
        self.__dict__.update(function.__dict__)
        self._found: dict[Any, Any] = {}

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Signature for operands."""
        operands = tuple(args)
        if operands not in self._found:
            self._found[operands] = super().get_call_type(context, args, kws)
        return self._found[operands]


_operation = cache(_Operation)


class _Types(Context):  # type: ignore[misc]
    """Numba's knowledge of types, with operators that remember."""

    def __init__(self, context: Context) -> None:
        self.__dict__ = context.__dict__

    def _lookup_global(self, gv: Any) -> Any:
        found = super()._lookup_global(gv)
        return _operation(found) if isinstance(found, types.Function) and gv in _OPERATORS else found


_UNWANTED: ContextVar[Callable[[], bool]] = ContextVar("unwanted", default=lambda: False)


@contextmanager
def wanted_unless(given_up: Callable[[], bool]) -> Iterator[None]:
    """While the context lasts, compile no further part of a kernel once it is given up, but raise DeadlinePassedError.

    Whoever interrupts a job waits for the part at hand, not for all of its kernel.
    """
    token = _UNWANTED.set(given_up)
    try:
        yield
    finally:
        _UNWANTED.reset(token)


class KernelCompiler(Compiler):  # type: ignore[misc]
    """Compiler of kernels."""

    def __init__(self, typingctx: Context, *arguments: Any) -> None:
        super().__init__(_Types(typingctx), *arguments)
        self.state.targetctx.typing_context = self.state.typingctx

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function."""
        if _UNWANTED.get()():
            raise DeadlinePassedError("the code that is being compiled is not wanted any more")
        return super().compile_extra(func)


class _PartLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Code of a part, as far as a kernel needs it."""

    def _optimize_final_module(self) -> None:
        """Leave it to the kernel."""

    def _finalize_final_module(self) -> None:
        """Hand no machine code to the engine."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Nowhere: Python calls no part."""
        return 0

    @property
    def codegen(self) -> "_PartLibrary":
        """What Numba tells of the function's environment: here, since no engine knows the function."""
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Need no environment."""


class PartCompiler(KernelCompiler):
    """Compiler of parts."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function."""
        self.state.library = _PartLibrary(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)
