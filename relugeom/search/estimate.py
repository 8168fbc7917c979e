"""How many regions a search will find, and how long it will take: an estimate, before the search begins.

A part of the time goes to the search itself: a small network is listed completely, and the answer is exact; of a large
one it is seen how fast regions are found. The rest goes to random descents of the split tree (`descents.py`). An
estimate is no proof, and nothing that is proved depends on one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp, inf, isfinite, log, log10

import numpy as np

from relugeom.budget import EstimateBudget
from relugeom.deadline import CLOCK, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import ByteArray, FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import enumerate_regions

__all__ = ["SECONDS", "EstimateStatus", "RegionEstimate", "estimate_regions", "interval_of_mean", "most_regions"]

SECONDS = 2.0
"""Usual time of an estimate."""
USUAL = EstimateBudget()
CONFIDENCE = 0.95
WIDER = 1.15
"""Factor on the logarithm of the interval: samples of a heavy tail mostly miss its end."""
LONGER = 0.75
"""Largest part by which the upper side is longer still: tails are heavier than log-normal where they are very heavy."""
LARGEST = 10**1000
"""Larger numbers are not told apart."""
SMALLEST = 0.005
"""Least half-width of an interval that is not exact, relatively: floats miss what is thinner than they can tell."""
FASTER = 400.0
"""How many times as fast as interpreted code machine code finds regions, roughly: 200 to 1,000 times were measured."""
GROWTH = 1.1
"""Time of a batch, in that of the batch before it times the ratio of their widths, at most but roughly."""
STRIDE = 8
"""Largest ratio of the widths of two batches in a row."""


class EstimateStatus(StrEnum):
    """What is known about a number of regions: all were listed, it is estimated, or only bounds are known."""

    COMPLETE = "complete"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEstimate:
    """The number of activation regions of a network over a domain, as far as it is known before a search.

    Attributes
    ----------
    count
        The number of regions if `exact`, else an estimate of it, unbiased until it is cut to what is possible: no fewer
        than the patterns that were met, no more than `most_regions`. None if no descent ended in time.
    low, high
        An interval that contains the number with the given confidence; both are `count` if it is exact. Numbers beyond
        10^1000 are given as 10^1000.
    exact
        Whether all regions were listed, so that nothing is estimated.
    descents
        Number of random descents that the estimate is based on.
    patterns
        Number of distinct patterns of regions that were met.
    seconds
        Time that the estimate took.
    expected_seconds
        Time that a search for all regions would take on one thread; None if that is not known.
    pace
        Regions per second of a short search, on which `expected_seconds` is based; None if it found none.
    machine_code
        Whether that search ran in machine code. If not, a longer one is expected to be a few hundred times as fast.
    seed
        Seed of the random descents.
    """

    count: int | None
    low: int
    high: int
    confidence: float
    exact: bool
    descents: int
    patterns: int
    seconds: float
    expected_seconds: float | None
    pace: float | None
    machine_code: bool
    seed: int

    @property
    def status(self) -> EstimateStatus:
        """What is known about the number."""
        if self.exact:
            return EstimateStatus.COMPLETE
        return EstimateStatus.UNKNOWN if self.count is None else EstimateStatus.ESTIMATED


def estimate_regions(
    network: ReLUNetwork,
    domain: Domain,
    *,
    time_limit: TimeLimit = SECONDS,
    seed: int = 0,
    budget: EstimateBudget = USUAL,
) -> RegionEstimate:
    """Estimate the number of activation regions and the time that `enumerate_regions` would take.

    Parameters
    ----------
    time_limit
        Seconds or a deadline for the estimate; more time makes the interval smaller.
    seed
        Seed of the random descents.
    budget
        How many descents are made at a time.

    Raises
    ------
    EmptyDomainError
        No input satisfies the domain, or none of those that do meets its integer rules.
    InputError
        The domain has another number of inputs than the network, or the limit is not positive.

    References
    ----------
    Knuth, "Estimating the efficiency of backtrack programs", *Mathematics of Computation* 29 (1975); see `descents.py`
    for the sampler and `interval_of_mean` for the interval.
    """
    from relugeom.geometry.compiled import only_kept_code

    began, deadline = CLOCK.now(), Deadline.of(time_limit)
    sampled, machine_code = None, False
    with only_kept_code():
        listing = deadline.share(budget.listing) if isfinite(deadline.end) else deadline.within(budget.listing_seconds)
        partition = enumerate_regions(network, domain, time_limit=listing)
        if partition.status is not PartitionStatus.COMPLETE:
            sampled, machine_code = _sample(network, domain, seed, budget, deadline)
            if sampled is not None and sampled.exhausted and not deadline.passed:
                partition = enumerate_regions(network, domain, time_limit=deadline, resume=partition)
    exact = partition.status is PartitionStatus.COMPLETE
    pace = len(partition) / partition.seconds if len(partition) and partition.seconds else None
    known = _listed(partition) if exact else _bounded(partition, sampled)
    expected = None if pace is None or known.count is None else _expected_seconds(known.count, pace, machine_code)
    return RegionEstimate(
        count=known.count,
        low=known.low,
        high=known.high,
        confidence=known.confidence,
        exact=exact,
        descents=0 if sampled is None else sampled.descents,
        patterns=known.patterns,
        seconds=CLOCK.now() - began,
        expected_seconds=partition.seconds if exact else expected,
        pace=pace,
        machine_code=machine_code,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """Batches of equal width: the logarithms of the groups' estimates, and the patterns of all descents so far."""

    logs: FloatArray
    packed: ByteArray
    descents: int
    exhausted: bool


