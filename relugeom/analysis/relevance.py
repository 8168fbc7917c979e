"""What the samples of a cluster say of each coefficient when features are correlated.

Notation: in a cluster the output is ω·x + b. Another map ω'·x + b' *predicts the cluster equally well* if it is
within a tolerance ε of the output at every sample of it (for ε = 0: equal there). Correlated features can stand in
for each other, so that there are many such maps; their coefficients are unbounded where features are dependent. So
only maps are looked at whose norm is near the least one,

    Σ_k σ_k |ω'_k| ≤ (1 + δ) L,        L the least Σ_k σ_k |ω'_k| of all maps that predict equally well,

with a spread σ of each feature [Frénay, Hofmann, Schulz, Biehl & Hammer, *Valid interpretation of feature relevance
for linear data mappings*, CIDM 2014; paper, section 5]. The interval of a coefficient is from its least to its
largest value over these maps. A feature that is constant in the cluster is *not identifiable*; else it is

    strong        the interval does not hold 0: no such map can do without the feature
    irrelevant    it holds 0, and in no such map does the feature move the prediction in the cluster by more than ε
    weak          neither: other features can stand in for it

The one idea: all of this are linear programs in (ω', |ω'|, b'), settled in rationals. Of many samples only those are
rows of a program that some optimum violates: an optimum over a few rows that no sample violates is one over all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import inf, lcm, nextafter
from time import monotonic

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import ArrayLike

from relugeom.analysis.importance import as_spread
from relugeom.errors import InputError
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactOptimum
from relugeom.linalg.arrays import FloatArray, IntArray, frozen_array
from relugeom.linalg.exact import as_fraction, nearest_quotient, rational
from relugeom.network.effective import effective_maps
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters

__all__ = ["ClusterRelevance", "Relevance", "cluster_relevance"]

DELTA = 0.1
Fractions = list[Fraction]


class Relevance(StrEnum):
    """What the samples of a cluster say of a feature."""

    STRONG = "strong"
    WEAK = "weak"
    IRRELEVANT = "irrelevant"
    NOT_IDENTIFIABLE = "not identifiable"


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRelevance:
    """Intervals of n coefficients for m outputs in k clusters.

    Attributes
    ----------
    rows
        The clusters that were asked about, as rows of the clusters given, shape (k,).
    low, high
        Ends of the intervals, the float64 nearest to the exact ones, shape (k, m, n).
    relevance
        The class of each coefficient, decided in rationals, by cluster, output and feature.
    norm
        L, the float64 nearest to it, shape (k, m).
    spread
        σ, shape (n,).
    tolerance
        ε of each output, in its units before squashing, shape (m,).
    delta
        δ.
    reason
        Why clusters are missing, or empty.
    """

    network: ReLUNetwork
    rows: IntArray
    low: FloatArray
    high: FloatArray
    relevance: tuple[tuple[tuple[Relevance, ...], ...], ...]
    norm: FloatArray
    spread: FloatArray
    tolerance: FloatArray
    delta: float
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("low", "high", "norm", "spread", "tolerance"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        self.rows.setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)


def cluster_relevance(
    clusters: Clusters,
    X: ArrayLike,
    *,
    spread: ArrayLike | None = None,
    tolerance: ArrayLike = 0.0,
    delta: float = DELTA,
    most: int | None = None,
    time_limit: float | None = None,
) -> ClusterRelevance:
    """The interval of each coefficient, cluster by cluster, the largest first.

    Parameters
    ----------
    clusters
        Those of X.
    X
        The samples, shape (s, n).
    spread
        σ, shape (n,), by default 1 for every feature; most often the standard deviation of the samples, which puts
        features of different units side by side. A feature of spread 0 does not count in the norm.
    tolerance
        ε in units of the outputs, one number or one of each output, shape (m,). At 0 only features that depend on
        others exactly can be exchanged.
    delta
        δ, by which the norm may exceed the least one.
    most
        How many clusters are looked at; by default all.
    time_limit
        Seconds; clusters beyond them are left out.

    Raises
    ------
    InputError
        δ or the tolerance is negative or infinite, or X has another number of rows than the clusters were made of.
    DataError
        X or the spread does not fit the network.
    """
    network, samples = clusters.network, as_samples(clusters.network, X)
    n, m = network.inputs, network.outputs
    sigma = np.ones(n) if spread is None else np.asarray(as_spread(network, spread), dtype=np.float64)
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), (m,))
    if not (np.isfinite(allowed).all() and (allowed >= 0).all() and 0 <= delta < inf):
        raise InputError(f"the tolerance and delta must be numbers from 0 on, not {tolerance!r} and {delta!r}")
    if len(samples) != len(clusters.assignment):
        raise InputError(
            f"the clusters are of {len(clusters.assignment)} samples, but X has {len(samples)} rows: use the same X"
        )
    began, reason = monotonic(), ""
    asked = len(clusters) if most is None else min(most, len(clusters))
    order = np.argsort(clusters.assignment, kind="stable")
    ends = np.cumsum(clusters.size)
    found: list[list[_Intervals]] = []
    end = None if time_limit is None else began + time_limit
    for row in range(asked):
        own = np.unique(samples[order[ends[row] - clusters.size[row] : ends[row]]], axis=0)
        maps = effective_maps(network, clusters.packed[row : row + 1]).weights[0]
        try:
            found.append([_Programs(own, maps[o], sigma, float(allowed[o]), end).intervals(delta) for o in range(m)])
        except _LateError:
            reason = f"after {time_limit:g} seconds, {asked - row:,} of {asked:,} clusters are left"
            break
    return ClusterRelevance(
        network=network,
        rows=np.arange(len(found)),
        low=np.array([[one.low for one in each] for each in found]).reshape(len(found), m, n),
        high=np.array([[one.high for one in each] for each in found]).reshape(len(found), m, n),
        relevance=tuple(tuple(one.relevance for one in each) for each in found),
        norm=np.array([[one.norm for one in each] for each in found]).reshape(len(found), m),
        spread=sigma,
        tolerance=allowed,
        delta=float(delta),
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class _Intervals:
    """What is known of the coefficients of one map."""

    low: list[float]
    high: list[float]
    relevance: tuple[Relevance, ...]
    norm: float


class _LateError(Exception):
    """The time is up."""


class _Programs:
    """The programs about one map in one cluster.

    The variables are ω' (n), bounds of |ω'| (n), and b' − b; features that are constant in the cluster stand apart.
    """

    def __init__(
        self, X: FloatArray, omega: FloatArray, spread: FloatArray, tolerance: float, end: float | None
    ) -> None:
        self.X, self.n, self.end = X, X.shape[1], end
        self.omega: Fractions = list(map(Fraction, omega.tolist()))
        self.spread: Fractions = list(map(Fraction, spread.tolist()))
        self.tolerance = Fraction(tolerance)
        self.range: Fractions = [
            Fraction(high) - Fraction(low)
            for low, high in zip(X.min(axis=0).tolist(), X.max(axis=0).tolist(), strict=True)
        ]
        self.rows: list[list[int]] = []
        for k in range(self.n):
            for sign in (1, -1):
                self.rows.append(self._row({self.n + k: Fraction(1), k: Fraction(sign)}, Fraction(0)))
        self.known: set[int] = set()
        if self.tolerance == 0:
            for direction in _directions(X):
                self._keep_between(direction, Fraction(0), Fraction(0))
        else:
            ends = [*X.argmin(axis=0).tolist(), *X.argmax(axis=0).tolist()]
            self._add_samples(dict.fromkeys(ends))

    def intervals(self, delta: float) -> _Intervals:
        """The interval and class of every coefficient."""
        norm = {self.n + k: sigma for k, sigma in enumerate(self.spread)}
        least = -self._maximum({place: -sigma for place, sigma in norm.items()})
        budget = _rounded_up(least * (1 + Fraction(delta)))
        self.rows.append(self._row({place: -sigma for place, sigma in norm.items()}, budget))
        ends: list[tuple[Fraction | None, Fraction | None]] = []
        for k in range(self.n):
            if self.spread[k] == 0:  # nothing bounds it: it is constant among all samples, or does not count
                ends.append((None, None))
            elif self.range[k] == 0:  # it does not act on the samples: the rest of the budget is its own
                reach = (budget - least) / self.spread[k]
                ends.append((-reach, reach))
            else:
                ends.append((-self._maximum({k: Fraction(-1)}), self._maximum({k: Fraction(1)})))
        return _Intervals(
            low=[-inf if low is None else _nearest(low) for low, _ in ends],
            high=[inf if high is None else _nearest(high) for _, high in ends],
            relevance=tuple(self._class(k, low, high) for k, (low, high) in enumerate(ends)),
            norm=_nearest(least),
        )

    def _class(self, k: int, low: Fraction | None, high: Fraction | None) -> Relevance:
        if self.range[k] == 0:
            return Relevance.NOT_IDENTIFIABLE
        if low is None or high is None:
            return Relevance.WEAK
        if low > 0 or high < 0:
            return Relevance.STRONG
        return Relevance.IRRELEVANT if max(-low, high) * self.range[k] <= self.tolerance else Relevance.WEAK

    def _maximum(self, objective: dict[int, Fraction]) -> Fraction:
        """The largest value of a linear function of the variables, over all samples."""
        form, scale = self._scaled(objective, Fraction(0))
        while True:
            if self.end is not None and monotonic() > self.end:
                raise _LateError
            found = maximise_exactly(self.rows, form)
            if not isinstance(found, ExactOptimum):
                raise AssertionError("the map itself is a solution, and its norm is bounded")
            violated = self._violated(found.point)
            if not violated:
                return as_fraction(found.value) / scale
            self._add_samples(violated)

    def _violated(self, point: Sequence[fmpq]) -> dict[int, None]:
        """Samples at which a map is beyond the tolerance: the worst in either direction, exactly."""
        if self.tolerance == 0:
            return {}
        step = [as_fraction(value) - own for value, own in zip(point[: self.n], self.omega, strict=True)]
        shift = as_fraction(point[2 * self.n])
        floats = np.array([float(value) for value in step])
        residual = self.X @ floats + float(shift)
        slack = 1e-12 * (np.abs(self.X) @ np.abs(floats) + abs(float(shift))) + 1e-300
        doubtful = np.flatnonzero(np.abs(residual) + slack > float(self.tolerance) * (1 - 1e-12))
        beyond = {
            row: residual[row]
            for row in doubtful.tolist()
            if row not in self.known and abs(self._residual(row, step, shift)) > self.tolerance
        }
        if not beyond:
            return {}
        return dict.fromkeys([max(beyond, key=beyond.__getitem__), min(beyond, key=beyond.__getitem__)])

    def _residual(self, row: int, step: Fractions, shift: Fraction) -> Fraction:
        values = map(Fraction, self.X[row].tolist())
        return sum((value * change for value, change in zip(values, step, strict=True)), shift)

    def _add_samples(self, rows: dict[int, None]) -> None:
        for row in rows:
            self.known.add(row)
            self._keep_between(list(map(Fraction, self.X[row].tolist())), self.tolerance, Fraction(1))

    def _keep_between(self, direction: Fractions, tolerance: Fraction, shifted: Fraction) -> None:
        """−ε ≤ v·(ω' − ω) + shifted (b' − b) ≤ ε."""
        here = sum((v * own for v, own in zip(direction, self.omega, strict=True)), Fraction(0))
        entries = dict(enumerate(direction)) | {2 * self.n: shifted}
        self.rows.append(self._row(entries, tolerance - here))
        self.rows.append(self._row({place: -value for place, value in entries.items()}, tolerance + here))

    def _row(self, entries: dict[int, Fraction], constant: Fraction) -> list[int]:
        """An affine form ≥ 0 with integer coefficients."""
        return self._scaled(entries, constant)[0]

    def _scaled(self, entries: dict[int, Fraction], constant: Fraction) -> tuple[list[int], int]:
        """An affine form with integer coefficients, and by what it was multiplied."""
        common = lcm(constant.denominator, *(value.denominator for value in entries.values()))
        row = [0] * (2 * self.n + 2)
        for place, value in entries.items():
            row[place] = int(value * common)
        row[-1] = int(constant * common)
        return row, common


def _directions(X: FloatArray) -> list[Fractions]:
    """Rows that span all differences of samples, exactly: one more as long as some sample is outside their span."""
    first = list(map(Fraction, X[0].tolist()))
    chosen: list[Fractions] = []
    while True:
        null = _null_space(chosen, X.shape[1])
        missing = _first_outside(X, first, null)
        if missing is None:
            return chosen
        chosen.append([Fraction(value) - base for value, base in zip(X[missing].tolist(), first, strict=True)])


def _null_space(rows: Sequence[Fractions], n: int) -> list[Fractions]:
    """A basis of the vectors that are orthogonal to all rows."""
    if not rows:
        return [[Fraction(int(i == k)) for i in range(n)] for k in range(n)]
    entries = [fmpq(value.numerator, value.denominator) for row in rows for value in row]
    reduced, rank = fmpq_mat(len(rows), n, entries).rref()
    pivots = [next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in (j for j in range(n) if j not in pivots):
        vector = [Fraction(int(j == free)) for j in range(n)]
        for i, pivot in enumerate(pivots):
            vector[pivot] = -as_fraction(reduced[i, free])
        basis.append(vector)
    return basis


def _first_outside(X: FloatArray, first: Fractions, null: Sequence[Fractions]) -> int | None:
    """The first sample whose difference from the first one is not orthogonal to a vector; None where all are."""
    for vector in null:
        places = [k for k, value in enumerate(vector) if value]
        exact = [fmpq(vector[k].numerator, vector[k].denominator) for k in places]
        here = sum((rational(float(first[k])) * value for k, value in zip(places, exact, strict=True)), fmpq(0))
        for row, values in enumerate(X[:, places].tolist()):
            if sum((rational(v) * w for v, w in zip(values, exact, strict=True)), fmpq(0)) != here:
                return row
    return None


def _nearest(value: Fraction) -> float:
    return nearest_quotient(value.numerator, value.denominator)


def _rounded_up(value: Fraction) -> Fraction:
    """The least float64 that is not below: numbers stay short."""
    nearest = _nearest(value)
    return Fraction(nearest if Fraction(nearest) >= value else nextafter(nearest, inf))
