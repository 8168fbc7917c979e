"""How much of a domain, or of the samples, protected features decide about: in float64, a measurement, not a proof.

Notation: own is the set of protected features; inputs are *alike* iff they agree in all others. The one idea: an input
has an alike one with another decision iff it has one among finitely many. Whole-numbered features of own take each of
their combinations; along one continuous feature the outputs are affine between the cuts of the line, so that its ends
and its cuts are enough. Where own has more continuous features, or too many combinations, inputs drawn from the domain
are tried instead, and what is found is a bound from below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.fairness import with_their_groups
from relugeom.analysis.straight_paths import cut_paths
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, contains_admissible, list_combinations
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.linalg.confidence import confidence_interval
from relugeom.network.decision import DecisionRule
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork

__all__ = ["UnequalShare", "unequal_samples", "unequal_share"]

MOST_ALTERNATIVES = 64
"""Combinations of whole-numbered protected features that are tried in full, else inputs that are tried instead."""
BLOCK, FEWEST = 4096, 100


@dataclass(frozen=True, slots=True)
class UnequalShare:
    """The share of inputs that have an alike one with another decision.

    Attributes
    ----------
    inputs, unequal
        How many inputs were looked at, and of how many an alike one was seen to get another decision.
    low, high
        An interval that holds the share of the domain with probability `confidence`; (0, 1) where nothing is known.
    exhaustive
        Whether all alike inputs counted for each; if not, the share may be larger than `high`.
    reason
        Why there are fewer inputs than were asked for, or empty.
    """

    inputs: int
    unequal: int
    low: float
    high: float
    confidence: float
    exhaustive: bool
    reason: str = ""


def unequal_share(
    network: ReLUNetwork,
    domain: Domain,
    protected: Sequence[int],
    *,
    inputs: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> UnequalShare:
    """Estimate the share of a domain whose inputs have an alike one with another decision.

    Inputs are drawn uniformly from the admissible ones: whole numbers and members of one-hot groups with equal
    probability, continuous features by their length.

    Parameters
    ----------
    protected
        Indices of features.
    inputs, seed, confidence
        How many are drawn, the seed of the generator, and the probability of the interval.

    Raises
    ------
    InputError
        There is no such feature, none is named, the network takes no decision, or an option is out of range.
    """
    own = with_their_groups(domain, protected)
    if network.rule.rule is DecisionRule.NONE:
        raise InputError("the network takes no decision: say from which output on it is class 1, with a threshold")
    if inputs < FEWEST or not 0 < confidence < 1:
        raise InputError(f"at least {FEWEST} inputs and a confidence between 0 and 1 are needed")
    drawn = draw_admissible(domain, inputs, seed=seed)
    few = f"only {len(drawn):,} of {inputs:,} admissible inputs could be drawn" if len(drawn) < inputs else ""
    if len(drawn) < FEWEST:
        return UnequalShare(0, 0, 0.0, 1.0, confidence, False, few)
    unequal, exhaustive = _find_unequal(network, domain, drawn, own)
    hits = np.array([unequal.sum()])
    low, high = confidence_interval(hits, len(drawn), confidence)
    return UnequalShare(len(drawn), int(hits[0]), float(low[0]), float(high[0]), confidence, exhaustive, few)


def unequal_samples(
    network: ReLUNetwork, domain: Domain, X: ArrayLike, protected: Sequence[int]
) -> tuple[int, int, bool]:
    """How many admissible samples there are, of how many an alike input is seen to get another decision.

    The third value says whether all alike inputs counted; if not, the second one is a bound from below.

    Parameters
    ----------
    X
        The samples, shape (s, n); those that are not admissible are left out.
    protected
        Indices of features.
    """
    own = with_their_groups(domain, protected)
    samples = as_samples(network, X)
    samples = samples[contains_admissible(domain, samples)]
    unequal, exhaustive = _find_unequal(network, domain, samples, own)
    return len(samples), int(unequal.sum()), exhaustive


def _find_unequal(network: ReLUNetwork, domain: Domain, X: FloatArray, own: tuple[int, ...]) -> tuple[BoolArray, bool]:
    """Which admissible inputs have an alike one with another decision, and whether all alike ones counted."""
    whole = [feature for feature in own if domain.integral[feature]]
    alternatives = list_combinations(domain, whole, limit=MOST_ALTERNATIVES)
    lines = [feature for feature in own if not domain.integral[feature]]
    exhaustive = (
        alternatives is not None
        and len(lines) <= 1
        and bool(np.isfinite([domain.lower[lines], domain.upper[lines]]).all())
    )
    if alternatives is None or not exhaustive:
        alternatives, lines = _some_alternatives(domain, X, own), []
    unequal = np.zeros(len(X), dtype=np.bool_)
    for begin in range(0, len(X), BLOCK):
        rows = X[begin : begin + BLOCK]
        decided = _decisions(network, rows)
        for owner, alike in _alike(network, domain, rows, alternatives, lines):
            different = (_decisions(network, alike) != decided[owner]).any(axis=1)
            unequal[begin + owner[different]] = True
    return unequal, exhaustive


def _decisions(network: ReLUNetwork, X: FloatArray) -> BoolArray:
    """What decides about each row: y > θ (for either bound of θ), or which outputs are the largest."""
    outputs, rule = evaluate(network, X), network.rule
    if rule.rule is DecisionRule.ARGMAX:
        return np.asarray(outputs == outputs.max(axis=1, keepdims=True), dtype=np.bool_)
    return np.asarray(outputs[:, :1] > [rule.lower, rule.upper], dtype=np.bool_)


def _some_alternatives(domain: Domain, X: FloatArray, own: tuple[int, ...]) -> FloatArray:
    """Values of own, NaN for other features: half of them those of inputs in X, half of inputs of the domain."""
    half = MOST_ALTERNATIVES // 2
    tables = [X[:: max(1, len(X) // half)][:half], draw_admissible(domain, half, seed=1)]
    alternatives = np.full((sum(map(len, tables)), domain.inputs), np.nan)
    alternatives[:, list(own)] = np.vstack(tables)[:, list(own)]
    return alternatives


def _alike(
    network: ReLUNetwork,
    domain: Domain,
    rows: FloatArray,
    alternatives: FloatArray,
    lines: list[int],
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Tables of admissible inputs that differ from rows in own features only, and the row of each."""
    for values in alternatives:
        changed = np.where(np.isnan(values), rows, values)
        if not lines:
            kept = np.flatnonzero(contains_admissible(domain, changed))
            yield kept, changed[kept]
            continue
        low, high = _segments(domain, changed, lines[0])
        kept = np.flatnonzero(low <= high)
        first, last = changed[kept], changed[kept]
        first[:, lines[0]], last[:, lines[0]] = low[kept], high[kept]
        pieces = cut_paths(network, first, last)
        ends = np.cumsum(pieces.lengths)
        before = np.concatenate([[0.0], ends])[np.searchsorted(pieces.owner, np.arange(len(kept)))]
        t = np.clip(ends - before[pieces.owner], 0.0, 1.0)[:, None]
        yield kept, first
        yield kept[pieces.owner], (1 - t) * first[pieces.owner] + t * last[pieces.owner]


def _segments(domain: Domain, X: FloatArray, feature: int) -> tuple[FloatArray, FloatArray]:
    """Between which values the feature of each row can lie, the others unchanged; low > high where nowhere."""
    low, high = np.full(len(X), domain.lower[feature]), np.full(len(X), domain.upper[feature])
    E, f = domain.equalities
    A, b = np.vstack([domain.A, E, -E]), np.concatenate([domain.b, f, -f])
    slope = A[:, feature]
    room = b - X @ A.T + np.outer(X[:, feature], slope)
    for column, gradient in zip(room.T, slope, strict=True):
        if gradient > 0:
            high = np.minimum(high, column / gradient)
        elif gradient < 0:
            low = np.maximum(low, column / gradient)
    others = X.copy()
    others[:, feature] = np.clip(X[:, feature], low, high)
    return low, np.where(contains_admissible(domain, others), high, -np.inf)
