"""Code of a kernel's parts: kept as it is until a kernel links it, which is then optimised and translated once.

Numba optimises and translates every function that it compiles, and optimises it again in each of its callers. But
nobody calls a part of a kernel except kernels, and translating it took a quarter of the time.
"""

from collections.abc import Callable
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

__all__ = ["PartCompiler"]


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


class PartCompiler(Compiler):  # type: ignore[misc]
    """Compiler of parts."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function."""
        self.state.library = _PartLibrary(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)
