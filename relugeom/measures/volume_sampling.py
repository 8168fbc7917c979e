"""Uniform points of a domain, and how many of them have the pattern of each region of a partition, exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from flint import fmpq, fmpz_mat

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.chart import Chart
from relugeom.geometry.extents import bounding_box, domain_rows, keep_inside, unbounded_reason
from relugeom.linalg.arrays import ByteArray, FloatArray, IntArray
from relugeom.linalg.exact import nearest_float, rational, scaled_integers
from relugeom.network.activation import activation_patterns
from relugeom.network.exact import exact_network
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pack_patterns
from relugeom.partition.partition import Partition

__all__ = ["FEWEST_SAMPLES", "Sample", "sample_patterns"]

DRAWS_PER_SAMPLE = 100
"""Sampling ends early if fewer than one in this many points of the bounding box lie in the domain."""
FEWEST_SAMPLES = 100
BLOCK, FIRST_BLOCK, BLOCK_NUMBERS = 8192, 64, 1 << 19
"""Most points that are drawn at a time, points drawn at first under a time limit, and most of their coordinates."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Uniform points of the domain: how many lie in each region, and what they imply for the domain's volume."""

    hits: IntArray
    size: int
    domain_volume: fmpq
    reason: str


def sample_patterns(
    partition: Partition,
    chart: Chart,
    samples: int,
    seed: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
) -> Sample | str:
    """Draw points, or return the reason why that is impossible.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before the first point could be drawn.
    """
    rows = domain_rows(chart) if chart.rows else []
    lower, upper = bounding_box(rows, chart.dimension, deadline=deadline) if rows else (chart.lower, chart.upper)
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        return unbounded_reason(chart, deadline=deadline)
    box_volume = prod((rational(high) - rational(low) for low, high in zip(lower, upper, strict=True)), start=fmpq(1))
    random, read_patterns = np.random.default_rng(seed), _pattern_reader(partition.network, chart)
    hits = np.zeros(len(partition), dtype=np.int64)
    size = draws = accepted = 0
    most = min(max(BLOCK_NUMBERS // max(chart.dimension, 1), 1), BLOCK)
    block = most if deadline == NEVER else min(most, FIRST_BLOCK)
    while size < samples and draws < DRAWS_PER_SAMPLE * samples and not deadline.passed:
        points = lower + (upper - lower) * random.random((block, chart.dimension))
        points = keep_inside(rows, np.clip(points, lower, upper))
        draws, accepted, block = draws + block, accepted + len(points), min(2 * block, most)
        points = points[: samples - size]
        if len(points):
            hits += _count_hits(partition.packed, read_patterns(points))
            size += len(points)
            if on_progress is not None:
                on_progress(size)
    few = f"only {size:,} of {draws:,} points of the bounding box lie in the domain"
    if deadline.passed and size < samples:
        few = f"time ran out when {size:,} of {samples:,} points were drawn"
    if size < FEWEST_SAMPLES:
        return f"{few}: too few for an estimate"
    return Sample(hits, size, box_volume * fmpq(accepted, draws), few if size < samples else "")


def _pattern_reader(network: ReLUNetwork, chart: Chart) -> Callable[[FloatArray], ByteArray]:
    """Function that finds the exact packed patterns of points of the hull."""
    n, d = chart.domain.inputs, chart.dimension
    fixed = [index for index in range(n) if index not in chart.free]
    values = {index: fmpq(chart.lift[index, d], chart.lift[n, d]) for index in fixed}
    depends = any(chart.lift[index, column] for index in fixed for column in range(d))
    if not depends and all(rational(nearest_float(value)) == value for value in values.values()):

        def read_inputs(points: FloatArray) -> ByteArray:
            X = np.empty((len(points), n))
            X[:, list(chart.free)] = points
            X[:, fixed] = [nearest_float(values[index]) for index in fixed]
            return activation_patterns(network, X).packed

        return read_inputs
    exact = exact_network(network)

    def read_hull(points: FloatArray) -> ByteArray:
        # Inputs on the hull are not float64 points here: rounding would push them off hyperplanes that hold the hull.
        entries, k = scaled_integers(points.T)
        below = chart.lift * fmpz_mat(d + 1, len(points), [*entries, *[1 << k] * len(points)])
        scale, bits = int(chart.lift[n, d]) << k, np.zeros((0, len(points)), dtype=np.bool_)
        for weights, exponent in zip(exact.layers[:-1], exact.exponents[:-1], strict=True):
            values = [max(int(entry), 0) for entry in (weights * below).entries()]
            active = np.array([value > 0 for value in values], dtype=np.bool_).reshape(-1, len(points))
            bits, scale = np.vstack([bits, active]), scale << exponent
            below = fmpz_mat(len(active) + 1, len(points), [*values, *[scale] * len(points)])
        return pack_patterns(bits.T)

    return read_hull


def _count_hits(packed: ByteArray, patterns: ByteArray) -> IntArray:
    """Number of patterns that equal each row of `packed`; rows are in ascending order."""
    width = packed.shape[1]
    if not width:
        return np.full(len(packed), len(patterns), dtype=np.int64)
    # Texts of one length, compared byte by byte.
    known, found = (np.ascontiguousarray(table).view(f"S{width}").ravel() for table in (packed, patterns))
    hits = np.zeros(len(packed), dtype=np.int64)
    if len(known):
        places = np.minimum(np.searchsorted(known, found), len(known) - 1)
        np.add.at(hits, places[known[places] == found], 1)
    return hits
