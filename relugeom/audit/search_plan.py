"""The plan of an audit's search for regions: if the list cannot be finished, most of its time goes to other parts.

A list that would be finished, but is larger than the artefacts of an audit should be, is not made unless it is asked
for. That depends on counts alone, so it does not vary from one run to the next as times do.

Before a search that may be long, a small part of the time goes to an estimate of the number of regions. It decides only
how long the search may take, and what the user is told; what is found, proved and answered never depends on it in
another way.
"""

from enum import StrEnum
from math import isinf
from typing import NamedTuple

from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.search.estimate import SECONDS, RegionEstimate, estimate_regions, most_regions
from relugeom.search.estimate_words import count_in_words, estimate_in_words

__all__ = ["WHOLE_TIME", "Listing", "SearchLimits", "SearchPlan", "choose_plan", "plan_search"]

FEW = 20_000
"""Numbers of regions that are listed without a plan."""
PART = 1 / 12
"""Part of the time for the estimate, and no more than an estimate usually takes."""
AGAIN = 3.0
"""Time of a second estimate where the first one knows nothing, in that of the first."""
LEAST_SECONDS = 1.0
"""Less time may not be enough for an estimate; then regions that hold samples come first."""
SHORTENED = 1 / 4
"""Part of its time that a search takes if the list cannot be finished."""
NOT_LISTED = "the partition is not listed; the regions that hold your data, and statements about the whole domain, are"
DOUBT = 2.0
"""How many times as long as there is time the search must be expected to take, at the low end of the estimate."""


class Listing(StrEnum):
    """Regions that an audit lists: ALL, as far as limits allow; those that are OBSERVED, which hold samples; or these
    and their NEIGHBOURS.
    """

    ALL = "all"
    OBSERVED = "observed"
    NEIGHBOURS = "neighbours"


class SearchPlan(NamedTuple):
    """What is listed.

    Attributes
    ----------
    part
        Part of its time that the search takes.
    remark
        Why it is not all of it, in words, or empty.
    listing
        Whether all regions are searched for, or only those that hold samples are listed, if there are any.
    """

    part: float
    remark: str
    listing: Listing = Listing.ALL


WHOLE_TIME = SearchPlan(1.0, "")


class SearchLimits(NamedTuple):
    """What a search may take.

    Attributes
    ----------
    deadline
        End of the whole audit.
    searching
        Seconds that the search has.
    most
        Most regions that are listed; None for all.
    room
        Most regions that a store should have if nobody asked for more; None if somebody did.
    threads
        Threads that search.
    """

    deadline: Deadline
    searching: float
    most: int | None
    threads: int
    room: int | None = None


def plan_search(network: ReLUNetwork, domain: Domain, limits: SearchLimits) -> SearchPlan:
    """Estimate the number of regions if the search may be long, and choose its part of the time."""
    seconds = min(PART * limits.deadline.seconds_left, SECONDS)
    if isinf(limits.deadline.end) or most_regions(network.widths, network.inputs) <= FEW:
        return WHOLE_TIME
    found = estimate_regions(network, domain, time_limit=limits.deadline.within(seconds))
    if found.count is None and not found.exact:
        if seconds < LEAST_SECONDS:
            return SearchPlan(SHORTENED, f"too little time to count the regions: {NOT_LISTED}", Listing.OBSERVED)
        # code that is still being compiled ends no descent in this time
        found = estimate_regions(network, domain, time_limit=limits.deadline.within(AGAIN * seconds))
    return choose_plan(found, limits)


def choose_plan(found: RegionEstimate, limits: SearchLimits) -> SearchPlan:
    """The plan for a number of regions that was estimated."""
    if found.exact or found.count is None or found.expected_seconds is None:
        return WHOLE_TIME
    least_seconds = found.expected_seconds * (found.low / found.count) / limits.threads
    is_too_long = least_seconds > DOUBT * limits.searching
    is_too_many = limits.most is not None and found.low > limits.most
    has_room = limits.room is None or found.count <= limits.room
    if has_room and not (is_too_long or is_too_many):
        return WHOLE_TIME
    if has_room and not is_too_long:
        begins = f"the domain has {estimate_in_words(found)}: the list of regions will be cut short"
        return SearchPlan(1.0, f"{begins} after {limits.most:,} of them")
    return SearchPlan(SHORTENED, f"{count_in_words(found)} regions: {NOT_LISTED}", Listing.OBSERVED)
