"""Compilation of kernels: to machine code, without the interpreter's lock, kept for the next process.

The interpreter finishes a small job before its kernel could be compiled. So a kernel is interpreted until it has worked
for long enough: longer if it would have to be compiled than if it can be loaded from the cache. Both ways give the same
bits, since kernels keep IEEE semantics (no fast-math), which the error bounds rely on as well.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numba.core import event, sigutils
from numba.core.caching import FunctionCache
from numba.core.registry import CPUDispatcher
from numba.core.types.containers import NamedTuple
from numba.core.types.misc import unliteral

from relugeom.deadline import CLOCK, Deadline
from relugeom.geometry.kernel_code import KernelCompiler, PartCompiler
from relugeom.geometry.kernel_columns import Columns

__all__ = [
    "Kernel",
    "KernelCache",
    "compiled",
    "compiled_kernels",
    "has_code",
    "hurry",
    "inner",
    "interpreted_for",
    "only_kept_code",
]

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILE_AFTER, LOAD_AFTER = 4.0, 0.2
"""Seconds for which a kernel is interpreted in a process before it is compiled, or loaded if it was compiled before."""
SHARE = 1 / 8
"""Part of the time left to a job that a kernel may spend on being interpreted."""
OPTIONS: dict[str, Any] = {"nopython": True, "nogil": True, "error_model": "numpy"}
LONG = 10_000
"""Entries of a kernel's first argument above which it is compiled before its first call, since one call goes through
all of them.
"""
NOTICE = (
    "compiling the code for large searches and proofs, which takes up to half a minute: once per installation, or "
    "every time if no folder for it can be written to (NUMBA_CACHE_DIR names one); relugeom warm-up does it in advance"
)
PATIENCE = 2.0
"""Seconds after which a compilation is announced."""


class _StopsTheClock(event.Listener):  # type: ignore[misc]
    """Stops the clock of jobs while a kernel is compiled or loaded, once per installation or process."""

    def on_start(self, event: event.Event) -> None:
        CLOCK.stop()

    def on_end(self, event: event.Event) -> None:
        CLOCK.start()


@cache
def _announce() -> None:
    """Announce a compilation, once per process."""
    logging.getLogger(__name__).warning(NOTICE)


class _Announces(event.Listener):  # type: ignore[misc]
    """Announces compilations that take long, never loading; parts of a kernel are compiled along with it."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []

    def on_start(self, event: event.Event) -> None:
        timer = threading.Timer(PATIENCE, _announce)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def on_end(self, event: event.Event) -> None:
        self._timers.pop().cancel()


event.register("numba:compiler_lock", _StopsTheClock())
event.register("numba:compile", _Announces())


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage while the context lasts: Numba keeps nearly all that it makes, and there is much of it."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a kernel, which never stands in the way of the kernel itself.

    Kernels that cannot be kept (the disk is full) or read (a file is damaged) are compiled anew. Two processes that
    compile at once may give their files the same name; so a kernel that is read must be for the types that were asked
    for.
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
        """Keep the compiled kernel, if there is room."""
        with suppress(OSError):
            super().save_overload(sig, data)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of the kernel as it is now."""
        try:
            return not self._cache_file._load_index()
        except Exception:  # whatever comes of reading a damaged pickle
            return True

    def _forget(self) -> None:
        with suppress(OSError):
            self.flush()


class _Interpreting(threading.local):
    """Whether this thread is inside a kernel that is being interpreted."""

    now = False


_INTERPRETING = _Interpreting()
_CHOICE: "ContextVar[Callable[[Kernel], bool] | None]" = ContextVar("choice", default=None)
"""What says of a kernel whether its machine code is run, instead of its patience."""


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A compiled function that is interpreted while that is faster.

    Attributes
    ----------
    patience
        Seconds of interpretation left in this process before it is compiled or loaded.
    """

    @cached_property
    def patience(self) -> float:
        """What is left, at first more where there is nothing to load."""
        return LOAD_AFTER if self._is_kept else COMPILE_AFTER

    @cached_property
    def _is_kept(self) -> bool:
        """Whether there is something to load."""
        return isinstance(self._cache, KernelCache) and not self._cache.is_empty

    @property
    def has_code(self) -> bool:
        """Whether machine code is there, in this process or in the cache."""
        return bool(self.overloads) or self._is_kept

    def __call__(self, *arguments: Any) -> Any:
        """Interpret the function, or run its machine code."""
        if _INTERPRETING.now:
            return self.py_func(*arguments)
        if self._is_worth_it(arguments):
            return CPUDispatcher.__call__(self, *arguments)
        began, _INTERPRETING.now = time.thread_time(), True
        try:
            with np.errstate(all="ignore"):  # as in machine code
                return self.py_func(*arguments)
        finally:
            _INTERPRETING.now = False
            if _CHOICE.get() is None:
                self.patience -= time.thread_time() - began

    def compile(self, sig: Any) -> Any:
        """Compile or load the machine code for a signature."""
        with _no_collection():
            return super().compile(sig)

    def typeof_pyval(self, val: Any) -> Any:
        """Type of an argument."""
        kind = super().typeof_pyval(val)
        return Columns(kind) if isinstance(kind, NamedTuple) else kind

    def _is_worth_it(self, arguments: tuple[Any, ...]) -> bool:
        """Whether to run machine code: the kernel has worked for long, or will now."""
        if (choice := _CHOICE.get()) is not None:
            return choice(self)
        return self.patience <= 0 or (isinstance(arguments[0], np.ndarray) and len(arguments[0]) > LONG)


