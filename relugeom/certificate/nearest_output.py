"""Bounds from both sides of how far an input is from others whose outputs lie in given sets.

The one idea: as for the largest value of an output, the engine's bound allows for every rounding, so it is proved; the
input that it met counts only after it was evaluated exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, inf, isfinite

import numpy as np

from relugeom.bounding.engine import find_nearest
from relugeom.bounding.outcome import Effort
from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Excluded, Scope
from relugeom.claims.inequality import Inequality
from relugeom.deadline import Deadline, TimeLimit
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.network import ReLUNetwork

__all__ = ["NearestOutput", "find_nearest_output"]

CELLS, CELLS_OF_BOX = 2_000, 128
"""Cells that are bounded unless more is asked for, and in one box."""
BOXES, SMALL, GROWING, CLOSE = 24, 64.0, 4.0, 1e-9
"""Boxes at most, how much smaller the first one is than what was found, how they grow while nothing in them is met, and
how much of a radius may be missing.
"""


@dataclass(frozen=True, slots=True)
class NearestOutput:
    """How near inputs in some sets are, from both sides.

    Attributes
    ----------
    least
        Proved: no such input is nearer. 0 if nothing is proved, None if there is none at all.
    point
        An input of the scope that lies in a set, as was confirmed exactly; None if none was met.
    """

    least: Fraction | None
    point: Point | None


def find_nearest_output(
    network: ReLUNetwork,
    domain: Domain,
    sets: Sequence[Inequality],
    point: Sequence[float],
    norm: Norm,
    *,
    scope: Scope = Scope.RELAXATION,
    known: float = inf,
    max_cells: int = CELLS,
    time_limit: TimeLimit = None,
) -> NearestOutput:
    """Bound the distance of a point of the domain from its inputs in sets of one inequality on outputs each.

    Parameters
    ----------
    known
        Distance at which such an input is known.
    max_cells, time_limit
        Cells that are bounded, and seconds (or a deadline), at most.
    """
    claim = Excluded(tuple((part,) for part in sets), scope)
    return _Nearest(network, domain, claim, point, norm, known, max_cells, Deadline.of(time_limit)).run()


class _Nearest:
    """Searches in smaller and larger boxes around the point: what is outside of one is farther away than its side.

    Bounds over a small box are close, so some distance is soon proved; from there on boxes grow and shrink between what
    is proved and what was found.
    """

    def __init__(
        self,
        network: ReLUNetwork,
        domain: Domain,
        claim: Excluded,
        point: Sequence[float],
        norm: Norm,
        known: float,
        max_cells: int,
        deadline: Deadline,
    ) -> None:
        self._network, self._domain, self._claim, self._norm = network, domain, claim, norm
        self._p = np.array([float(value) for value in point])
        self._found, self._cells, self._deadline = known, max_cells, deadline
        self._met: FloatArray | None = None

    def run(self) -> NearestOutput:
        """Both sides."""
        p, domain = self._p, self._domain
        reach = float(np.maximum(domain.upper - p, p - domain.lower).max(initial=0.0))
        low = self._bound(reach, 1, self._found) if isfinite(reach) else 0.0  # some input is met, mostly
        if low == inf:
            return NearestOutput(None, None)
        low, radius, refused = max(0.0, min(low, self._found)), min(self._found, reach) / SMALL, inf
        for _ in range(BOXES):
            if self._cells <= 0 or self._deadline.passed or not isfinite(radius) or radius <= low * (1.0 + CLOSE):
                break
            bound = self._bound(radius, CELLS_OF_BOX, min(self._found, radius))
            low = max(low, min(bound, self._found))
            refused = refused if bound >= radius * (1.0 - CLOSE) else radius
            if refused < inf:
                radius = (low + min(self._found, refused)) / 2.0 if low > 0.0 else radius / SMALL
            else:
                radius = min(GROWING * radius, self._found, reach)
        return NearestOutput(self._least(low), None if self._met is None else tuple(map(Fraction, self._met.tolist())))

    def _bound(self, radius: float, cells: int, known: float) -> float:
        """What is proved of the distance within a box around the point, at most its side unless nothing is outside; ∞
        if no input is met then, and none is known.
        """
        lower, upper = self._p - radius, self._p + radius
        whole = self._domain.integral
        lower = np.maximum(self._domain.lower, np.where(whole, np.ceil(lower), lower))
        upper = np.minimum(self._domain.upper, np.where(whole, np.floor(upper), upper))
        is_all = bool((lower <= self._domain.lower).all() and (upper >= self._domain.upper).all())
        task = prepare_claim(self._claim, self._network, replace(self._domain, lower=lower, upper=upper), None)
        problem = claim_problem(task)
        if problem is None:
            self._cells = 0
            return 0.0
        judge, effort = ClaimJudge(task), Effort(cells=min(cells, self._cells))
        found = find_nearest(
            problem, self._p, self._norm, judge.are_inside, known=known, effort=effort, deadline=self._deadline
        )
        self._cells -= max(found.cells, 1)
        if found.point is not None and judge.is_met(found.point):
            self._met, self._found = found.point, min(self._found, -found.value)
        return -found.upper if is_all else min(-found.upper, float(np.nextafter(radius, 0.0)))

    def _least(self, low: float) -> Fraction:
        """The bound; where all inputs are integers, so are distances, and they are 1 or more."""
        whole = self._claim.scope is Scope.ADMISSIBLE and bool(self._domain.integral.all())
        if low > 0.0 and whole and self._norm is not Norm.L2:
            return Fraction(ceil(low))
        return Fraction(max(low, 0.0))
