"""How long a job may take: one moment, set where the job begins and handed down to every step of it.

A public function takes a `TimeLimit`, which is seconds, None for no limit, or a `Deadline` that a caller has set, and
turns it into a `Deadline` in its first line; from there on the value is handed down. A step that can say what it has
done so far asks whether the deadline has `passed`; one that cannot lets `check` raise, and the function that set the
deadline catches that. The clock only stops: what an answer is depends on the work that was done.
"""

import time
from dataclasses import dataclass
from math import inf, isnan

from relugeom.errors import DeadlinePassedError, InputError

__all__ = ["NEVER", "Deadline", "TimeLimit"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which a job must stop.

    Attributes
    ----------
    end
        That moment in seconds of `time.monotonic`, which all processes of a machine share; infinite without a limit.
    """

    end: float = inf

    @classmethod
    def of(cls, limit: "TimeLimit") -> "Deadline":
        """So many seconds from now, never for None; a deadline is returned as it is.

        Raises
        ------
        InputError
            The number of seconds is not positive.
        """
        if isinstance(limit, Deadline):
            return limit
        if limit is None:
            return cls()
        if isnan(limit) or limit <= 0:
            raise InputError(f"the time limit must be a positive number of seconds, not {limit}")
        return cls(time.monotonic() + limit)

    @property
    def passed(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.end

    @property
    def seconds_left(self) -> float:
        """Seconds until then, 0 afterwards; infinite without a limit."""
        return max(self.end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Leave a computation that has nothing to show until it ends.

        Raises
        ------
        DeadlinePassedError
            It is time to stop.
        """
        if self.passed:
            raise DeadlinePassedError("the time limit is over")

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and so many seconds from now."""
        return Deadline(min(self.end, time.monotonic() + seconds))

    def share(self, part: float) -> "Deadline":
        """A deadline after so large a part (0 to 1) of the time that is left."""
        return self.within(part * self.seconds_left)

    def later(self, seconds: float) -> "Deadline":
        """The same, moved back by time that does not count."""
        return Deadline(self.end + seconds)


NEVER = Deadline()
"""The deadline of a job without a limit."""

TimeLimit = float | Deadline | None
"""Seconds, a moment that a caller has set, or None for no limit."""
