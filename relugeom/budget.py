"""What a job may spend: its time, its threads and how much of everything it examines, as one value that is handed down.

Imports only the clock. Nobody reads a budget from a module: to change it, pass another value.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import TypedDict

from relugeom.deadline import Deadline, TimeLimit
from relugeom.defaults import MOST_REGIONS, SECONDS

__all__ = [
    "MOST_REGIONS",
    "SECONDS",
    "Budget",
    "Counts",
    "EstimateBudget",
    "Limits",
    "Pace",
    "SearchBudget",
    "Shares",
    "StoreWaits",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Parts of an audit in their order, and the weights by which they share its time."""

    settling: float = 2.0
    enumeration: float = 8.0
    certificate: float = 3.0
    census: float = 2.0
    questions: float = 12.0
    margins: float = 1.0
    decisions: float = 0.5
    ranges: float = 1.0
    performance: float = 1.0
    groups: float = 1.0
    group_bounds: float = 1.0
    relevance: float = 1.0
    distances: float = 2.0
    neighbours: float = 1.0
    volumes: float = 1.0
    unobserved: float = 0.5
    comparison: float = 1.0
    report: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Upper limits on how much an audit examines.

    Attributes
    ----------
    outputs, pairs
        Outputs whose ranges are computed, and pairs of an output and a feature that are tested for monotonicity.
    late_looks
        Questions for which a few inputs are evaluated even if no time is left at all.
    leaves
        Longest list of regions on which the exact ranges of outputs are computed region by region.
    candidates
        Samples from which the search for extreme inputs starts.
    regions
        Longest list of regions whose volumes, neighbours and decisions are measured.
    analysed, shuffled, paths, distances
        Samples that are grouped and scored; shuffled; used for integrated gradients; and asked for their distance to
        another decision.
    maps
        Clusters, and regions, whose maps are applied to all samples.
    groups
        Groups of clusters.
    relevance
        Clusters whose features are tested for relevance.
    drawn
        Samples that are drawn in maps.
    """

    outputs: int = 10
    pairs: int = 60
    late_looks: int = 11
    leaves: int = 2_000
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
    """Fields of a `Budget` that may be given on their own."""

    time_limit: TimeLimit
    max_regions: int | None
    threads: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How many steps compiled code takes before it looks again at the clock and for idle threads.

    Attributes
    ----------
    first, most
        Steps in the first round, and the most in any round.
    seconds
        Time that should pass between two looks: the slower the steps, the fewer there are in between.
    """

    first: int
    most: int
    seconds: float = 0.05

    def after(self, steps: int, seconds: float) -> int:
        """Number of steps to take next, given how long the last ones took."""
        faster = self.seconds / max(seconds, self.seconds / 8)
        return min(max(int(steps * faster), 1), self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBudget:
    """How a search for regions goes about its work; a COMPLETE answer does not depend on it.

    Attributes
    ----------
    pace
        Nodes between two looks at the clock and for idle threads.
    block_seconds
        Seconds between two blocks of regions that are handed out.
    admissible_seconds
        Seconds to decide whether any input is admissible; if that is not enough, the search starts anyway.
    cone_dimensions, integer_dimensions
        Domains of at most this many dimensions are searched by the generators of their cells; with more dimensions
        there are too many generators (a cube has 2^d). The second limit applies where forms are integers: there
        generators are exact, and dictionaries would have no margin.
    """

    pace: Pace = Pace(4, 20_000)
    block_seconds: float = 5.0
    admissible_seconds: float = 10.0
    cone_dimensions: int = 5
    integer_dimensions: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateBudget:
    """How an estimate of the number of regions goes about its work.

    Attributes
    ----------
    listing, listing_seconds
        Part of the time for a search that may list all regions; its seconds if there is no limit of time.
    groups
        Independent groups of random descents that go down the tree together, at least 2.
    widths
        Descents per group, ascending: the first batch has the first, and later ones have more if there is time for it.
    batches
        Most batches of the last width.
    most_entries
        Most numbers in the dictionaries of one batch; wider batches are left out.
    """

    listing: float = 1 / 3
    listing_seconds: float = 1.0
    groups: int = 16
    widths: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    batches: int = 8
    most_entries: int = 1 << 23


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
        Seconds or a deadline for the whole job; None for no limit. Compilation does not count.
    max_regions
        At most this many regions are listed, or fewer if there is no time to store that many. None for no limit.
    threads
        Number of threads that enumerate; a COMPLETE answer does not depend on it.
    shares
        How the parts share the time.
    counts
        How much the parts examine.
    search
        How the search for regions goes about its work.
    proving
        Steps between two looks at the clock while a list of regions is proved.
    storing
        How long the store waits for others.
    """

    time_limit: TimeLimit = SECONDS
    max_regions: int | None = MOST_REGIONS
    threads: int = 1
    shares: Shares = Shares()
    counts: Counts = Counts()
    search: SearchBudget = SearchBudget()
    proving: Pace = Pace(4, 50_000)
    storing: StoreWaits = StoreWaits()

    def begun(self) -> "Budget":
        """The same budget, with its time running from now."""
        return replace(self, time_limit=Deadline.of(self.time_limit))

    def parameters(self) -> dict[str, object]:
        """Parameters that a store keeps: the limits as numbers, and the time left until a deadline."""
        seconds = self.time_limit.seconds_left if isinstance(self.time_limit, Deadline) else self.time_limit
        return {"max_regions": self.max_regions, "time_limit": None if seconds == inf else seconds}
