"""Two admissible inputs that differ in one feature, between which an output falls, and two between which it rises.

The one idea: inputs at hand are moved along a grid of values of the feature. Where that shows nothing and features are
integers, what a step changes is an output of a network of two copies, and is made larger by changing the other
features one at a time. Floats only rank: what they find is evaluated exactly.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from relugeom.claims.settlement import Counterexample
from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.domain import Domain, contains_admissible
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import FloatArray
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.questions.coordinate_climb import climb_by_coordinates

__all__ = ["find_pairs"]

MOVED, STEPS = 500, 16
"""Numbers of inputs that are moved along a feature (drawn ones, and given ones), and number of steps."""
MOVED_NUMBERS = 1 << 20
"""Coordinates of all of these together: with very many features, fewer inputs are moved."""
CLIMBED = 6
"""Inputs from which a step is made larger."""


def find_pairs(
    network: ReLUNetwork,
    domain: Domain,
    output: int,
    feature: int,
    candidates: FloatArray | None,
    *,
    deadline: Deadline = NEVER,
) -> tuple[Counterexample | None, Counterexample | None]:
    """Two inputs between which the output falls while the feature rises, and two between which it rises.

    Parameters
    ----------
    candidates
        Inputs to move beside drawn ones, shape (k, n).
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
    found: list[Counterexample | None] = []
    for sign in (-1, 1):
        order = np.argsort(-sign * moves, axis=None, kind="stable")[:CLIMBED]  # what is not a number comes last
        row, step = np.unravel_index(order[np.isfinite(moves.ravel()[order])], moves.shape)
        shown = _confirmed(network, output, feature, sign, points[row, step], points[row, step + 1])
        if shown is None and len(row) and domain.integral.any():
            far = _step(domain, feature, grid)
            way = far * (np.arange(network.inputs) == feature)
            inner = replace(domain, upper=np.maximum(domain.upper - way, domain.lower))
            change, start = _step_network(network, output, feature, far), points[row, step]
            low = climb_by_coordinates(change, inner, start, output=0, direction=sign, deadline=deadline)
            high = low + way
            low, high = (x[contains_admissible(domain, low) & contains_admissible(domain, high)] for x in (low, high))
            shown = _confirmed(network, output, feature, sign, low, high)
        found.append(shown)
    return found[0], found[1]


def _confirmed(
    network: ReLUNetwork, output: int, feature: int, sign: int, low: FloatArray, high: FloatArray
) -> Counterexample | None:
    """The first pair, if the output really moves that way between its inputs."""
    if not len(low) or not low[0, feature] < high[0, feature]:
        return None
    pair = [tuple(map(Fraction, point.tolist())) for point in (low[0], high[0])]
    before, after = (evaluate_exactly(network, point)[1] for point in pair)
    moved = sign * (after[output] - before[output]) > 0
    return Counterexample(pair[0], before, pair[1], after) if moved else None


def _step(domain: Domain, feature: int, grid: FloatArray) -> float:
    """How far a feature is moved: the shortest way on integers, else from one value of the grid to the next."""
    return 1.0 if domain.integral[feature] else float(np.diff(grid).max(initial=0.0))


def _step_network(network: ReLUNetwork, output: int, feature: int, step: float) -> ReLUNetwork:
    """What a step of a feature changes in an output, as a network."""
    weights, biases = list(network.weights), list(network.biases)
    weights[-1], biases[-1] = weights[-1][[output]], biases[-1][[output]]
    moved = biases[0] + weights[0][:, feature] * step
    if len(weights) == 1:
        return ReLUNetwork((np.zeros_like(weights[0]),), (moved - biases[0],))
    joined = [np.vstack([weights[0], weights[0]])]
    for W in weights[1:-1]:
        nothing = np.zeros_like(W)
        joined.append(np.block([[W, nothing], [nothing, W]]))
    joined.append(np.hstack([-weights[-1], weights[-1]]))
    inner = [np.concatenate([b, b]) for b in biases[1:-1]]
    return ReLUNetwork(tuple(joined), (np.concatenate([biases[0], moved]), *inner, np.zeros(1)))


def _grid(domain: Domain, feature: int, rows: FloatArray) -> FloatArray:
    """Values of a feature between its bounds; for an open side, between those that were seen."""
    seen = rows[:, feature] if len(rows) else np.zeros(1)
    low, high = (
        bound if np.isfinite(bound) else end
        for bound, end in ((domain.lower[feature], seen.min()), (domain.upper[feature], seen.max()))
    )
    values = np.linspace(low, high, STEPS + 1)
    return np.unique(np.floor(values)) if domain.integral[feature] else values
