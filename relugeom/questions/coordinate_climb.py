"""Better inputs from good ones: one integer feature or one-hot group is changed at a time, in floats.

A cell has the integers of one input only, so the exact search within cells never changes them; this does.
"""

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.domain import Domain, contains_admissible, list_combinations
from relugeom.linalg.arrays import FloatArray
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork

__all__ = ["climb_by_coordinates"]

MOST_VALUES, SWEEPS = 256, 50
"""Values of a feature that are tried (if there are more, this many spread over its range), and passes over all
features.
"""


def climb_by_coordinates(
    network: ReLUNetwork,
    domain: Domain,
    X: FloatArray,
    *,
    output: int,
    direction: int,
    deadline: Deadline = NEVER,
) -> FloatArray:
    """Admissible inputs, shape (k, n), at which one output is at least as large (direction 1) or small (−1) as at X.

    The best come first; if time runs out, the rest stay unchanged.
    """
    in_group = {feature for group in domain.groups for feature in group}
    alone = [(feature,) for feature in np.flatnonzero(domain.integral).tolist() if feature not in in_group]
    moves = [(list(own), _values(domain, own)) for own in (*domain.groups, *alone)]
    found = []
    for start in X:
        best, value = start, direction * evaluate(network, start)[0, output]
        for _ in range(SWEEPS):
            before = value
            for own, values in moves:
                if deadline.passed:
                    break
                tried = np.repeat(best[None, :], len(values), axis=0)
                tried[:, own] = values
                tried = tried[contains_admissible(domain, tried)]
                reached = direction * evaluate(network, tried)[:, output]
                if len(tried) and reached.max() > value:
                    best, value = tried[reached.argmax()], reached.max()
            if value <= before:
                break
        found.append(best)
    climbed = np.array(found).reshape(len(X), domain.inputs)
    return climbed[np.argsort(-direction * evaluate(network, climbed)[:, output], kind="stable")]


def _values(domain: Domain, own: tuple[int, ...]) -> FloatArray:
    """Values of a feature or a group to try, shape (values, features); none beyond open sides."""
    listed = list_combinations(domain, own, limit=MOST_VALUES)
    if listed is not None:
        return listed[:, list(own)]
    low, high = domain.lower[own[0]], domain.upper[own[0]]
    if len(own) > 1 or not np.isfinite([low, high]).all():
        return np.zeros((0, len(own)))
    return np.unique(np.floor(np.linspace(np.ceil(low), np.floor(high), MOST_VALUES)))[:, None]
