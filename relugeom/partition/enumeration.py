"""Every activation region of a network over a domain: the front door, with honest limits."""

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from flint import fmpq

from relugeom.errors import InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.forms import float_point
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSolver
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pack_patterns
from relugeom.partition.partition import Partition, PartitionStatus, TreeToken
from relugeom.partition.reference import ReferenceSearch

__all__ = ["check_inputs", "enumerate_regions"]


def enumerate_regions(
    network: ReLUNetwork,
    domain: Domain,
    *,
    max_regions: int | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[int], None] | None = None,
    solver: LPSolver | None = None,
) -> Partition:
    """List every activation region whose interior, relative to the domain's affine hull, is not empty.

    Parameters
    ----------
    max_regions
        Stop after the first so many regions in tree order; the partition is then TRUNCATED.
    time_limit
        Stop after so many seconds with what was found.
    on_progress
        Called after each region with the number found so far.
    solver
        The float backend that proposes; HiGHS by default. Verdicts do not depend on it.

    Returns
    -------
    Partition
        COMPLETE, or TRUNCATED with the reason (a limit, or an interrupt from the keyboard).

    Raises
    ------
    DomainError
        The domain has another number of inputs than the network, or no input satisfies it.
    InputError
        A limit is not positive.
    """
    check_inputs(network, domain)
    if max_regions is not None and max_regions < 1:
        raise InputError(f"the limit of regions must be at least 1, not {max_regions}")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"the time limit must be a positive number of seconds, not {time_limit}")
    start = time.perf_counter()
    chart = domain_chart(domain)
    search = ReferenceSearch(network, chart, solver or HighsSolver())
    bits: list[tuple[int, ...]] = []
    points: list[FloatArray] = []
    exact_points: dict[int, tuple[Fraction, ...]] = {}
    reason = ""
    try:
        for leaf in search:
            point = chart.embed(leaf.point)
            nearest = float_point(point)
            if not _is_float_point(point, nearest):
                exact_points[len(bits)] = tuple(Fraction(int(x.p), int(x.q)) for x in point)
            bits.append(leaf.bits)
            points.append(nearest)
            if on_progress is not None:
                on_progress(len(bits))
            if search.unexplored and len(bits) == max_regions:
                reason = f"stopped after {max_regions:,} regions"
                break
            if search.unexplored and time_limit is not None and time.perf_counter() - start > time_limit:
                reason = f"stopped after {time_limit:g} seconds"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    table = np.array(bits, dtype=np.bool_).reshape(len(bits), network.units)
    return Partition(
        network=network,
        domain=domain,
        packed=pack_patterns(table),
        points=np.array(points).reshape(len(points), network.inputs),
        tree=np.array(search.tree + [TreeToken.UNEXPLORED] * search.unexplored, dtype=np.uint8),
        dimension=chart.dimension,
        exact_points=exact_points,
        status=PartitionStatus.TRUNCATED if reason else PartitionStatus.COMPLETE,
        reason=reason,
        seconds=time.perf_counter() - start,
    )


def check_inputs(network: ReLUNetwork, domain: Domain) -> None:
    """Raise where a network and a domain do not have the same number of inputs."""
    if network.inputs != domain.inputs:
        raise InputError(f"the network has {network.inputs} inputs, but the domain has {domain.inputs}")


def _is_float_point(point: list[fmpq], nearest: FloatArray) -> bool:
    """Whether a rational point is the float64 point nearest to it."""
    return all(fmpq(*float(x).as_integer_ratio()) == exact for x, exact in zip(nearest, point, strict=True))
