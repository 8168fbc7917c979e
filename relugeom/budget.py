"""What a job may spend: its time, its threads, how much of everything it looks at, as one value that is handed down.

Imports the clock alone. Never read from a module by those who spend it: whoever wants another budget gives another one.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import TypedDict

from relugeom.deadline import Deadline, TimeLimit

__all__ = ["MOST_REGIONS", "SECONDS", "Budget", "Counts", "Limits", "Pace", "SearchBudget", "Shares", "StoreWaits"]

SECONDS, MOST_REGIONS = 120.0, 1_000_000
"""What an audit may spend where nobody says otherwise; the help of the command line shows it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The parts of an audit in their order, and the weights by which they share its time."""

    settling: float = 2.0
    enumeration: float = 8.0
    certificate: float = 3.0
    census: float = 2.0
    questions: float = 6.0
    margins: float = 1.0
    volumes: float = 1.0
    neighbours: float = 1.0
    decisions: float = 0.5
    ranges: float = 1.0
    unobserved: float = 0.5
    comparison: float = 1.0
    performance: float = 1.0
    groups: float = 1.0
    group_bounds: float = 1.0
    relevance: float = 1.0
    distances: float = 2.0
    report: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much an audit looks at, at most.

    Attributes
    ----------
    outputs, pairs
        Outputs whose ranges are asked, and pairs of an output and a feature whose directions are.
    late_looks
        Questions of which inputs are looked at even where there is no time left at all.
    candidates
        Samples from which the search for extreme inputs sets out.
    regions
        Regions of a list whose volumes, neighbours and decisions are measured; of longer ones, none are.
    analysed, shuffled, paths, distances
        Samples that are grouped and scored, shuffled, integrated along, and asked how far another decision is.
    maps
        Clusters, and regions, whose maps are tried on all samples.
    groups
        Groups of clusters.
    relevance
        Clusters whose features are told apart.
    drawn
        Samples that are drawn on maps.
    """

    outputs: int = 10
    pairs: int = 60
    late_looks: int = 10
    candidates: int = 10_000
    regions: int = 20_000
    analysed: int = 100_000
    shuffled: int = 10_000
    paths: int = 2_000
    distances: int = 40
    maps: int = 1_000
    groups: int = 100
    relevance: int = 10
    drawn: int = 50_000


class Limits(TypedDict, total=False):
    """Fields of a `Budget` that may be given by themselves."""

    time_limit: TimeLimit
    max_regions: int | None
    threads: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How many steps compiled code takes between two looks at the clock and at idle threads.

    Attributes
    ----------
    first, most
        Steps at first, and at most.
    seconds
        How far apart looks should be: where steps take longer, there are fewer between two.
    """

    first: int
    most: int
    seconds: float = 0.05

    def after(self, steps: int, seconds: float) -> int:
        """How many steps to take next, after so many that took so long."""
        faster = self.seconds / max(seconds, self.seconds / 8)
        return min(max(int(steps * faster), 1), self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBudget:
    """How a search for regions goes about its work; a COMPLETE answer does not depend on it.

    Attributes
    ----------
    pace
        Nodes between two looks at the clock and at idle threads.
    block_seconds
        Seconds between two blocks that are handed out.
    admissible_seconds
        Seconds for the question whether any input is admissible; undecided in that time, the search goes on.
    cone_dimensions, integer_dimensions
        Domains of at most so many dimensions are searched by the generators of their cells: in others there are too
        many, a cube has 2^d. The second counts where forms are integers: then generators are exact, and dictionaries
        would have no margin.
    """

    pace: Pace = Pace(16, 20_000)
    block_seconds: float = 5.0
    admissible_seconds: float = 10.0
    cone_dimensions: int = 5
    integer_dimensions: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreWaits:
    """How many seconds a store waits.

    Attributes
    ----------
    writer
        For another program that writes it.
    readers
        For readers that look at it as it was, when what was written last is moved into its file.
    sign
        Between two signs of life of a run.
    """

    writer: float = 30.0
    readers: float = 3.0
    sign: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an audit may spend.

    Attributes
    ----------
    time_limit
        Seconds, or a deadline, for the whole job; None for no limit. Compiling does not count.
    max_regions
        How many regions are listed at most; fewer where there is no time to store so many. None for no limit.
    threads
        How many threads enumerate; a COMPLETE answer does not depend on it.
    shares
        How the parts share the time.
    counts
        How much they look at.
    search
        How the search for regions goes about its work.
    proving
        Steps of the proof of a list of regions between two looks at the clock.
    storing
        How long the store waits for others.
    """

    time_limit: TimeLimit = SECONDS
    max_regions: int | None = MOST_REGIONS
    threads: int = 1
    shares: Shares = Shares()
    counts: Counts = Counts()
    search: SearchBudget = SearchBudget()
    proving: Pace = Pace(64, 50_000)
    storing: StoreWaits = StoreWaits()

    def begun(self) -> "Budget":
        """The same with its time running from now."""
        return replace(self, time_limit=Deadline.of(self.time_limit))

    def parameters(self) -> dict[str, object]:
        """What a store keeps of it: limits in numbers, the time that is left of a deadline."""
        seconds = self.time_limit.seconds_left if isinstance(self.time_limit, Deadline) else self.time_limit
        return {"max_regions": self.max_regions, "time_limit": None if seconds == inf else seconds}
