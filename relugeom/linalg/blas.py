"""How many threads matrix products take.

The one idea: work that multiplies many small matrices loses more by threads of BLAS, which wait for each other, than it
gains. During such work, BLAS has one thread.
"""

import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

__all__ = ["one_blas_thread"]


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS has one thread; after it, as many as before."""
    limit: AbstractContextManager[Any] = _controller("scipy.linalg" in sys.modules).limit(limits=1)
    return limit


@lru_cache
def _controller(_with_scipy: bool) -> Any:
    """What controls the threads of the libraries that are loaded by now: SciPy, if it is, brings another BLAS."""
    from threadpoolctl import ThreadpoolController  # looks through all libraries of the process

    return ThreadpoolController().select(user_api="blas")
