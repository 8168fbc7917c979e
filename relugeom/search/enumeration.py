"""Enumeration of the activation regions of a network over a domain: the front door, with honest limits."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from flint import fmpq

from relugeom.budget import SearchBudget
from relugeom.deadline import CLOCK, NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.forms import float_point, is_float_point
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSolver
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pack_patterns, packed_width, unpack_patterns
from relugeom.partition.found import Found, RegionBlock, SearchProgress, join_blocks
from relugeom.partition.partition import Partition, PartitionStatus, TreeToken, check_inputs
from relugeom.partition.tree import cut_tree, unexplored_subtrees, without_empty_nodes
from relugeom.search.admissible import check_admissible
from relugeom.search.reference import ReferenceSearch
from relugeom.search.region_points import embed_points

__all__ = [
    "INTERRUPTED",
    "check_limits",
    "enumerate_by_reference",
    "enumerate_regions",
    "known_block",
    "partition_from_blocks",
]

PART_SEARCHING = 1 / 2
"""Part of the time for the search if some inputs follow from others: the rest is for points in rationals."""
USUAL = SearchBudget()
INTERRUPTED = "interrupted"
"""Reason of a list that Ctrl-C cut short."""


def enumerate_regions(
    network: ReLUNetwork,
    domain: Domain,
    *,
    threads: int = 1,
    max_regions: int | None = None,
    time_limit: TimeLimit = None,
    resume: Partition | None = None,
    budget: SearchBudget = USUAL,
    on_progress: Callable[[SearchProgress], None] | None = None,
    on_block: Callable[[RegionBlock], None] | None = None,
) -> Partition:
    """List every activation region whose interior, relative to the domain's affine hull, is not empty.

    Parameters
    ----------
    threads
        Number of threads that search; a COMPLETE answer does not depend on it.
    max_regions
        Return at most this many regions, the first in tree order; if there are more, the partition is TRUNCATED.
    time_limit
        Seconds or a deadline; the search then stops with the regions that were found without a gap. Compilation does
        not count.
    resume
        A TRUNCATED partition of the same network and domain: its regions are taken over, and the search continues after
        them. The limit of regions counts them, too.
    budget
        How the search goes about its work.
    on_progress
        Called from time to time with the progress of the search.
    on_block
        Called every few seconds with the regions found since the previous call, in tree order and without a gap, so
        that a killed search can be resumed (`partition_from_blocks`). Regions that are found after the last call are
        only in the answer.

    Returns
    -------
    Partition
        COMPLETE, or TRUNCATED with the reason (a limit, or an interrupt from the keyboard).

    Raises
    ------
    EmptyDomainError
        No input satisfies the domain, or none of those that do meets its integer rules.
    InputError
        The domain has another number of inputs than the network, a limit is not positive, or `resume` is about another
        network or domain.
    """
    began, deadline = CLOCK.now(), Deadline.of(time_limit)
    check_inputs(network, domain)
    check_limits(threads, max_regions)
    if resume is not None and (resume.network != network or resume.domain != domain):
        raise InputError(f"{resume!r} cannot be resumed: it is about another network or another domain")
    if resume is not None and not resume.is_searched:
        raise InputError(f"{resume!r} cannot be resumed: samples named its regions, no search found them")
    if domain.has_integers:
        check_admissible(
            domain, time_limit=deadline.within(budget.admissible_seconds)
        )  # undecided in that time: the search starts anyway
    if network.units == 0:
        return enumerate_by_reference(network, domain)
    if resume is not None and (
        resume.status is PartitionStatus.COMPLETE or (max_regions is not None and len(resume) >= max_regions)
    ):
        return resume
    # Compiled code is loaded when it is needed.
    from relugeom.search.pool import EarlyEnd, Limits, Listeners, search_regions
    from relugeom.search.setup import Setup

    chart = domain_chart(domain)
    setup = Setup.in_row_space(network, chart, budget)
    known, blocks, last = 0, [], None
    if resume is not None and len(resume):
        known = len(resume)
        blocks = [known_block(resume)]
        last = unpack_patterns(resume.packed[-1:], network.units)[0].astype(int).tolist()
    on_found = None if on_block is None else lambda found: on_block(_block(chart, network, found))
    on_step = None if on_progress is None else lambda step: on_progress(replace(step, known=known))
    listeners = Listeners(on_step, on_found, budget.block_seconds)
    searching = deadline.share(PART_SEARCHING) if _tied_inputs(chart) else deadline
    limits = Limits(None if max_regions is None else max_regions - known, searching)
    found, end = search_regions(setup, limits, threads=threads, last=last, listeners=listeners)
    blocks.append(_block(chart, network, found, deadline))
    if len(blocks[-1].packed) < found.count:
        max_regions, end = known + len(blocks[-1].packed), EarlyEnd.LATE
    seconds = CLOCK.now() - began + (0.0 if resume is None else resume.seconds)
    reason = {None: "", EarlyEnd.LATE: _time_limit(time_limit), EarlyEnd.INTERRUPTED: INTERRUPTED}[end]
    return _assemble(network, chart, blocks, max_regions=max_regions, reason=reason, seconds=seconds)


def partition_from_blocks(
    network: ReLUNetwork, domain: Domain, blocks: Sequence[RegionBlock], *, reason: str, seconds: float = 0.0
) -> Partition:
    """Partition, TRUNCATED for the reason given, that a search had found when it handed out its last block.

    Parameters
    ----------
    blocks
        All blocks of the search in order; the first one stands for the partition that it resumed.
    """
    return _assemble(network, domain_chart(domain), blocks, max_regions=None, reason=reason, seconds=seconds)


def enumerate_by_reference(
    network: ReLUNetwork,
    domain: Domain,
    *,
    max_regions: int | None = None,
    time_limit: TimeLimit = None,
    solver: LPSolver | None = None,
) -> Partition:
    """List the regions with the plain enumerator, one linear program per question, to check the engine.

    The parameters are those of `enumerate_regions`; `solver` is the float backend that proposes (HiGHS by default).
    """
    check_inputs(network, domain)
    check_limits(1, max_regions)
    began, deadline, reason = CLOCK.now(), Deadline.of(time_limit), ""
    chart = domain_chart(domain)
    search = ReferenceSearch(network, chart, solver or HighsSolver(), deadline=deadline)
    bits: list[tuple[int, ...]] = []
    points: list[FloatArray] = []
    exact_points: dict[int, Sequence[fmpq]] = {}
    try:
        for leaf in search:
            points.append(float_point(leaf.point))
            if not is_float_point(leaf.point, points[-1]):
                exact_points[len(bits)] = leaf.point
            bits.append(leaf.bits)
            if search.unexplored and len(bits) == max_regions:
                reason = _region_limit(max_regions)
                break
            if search.unexplored and deadline.passed:
                reason = _time_limit(time_limit)
                break
    except DeadlinePassedError:
        reason = _time_limit(time_limit)
    except KeyboardInterrupt:
        reason = INTERRUPTED
    found = Found(
        packed=[pack_patterns(np.array(bits, dtype=np.bool_).reshape(len(bits), network.units))],
        points=[np.array(points).reshape(len(points), chart.dimension)],
        exact_points={row: list(point) for row, point in exact_points.items()},
        tokens=[np.array(search.tree, dtype=np.uint8)],
        count=len(bits),
    )
    seconds = CLOCK.now() - began
    blocks = [_block(chart, network, found)]
    return _assemble(network, chart, blocks, max_regions=max_regions, reason=reason, seconds=seconds)


def check_limits(threads: int, max_regions: int | None) -> None:
    """Raise if a limit of a search is not positive."""
    if threads < 1:
        raise InputError(f"the number of threads must be at least 1, not {threads}")
    if max_regions is not None and max_regions < 1:
        raise InputError(f"the limit of regions must be at least 1, not {max_regions}")


def _region_limit(count: int) -> str:
    return f"stopped after {count:,} regions"


def _time_limit(limit: TimeLimit) -> str:
    return f"stopped after {limit:g} seconds" if isinstance(limit, int | float) else "stopped because time ran out"


def _block(chart: Chart, network: ReLUNetwork, found: Found, deadline: Deadline = NEVER) -> RegionBlock:
    """Findings of a search, in inputs of the network; some regions are missing if there is no time for their points."""
    # The empty columns in front stand for a search that found nothing.
    packed = np.concatenate([np.zeros((0, packed_width(network.units)), dtype=np.uint8), *found.packed])
    points = np.concatenate([np.zeros((0, chart.dimension)), *found.points])
    tokens = np.concatenate([np.zeros(0, dtype=np.uint8), *found.tokens])
    columns, rationals = embed_points(chart, network, packed, points, found.exact_points, deadline)
    return RegionBlock(packed[: len(columns)], columns, rationals, tokens, tuple(found.empty_leaves))


def known_block(partition: Partition) -> RegionBlock:
    """A truncated partition up to its last region."""
    known = partition.tree[partition.tree != TreeToken.UNEXPLORED]
    tokens = cut_tree(known, partition.network.units, len(partition))
    return RegionBlock(partition.packed, partition.points, partition.exact_points, tokens, ())


def _assemble(
    network: ReLUNetwork,
    chart: Chart,
    blocks: Sequence[RegionBlock],
    *,
    max_regions: int | None,
    reason: str,
    seconds: float,
) -> Partition:
    """Partition from blocks; the reason is used if something is missing."""
    packed, points, exact_points, tokens, empty_leaves = join_blocks(blocks)
    tree = without_empty_nodes(tokens, network.units, empty_leaves)
    if max_regions is not None and len(packed) >= max_regions:
        packed, points, tree = packed[:max_regions], points[:max_regions], cut_tree(tree, network.units, max_regions)
    missing = unexplored_subtrees(tree, len(packed))
    return Partition(
        network=network,
        domain=chart.domain,
        packed=packed,
        points=points,
        tree=np.concatenate([tree, np.full(missing, TreeToken.UNEXPLORED, dtype=np.uint8)]),
        dimension=chart.dimension,
        exact_points={row: point for row, point in exact_points.items() if row < len(packed)},
        status=PartitionStatus.TRUNCATED if missing else PartitionStatus.COMPLETE,
        reason=(reason or _region_limit(len(packed))) if missing else "",
        seconds=seconds,
    )


def _tied_inputs(chart: Chart) -> bool:
    """Whether inputs follow from others, so that points of the domain are sums, and most of them not floats."""
    others = set(range(chart.domain.inputs)).difference(chart.free)
    return any(chart.lift[index, column] for index in others for column in range(chart.dimension))
