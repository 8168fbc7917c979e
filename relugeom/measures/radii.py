"""Largest balls in regions: how thick regions are, and where their middle is.

Balls lie in the domain's affine hull and are measured in input units; a region's closure is {y : s_u z_u(y) ≥ 0}. One
warm solver serves all regions: in tree order a region shares its first rows with the previous one, and only the others
are replaced. The numbers are floats, a shadow: nothing is proved by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from relugeom.deadline import Deadline, TimeLimit
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.chebyshev import BallSession
from relugeom.geometry.linear_program import LPSolver
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray, frozen_array, frozen_flags
from relugeom.linalg.exact import rational
from relugeom.measures.region_rows import RegionRows
from relugeom.partition.partition import Partition, Region

__all__ = ["ChebyshevRadii", "chebyshev_radii"]

PROGRESS = 256


@dataclass(frozen=True, slots=True, eq=False)
class ChebyshevRadii:
    """The largest ball of some regions, in columns.

    Attributes
    ----------
    rows
        Rows of the regions in the partition, shape (k,).
    radii
        Euclidean, in input units along the hull, shape (k,); NaN if the region is `unbounded` in that sense, or was
        not measured.
    centres
        A centre of each largest ball, shape (k, n), rounded to float64. It need not be the only one, and in a region
        that is thinner than floats are dense it may lie outside; `Partition.points` are the proved interior points.
    unbounded
        Whether balls of every radius fit, shape (k,).
    reason
        Why the last regions were not measured (NaN everywhere), or empty.
    """

    rows: IntArray
    radii: FloatArray
    centres: FloatArray
    unbounded: BoolArray
    reason: str = ""

    def __post_init__(self) -> None:
        rows = np.array(self.rows, dtype=np.int64)
        rows.setflags(write=False)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "radii", frozen_array(self.radii))
        object.__setattr__(self, "centres", frozen_array(self.centres))
        object.__setattr__(self, "unbounded", frozen_flags(self.unbounded))


def chebyshev_radii(
    partition: Partition,
    *,
    rows: Sequence[int] | IntArray | None = None,
    solver: LPSolver | None = None,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> ChebyshevRadii:
    """The radius and a centre of the largest ball in each region.

    Parameters
    ----------
    rows
        Rows of the regions in the partition; all of them by default. Ascending rows are fastest.
    solver
        Any LP backend; HiGHS by default.
    time_limit
        Seconds or a deadline; regions that were not measured by then are NaN.
    on_progress
        Called from time to time with the number of regions that are done.

    References
    ----------
    Boyd & Vandenberghe, *Convex Optimization* (2004), section 4.3.1.
    """
    deadline, reason = Deadline.of(time_limit), ""
    chosen = np.arange(len(partition)) if rows is None else np.array([range(len(partition))[row] for row in rows], int)
    chart = domain_chart(partition.domain)
    units, session = RegionRows(partition.network, chart), BallSession(chart, solver=solver)
    radii, centres = np.full(len(chosen), np.nan), np.full((len(chosen), partition.network.inputs), np.nan)
    unbounded = np.zeros(len(chosen), dtype=np.bool_)
    before: BoolArray | None = None
    for position, row in enumerate(chosen.tolist()):
        if deadline.passed:
            reason = f"time ran out when {position:,} of {len(chosen):,} regions were measured"
            break
        region = partition[row]
        bits, forms = region.pattern.bits, units.region_rows(region.pattern)
        shared = 0
        if before is not None:
            flipped = np.flatnonzero(bits != before)
            shared = int(flipped[0]) if len(flipped) else len(bits)
            session.pop(len(bits) - shared)
        session.push(forms[shared:])
        before = bits
        ball = session.largest_ball(_interior_point(region, chart))
        unbounded[position] = ball.radius is None
        radii[position] = np.nan if ball.radius is None else ball.radius
        centres[position] = ball.centre
        if on_progress is not None and ((position + 1) % PROGRESS == 0 or position + 1 == len(chosen)):
            on_progress(position + 1)
    return ChebyshevRadii(chosen, radii, centres, unbounded, reason)


def _interior_point(region: Region, chart: Chart) -> list[fmpq]:
    """The region's interior point in coordinates of the hull."""
    if region.exact_point is not None:
        return [
            fmpq(region.exact_point[index].numerator, region.exact_point[index].denominator) for index in chart.free
        ]
    return [rational(float(region.point[index])) for index in chart.free]
