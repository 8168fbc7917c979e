"""Estimates of the number of regions in words, with the few digits that they deserve."""

from math import isinf

from relugeom.search.estimate import RegionEstimate

__all__ = ["count_in_words", "duration_in_words", "estimate_in_words", "interval_in_words", "pace_in_words", "rounded"]

LARGE = 1_000_000
"""Numbers from here on are written as powers of ten."""
UNITS = ((86_400 * 365.25, "years"), (86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes"))


def rounded(number: int) -> str:
    """A number of two digits that are meant: ``930``, ``1,400`` or ``1.4 · 10^6``."""
    digits = len(str(number))
    if digits > 2:
        step = 10 ** (digits - 2)
        number = (number + step // 2) // step * step
    if number < LARGE:
        return f"{number:,}"
    digits = len(str(number))
    return f"{number // 10 ** (digits - 2) / 10} · 10^{digits - 1}"


def count_in_words(found: RegionEstimate) -> str:
    """The number of regions, as far as it is known."""
    if found.exact:
        return f"{found.count:,}, all of which were listed"
    return "no estimate in this time" if found.count is None else f"about {rounded(found.count)}"


def interval_in_words(found: RegionEstimate) -> str:
    """The interval around an estimate."""
    return f"{rounded(found.low)} to {rounded(found.high)}"


def duration_in_words(found: RegionEstimate) -> str:
    """Time of a search for all regions."""
    seconds = found.expected_seconds
    if seconds is None:
        return "unknown time"
    if isinf(seconds):
        return "time beyond all measure"
    for size, name in UNITS:
        if seconds >= 2.0 * size:
            return f"about {rounded(round(seconds / size))} {name}"
    return f"about {seconds:.2g} s"


def pace_in_words(found: RegionEstimate) -> str:
    """What the time of a search is based on."""
    if found.exact or found.pace is None:
        return ""
    code = "" if found.machine_code else " before compilation, which makes it a few hundred times as fast"
    return f", from {rounded(max(round(found.pace), 1))} regions per second{code}"


def estimate_in_words(found: RegionEstimate) -> str:
    """A clause such as ``about 1.4 · 10^6 regions (8.9 · 10^5 to 2.2 · 10^6), which take about 50 s``."""
    if found.count is None:
        return f"{rounded(found.low)} to {rounded(found.high)} regions"
    interval = "" if found.exact else f" ({interval_in_words(found)})"
    count = f"{found.count:,}" if found.exact else f"about {rounded(found.count)}"
    return f"{count} regions{interval}, which take {duration_in_words(found)} to list on one thread"