def _sample(
    network: ReLUNetwork, domain: Domain, seed: int, budget: EstimateBudget, deadline: Deadline
) -> tuple[_Sampled | None, bool]:
    """Wider and wider batches of descents while there is time, of which the widest count; None if there was no time.

    Also whether machine code searches the network.
    """
    from relugeom.geometry.compiled import has_code
    from relugeom.search.cone_search import search_cones
    from relugeom.search.descents import SplitTree, descend
    from relugeom.search.kernel import search
    from relugeom.search.setup import Setup
    from relugeom.search.strategies import BY_CONES, first_position

    setup = Setup(network, domain_chart(domain))
    tree, found = SplitTree(setup), None
    fits = budget.most_entries // (budget.groups * max(setup.dimension, 1) * (min(setup.units, 64) + 1))
    widths = [width for width in budget.widths if width <= fits] or [1]
    width, batch = widths[0], 0
    while batch < budget.batches and not deadline.passed:
        began, random = CLOCK.now(), np.random.default_rng([seed, width, batch])
        try:
            new = descend(tree, groups=budget.groups, width=width, random=random, deadline=deadline)
        except DeadlinePassedError:
            break
        sampled = _Sampled(new.logs, new.packed, new.descents, new.exhausted)
        found = sampled if found is None else _joined(found, sampled, wider=batch == 0)
        most = width * deadline.seconds_left / max(GROWTH * (CLOCK.now() - began), 1e-9)
        if new.exhausted or most < width:
            break
        wider = [each for each in widths if width < each <= min(most, STRIDE * width)] if batch == 0 else []
        width, batch = (wider[-1], 0) if wider else (width, batch + 1)
    return found, has_code(search_cones if first_position(setup)[0] is BY_CONES else search)


