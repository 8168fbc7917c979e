"""Bounds of a combination of outputs from both sides, where its exact largest value may be out of reach.

The one idea: the engine's bound allows for every rounding, so it is proved; the input that it met counts for the value
that exact arithmetic gives there, if it lies in the domain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite, nextafter

from relugeom.bounding.engine import find_peak
from relugeom.bounding.outcome import Effort
from relugeom.certificate.claim import SLACK, prepare_claim
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.claims.claim import Excluded, Scope, Twin
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.inequality import Inequality
from relugeom.deadline import Deadline, TimeLimit
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.network import ReLUNetwork

__all__ = ["OutputPeak", "find_output_peak"]

CELLS = 20_000
"""Cells that are bounded unless more is asked for."""


@dataclass(frozen=True, slots=True)
class OutputPeak:
    """The largest value of a combination of outputs, from both sides.

    Attributes
    ----------
    limit
        Proved: no input of the scope goes beyond it. None if nothing is proved.
    point
        Input of the scope with a large value; None if none was met.
    cells
        Cells that were bounded.
    tree
        Plan of a proof that nothing goes beyond the value that was sharpened; None if it was not asked for, or if both
        sides did not meet.
    """

    limit: Fraction | None
    point: Point | None
    cells: int
    tree: CoverTree | None = None


def find_output_peak(
    networks: Sequence[ReLUNetwork],
    domain: Domain,
    weights: Sequence[Fraction],
    *,
    scope: Scope = Scope.RELAXATION,
    gap: float = 1e-9,
    starts: FloatArray | None = None,
    sharpen: Callable[[Point], Fraction] | None = None,
    max_cells: int = CELLS,
    time_limit: TimeLimit = None,
) -> OutputPeak:
    """Bound the largest value of weights · y, y the outputs of one network or of two on the same input.

    Parameters
    ----------
    weights
        One number per output, those of all networks one after the other.
    gap
        Difference of both sides with which to be content, relative to the largest weight.
    starts
        Inputs that are tried first, shape (k, n).
    sharpen
        Gives the largest value that is reached near an input, exactly: once both sides have come together, it is asked,
        and the answer has the plan of a proof that nothing goes beyond that value.
    max_cells, time_limit
        Cells that are bounded, and seconds (or a deadline), at most; the answer depends on the cells alone unless time
        runs out.

    Raises
    ------
    InputError
        Weights, networks and domain do not fit together.
    """
    deadline, first = Deadline.of(time_limit), networks[0].outputs
    above = Inequality(outputs=tuple(weights[:first]), copy_outputs=tuple(weights[first:]))
    twin = Twin(second_network=True) if len(networks) > 1 else None
    task = prepare_claim(
        Excluded(((above,),), scope, twin=twin), networks[0], domain, networks[1] if len(networks) > 1 else None
    )
    problem = claim_problem(task)
    if problem is None:
        return OutputPeak(None, None, 0)
    inside, effort = ClaimJudge(task).are_inside, Effort(cells=max_cells)
    largest = max(map(abs, weights))  # the engine's inequality is the combination divided by this
    sharpened: list[Fraction] = []

    def sharpen_floats(x: FloatArray) -> float:
        assert sharpen is not None, "somebody asked for it"
        sharpened.append(sharpen(_as_point(x, domain)))
        return nextafter(float(sharpened[0] / largest), inf)

    found = find_peak(
        problem,
        inside,
        gap=gap,
        starts=starts,
        sharpen=None if sharpen is None else sharpen_floats,
        slack=SLACK,
        effort=effort,
        deadline=deadline,
    )
    limit = Fraction(found.upper) * largest if isfinite(found.upper) else None
    point = None if found.point is None else _as_point(found.point, domain)
    tree = None if found.tree is None else _scaled(found.tree, sharpened[0] / largest)
    return OutputPeak(limit, point, found.cells, tree)


def _as_point(x: FloatArray, domain: Domain) -> Point:
    return tuple(map(Fraction, x[: domain.inputs].tolist()))


def _scaled(tree: CoverTree, bound: Fraction) -> CoverTree:
    """The tree with weights of the inequality that goes with a bound: a tree's are of inequalities divided by their
    largest coefficient, which is that bound if it is beyond 1.
    """
    return replace(tree, weights=tree.weights * max(1.0, abs(float(bound))))
