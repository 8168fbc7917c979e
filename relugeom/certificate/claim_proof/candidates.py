"""Inputs at which a set is likely to be met, for many boxes at once, before anything is proved.

One idea: from the centre of its box go to the corner to which the set's worst inequality rises, and on from there, for
all boxes together in floats; where sets are few, approach them from many inputs. What looks like an input of a set is
then evaluated exactly: only that counts.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import inf, nextafter

import numpy as np

from relugeom.certificate.claim_proof.counterexample import is_met
from relugeom.certificate.claim_proof.header_entry import set_rows
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Counterexample
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import nearest_quotient
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork

__all__ = ["find_in_boxes"]

CORNERS, APPROACH = (1.0,) * 4, tuple(0.5**k for k in range(1, 8))
"""Steps along the slope's signs, as shares of a box's width: from corner to corner, or less and less far."""
STARTS = 512
"""Inputs from which all sets together are approached, where these are fewer."""
NUMBERS = 1 << 20
"""Numbers that a table may have."""
NEAR = 1e-9
"""How far below 0 a float may be, in multiples of the inequality's largest coefficient, to be evaluated exactly."""
CONFIRMED = 4
"""Inputs that are evaluated exactly in each block of sets and for each step."""


def find_in_boxes(network: ReLUNetwork, boxes: BoxClaims, deadline: Deadline) -> Counterexample | None:
    """An input of a box at which its claim fails; None if none was met before the deadline."""
    pairs = [(box, place) for box, claim in enumerate(boxes.claims) for place in range(len(claim.sets))]
    most = max((len(members) for claim in boxes.claims for members in claim.sets), default=1)
    block = max(1, NUMBERS // (most * (network.inputs + network.outputs) + max(network.widths, default=1)))
    for start in range(0, len(pairs), block):
        found = _search(network, boxes, pairs[start : start + block], deadline)
        if found is not None or deadline.passed:
            return found
    return None


def _search(
    network: ReLUNetwork, boxes: BoxClaims, pairs: list[tuple[int, int]], deadline: Deadline
) -> Counterexample | None:
    """An input of one of some sets (box, place)."""
    rows = np.array([box for box, _ in pairs])
    low, high = boxes.lower[rows], boxes.upper[rows]
    sets = [
        _without_sides(boxes.claims[box].sets[place], low[row], high[row]) for row, (box, place) in enumerate(pairs)
    ]
    tables = _tables(sets, network.inputs, network.outputs)
    with np.errstate(all="ignore"):
        centre = np.clip(low / 2 + high / 2, low, high)
        centre = np.where(np.isfinite(centre), centre, np.clip(0.0, low, high))
        few = np.arange(len(pairs))
        many = np.repeat(few, STARTS // len(pairs))
        drawn = low[many] + np.random.default_rng(0).random((len(many), network.inputs)) * (high - low)[many]
        drawn = np.where(np.isfinite(drawn), np.clip(drawn, low[many], high[many]), centre[many])
        attempts: list[tuple[IntArray, FloatArray, Sequence[float]]] = [(few, centre, CORNERS), (many, drawn, APPROACH)]
        for chosen, x, steps in attempts:
            parts = [table[chosen] for table in tables]
            for points, order in _likely_inputs(network, parts, low[chosen], high[chosen], x, steps):
                for row in order[:CONFIRMED].tolist():
                    box, place = pairs[chosen[row]]
                    found = _confirmed(network, boxes, box, place, points[row])
                    if found is not None:
                        return found
                if deadline.passed:
                    return None
    return None


def _confirmed(
    network: ReLUNetwork, boxes: BoxClaims, box: int, place: int, point: FloatArray
) -> Counterexample | None:
    x = tuple(map(Fraction, point.tolist()))
    outputs = evaluate_exactly(network, x)[1]
    members = set_rows(boxes.claims[box], [network], network.inputs)[place]
    return Counterexample(x, outputs) if is_met(members, x, outputs) else None


def _without_sides(members: Sequence[Inequality], low: FloatArray, high: FloatArray) -> list[Inequality]:
    """The inequalities that are not bound of one input; what those cut off a box, which is little, is taken off it."""
    others = []
    for row in members:
        used = [] if any(row.outputs) else [k for k, slope in enumerate(row.inputs) if slope]
        if len(used) != 1:
            others.append(row)
            continue
        k = used[0]
        bound = -row.constant / row.inputs[k]
        side = nearest_quotient(bound.numerator, bound.denominator)
        if row.inputs[k] > 0:
            low[k] = max(float(low[k]), side if side > bound else nextafter(side, inf))
        else:
            high[k] = min(float(high[k]), side if side < bound else nextafter(side, -inf))
    return others


def _likely_inputs(
    network: ReLUNetwork,
    tables: Sequence[FloatArray],
    lower: FloatArray,
    upper: FloatArray,
    x: FloatArray,
    steps: Sequence[float],
) -> Iterator[tuple[FloatArray, IntArray]]:
    """An input per set, step by step, and those sets that seem to be met there, the clearest first."""
    constant, inputs, outputs = tables
    every = np.arange(len(x))
    for step in (*steps, None):
        active, y = _forward(network, x)
        values = constant + (inputs @ x[:, :, None])[:, :, 0] + (outputs @ y[:, :, None])[:, :, 0]
        worst = np.argmin(values, axis=1)
        least = values[every, worst]
        likely = np.flatnonzero(least >= -NEAR)
        yield x, likely[np.argsort(-least[likely], kind="stable")]
        if step is not None:
            slope = inputs[every, worst] + _backward(network, active, outputs[every, worst])
            further = np.clip(x + step * (upper - lower) * np.sign(slope), lower, upper)
            x = np.where(np.isfinite(further), further, x)


def _tables(sets: Sequence[Sequence[Inequality]], n: int, m: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inequalities as floats, shapes (k, r), (k, r, n) and (k, r, m), each divided by its largest coefficient."""
    most = max(1, *map(len, sets))
    constant = np.full((len(sets), most), np.inf)  # where a set has fewer
    inputs, outputs = np.zeros((len(sets), most, n)), np.zeros((len(sets), most, m))
    for k, members in enumerate(sets):
        for r, row in enumerate(members):
            scale = max(map(abs, (row.constant, *row.inputs, *row.outputs))) or Fraction(1)
            constant[k, r] = _quotient(row.constant, scale)
            if row.inputs:
                inputs[k, r] = [_quotient(entry, scale) for entry in row.inputs]
            if row.outputs:
                outputs[k, r] = [_quotient(entry, scale) for entry in row.outputs]
    return constant, inputs, outputs


def _quotient(value: Fraction, scale: Fraction) -> float:
    if not value:
        return 0.0
    return nearest_quotient(value.numerator * scale.denominator, value.denominator * scale.numerator)


def _forward(network: ReLUNetwork, x: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Which units are active, as numbers 0 and 1 of shape (k, width) per layer, and the outputs."""
    active = []
    for W, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
        z = x @ W.T + b
        active.append((z > 0).astype(np.float64))
        x = np.maximum(z, 0.0)
    return active, x @ network.weights[-1].T + network.biases[-1]


def _backward(network: ReLUNetwork, active: list[FloatArray], weights: FloatArray) -> FloatArray:
    """The gradient of weights · y in the inputs, shape (k, n)."""
    slope = weights @ network.weights[-1]
    for W, kept in zip(network.weights[-2::-1], active[::-1], strict=True):
        slope = (slope * kept) @ W
    return slope
