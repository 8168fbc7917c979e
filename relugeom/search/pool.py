"""One search on several threads: the running task gives subtrees to idle threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from enum import Enum, auto
from typing import NamedTuple

from relugeom.deadline import CLOCK, Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.compiled import hurry
from relugeom.geometry.kernel_code import wanted_unless
from relugeom.partition.found import Found, SearchProgress
from relugeom.search.cone_search import search_cones
from relugeom.search.engine import Task
from relugeom.search.kernel import search
from relugeom.search.setup import Setup

__all__ = ["EarlyEnd", "Limits", "Listeners", "search_regions"]

POLL = 0.05
"""Seconds between two looks at the limits."""


class EarlyEnd(Enum):
    """What ended a search early, other than the limit of regions: its deadline, or a key."""

    LATE = auto()
    INTERRUPTED = auto()


class Limits(NamedTuple):
    """When a search ends early: after this many regions (None for no limit), or at a deadline."""

    regions: int | None
    deadline: Deadline


class Listeners(NamedTuple):
    """Functions that are called while a search runs.

    Attributes
    ----------
    progress
        Called from time to time with the progress of the search.
    found
        Called about every `interval` seconds with what was found since the previous call, in tree order and without a
        gap.
    interval
        Seconds between two such calls.
    """

    progress: Callable[[SearchProgress], None] | None
    found: Callable[[Found], None] | None
    interval: float


def search_regions(
    setup: Setup, limits: Limits, *, threads: int, last: list[int] | None, listeners: Listeners
) -> tuple[Found, EarlyEnd | None]:
    """Find all regions in tree order, or the first of them and what ended the search early (None for enough regions).

    Parameters
    ----------
    last
        Bits of a region after which the search begins.
    """
    for kernel in (search, search_cones):
        hurry(kernel, limits.deadline)
    first = Task.whole(setup, limits.deadline)
    if last is not None:
        try:
            first.skip_to(last)
        except DeadlinePassedError:
            return Found(), EarlyEnd.LATE
    else:
        try:
            _head_start(first, limits)
        except KeyboardInterrupt:  # it may have come anywhere, so nothing that was found in this moment counts
            return Found(), EarlyEnd.INTERRUPTED
    pool = _Pool(first, threads)
    end = pool.run(limits, listeners)
    found = Found()
    for piece in pool.pieces():
        found.extend(piece)
    return found, end


def _head_start(task: Task, limits: Limits) -> None:
    """Search on this thread for a moment: a small search ends before other threads would have begun."""
    until = CLOCK.now() + POLL
    with suppress(DeadlinePassedError):  # what was found before stays, and the deadline is looked at next
        while not task.finished and not limits.deadline.passed and CLOCK.now() < until:
            task.run()
            if limits.regions is not None and sum(piece.count for piece in task.pieces) >= limits.regions:
                return


class _Pool:
    """Threads that share the tasks of one search."""

    def __init__(self, first: Task, threads: int) -> None:
        self._first, self._threads = first, threads
        self._ready: deque[Task] = deque([] if first.finished else [first])
        self._lock = threading.Condition()
        self._idle = self._running = 0
        self._stop = False
        self._error: BaseException | None = None

    def run(self, limits: Limits, listeners: Listeners) -> EarlyEnd | None:
        """Work until done or until a limit; returns what ended it early, other than the limit of regions."""
        end = None
        self._stop = limits.deadline.passed
        workers = [
            threading.Thread(target=copy_context().run, args=(self._work,), daemon=True)
            for _ in range(self._threads if self._ready else 0)
        ]
        for worker in workers:
            worker.start()
        try:
            self._watch(workers, limits, listeners)
        except KeyboardInterrupt:
            end = EarlyEnd.INTERRUPTED
        finally:
            self._stop = True
            with self._lock:
                self._lock.notify_all()
            for worker in workers:
                worker.join()
        if self._error is not None:
            raise self._error
        return end or (EarlyEnd.LATE if limits.deadline.passed else None)

    def _watch(self, workers: Sequence[threading.Thread], limits: Limits, listeners: Listeners) -> None:
        """Report to listeners what the workers found, until these are done or a limit is reached."""
        start, handed, next_call = CLOCK.now(), 0, listeners.interval
        working = True
        while working:
            for worker in workers:
                worker.join(POLL)
            working = any(worker.is_alive() for worker in workers)
            seconds = CLOCK.now() - start
            pieces = list(self.pieces())
            count = sum(piece.count for piece in pieces)
            if listeners.progress is not None:
                left = sum(task.remaining for task in self._first.with_given())
                listeners.progress(SearchProgress(count, seconds, max(0.0, 1.0 - left)))
            if listeners.found is not None and seconds > next_call:
                block = Found()
                for piece in pieces[handed:]:
                    block.extend(piece)
                listeners.found(block)
                handed = len(pieces)
                next_call = CLOCK.now() - start + listeners.interval
            if limits.deadline.passed or (limits.regions is not None and count >= limits.regions):
                return

    def pieces(self) -> Iterator[Found]:
        """Pieces that were found without a gap from the first region on."""
        waiting = [self._first]
        while waiting:
            task = waiting.pop()
            finished = task.finished  # looked at first: what it found and gave away is there before
            yield from list(task.pieces)
            if not finished:
                return
            waiting += task.given  # the last one given comes first in tree order

    def _work(self) -> None:
        with wanted_unless(lambda: self._stop):
            self._work_until_stopped()

    def _work_until_stopped(self) -> None:
        try:
            while (task := self._next()) is not None:
                while not task.finished and not self._stop:
                    task.run()
                    if self._idle and not self._ready and (given := task.give()) is not None:
                        with self._lock:
                            self._ready.append(given)
                            self._lock.notify()
                with self._lock:
                    self._running -= 1
                    self._lock.notify_all()
        except DeadlinePassedError:
            self._stop = True
        except BaseException as error:  # handed to the thread that waits
            self._error, self._stop = error, True

    def _next(self) -> Task | None:
        with self._lock:
            self._idle += 1
            while not self._ready and self._running and not self._stop:
                self._lock.wait(0.05)
            self._idle -= 1
            if self._stop or not self._ready:
                return None
            self._running += 1
            return self._ready.popleft()
