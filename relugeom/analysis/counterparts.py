"""Counterparts: inputs that agree with a given one in all but some features, and get another decision.

Notation: own is the set of features that may differ; inputs are *alike* iff they agree in all others. The one idea: an
input has an alike one with another decision iff it has one among finitely many. Integer features of own take each of
their combinations. Along one continuous feature the outputs are affine between the cuts of the line, so its ends and
its cuts are enough. If own has more continuous features, or too many combinations, only some inputs are tried. The
search is in float64; a pair that is returned was evaluated exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from relugeom.analysis.straight_paths import cut_paths
from relugeom.claims.settlement import Counterexample
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.domain import Domain, contains_admissible, list_combinations
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray
from relugeom.network.decision import DecisionRule
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork

__all__ = ["Alternatives", "alternatives_of", "counterparts", "find_pair", "with_their_groups"]

MOST_ALTERNATIVES = 64
"""Most combinations of integer features that are tried in full, and inputs that are tried if there are more."""
BLOCK, MOST_CHECKED = 4096, 50
"""Most inputs that are evaluated at once, and pairs that are evaluated exactly before giving up."""
BLOCK_NUMBERS = 1 << 17
"""Features and units of all inputs that are moved along lines at once: of a large network, these are few."""
LOOKED_AT = 1 << 13
"""Features and units of the first inputs, which are looked at even where there is no time."""


def with_their_groups(domain: Domain, protected: Sequence[int]) -> tuple[int, ...]:
    """The features with the members of their one-hot groups, none of which can change alone."""
    for feature in protected:
        if not 0 <= feature < domain.inputs:
            raise InputError(
                f"there is no feature {feature} to protect: they are numbered from 0 to {domain.inputs - 1}"
            )
    if not protected:
        raise InputError("no protected feature is named")
    bound = {member for group in domain.groups if set(group) & set(protected) for member in group}
    return tuple(sorted({*protected, *bound}))


@dataclass(frozen=True, slots=True, eq=False)
class Alternatives:
    """Alike inputs that are tried for each input.

    Attributes
    ----------
    values
        Values of own, NaN for other features, shape (k, n).
    lines
        Continuous feature along which an input is moved, or none.
    exhaustive
        Whether these are all alternatives.
    """

    values: FloatArray
    lines: tuple[int, ...]
    exhaustive: bool


def alternatives_of(domain: Domain, X: FloatArray, own: Sequence[int]) -> Alternatives:
    """Alike inputs that are tried; if there are too many, those of inputs in X and of drawn ones."""
    whole = [feature for feature in own if domain.integral[feature]]
    values = list_combinations(domain, whole, limit=MOST_ALTERNATIVES)
    lines = [feature for feature in own if not domain.integral[feature]]
    ends_are_known = bool(np.isfinite([domain.lower[lines], domain.upper[lines]]).all())
    if values is not None and len(lines) <= 1 and ends_are_known:
        return Alternatives(values, tuple(lines), True)
    half = MOST_ALTERNATIVES // 2
    tables = [X[:: max(1, len(X) // half)][:half], draw_admissible(domain, half, seed=1)]
    some = np.full((sum(map(len, tables)), domain.inputs), np.nan)
    some[:, list(own)] = np.vstack(tables)[:, list(own)]
    return Alternatives(some, (), False)


def counterparts(
    network: ReLUNetwork, domain: Domain, X: FloatArray, alternatives: Alternatives, *, deadline: Deadline = NEVER
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Rows of admissible inputs X, shape (s, n), and for each an alike input with another decision, as floats see it.

    A row occurs as often as such an input is found.

    Raises
    ------
    DeadlinePassedError
        The deadline passed before all alike inputs were tried, but for those of a few first ones.
    """
    size = network.inputs + network.units
    block = BLOCK if not alternatives.lines else max(min(BLOCK_NUMBERS // size, BLOCK), 1)
    few = max(min(LOOKED_AT // size, block), 1)
    for begin, end in pairwise([0, *range(few, len(X), block), max(len(X), few)]):
        until = deadline if begin else NEVER
        until.check()
        rows = X[begin:end]
        decided = _decisions(network, rows)
        for owner, alike in _alike(network, domain, rows, alternatives.values, alternatives.lines):
            until.check()
            different = (_decisions(network, alike) != decided[owner]).any(axis=1)
            yield begin + owner[different], alike[different]


def find_pair(
    network: ReLUNetwork, domain: Domain, X: FloatArray, own: Sequence[int], *, deadline: Deadline = NEVER
) -> Counterexample | None:
    """An admissible input of X and an alike one whose decisions certainly differ; None if none is found in time."""
    try:
        return _first_apart(network, domain, X[contains_admissible(domain, X)], own, deadline)
    except DeadlinePassedError:
        return None


def _first_apart(
    network: ReLUNetwork, domain: Domain, samples: FloatArray, own: Sequence[int], deadline: Deadline
) -> Counterexample | None:
    """The first pair of a sample and an alike input whose exact outputs are decided differently."""
    checked = 0
    alternatives = alternatives_of(domain, samples, own)
    for rows, alike in counterparts(network, domain, samples, alternatives, deadline=deadline):
        kept = np.flatnonzero(contains_admissible(domain, alike))
        for place in kept[: MOST_CHECKED - checked].tolist():
            if checked:
                deadline.check()
            pair = [tuple(map(Fraction, x.tolist())) for x in (samples[rows[place]], alike[place])]
            outputs = [evaluate_exactly(network, x)[1] for x in pair]
            checked += 1
            if _is_apart(network, *outputs):
                order = (0, 1) if outputs[0] > outputs[1] else (1, 0)  # a claim's first input is that of class 1
                first, second = order if network.rule.rule is DecisionRule.THRESHOLD else (0, 1)
                return Counterexample(pair[first], outputs[first], pair[second], outputs[second])
        if checked == MOST_CHECKED:
            break
    return None


def _is_apart(network: ReLUNetwork, one: tuple[Fraction, ...], other: tuple[Fraction, ...]) -> bool:
    """Whether exact outputs are decided differently, whatever θ is between its bounds."""
    rule = network.rule
    if rule.rule is DecisionRule.ARGMAX:
        reached = [[value == max(outputs) for value in outputs] for outputs in (one, other)]
        return reached[0] != reached[1]
    low, high = sorted((one[0], other[0]))
    return low <= Fraction(rule.lower) and high > Fraction(rule.upper)


def _decisions(network: ReLUNetwork, X: FloatArray) -> BoolArray:
    """Decision of each row: y > θ (for either bound of θ), or which outputs are the largest."""
    outputs, rule = evaluate(network, X), network.rule
    if rule.rule is DecisionRule.ARGMAX:
        return np.asarray(outputs == outputs.max(axis=1, keepdims=True), dtype=np.bool_)
    return np.asarray(outputs[:, :1] > [rule.lower, rule.upper], dtype=np.bool_)


def _alike(
    network: ReLUNetwork,
    domain: Domain,
    rows: FloatArray,
    alternatives: FloatArray,
    lines: Sequence[int],
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
    """Range of the feature in each row, with the others unchanged; low > high if it is empty."""
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
