"""What a job may spend: its time, its threads, how much of everything it looks at, as one value that is handed down.

Imports the clock alone. Never read from a module by those who spend it: whoever wants another budget gives another one.
"""

from dataclasses import dataclass

from relugeom.deadline import TimeLimit

__all__ = ["MOST_REGIONS", "SECONDS", "Budget", "Counts", "Shares"]

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
    """

    time_limit: TimeLimit = SECONDS
    max_regions: int | None = MOST_REGIONS
    threads: int = 1
    shares: Shares = Shares()
    counts: Counts = Counts()
