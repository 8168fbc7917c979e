"""Two inputs, one of which has more of a feature, between which an output moves the wrong way, exactly.

The one idea: from an input at which the slope is wrong, steps along the feature are tried, from the width of the domain
down to very small ones; floats say which of them is the worst, and exact arithmetic whether it is wrong.
"""

from fractions import Fraction

import numpy as np

from relugeom.certificate.claim_proof.counterexample import FalseClaimError, wrong_way
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.claims.claim import Monotone
from relugeom.claims.settlement import Counterexample
from relugeom.geometry.domain import contains
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate

__all__ = ["SlopeJudge"]

FINEST = 40
"""The shortest step is the width of the domain over 2^FINEST."""
CHECKED = 3
"""Steps that are evaluated exactly."""


class SlopeJudge:
    """Judges inputs of a monotone claim.

    Attributes
    ----------
    shown
        The last pair that was found to refute the claim.
    """

    def __init__(self, task: ClaimTask, claim: Monotone) -> None:
        self.shown: Counterexample | None = None
        self._network, self._domain, self._claim = task.networks[0], task.domain, claim

    @property
    def refuted(self) -> FalseClaimError:
        """The error of a claim that was refuted."""
        assert self.shown is not None, "something was shown"
        return FalseClaimError(wrong_way(self._claim, self._domain.names), self.shown, self._domain.names)

    def are_inside(self, x: FloatArray) -> BoolArray:
        """Which inputs, shape (k, n), belong to the domain."""
        return contains(self._domain, x)

    def excess(self, x: FloatArray) -> Fraction | None:
        """Nothing is known of how far the output moves the wrong way near an input."""
        return None

    def is_met(self, x: FloatArray) -> bool:
        """Whether the output moves the wrong way between an input and one that differs in the feature only."""
        claim, network = self._claim, self._network
        points = self._line(x)
        points = points[contains(self._domain, points)]
        if len(points) < 2 or not contains(self._domain, x[None, :])[0]:
            return False
        values = evaluate(network, points)[:, claim.output] - evaluate(network, x[None, :])[0, claim.output]
        falls = values * np.sign(points[:, claim.feature] - x[claim.feature]) * claim.direction
        for row in np.argsort(falls, kind="stable")[:CHECKED].tolist():
            if falls[row] < 0.0 and self._confirm(x, points[row]):
                return True
        return False

    def _line(self, x: FloatArray) -> FloatArray:
        """Inputs that differ from x in the feature only."""
        k = self._claim.feature
        low, high = float(self._domain.lower[k]), float(self._domain.upper[k])
        steps = (high - low) * np.exp2(-np.arange(FINEST + 1.0))
        points = np.repeat(x[None, :], 2 * len(steps), axis=0)
        points[:, k] = np.clip(x[k] + np.concatenate([-steps, steps]), low, high)
        return np.asarray(points[points[:, k] != x[k]])

    def _confirm(self, first: FloatArray, second: FloatArray) -> bool:
        claim = self._claim
        low, high = sorted((first, second), key=lambda point: float(point[claim.feature]))
        pair = [tuple(map(Fraction, point.tolist())) for point in (low, high)]
        before, after = (evaluate_exactly(self._network, point)[1] for point in pair)
        if (after[claim.output] - before[claim.output]) * claim.direction >= 0:
            return False
        self.shown = Counterexample(pair[0], before, pair[1], after)
        return True
