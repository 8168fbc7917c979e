"""The slope of an output in an input on a cell, by intervals from the output down."""

from relugeom.certificate.cover_proof.problem import CoverProblem
from relugeom.certificate.cover_proof.state import CoverState
from relugeom.claims.claim import Monotone
from relugeom.network.slope_interval import slope_interval

__all__ = ["has_slope"]


def has_slope(problem: CoverProblem, claim: Monotone, state: CoverState) -> bool:
    """Whether intervals show that the slope has the claimed sign on the whole cell."""
    active = [low is not None and low >= 0 for low in state.low]
    inactive = [high is not None and high <= 0 for high in state.high]
    layers = [level.matrix for level in problem.copies[0]]
    least, most = slope_interval(layers, claim.output, claim.feature, active, inactive)
    return bool(least >= 0) if claim.direction > 0 else bool(most <= 0)
