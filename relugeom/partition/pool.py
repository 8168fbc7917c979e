"""One search on several threads: the running task gives subtrees to idle threads."""

import threading
import time
from collections import deque
from collections.abc import Callable

from relugeom.partition.engine import Found, Task
from relugeom.partition.setup import Setup

__all__ = ["search_regions"]

POLL = 0.05
"""Seconds between two looks at the limits."""


def search_regions(
    setup: Setup,
    *,
    threads: int,
    max_regions: int | None,
    time_limit: float | None,
    on_progress: Callable[[int], None] | None,
) -> tuple[Found, str]:
    """All regions in tree order, or the first of them and the reason why the search ended early."""
    first = Task.whole(setup)
    first.prepare()
    pool = _Pool(setup, first, threads)
    reason = pool.run(max_regions, time_limit, on_progress)
    found = Found()
    for task in first.in_order():
        found.extend(task.found)
        if not task.finished:
            break
    return found, reason


class _Pool:
    """Threads that share the tasks of one search."""

    def __init__(self, setup: Setup, first: Task, threads: int) -> None:
        self._setup, self._first, self._threads = setup, first, threads
        self._ready: deque[Task] = deque([first])
        self._lock = threading.Condition()
        self._idle = self._running = 0
        self._stop = False
        self._error: BaseException | None = None

    def run(self, max_regions: int | None, time_limit: float | None, on_progress: Callable[[int], None] | None) -> str:
        """Work until done, or until a limit; returns the reason of an early end."""
        start, reason = time.perf_counter() - self._setup.preparation, ""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        try:
            while any(worker.is_alive() for worker in workers):
                for worker in workers:
                    worker.join(POLL)
                count = self._prefix_count()
                if on_progress is not None:
                    on_progress(count)
                if max_regions is not None and count >= max_regions:
                    reason = f"stopped after {max_regions:,} regions"
                elif time_limit is not None and time.perf_counter() - start - self._setup.preparation > time_limit:
                    reason = f"stopped after {time_limit:g} seconds"
                if reason:
                    break
        except KeyboardInterrupt:
            reason = "interrupted"
        self._stop = True
        with self._lock:
            self._lock.notify_all()
        for worker in workers:
            worker.join()
        if self._error is not None:
            raise self._error
        return reason

    def _prefix_count(self) -> int:
        """Regions found without a gap from the first on."""
        total = 0
        for task in self._first.in_order():
            total += task.found.count
            if not task.finished:
                break
        return total

    def _work(self) -> None:
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
