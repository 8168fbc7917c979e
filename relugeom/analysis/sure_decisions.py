"""Decisions of the exact network at many inputs: in floats where their rounding cannot matter, else in rationals.

The one idea: outputs lie between bounds that are a few roundings apart, so only inputs at a threshold, or at a tie, are
evaluated exactly.
"""

from fractions import Fraction

import numpy as np

from relugeom.analysis.decisions import decide_exactly
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.decision import UNDECIDED, DecisionRule, require_decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.intervals import outputs_between
from relugeom.network.network import ReLUNetwork

__all__ = ["decide_surely"]


def decide_surely(network: ReLUNetwork, X: FloatArray) -> IntArray:
    """Class of each finite input, shape (s,); `UNDECIDED` or `TIED` if there is none.

    Parameters
    ----------
    X
        Inputs, shape (s, n).

    Raises
    ------
    InputError
        The network takes no decision.
    """
    require_decision(network.rule)
    low, high = outputs_between(network, X)
    classes = np.full(len(X), UNDECIDED, dtype=np.int64)
    if network.rule.rule is DecisionRule.THRESHOLD:
        above, below = low[:, 0] > network.rule.upper, high[:, 0] <= network.rule.lower
        classes[above], classes[below] = 1, 0
        is_sure = above | below
    else:
        best, rows = low.argmax(axis=1), np.arange(len(X))
        others = high.copy()
        others[rows, best] = -np.inf
        is_sure = low[rows, best] > others.max(axis=1)
        classes[is_sure] = best[is_sure]
    for row in np.flatnonzero(~is_sure):
        point = tuple(map(Fraction, X[row].tolist()))
        classes[row] = decide_exactly(network.rule, evaluate_exactly(network, point)[1])
    return classes
