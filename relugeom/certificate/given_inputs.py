"""Counterexamples among inputs that are at hand, such as samples: what they show needs no search.

The one idea: floats rank the inputs (or pairs of them) by how far they lie in an excluded set, and the best are
evaluated exactly. Where a claim compares two inputs, the second one takes its own coordinates from few values: each
combination of whole numbers, or those of other inputs.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import mul

import numpy as np
from numpy.typing import ArrayLike

from relugeom.certificate.claim_proof.header_entry import as_excluded
from relugeom.claims.ball import Ball, Norm
from relugeom.claims.claim import Claim, Excluded, Monotone, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.settlement import Counterexample
from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.domain import Domain, list_combinations
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import in_scope

__all__ = ["find_counterexample"]

MOST_PAIRS, MOST_ALTERNATIVES, CHECKED = 200_000, 64, 4
"""Inputs or pairs that are examined, second inputs of each, and those of a table that are evaluated exactly."""
SLACK = 1e-9
"""What floats may miss, relative to the numbers at hand, of a set that an input lies in."""


def find_counterexample(
    claim: Claim, networks: Sequence[ReLUNetwork], domain: Domain, X: ArrayLike, *, deadline: Deadline = NEVER
) -> Counterexample | None:
    """Counterexample to a claim among inputs X, shape (k, n); None if none is found in time.

    Parameters
    ----------
    networks
        The first network, and a second one where the claim compares two.
    """
    if isinstance(claim, PatternClaims):
        return None
    asked = _as_pairs(claim, networks[0]) if isinstance(claim, Monotone) else as_excluded(claim, networks)
    inputs = as_samples(networks[0], X)
    inputs = inputs[in_scope(domain, inputs, asked.scope)]
    for first, second in _tables(asked.twin, domain, inputs, asked.scope):
        if deadline.passed:
            return None
        own = second[:, list(asked.twin.own)] if asked.twin is not None else np.zeros((len(first), 0))
        outputs = [evaluate(networks[0], first)]
        if asked.twin is not None:
            outputs.append(evaluate(networks[-1] if asked.twin.second_network else networks[0], second))
        near = np.ones(len(first), dtype=np.bool_) if asked.ball is None else _is_near(asked.ball, first, own)
        for members in asked.sets:
            depth = np.min([_values(part, first, own, outputs) for part in members], axis=0)
            depth[~near] = -np.inf
            for row in np.argsort(-depth, kind="stable")[:CHECKED].tolist():
                if depth[row] < 0.0:
                    break
                shown = _confirmed(asked, members, networks, first[row], second[row])
                if shown is not None:
                    return shown
    return None


def _as_pairs(claim: Monotone, network: ReLUNetwork) -> Excluded:
    """No second input has more of the feature and an output that went the other way."""
    unit = tuple(Fraction(claim.direction * int(k == claim.output)) for k in range(network.outputs))
    step = tuple(Fraction(-int(k == claim.feature)) for k in range(network.inputs))
    more = Inequality(inputs=step, own_inputs=(Fraction(1),), strict=True)
    other_way = Inequality(outputs=unit, copy_outputs=tuple(-entry for entry in unit), strict=True)
    return Excluded(((more, other_way),), twin=Twin((claim.feature,)))


def _tables(twin: Twin | None, domain: Domain, X: FloatArray, scope: Scope) -> Iterator[tuple[FloatArray, FloatArray]]:
    """First and second inputs, row by row; the same ones where a claim has no second input of its own."""
    if twin is None or not twin.own:
        yield X, X
        return
    own = list(twin.own)
    values = list_combinations(domain, own, limit=MOST_ALTERNATIVES) if domain.integral[own].all() else None
    if values is None:
        values = X[:: max(1, len(X) // MOST_ALTERNATIVES)][:MOST_ALTERNATIVES]
    most = MOST_PAIRS // max(1, len(values))
    first = X[:: -(-len(X) // most) or 1]
    for value in values:
        second = first.copy()
        second[:, own] = value[own]
        kept = in_scope(domain, second, scope)
        if kept.any():
            yield first[kept], second[kept]
            yield second[kept], first[kept]


def _is_near(ball: Ball, first: FloatArray, own: FloatArray) -> BoolArray:
    """Which rows floats do not see outside of the ball."""
    steps = np.abs(np.hstack([first, own]) - np.array([float(value) for value in ball.centre]))
    sizes = {Norm.L1: steps.sum(axis=1), Norm.L2: (steps**2).sum(axis=1), Norm.LINF: steps.max(axis=1, initial=0.0)}
    return np.asarray(sizes[ball.norm] <= float(ball.size) * (1 + SLACK), dtype=np.bool_)


def _values(part: Inequality, first: FloatArray, own: FloatArray, outputs: Sequence[FloatArray]) -> FloatArray:
    """An inequality's left side, raised by what rounding can have taken, or lowered by it where it is strict.

    Below 0 it does not hold, or too little to be worth a look.
    """
    value, size = np.full(len(first), float(part.constant)), np.full(len(first), abs(float(part.constant)))
    second = outputs[1] if len(outputs) > 1 else np.zeros((len(first), 0))
    tables = (part.inputs, first), (part.own_inputs, own), (part.outputs, outputs[0]), (part.copy_outputs, second)
    for weights, table in tables:
        if weights:
            row = np.array([float(weight) for weight in weights])
            value, size = value + table @ row, size + np.abs(table) @ np.abs(row)
    return np.asarray(value - SLACK * size if part.strict else value + SLACK * size)


def _confirmed(
    asked: Excluded,
    members: Sequence[Inequality],
    networks: Sequence[ReLUNetwork],
    first: FloatArray,
    second: FloatArray,
) -> Counterexample | None:
    """The pair of inputs, if it lies in the set and in the ball, exactly."""
    x, x2 = (tuple(map(Fraction, row.tolist())) for row in (first, second))
    own: Point = () if asked.twin is None else tuple(x2[k] for k in asked.twin.own)
    if asked.ball is not None and not _is_in(asked.ball, (*x, *own)):
        return None
    y, y2 = evaluate_exactly(networks[0], x)[1], None
    if asked.twin is not None:
        y2 = evaluate_exactly(networks[-1] if asked.twin.second_network else networks[0], x2)[1]
    for part in members:
        pairs = (part.inputs, x), (part.own_inputs, own), (part.outputs, y), (part.copy_outputs, y2 or ())
        value = part.constant + sum((sum(map(mul, weights, point)) for weights, point in pairs), Fraction(0))
        if value < 0 or (value == 0 and part.strict):
            return None
    return Counterexample(x, y) if y2 is None else Counterexample(x, y, x2, y2)


def _is_in(ball: Ball, point: Point) -> bool:
    steps = [abs(a - b) for a, b in zip(point, ball.centre, strict=True)]
    if ball.norm is Norm.LINF:
        return max(steps) <= ball.size
    return sum(step**2 if ball.norm is Norm.L2 else step for step in steps) <= ball.size
