"""Monotonicity: features with which an output only rises, or only falls.

Notation: the output never falls in feature k iff y(x') ≥ y(x) for all inputs x, x' of the domain that differ in x'_k >
x_k only; it never rises iff −y never falls. The one idea: a claim that holds on the relaxation holds. A pair that
refutes it must be admissible, and if features are integers, the claim is about pairs of admissible inputs. Most
directions fail, and a few inputs show it at once, without trying a proof.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from relugeom.claims.claim import Claim, Excluded, Monotone, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, contains_admissible
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.effective import effective_maps
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.partition.scope import choose_scope
from relugeom.questions.settler import Ask, PlainSettle, Prover, Settler, asking, settler_of

__all__ = ["Monotonicity", "SignMap", "monotonicity", "sign_map"]

MOVED, STEPS = 500, 16
"""Numbers of inputs that are moved along a feature (drawn ones, and given ones), and number of steps."""
MOVED_NUMBERS = 1 << 20
"""Coordinates of all of these together: with very many features, fewer inputs are moved."""


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """How one output moves with one feature; if both claims hold, the feature has no influence on it.

    Attributes
    ----------
    never_falls, never_rises
        Settled claims; a counterexample is a pair of admissible inputs, the one with the smaller feature first.
    scope
        Inputs that the claims are about: admissible ones if the domain has integer features (a claim that holds on the
        relaxation holds for them).
    """

    output: int
    feature: int
    never_falls: Settlement
    never_rises: Settlement
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class SignMap:
    """Signs of the effective maps, region by region.

    Attributes
    ----------
    negative, zero, positive
        Number of regions with that sign, shape (outputs, features).
    negative_share, positive_share
        Share of the domain, or None if the regions' volumes are not known.
    """

    negative: IntArray
    zero: IntArray
    positive: IntArray
    negative_share: FloatArray | None = None
    positive_share: FloatArray | None = None


def monotonicity(
    network: ReLUNetwork,
    domain: Domain,
    settle: Settler | PlainSettle | None = None,
    *,
    output: int = 0,
    feature: int,
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
) -> Monotonicity:
    """Decide whether an output never falls, and whether it never rises, in a feature.

    Parameters
    ----------
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for this network on this domain; by default the
        claims are proved here. Only a `Settler` is told how much time is left.
    candidates
        Inputs that are moved along the feature, shape (k, n): a pair that refutes a direction is looked for there and
        at drawn inputs before a proof is tried.
    time_limit
        Seconds or a deadline for everything; claims that are not settled by then are unknown.

    Raises
    ------
    InputError
        There is no such output or feature.
    """
    deadline, settler = Deadline.of(time_limit), settler_of(settle, Prover(network))
    for name, index, size in (("output", output, network.outputs), ("feature", feature, network.inputs)):
        if not 0 <= index < size:
            raise InputError(f"there is no {name} {index}: they are numbered from 0 to {size - 1}")
    known = None if candidates is None else as_samples(network, candidates)
    pairs = _find_pairs(network, domain, output, feature, known)
    rises, falls = (
        _shown(Monotone(output, feature, sign), pair)
        or _settle_direction(network, domain, asking(settler, domain, deadline.share(part)), output, feature, sign)
        for part, sign, pair in zip((1 / 2, 1), (1, -1), pairs, strict=True)
    )
    return Monotonicity(output, feature, rises, falls, choose_scope(domain))


def sign_map(partition: Partition, *, shares: FloatArray | None = None) -> SignMap:
    """Compute the exact signs of the coefficients of all regions.

    Parameters
    ----------
    shares
        Share of the domain of each region, shape (regions,).
    """
    signs = effective_maps(partition.network, partition.packed).signs[:, :, :-1]
    below, at, above = (signs == sign for sign in (-1, 0, 1))
    weight = None if shares is None else shares[:, None, None]
    return SignMap(
        negative=below.sum(axis=0),
        zero=at.sum(axis=0),
        positive=above.sum(axis=0),
        negative_share=None if weight is None else (weight * below).sum(axis=0),
        positive_share=None if weight is None else (weight * above).sum(axis=0),
    )


def _find_pairs(
    network: ReLUNetwork, domain: Domain, output: int, feature: int, candidates: FloatArray | None
) -> tuple[Counterexample | None, Counterexample | None]:
    """Two admissible inputs between which the output falls while the feature rises, and two between which it rises.

    Inputs are moved along a grid of values of the feature; among neighbours on it that are both admissible, those
    between which the float output falls (rises) most are evaluated exactly.
    """
    tables = [draw_admissible(domain, MOVED), *([] if candidates is None else [candidates])]
    most = max(min(MOVED, MOVED_NUMBERS // (STEPS * network.inputs)), 1)
    rows = np.vstack([table[:: -(-len(table) // most) or 1] for table in tables])
    grid = _grid(domain, feature, rows)
    line = np.sort(np.column_stack([np.broadcast_to(grid, (len(rows), len(grid))), rows[:, feature]]), axis=1)
    points = np.repeat(rows[:, None, :], line.shape[1], axis=1)
    points[:, :, feature] = line
    flat = points.reshape(-1, network.inputs)
    values = np.where(contains_admissible(domain, flat), evaluate(network, flat)[:, output], np.nan)
    moves = np.diff(values.reshape(line.shape), axis=1)
    if not np.isfinite(moves).any():
        return None, None
    found: list[Counterexample | None] = []
    for place, sign in ((np.nanargmin(moves), -1), (np.nanargmax(moves), 1)):
        row, step = np.unravel_index(place, moves.shape)
        low, high = (tuple(map(Fraction, points[row, at].tolist())) for at in (step, step + 1))
        before, after = (evaluate_exactly(network, x)[1] for x in (low, high))
        really = low[feature] < high[feature] and sign * (after[output] - before[output]) > 0
        found.append(Counterexample(low, before, high, after) if really else None)
    return found[0], found[1]


def _grid(domain: Domain, feature: int, rows: FloatArray) -> FloatArray:
    """Values of a feature between its bounds; for an open side, between those that were seen."""
    seen = rows[:, feature] if len(rows) else np.zeros(1)
    low, high = (
        bound if np.isfinite(bound) else end
        for bound, end in ((domain.lower[feature], seen.min()), (domain.upper[feature], seen.max()))
    )
    values = np.linspace(low, high, STEPS + 1)
    return np.unique(np.floor(values)) if domain.integral[feature] else values


def _shown(claim: Claim, pair: Counterexample | None) -> Settlement | None:
    """Settlement that fails if a pair refutes the claim."""
    if pair is None:
        return None
    return Settlement(claim, Verdict.FAILS, counterexample=pair, reason=Reason(Cause.INPUT, "two inputs refute it"))


def _settle_direction(
    network: ReLUNetwork, domain: Domain, ask: Ask, output: int, feature: int, direction: int
) -> Settlement:
    found = ask(Monotone(output, feature, direction))
    if found.verdict is Verdict.HOLDS or (found.verdict is Verdict.FAILS and not domain.has_integers):
        return found
    farther = Inequality(
        inputs=tuple(Fraction(-(k == feature)) for k in range(network.inputs)), own_inputs=(Fraction(1),)
    )
    moves = tuple(Fraction(direction * (k == output)) for k in range(network.outputs))
    wrong = Inequality(outputs=moves, copy_outputs=tuple(-value for value in moves), strict=True)
    return ask(Excluded(((farther, wrong),), choose_scope(domain), twin=Twin((feature,)))).within(found)
