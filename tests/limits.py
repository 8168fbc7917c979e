"""Limits of the operating system and of time, for tests of what happens at them."""

import resource
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from relugeom.deadline import Deadline

__all__ = ["Looks", "file_size_limit", "peak_memory"]


@dataclass(frozen=True, eq=False)
class Looks(Deadline):
    """A deadline that has passed when so many steps have looked at it: the clock has no say."""

    looks: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def until(cls, count: int) -> "Looks":
        return cls(0.0, [count])

    @property
    def passed(self) -> bool:
        self.looks[0] -= 1
        return self.looks[0] < 0

    @property
    def seconds_left(self) -> float:
        return inf if self.looks[0] > 0 else 0.0

    def within(self, seconds: float) -> "Looks":
        return self

    def later(self, seconds: float) -> "Looks":
        return self


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def peak_memory(action: Callable[[], object]) -> int:
    """Bytes that Python's objects take at most while something is done."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