def _joined(before: _Sampled, new: _Sampled, *, wider: bool) -> _Sampled:
    """Two batches: all patterns, and the estimates of both or, of batches of unequal width, of the wider."""
    packed = np.unique(np.concatenate([before.packed, new.packed]), axis=0)
    if wider:
        return replace(new, packed=packed)
    return _Sampled(np.concatenate([before.logs, new.logs]), packed, before.descents + new.descents, new.exhausted)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known about the number of regions, and how many patterns of regions were met."""

    count: int | None
    low: int
    high: int
    confidence: float
    patterns: int


def _listed(partition: Partition) -> _Known:
    """A number of regions that were all listed."""
    count = len(partition)
    return _Known(count, count, count, 1.0, count)


def _bounded(partition: Partition, sampled: _Sampled | None) -> _Known:
    """Estimate and interval, between the number of patterns that were met and the most that there can be."""
    packed = [partition.packed] if sampled is None else [partition.packed, sampled.packed]
    met = len(np.unique(np.concatenate(packed), axis=0))
    most = most_regions(partition.network.widths, partition.dimension)
    if sampled is None:
        return _Known(None, met, most, 1.0, met)
    count, low, high = (min(max(_whole(value), met), most) for value in interval_of_mean(sampled.logs))
    return _Known(count, low, high, CONFIDENCE, met)


def interval_of_mean(logs: FloatArray) -> tuple[float, float, float]:
    """Logarithms of the mean of positive numbers, and of the two ends of an interval for their expectation.

    Two intervals are joined. One is Student's, with the standard error carried over to the logarithm. The other is that
    of a log-normal distribution with the observed mean and variance of the logarithms (Cox's method, with Student's
    quantile): it reaches farther up if the sample is likely to have missed the end of a heavy tail.

    References
    ----------
    Olsson, "Confidence intervals for the mean of a log-normal distribution", *Journal of Statistics Education* 13
    (2005).
    """
    size, top = len(logs), float(logs.max())
    scaled = np.exp(logs - top)
    mean = float(scaled.mean())
    from scipy.special import stdtrit  # loaded only here, as it takes long

    quantile = WIDER * float(stdtrit(size - 1, 0.5 + CONFIDENCE / 2))
    plain = quantile * log(1.0 + float(scaled.var(ddof=1)) / mean**2 / size) ** 0.5
    centre, variance = log(mean) + top, float(logs.var(ddof=1))
    normal = float(logs.mean()) + variance / 2.0
    spread = quantile * (variance / size + variance**2 / (2.0 * (size - 1))) ** 0.5
    below = max(plain, centre - normal + spread, SMALLEST)
    above = max(plain, normal + spread - centre, SMALLEST)
    return centre, centre - below, centre + above * (1.0 + min(above / 2.0, LONGER))


def most_regions(widths: Sequence[int], dimension: int) -> int:
    """An upper bound on the number of regions of any network with these hidden layers, on a domain of d dimensions.

    It is at most 10^1000, which stands for all larger ones.

    On a region of the layers below, the pre-activations of a layer depend on at most as many coordinates as the domain
    and each of those layers have; n hyperplanes in k dimensions make at most Σ_{j ≤ k} C(n, j) regions.

    References
    ----------
    Zaslavsky, *Facing up to arrangements* (1975); Raghu et al., "On the expressive power of deep neural networks",
    ICML (2017).
    """
    most = 1
    for width in widths:
        dimension = min(dimension, width)
        term = total = 1
        for k in range(1, dimension + 1):
            term = term * (width - k + 1) // k
            total += term
            if most * total >= LARGEST:
                return LARGEST
        most *= total
    return most


def _whole(logarithm: float) -> int:
    """The whole number nearest to e to this power; of a very large one only the first digits mean something."""
    digits = logarithm / log(10.0)
    if digits < 15:
        return round(exp(logarithm))
    first = round(10.0 ** (digits % 1.0) * 1e15)
    return int(first * 10 ** (int(digits) - 15))


def _expected_seconds(count: int, pace: float, machine_code: bool) -> float:
    """Time of a search on one thread; of an interpreted one, the time until it is compiled and that in machine code."""
    from relugeom.geometry.compiled import COMPILE_AFTER

    exponent = log10(count) - log10(pace)
    seconds = 10.0**exponent if exponent < 300 else inf
    if machine_code or seconds <= COMPILE_AFTER:
        return seconds
    return COMPILE_AFTER + (seconds - COMPILE_AFTER) / FASTER
