"""How kernels are compiled: to machine code, without the interpreter's lock, kept for the next process.

No fast-math: kernels keep IEEE semantics, which the error bounds rely on.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.core import event, sigutils
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

from relugeom.deadline import CLOCK

__all__ = ["KernelCache", "borrowed", "compiled", "inlined", "inner"]

Function = TypeVar("Function", bound=Callable[..., Any])


class _StopsTheClock(event.Listener):  # type: ignore[misc]
    """Compiling a kernel, or loading it, is once per installation or process: no job's time runs meanwhile."""

    def on_start(self, event: event.Event) -> None:
        CLOCK.stop()

    def on_end(self, event: event.Event) -> None:
        CLOCK.start()


event.register("numba:compiler_lock", _StopsTheClock())


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a kernel, which never stands in the way of the kernel itself.

    What cannot be kept (the disk is full) or read (a file is damaged) is compiled anew. Two processes that compile at
    once may both give their file the same name; so what is read must be for the types that were asked for.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel for a signature, or None."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception:  # whatever comes of reading a damaged pickle
            self._forget()
            return None
        asked = tuple(sigutils.normalize_signature(sig)[0])
        return found if found is not None and found.signature.args == asked else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled kernel, where there is room."""
        with suppress(OSError):
            super().save_overload(sig, data)

    def _forget(self) -> None:
        with suppress(OSError):
            self.flush()


def compiled(function: Function) -> Function:
    """Compile a function with Numba (`nogil`, cached where a cache folder can be written)."""
    kernel = numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # Numba finds no folder to write its cache to: compile in each process instead
        kernel._cache = KernelCache(function)
    return cast(Function, kernel)


def inner(function: Function) -> Function:
    """Compile a function that only kernels call: without the wrapper for Python, which takes longer to compile."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(Function, numba.njit(nogil=True, error_model="numpy", **options)(function))


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers: for small ones, whose call would cost more than their work."""
    return cast(Function, numba.njit(nogil=True, inline="always", error_model="numpy")(function))


@intrinsic
def borrowed(typing, values):  # type: ignore[no-untyped-def]
    """A named tuple whose arrays a kernel does not count references to: the caller keeps them for as long as it runs.

    Numba counts a reference, with an atomic instruction, whenever an array is handed to a function or looked up in a
    tuple; a kernel that does so a hundred times a node spends much of its time on it.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result = arguments[0]
        for place, kind in enumerate(signature.args[0].types):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, builder.extract_value(result, place))
                array.meminfo = array.meminfo.type(None)
                array.parent = array.parent.type(None)
                result = builder.insert_value(result, array._getvalue(), place)
        return result

    return values(values), generate