class _Part(CPUDispatcher):  # type: ignore[misc]
    """A function that kernels call; Python calls it where a kernel is interpreted."""

    def __call__(self, *arguments: Any) -> Any:
        return self.py_func(*arguments)

    def get_call_template(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        """How it is called; Numba would compile a version of its own for every constant that is handed over."""
        return super().get_call_template(tuple(map(unliteral, args)), kws)


KERNELS: list[Kernel] = []
"""All kernels of the modules that are loaded."""


def compiled_kernels() -> tuple[str, ...]:
    """Names of the kernels that are compiled, or loaded, in this process."""
    return tuple(sorted(kernel.__name__ for kernel in KERNELS if kernel.overloads))


@contextmanager
def interpreted_for(seconds: float) -> Iterator[None]:
    """Compile every kernel at once (0) or never (infinity) while the context lasts."""
    with _choosing(lambda _kernel: seconds <= 0):
        yield


@contextmanager
def only_kept_code() -> Iterator[None]:
    """Compile no kernel while the context lasts: run the machine code that is there, and interpret the others."""
    with _choosing(lambda kernel: kernel.has_code):
        yield


@contextmanager
def _choosing(choice: Callable[[Kernel], bool]) -> Iterator[None]:
    token = _CHOICE.set(choice)
    try:
        yield
    finally:
        _CHOICE.reset(token)


def has_code(kernel: Callable[..., Any]) -> bool:
    """Whether machine code of a kernel is there, in this process or in the cache."""
    return isinstance(kernel, Kernel) and kernel.has_code


def hurry(kernel: Callable[..., Any], deadline: Deadline) -> None:
    """Have a kernel compiled early if time is short: compiling takes nothing from a job's time, interpreting does."""
    if isinstance(kernel, Kernel) and _CHOICE.get() is None:
        kernel.patience = min(kernel.patience, SHARE * deadline.seconds_left)


def compiled(function: Function) -> Function:
    """Compile a function with Numba (`nogil`, cached if a cache folder can be written to), once it is worthwhile."""
    kernel = Kernel(function, targetoptions=dict(OPTIONS), pipeline_class=KernelCompiler)
    KERNELS.append(kernel)
    with suppress(RuntimeError):  # Numba finds no folder to write its cache to: compile in each process instead
        kernel._cache = KernelCache(function)
    return cast(Function, kernel)


def inner(function: Function) -> Function:
    """Compile a function that only kernels call: without the wrapper for Python, which takes longer to compile."""
    options = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(Function, _Part(function, targetoptions=options, pipeline_class=PartCompiler))
