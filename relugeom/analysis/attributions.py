"""Attributions to features, sample by sample: gradients and integrated gradients.

Notation: the gradient at x is Ω of its pattern. The integrated gradient of feature j from a baseline u₀ is
(x_j − u₀_j) ∫₀¹ ∂_j f(u₀ + t (x − u₀)) dt [Sundararajan, Taly & Yan, *Axiomatic attribution for deep networks*, 2017].
Both are about the outputs before squashing.

The one idea: f is piecewise affine, so the integral is a sum over the pieces of the path (`straight_paths.py`) of
length times Ω, with no steps to choose; the sum over the features is f(x) − f(u₀), to rounding in floats and exactly in
rationals.

If the derivative does not exist, the convention is that of patterns: z = 0 is inactive. At a sample on a boundary this
gives the gradient of one side or, where units meet, of no side at all. Along a path it matters only if z is 0 on a
whole stretch: completeness holds there, too, but the shares of the features depend on the convention.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike

from relugeom.analysis.straight_paths import ExactPiece, PathPieces, cut_exactly, cut_paths
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DataError, InputError
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray, frozen_array
from relugeom.linalg.exact import as_fraction, rational_point
from relugeom.network.activation import activation_patterns
from relugeom.network.effective import EffectiveMaps, effective_maps
from relugeom.network.exact import ExactNetwork, exact_network, exact_values, output_forms, pattern_forms
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, group_rows

__all__ = [
    "Baseline",
    "ExactAttribution",
    "Gradients",
    "IntegratedGradients",
    "exact_integrated_gradients",
    "gradients",
    "integrated_gradients",
]

SETTLE = 2.0**-30
"""Paths with a larger share of unproved signs, or a larger relative residual, are evaluated in rationals; what is
smaller is left in `unsettled` and `residual`."""
EXACT_LIMIT = 1000
"""Paths evaluated in rationals, some 5 to 50 ms each."""
CHUNK = 256
BLOCK = 4096


class Baseline(StrEnum):
    """Baselines: points at which the paths of integrated gradients begin."""

    ZERO = "zero"
    MEAN = "mean"


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """Gradients of m outputs at s samples, which share k maps.

    Attributes
    ----------
    maps
        The effective maps of the samples' patterns, the commonest first, with exact signs.
    assignment
        Number of each sample's map, shape (s,).
    on_boundary
        True where some pre-activation is exactly 0: the gradient is that of the pattern, by convention, shape (s,).
    """

    network: ReLUNetwork
    maps: EffectiveMaps
    assignment: IntArray
    on_boundary: BoolArray

    def __post_init__(self) -> None:
        for name in ("assignment", "on_boundary"):
            getattr(self, name).setflags(write=False)

    @property
    def values(self) -> FloatArray:
        """The gradient at every sample, shape (s, m, n)."""
        return np.asarray(self.maps.weights[self.assignment])

    @property
    def mean_magnitude(self) -> FloatArray:
        """Mean of |∂_j f| over the samples, shape (m, n)."""
        counts = np.bincount(self.assignment, minlength=len(self.maps.weights)) / len(self.assignment)
        return np.asarray(np.tensordot(counts, np.abs(self.maps.weights), axes=1))


@dataclass(frozen=True, slots=True, eq=False)
class IntegratedGradients:
    """Integrated gradients of m outputs at s samples.

    Attributes
    ----------
    baseline
        Point at which all paths begin, shape (n,).
    values
        Shape (s, m, n); summed over the features they are f(x) − f(baseline), to rounding.
    pieces
        Number of pieces of each path, shape (s,).
    unsettled
        A bound of the share of each path on which some sign is not proved, shape (s,); 0 if it was evaluated in
        rationals.
    settled_exactly
        Number of paths evaluated in rationals.
    residual
        Deviation from completeness, Σ values − (f(x) − f(baseline)), shape (s, m); it is only rounding unless
        `exact_limit` left a path in floats that needed rationals.
    reason
        Why the last samples have no attributions (NaN, without pieces), or empty.
    """

    network: ReLUNetwork
    baseline: FloatArray
    values: FloatArray
    pieces: IntArray
    unsettled: FloatArray
    settled_exactly: int
    residual: FloatArray
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("baseline", "values", "unsettled", "residual"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        self.pieces.setflags(write=False)

    @property
    def mean_magnitude(self) -> FloatArray:
        """Mean of |attribution| over the samples, shape (m, n)."""
        return np.asarray(np.abs(self.values).mean(axis=0))


@dataclass(frozen=True, slots=True)
class ExactAttribution:
    """The integrated gradients of one sample in rationals.

    Attributes
    ----------
    values
        One row per output, one number per feature.
    breakpoints
        The t, 0 < t < 1, where the pattern changes.
    patterns
        The pattern of each piece, one more than breakpoints.
    change
        f(x) − f(baseline), one per output, as evaluation of the network gives it: the sum of each row of `values`.
    along_boundary
        Whether a unit is 0 on a whole piece though it is not 0 on a neighbourhood: then the shares of the features
        follow the convention that it is inactive.
    """

    values: tuple[tuple[Fraction, ...], ...]
    breakpoints: tuple[Fraction, ...]
    patterns: tuple[ActivationPattern, ...]
    change: tuple[Fraction, ...]
    along_boundary: bool

    def floats(self) -> FloatArray:
        """The float64 nearest to each value, shape (m, n)."""
        return np.array([[float(value) for value in row] for row in self.values])


def gradients(network: ReLUNetwork, X: ArrayLike) -> Gradients:
    """Compute the gradient of every output at the rows of X, shape (s, n).

    Raises
    ------
    DataError
        There are no samples, or X does not fit the network.
    """
    samples = _some_samples(network, X)
    patterns = activation_patterns(network, samples)
    first, assignment, _ = group_rows(patterns.packed)
    maps = effective_maps(network, patterns.packed[first])
    return Gradients(network, maps, assignment, patterns.on_boundary)


def integrated_gradients(
    network: ReLUNetwork,
    X: ArrayLike,
    *,
    baseline: Baseline | ArrayLike = Baseline.MEAN,
    exact_limit: int = EXACT_LIMIT,
    time_limit: TimeLimit = None,
) -> IntegratedGradients:
    """Compute integrated gradients of every output at the rows of X, shape (s, n).

    Parameters
    ----------
    baseline
        The zero vector, the mean of X, or a point of shape (n,).
    exact_limit
        Most paths that are evaluated in rationals because floats prove too few signs or miss completeness; `unsettled`
        and `residual` show the rest.
    time_limit
        Seconds or a deadline; samples whose paths were not followed by then are NaN.

    Raises
    ------
    DataError
        There are no samples, or X or the baseline does not fit the network.
    InputError
        The baseline has an unknown name, or the limit is negative.
    """
    deadline, reason = Deadline.of(time_limit), ""
    if exact_limit < 0:
        raise InputError(f"the number of paths evaluated in rationals must not be negative, but it is {exact_limit}")
    samples = _some_samples(network, X)
    start = _baseline_point(network, samples, baseline)
    values = np.full((len(samples), network.outputs, network.inputs), np.nan)
    pieces, unsettled = np.zeros(len(samples), dtype=np.int64), np.full(len(samples), np.nan)
    for first in range(0, len(samples), CHUNK):
        if deadline.passed:
            reason = f"time ran out when the paths of {first:,} of {len(samples):,} samples were followed"
            break
        part = slice(first, first + CHUNK)
        cut = cut_paths(network, start, samples[part])
        values[part] = _mean_gradients(network, cut, len(samples[part])) * (samples[part] - start)[:, None, :]
        pieces[part], unsettled[part] = np.bincount(cut.owner, minlength=len(samples[part])), cut.unsettled
    reached, left = evaluate(network, samples), evaluate(network, start)
    residual = values.sum(axis=2) - (reached - left)
    # A short piece with a steep slope can be lost in t, though its signs are proved: completeness finds it.
    size = np.abs(values).sum(axis=2) + np.abs(reached) + np.abs(left)
    doubtful = np.flatnonzero((unsettled > SETTLE) | (np.abs(residual) > SETTLE * size).any(axis=1))[:exact_limit]
    settled = 0
    for row in doubtful:
        if deadline.passed:
            break  # `unsettled` and `residual` say how good floats are
        settled += 1
        found = exact_integrated_gradients(network, samples[row], start)
        values[row], pieces[row], unsettled[row] = found.floats(), len(found.patterns), 0.0
        residual[row] = values[row].sum(axis=1) - np.array(found.change, dtype=np.float64)
    return IntegratedGradients(network, start, values, pieces, unsettled, settled, residual, reason)


def exact_integrated_gradients(network: ReLUNetwork, x: ArrayLike, baseline: ArrayLike) -> ExactAttribution:
    """Compute integrated gradients at one sample in rationals; x and the baseline are float64 points of shape (n,).

    Raises
    ------
    DataError
        A point does not fit the network.
    """
    ends = [_one_point(network, point) for point in (baseline, x)]
    exact = exact_network(network)
    step = [last - first for first, last in zip(*map(rational_point, ends), strict=True)]
    values = [[fmpq(0)] * network.inputs for _ in range(network.outputs)]
    pieces = cut_exactly(network, *ends)
    for piece in pieces:
        forms = output_forms(exact, piece.pattern)
        length = (piece.end - piece.start) / (1 << forms.exponent)
        for total, form in zip(values, forms.rows(), strict=True):
            for feature, (entry, width) in enumerate(zip(form[:-1], step, strict=True)):
                total[feature] += length * entry * width
    outputs, exponent = exact_values(exact, np.array(ends))[-1]
    change = [fmpq(outputs[row, 1] - outputs[row, 0], 1 << exponent) for row in range(network.outputs)]
    return ExactAttribution(
        values=tuple(tuple(map(as_fraction, row)) for row in values),
        breakpoints=tuple(as_fraction(piece.start) for piece in pieces[1:]),
        patterns=tuple(piece.pattern for piece in pieces),
        change=tuple(map(as_fraction, change)),
        along_boundary=any(_runs_along_boundary(exact, piece) for piece in pieces),
    )


def _runs_along_boundary(exact: ExactNetwork, piece: ExactPiece) -> bool:
    """Whether some unit is 0 on the piece, but not the zero form."""
    if not piece.vanishing:
        return False
    rows = [row for forms in pattern_forms(exact, piece.pattern)[:-1] for row in forms.rows()]
    return any(any(rows[unit]) for unit in piece.vanishing)


def _mean_gradients(network: ReLUNetwork, cut: PathPieces, samples: int) -> FloatArray:
    """Mean over each path of the gradient, shape (s, m, n): backwards through the layers, piece by piece."""
    means = np.zeros((samples, network.outputs, network.inputs))
    for first in range(0, len(cut.owner), BLOCK):
        part = slice(first, first + BLOCK)
        owner = cut.owner[part]
        gradient = np.broadcast_to(network.weights[-1], (len(owner), *network.weights[-1].shape))
        for weight, active in zip(reversed(network.weights[:-1]), reversed(cut.bits), strict=True):
            gradient = (gradient * active[part][:, None, :]) @ weight
        weighted = gradient * cut.lengths[part][:, None, None]
        starts = np.flatnonzero(np.r_[True, np.diff(owner) != 0])
        means[owner[starts]] += np.add.reduceat(weighted, starts, axis=0)
    return means


def _baseline_point(network: ReLUNetwork, samples: FloatArray, baseline: Baseline | ArrayLike) -> FloatArray:
    if isinstance(baseline, str):
        if baseline not in tuple(Baseline):
            known = ", ".join(map(repr, map(str, Baseline)))
            raise InputError(f"there is no baseline {str(baseline)!r}: use one of {known}, or give a point")
        return np.zeros(network.inputs) if baseline == Baseline.ZERO else samples.mean(axis=0)
    return _one_point(network, baseline)


def _one_point(network: ReLUNetwork, point: ArrayLike) -> FloatArray:
    if np.shape(point) != (network.inputs,):
        raise DataError(f"a point has one number for each of {network.inputs} inputs, not the shape {np.shape(point)}")
    return np.asarray(as_samples(network, point)[0])


def _some_samples(network: ReLUNetwork, X: ArrayLike) -> FloatArray:
    samples = as_samples(network, X)
    if len(samples) == 0:
        raise DataError("there are no samples to explain")
    return samples
