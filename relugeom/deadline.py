"""Deadlines: one moment in time, set where a job begins and handed down to each of its steps.

A public function takes a `TimeLimit`, which is seconds, None for no limit, or a `Deadline` that a caller has set, and
turns it into a `Deadline` in its first line; from there on the value is handed down. A step with a partial result asks
whether the deadline has `passed`; a step without one lets `check` raise, and the function that set the deadline catches
that. The clock only stops: what an answer is depends on the work that was done.

Compiling kernels, once per installation, is not part of any job: the clock stands still meanwhile.
"""

import threading
import time
from dataclasses import dataclass
from math import inf, isfinite, isnan

from relugeom.errors import DeadlinePassedError, InputError

__all__ = ["CLOCK", "NEVER", "Clock", "Deadline", "TimeLimit"]


class Clock:
    """Seconds of the machine's monotonic clock, less those during which it was stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops, self._since, self._stopped = 0, 0.0, 0.0

    def now(self) -> float:
        """Seconds so far; only differences have a meaning."""
        with self._lock:
            return (self._since if self._stops else time.monotonic()) - self._stopped

    @property
    def stopped(self) -> float:
        """Seconds during which the clock stood still."""
        return time.monotonic() - self.now()

    def stop(self) -> None:
        """Stand still until `start` has been called as often as `stop`."""
        with self._lock:
            if not self._stops:
                self._since = time.monotonic()
            self._stops += 1

    def start(self) -> None:
        """Run again."""
        with self._lock:
            self._stops -= 1
            if not self._stops:
                self._stopped += time.monotonic() - self._since


CLOCK = Clock()
"""Clock of this process."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which a job must stop.

    Attributes
    ----------
    end
        That moment in seconds of this process's `CLOCK`; infinite without a limit.
    """

    end: float = inf

    @classmethod
    def of(cls, limit: "TimeLimit") -> "Deadline":
        """Deadline after this many seconds, or never for None; a deadline is returned as it is.

        Raises
        ------
        InputError
            The number of seconds is negative, or no number.
        """
        if isinstance(limit, Deadline):
            return limit
        if limit is None:
            return cls()
        if isnan(limit) or limit < 0:
            raise InputError(f"the time limit must be 0 or more seconds, not {limit}")
        return cls(CLOCK.now() + limit)

    @property
    def passed(self) -> bool:
        """Whether it is time to stop."""
        return self.end < inf and CLOCK.now() >= self.end

    @property
    def seconds_left(self) -> float:
        """Seconds until then, 0 afterwards; infinite without a limit."""
        return max(self.end - CLOCK.now(), 0.0)

    def check(self) -> None:
        """Leave a computation that has no partial result.

        Raises
        ------
        DeadlinePassedError
            It is time to stop.
        """
        if self.passed:
            raise DeadlinePassedError("time ran out")

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and the given number of seconds from now."""
        return Deadline(min(self.end, CLOCK.now() + seconds))

    def share(self, part: float) -> "Deadline":
        """Deadline after the given part (0 to 1) of the remaining time."""
        return self.within(part * self.seconds_left)

    def later(self, seconds: float) -> "Deadline":
        """The same deadline, later by time that does not count (or, if negative, by time that is kept for something
        else).
        """
        return Deadline(self.end + seconds)

    def __reduce__(self) -> tuple[object, tuple[float]]:
        """Pickle by the machine's clock, since another process has stopped its own clock at other times."""
        return _from_machine, (self.end + CLOCK.stopped if isfinite(self.end) else self.end,)


def _from_machine(end: float) -> Deadline:
    return Deadline(end - CLOCK.stopped if isfinite(end) else end)


NEVER = Deadline()
"""Deadline of a job without a limit."""

TimeLimit = float | Deadline | None
"""Seconds, a deadline that a caller has set, or None for no limit."""
